//! H4 through the door: webhooks, their secret, and what was told to them.

use domain::Role;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn h4_a_webhook_is_made_tried_out_switched_off_and_deleted() {
    let world = World::new().await;
    let manager = world.signed_in("anna@acme.example", Role::Manager).await;
    manager.get("/webhooks").await.expect(403);
    let new = json!({"name": "CRM", "kind": "signed", "url": "https://hooks.example.com/in",
        "events": ["message.received", "ticket.created"]});
    let made = world.owner.post("/webhooks", new.clone()).await.expect(201);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!((&made["active"], &made["disabled_why"]), (&json!(true), &Value::Null));
    let listed = world.owner.get("/webhooks").await.expect(200);
    assert_eq!(listed["data"][0]["events"], json!(["message.received", "ticket.created"]));
    assert!(listed["data"][0].get("secret").is_none(), "shown once");
    for (field, odd) in
        [("kind", json!("pigeon")), ("events", json!(["ticket.eaten"])), ("url", json!("nowhere"))]
    {
        let mut new = new.clone();
        new[field] = odd;
        assert!(matches!(world.owner.post("/webhooks", new).await.status, 400 | 422), "{field}");
    }
    let slack = json!({"name": "Slack", "kind": "slack", "url": "https://hooks.slack.example/x", "events": ["note.added"]});
    assert_eq!(world.owner.post("/webhooks", slack).await.expect(201)["secret"], Value::Null);

    let address = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let test = world.owner.post(&format!("{address}/test"), json!({})).await.expect(202);
    assert_eq!((&test["event"], &test["state"]), (&json!("webhook.test"), &json!("pending")));
    let told = world.owner.get(&format!("{address}/deliveries")).await.expect(200);
    assert_eq!((&told["data"][0]["id"], &told["data"][0]["log"]), (&test["id"], &json!([])));
    let replay = format!("{address}/deliveries/{}/replay", test["id"].as_str().unwrap());
    world.owner.post(&replay, json!({})).await.expect(202);
    let off = world.owner.patch(&address, json!({"active": false, "name": "Old CRM"})).await.expect(200);
    assert_eq!((&off["active"], &off["name"]), (&json!(false), &json!("Old CRM")));
    let refused = world.owner.post(&format!("{address}/test"), json!({})).await.expect(409);
    assert_eq!(refused["code"], "webhook_off");
    world.owner.delete(&address).await.expect(204);
    world.owner.get(&format!("{address}/deliveries")).await.expect(404);
}
