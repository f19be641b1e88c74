//! The widget's socket over a real listener and the embedded bus, with a small desk behind it.

#![expect(clippy::unwrap_used, reason = "a test, with its helpers")]

mod pushes;
mod stream;
mod support;

use std::time::Duration;

use bus::topic::{CHAT_PUSH, TYPING};
use domain::event::{ChatPush, Typing, VisitorSignalKind};
use futures::StreamExt;
use harness::visitor::{Page, Refused, Visitor};
use serde_json::{Value, json};
use support::{Desk, WebChat, bus, node};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn chat() -> (bus::Bus, WebChat, std::sync::Arc<Desk>) {
    let bus = bus().await;
    let chat = node(&bus).await;
    let desk = Desk::open(&bus, &chat.stop).await;
    (bus, chat, desk)
}

fn texts(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .filter(|f| f.get("type").is_none_or(|t| t == "message"))
        .filter_map(|f| f["text"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_acknowledged_with_its_number_and_stored() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    for (text, seq) in [("hello", 1), ("is anybody there?", 2)] {
        let ack = anna.say(text).await.unwrap();
        assert_eq!(ack["seq"], seq);
    }
    assert_eq!(desk.texts(&anna.session), ["hello", "is anybody there?"]);
    let others = anna.listen_for(Duration::from_millis(200)).await;
    assert_eq!(others, [json!({"type": "status", "ticket": "open"})], "an ack is not followed by an echo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_id_sent_twice_is_stored_once_even_over_another_node() {
    let (bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    let client_id = Uuid::new_v4();
    anna.write_as(client_id, "once").await.unwrap();
    anna.write_as(client_id, "once").await.unwrap();
    let (first, second) = (anna.ack_of(client_id).await.unwrap(), anna.ack_of(client_id).await.unwrap());
    assert_eq!(first, second);
    anna.write_as(client_id, "once").await.unwrap();
    assert_eq!(anna.ack_of(client_id).await.unwrap(), first, "and long after");

    let other = node(&bus).await;
    let mut kept = anna.cut();
    kept.page = other.page.clone();
    let (mut anna, missed) = Visitor::resume(&kept).await.unwrap();
    assert!(missed.is_empty(), "{missed:?}");
    anna.write_as(client_id, "once").await.unwrap();
    assert_eq!(anna.ack_of(client_id).await.unwrap(), first, "and on a node that never saw it");
    assert_eq!(desk.texts(&anna.session), ["once"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_everything_missed_comes_in_order_once() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    desk.reply(&anna.session, "one").await;
    anna.wait_for("message").await.unwrap();
    let session = anna.session.clone();
    let kept = anna.cut();
    for text in ["two", "three", "four"] {
        desk.reply(&session, text).await;
    }
    let (mut anna, missed) = Visitor::resume(&kept).await.unwrap();
    assert_eq!(anna.session, session);
    assert_eq!(texts(&missed), ["two", "three", "four"]);
    desk.reply(&session, "five").await;
    let later = anna.listen_for(Duration::from_millis(400)).await;
    assert_eq!(texts(&later), ["five"], "nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_answers_survives_many_cuts_without_loss_or_double() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    let session = anna.session.clone();
    let answering = {
        let (desk, session) = (desk.clone(), session.clone());
        tokio::spawn(async move {
            for n in 1..=120 {
                desk.reply(&session, &n.to_string()).await;
            }
        })
    };
    let mut seen: Vec<String> = Vec::new();
    while seen.len() < 120 {
        let frames = anna.listen_for(Duration::from_millis(15)).await;
        seen.extend(texts(&frames).into_iter().map(str::to_owned));
        let (next, missed) = Visitor::resume(&anna.cut()).await.unwrap();
        seen.extend(texts(&missed).into_iter().map(str::to_owned));
        anna = next;
    }
    answering.await.unwrap();
    assert_eq!(seen, (1..=120).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_show_the_same_chat() {
    let (_bus, chat, desk) = chat().await;
    let mut one = Visitor::arrive(&chat.page).await.unwrap();
    one.say("from the first tab").await.unwrap();
    let kept = harness::visitor::Kept { page: chat.page.clone(), token: one.token.clone(), last_seq: 0 };
    let (mut two, history) = Visitor::resume(&kept).await.unwrap();
    assert_eq!(texts(&history), ["from the first tab"]);
    let client_id = two.write("from the second tab").await.unwrap();
    two.ack_of(client_id).await.unwrap();
    let pushed = one.wait_for("message").await.unwrap();
    assert_eq!(pushed["author"]["kind"], "customer");
    assert_eq!(pushed["client_id"], client_id.to_string());
    desk.reply(&one.session, "to both").await;
    assert_eq!(one.wait_for("message").await.unwrap()["author"], json!({"kind": "agent", "name": "Maya"}));
    assert_eq!(two.wait_for("message").await.unwrap()["text"], "to both");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_the_site_get_a_socket() {
    let (_bus, chat, _desk) = chat().await;
    let page =
        |site: &str, origin: &str| Page { site: site.into(), origin: origin.into(), ..chat.page.clone() };
    for (page, expected) in [
        (page("main", "https://evil.example"), 403),
        (page("main", "null"), 403),
        (page("main", "https://shop.example.com.evil.example"), 403),
        (page("other", "https://shop.example.com"), 404),
    ] {
        match Visitor::connect(&page).await {
            Err(Refused::Status(status)) => assert_eq!(status, expected, "{page:?}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("let in: {page:?}"),
        }
    }
    assert!(Visitor::connect(&page("main", "https://shop.example.com")).await.is_ok());
    assert!(Visitor::connect(&page("main", "https://desk.example.com")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_resume_token_opens_nothing() {
    let (_bus, chat, _desk) = chat().await;
    let anna = Visitor::arrive(&chat.page).await.unwrap();
    let (body, code) = anna.token.split_once('.').unwrap();
    let mut bent = code.to_owned();
    bent.replace_range(..1, if code.starts_with('A') { "B" } else { "A" });
    for forged in [format!("{body}.{bent}"), format!("{body}."), "nonsense".into(), String::new()] {
        let mut thief = Visitor::connect(&chat.page).await.unwrap();
        thief.send(&json!({"type": "hello", "resume": forged, "last_seq": 0})).await.unwrap();
        assert_eq!(thief.wait_for("error").await.unwrap()["code"], "bad_resume");
        assert_eq!(thief.closed().await.unwrap(), 4501);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_or_no_frame_is_refused_by_name() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    for (text, code) in [("x".repeat(8_001), "too_long"), ("  ".into(), "empty")] {
        let client_id = anna.write(&text).await.unwrap();
        let error = anna.wait_for("error").await.unwrap();
        assert_eq!(
            (error["code"].as_str(), error["client_id"].as_str()),
            (Some(code), Some(client_id.to_string().as_str()))
        );
    }
    anna.say(&"é".repeat(8_000)).await.unwrap();
    assert_eq!(desk.texts(&anna.session).len(), 1);
    anna.send_raw("not json").await.unwrap();
    assert_eq!(anna.wait_for("error").await.unwrap()["code"], "bad_frame");
    anna.send_raw(&format!("{{\"type\":\"ping\",\"x\":\"{}\"}}", "x".repeat(70_000))).await.unwrap();
    assert_eq!(anna.closed().await.unwrap(), 1009);

    let mut rude = Visitor::connect(&chat.page).await.unwrap();
    rude.write("no hello").await.unwrap();
    assert_eq!(rude.wait_for("error").await.unwrap()["code"], "hello_first");
    for _ in 0..6 {
        rude.send_raw("[]").await.unwrap();
    }
    assert_eq!(rude.closed().await.unwrap(), 4500);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_too_fast_is_told_when_to_try_again_and_loses_nothing() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    for n in 0..20 {
        anna.write(&n.to_string()).await.unwrap();
    }
    let client_id = anna.write("once too often").await.unwrap();
    let error = anna.wait_for("error").await.unwrap();
    assert_eq!((&error["code"], &error["client_id"]), (&json!("rate_limited"), &json!(client_id)));
    let wait = error["retry_after_ms"].as_u64().unwrap();
    assert!((1..=1_000).contains(&wait), "{wait}");
    tokio::time::sleep(Duration::from_millis(wait + 50)).await;
    anna.write_as(client_id, "once too often").await.unwrap();
    assert_eq!(anna.ack_of(client_id).await.unwrap()["seq"], 21);
    assert_eq!(desk.texts(&anna.session).last().map(String::as_str), Some("once too often"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_desk_a_message_is_still_acknowledged_and_numbered_later() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    let ack = anna.say("is anybody there?").await.unwrap();
    assert_eq!(ack["seq"], Value::Null);
    let desk = Desk::open(&bus, &chat.stop).await;
    let message = anna.wait_for("message").await.unwrap();
    assert_eq!((&message["seq"], &message["client_id"]), (&json!(1), &ack["client_id"]));
    assert_eq!(desk.texts(&anna.session), ["is anybody there?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_resumed_while_the_desk_is_away_and_completed_when_it_is_back() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let away = CancellationToken::new();
    let desk = Desk::open(&bus, &away).await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    let session = anna.session.clone();
    let kept = anna.cut();
    desk.reply(&session, "are you still there?").await;
    away.cancel();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (mut anna, missed) = Visitor::resume(&kept).await.unwrap();
    assert!(missed.is_empty());
    desk.answer_again(&chat.stop);
    assert_eq!(anna.wait_for("message").await.unwrap()["text"], "are you still there?");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_durable_is_not_acknowledged() {
    let (bus, chat, _desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    bus.close().await;
    let client_id = anna.write("hello?").await.unwrap();
    let error = anna.wait_for("error").await.unwrap();
    assert_eq!((&error["code"], &error["client_id"]), (&json!("not_stored"), &json!(client_id)));
    assert!(error["retry_after_ms"].is_u64(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_a_planned_stop_every_widget_is_told_when_to_come_back() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let desk = Desk::open(&bus, &CancellationToken::new()).await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    let mut silent = Visitor::connect(&chat.page).await.unwrap();
    chat.stop.cancel();
    for visitor in [&mut anna, &mut silent] {
        let bye = visitor.wait_for("bye").await.unwrap();
        let after = bye["retry_after_ms"].as_u64().unwrap();
        assert!(bye["code"] == 4001 && (500..5_000).contains(&after), "{bye}");
        assert_eq!(visitor.closed().await.unwrap(), 4001);
    }
    assert!(matches!(Visitor::connect(&chat.page).await, Err(Refused::Status(503))));
    web_chat::drained(chat.node.clone()).await;
    assert_eq!(chat.node.hub.sockets(), 0);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(desk.heard(), ["came_online", "left"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_visitor_hears_of_a_closed_chat_and_opens_the_next_one_by_writing() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    assert_eq!(anna.wait_for("status").await.unwrap()["ticket"], "open");
    desk.close(&anna.session).await;
    assert_eq!(anna.wait_for("status").await.unwrap()["ticket"], "closed");
    let kept = anna.cut();
    let mut anna = Visitor::connect(&kept.page).await.unwrap();
    let ready = anna.hello(json!({"resume": kept.token, "last_seq": kept.last_seq})).await.unwrap();
    assert_eq!(ready["ticket"], "closed");
    assert_eq!(anna.say("one more thing").await.unwrap()["seq"], 2, "the numbers go on");
    assert_eq!(anna.wait_for("status").await.unwrap()["ticket"], "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_goes_both_ways() {
    let (bus, chat, _desk) = chat().await;
    let mut signals = bus.listen(TYPING).await.unwrap();
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    for on in [true, true, true, false, false] {
        anna.send(&json!({"type": "typing", "on": on})).await.unwrap();
    }
    for expected in [true, false] {
        let heard: Typing = signals.next().await.unwrap();
        assert!(heard.by_visitor && heard.on == expected && heard.ticket_id.is_some(), "{heard:?}");
    }
    let maya = ChatPush::Typing { name: "Maya".into(), on: true };
    bus.signal_to(CHAT_PUSH, anna.session.parse().unwrap(), &maya).await;
    assert_eq!(anna.wait_for("typing").await.unwrap(), json!({"type": "typing", "on": true, "name": "Maya"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_hears_what_visitors_do_besides_writing() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    desk.reply(&anna.session, "hi").await;
    anna.wait_for("message").await.unwrap();
    for seq in [2, 2, 1, 99] {
        anna.send(&json!({"type": "seen", "seq": seq})).await.unwrap();
    }
    anna.send(&json!({"type": "identify", "email": "not one"})).await.unwrap();
    assert_eq!(anna.wait_for("error").await.unwrap()["code"], "bad_email");
    anna.send(&json!({"type": "identify", "email": " Anna@Example.com", "name": "Anna"})).await.unwrap();
    anna.send(&json!({"type": "end"})).await.unwrap();
    anna.say("and by the way").await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut heard = desk.heard();
    heard.sort();
    assert_eq!(heard, ["came_online", "ended", "identified", "saw"]);
    let identified = desk.signals.lock().unwrap().iter().find_map(|signal| match &signal.kind {
        VisitorSignalKind::Identified { visitor } => Some(visitor.clone()),
        _ => None,
    });
    let visitor = identified.unwrap();
    assert_eq!(visitor.email.unwrap().as_str(), "anna@example.com");
    assert_eq!((visitor.name.as_deref(), visitor.verified), (Some("Anna"), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_not_a_leaving_but_staying_away_is() {
    let (_bus, chat, desk) = chat().await;
    let mut anna = Visitor::arrive(&chat.page).await.unwrap();
    anna.say("hello").await.unwrap();
    let (anna, _) = Visitor::resume(&anna.go().await).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    assert_eq!(desk.heard(), ["came_online"]);
    anna.cut();
    tokio::time::sleep(Duration::from_millis(5_800)).await;
    assert_eq!(desk.heard(), ["came_online", "left"]);
}
