//! G1: a snoozed ticket comes back by itself.

use bus::topic::TICKET_CHANGED;

use crate::world::World;

on_both!(
    g1_a_snoozed_ticket_comes_back_open_and_unread,
    g1_replicas_wake_a_ticket_once,
    g1_a_snooze_that_was_moved_or_ended_does_not_ring,
);

async fn g1_a_snoozed_ticket_comes_back_open_and_unread(world: World) {
    let id = world.anna_writes("1", "hi").await;
    let read = desk::tickets::TicketPatch { unread: Some(false), ..desk::tickets::TicketPatch::default() };
    world.desk.change_ticket(id, read, &world.actor()).await.unwrap();
    let until = world.now().plus(3 * 3_600_000);
    world.set_status(id, "snoozed", Some(until)).await;
    assert_eq!(world.desk.next_timer().await.unwrap(), Some(until));
    world.turn(3 * 3_600_000 - 1);
    assert_eq!(world.desk.run_due_timers().await.unwrap(), 0);
    assert_eq!(world.ticket(id).await.status, "snoozed");
    world.turn(1);
    assert_eq!(world.desk.run_due_timers().await.unwrap(), 1);
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.status.as_str(), ticket.unread, ticket.snoozed_until), ("open", true, None));
    assert_eq!(world.told(TICKET_CHANGED).await.last().unwrap().ticket, ticket);
    assert_eq!(world.desk.run_due_timers().await.unwrap(), 0);
}

async fn g1_replicas_wake_a_ticket_once(world: World) {
    let mut ids = Vec::new();
    for n in 0..20 {
        let from = format!("+1555300{n:04}");
        let id = world.take(world.text(&n.to_string(), &from, "hi")).await.ticket_id.unwrap();
        world.set_status(id, "snoozed", Some(world.now().plus(1_000))).await;
        ids.push(id);
    }
    world.turn(2_000);
    let replica = world.replica().await;
    let (one, two) = (world.desk.clone(), replica.clone());
    let (one, two) = (
        tokio::spawn(async move { one.run_due_timers().await }),
        tokio::spawn(async move { two.run_due_timers().await }),
    );
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    for id in ids {
        let woken = world.told(TICKET_CHANGED).await.into_iter().filter(|e| e.ticket.id == id);
        let woken = woken.filter(|e| e.ticket.status == "open").count();
        assert_eq!((woken, world.ticket(id).await.status.as_str()), (1, "open"));
    }
}

async fn g1_a_snooze_that_was_moved_or_ended_does_not_ring(world: World) {
    let id = world.anna_writes("1", "hi").await;
    world.set_status(id, "snoozed", Some(world.now().plus(1_000))).await;
    world.set_status(id, "snoozed", Some(world.now().plus(9_000))).await;
    world.turn(2_000);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.ticket(id).await.status, "snoozed");
    world.set_status(id, "closed", None).await;
    world.turn(9_000);
    assert_eq!(world.desk.run_due_timers().await.unwrap(), 0);
    assert_eq!(world.ticket(id).await.status, "closed");
}
