//! Outbound: claims, the last look at consent, receipts in any order.

use bus::topic::MESSAGE_MOVED;
use domain::{
    MessageId, MessageStatus, TicketId,
    consent::may_text,
    event::{ClaimSend, DeliveryOutcome, ReleaseSend, SendDecision},
    message::DeliveryError,
};
use uuid::Uuid;

use crate::world::{ANNA, World, sent};

on_both!(
    d3_a_stop_between_reply_and_sending_wins,
    d4_a_block_between_reply_and_sending_wins,
    a_claim_is_one_try,
    a_claim_given_back_can_be_claimed_again,
    receipts_in_any_order_end_the_same,
    a_receipt_may_come_before_the_carriers_first_answer,
    receipts_and_reports_side_by_side_are_never_lost,
    a_carrier_that_knows_of_an_opt_out_is_believed,
);

/// A ticket whose customer agreed to texts, and a reply that waits to be sent.
async fn reply(world: &World) -> (TicketId, MessageId) {
    world.take(world.text("j", ANNA, "JOIN")).await;
    let id = world.anna_writes("1", "hi").await;
    world.turn(1_000);
    (id, world.reply(id, "Hello Anna").await.id)
}

fn claim(message_id: MessageId, n: u128) -> ClaimSend {
    ClaimSend { message_id, claim: Uuid::from_u128(n) }
}

async fn status(world: &World, ticket: TicketId, id: MessageId) -> MessageStatus {
    world.message(ticket, id).await.status
}

async fn d3_a_stop_between_reply_and_sending_wins(world: World) {
    let (ticket, id) = reply(&world).await;
    world.turn(1_000);
    world.take(world.text("2", ANNA, "STOP")).await;
    let decision = world.desk.claim_send(&claim(id, 1)).await.unwrap();
    assert!(matches!(decision, SendDecision::Drop { .. }), "{decision:?}");
    let message = world.message(ticket, id).await;
    assert_eq!(
        (message.status, message.error.unwrap().code),
        (MessageStatus::Failed, "sms_no_consent".into())
    );
    assert_eq!(world.told(MESSAGE_MOVED).await.last().unwrap().status, MessageStatus::Failed);
    // the confirmation of the STOP itself still goes out
    let confirmation = world.told(bus::topic::OUTBOUND_SMS).await.pop().unwrap();
    assert!(confirmation.text.contains("unsubscribed"));
    assert_eq!(world.desk.claim_send(&claim(confirmation.message_id, 2)).await.unwrap(), SendDecision::Send);
}

async fn d4_a_block_between_reply_and_sending_wins(world: World) {
    let (ticket, id) = reply(&world).await;
    world.desk.block(world.profile_of(ticket).await, &world.actor()).await.unwrap();
    assert!(matches!(world.desk.claim_send(&claim(id, 1)).await.unwrap(), SendDecision::Drop { .. }));
    assert_eq!(world.message(ticket, id).await.error.unwrap().code, "profile_blocked");
}

async fn a_claim_is_one_try(world: World) {
    let (ticket, id) = reply(&world).await;
    assert_eq!(world.desk.claim_send(&claim(id, 1)).await.unwrap(), SendDecision::Send);
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Sending);
    assert_eq!(
        world.desk.claim_send(&claim(id, 1)).await.unwrap(),
        SendDecision::Send,
        "the same try asks again"
    );
    assert_eq!(
        world.desk.claim_send(&claim(id, 2)).await.unwrap(),
        SendDecision::Uncertain,
        "who knows what came of it"
    );
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Uncertain);
    assert_eq!(
        world.desk.claim_send(&claim(id, 1)).await.unwrap(),
        SendDecision::Uncertain,
        "never sent by itself again"
    );
    world.take(world.reported(id, sent("SM1"))).await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Sent, "a word of the carrier resolves it");
    assert!(matches!(world.desk.claim_send(&claim(id, 3)).await.unwrap(), SendDecision::Drop { .. }));
    let unknown = MessageId::new(world.now(), &[9; 10]);
    assert!(matches!(world.desk.claim_send(&claim(unknown, 1)).await.unwrap(), SendDecision::Drop { .. }));
}

async fn a_claim_given_back_can_be_claimed_again(world: World) {
    let (ticket, id) = reply(&world).await;
    world.desk.claim_send(&claim(id, 1)).await.unwrap();
    world
        .desk
        .release_send(&ReleaseSend { message_id: id, claim: Uuid::from_u128(2), retry_after_ms: None })
        .await
        .unwrap();
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Sending, "only who holds it gives it back");
    world
        .desk
        .release_send(&ReleaseSend { message_id: id, claim: Uuid::from_u128(1), retry_after_ms: None })
        .await
        .unwrap();
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Queued);
    assert_eq!(world.desk.claim_send(&claim(id, 2)).await.unwrap(), SendDecision::Send);
}

async fn receipts_in_any_order_end_the_same(world: World) {
    let orders =
        [["sent", "delivered", "queued"], ["delivered", "queued", "sent"], ["queued", "delivered", "sent"]];
    let (ticket, _) = reply(&world).await;
    for (n, order) in orders.into_iter().enumerate() {
        let id = world.reply(ticket, "again").await.id;
        let external = format!("SM{n}");
        world.take(world.reported(id, sent(&external))).await;
        for word in order {
            world.take(world.receipted(&world.receipt(&external, word))).await;
        }
        assert_eq!(status(&world, ticket, id).await, MessageStatus::Delivered, "{order:?}");
        let moves: Vec<_> =
            world.told(MESSAGE_MOVED).await.into_iter().filter(|m| m.message_id == id).collect();
        let told: Vec<_> = moves.iter().map(|m| m.status).collect();
        assert_eq!(told, [MessageStatus::Sent, MessageStatus::Delivered], "{order:?}");
    }
    let odd = world.take(world.receipted(&world.receipt("SM0", "levitating"))).await;
    assert!(odd.reason.contains("levitating"), "kept, otherwise ignored: {}", odd.reason);
}

async fn a_receipt_may_come_before_the_carriers_first_answer(world: World) {
    let (ticket, id) = reply(&world).await;
    let mut failed = world.receipt("SM1", "failed");
    failed.error = Some(DeliveryError { code: "30007".into(), reason: "filtered".into() });
    world.take(world.receipted(&failed)).await;
    world.take(world.receipted(&world.receipt("SM1", "delivered"))).await;
    assert_eq!(status(&world, ticket, id).await, MessageStatus::Queued);
    world.take(world.reported(id, sent("SM1"))).await;
    let message = world.message(ticket, id).await;
    assert_eq!((message.status, message.error.unwrap().code), (MessageStatus::Failed, "30007".into()));
    // a receipt that names our own id needs no carrier's name
    let other = world.reply(ticket, "again").await.id;
    let mut receipt = world.receipt("SM2", "delivered");
    receipt.message_id = Some(other);
    world.take(world.receipted(&receipt)).await;
    assert_eq!(status(&world, ticket, other).await, MessageStatus::Delivered);
    world.take(world.reported(other, sent("SM2"))).await;
    assert_eq!(status(&world, ticket, other).await, MessageStatus::Delivered, "never back");
}

async fn receipts_and_reports_side_by_side_are_never_lost(world: World) {
    let (ticket, _) = reply(&world).await;
    for n in 0..15 {
        let id = world.reply(ticket, "again").await.id;
        let external = format!("SM{n}");
        let pieces = [
            world.reported(id, sent(&external)),
            world.receipted(&world.receipt(&external, "sent")),
            world.receipted(&world.receipt(&external, "delivered")),
        ];
        let tasks = pieces.map(|piece| {
            let desk = world.desk.clone();
            tokio::spawn(async move { desk.take_in(vec![piece]).await.remove(0).unwrap() })
        });
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(status(&world, ticket, id).await, MessageStatus::Delivered, "round {n}");
    }
}

async fn a_carrier_that_knows_of_an_opt_out_is_believed(world: World) {
    let (ticket, id) = reply(&world).await;
    world.desk.claim_send(&claim(id, 1)).await.unwrap();
    let error = DeliveryError { code: "21610".into(), reason: "the recipient opted out".into() };
    world.turn(1_000);
    world.take(world.reported(id, DeliveryOutcome::Failed { error, opted_out: true })).await;
    let consents = world.desk.consents(world.profile_of(ticket).await).await.unwrap();
    assert!(!may_text(&consents));
    assert_eq!(consents[0].source, "carrier");
    assert_eq!(world.ticket(ticket).await.can_reply.code.as_deref(), Some("sms_no_consent"));
}
