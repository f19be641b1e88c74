//! Mailboxes: how they are, and a trial mail.

use domain::{
    Role,
    event::{ForwardingConfirmation, InboundEmail},
};
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn a_mailbox_says_where_it_forwards_to_and_how_its_trial_gets_on() {
    let world = World::new().await;
    let ticket = world.mail("anna@example.com", "Hello", "Hi").await;
    let page = world.owner.get("/mailboxes").await.expect(200);
    let shown = &page["data"][0];
    assert_eq!(shown["address"], "support@acme.example");
    assert_eq!((&shown["inbound"], &shown["asks_dns"]), (&json!("support@in.acme.example"), &json!(true)));
    assert_eq!(shown["relay"], "smtp://…@mail.acme.example:587");
    assert!(shown["last_in_at"].is_string() && shown["last_out_at"].is_null(), "{shown}");
    assert_eq!((&shown["trial"], &shown["confirmations"]), (&Value::Null, &json!([])));

    let mut live = world.owner.live(None).await;
    live.next_named("ready").await;
    let trial = world.owner.post("/mailboxes/support@acme.example/trial", json!({})).await.expect(202);
    assert_eq!((&trial["status"], &trial["arrived_at"]), (&json!("queued"), &Value::Null));
    assert_eq!(live.next_named("mailbox.changed").await.data, json!({"address": "support@acme.example"}));
    let again = world.owner.post("/mailboxes/support@acme.example/trial", json!({})).await;
    assert_eq!((again.status, again.code()), (409, "trial_running"));
    let nobody = world.owner.post("/mailboxes/sales@acme.example/trial", json!({})).await;
    assert_eq!(nobody.status, 404);

    let google = "forwarding-noreply@google.com";
    let asked = ForwardingConfirmation { code: Some("567890123".into()), link: None, requested_by: None };
    let mail = InboundEmail { confirmation: Some(asked), ..world.letter(google, "Confirmation", "code") };
    assert_eq!(world.mailed(&mail).await, None, "it is no ticket");
    let page = world.owner.get("/mailboxes").await.expect(200);
    assert_eq!(page["data"][0]["confirmations"][0]["code"], "567890123");
    let page = world.with_role(Role::Support).await.get("/mailboxes").await.expect(200);
    assert_eq!(
        page["data"][0]["confirmations"],
        json!([]),
        "whoever sets up mailboxes sees what is asked of them"
    );

    world.owner.reply(&ticket, "Here we are").await.expect(201);
    let page = world.owner.get("/mailboxes").await.expect(200);
    assert_eq!(page["data"][0]["trial"]["id"], trial["id"]);
    assert!(page["data"][0]["last_out_at"].is_string());
    assert_eq!(page["data"][0]["waiting"]["mails"], 1, "nobody sends in this test");
}
