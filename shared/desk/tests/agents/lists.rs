//! E2, E5, F1: lists.

use std::collections::BTreeSet;

use desk::{
    PageRequest,
    tickets::{AssigneeFilter, Sort, TicketFilter, TicketPatch},
};
use domain::{Channel, Role, SessionId, TicketId, UserId};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    e5_tickets_are_found_by_what_is_known_of_them,
    e5_longest_waiting_is_whose_customer_has_waited_longest,
    pages_hold_every_ticket_once_while_tickets_move,
    e2_the_badge_counts_customers_not_tickets,
    f1_a_conversation_is_one_customers_on_one_channel_across_its_tickets,
);

async fn found(world: &World, filter: TicketFilter) -> BTreeSet<TicketId> {
    let page = world.desk.tickets(&filter, &world.owner(), &PageRequest::new(200, None)).await.unwrap();
    page.data.into_iter().map(|ticket| ticket.id).collect()
}

async fn e5_tickets_are_found_by_what_is_known_of_them(world: World) {
    let text = world.text(ANNA, "Wo ist mein Päckchen? 100%_sicher \\o/").await;
    let chat = world.chat(SessionId(Uuid::new_v4()), "Hello there").await;
    let kim = world.user("kim@acme.example", Role::Support).await;
    let patch = TicketPatch {
        tags: Some(vec!["vip".into()]),
        unread: Some(false),
        assignee_id: Some(Some(kim.id)),
        ..TicketPatch::default()
    };
    world.desk.change_ticket(chat, patch, &world.owner()).await.unwrap();
    let profile =
        desk::profiles::ProfilePatch { name: Some(Some("Anna Ångström".into())), ..Default::default() };
    world.desk.change_profile(world.profile_of(text).await, profile, &world.owner()).await.unwrap();
    let (only_text, only_chat, none) = (BTreeSet::from([text]), BTreeSet::from([chat]), BTreeSet::new());
    for (q, expected) in [
        ("päckchen", &only_text),
        ("wo ist MEIN", &only_text),
        ("100%_", &only_text),
        ("\\o", &only_text),
        ("100x", &none),
        ("hello THERE", &only_chat),
        ("anna", &only_text),
        ("5550002222", &only_text),
        ("visitor-1", &only_chat),
        ("#1", &only_text),
        ("#999", &none),
    ] {
        let filter = TicketFilter { q: Some(q.into()), ..TicketFilter::default() };
        assert_eq!(found(&world, filter).await, *expected, "{q}");
    }
    let both = BTreeSet::from([text, chat]);
    let base = TicketFilter::default;
    for (filter, expected) in [
        (base(), &both),
        (TicketFilter { status: vec!["open".into(), "closed".into()], ..base() }, &both),
        (TicketFilter { status: vec!["snoozed".into()], ..base() }, &none),
        (TicketFilter { channel: vec![Channel::Sms], ..base() }, &only_text),
        (TicketFilter { channel: vec![Channel::Sms, Channel::Chat], ..base() }, &both),
        (TicketFilter { assignee: Some(AssigneeFilter::None), ..base() }, &only_text),
        (TicketFilter { assignee: Some(AssigneeFilter::Me), ..base() }, &none),
        (TicketFilter { assignee: Some(AssigneeFilter::User(kim.id)), ..base() }, &only_chat),
        (TicketFilter { assignee: Some(AssigneeFilter::User(UserId(Uuid::nil()))), ..base() }, &none),
        (TicketFilter { unread: Some(true), ..base() }, &only_text),
        (TicketFilter { unread: Some(false), ..base() }, &only_chat),
        (TicketFilter { tag: vec!["VIP ".into()], ..base() }, &only_chat),
        (TicketFilter { tag: vec!["late".into(), "vip".into()], ..base() }, &only_chat),
        (TicketFilter { attribution: vec!["campaign".into(), "flow".into()], ..base() }, &none),
        (TicketFilter { blocked: Some(true), ..base() }, &none),
        (TicketFilter { blocked: Some(false), ..base() }, &both),
        (TicketFilter { profile: Some(world.profile_of(text).await), ..base() }, &only_text),
        (TicketFilter { created_from: Some(world.ticket(chat).await.created_at), ..base() }, &only_chat),
        (TicketFilter { updated_to: Some(world.ticket(text).await.updated_at), ..base() }, &only_chat),
    ] {
        assert_eq!(found(&world, filter.clone()).await, *expected, "{filter:?}");
    }
    let odd = TicketFilter { status: vec!["done".into()], ..base() };
    assert_eq!(code(world.desk.tickets(&odd, &world.owner(), &PageRequest::default()).await), "status");
    let endless = TicketFilter { q: Some("x".repeat(201)), ..base() };
    assert_eq!(code(world.desk.tickets(&endless, &world.owner(), &PageRequest::default()).await), "q");
}

async fn e5_longest_waiting_is_whose_customer_has_waited_longest(world: World) {
    let answered = world.text(ANNA, "one").await;
    let first = world.text("+15550003333", "two").await;
    let second = world.text("+15550004444", "three").await;
    world.text("+15550003333", "still waiting").await;
    world.agrees(answered).await;
    let reply = desk::reply::NewReply { text: "here".into(), ..desk::reply::NewReply::default() };
    world.desk.reply(answered, reply, &world.owner()).await.unwrap();
    let filter = TicketFilter { sort: Sort::LongestWaiting, ..TicketFilter::default() };
    let order = async || {
        let page = world.desk.tickets(&filter, &world.owner(), &PageRequest::default()).await.unwrap();
        page.data.into_iter().map(|ticket| ticket.id).collect::<Vec<_>>()
    };
    assert_eq!(order().await, [first, second, answered]);
    assert_eq!(world.ticket(answered).await.waiting_since, None);
    world.text(ANNA, "again").await;
    assert_eq!(order().await, [first, second, answered], "who writes again waits from then on");
    let close = TicketPatch { status: Some("closed".into()), ..TicketPatch::default() };
    world.desk.change_ticket(first, close, &world.owner()).await.unwrap();
    assert_eq!(order().await, [second, answered, first], "nobody waits in a closed ticket");
}

async fn pages_hold_every_ticket_once_while_tickets_move(world: World) {
    let mut all = BTreeSet::new();
    for n in 0..25 {
        all.insert(world.text(&format!("+1555000{n:04}"), "hi").await);
    }
    for sort in [Sort::NewestMessage, Sort::OldestMessage, Sort::Newest, Sort::Oldest, Sort::LongestWaiting] {
        let filter = TicketFilter { sort, ..TicketFilter::default() };
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page =
                world.desk.tickets(&filter, &world.owner(), &PageRequest::new(7, cursor)).await.unwrap();
            seen.extend(page.data.iter().map(|ticket| ticket.id));
            if seen.len() == 7 {
                // One that was shown moves to the top: it is not shown again, and nothing is left out.
                world.text("+15550000024", "again").await;
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let twice = if sort == Sort::OldestMessage { 1 } else { 0 };
        assert!(seen.len() <= 25 + twice, "{sort:?}: {}", seen.len());
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{sort:?}");
    }
}

async fn e2_the_badge_counts_customers_not_tickets(world: World) {
    assert_eq!(world.desk.badge().await.unwrap(), 0);
    let text = world.text(ANNA, "one").await;
    world.text(ANNA, "two").await;
    assert_eq!(world.desk.badge().await.unwrap(), 1);
    let one = world.chat(SessionId(Uuid::new_v4()), "hi").await;
    let other = world.chat(SessionId(Uuid::new_v4()), "hi again").await;
    assert_eq!(world.profile_of(one).await, world.profile_of(other).await, "C-W: two tickets, one profile");
    assert_eq!(world.desk.badge().await.unwrap(), 2);
    for id in [text, one] {
        let read = TicketPatch { unread: Some(false), ..TicketPatch::default() };
        world.desk.change_ticket(id, read, &world.owner()).await.unwrap();
    }
    assert_eq!(world.desk.badge().await.unwrap(), 1, "the visitor's other ticket is unread");
}

async fn f1_a_conversation_is_one_customers_on_one_channel_across_its_tickets(world: World) {
    world.text(ANNA, "a text").await;
    let one = world.chat(SessionId(Uuid::new_v4()), "first session").await;
    let other = world.chat(SessionId(Uuid::new_v4()), "second session").await;
    for id in [one, other] {
        let page = world.desk.messages(id, 50, None).await.unwrap();
        let texts: Vec<_> = page.data.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(texts, ["first session", "second session"]);
        assert_eq!(page.next_cursor, None);
    }
    let newest = world.desk.messages(one, 1, None).await.unwrap();
    assert_eq!(newest.data[0].text, "second session");
    let before = newest.next_cursor.unwrap().parse().unwrap();
    let older = world.desk.messages(one, 1, Some(before)).await.unwrap();
    assert_eq!((older.data[0].text.as_str(), older.next_cursor), ("first session", None));
    assert_eq!(code(world.desk.messages(one, 0, None).await), "limit");
    let elsewhere = domain::MessageId(Uuid::nil());
    assert_eq!(code(world.desk.messages(one, 1, Some(elsewhere)).await), "before");
}
