//! What colleagues tell each other, and what they are told: notes (never to a customer), answers at hand (H5), a mail
//! about new messages with a real relay (H4).

use std::time::Duration;

use harness::{frontdesk::Shape, visitor::Visitor};
use serde_json::json;

use crate::{in_both_shapes, world::World};

async fn a_note_reaches_colleagues_and_never_the_visitor(shape: Shape) {
    let world = World::start(shape).await;
    let mut anna = Visitor::connect(&world.page()).await.expect("a socket");
    anna.hello(json!({})).await.expect("ready");
    anna.say("Is the red one in stock?").await.expect("an ack");
    let ticket = world.ticket_with("channel=chat", "Is the red one in stock?").await;
    let notes = format!("/tickets/{}/notes", ticket["id"].as_str().expect("an id"));
    let agent = world.agent();
    agent.post(&notes, json!({"text": "she always haggles"})).await.expect(201);
    world.reply(&ticket, "Yes, three left.").await;
    let kept = anna.go().await;
    let mut again = Visitor::connect(&world.page()).await.expect("a socket");
    let ready = again.hello(json!({"resume": kept.token})).await.expect("ready");
    let seen = ready.to_string();
    assert!(seen.contains("three left") && !seen.contains("haggles"), "{seen}");
    let noted = agent.get(&notes).await.expect(200);
    assert_eq!(noted["data"][0]["text"], "she always haggles");
}

async fn h5_an_answer_at_hand_is_filled_in_for_the_ticket(shape: Shape) {
    let world = World::start(shape).await;
    world.text("+15557770001", "where is it?", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "where is it?").await;
    let agent = world.agent();
    let new =
        json!({"title": "On its way", "text": "Hi {{first_name|there}}, #{{ticket_number}} is on its way."});
    let made = agent.post("/quick-responses", new.clone()).await.expect(201);
    let taken = agent.post("/quick-responses", new).await.expect(409);
    assert_eq!(taken["code"], "title_taken");
    let fill = format!("/quick-responses/{}/fill", made["id"].as_str().expect("an id"));
    let said = agent.post(&fill, json!({"ticket_id": ticket["id"]})).await.expect(200);
    assert_eq!(said["text"], format!("Hi there, #{} is on its way.", ticket["number"]));
    assert_eq!(agent.get("/quick-responses?q=WAY").await.expect(200)["data"][0]["id"], made["id"]);
}

async fn h4_colleagues_get_one_mail_about_a_burst(shape: Shape) {
    let world = World::start(shape).await;
    let wishes = json!({"notifications": {"recipients": ["maya@acme.example"], "channels": ["sms"]}});
    world.agent().patch("/settings", wishes).await.expect(200);
    world.text("+15557770001", "the first of many", "SM1").await;
    let mail = world.relay.mail_with("the first of many", Duration::from_secs(20)).await.expect("a mail");
    assert_eq!(mail.to, ["maya@acme.example"]);
    assert_eq!(mail.header("auto-submitted").as_deref(), Some("auto-generated"), "no robot answers it");
    for n in 2..10 {
        world.text("+15557770001", &format!("text {n}"), &format!("SM{n}")).await;
    }
    world.ticket_with("channel=sms", "text 9").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let about = world.relay.mails().into_iter().filter(|mail| mail.to == ["maya@acme.example"]).count();
    assert_eq!(about, 1, "the rest of the burst waits for the next mail");
}

in_both_shapes!(
    a_note_reaches_colleagues_and_never_the_visitor,
    h5_an_answer_at_hand_is_filled_in_for_the_ticket,
    h4_colleagues_get_one_mail_about_a_burst,
);
