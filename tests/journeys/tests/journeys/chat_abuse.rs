//! What strangers try at the chat, and files both ways: each answered as `services/web-chat/protocol` documents, and
//! harmless.

use std::time::Duration;

use harness::{
    frontdesk::Shape,
    visitor::{Kept, Page, Refused, Visitor},
};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    in_both_shapes,
    world::{SHOP, World, customer_texts},
};

async fn forged_origins_tokens_and_identities_open_nothing(shape: Shape) {
    let world = World::start(shape).await;
    for origin in ["https://evil.example", "null", "https://shop.acme.example.evil.example"] {
        let page = Page { origin: origin.into(), ..world.page() };
        assert!(matches!(Visitor::connect(&page).await, Err(Refused::Status(403))), "{origin}");
    }
    let mut anna = Visitor::arrive(&world.page()).await.expect("a socket");
    anna.say("my secret").await.expect("an ack");
    let (body, _) = anna.token.split_once('.').expect("a token");
    let forged = Kept { page: world.page(), token: format!("{body}.AAAA"), last_seq: 0 };
    let mut thief = Visitor::connect(&world.page()).await.expect("a socket");
    thief.send(&json!({"type": "hello", "resume": forged.token, "last_seq": 0})).await.expect("sent");
    assert_eq!(thief.wait_for("error").await.expect("an error")["code"], "bad_resume");
    assert_eq!(thief.closed().await.expect("closed"), 4501);
    // without a secret of the site nobody can sign: a claimed id is only a name
    let mut liar = Visitor::connect(&world.page()).await.expect("a socket");
    let visitor =
        json!({"id": "customer-42", "email": "anna@customer.example", "signature": "00".repeat(32)});
    let ready = liar.hello(json!({ "visitor": visitor })).await.expect("ready");
    assert_eq!((ready["seq"].as_i64(), ready["messages"].as_array().map(Vec::len)), (Some(0), Some(0)));
    assert!(ready["history"].is_null(), "no history of anybody");
}

async fn a_thousand_messages_in_a_second_are_slowed_down_and_hurt_nobody(shape: Shape) {
    let world = World::start(shape).await;
    let mut rude = Visitor::arrive(&world.page()).await.expect("a socket");
    let mut ben = Visitor::arrive(&world.page()).await.expect("a socket");
    for n in 0..1_000 {
        if rude.write(&format!("flood {n}")).await.is_err() {
            break;
        }
    }
    assert_eq!(rude.closed().await.expect("closed"), 4013, "after 120 frames in 10 seconds");
    let ack = ben.say("hello").await.expect("an ack");
    assert_eq!(ack["seq"], 1, "others are heard");
    let ticket = world.ticket_with("channel=chat", "flood 0").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let texts = customer_texts(&world.messages(&ticket).await);
    assert!(texts.len() <= 25, "20 messages in 10 seconds, not {}", texts.len());

    let mut big = Visitor::arrive(&world.page()).await.expect("a socket");
    big.write(&"x".repeat(70_000)).await.expect("sent");
    assert_eq!(big.closed().await.expect("closed"), 1009);
}

async fn script_in_names_and_texts_stays_text(shape: Shape) {
    let world = World::start(shape).await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    let mut mallory = Visitor::connect(&world.page()).await.expect("a socket");
    mallory
        .hello(json!({"visitor": {"id": "m", "name": evil}, "page": "javascript:alert(1)"}))
        .await
        .expect("ready");
    mallory.say(evil).await.expect("an ack");
    let ticket = world.ticket_with("channel=chat", evil).await;
    assert_eq!(ticket["profile"]["name"], evil, "as it is: nobody takes it for a page");
    assert_eq!(ticket["chat"]["page"], Value::Null, "only pages of the site are kept");
    let message = world.messages(&ticket).await.pop().expect("a message");
    assert_eq!((&message["text"], &message["html"]), (&json!(evil), &Value::Null));
}

/// A request with a form that holds one file.
fn form(request: RequestBuilder, name: &str, kind: &str, bytes: &[u8]) -> RequestBuilder {
    let head = format!(
        "--here\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {kind}\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, b"\r\n--here--\r\n"].concat();
    request.header("content-type", "multipart/form-data; boundary=here").body(body)
}

struct Upload {
    status: StatusCode,
    body: Value,
}

async fn put_up(world: &World, token: &str, name: &str, kind: &str, bytes: Vec<u8>) -> Upload {
    let url = format!("{}/chat/main/files", world.product.url("web-chat"));
    let request = Client::new().post(url).bearer_auth(token).header("origin", SHOP);
    let answer = form(request, name, kind, &bytes).send().await.expect("an answer");
    let status = answer.status();
    Upload { status, body: answer.json().await.unwrap_or_default() }
}

async fn fetched(world: &World, url: &str) -> (reqwest::header::HeaderMap, Vec<u8>) {
    let answer = reqwest::get(format!("{}{url}", world.product.url("web-chat"))).await.expect("an answer");
    assert_eq!(answer.status(), 200, "{url}");
    (answer.headers().clone(), answer.bytes().await.expect("bytes").to_vec())
}

async fn files_go_both_ways_and_none_is_dangerous(shape: Shape) {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest";
    const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let world = World::start(shape).await;
    let mut anna = Visitor::arrive(&world.page()).await.expect("a socket");
    let token = anna.token.clone();
    let photo = put_up(&world, &token, "mug.png", "image/png", PNG.to_vec()).await;
    assert_eq!(photo.status, 201, "{}", photo.body);
    let svg = put_up(&world, &token, "pic.svg", "image/svg+xml", SVG.to_vec()).await;
    assert_eq!(
        (svg.status.as_u16(), svg.body["content_type"].as_str()),
        (201, Some("application/octet-stream"))
    );
    let (headers, bytes) = fetched(&world, svg.body["url"].as_str().expect("an address")).await;
    assert_eq!(bytes, SVG);
    assert!(headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
    assert_eq!(
        (&headers["content-type"], &headers["x-content-type-options"]),
        (&"application/octet-stream".parse().expect("a type"), &"nosniff".parse().expect("a word"))
    );
    for (token, name, bytes, status, code) in [
        ("nonsense", "a.png", PNG.to_vec(), 401, "unauthorized"),
        (token.as_str(), "a.exe", b"MZ".to_vec(), 415, "attachment_type"),
        (&token, "a.png", Vec::new(), 422, "invalid"),
        (&token, "a.bin", vec![0; 11 * 1024 * 1024], 413, "too_large"),
    ] {
        let refused = put_up(&world, token, name, "application/octet-stream", bytes).await;
        assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (status, Some(code)), "{name}");
    }

    // a message with both, without words
    let client_id = uuid::Uuid::new_v4();
    let files = json!([photo.body["id"], {"id": svg.body["id"]}]);
    let message = json!({"type": "message", "client_id": client_id, "text": "", "attachments": files});
    anna.send(&message).await.expect("sent");
    anna.ack_of(client_id).await.expect("an ack");
    anna.send(&message).await.expect("sent");
    anna.ack_of(client_id).await.expect("stored once");
    let mut other = Visitor::arrive(&world.page()).await.expect("a socket");
    other.send(&message).await.expect("sent");
    assert_eq!(other.wait_for("error").await.expect("an error")["code"], "bad_attachment");
    let ticket = world.ticket_with("channel=chat", "").await;
    let messages = world.messages(&ticket).await;
    assert_eq!(messages.len(), 1);
    let kept = messages[0]["attachments"].as_array().expect("files");
    assert_eq!(
        kept.iter().map(|f| f["name"].as_str()).collect::<Vec<_>>(),
        [Some("mug.png"), Some("pic.svg")]
    );
    let path = kept[0]["url"].as_str().expect("an address").trim_start_matches("/api/v1");
    let agent = world.agent();
    let seen = agent.request(reqwest::Method::GET, path).send().await.expect("an answer");
    assert_eq!(seen.bytes().await.expect("bytes"), PNG, "the agent sees what was sent");

    // and back
    let request = agent.request(reqwest::Method::POST, "/attachments");
    let file = agent.send(form(request, "offer.png", "image/png", PNG)).await.expect(201);
    let path = format!("/tickets/{}/messages", ticket["id"].as_str().expect("an id"));
    agent.post(&path, json!({"text": "", "attachments": [file["id"]]})).await.expect(201);
    let heard = anna.wait_for("message").await.expect("the answer");
    let (headers, bytes) =
        fetched(&world, heard["attachments"][0]["url"].as_str().expect("an address")).await;
    assert_eq!((headers["content-type"].to_str().expect("text"), bytes.as_slice()), ("image/png", PNG));
}

in_both_shapes!(
    forged_origins_tokens_and_identities_open_nothing,
    a_thousand_messages_in_a_second_are_slowed_down_and_hurt_nobody,
    script_in_names_and_texts_stays_text,
    files_go_both_ways_and_none_is_dangerous,
);
