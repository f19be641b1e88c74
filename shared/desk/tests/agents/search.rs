//! The search box, on both databases: the same words find the same tickets.

use std::collections::BTreeSet;

use desk::{
    PageRequest,
    search::Found,
    tickets::{TicketFilter, TicketPatch},
};
use domain::{Role, SessionId, TicketId};
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    words_find_tickets_by_all_that_was_said_and_by_who_said_it,
    operators_narrow_a_search,
    hits_are_shown_where_they_are_and_never_as_markup,
    what_changes_is_found_as_it_is_now,
    a_message_that_moves_is_found_where_it_is,
    whatever_is_written_is_answered,
    what_was_there_before_is_gone_through_once,
    what_is_frequent_is_found_all_the_same,
    what_many_tickets_are_tagged_with_is_listed_in_order,
);

async fn search(world: &World, q: &str) -> Vec<Found> {
    let filter = TicketFilter { q: Some(q.into()), ..TicketFilter::default() };
    let page = world.desk.search(&filter, &world.owner(), &PageRequest::new(200, None)).await;
    page.unwrap_or_else(|error| panic!("{q}: {error}")).data
}

async fn ids(world: &World, q: &str) -> BTreeSet<TicketId> {
    search(world, q).await.into_iter().map(|found| found.ticket.id).collect()
}

async fn named(world: &World, ticket: TicketId, name: &str) {
    let patch = desk::profiles::ProfilePatch { name: Some(Some(name.into())), ..Default::default() };
    world.desk.change_profile(world.profile_of(ticket).await, patch, &world.owner()).await.unwrap();
}

async fn words_find_tickets_by_all_that_was_said_and_by_who_said_it(world: World) {
    let text = world.text(ANNA, "Wo ist mein Päckchen? It's 12.50€, order A-1007").await;
    world.text(ANNA, "Ich warte in der Straße").await;
    let mail = world.mailed("lee@kunde.example", "Invoice 2026/11", "The invoice says 100%_sicher").await;
    let chat = world.chat(SessionId(Uuid::new_v4()), "荷物はどこですか hello there").await;
    named(&world, text, "Ånna Müller").await;
    let none = BTreeSet::new;
    let of = |ids: &[TicketId]| ids.iter().copied().collect::<BTreeSet<_>>();
    for (q, expected) in [
        ("päckchen", of(&[text])),
        ("PACKCHEN", of(&[text])),
        ("päck", of(&[text])),
        ("päck mein", none()),
        ("mein päck", of(&[text])),
        ("äckchen", none()),
        ("strasse", of(&[text])),
        ("päckchen strasse", of(&[text])),
        ("anna warte", of(&[text])),
        ("muller", of(&[text])),
        ("\"ist mein\"", of(&[text])),
        ("\"mein ist\"", none()),
        ("\"mein päck\"", none()),
        ("a-1007", of(&[text])),
        ("12.50", of(&[text])),
        ("it's", of(&[text])),
        ("555 000 2222", of(&[text])),
        ("+1 (555) 000-2222", of(&[text])),
        ("000 2222", of(&[text])),
        ("5550003333", none()),
        ("invoice", of(&[mail])),
        ("2026/11", of(&[mail])),
        ("lee@kunde.example", of(&[mail])),
        ("kunde", of(&[mail])),
        ("\"anna lee\"", of(&[mail])),
        ("荷物", of(&[chat])),
        ("物荷", none()),
        ("どこ hello", of(&[chat])),
        ("visitor-1", of(&[chat])),
        ("#1", of(&[text])),
        ("???", none()),
        ("", of(&[text, mail, chat])),
    ] {
        assert_eq!(ids(&world, q).await, expected, "{q}");
    }
}

async fn operators_narrow_a_search(world: World) {
    let kim = world.user("kim@acme.example", Role::Support).await;
    let team = world.desk.create_team("Rückgabe 100%", vec![kim.id], &world.owner()).await.unwrap();
    let text = world.text(ANNA, "refund please").await;
    let mail = world.mailed("lee@kunde.example", "Refund", "thanks").await;
    named(&world, text, "Refund Fan").await;
    let patch = TicketPatch {
        tags: Some(vec!["vip".into(), "late delivery".into()]),
        unread: Some(false),
        assignee_id: Some(Some(kim.id)),
        team_id: Some(Some(team.id.to_string())),
        ..TicketPatch::default()
    };
    world.desk.change_ticket(text, patch, &kim.actor()).await.unwrap();
    let (only_text, only_mail, both, none) =
        (BTreeSet::from([text]), BTreeSet::from([mail]), BTreeSet::from([text, mail]), BTreeSet::new());
    for (q, expected) in [
        ("refund", &both),
        ("refund channel:sms", &only_text),
        ("channel:mail", &only_mail),
        ("tag:VIP", &only_text),
        ("tag:\"late delivery\" tag:vip", &only_text),
        ("tag:vip tag:other", &none),
        ("is:unread", &only_mail),
        ("is:read refund", &only_text),
        ("is:open", &both),
        ("is:closed", &none),
        ("is:open is:closed", &both),
        ("is:unassigned", &only_mail),
        ("assignee:kim", &only_text),
        ("assignee:KIM@acme", &only_text),
        ("assignee:nobody", &only_mail),
        ("team:RÜCK", &only_text),
        ("team:\"rückgabe 100%\" refund", &only_text),
        ("team:_", &none),
        ("team:returns", &none),
        ("team:none", &only_mail),
        ("from:fan", &only_text),
        ("from:lee", &only_mail),
        ("from:5550002222", &only_text),
        ("from:thanks", &none),
        ("subject:refund", &only_mail),
        ("subject:thanks", &none),
        ("before:2020-01-01", &none),
        ("after:2020-01-01 before:2038-01-01", &both),
        ("tag: refund", &both),
    ] {
        assert_eq!(ids(&world, q).await, *expected, "{q}");
    }
    let odd = TicketFilter { q: Some("is:purple".into()), ..TicketFilter::default() };
    assert_eq!(code(world.desk.search(&odd, &world.owner(), &PageRequest::default()).await), "q");
    assert_eq!(code(world.desk.tickets(&odd, &world.owner(), &PageRequest::default()).await), "q");
}

async fn hits_are_shown_where_they_are_and_never_as_markup(world: World) {
    let mail =
        world.mailed("lee@kunde.example", "Your <b>Invoice</b>", "first <script>invoice</script>").await;
    let found = search(&world, "invoice").await.remove(0);
    let parts = |parts: &[domain::search::Part]| {
        parts.iter().map(|part| (part.text.clone(), part.hit)).collect::<Vec<_>>()
    };
    let part = |text: &str, hit: bool| (text.to_owned(), hit);
    assert_eq!(
        parts(&found.message.unwrap().parts),
        [part("first <script>", false), part("invoice", true), part("</script>", false)]
    );
    assert_eq!(
        parts(&found.subject.unwrap()),
        [part("Your <b>", false), part("Invoice", true), part("</b>", false)]
    );
    assert!(found.customer.is_none());
    let found = search(&world, "lee").await.remove(0);
    assert_eq!(parts(&found.customer.unwrap()), [part("Anna ", false), part("Lee", true)]);
    assert!(found.message.is_none() && found.ticket.id == mail);
    world.text(ANNA, "hello once").await;
    world.text(ANNA, "hello twice").await;
    let found = search(&world, "hello").await.remove(0);
    assert_eq!(
        found.message.unwrap().parts[1],
        domain::search::Part { text: " twice".into(), hit: false },
        "the newest"
    );
}

async fn what_changes_is_found_as_it_is_now(world: World) {
    let text = world.text(ANNA, "hi").await;
    assert!(ids(&world, "Bertha").await.is_empty());
    named(&world, text, "Bertha").await;
    assert_eq!(ids(&world, "bertha").await, BTreeSet::from([text]));
    named(&world, text, "Carla").await;
    assert!(ids(&world, "bertha").await.is_empty(), "a name that was");
    assert_eq!(ids(&world, "carla").await, BTreeSet::from([text]));
    world.agrees(text).await;
    let reply = desk::reply::NewReply { text: "We answered".into(), ..Default::default() };
    world.desk.reply(text, reply, &world.owner()).await.unwrap();
    assert_eq!(ids(&world, "answered").await, BTreeSet::from([text]), "what we write is found too");
}

async fn a_message_that_moves_is_found_where_it_is(world: World) {
    let one = world.mailed("lee@kunde.example", "One", "apples").await;
    let other = world.mailed("lee@kunde.example", "Other", "pears").await;
    let message = world.desk.messages(one, 50, None).await.unwrap().data;
    let message = message.into_iter().find(|message| message.text == "apples").unwrap();
    world.desk.move_message(message.id, other, &world.owner()).await.unwrap();
    assert_eq!(ids(&world, "apples").await, BTreeSet::from([other]));
}

async fn whatever_is_written_is_answered(world: World) {
    world.text(ANNA, "don't \"panic\" & run | hide ! 'now' \\ (yes) a:* b* NEAR AND OR NOT").await;
    for q in [
        "'",
        "\"",
        "\"\"",
        "a:*",
        "b*",
        "AND",
        "OR NOT",
        "NEAR(",
        "\\",
        "&",
        "|",
        "!",
        "(",
        "yes)",
        "'now'",
        "^x",
        "-y",
        "words:x",
        "{a b}",
        "%",
        "_",
        "\0",
        "from:",
        "from:\"",
        "is:open \"",
        "ﷺ",
        "🎉",
        "a\u{301}",
    ] {
        search(&world, q).await;
    }
    assert_eq!(ids(&world, "don't \"panic\" now").await.len(), 1);
    assert_eq!(ids(&world, "near AND or").await.len(), 1, "they are words like others");
}

async fn what_was_there_before_is_gone_through_once(world: World) {
    let text = world.text(ANNA, "hi").await;
    while world.desk.index_backlog().await.unwrap() {}
    assert!(!world.desk.index_backlog().await.unwrap());
    assert_eq!(ids(&world, "hi").await, BTreeSet::from([text]));
}

/// 31,000 numbers `i`, as each database counts.
fn numbers(world: &World) -> &'static str {
    if world.is_sqlite() {
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 31000) SELECT i FROM n) AS n"
    } else {
        "generate_series(1, 31000) AS n(i)"
    }
}

/// A word stands in so many messages of a ticket that it is looked for ticket by ticket.
async fn make_frequent(world: &World, word: &str, ticket: TicketId) {
    let (columns, words) = if world.is_sqlite() {
        (", words", format!(", ' {word} '"))
    } else {
        (", words", format!(", to_tsvector('simple', '{word}')"))
    };
    let from = numbers(world);
    let row = format!("'message', 'frequent ' || i, '{ticket}'{words}");
    world
        .sql(&format!(
            "INSERT INTO search_docs (kind, source_id, ticket_id{columns}) SELECT {row} FROM {from}"
        ))
        .await;
    if world.is_sqlite() {
        let of = "FROM search_docs WHERE source_id LIKE 'frequent %'";
        world.sql(&format!("INSERT INTO search_words (rowid, words) SELECT id, '{word}' {of}")).await;
    }
}

async fn what_is_frequent_is_found_all_the_same(world: World) {
    let lamp = world.text(ANNA, "hello about the lamp").await;
    let chair = world.text("+15557770002", "hello about the chair").await;
    let kitty = world.text("+15557770003", "about nothing").await;
    make_frequent(&world, "hello", lamp).await;
    let of = |ids: &[TicketId]| ids.iter().copied().collect::<BTreeSet<_>>();
    for (q, expected) in [
        ("hello", of(&[lamp, chair])),
        ("hello chair", of(&[chair])),
        ("lamp hello", of(&[lamp])),
        ("\"hello about\"", of(&[lamp, chair])),
        ("hell", of(&[lamp, chair])),
        ("hello nothing", of(&[])),
    ] {
        assert_eq!(ids(&world, q).await, expected, "{q}");
    }
    named(&world, kitty, "Hello Kitty").await;
    assert_eq!(ids(&world, "hello nothing").await, of(&[kitty]), "the customer's name counts too");
    let filter = TicketFilter { q: Some("hello".into()), ..TicketFilter::default() };
    assert_eq!(world.desk.count_tickets(&filter, &world.owner()).await.unwrap(), 3);
}

async fn what_many_tickets_are_tagged_with_is_listed_in_order(world: World) {
    let one = world.text(ANNA, "the newest").await;
    let patch = TicketPatch { tags: Some(vec!["vip".into()]), ..TicketPatch::default() };
    world.desk.change_ticket(one, patch, &world.owner()).await.unwrap();
    let id = if world.is_sqlite() { "printf('%012d', i)" } else { "lpad(CAST(i AS TEXT), 12, '0')" };
    let id = format!("'00000000-0000-7000-8000-' || {id}");
    let (from, profile) = (numbers(&world), world.profile_of(one).await);
    world
        .sql(&format!(
            "INSERT INTO tickets (id, number, channel, inbox, profile_id, address, status, created_at, updated_at, \
             last_message_at) SELECT {id}, 1000 + i, 'sms', '+15550001111', '{profile}', '{ANNA}', 'closed', i, i, i FROM {from}"
        ))
        .await;
    world
        .sql(&format!(
            "INSERT INTO ticket_tags (ticket_id, tag) SELECT {id}, 'vip' FROM {from} WHERE i <= 6000"
        ))
        .await;
    let filter = TicketFilter { tag: vec!["VIP".into()], ..TicketFilter::default() };
    let page = world.desk.tickets(&filter, &world.owner(), &PageRequest::new(3, None)).await.unwrap();
    let numbers: Vec<_> = page.data.iter().map(|ticket| ticket.number).collect();
    assert_eq!(numbers, [world.ticket(one).await.number, 7000, 6999]);
}
