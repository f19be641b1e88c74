//! A mail becomes a ticket and the answer lands in the customer's thread (B4, C-E).

use std::time::Duration;

use harness::frontdesk::Shape;
use serde_json::json;

use crate::{
    in_both_shapes,
    world::{MAILBOX, World, customer_texts},
};

const ANNA: &str = "anna@customer.example";

async fn a_mail_becomes_a_ticket_and_the_answer_lands_in_its_thread(shape: Shape) {
    let world = World::start(shape).await;
    let first = world.mail(ANNA, "Sizes", "Do the boots run small?", &[]).await;
    let ticket = world.ticket_with("channel=email", "Do the boots run small?").await;
    assert_eq!(ticket["subject"], "Sizes");
    assert_eq!(ticket["profile"]["address"], ANNA);

    world.reply(&ticket, "They do: take one size up.").await;
    let answer = world.relay.mail_with("take one size up", Duration::from_secs(10)).await.expect("a mail");
    assert_eq!(answer.to, [ANNA]);
    assert!(answer.header("from").expect("From").contains(MAILBOX));
    assert_eq!(answer.header("subject").as_deref(), Some("Re: Sizes"));
    assert_eq!(answer.header("in-reply-to"), Some(format!("<{first}>")));
    assert!(answer.header("references").expect("References").contains(&first));
    assert!(answer.header("auto-submitted").is_none(), "a person's answer is not automatic");
    assert!(answer.header("reply-to").expect("Reply-To").contains('+'), "it names the ticket");
    assert!(answer.from.contains('+'), "the envelope sender names the message: {}", answer.from);
    assert!(answer.header("content-type").expect("Content-Type").starts_with("multipart/alternative"));
    assert!(answer.text().contains("> Do the boots run small?"), "it quotes what it answers");

    let ours = answer.header("message-id").expect("Message-ID");
    let ours = ours.trim_matches(['<', '>']);
    world.change(&ticket, json!({"status": "closed"})).await;
    world.mail(ANNA, "Re: Sizes", "Thank you!", &[&first, ours]).await;
    let again = world.ticket_with("channel=email&status=open", "Thank you!").await;
    assert_eq!(again["id"], ticket["id"], "C-E: a reply in the thread reopens it");

    world.mail(ANNA, "Sizes", "And the sandals?", &[]).await;
    let other = world.ticket_with("channel=email", "And the sandals?").await;
    assert_ne!(other["id"], ticket["id"], "C-E: a new thread is a new ticket");
    assert_eq!(other["profile"]["id"], ticket["profile"]["id"], "of the same person");
    assert_eq!(
        customer_texts(&world.messages(&ticket).await).len(),
        3,
        "F1: the person's mails on this channel"
    );
}

async fn the_same_mail_delivered_twice_is_one_message(shape: Shape) {
    let world = World::start(shape).await;
    let raw = format!(
        "From: {ANNA}\r\nTo: {MAILBOX}\r\nSubject: Twice\r\nMessage-ID: <twice@mail.example>\r\n\r\nonce is enough\r\n"
    );
    for _ in 0..3 {
        let reply =
            world.mail_server().send(ANNA, crate::world::INBOUND, raw.as_bytes()).await.expect("a reply");
        assert_eq!(reply.code, 250);
    }
    let ticket = world.ticket_with("channel=email", "once is enough").await;
    world.mail(ANNA, "Later", "after that", &[]).await;
    world.ticket_with("channel=email", "after that").await;
    let texts = customer_texts(&world.messages(&ticket).await);
    assert_eq!(texts.iter().filter(|text| text.as_str() == "once is enough").count(), 1, "{texts:?}");
}

in_both_shapes!(
    a_mail_becomes_a_ticket_and_the_answer_lands_in_its_thread,
    the_same_mail_delivered_twice_is_one_message,
);
