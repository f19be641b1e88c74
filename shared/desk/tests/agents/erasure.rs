//! Erasing a person: nothing of them is left, nothing of it comes back, and a refusal of texts is not forgotten.

use bus::topic;
use desk::{
    PageRequest, consent::NewConsent, erasure::Phase, ledger::LedgerFilter, reply::NewReply,
    tickets::TicketFilter,
};
use domain::{
    ProfileId, Role, TicketId,
    audit::AuditAction,
    consent::{ConsentKind, ConsentState},
    event::{DeadLetter, InboundEmail},
};
use serde_json::json;
use sqlx::AnyPool;

use crate::world::{ANNA, SUPPORT, World, code};

on_both!(
    nothing_of_an_erased_person_is_left_and_nothing_comes_back,
    an_erasure_goes_on_elsewhere_and_takes_the_merged_person_whole,
    a_refusal_of_texts_outlives_the_person,
    only_who_types_the_address_erases_and_only_once,
    what_was_sent_twice_leaves_no_bytes,
    what_may_be_sent_through_again_keeps_its_bytes,
    events_that_name_the_person_go_however_many_are_kept,
);

const WORD: &str = "zyzzogeton";
const HOUR: i64 = 60 * 60 * 1000;

fn mail(world: &World, id: &str, text: &str) -> InboundEmail {
    let mail = json!({
        "mailbox": SUPPORT, "recipient": "support@in.acme.example", "envelope_from": "zora@kunde.example",
        "message_id": format!("{id}@kunde.example"), "refers_to": [], "references": [],
        "from": "zora@kunde.example", "from_name": "Zora Zyzzogeton", "subject": format!("{id} {WORD}"), "text": text,
        "html": null, "attachments": [], "kind": "human", "raw": format!("mail/{id}.eml"), "digest": id,
        "sent_at": null, "received_at": world.now(),
    });
    serde_json::from_value(mail).unwrap()
}

async fn arrives(world: &World, mail: &InboundEmail) -> Option<TicketId> {
    world.take_in(&format!("mail:{SUPPORT}:{}", mail.digest), topic::INBOUND_EMAIL, mail).await
}

async fn erase(world: &World, profile: ProfileId) {
    let plan = world.desk.erasure_plan(profile).await.unwrap();
    let begun = world.desk.begin_erasure(profile, &plan.confirm, &world.owner()).await.unwrap();
    for _ in 0..100 {
        if world.desk.erasure(begun.id).await.unwrap().state == Phase::Done {
            return;
        }
        world.desk.run_due_timers().await.unwrap();
    }
    panic!("the erasure does not end");
}

/// Where a word is found: in the files of SQLite, whatever they hold, and in every row of PostgreSQL.
async fn traces(world: &World, word: &str) -> Vec<String> {
    let url = world.database_url();
    if let Some(path) = url.strip_prefix("sqlite://") {
        let holds = |file: &String| {
            let bytes = std::fs::read(file).unwrap_or_default();
            bytes.windows(word.len()).any(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
        };
        return [path.to_owned(), format!("{path}-wal")].into_iter().filter(holds).collect();
    }
    let pool = AnyPool::connect(url).await.unwrap();
    let sql = "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'";
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap();
    assert!(tables.len() > 40, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let sql = format!("SELECT count(*) FROM {table} t WHERE CAST(t AS TEXT) ILIKE '%{word}%'");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap();
        if rows > 0 {
            found.push(table);
        }
    }
    pool.close().await;
    found
}

async fn nothing_of_an_erased_person_is_left_and_nothing_comes_back(world: World) {
    let (desk, kim) = (&world.desk, &world.owner());
    let first = mail(&world, "first", &format!("my name is {WORD}"));
    let ticket = arrives(&world, &first).await.unwrap();
    let profile = world.profile_of(ticket).await;
    let other = world.mailed("anna@kunde.example", "Other", "a different matter").await;
    let says = NewReply { text: format!("Dear {WORD}"), ..NewReply::default() };
    desk.reply(ticket, says, kim).await.unwrap();
    desk.add_note(ticket, &format!("{WORD} is angry"), kim).await.unwrap();
    assert!(!traces(&world, WORD).await.is_empty());

    let plan = desk.erasure_plan(profile).await.unwrap();
    assert_eq!(plan.confirm, "zora@kunde.example");
    let counts = plan.counts;
    assert_eq!(
        (counts.tickets, counts.messages, counts.notes, counts.mails, counts.profiles),
        (1, 2, 1, 1, 1)
    );
    erase(&world, profile).await;
    assert_eq!(traces(&world, WORD).await, Vec::<String>::new());
    assert_eq!(traces(&world, "zora@").await, Vec::<String>::new());
    assert_eq!(code(desk.profile(profile).await), "profile");
    assert_eq!(code(desk.ticket(ticket).await), "ticket");
    let doomed = desk.doomed_blobs().await.unwrap();
    assert_eq!(doomed, ["mail/first.eml"]);
    assert_eq!(world.told(topic::PROFILE_ERASED).await[0].profile_id, profile);

    assert_eq!(arrives(&world, &first).await, None, "the same mail again");
    let another_way = InboundEmail { digest: "another".into(), ..first.clone() };
    assert_eq!(arrives(&world, &another_way).await, None, "another copy of it");
    assert_eq!(arrives(&world, &another_way).await, None);
    assert_eq!(traces(&world, "zora@").await, Vec::<String>::new());
    let lines = desk.ledger(&LedgerFilter::default(), &PageRequest::new(50, None)).await.unwrap().data;
    assert!(lines.iter().any(|line| line.reason.contains("erased") && line.external_id.is_empty()));

    let fresh = arrives(&world, &mail(&world, "second", "hello again")).await.unwrap();
    assert_ne!(world.profile_of(fresh).await, profile);
    let all = desk.tickets(&TicketFilter::default(), kim, &PageRequest::new(50, None)).await.unwrap().data;
    let mut ids: Vec<_> = all.iter().map(|ticket| ticket.id).collect();
    ids.sort();
    let mut expected = vec![other, fresh];
    expected.sort();
    assert_eq!(ids, expected, "nobody else's went");
    let erased = desk::audit::AuditFilter { action: Some(AuditAction::Erased), ..Default::default() };
    let lines = desk.audit(&erased, &PageRequest::new(50, None)).await.unwrap().data;
    assert_eq!((lines.len(), &lines[0].object_id, &lines[0].object_name), (1, &profile.to_string(), &None));
}

async fn an_erasure_goes_on_elsewhere_and_takes_the_merged_person_whole(world: World) {
    let (desk, kim) = (&world.desk, &world.owner());
    let mut tickets = Vec::new();
    for n in 0..14 {
        tickets.push(arrives(&world, &mail(&world, &format!("m{n}"), WORD)).await.unwrap());
    }
    let profile = world.profile_of(tickets[0]).await;
    let texted = world.profile_of(world.text(ANNA, &format!("I am {WORD} too")).await).await;
    desk.merge_profiles(profile, texted, kim).await.unwrap();
    let plan = desk.erasure_plan(profile).await.unwrap();
    assert_eq!((plan.counts.tickets, plan.counts.profiles), (15, 2));
    let begun = desk.begin_erasure(profile, &plan.confirm, kim).await.unwrap();
    let listed = desk.tickets(&TicketFilter::default(), kim, &PageRequest::new(50, None)).await.unwrap().data;
    assert!(listed.is_empty(), "nobody sees them from the first moment on");
    assert_eq!(code(desk.ticket(tickets[3]).await), "ticket");
    assert_eq!(desk.badge().await.unwrap(), 0);
    let said_meanwhile = world.text(ANNA, "and now?").await;
    assert_ne!(world.profile_of(said_meanwhile).await, profile);

    desk.run_due_timers().await.unwrap();
    let half = desk.erasure(begun.id).await.unwrap();
    assert!(half.state == Phase::Running && half.tickets() > 0 && half.tickets() < 15, "{half:?}");
    // the process that began is gone; another has nothing but the database
    let elsewhere = world.replica().await;
    for _ in 0..100 {
        elsewhere.run_due_timers().await.unwrap();
    }
    let done = elsewhere.erasure(begun.id).await.unwrap();
    assert_eq!((done.state, done.tickets(), done.messages()), (Phase::Done, 15, 15));
    assert_eq!(traces(&world, WORD).await, Vec::<String>::new());
    assert_eq!(world.ticket(said_meanwhile).await.profile.address, ANNA, "what came meanwhile stays");
}

async fn a_refusal_of_texts_outlives_the_person(world: World) {
    let (desk, kim) = (&world.desk, &world.owner());
    let ticket = world.text(ANNA, "hi").await;
    let profile = world.profile_of(ticket).await;
    let (kind, state) = (ConsentKind::Marketing, ConsentState::Unsubscribed);
    let no = NewConsent { kind, state, source: "test".into(), text: "no".into(), number: None };
    desk.record_consent(profile, no, kim).await.unwrap();
    assert_eq!(desk.erasure_plan(profile).await.unwrap().refused, [kind]);
    erase(&world, profile).await;
    assert_eq!(traces(&world, ANNA).await, Vec::<String>::new());
    let again = world.profile_of(world.text(ANNA, "me again").await).await;
    let known = desk.consents(again).await.unwrap();
    assert_eq!(known.iter().map(|line| (line.kind, line.state)).collect::<Vec<_>>(), [(kind, state)]);
}

async fn only_who_types_the_address_erases_and_only_once(world: World) {
    let (desk, kim) = (&world.desk, &world.owner());
    world.user("admin@acme.example", Role::Admin).await;
    let profile = world.profile_of(world.text(ANNA, "hi").await).await;
    assert_eq!(code(desk.begin_erasure(profile, "yes", kim).await), "confirm");
    let begun = desk.begin_erasure(profile, &format!(" {ANNA} "), kim).await.unwrap();
    assert_eq!(code(desk.begin_erasure(profile, ANNA, kim).await), "profile");
    assert_eq!(code(desk.change_profile(profile, Default::default(), kim).await), "profile");
    desk.run_due_timers().await.unwrap();
    assert_eq!(desk.erasure(begun.id).await.unwrap().state, Phase::Done);
}

async fn what_was_sent_twice_leaves_no_bytes(world: World) {
    let first = mail(&world, "first", WORD);
    let ticket = arrives(&world, &first).await.unwrap();
    let copy = InboundEmail { raw: "mail/copy.eml".into(), ..first.clone() };
    assert_eq!(arrives(&world, &copy).await, None);
    let elsewhere =
        InboundEmail { raw: "mail/elsewhere.eml".into(), digest: "elsewhere".into(), ..first.clone() };
    assert_eq!(arrives(&world, &elsewhere).await, Some(ticket), "by another way");
    assert_eq!(world.desk.doomed_blobs().await.unwrap(), Vec::<String>::new(), "not at once");
    world.turn(HOUR);
    assert_eq!(world.desk.doomed_blobs().await.unwrap(), ["mail/copy.eml", "mail/elsewhere.eml"]);
    assert_eq!(arrives(&world, &first).await, None, "told of once more: the bytes are the message's");
    world.turn(HOUR);
    assert_eq!(world.desk.doomed_blobs().await.unwrap().len(), 2);
}

async fn what_may_be_sent_through_again_keeps_its_bytes(world: World) {
    let robot = InboundEmail { kind: domain::event::MailKind::AutoReply, ..mail(&world, "robot", WORD) };
    arrives(&world, &robot).await;
    let lines = world.desk.ledger(&LedgerFilter::default(), &PageRequest::new(50, None)).await.unwrap().data;
    println!("{lines:?}");
    // the same bytes for another mailbox, where they are known already
    let other = InboundEmail { mailbox: "sales@acme.example".parse().unwrap(), ..robot.clone() };
    arrives(&world, &InboundEmail { raw: "mail/other.eml".into(), ..other.clone() }).await;
    arrives(&world, &other).await;
    world.turn(HOUR);
    assert_eq!(world.desk.doomed_blobs().await.unwrap(), Vec::<String>::new());
}

async fn events_that_name_the_person_go_however_many_are_kept(world: World) {
    let profile = world.profile_of(arrives(&world, &mail(&world, "first", WORD)).await.unwrap()).await;
    for n in 0..620 {
        let to = if n % 300 == 7 { "zora@Kunde.example" } else { "x@y.example" };
        let letter = DeadLetter {
            consumer: "ticketing".into(),
            subject: topic::INBOUND_SMS.subject.into(),
            envelope: json!({"id": format!("letter {n}"), "event": {"to": to}}).to_string(),
            reason: "it could not be read".into(),
            attempts: 6,
            at: world.now(),
        };
        world.desk.bury(&letter).await.unwrap();
        world.turn(1);
    }
    erase(&world, profile).await;
    assert_eq!(traces(&world, "zora@").await, Vec::<String>::new());
}
