//! A site that signs who its visitors are: whom it vouches for is the customer we know, nobody else is (C-X).

use std::time::Duration;

use harness::{
    carriers::sign::{hex, hmac_sha256},
    frontdesk::Shape,
    visitor::{Page, Visitor},
};
use serde_json::{Value, json};

use crate::{
    in_both_shapes,
    world::{SHOP, World},
};

const SECRET: &str = "what the shop and the desk share";
const ANNA: &str = "anna@customer.example";

fn signature(secret: &str, text: &str) -> String {
    hex(&hmac_sha256(secret.as_bytes(), text))
}

async fn start(shape: Shape) -> World {
    let site = format!(
        "[[chat.sites]]\nid = \"vouched\"\nallowed_origins = [\"{SHOP}\"]\nidentity_secret = \"{SECRET}\"\n"
    );
    World::start_among(shape, Vec::new(), &site).await
}

/// Somebody says `hello` as that visitor and writes; their ticket, and whether the signature was called wrong.
async fn writes(world: &World, visitor: Value, text: &str) -> (Value, bool) {
    let page = Page { site: "vouched".into(), ..world.page() };
    let mut socket = Visitor::connect(&page).await.expect("a socket");
    let ready = socket.hello(json!({ "visitor": visitor.clone() })).await.expect("ready");
    socket.say(text).await.expect("an ack");
    let heard = socket.listen_for(Duration::from_millis(200)).await;
    let wrong = heard.iter().any(|frame| frame["type"] == "error" && frame["code"] == "bad_signature");
    if wrong || visitor["signature"].is_null() {
        assert!(ready["history"].as_array().is_none_or(Vec::is_empty), "nobody's earlier chats: {ready}");
    }
    (world.ticket_with("channel=chat", text).await, wrong)
}

async fn only_a_right_signature_makes_a_visitor_the_customer_we_know(shape: Shape) {
    let world = start(shape).await;
    world.mail(ANNA, "Order", "Where is my order?", &[]).await;
    let anna = world.ticket_with("channel=email", "Where is my order?").await["profile"]["id"].clone();
    let right = signature(SECRET, &format!("42\n{ANNA}"));
    let liars = [
        (json!({"id": "42", "email": ANNA}), false),
        (json!({"id": "42", "email": ANNA, "signature": "00".repeat(32)}), true),
        (json!({"id": "42", "email": ANNA, "signature": signature("guessed", &format!("42\n{ANNA}"))}), true),
        // right ones, of somebody else
        (json!({"id": "42", "email": ANNA, "signature": signature(SECRET, "43")}), true),
        (json!({"id": "43", "email": ANNA, "signature": right}), true),
        (json!({"id": "42", "email": "eve@evil.example", "signature": right}), true),
        // of the id alone: it does not speak for an address
        (json!({"id": "66", "email": ANNA, "signature": signature(SECRET, "66")}), false),
    ];
    // before the site has vouched for anybody, and after: then there is a 42
    for round in ["before", "after"] {
        for (n, (liar, is_wrong)) in liars.iter().enumerate() {
            let (ticket, wrong) = writes(&world, liar.clone(), &format!("liar {n} {round}")).await;
            assert_ne!(ticket["profile"]["id"], anna, "{liar} {round}");
            assert_eq!(wrong, *is_wrong, "{liar}");
        }
        let visitor = json!({"id": "42", "name": "Anna", "email": ANNA, "signature": right});
        let (ticket, wrong) = writes(&world, visitor, &format!("it is me {round}")).await;
        assert!(!wrong);
        assert_eq!(ticket["profile"]["id"], anna, "C-X: the same profile as her mail");
    }
}

async fn a_session_is_taken_along_by_signing_in_and_by_nothing_less(shape: Shape) {
    let world = start(shape).await;
    world.mail(ANNA, "Order", "Where is my order?", &[]).await;
    let anna = world.ticket_with("channel=email", "Where is my order?").await["profile"]["id"].clone();
    let page = Page { site: "vouched".into(), ..world.page() };
    let mut socket = Visitor::arrive(&page).await.expect("a socket");
    socket.say("Not signed in yet").await.expect("an ack");
    let ticket = world.ticket_with("channel=chat", "Not signed in yet").await;
    let claim = json!({"type": "identify", "id": "42", "email": ANNA});
    let mut forged = claim.clone();
    forged["signature"] = json!("00".repeat(32));
    socket.send(&forged).await.expect("sent");
    assert_eq!(socket.wait_for("error").await.expect("an error")["code"], "bad_signature");
    socket.send(&claim).await.expect("sent");
    socket.say("And now?").await.expect("an ack");
    assert_ne!(world.ticket(&ticket).await["profile"]["id"], anna);
    let mut signed = claim;
    signed["signature"] = json!(signature(SECRET, &format!("42\n{ANNA}")));
    socket.send(&signed).await.expect("sent");
    let hers = async || (world.ticket(&ticket).await["profile"]["id"] == anna).then_some(());
    world.product.eventually("the chat is hers", hers).await;
}

in_both_shapes!(
    only_a_right_signature_makes_a_visitor_the_customer_we_know,
    a_session_is_taken_along_by_signing_in_and_by_nothing_less,
);
