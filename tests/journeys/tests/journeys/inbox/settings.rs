//! H10: badge, support address and branding, set once and seen everywhere.

use std::time::Duration;

use harness::{frontdesk::Shape, visitor::Visitor};
use serde_json::json;

use super::{PHONE, colleague};
use crate::{
    in_both_shapes,
    world::{MAILBOX, World},
};

async fn h10_the_organisations_name_prefix_address_and_looks_are_what_customers_see(shape: Shape) {
    let world = World::start(shape).await;
    let (maya, _) = colleague(&world, "Maya", "manager").await;
    let (cleo, _) = colleague(&world, "Cleo", "support").await;
    let before = maya.get("/settings").await.expect(200);
    assert_eq!(before["badge"], true);
    assert_eq!(
        before["organization"]["support_email"], MAILBOX,
        "the first mailbox, until somebody says another"
    );
    let wishes = json!({"badge": false, "chat": {"branding": {"color": "#aa2200", "button_shape": "square"}},
        "organization": {"name": "Acme Shoes", "prefix": "ACME", "support_email": "help@acme.example",
            "logo_url": "https://acme.example/logo.png"}});
    assert_eq!(cleo.patch("/settings", wishes.clone()).await.expect(403)["code"], "forbidden");
    let after = maya.patch("/settings", wishes).await.expect(200);
    assert_eq!(
        (&after["badge"], &after["organization"]["logo_url"]),
        (&json!(false), &json!("https://acme.example/logo.png"))
    );
    assert_eq!(after["sms"], before["sms"], "what is not named stays");
    assert_eq!(cleo.get("/settings").await.expect(200), after);

    let looks = world
        .product
        .eventually("the chat has the organisation's name", async || {
            let mut visitor = Visitor::connect(&world.page()).await.expect("a socket");
            let ready = visitor.hello(json!({})).await.expect("ready");
            (ready["branding"]["title"] == "Acme Shoes").then(|| ready["branding"].clone())
        })
        .await;
    assert_eq!((&looks["color"], &looks["button_shape"]), (&json!("#aa2200"), &json!("square")));
    world.text(PHONE, "HELP", "SM1").await;
    let answer =
        world.twilio.message_with("for help write to", Duration::from_secs(20)).await.expect("an answer");
    let body = answer.field("Body").expect("a text");
    assert!(body.starts_with("ACME: for help write to help@acme.example."), "{body}");

    let odd = maya.patch("/settings", json!({"chat": {"branding": {"color": "red-ish"}}})).await;
    assert_eq!(odd.status, 422, "{}", odd.body);
    let detail = odd.body["detail"].as_str().expect("words");
    assert!(detail.contains("chat.branding.color"), "{detail}");
}

in_both_shapes!(h10_the_organisations_name_prefix_address_and_looks_are_what_customers_see);
