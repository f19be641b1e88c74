//! `kill -9` while a real mail server forwards 500 mails: its queue drains, and each is one ticket (C-E).

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use harness::{
    agent::Agent,
    frontdesk::{API_KEY, Frontdesk, Options, Shape},
    mail::{MailServer, compose},
    ports,
    postfix::{ALIAS, PERSON, Postfix},
};
use tokio::{task::JoinSet, time::sleep};

const MAILS: usize = 500;
const SENDERS: usize = 8;

fn subject(n: usize) -> String {
    format!("order number {n}")
}

async fn product(shape: Shape, smtp: SocketAddr) -> Frontdesk {
    let config =
        "[[email.mailboxes]]\naddress = \"support@acme.example\"\ninbound = \"support@in.acme.example\"\n";
    let env = vec![("FRONTDESK_SMTP__LISTEN".to_owned(), smtp.to_string())];
    Frontdesk::start(shape, Options { config: config.into(), env }).await
}

/// Hands all mails to the forwarding server; it says yes to each.
async fn hand_over(postfix: &Postfix) -> JoinSet<()> {
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let server = MailServer::new(postfix.address());
        senders.spawn(async move {
            let mut session = server.session().await.expect("a session");
            for n in (sender..MAILS).step_by(SENDERS) {
                let from = format!("anna{n}@customer.example");
                let raw = compose(&from, "support@acme.example", &subject(n), "where is my order?", &[]);
                let to = if n % 2 == 0 { PERSON } else { ALIAS };
                let reply = session.deliver(&from, &[to], &raw).await.expect("a reply");
                assert_eq!(reply.code, 250, "{reply:?}");
            }
        });
    }
    senders
}

/// The ids of the tickets of each subject.
async fn tickets(agent: &Agent) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let first = "/tickets?limit=200&channel=email".to_owned();
    let mut page = agent.get(&first).await.expect(200);
    loop {
        for ticket in page["data"].as_array().expect("tickets") {
            let text = |key: &str| ticket[key].as_str().unwrap_or_default().to_owned();
            found.entry(text("subject")).or_default().push(text("id"));
        }
        let Some(cursor) = page["next_cursor"].as_str() else { return found };
        page = agent.get(&format!("{first}&cursor={cursor}")).await.expect(200);
    }
}

async fn each_mail_is_one_ticket(product: &Frontdesk, postfix: &Postfix) {
    postfix.drained().await;
    let agent = Agent::with_key(&product.url("inbox"), API_KEY);
    let mut found = BTreeMap::new();
    for _ in 0..600 {
        found = tickets(&agent).await;
        if found.len() >= MAILS {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let mut wrong = Vec::new();
    for n in 0..MAILS {
        let ids = found.remove(&subject(n)).unwrap_or_default();
        let mut messages = Vec::new();
        for id in &ids {
            messages.push(agent.messages(id).await.len());
        }
        if messages != [1] {
            wrong.push((n, messages));
        }
    }
    assert!(
        wrong.is_empty() && found.is_empty(),
        "{wrong:?} {found:?}\n{}\n{}",
        product.logs(),
        postfix.log()
    );
    println!("{MAILS} mails, {MAILS} tickets, none twice");
}

async fn killed_during_500_mails(shape: Shape, role: &str) {
    let smtp = ([127, 0, 0, 1], ports::free()).into();
    let mut product = product(shape, smtp).await;
    // Two at a time: so the kills fall in the middle.
    let slowly = [("default_destination_concurrency_limit", "2"), ("initial_destination_concurrency", "2")];
    let Some(postfix) = Postfix::start(smtp, "support@in.acme.example", &slowly).await else { return };
    let mut senders = hand_over(&postfix).await;
    sleep(Duration::from_millis(300)).await;
    product.kill_and_restart(role, 0).await;
    while let Some(ended) = senders.join_next().await {
        ended.expect("a sender");
    }
    for left in [MAILS * 3 / 4, MAILS / 2, MAILS / 4] {
        while postfix.waiting() > left {
            sleep(Duration::from_millis(5)).await;
        }
        assert!(postfix.waiting() > 0, "nothing is under way any more");
        product.kill_and_restart(role, 0).await;
    }
    each_mail_is_one_ticket(&product, &postfix).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_process_killed_while_postfix_forwards_loses_and_doubles_no_mail() {
    killed_during_500_mails(Shape::Embedded, "up").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_receiver_killed_while_postfix_forwards_loses_and_doubles_no_mail() {
    killed_during_500_mails(Shape::Cluster { replicas: 1 }, "email-ingest").await;
}
