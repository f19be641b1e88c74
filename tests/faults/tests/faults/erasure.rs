//! `kill -9` right after an erasure was promised, and in its middle: it ends, nothing of the person is left, nothing comes
//! back.

use std::{path::Path, time::Duration};

use futures::{StreamExt, stream};
use harness::{
    agent::Agent,
    frontdesk::{API_KEY, Frontdesk, Options, Shape},
    mail::{MailServer, compose},
};
use serde_json::{Value, json};

const MAILS: usize = 250;
const ZORA: &str = "zora@customer.example";
const OTTO: &str = "otto@customer.example";
/// In everything of hers, and in nothing else.
const WORD: &str = "zyzzogeton";
/// In what somebody else wrote.
const OTHER: &str = "quokkaberry";
/// With a broker that waits for whoever was killed, and the rounds of those who delete bytes.
const PATIENCE: Duration = Duration::from_secs(150);

fn agent(product: &Frontdesk) -> Agent {
    Agent::with_key(&product.url("inbox"), API_KEY)
}

async fn product(shape: Shape) -> Frontdesk {
    let config =
        "[[email.mailboxes]]\naddress = \"support@acme.example\"\ninbound = \"support@in.acme.example\"\n";
    Frontdesk::start(shape, Options { config: config.into(), env: Vec::new() }).await
}

/// The `n`th mail of somebody, to the byte the same each time.
fn mail(from: &str, word: &str, n: usize) -> Vec<u8> {
    let text = format!("{word} number {n}");
    let id = format!("<{word}-{n}@customer.example>");
    compose(from, "support@acme.example", &text, &text, &[("Message-ID", &id)])
}

async fn send(product: &Frontdesk, from: &str, raw: &[u8]) {
    let server = MailServer::new(product.smtp().parse().expect("an address"));
    let reply = server.send(from, "support@in.acme.example", raw).await.expect("a reply");
    assert_eq!(reply.code, 250, "{reply:?}");
}

async fn count(product: &Frontdesk) -> i64 {
    agent(product).get("/tickets/count?status=open").await.expect(200)["count"].as_i64().unwrap_or(-1)
}

async fn found(product: &Frontdesk, word: &str) -> usize {
    let page = agent(product).get(&format!("/search?q={word}")).await.expect(200);
    page["data"].as_array().map_or(0, Vec::len)
}

/// Files below a folder that hold a word.
fn files_with(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, word));
        } else if std::fs::read(&path)
            .unwrap_or_default()
            .windows(word.len())
            .any(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Where the database has a word: files of SQLite, or tables of PostgreSQL.
async fn traces(product: &Frontdesk, word: &str) -> Vec<String> {
    match &product.postgres {
        Some(postgres) => postgres.tables_with(word).await,
        None => {
            let files = files_with(&product.data_dir("up", 0), word);
            files.into_iter().filter(|file| file.contains("/frontdesk.db")).collect()
        }
    }
}

fn bytes_with(product: &Frontdesk, word: &str) -> usize {
    files_with(&product.blobs_dir(), word).len()
}

async fn everything_is_there(product: &Frontdesk) -> String {
    let mails = (0..MAILS).map(|n| send_owned(product, n));
    stream::iter(mails).buffer_unordered(8).collect::<Vec<_>>().await;
    send(product, OTTO, &mail(OTTO, OTHER, 0)).await;
    // the same mail twice: its bytes lie there twice
    send(product, ZORA, &mail(ZORA, WORD, 0)).await;
    let wanted = i64::try_from(MAILS + 1).unwrap_or(0);
    let all = async || (count(product).await == wanted).then_some(());
    product.eventually_within(PATIENCE, "all tickets", all).await;
    assert!(found(product, WORD).await > 0);
    assert!(!traces(product, WORD).await.is_empty() && bytes_with(product, WORD) > 0);
    let page = agent(product).get(&format!("/profiles?q={ZORA}")).await.expect(200);
    page["data"][0]["id"].as_str().expect("a profile").to_owned()
}

async fn send_owned(product: &Frontdesk, n: usize) {
    send(product, ZORA, &mail(ZORA, WORD, n)).await;
}

async fn whoever_erases_may_be_killed(shape: Shape) {
    let mut product = product(shape).await;
    let profile = everything_is_there(&product).await;
    let path = format!("/profiles/{profile}/erase");
    let begun = agent(&product).post(&path, json!({ "confirm": ZORA })).await.expect(202);
    kill(&mut product).await;
    let erasure = format!("/erasures/{}", begun["id"].as_str().expect("an id"));
    let by_now = agent(&product);
    let look = async || by_now.get(&erasure).await.expect(200);
    let some = async || (look().await["tickets"].as_i64() > Some(0)).then_some(());
    product.eventually_within(PATIENCE, "some of it", some).await;
    kill(&mut product).await;
    let by_now = agent(&product);
    let look = async || by_now.get(&erasure).await.expect(200);
    println!("killed after {} or fewer tickets", look().await["tickets"]);
    let done = async || Some(look().await).filter(|erasure| erasure["state"] == "done");
    let done = product.eventually_within(PATIENCE, "the end", done).await;
    assert_eq!((&done["tickets"], &done["total"]), (&json!(MAILS), &json!(MAILS)), "{done}");
    // whoever deletes bytes begins with what is due
    kill(&mut product).await;
    nothing_is_left(&product).await;
    // once more changes nothing, nor does it come back
    assert_eq!(agent(&product).post(&path, json!({ "confirm": ZORA })).await.status, 404);
    send(&product, ZORA, &mail(ZORA, WORD, 1)).await;
    send(&product, ZORA, &mail(ZORA, "newer", 1)).await;
    let newer = async || (count(&product).await == 2).then_some(());
    product.eventually_within(PATIENCE, "the newer mail", newer).await;
    assert_eq!(agent(&product).get(&erasure).await.expect(200), done);
    assert_eq!((found(&product, WORD).await, found(&product, OTHER).await), (0, 1));
    assert_eq!(traces(&product, WORD).await, Vec::<String>::new());
}

async fn nothing_is_left(product: &Frontdesk) {
    assert_eq!(traces(product, WORD).await, Vec::<String>::new());
    assert_eq!(traces(product, ZORA).await, Vec::<String>::new());
    assert_eq!((found(product, WORD).await, found(product, OTHER).await), (0, 1));
    let page: Value = agent(product).get(&format!("/profiles?q={ZORA}")).await.expect(200);
    assert_eq!(page["data"], json!([]));
    assert_eq!(bytes_with(product, OTHER), 1);
    // the copy of the first mail goes an hour after it came
    let only_the_copy = async || {
        let left = contents(&product.blobs_dir(), WORD);
        (left.len() <= 2).then_some(left)
    };
    let left = product.eventually_within(PATIENCE, "the bytes go", only_the_copy).await;
    assert!(left.iter().all(|line| line.contains("number 0")), "{left:?}");
}

/// The lines of the files below a folder that hold a word.
fn contents(folder: &Path, word: &str) -> Vec<String> {
    let files = files_with(folder, word).into_iter();
    let lines = files.flat_map(|file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines.filter(|line| line.contains(&format!("{word} number"))).collect()
}

async fn kill(product: &mut Frontdesk) {
    product.kill_and_restart("ticketing", 0).await;
    if product.shape != Shape::Embedded {
        product.kill_and_restart("inbox", 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_survives_in_one_process() {
    whoever_erases_may_be_killed(Shape::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_survives_in_a_cluster() {
    whoever_erases_may_be_killed(Shape::Cluster { replicas: 1 }).await;
}
