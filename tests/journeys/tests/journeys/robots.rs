//! Robots that answer our mails: nothing of ours answers them, so that no two of them talk for ever.

use std::time::Duration;

use harness::{frontdesk::Shape, mail::compose, visitor::Visitor};
use serde_json::json;

use crate::{
    in_both_shapes,
    world::{INBOUND, MAILBOX, SHOP, World},
};

const ANNA: &str = "anna@customer.example";
/// Longer than our mail after a chat waits before it goes out.
const QUIET: Duration = Duration::from_secs(5);

async fn an_absence_note_on_our_automatic_mail_ends_there(shape: Shape) {
    let world = World::start(shape).await;
    let soon = json!({"organization": {"name": "Acme"}, "chat": {"follow_up": {"delay_seconds": 2}}});
    world.agent().patch("/settings", soon).await.expect(200);
    let mut anna = Visitor::connect(&world.page()).await.expect("a socket");
    let page = format!("{SHOP}/mugs");
    anna.hello(json!({"page": page, "form": {"email": ANNA, "name": "Anna"}})).await.expect("ready");
    anna.say("Is the red one in stock?").await.expect("an ack");
    let ticket = world.ticket_with("channel=chat", "Is the red one in stock?").await;
    anna.go().await;
    world.reply(&ticket, "Yes, three left.").await;
    let ours = world.relay.mail_with("three left", Duration::from_secs(30)).await.expect("a mail");
    for (header, value) in [("auto-submitted", "auto-generated"), ("x-auto-response-suppress", "All")] {
        assert_eq!(ours.header(header).as_deref(), Some(value), "{header}: it says that it is automatic");
    }

    // Her robots answer each address that a robot may find in our mail, with and without the header that says so.
    let id = ours.header("message-id").expect("Message-ID");
    for (n, honest) in [(1, true), (2, true), (3, false)] {
        let subject =
            if honest { "Automatic reply: out of office" } else { "Re: You have a new message from Acme" };
        let (own_id, text) =
            (format!("<robot-{n}@customer.example>"), format!("I am away until Monday ({n})."));
        let mut headers = vec![("Message-ID", own_id.as_str()), ("In-Reply-To", id.as_str())];
        if honest {
            headers.push(("Auto-Submitted", "auto-replied"));
        }
        let raw = compose(ANNA, MAILBOX, subject, &text, &headers);
        let reply = world.mail_server().send(ANNA, INBOUND, &raw).await.expect("a reply");
        assert_eq!(reply.code, 250, "an absence note is worth knowing: {reply:?}");
    }
    let all_there = async || {
        let texts = world.messages(&ticket).await;
        let away = texts.iter().filter(|m| m["text"].as_str().is_some_and(|text| text.contains("I am away")));
        (away.count() == 3).then_some(())
    };
    world.product.eventually("the notes in the chat's ticket", all_there).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(world.relay.mails().len(), 1, "nothing answers them");
}

/// It answers whatever comes, at once, under a new id and a new subject, and says nowhere that it is no person. Only the rate
/// ends that.
async fn a_robot_that_answers_everything_is_stopped_by_rate(shape: Shape) {
    const ROBOT: &str = "no-reply@parcels.example";
    let world = World::start(shape).await;
    let rule = json!({
        "name": "We have it",
        "conditions": {"when": "every_message", "channel": ["email"]},
        "actions": [{"kind": "auto_reply", "text": "Thank you, we have your mail."}],
    });
    world.agent().post("/rules", rule).await.expect(201);
    let write = async |number: usize, headers: &[(&str, &str)]| {
        let id = format!("<{}@parcels.example>", uuid::Uuid::new_v4());
        let headers = [headers, &[("Message-ID", id.as_str())]].concat();
        let text = format!("Your parcel is on its way ({number}).");
        let raw = compose(ROBOT, MAILBOX, &format!("Parcel {number}"), &text, &headers);
        let reply = world.mail_server().send(ROBOT, INBOUND, &raw).await.expect("a reply");
        assert_eq!(reply.code, 250, "{reply:?}");
    };
    write(0, &[]).await;
    let thanks = async || {
        let ours = world.relay.mails();
        ours.into_iter().filter(|mail| mail.text().contains("we have your mail")).collect::<Vec<_>>()
    };
    let first = async || (thanks().await.len() == 1).then_some(());
    world.product.eventually("our first answer", first).await;
    let (mut answered, mut number) = (0, 0);
    // Until nothing of ours comes that it could answer; a loop would never end.
    while answered < thanks().await.len() {
        assert!(answered < 5, "they talk for ever");
        let id = thanks().await[answered].header("message-id").expect("Message-ID");
        number += 1;
        write(number, &[("In-Reply-To", id.as_str())]).await;
        number += 1;
        write(number, &[]).await;
        answered += 1;
        tokio::time::sleep(QUIET).await;
    }
    assert_eq!(answered, 1, "one answer to a sender in a day");
    let tickets = world.tickets("channel=email").await;
    let mut texts = Vec::new();
    for ticket in &tickets {
        texts.extend(crate::world::customer_texts(&world.messages(ticket).await));
    }
    for number in 0..=number {
        assert!(
            texts.iter().any(|text| text.contains(&format!("({number})"))),
            "all of it can be read: {texts:?}"
        );
    }
}

in_both_shapes!(
    an_absence_note_on_our_automatic_mail_ends_there,
    a_robot_that_answers_everything_is_stopped_by_rate,
);
