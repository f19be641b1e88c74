//! J2 through the door: teams, and who can be given tickets.

use domain::Role;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn j2_a_team_is_made_given_a_ticket_found_by_it_and_deleted() {
    let world = World::new().await;
    let anna = world.signed_in("anna@acme.example", Role::Support).await;
    let me = anna.get("/session").await.expect(200)["user"]["id"].clone();
    let team = world.owner.post("/teams", json!({"name": " Returns ", "members": [me]})).await.expect(201);
    assert_eq!((&team["name"], &team["members"]), (&json!("Returns"), &json!([me])));
    let taken = world.owner.post("/teams", json!({"name": "returns"})).await.expect(409);
    assert_eq!(taken["code"], "team_name_taken");
    let ticket = world.text("+15550002222", "where is my order?").await;
    let (ticket, id) = (format!("/tickets/{ticket}"), team["id"].as_str().unwrap());
    let changed = anna.patch(&ticket, json!({"team_id": id, "priority": "high"})).await.expect(200);
    assert_eq!((&changed["team"], &changed["priority"]), (&json!(id), &json!("high")));
    let reader = &anna;
    let listed =
        |query: String| async move { reader.get(&query).await.expect(200)["data"].as_array().unwrap().len() };
    assert_eq!(listed(format!("/tickets?team={id}")).await, 1);
    assert_eq!(listed("/tickets?team=none".into()).await, 0);
    anna.get("/tickets?team=ours").await.expect(400);
    anna.patch(&ticket, json!({"team_id": "0199f0c2-0000-7000-8000-000000000001"})).await.expect(422);
    anna.patch(&ticket, json!({"priority": "whenever"})).await.expect(422);
    world.owner.delete(&format!("/teams/{id}")).await.expect(204);
    assert_eq!(anna.get(&ticket).await.expect(200)["team"], json!(null));
    world.owner.delete(&format!("/teams/{id}")).await.expect(404);
}

#[tokio::test]
async fn j2_away_is_ones_own_to_say_and_capacity_a_managers() {
    let world = World::new().await;
    let anna = world.signed_in("anna@acme.example", Role::Support).await;
    let me = anna.get("/session").await.expect(200)["user"]["id"].as_str().unwrap().to_owned();
    let now = anna.patch("/users/me/availability", json!({"status": "available"})).await.expect(200);
    assert_eq!(
        (&now["status"], &now["capacity"], &now["open_tickets"]),
        (&json!("available"), &json!(null), &json!(0))
    );
    let away = anna.patch("/users/me/availability", json!({"status": "away"})).await.expect(200);
    assert_eq!(away["status"], "away");
    anna.patch("/users/me/availability", json!({"capacity": 5})).await.expect(403);
    let address = format!("/users/{me}/availability");
    let changed = world.owner.patch(&address, json!({"capacity": 5})).await.expect(200);
    assert_eq!((&changed["capacity"], &changed["status"]), (&json!(5), &json!("away")));
    world.owner.patch(&address, json!({"capacity": -1})).await.expect(422);
    world.owner.patch("/users/me/availability", json!({"status": "away"})).await.expect(404);
    let all = anna.get("/availability").await.expect(200);
    let mine = all["data"].as_array().unwrap().iter().find(|one| one["user_id"] == me.as_str()).unwrap();
    assert_eq!(mine["capacity"], 5);
    anna.patch("/users/me/availability", json!({"status": "available"})).await.expect(200);
    anna.delete("/session").await.expect(204);
    let all = world.owner.get("/availability").await.expect(200);
    let left = all["data"].as_array().unwrap().iter().find(|one| one["user_id"] == me.as_str()).unwrap();
    assert_eq!(left["status"], "offline", "who signs out is not there");
}

#[tokio::test]
async fn j2_a_rule_is_tried_added_ordered_and_does_its_work() {
    let world = World::new().await;
    let before = world.text("+15550002222", "I want a refund").await;
    let rule = json!({"name": "Refunds", "conditions": {"channel": ["sms"], "words": {"any": ["refund"]}},
        "actions": [{"kind": "add_tags", "tags": ["Refund"]}, {"kind": "set_priority", "priority": "high"}]});
    let tried = world.owner.post("/rules/dry-run", json!({"rule": rule})).await.expect(200);
    let tried = &tried["data"][0];
    assert_eq!((&tried["ticket"]["id"], &tried["matched"]), (&json!(before), &json!(true)));
    assert_eq!(tried["would"], json!(["add refund", "set the priority to high"]));
    assert_eq!(tried["why"], "a new ticket; it came by sms; it says “refund”");
    let shown = world.owner.get(&format!("/tickets/{before}")).await.expect(200);
    assert_eq!(shown["tags"], json!([]), "a trial does nothing");
    let first = world.owner.post("/rules", rule).await.expect(201);
    assert_eq!((&first["enabled"], &first["stop"]), (&json!(true), &json!(false)));
    let other = json!({"name": "Rest", "actions": [{"kind": "mark_read"}]});
    let second = world.owner.post("/rules", other).await.expect(201);
    let order = json!({"ids": [second["id"], first["id"]]});
    let ordered = world.owner.post("/rules/order", order).await.expect(200);
    assert_eq!(ordered["data"][0]["name"], "Rest");
    world.owner.post("/rules/order", json!({"ids": [second["id"]]})).await.expect(422);
    let ticket = world.text("+15550003333", "REFUND, now!").await;
    let shown = world.owner.get(&format!("/tickets/{ticket}")).await.expect(200);
    assert_eq!(
        (&shown["tags"], &shown["priority"], &shown["unread"]),
        (&json!(["refund"]), &json!("high"), &json!(false))
    );
    let decisions = world.owner.get(&format!("/tickets/{ticket}/decisions")).await.expect(200);
    let by: Vec<_> = decisions["data"].as_array().unwrap().iter().map(|one| &one["rule_name"]).collect();
    assert!(by.contains(&&json!("Refunds")) && by.contains(&&json!("Rest")), "{decisions}");
    let address = format!("/rules/{}", first["id"].as_str().unwrap());
    let changed = world.owner.patch(&address, json!({"enabled": false})).await.expect(200);
    assert_eq!((&changed["enabled"], &changed["name"]), (&json!(false), &json!("Refunds")));
    world.owner.delete(&address).await.expect(204);
    world.owner.delete(&address).await.expect(404);
}

#[tokio::test]
async fn j2_rules_that_make_no_sense_are_refused_with_what_would() {
    let world = World::new().await;
    let nothing = "0199f0c2-0000-7000-8000-000000000001";
    let with = |asked: Value| json!({"name": "x", "actions": [{"kind": "close"}], "conditions": asked});
    for (rule, says) in [
        (json!({"name": "", "actions": [{"kind": "close"}]}), "name"),
        (json!({"name": "x", "actions": []}), "1 to 10 things"),
        (json!({"name": "x", "actions": [{"kind": "explode"}]}), "explode"),
        (json!({"name": "x", "actions": [{"kind": "assign_agent", "user_id": nothing}]}), "no such user"),
        (json!({"name": "x", "actions": [{"kind": "assign_team", "team_id": nothing}]}), "no such team"),
        (json!({"name": "x", "actions": [{"kind": "close"}], "conditions": {"colour": "red"}}), "colour"),
        (with(json!({"language": {"is": ["klingon"]}})), "`klingon`, expected one of `ar`, `de`"),
        (with(json!({"language": {"is_not": []}})), "name the languages"),
    ] {
        let answer = world.owner.post("/rules", rule.clone()).await;
        assert!(matches!(answer.status, 400 | 422), "{rule}: {}", answer.status);
        assert!(answer.body["detail"].as_str().unwrap().contains(says), "{rule}: {}", answer.body);
    }
    let team = world.owner.post("/teams", json!({"name": "Returns"})).await.expect(201);
    let to_team = json!([{"kind": "assign_team", "team_id": team["id"]}]);
    world.owner.post("/rules", json!({"name": "Returned", "actions": to_team})).await.expect(201);
    let refused = world.owner.delete(&format!("/teams/{}", team["id"].as_str().unwrap())).await.expect(409);
    assert_eq!(refused["code"], "team_in_rules");
    assert!(refused["detail"].as_str().unwrap().contains("Returned"));
}
