//! H4: colleagues are told of new messages, one mail for a burst.

use bus::topic::OUTBOUND_EMAIL;
use domain::event::{ClaimSend, DeliveryOutcome, OutboundEmail, ReleaseSend, SendDecision};
use serde_json::json;
use uuid::Uuid;

use crate::world::{ANNA, World, sent, session};

on_both!(
    h4_nobody_is_told_unless_asked_for,
    h4_one_mail_tells_of_a_burst_on_the_channels_asked_for,
    h4_each_mail_is_sent_once,
);

const MINUTE: i64 = 60_000;

async fn mails(world: &World) -> Vec<OutboundEmail> {
    world.desk.run_due_timers().await.unwrap();
    world.told(OUTBOUND_EMAIL).await
}

async fn told_of(world: &World, channels: &[&str]) {
    let recipients = ["maya@acme.example", "tom@acme.example"];
    world.settings(json!({"notifications": {"recipients": recipients, "channels": channels}})).await;
}

async fn h4_nobody_is_told_unless_asked_for(world: World) {
    world.anna_writes("1", "hi").await;
    assert!(mails(&world).await.is_empty());
    world.settings(json!({"notifications": {"recipients": [], "channels": ["sms"]}})).await;
    world.anna_writes("2", "hi").await;
    assert!(mails(&world).await.is_empty());
}

async fn h4_one_mail_tells_of_a_burst_on_the_channels_asked_for(world: World) {
    told_of(&world, &["sms"]).await;
    let ticket = world.anna_writes("1", "where is\nmy order?").await;
    let first = mails(&world).await;
    let to: Vec<_> = first.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["maya@acme.example", "tom@acme.example"]);
    assert!(first[0].automatic && first[0].subject.starts_with("New text from "), "{:?}", first[0]);
    assert!(first[0].text.contains("where is my order?"), "{}", first[0].text);
    assert!(first[0].text.contains(&format!("#/tickets/{ticket}")), "{}", first[0].text);

    for n in 2..30 {
        world.anna_writes(&n.to_string(), "hello?").await;
    }
    world.take(world.chatted(&world.chat(session(1), "anna", "a chat"))).await;
    world.take(world.text("stop", ANNA, "STOP")).await;
    assert_eq!(mails(&world).await.len(), 2, "the burst waits");
    world.turn(2 * MINUTE);
    let all = mails(&world).await;
    assert_eq!(all.len(), 4);
    assert!(all[2].subject.starts_with("28 new messages from "), "{}", all[2].subject);
    assert!(all[2].text.contains("and 8 more"), "{}", all[2].text);
    assert!(!all[2].text.contains("a chat"));
    world.turn(10 * MINUTE);
    assert_eq!(mails(&world).await.len(), 4, "nothing new, no mail");
}

async fn h4_each_mail_is_sent_once(world: World) {
    told_of(&world, &["sms"]).await;
    world.anna_writes("1", "hi").await;
    let twin = world.replica().await;
    let (one, two) = tokio::join!(world.desk.run_due_timers(), twin.run_due_timers());
    assert!(one.is_ok() && two.is_ok());
    let mails = mails(&world).await;
    assert_eq!(mails.len(), 2, "one for each colleague, whoever writes them");
    let claim =
        |nth: usize, n: u128| ClaimSend { message_id: mails[nth].message_id, claim: Uuid::from_u128(n) };
    let desk = &world.desk;
    assert_eq!(desk.claim_send(&claim(0, 1)).await.unwrap(), SendDecision::Send);
    assert_eq!(desk.claim_send(&claim(0, 1)).await.unwrap(), SendDecision::Send, "the same try asks again");
    let ClaimSend { message_id, claim: held } = claim(0, 1);
    desk.release_send(&ReleaseSend { message_id, claim: held, retry_after_ms: None }).await.unwrap();
    assert_eq!(desk.claim_send(&claim(0, 2)).await.unwrap(), SendDecision::Send, "given back, taken again");
    world.take(world.reported(message_id, sent("m1"))).await;
    assert!(matches!(desk.claim_send(&claim(0, 3)).await.unwrap(), SendDecision::Drop { .. }));
    assert_eq!(desk.claim_send(&claim(1, 4)).await.unwrap(), SendDecision::Send);
    assert_eq!(desk.claim_send(&claim(1, 5)).await.unwrap(), SendDecision::Uncertain, "never twice");
    world.take(world.reported(mails[1].message_id, DeliveryOutcome::Uncertain)).await;
}
