//! E6 through the door.

use serde_json::{Value, json};

use crate::world::World;

async fn finished(world: &World, bulk: &Value) -> Value {
    for _ in 0..20 {
        world.desk.run_due_timers().await.unwrap();
    }
    world.owner.get(&format!("/bulk/{}", bulk["id"].as_str().unwrap())).await.expect(200)
}

#[tokio::test]
async fn e6_all_that_match_are_closed_and_it_is_undone() {
    let world = World::new().await;
    for n in 0..12 {
        world.text(&format!("+1555000{n:04}"), "hi").await;
    }
    let kept = world.text("+15550009999", "keep me").await;
    world.owner.patch(&format!("/tickets/{kept}"), json!({"tags": ["vip"]})).await.expect(200);
    let filter = json!({"filter": {"unread": true, "assignee": "none"}, "action": "tag", "tags": ["Late"]});
    let bulk = world.owner.post("/tickets/bulk", filter).await.expect(202);
    assert_eq!((&bulk["state"], &bulk["total"]), (&json!("running"), &json!(13)));
    let done = finished(&world, &bulk).await;
    assert_eq!(
        (&done["state"], &done["changed"], &done["action"]),
        (&json!("done"), &json!(13), &json!("tag"))
    );
    assert_eq!(
        world.owner.get(&format!("/tickets/{kept}")).await.expect(200)["tags"],
        json!(["late", "vip"])
    );
    assert!(done["undo"]["until"].is_string());
    let undo = format!("/undo/{}", done["undo"]["token"].as_str().unwrap());
    let undoing = world.owner.post(&undo, json!({})).await.expect(202);
    assert_eq!((&undoing["state"], &undoing["undo"]), (&json!("undoing"), &Value::Null));
    let undone = finished(&world, &bulk).await;
    assert_eq!((&undone["state"], &undone["restored"]), (&json!("undone"), &json!(13)));
    assert_eq!(world.owner.get(&format!("/tickets/{kept}")).await.expect(200)["tags"], json!(["vip"]));
}

#[tokio::test]
async fn e6_a_repeat_with_the_same_key_is_the_same_change() {
    let world = World::new().await;
    let id = world.text("+15550002222", "hi").await;
    let body = json!({"ids": [id], "action": "close"});
    let once = async || {
        let request = world.owner.request(reqwest::Method::POST, "/tickets/bulk");
        let response = request.header("idempotency-key", "k1").json(&body).send().await.unwrap();
        assert_eq!(response.status(), 202);
        response.json::<Value>().await.unwrap()
    };
    assert_eq!(once().await["id"], once().await["id"]);
}

#[tokio::test]
async fn e6_what_makes_no_sense_is_refused_with_what_would() {
    let world = World::new().await;
    let id = world.text("+15550002222", "hi").await;
    for (body, says) in [
        (json!({"action": "close"}), "either"),
        (json!({"ids": [id], "filter": {}, "action": "close"}), "either"),
        (json!({"ids": [id], "action": "burn"}), "burn"),
        (json!({"ids": [id], "action": "snooze"}), "snoozed_until"),
        (json!({"ids": [id], "action": "tag"}), "tags"),
        (json!({"ids": [id], "action": "assign"}), "assignee_id"),
        (json!({"ids": [id], "action": "close", "tags": ["x"]}), "tags"),
        (json!({"ids": [], "action": "close"}), "1 to"),
    ] {
        let answer = world.owner.post("/tickets/bulk", body.clone()).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains(says), "{body}: {}", answer.body);
    }
    let nothing = "0199f0c2-0000-7000-8000-000000000001";
    world.owner.get(&format!("/bulk/{nothing}")).await.expect(404);
    world.owner.post(&format!("/undo/{nothing}"), json!({})).await.expect(404);
}
