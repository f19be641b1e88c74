//! G1, E1: what an agent changes.

use bus::topic::TICKET_CHANGED;
use desk::{
    accounts::UserPatch,
    tickets::{MAX_TAGS, TicketPatch},
};
use domain::{Role, SessionId, UserId};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    a_change_is_counted_and_told_once_and_nothing_is_no_change,
    g1_status_follows_the_state_machine,
    only_somebody_who_works_here_is_an_assignee,
    changes_at_the_same_moment_are_all_there,
);

fn patch() -> TicketPatch {
    TicketPatch::default()
}

fn status(status: &str) -> TicketPatch {
    TicketPatch { status: Some(status.into()), ..patch() }
}

async fn a_change_is_counted_and_told_once_and_nothing_is_no_change(world: World) {
    let id = world.text(ANNA, "hi").await;
    let before = world.ticket(id).await;
    let told = world.told(TICKET_CHANGED).await.len();
    let same = TicketPatch { status: Some("open".into()), unread: Some(true), tags: Some(vec![]), ..patch() };
    assert_eq!(world.desk.change_ticket(id, same, &world.owner()).await.unwrap(), before);
    assert_eq!(world.told(TICKET_CHANGED).await.len(), told);
    let change = TicketPatch { tags: Some(vec!["B".into(), "a".into(), "b ".into()]), ..patch() };
    let after = world.desk.change_ticket(id, change, &world.owner()).await.unwrap();
    assert_eq!((after.tags.clone(), after.version), (vec!["a".to_owned(), "b".into()], before.version + 1));
    assert_eq!(world.ticket(id).await, after);
    let events = world.told(TICKET_CHANGED).await;
    assert_eq!((events.len(), &events.last().unwrap().ticket), (told + 1, &after));
    let fewer = TicketPatch { tags: Some(vec!["b".into()]), ..patch() };
    assert_eq!(world.desk.change_ticket(id, fewer, &world.owner()).await.unwrap().tags, ["b"]);
    let many = TicketPatch { tags: Some((0..=MAX_TAGS).map(|n| n.to_string()).collect()), ..patch() };
    assert_eq!(code(world.desk.change_ticket(id, many, &world.owner()).await), "tags");
    let stale = TicketPatch { version: Some(before.version), ..status("closed") };
    assert_eq!(code(world.desk.change_ticket(id, stale, &world.owner()).await), "version_mismatch");
    let team = TicketPatch { team_id: Some(Some("t1".into())), ..patch() };
    assert_eq!(code(world.desk.change_ticket(id, team, &world.owner()).await), "team_id");
}

async fn g1_status_follows_the_state_machine(world: World) {
    let (id, owner) = (world.text(ANNA, "hi").await, world.owner());
    assert_eq!(code(world.desk.change_ticket(id, status("snoozed"), &owner).await), "snoozed_until");
    let until = |millis| TicketPatch { snoozed_until: Some(world.now().plus(millis)), ..patch() };
    assert_eq!(code(world.desk.change_ticket(id, until(1000), &owner).await), "snoozed_until");
    let past = TicketPatch { status: Some("snoozed".into()), ..until(-1000) };
    assert_eq!(code(world.desk.change_ticket(id, past, &owner).await), "snooze_in_the_past");
    let later = TicketPatch { status: Some("snoozed".into()), ..until(60_000) };
    let snoozed = world.desk.change_ticket(id, later, &owner).await.unwrap();
    assert_eq!(world.desk.next_timer().await.unwrap(), snoozed.snoozed_until);
    let moved = world.desk.change_ticket(id, until(120_000), &owner).await.unwrap();
    assert_eq!(world.desk.next_timer().await.unwrap(), moved.snoozed_until);
    let closed = world.desk.change_ticket(id, status("closed"), &owner).await.unwrap();
    assert_eq!((closed.snoozed_until, closed.closed_at.is_some()), (None, true));
    assert_eq!(world.desk.next_timer().await.unwrap(), None);
    let again = world.desk.change_ticket(id, status("closed"), &owner).await.unwrap();
    assert_eq!((again.closed_at, again.version), (closed.closed_at, closed.version));
    let open = world.desk.change_ticket(id, status("open"), &owner).await.unwrap();
    assert_eq!((open.status.as_str(), open.closed_at), ("open", None));
    let chat = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let closed = world.desk.change_ticket(chat, status("closed"), &owner).await.unwrap();
    assert_eq!(closed.can_reply.code.as_deref(), Some("chat_closed"));
    assert_eq!(code(world.desk.change_ticket(chat, status("open"), &owner).await), "chat_closed");
    assert_eq!(code(world.desk.change_ticket(id, status("done"), &owner).await), "status");
}

async fn only_somebody_who_works_here_is_an_assignee(world: World) {
    let (id, owner) = (world.text(ANNA, "hi").await, world.owner());
    let anna = world.user("anna@acme.example", Role::Support).await;
    let to = |user: Option<UserId>| TicketPatch { assignee_id: Some(user), ..patch() };
    assert_eq!(
        code(world.desk.change_ticket(id, to(Some(UserId(Uuid::nil()))), &owner).await),
        "assignee_id"
    );
    let hers = world.desk.change_ticket(id, to(Some(anna.id)), &owner).await.unwrap();
    assert_eq!(hers.assignee.unwrap().name, "anna");
    assert_eq!(world.desk.change_ticket(id, to(None), &owner).await.unwrap().assignee, None);
    let out = UserPatch { disabled: Some(true), ..UserPatch::default() };
    world.desk.change_user(anna.id, out, &owner).await.unwrap();
    assert_eq!(code(world.desk.change_ticket(id, to(Some(anna.id)), &owner).await), "assignee_id");
}

async fn changes_at_the_same_moment_are_all_there(world: World) {
    let id = world.text(ANNA, "hi").await;
    let before = world.ticket(id).await.version;
    let all = (0..10).map(|n| {
        let (desk, owner) = (world.desk.clone(), world.owner());
        let patch = TicketPatch { tags: Some(vec![format!("t{n}")]), ..patch() };
        tokio::spawn(async move { desk.change_ticket(id, patch, &owner).await.unwrap().version })
    });
    let mut versions: Vec<_> = futures::future::join_all(all).await.into_iter().map(Result::unwrap).collect();
    versions.sort_unstable();
    assert_eq!(versions, (before + 1..=before + 10).collect::<Vec<_>>());
    let told: Vec<_> = world.told(TICKET_CHANGED).await.iter().map(|event| event.ticket.version).collect();
    assert!(versions.iter().all(|version| told.contains(version)), "{told:?}");
}
