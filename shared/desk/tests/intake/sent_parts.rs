//! Texts of ours that a carrier took in parts, and what carriers know of opt-outs.

use domain::{
    MessageId, MessageStatus, TicketId,
    consent::may_text,
    event::{DeliveryOutcome, SmsReceipt},
    message::DeliveryError,
};

use crate::world::{ANNA, World, sent};

on_both!(
    delivered_means_every_part_and_failed_any,
    receipts_of_parts_may_come_before_the_carriers_first_answer,
    a_receipt_of_a_part_that_names_our_message_is_still_of_a_part,
    a_long_text_that_went_out_whole_is_delivered_by_one_receipt,
    receipts_of_parts_side_by_side_are_never_lost,
    an_opt_out_by_receipt_is_recorded_once_and_whenever_it_comes,
    a_word_that_nobody_knows_is_kept,
);

/// Longer than one segment.
fn long() -> String {
    "x".repeat(400)
}

async fn reply(world: &World) -> (TicketId, MessageId) {
    world.take(world.text("j", ANNA, "JOIN")).await;
    let ticket = world.anna_writes("1", "hi").await;
    world.turn(1_000);
    (ticket, world.reply(ticket, &long()).await.id)
}

fn in_parts(ids: [&str; 3]) -> DeliveryOutcome {
    DeliveryOutcome::Sent {
        external_id: ids[0].into(),
        more_ids: ids[1..].iter().map(|id| (*id).to_owned()).collect(),
        account: "main".into(),
        provider: "sandbox".into(),
    }
}

async fn status(world: &World, ticket: TicketId, id: MessageId) -> MessageStatus {
    world.message(ticket, id).await.status
}

async fn word(world: &World, id: &str, raw: &str) {
    world.take(world.receipted(&world.receipt(id, raw))).await;
}

fn refused(world: &World, id: &str) -> SmsReceipt {
    let error = DeliveryError { code: "21610".into(), reason: "opted out".into() };
    SmsReceipt { error: Some(error), opted_out: true, ..world.receipt(id, "failed") }
}

async fn delivered_means_every_part_and_failed_any(world: World) {
    use MessageStatus::{Delivered, Failed, Sent};
    let (ticket, id) = reply(&world).await;
    world.take(world.reported(id, in_parts(["a", "b", "c"]))).await;
    for (part, raw, expected) in [
        ("b", "delivered", Sent),
        ("b", "delivered", Sent),
        ("a", "delivered", Sent),
        ("c", "delivered", Delivered),
    ] {
        word(&world, part, raw).await;
        assert_eq!(status(&world, ticket, id).await, expected, "{part} {raw}");
    }
    let mut failed = world.receipt("a", "failed");
    failed.error = Some(DeliveryError { code: "30007".into(), reason: "filtered".into() });
    world.take(world.receipted(&failed)).await;
    let message = world.message(ticket, id).await;
    assert_eq!((message.status, message.error.unwrap().code.as_str()), (Failed, "30007"));
    word(&world, "b", "read").await;
    assert_eq!(status(&world, ticket, id).await, Failed, "a success never hides a failure");
}

async fn receipts_of_parts_may_come_before_the_carriers_first_answer(world: World) {
    let (ticket, id) = reply(&world).await;
    for part in ["c", "a"] {
        word(&world, part, "delivered").await;
    }
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Queued);
    world.take(world.reported(id, in_parts(["a", "b", "c"]))).await;
    world.take(world.reported(id, in_parts(["a", "b", "c"]))).await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Sent, "the report again changes nothing");
    word(&world, "b", "delivered").await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Delivered);
}

async fn a_receipt_of_a_part_that_names_our_message_is_still_of_a_part(world: World) {
    let (ticket, id) = reply(&world).await;
    let named = |part: &str, raw: &str| SmsReceipt { message_id: Some(id), ..world.receipt(part, raw) };
    world.take(world.receipted(&named("a", "delivered"))).await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Sent, "one part arrived: it did leave");
    world.take(world.reported(id, in_parts(["a", "b", "c"]))).await;
    world.take(world.receipted(&named("b", "delivered"))).await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Sent);
    world.take(world.receipted(&named("c", "delivered"))).await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Delivered);
}

async fn a_long_text_that_went_out_whole_is_delivered_by_one_receipt(world: World) {
    let (ticket, id) = reply(&world).await;
    let named = SmsReceipt { message_id: Some(id), ..world.receipt("SM1", "delivered") };
    world.take(world.receipted(&named)).await;
    world.take(world.reported(id, sent("SM1"))).await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Delivered);
    let other = world.reply(ticket, &long()).await.id;
    world.take(world.reported(other, sent("SM2"))).await;
    world
        .take(world.receipted(&SmsReceipt { message_id: Some(other), ..world.receipt("SM2", "delivered") }))
        .await;
    assert_eq!(status(&world, ticket, other).await, MessageStatus::Delivered);
}

async fn receipts_of_parts_side_by_side_are_never_lost(world: World) {
    let (ticket, _) = reply(&world).await;
    for n in 0..10 {
        let id = world.reply(ticket, &long()).await.id;
        let names = ["c", "a", "b"].map(|part| format!("{part}{n}"));
        let mut pieces = vec![world.reported(id, in_parts([&names[0], &names[1], &names[2]]))];
        pieces.extend(names.iter().map(|name| world.receipted(&world.receipt(name, "delivered"))));
        let tasks: Vec<_> = pieces
            .into_iter()
            .map(|piece| {
                let desk = world.desk.clone();
                tokio::spawn(async move { desk.take_in(vec![piece]).await.remove(0).unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(status(&world, ticket, id).await, MessageStatus::Delivered, "round {n}");
    }
}

async fn an_opt_out_by_receipt_is_recorded_once_and_whenever_it_comes(world: World) {
    let (ticket, id) = reply(&world).await;
    let profile = world.profile_of(ticket).await;
    let count = async |world: &World| world.desk.consents(profile).await.unwrap().len();
    let before = count(&world).await;
    world.take(world.receipted(&refused(&world, "SM1"))).await;
    assert_eq!(count(&world).await, before, "nobody knows yet whose message that is");
    world.take(world.reported(id, sent("SM1"))).await;
    let consents = world.desk.consents(profile).await.unwrap();
    assert!(!may_text(&consents));
    assert_eq!((consents.len(), consents[0].source.as_str()), (before + 2, "carrier"));
    assert!(consents[0].text.contains("21610"), "{}", consents[0].text);
    assert_eq!(world.ticket(ticket).await.can_reply.code.as_deref(), Some("sms_no_consent"));
    let mut again = refused(&world, "SM1");
    again.raw_status = "undelivered".into();
    world.take(world.receipted(&again)).await;
    assert_eq!(count(&world).await, before + 2);
    // a word without a status of ours may say it as well
    world.turn(1_000);
    world.take(world.text("2", ANNA, "START")).await;
    let other = world.reply(ticket, "welcome back").await.id;
    world.take(world.reported(other, sent("SM2"))).await;
    world.turn(1_000);
    let odd = SmsReceipt { status: None, ..refused(&world, "SM2") };
    world.take(world.receipted(&SmsReceipt { raw_status: "opted_out".into(), ..odd })).await;
    assert!(!may_text(&world.desk.consents(profile).await.unwrap()));
    assert_eq!(status(&world, ticket, other).await, MessageStatus::Sent, "it moves nothing");
}

async fn a_word_that_nobody_knows_is_kept(world: World) {
    let (ticket, id) = reply(&world).await;
    world.take(world.reported(id, in_parts(["a", "b", "c"]))).await;
    let landed = world.take(world.receipted(&world.receipt("a", "levitating"))).await;
    assert!(landed.reason.contains("levitating"), "{}", landed.reason);
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Sent);
}
