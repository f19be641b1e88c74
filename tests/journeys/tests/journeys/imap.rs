//! A mailbox that cannot forward is read where it is: a real Dovecot, which restarts, forgets its numbers, is read by others
//! besides, and refuses a password (B4, Beyond 1 and 2).

use std::{collections::BTreeSet, time::Duration};

use harness::{
    dovecot::{Dovecot, PASSWORD, USER},
    frontdesk::Shape,
    mail::compose,
    oauth::{Provider, REFRESH_TOKEN},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{forwarded::certificate, in_both_shapes, world::World};

const HELP: &str = "help@acme.example";
const ANNA: &str = "anna@customer.example";
/// Nothing here may wait for the next look: what is not told by the server itself comes too late.
const NEVER: &str = "poll_seconds = 1500\n";

fn config(dovecot: &Dovecot, password: &str, more: &str) -> String {
    let url = dovecot.url();
    format!(
        "[[email.mailboxes]]\naddress = \"{HELP}\"\ninbound = \"{HELP}\"\n[email.mailboxes.imap]\nurl = \"{url}\"\n\
         user = \"{USER}\"\npassword = \"{password}\"\n{NEVER}{more}"
    )
}

async fn start(shape: Shape, dovecot: &Dovecot, more: &str) -> World {
    World::start_among(shape, Vec::new(), &config(dovecot, PASSWORD, more)).await
}

fn mail(subject: &str) -> Vec<u8> {
    compose(&format!("Anna <{ANNA}>"), HELP, subject, subject, &[])
}

async fn ticket(world: &World, text: &str) -> Value {
    world.ticket_with("channel=email", text).await
}

async fn subjects(world: &World) -> Vec<String> {
    let tickets = world.tickets("channel=email").await;
    tickets.iter().map(|ticket| ticket["subject"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn polling(world: &World) -> Value {
    let all =
        world.agent().get("/mailboxes").await.expect(200)["data"].as_array().expect("mailboxes").clone();
    let help = all.into_iter().find(|mailbox| mailbox["address"] == HELP).expect("the mailbox");
    help["imap"].clone()
}

/// Somebody has read the mailbox so far; from now on its mails are tickets, each once, whoever opens them first.
async fn mails_of_a_mailbox_that_cannot_forward_are_tickets(shape: Shape) {
    let Some(mut dovecot) = Dovecot::start(None).await else { return };
    dovecot.delivered_long_ago(&mail("answered last year"));
    dovecot.deliver(&mail("not opened yet"), false);
    let world = start(shape, &dovecot, "").await;
    let first = ticket(&world, "not opened yet").await;
    assert_eq!(first["profile"]["address"], ANNA);

    let begun = Instant::now();
    dovecot.deliver(&mail("while the server tells"), false);
    ticket(&world, "while the server tells").await;
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}: that was not told, but looked for",
        begun.elapsed()
    );
    dovecot.deliver(&mail("opened by somebody else first"), true);
    ticket(&world, "opened by somebody else first").await;

    dovecot.stop();
    dovecot.deliver(&mail("while nobody was there"), false);
    dovecot.start_again().await;
    ticket(&world, "while nobody was there").await;

    dovecot.renumber().await;
    dovecot.deliver(&mail("under new numbers"), false);
    ticket(&world, "under new numbers").await;
    world
        .product
        .eventually("all are marked as seen", async || (dovecot.seen("") == (6, 0)).then_some(()))
        .await;
    let all = subjects(&world).await;
    assert_eq!(all.len(), 5, "each once, and what was read before us stays: {all:?}");
    let shown = polling(&world).await;
    assert_eq!((&shown["error"], &shown["folder"]), (&Value::Null, &json!("INBOX")), "{shown}");
    assert!(shown["polled_at"].is_string() && !shown.to_string().contains(PASSWORD), "{shown}");
}

/// An answer names its ticket by its Message-ID; Reply-To stays an address that the mailbox surely has.
async fn a_conversation_over_a_mailbox_that_is_read_stays_one_ticket(shape: Shape) {
    let Some(mut dovecot) = Dovecot::start(None).await else { return };
    let world = start(shape, &dovecot, "").await;
    dovecot.deliver(&mail("Where is my order?"), false);
    let first = ticket(&world, "Where is my order?").await;
    world.reply(&first, "On its way.").await;
    let sent = world.relay.mail_with("On its way.", Duration::from_secs(20)).await.expect("an answer");
    let header = |name: &str| sent.header(name);
    assert!(!header("Reply-To").unwrap_or_default().contains('+'), "{:?}", header("Reply-To"));
    let id = header("Message-ID").expect("an id");
    let answer = compose(ANNA, HELP, "Re: Where is my order?", "It came, thanks.", &[("In-Reply-To", &id)]);
    dovecot.deliver(&answer, false);
    let same = ticket(&world, "It came, thanks.").await;
    assert_eq!(same["id"], first["id"]);
}

/// Killed while it takes in 200 mails: 200 tickets, none twice.
async fn killed_in_the_middle_of_many_mails_none_is_lost_or_doubled(shape: Shape) {
    const MAILS: usize = 200;
    let Some(mut dovecot) = Dovecot::start(None).await else { return };
    let mut world = start(shape, &dovecot, "").await;
    let all: BTreeSet<String> = (0..MAILS).map(|number| format!("number {number}")).collect();
    all.iter().for_each(|subject| dovecot.deliver(&mail(subject), false));
    let patience = Duration::from_secs(90);
    for some in [10, 60, 120] {
        let enough = async || (subjects(&world).await.len() >= some).then_some(());
        world.product.eventually_within(patience, "some tickets", enough).await;
        let replicas = if shape == Shape::Embedded { 1 } else { 2 };
        for replica in 0..replicas {
            world.product.kill_and_restart("email-ingest", replica).await;
        }
    }
    let there = async || (subjects(&world).await.len() >= MAILS).then_some(());
    world.product.eventually_within(patience, "a ticket for each mail", there).await;
    let marked = async || (dovecot.seen("") == (MAILS, 0)).then_some(());
    world.product.eventually_within(patience, "all are marked as seen", marked).await;
    let found = subjects(&world).await;
    assert_eq!((found.len(), found.into_iter().collect::<BTreeSet<_>>()), (MAILS, all));
    let lines = world.agent().get("/ledger?channel=email&state=ticket&limit=200").await.expect(200);
    assert_eq!(lines["data"].as_array().expect("lines").len(), MAILS, "each was taken in once");
}

/// The password is wrong: the settings say so, the doctor says so, and nobody prints it.
async fn a_refused_password_is_told_and_never_printed(shape: Shape) {
    let Some(dovecot) = Dovecot::start(None).await else { return };
    let wrong = "not the password at all";
    let world = World::start_among(shape, Vec::new(), &config(&dovecot, wrong, "")).await;
    let refused = async || Some(polling(&world).await).filter(|shown| shown["error"].is_string());
    let shown = world.product.eventually("the refusal is shown", refused).await;
    assert!(shown["error"].as_str().expect("a reason").contains("refuses the sign-in of help"), "{shown}");
    assert!(shown["failing_since"].is_string() && shown["polled_at"].is_null(), "{shown}");
    let (_, said, errors) = world.product.run(&["doctor"]).await;
    assert!(said.contains("FAIL mailbox help@acme.example: localhost refuses the sign-in"), "{said}");
    for printed in [said, errors, shown.to_string(), world.product.logs()] {
        assert!(!printed.contains(wrong), "{printed}");
    }
}

/// Over TLS, with a certificate of one's own, into another folder; what is too large stays and is named.
async fn mails_are_moved_when_they_are_kept_and_what_is_too_large_stays(shape: Shape) {
    let certificate = certificate();
    let at = |name| certificate.path().join(name);
    let Some(mut dovecot) = Dovecot::start(Some((&at("crt"), &at("key")))).await else { return };
    let more = format!("move_to = \"Erledigt & \u{fc}\"\ntls_ca = \"{}\"\n", at("crt").display());
    let env = vec![("FRONTDESK_SMTP__MAX_SIZE".into(), "20000".into())];
    dovecot.deliver(&compose(ANNA, HELP, "Too large", &"far too much ".repeat(4000), &[]), false);
    dovecot.deliver(&mail("small enough"), false);
    let world = World::start_among(shape, env, &config(&dovecot, PASSWORD, &more)).await;
    ticket(&world, "small enough").await;
    let moved = async || (dovecot.seen("Erledigt &- &APw-") == (1, 0)).then_some(());
    world.product.eventually("it was moved", moved).await;
    assert_eq!(dovecot.seen(""), (0, 1), "the large one stays as it was");
    let held = async || {
        let lines = world.agent().get("/ledger?channel=email&state=held").await.expect(200);
        lines["data"].as_array().expect("lines").first().cloned()
    };
    let line = world.product.eventually("a line about the large one", held).await;
    assert!(line["reason"].as_str().expect("a reason").contains("stays in the mailbox"), "{line}");
    let (_, said, _) = world.product.run(&["doctor"]).await;
    assert!(said.contains("ok   mailbox help@acme.example: INBOX holds 1 mails"), "{said}");
}

/// Nothing can be marked as seen: each mail is a ticket once all the same, also after a restart, and nothing is a duplicate.
async fn what_cannot_be_marked_is_taken_in_once(shape: Shape) {
    let Some(mut dovecot) = Dovecot::start(None).await else { return };
    dovecot.delivered_long_ago(&mail("answered last year"));
    dovecot.deliver(&mail("not opened yet"), false);
    dovecot.forbid_marks().await;
    let mut world = start(shape, &dovecot, "").await;
    ticket(&world, "not opened yet").await;
    dovecot.deliver(&mail("while it is read"), false);
    ticket(&world, "while it is read").await;
    let told = async || (polling(&world).await["read_only"] == true).then_some(());
    world.product.eventually("the settings say so", told).await;
    let replicas = if shape == Shape::Embedded { 1 } else { 2 };
    for replica in 0..replicas {
        world.product.kill_and_restart("email-ingest", replica).await;
    }
    dovecot.deliver(&mail("after a restart"), false);
    ticket(&world, "after a restart").await;
    let all = subjects(&world).await;
    assert_eq!(all.len(), 3, "{all:?}");
    let lines = world.agent().get("/ledger?channel=email&limit=200").await.expect(200);
    let lines = lines["data"].as_array().expect("lines").clone();
    assert!(lines.len() == 3 && lines.iter().all(|line| line["state"] == "ticket"), "{lines:?}");
    assert_eq!(dovecot.seen(""), (1, 3));
    let shown = polling(&world).await;
    assert_eq!((&shown["error"], &shown["read_only"]), (&Value::Null, &json!(true)), "{shown}");
}

fn config_with_tokens(dovecot: &Dovecot, provider: &Provider) -> String {
    format!(
        "[[email.mailboxes]]\naddress = \"{HELP}\"\ninbound = \"{HELP}\"\n[email.mailboxes.imap]\nurl = \"{}\"\n\
         user = \"{USER}\"\n{NEVER}[email.mailboxes.imap.oauth]\ntoken_url = \"{}\"\nclient_id = \"frontdesk\"\n\
         refresh_token = \"{REFRESH_TOKEN}\"\n",
        dovecot.url(),
        provider.token_url()
    )
}

/// A provider without passwords: tokens are had for what somebody agreed to once. Its failure is told and passes by itself; a
/// token that was taken back is followed by another.
async fn a_mailbox_is_read_with_tokens(shape: Shape) {
    let Some(mut dovecot) = Dovecot::start(None).await else { return };
    let provider = Provider::start().await;
    dovecot.take_tokens(&provider).await;
    provider.fails(Some((503, "temporarily_unavailable")));
    dovecot.deliver(&mail("with a token"), false);
    let world = World::start_among(shape, Vec::new(), &config_with_tokens(&dovecot, &provider)).await;
    let refused = async || {
        let shown = polling(&world).await;
        shown["error"].as_str().is_some_and(|why| why.contains("temporarily_unavailable")).then_some(())
    };
    world.product.eventually("the failure is shown", refused).await;
    provider.fails(None);
    ticket(&world, "with a token").await;
    assert_eq!(provider.given(), 1);
    provider.revoke();
    dovecot.start_again().await;
    dovecot.deliver(&mail("with another token"), false);
    let came = async || subjects(&world).await.contains(&"with another token".to_owned()).then_some(());
    world.product.eventually_within(Duration::from_secs(90), "a new token is had", came).await;
    let logs = world.product.logs();
    assert!(!logs.contains(REFRESH_TOKEN) && !polling(&world).await.to_string().contains(REFRESH_TOKEN));
}

/// A provider whose refresh tokens are good once: the last one outlives the processes, and the doctor uses it up for nobody.
async fn a_refresh_token_that_changes_is_there_after_a_restart(shape: Shape) {
    let Some(mut dovecot) = Dovecot::start(None).await else { return };
    let provider = Provider::start().await;
    provider.rotates();
    dovecot.take_tokens(&provider).await;
    let config = config_with_tokens(&dovecot, &provider);
    let mut world = World::start_among(shape, Vec::new(), &config).await;
    dovecot.deliver(&mail("before the restart"), false);
    ticket(&world, "before the restart").await;
    let (_, said, _) = world.product.run(&["doctor"]).await;
    assert!(said.contains("ok   mailbox help@acme.example: INBOX holds 1 mails"), "{said}");
    let replicas = if shape == Shape::Embedded { 1 } else { 2 };
    for replica in 0..replicas {
        world.product.kill_and_restart("email-ingest", replica).await;
    }
    dovecot.deliver(&mail("after the restart"), false);
    let came = async || subjects(&world).await.contains(&"after the restart".to_owned()).then_some(());
    world.product.eventually_within(Duration::from_secs(90), "it is read again", came).await;
    assert_eq!(polling(&world).await["error"], Value::Null);
    assert!(provider.given() >= 3, "{}", provider.given());
}

/// Of two replicas one reads; when it dies, the other does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_replicas_one_reads_and_the_other_takes_over() {
    let Some(mut dovecot) = Dovecot::start(None).await else { return };
    let mut world = start(Shape::Cluster { replicas: 2 }, &dovecot, "").await;
    dovecot.deliver(&mail("to the first"), false);
    ticket(&world, "to the first").await;
    // The other one has asked for the lease several times by then.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(dovecot.sign_ins(), 1, "{}", dovecot.log());
    let reads = |world: &mut World, replica| {
        world.product.process("email-ingest", replica).log_tail().contains("reads this mailbox")
    };
    let reader = if reads(&mut world, 0) { 0 } else { 1 };
    assert!(reads(&mut world, reader) && !reads(&mut world, 1 - reader));
    world.product.process("email-ingest", reader).kill().await;
    dovecot.deliver(&mail("to the other"), false);
    let taken = async || subjects(&world).await.contains(&"to the other".to_owned()).then_some(());
    world.product.eventually_within(Duration::from_secs(40), "the other takes over", taken).await;
    assert_eq!(dovecot.sign_ins(), 2);
}

in_both_shapes!(
    mails_of_a_mailbox_that_cannot_forward_are_tickets,
    a_conversation_over_a_mailbox_that_is_read_stays_one_ticket,
    killed_in_the_middle_of_many_mails_none_is_lost_or_doubled,
    a_refused_password_is_told_and_never_printed,
    mails_are_moved_when_they_are_kept_and_what_is_too_large_stays,
    what_cannot_be_marked_is_taken_in_once,
    a_mailbox_is_read_with_tokens,
    a_refresh_token_that_changes_is_there_after_a_restart,
);
