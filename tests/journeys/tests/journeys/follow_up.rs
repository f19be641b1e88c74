//! The mail after a left chat, with a real relay: what it says, where its button leads, and that answering it lands in the
//! chat (H8, H9); also when the process dies while it is pending.

use std::time::Duration;

use harness::{
    frontdesk::{PUBLIC_URL, Shape},
    mail::compose,
    smtp_sink::Mail,
    visitor::{Kept, Visitor},
};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    in_both_shapes,
    world::{MAILBOX, SHOP, World, customer_texts},
};

const ANNA: &str = "anna@customer.example";

/// A shop whose mails follow soon, and Anna, who wrote and left.
async fn left(shape: Shape) -> (World, Value, Kept) {
    let world = World::start(shape).await;
    let settings = json!({"organization": {"name": "Acme", "privacy_url": "https://acme.example/privacy"},
        "chat": {"follow_up": {"delay_seconds": 2}, "branding": {"color": "#0f766e"}}});
    world.agent().patch("/settings", settings).await.expect(200);
    let mut anna = Visitor::connect(&world.page()).await.expect("a socket");
    let page = format!("{SHOP}/mugs?size=2");
    anna.hello(json!({"page": page, "form": {"email": ANNA, "name": "Anna"}})).await.expect("ready");
    anna.say("Is the red one in stock?").await.expect("an ack");
    let ticket = world.ticket_with("channel=chat", "Is the red one in stock?").await;
    let kept = anna.go().await;
    banner(&world, &ticket, "waiting").await;
    (world, ticket, kept)
}

async fn banner(world: &World, ticket: &Value, status: &str) -> Value {
    let found = async || {
        let chat = world.ticket(ticket).await["chat"].clone();
        (chat["follow_up"]["status"] == status).then_some(chat)
    };
    world.product.eventually(&format!("a banner that says {status}"), found).await
}

/// The plain text of a mail, without the encoding of long lines.
fn words(mail: &Mail) -> String {
    mail.text().replace("=\r\n", "").replace("=3D", "=")
}

async fn one_mail_leads_back_into_the_chat_and_answering_it_lands_there(shape: Shape) {
    let (world, ticket, _) = left(shape).await;
    world.reply(&ticket, "Yes, three left.").await;
    let chat = banner(&world, &ticket, "pending").await;
    assert!(
        chat["online"] == false && chat["left_at"].is_string() && chat["follow_up"]["due_at"].is_string()
    );
    let mail = world.relay.mail_with("three left", Duration::from_secs(20)).await.expect("a mail");
    assert_eq!(
        (mail.to.as_slice(), mail.header("subject")),
        (&[ANNA.to_owned()][..], Some("You have a new message from Acme".into()))
    );
    assert!(mail.header("from").expect("From").contains(MAILBOX));
    assert!(mail.header("list-unsubscribe").expect("List-Unsubscribe").contains("/u/"));
    let words = words(&mail);
    for part in
        ["multipart/alternative", "#0f766e", "https://acme.example/privacy", "Is the red one in stock?"]
    {
        assert!(words.contains(part), "{part} in {words}");
    }
    banner(&world, &ticket, "sent").await;

    // the button: on the page it began, into the same chat
    let link =
        words.lines().find_map(|line| line.strip_prefix("Continue the chat: ")).expect("a link").trim();
    let link = link.replace(PUBLIC_URL, &world.product.url("inbox"));
    let browser = Client::builder().redirect(Policy::none()).build().expect("a browser");
    let answer = browser.get(&link).send().await.expect("an answer");
    assert_eq!(answer.status(), 302);
    let to = answer.headers()["location"].to_str().expect("text").to_owned();
    let token =
        to.strip_prefix(&format!("{SHOP}/mugs?size=2#frontdesk-chat=")).expect("the page, with a token");
    let kept = Kept { page: world.page(), token: token.to_owned(), last_seq: 0 };
    let (mut anna, messages) = Visitor::resume(&kept).await.expect("the chat");
    let texts: Vec<_> = messages.iter().map(|m| m["text"].as_str().unwrap_or_default()).collect();
    assert_eq!(texts, ["Is the red one in stock?", "Yes, three left."], "without the mail itself");
    assert_eq!(anna.say("One please!").await.expect("an ack")["seq"], 4, "the mail has a number of its own");
    assert_eq!(customer_texts(&world.messages(&ticket).await), ["Is the red one in stock?", "One please!"]);
    let cut = browser.get(link[..link.len() - 3].to_owned()).send().await.expect("an answer");
    assert_eq!(cut.status(), 410);

    // the answer by mail
    let id = mail.header("message-id").expect("Message-ID");
    world.mail(ANNA, "Re: You have a new message", "In blue?", &[id.trim_matches(['<', '>'])]).await;
    let heard = anna.wait_until(|frame| frame["text"].as_str().is_some_and(|text| text.contains("In blue?")));
    heard.await.expect("the visitor sees it, too");
    let ticket = world.ticket(&ticket).await;
    assert!(customer_texts(&world.messages(&ticket).await).last().expect("a text").contains("In blue?"));
    assert!(world.tickets("channel=email").await.is_empty());
}

async fn a_kill_while_a_mail_is_pending_sends_it_once(shape: Shape) {
    let (mut world, ticket, _) = left(shape).await;
    world.reply(&ticket, "Yes, three left.").await;
    banner(&world, &ticket, "pending").await;
    match shape {
        Shape::Embedded => world.product.kill_and_restart("up", 0).await,
        Shape::Cluster { .. } => {
            for (role, replica) in [("ticketing", 0), ("ticketing", 1), ("notifier", 0)] {
                world.product.kill_and_restart(role, replica).await;
            }
        }
    }
    world.relay.mail_with("three left", Duration::from_secs(30)).await.expect("a mail");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(world.relay.mails().len(), 1);
    let shown = world.messages(&ticket).await;
    assert_eq!(shown.iter().filter(|message| message["author"]["kind"] == "follow_up").count(), 1);
}

async fn coming_back_or_saying_no_calls_the_mail_off(shape: Shape) {
    let (world, ticket, kept) = left(shape).await;
    let slow = json!({"chat": {"follow_up": {"delay_seconds": 600}}});
    world.agent().patch("/settings", slow).await.expect(200);
    world.reply(&ticket, "Yes, three left.").await;
    banner(&world, &ticket, "pending").await;
    let path = format!("/tickets/{}/follow-up", ticket["id"].as_str().expect("an id"));
    let off = world.agent().post(&format!("{path}/cancel"), json!({})).await.expect(200);
    assert_eq!(off["chat"]["follow_up"], json!({"status": "cancelled", "due_at": null}));
    let refused = world.agent().post(&format!("{path}/send-now"), json!({})).await;
    assert_eq!((refused.status, refused.code()), (409, "no_follow_up"));

    world.reply(&ticket, "Shall I put one aside?").await;
    banner(&world, &ticket, "pending").await;
    let (mut anna, missed) = Visitor::resume(&kept).await.expect("back");
    banner(&world, &ticket, "here").await;
    let newest = missed.last().expect("answers")["seq"].clone();
    anna.send(&json!({"type": "seen", "seq": newest})).await.expect("sent");
    let seen = async || {
        let all = world.messages(&ticket).await;
        all.iter().all(|m| m["direction"] == "in" || m["status"] == "read").then_some(())
    };
    world.product.eventually("everything seen", seen).await;
    anna.go().await;
    banner(&world, &ticket, "waiting").await;
    assert!(world.relay.mails().is_empty());
}

/// Nothing in the bounce names our mail but the address it comes to.
async fn a_bounce_of_the_mail_marks_it_failed_and_is_for_agents_only(shape: Shape) {
    let (world, ticket, kept) = left(shape).await;
    world.reply(&ticket, "Yes, three left.").await;
    let mail = world.relay.mail_with("three left", Duration::from_secs(20)).await.expect("a mail");
    assert!(mail.from.starts_with("support+b") && mail.from.ends_with("@in.acme.example"), "{}", mail.from);
    let words = "550 5.1.1 no such user";
    let raw = compose("mailer-daemon@customer.example", "x@y.example", "Undeliverable", words, &[]);
    let reply = world.mail_server().send("", &mail.from, &raw).await.expect("a reply");
    assert_eq!(reply.code, 250, "{reply:?}");
    let failed = async || {
        let all = world.messages(&ticket).await;
        all.into_iter().find(|m| m["author"]["kind"] == "follow_up" && m["status"] == "failed")
    };
    world.product.eventually("the mail marked as failed", failed).await;
    let (_, missed) = Visitor::resume(&kept).await.expect("back");
    let texts: Vec<_> = missed.iter().map(|m| m["text"].as_str().unwrap_or_default()).collect();
    assert_eq!(texts, ["Yes, three left."], "neither the mail nor its bounce");
}

in_both_shapes!(
    one_mail_leads_back_into_the_chat_and_answering_it_lands_there,
    a_bounce_of_the_mail_marks_it_failed_and_is_for_agents_only,
    a_kill_while_a_mail_is_pending_sends_it_once,
    coming_back_or_saying_no_calls_the_mail_off,
);
