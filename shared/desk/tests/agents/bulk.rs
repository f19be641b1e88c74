//! E6: one change of many tickets, and undo.

use std::{collections::BTreeMap, time::Duration};

use bus::topic::BULK_CHANGED;
use desk::{
    PageRequest,
    bulk::{Action, Job, Phase, UNDO_MILLIS, Which},
    tickets::{TicketFilter, TicketPatch},
};
use domain::{BulkId, Channel, Role, SessionId, TicketId, Timestamp, event::TicketView};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    e6_closing_a_thousand_and_undoing_it_leaves_everything_as_it_was,
    e6_all_that_match_are_those_that_match_at_that_moment,
    e6_what_cannot_be_changed_is_counted_with_the_reason,
    e6_undo_leaves_alone_what_somebody_changed_since,
    e6_a_change_that_is_interrupted_goes_on_and_no_ticket_is_changed_twice,
    e6_undo_stops_a_change_that_goes_on,
    e6_each_action_does_what_it_says_and_undo_takes_it_back,
    e6_an_action_that_makes_no_sense_is_refused_before_it_begins,
    e6_undo_is_for_five_minutes_and_for_whom_it_is,
);

/// Gets on until nothing is left.
async fn finished(world: &World, id: BulkId) -> Job {
    for _ in 0..100 {
        world.desk.run_due_timers().await.unwrap();
        let (job, _) = world.desk.bulk(id).await.unwrap();
        if matches!(job.phase, Phase::Done | Phase::Undone) {
            return job;
        }
    }
    panic!("it never ends");
}

/// What an undo must leave as it was: everything but the counting of changes.
fn essence(mut view: TicketView) -> TicketView {
    (view.version, view.updated_at) = (0, Timestamp::from_millis(0));
    view
}

async fn everything(world: &World) -> BTreeMap<TicketId, TicketView> {
    let (mut found, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page = PageRequest::new(200, cursor);
        let page = world.desk.tickets(&TicketFilter::default(), &world.owner(), &page).await.unwrap();
        found.extend(page.data.into_iter().map(|view| (view.id, essence(view))));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

fn all() -> Which {
    Which::Matching(Box::default())
}

fn patch(status: &str) -> TicketPatch {
    TicketPatch { status: Some(status.into()), ..TicketPatch::default() }
}

async fn e6_closing_a_thousand_and_undoing_it_leaves_everything_as_it_was(world: World) {
    let kim = world.user("kim@acme.example", Role::Support).await;
    for n in 0..1000_i64 {
        let id = match n % 3 {
            0 => world.text(&format!("+1555100{n:04}"), "hi").await,
            1 => world.mailed(&format!("c{n}@kunde.example"), "An order", "where is it?").await,
            _ => world.chat(SessionId(Uuid::new_v4()), "hello").await,
        };
        let until = world.now().plus(3_600_000 + n);
        let made = match n % 10 {
            1 => patch("closed"),
            2 => TicketPatch { snoozed_until: Some(until), ..patch("snoozed") },
            3 => TicketPatch { assignee_id: Some(Some(kim.id)), ..TicketPatch::default() },
            4 => TicketPatch { tags: Some(vec!["vip".into()]), ..TicketPatch::default() },
            5 => TicketPatch { unread: Some(false), ..TicketPatch::default() },
            _ => continue,
        };
        world.desk.change_ticket(id, made, &kim.actor()).await.unwrap();
    }
    let before = everything(&world).await;
    assert_eq!(before.len(), 1000);
    let job = world.desk.begin_bulk(all(), Action::Close, &kim.actor()).await.unwrap();
    assert_eq!((job.total, job.phase), (1000, Phase::Running));
    let job = finished(&world, job.id).await;
    assert_eq!((job.changed, job.unchanged, job.refused), (900, 100, 0));
    assert!(everything(&world).await.values().all(|view| view.status == "closed"));
    let told = world.told(BULK_CHANGED).await;
    assert_eq!((told.last().unwrap().state.as_str(), told.last().unwrap().changed), ("done", 900));
    assert!(told.windows(2).all(|two| two[0].changed <= two[1].changed), "progress is told as it is made");
    world.desk.undo_bulk(job.id, &kim.actor()).await.unwrap();
    let job = finished(&world, job.id).await;
    assert_eq!((job.restored, job.left_alone), (900, 0));
    let after = everything(&world).await;
    assert!(before == after, "{:?}", before.iter().find(|(id, view)| after.get(id) != Some(view)));
    world.turn(3_600_000 + 2_000 + 60_000);
    for _ in 0..5 {
        world.desk.run_due_timers().await.unwrap();
    }
    let snoozed = TicketFilter { status: vec!["snoozed".into()], ..TicketFilter::default() };
    let left = world.desk.tickets(&snoozed, &kim.actor(), &PageRequest::default()).await.unwrap();
    assert!(left.data.is_empty(), "snoozed tickets that were put back come back at their time");
}

async fn e6_all_that_match_are_those_that_match_at_that_moment(world: World) {
    let first = world.text(ANNA, "hi").await;
    let chat = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let texts = TicketFilter { channel: vec![Channel::Sms], ..TicketFilter::default() };
    let which = Which::Matching(Box::new(texts));
    let job = world.desk.begin_bulk(which, Action::Close, &world.owner()).await.unwrap();
    let later = world.text("+15550003333", "I came later").await;
    let job = finished(&world, job.id).await;
    assert_eq!((job.total, job.changed), (1, 1));
    let status = async |id| world.ticket(id).await.status;
    assert_eq!(
        [status(first).await, status(chat).await, status(later).await],
        ["closed", "open", "open"].map(String::from)
    );
    let none = TicketFilter { tag: vec!["nothing".into()], ..TicketFilter::default() };
    let job =
        world.desk.begin_bulk(Which::Matching(Box::new(none)), Action::Close, &world.owner()).await.unwrap();
    assert_eq!((job.total, job.phase), (0, Phase::Done));
}

async fn e6_what_cannot_be_changed_is_counted_with_the_reason(world: World) {
    let text = world.text(ANNA, "hi").await;
    let chats =
        [world.chat(SessionId(Uuid::new_v4()), "a").await, world.chat(SessionId(Uuid::new_v4()), "b").await];
    let job = world.desk.begin_bulk(all(), Action::Close, &world.owner()).await.unwrap();
    finished(&world, job.id).await;
    let nobody = TicketId(Uuid::from_u128(9));
    let which = Which::Ids(vec![text, text, chats[0], chats[1], nobody]);
    let job = world.desk.begin_bulk(which, Action::Reopen, &world.owner()).await.unwrap();
    assert_eq!(job.total, 4, "each is meant once");
    let job = finished(&world, job.id).await;
    assert_eq!((job.changed, job.unchanged, job.refused), (1, 0, 3), "C-W");
    let (_, refusals) = world.desk.bulk(job.id).await.unwrap();
    let refusals: Vec<_> = refusals.iter().map(|refusal| (refusal.code.as_str(), refusal.count)).collect();
    assert_eq!(refusals, [("chat_closed", 2), ("not_found", 1)]);
}

async fn e6_undo_leaves_alone_what_somebody_changed_since(world: World) {
    let ids = [world.text(ANNA, "a").await, world.text("+15550003333", "b").await];
    let (session, other) = (SessionId(Uuid::new_v4()), SessionId(Uuid::new_v4()));
    let chats = [world.chat(session, "c").await, world.chat(other, "d").await];
    let job = world.desk.begin_bulk(all(), Action::Close, &world.owner()).await.unwrap();
    finished(&world, job.id).await;
    world.text(ANNA, "still there?").await;
    let went_on = world.chat(session, "I write again").await;
    world.desk.undo_bulk(job.id, &world.owner()).await.unwrap();
    let job = finished(&world, job.id).await;
    assert_eq!((job.restored, job.left_alone), (2, 2));
    let status = async |id| world.ticket(id).await.status;
    assert_eq!(status(ids[0]).await, "open", "the customer opened it again");
    assert_eq!(status(ids[1]).await, "open", "put back");
    assert_eq!((status(chats[0]).await, status(went_on).await), ("closed".into(), "open".into()));
    assert_eq!(status(chats[1]).await, "open", "a chat that was closed by mistake goes on");
    assert_eq!(world.chat(other, "and I go on in it").await, chats[1]);
}

async fn e6_a_change_that_is_interrupted_goes_on_and_no_ticket_is_changed_twice(world: World) {
    for n in 0..350 {
        world.text(&format!("+1555200{n:04}"), "hi").await;
    }
    let before: BTreeMap<_, _> = versions(&world).await;
    let action = Action::Tag { tags: vec!["Late ".into()] };
    let job = world.desk.begin_bulk(all(), action, &world.owner()).await.unwrap();
    // Killed again and again in the middle of a step, and two replicas at once.
    for millis in [1, 2, 4, 8, 15, 30] {
        let _ = tokio::time::timeout(Duration::from_millis(millis), world.desk.run_due_timers()).await;
    }
    let other = world.desk.clone();
    let (one, two) = tokio::join!(world.desk.run_due_timers(), other.run_due_timers());
    one.unwrap();
    two.unwrap();
    let job = finished(&world, job.id).await;
    assert_eq!((job.total, job.changed, job.unchanged, job.refused), (350, 350, 0, 0));
    for (id, version) in versions(&world).await {
        assert_eq!(version, before[&id] + 1, "changed once");
    }
    assert!(everything(&world).await.values().all(|view| view.tags == ["late"]));
}

async fn versions(world: &World) -> BTreeMap<TicketId, i64> {
    let mut found = BTreeMap::new();
    for id in everything(world).await.into_keys() {
        found.insert(id, world.ticket(id).await.version);
    }
    found
}

async fn e6_undo_stops_a_change_that_goes_on(world: World) {
    for n in 0..30 {
        world.text(&format!("+1555300{n:04}"), "hi").await;
    }
    let before = everything(&world).await;
    let job = world.desk.begin_bulk(all(), Action::Close, &world.owner()).await.unwrap();
    let undone = world.desk.undo_bulk(job.id, &world.owner()).await.unwrap();
    assert_eq!(undone.phase, Phase::Undoing);
    let job = finished(&world, job.id).await;
    assert_eq!((job.phase, job.changed, job.restored), (Phase::Undone, 0, 0));
    assert_eq!(everything(&world).await, before);
    assert_eq!(
        world.desk.undo_bulk(job.id, &world.owner()).await.unwrap().phase,
        Phase::Undone,
        "once is enough"
    );
}

async fn e6_each_action_does_what_it_says_and_undo_takes_it_back(world: World) {
    let kim = world.user("kim@acme.example", Role::Support).await;
    let id = world.text(ANNA, "hi").await;
    let tagged = TicketPatch { tags: Some(vec!["old".into()]), ..TicketPatch::default() };
    world.desk.change_ticket(id, tagged, &world.owner()).await.unwrap();
    let before = everything(&world).await;
    let until = world.now().plus(60 * 60 * 1000);
    type Check = fn(&TicketView) -> bool;
    let table: [(Action, Check); 7] = [
        (Action::Close, |view| view.status == "closed"),
        (Action::Snooze { until }, |view| view.status == "snoozed" && view.snoozed_until.is_some()),
        (Action::Assign { assignee: Some(kim.id) }, |view| {
            view.assignee.as_ref().is_some_and(|a| a.name == "kim")
        }),
        (Action::Tag { tags: vec!["VIP".into()] }, |view| view.tags == ["old", "vip"]),
        (Action::Untag { tags: vec!["old".into(), "never".into()] }, |view| view.tags.is_empty()),
        (Action::Read, |view| !view.unread),
        (Action::Unread, |view| view.unread),
    ];
    for (action, holds) in table {
        let job = world.desk.begin_bulk(Which::Ids(vec![id]), action.clone(), &kim.actor()).await.unwrap();
        let job = finished(&world, job.id).await;
        assert_eq!(job.changed + job.unchanged, 1, "{action:?}");
        assert!(holds(&world.ticket(id).await), "{action:?}");
        world.desk.undo_bulk(job.id, &kim.actor()).await.unwrap();
        finished(&world, job.id).await;
        assert_eq!(everything(&world).await, before, "{action:?}");
    }
}

async fn e6_an_action_that_makes_no_sense_is_refused_before_it_begins(world: World) {
    let id = world.text(ANNA, "hi").await;
    let gone = world.user("kim@acme.example", Role::Support).await;
    world
        .desk
        .change_user(
            gone.id,
            desk::accounts::UserPatch { disabled: Some(true), ..Default::default() },
            &world.owner(),
        )
        .await
        .unwrap();
    let past = world.now();
    for (action, expected) in [
        (Action::Snooze { until: past }, "snooze_in_the_past"),
        (Action::Tag { tags: Vec::new() }, "tags"),
        (Action::Tag { tags: vec!["x".repeat(41)] }, "tags"),
        (Action::Assign { assignee: Some(gone.id) }, "assignee_id"),
    ] {
        let begun = world.desk.begin_bulk(Which::Ids(vec![id]), action, &world.owner()).await;
        assert_eq!(code(begun), expected);
    }
    assert_eq!(
        code(world.desk.begin_bulk(Which::Ids(Vec::new()), Action::Close, &world.owner()).await),
        "ids"
    );
    assert_eq!(code(world.desk.bulk(BulkId(Uuid::nil())).await), "change");
}

async fn e6_undo_is_for_five_minutes_and_for_whom_it_is(world: World) {
    let (kim, lee) = (
        world.user("kim@acme.example", Role::Support).await,
        world.user("lee@acme.example", Role::Support).await,
    );
    let id = world.text(ANNA, "hi").await;
    let close = async || {
        let job = world.desk.begin_bulk(Which::Ids(vec![id]), Action::Close, &kim.actor()).await.unwrap();
        finished(&world, job.id).await
    };
    let job = close().await;
    assert_eq!(job.undo_until(), job.finished_at.map(|at| at.plus(UNDO_MILLIS)));
    assert_eq!(code(world.desk.undo_bulk(job.id, &lee.actor()).await), "forbidden");
    world.turn(UNDO_MILLIS - 1000);
    world.desk.undo_bulk(job.id, &world.owner()).await.unwrap();
    finished(&world, job.id).await;
    assert_eq!(world.ticket(id).await.status, "open");
    let job = close().await;
    world.turn(UNDO_MILLIS + 1000);
    assert_eq!(code(world.desk.undo_bulk(job.id, &kim.actor()).await), "undo_expired");
}
