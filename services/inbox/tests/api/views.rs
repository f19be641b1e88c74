//! E4, E5 through the door.

use domain::Role;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn e4_a_view_is_saved_used_in_lists_changed_and_deleted() {
    let world = World::new().await;
    let id = world.text("+15550002222", "where is my order?").await;
    world.text("+15550003333", "hello").await;
    world.owner.patch(&format!("/tickets/{id}"), json!({"tags": ["vip"]})).await.expect(200);
    let new =
        json!({"name": "Important", "filters": {"tag": ["vip"], "assignee": "none", "sort": "waiting"}});
    let view = world.owner.post("/views", new.clone()).await.expect(201);
    assert_eq!(
        (&view["shared"], &view["filters"]["tag"], &view["filters"]["sort"]),
        (&json!(false), &json!(["vip"]), &json!("waiting"))
    );
    let address = format!("/views/{}", view["id"].as_str().unwrap());
    let list = format!("/tickets?view={}", view["id"].as_str().unwrap());
    let shown = world.owner.get(&list).await.expect(200);
    assert_eq!(shown["data"].as_array().unwrap().len(), 1);
    assert_eq!(shown["data"][0]["id"], id);
    assert_eq!(
        world.owner.get(&format!("{list}&assignee=me")).await.expect(200)["data"],
        json!([]),
        "what is asked for takes the place of what the view says"
    );
    assert_eq!(world.owner.post("/views", new).await.expect(409)["code"], "view_name_taken");
    let counts = world.owner.get("/views/counts").await.expect(200);
    assert_eq!((&counts["unassigned"], &counts["views"][0]["count"]), (&json!(2), &json!(1)));
    let changed = world.owner.patch(&address, json!({"shared": true, "filters": {}})).await.expect(200);
    assert_eq!((&changed["shared"], &changed["name"]), (&json!(true), &json!("Important")));
    let support = world.with_role(Role::Support).await;
    assert_eq!(support.get("/views").await.expect(200)["data"][0]["name"], "Important");
    support.delete(&address).await.expect(403);
    world.owner.delete(&address).await.expect(204);
    world.owner.get(&list).await.expect(404);
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused_with_what_would() {
    let world = World::new().await;
    for (query, field) in [
        ("view=yours", "view"),
        ("sort=best", "sort"),
        ("assignee=you", "assignee"),
        ("channel=fax", "channel"),
        ("created_from=yesterday", "created_from"),
        ("attribution=advert", "advert"),
    ] {
        let answer = world.owner.get(&format!("/tickets?{query}")).await;
        assert!(matches!(answer.status, 400 | 422), "{query}: {}", answer.status);
        assert!(answer.body["detail"].as_str().unwrap().contains(field), "{query}: {}", answer.body);
    }
    for filters in [json!({"colour": "red"}), json!({"assignee": "you"}), json!({"sort": "best"})] {
        let answer = world.owner.post("/views", json!({"name": "odd", "filters": filters})).await;
        assert!(matches!(answer.status, 400 | 422), "{}: {}", filters, answer.body);
    }
    for view in ["mine", "unassigned", "snoozed", "blocked", "all"] {
        world.owner.get(&format!("/tickets?view={view}")).await.expect(200);
    }
}
