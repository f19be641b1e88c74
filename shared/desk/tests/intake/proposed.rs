//! H1: what robots of ours propose, and what the desk makes of it.

use bus::topic::{OUTBOUND_SMS, REPLY_PROPOSED};
use desk::intake::Arrival;
use domain::{
    AuthorKind, TicketId,
    event::{ClaimSend, ReplyProposed, SendDecision},
};
use uuid::Uuid;

use crate::world::World;

on_both!(
    h1_a_proposed_answer_goes_out_once_without_consent,
    h1_at_most_once_in_a_while,
    h1_two_robots_do_not_entertain_each_other,
    h1_never_to_a_blocked_profile,
);

fn proposal(world: &World, ticket_id: TicketId, key: &str, once_per: Option<i64>) -> Arrival {
    let event = ReplyProposed {
        key: key.into(),
        ticket_id,
        author: AuthorKind::AutoResponder,
        text: "this inbox is not monitored".into(),
        without_consent: true,
        at_most_once_per: once_per,
        at: world.now(),
    };
    world.delivered(REPLY_PROPOSED, key, &event)
}

async fn h1_a_proposed_answer_goes_out_once_without_consent(world: World) {
    let id = world.anna_writes("1", "hi").await;
    let unread = world.ticket(id).await;
    for _ in 0..3 {
        world.take(proposal(&world, id, "auto:1", None)).await;
    }
    let out = world.told(OUTBOUND_SMS).await;
    assert_eq!(out.len(), 1);
    let claim = ClaimSend { message_id: out[0].message_id, claim: Uuid::from_u128(1) };
    assert_eq!(world.desk.claim_send(&claim).await.unwrap(), SendDecision::Send);
    let ticket = world.ticket(id).await;
    assert_eq!(
        (&ticket.preview, ticket.unread),
        (&unread.preview, true),
        "the customer's words stay in the list"
    );
    assert_eq!(ticket.first_response_at, None, "a robot is no first response");
    assert_eq!(world.messages(id).await[1].author.kind, AuthorKind::AutoResponder);
}

async fn h1_at_most_once_in_a_while(world: World) {
    let id = world.anna_writes("1", "hi").await;
    let day = 24 * 3_600_000;
    world.take(proposal(&world, id, "auto:1", Some(day))).await;
    world.turn(day - 1);
    let landed = world.take(proposal(&world, id, "auto:2", Some(day))).await;
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 1, "{}", landed.reason);
    world.turn(2);
    world.take(proposal(&world, id, "auto:3", Some(day))).await;
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 2);
}

async fn h1_two_robots_do_not_entertain_each_other(world: World) {
    let id = world.anna_writes("1", "hi").await;
    for n in 0..20 {
        world.turn(1_000);
        world.take(proposal(&world, id, &format!("auto:{n}"), None)).await;
    }
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 5);
}

async fn h1_never_to_a_blocked_profile(world: World) {
    let id = world.anna_writes("1", "hi").await;
    world.desk.block(world.profile_of(id).await, &world.actor()).await.unwrap();
    world.take(proposal(&world, id, "auto:1", None)).await;
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 0);
    let nowhere = TicketId::new(world.now(), &[8; 10]);
    world.take(proposal(&world, nowhere, "auto:2", None)).await;
}
