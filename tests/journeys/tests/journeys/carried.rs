//! What a text carries: pictures both ways, short links, the campaign it answers (D5, F1, H3, I1–I3).

use std::time::Duration;

use harness::{
    frontdesk::{PUBLIC_URL, Shape},
    twilio::text_form,
    twilio_media::TwilioMedia,
};
use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    in_both_shapes,
    world::{ACCOUNT, NUMBER, World, customer_texts},
};

const PHONE: &str = "+15557770042";
const PATIENCE: Duration = Duration::from_secs(10);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\na small picture";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0a photo \x00\xff\xfe";

fn browser() -> Client {
    Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client")
}

/// The ticket of somebody who agreed to texts.
async fn agreed(world: &World) -> Value {
    world.text(PHONE, "hello", "SM1").await;
    let ticket = world.ticket_with("channel=sms", "hello").await;
    let profile = ticket["profile"]["id"].as_str().expect("a profile");
    world.agent().consent(profile, "marketing", "subscribed").await;
    ticket
}

async fn two_pictures_of_a_text_are_two_files_an_agent_can_read(shape: Shape) {
    let world = World::start(shape).await;
    let media = TwilioMedia::start(ACCOUNT, "the auth token").await.expect("a store");
    let urls = [media.put("image/png", PNG), media.put("image/jpeg", JPEG)];
    let mut form = text_form(ACCOUNT, PHONE, NUMBER, "", "MM1");
    form.retain(|(name, _)| name != "NumMedia");
    form.push(("NumMedia".into(), "2".into()));
    for (n, url) in urls.iter().enumerate() {
        form.push((format!("MediaUrl{n}"), url.clone()));
        form.push((format!("MediaContentType{n}"), "image/whatever".into()));
    }
    let base = world.product.url("sms-ingest");
    for _ in 0..2 {
        let answer =
            world.twilio.post(&base, PUBLIC_URL, "/webhooks/sms/twilio", &form).await.expect("an answer");
        assert_eq!(answer, 200);
    }
    let message = world
        .product
        .eventually("a text with two pictures", async || {
            let ticket = world.tickets("channel=sms").await.pop()?;
            let has_two = |m: &Value| m["attachments"].as_array().is_some_and(|files| files.len() == 2);
            world.messages(&ticket).await.into_iter().find(has_two)
        })
        .await;
    assert_eq!((&message["text"], &message["files_pending"]), (&json!(""), &json!(0)));
    for (n, kind, bytes) in [(0, "image/png", PNG), (1, "image/jpeg", JPEG)] {
        let file = &message["attachments"][n];
        assert_eq!((&file["content_type"], &file["size"]), (&json!(kind), &json!(bytes.len())));
        let path = file["url"].as_str().expect("an address").trim_start_matches("/api/v1");
        let down = world.agent().request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(down.bytes().await.expect("bytes"), bytes);
    }
    let ticket = world.tickets("channel=sms").await.pop().expect("a ticket");
    assert_eq!(
        (&ticket["preview"], customer_texts(&world.messages(&ticket).await).len()),
        (&json!("2 files"), 1)
    );
}

async fn a_picture_of_an_agent_is_fetched_by_the_carrier(shape: Shape) {
    let world = World::start(shape).await;
    let ticket = agreed(&world).await;
    let agent = world.agent();
    let head = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\
        Content-Type: image/jpeg\r\n\r\n";
    let form = [head.as_bytes(), JPEG, b"\r\n--XX--\r\n"].concat();
    let up = agent.request(Method::POST, "/attachments");
    let up = agent
        .send(up.header("content-type", "multipart/form-data; boundary=XX").body(form))
        .await
        .expect(201);
    let path = format!("/tickets/{}/messages", ticket["id"].as_str().expect("an id"));
    agent.post(&path, json!({"text": "like this one", "attachments": [up["id"]]})).await.expect(201);
    let call = world.twilio.message_with("like this one", PATIENCE).await.expect("a call");
    let url = call.field("MediaUrl").expect("a picture").replace(PUBLIC_URL, &world.product.url("inbox"));
    let got = browser().get(&url).send().await.expect("an answer");
    assert_eq!(
        (got.status().as_u16(), &got.headers()["content-type"].to_str().expect("text")),
        (200, &"image/jpeg")
    );
    assert_eq!(got.bytes().await.expect("bytes"), JPEG);
    let forged = browser().get(format!("{url}x")).send().await.expect("an answer");
    assert_eq!(forged.status(), 404);
}

async fn a_long_link_goes_out_short_and_a_person_who_follows_it_is_counted_once(shape: Shape) {
    const LONG: &str = "https://shop.acme.example/products/blue-shoes?utm_source=support&utm_medium=text";
    let world = World::start(shape).await;
    let ticket = agreed(&world).await;
    let sent = world.reply(&ticket, &format!("Here they are: {LONG}.")).await;
    let call = world.twilio.message_with("Here they are", PATIENCE).await.expect("a call");
    let body = call.field("Body").expect("a text").to_owned();
    let short = body.strip_prefix("Here they are: ").and_then(|rest| rest.strip_suffix('.')).expect("a link");
    assert!(short.starts_with(&format!("{PUBLIC_URL}/l/")) && short.len() < LONG.len(), "{body}");
    let open = async |agent: &str| {
        let url = short.replace(PUBLIC_URL, &world.product.url("inbox"));
        let answer = browser().get(url).header("user-agent", agent).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"].to_str().expect("text")),
            (302, &LONG)
        );
    };
    open("Slackbot-LinkExpanding 1.0").await;
    open("a phone").await;
    open("a phone").await;
    open("another phone").await;
    world
        .product
        .eventually("two visits", async || {
            let all = world.messages(&ticket).await;
            all.into_iter().find(|m| m["id"] == sent["id"] && m["clicks"] == 2)
        })
        .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let all = world.messages(&ticket).await;
    let shown = all.iter().find(|m| m["id"] == sent["id"]).expect("our message");
    assert_eq!((&shown["clicks"], &shown["links"][0]["url"]), (&json!(2), &json!(LONG)), "and no more");
}

async fn the_first_text_after_a_campaign_is_credited_to_it(shape: Shape) {
    let world = World::start(shape).await;
    let source = json!({"kind": "campaign", "id": "c-1", "name": "Spring sale"});
    let campaign = json!({"profile": {"phone": PHONE}, "channel": "sms", "source": source, "send": false,
        "text": "Spring sale!", "sent_at": "2026-01-01T00:00:00Z"});
    let old = world.agent().post("/messages", campaign.clone()).await.expect(201);
    assert_eq!(old["ticket_id"], Value::Null);
    let mut now = campaign;
    now.as_object_mut().expect("an object").remove("sent_at");
    let recorded = world.agent().post("/messages", now).await.expect(201);
    world.text(PHONE, "is it still on?", "SM1").await;
    world.text(PHONE, "hello?", "SM2").await;
    let ticket = world.ticket_with("campaign=c-1", "is it still on?").await;
    world.ticket_with("campaign=c-1", "hello?").await;
    assert_eq!(ticket["attribution"]["message_id"], recorded["id"], "the last one before it");
    let credited: Vec<_> = world
        .messages(&ticket)
        .await
        .into_iter()
        .filter(|message| message["direction"] == "in")
        .map(|message| (message["text"].clone(), message["attribution"]["name"].clone()))
        .collect();
    assert_eq!(credited, [(json!("is it still on?"), json!("Spring sale")), (json!("hello?"), Value::Null)]);
    assert_eq!(world.tickets("campaign=c-2").await.len(), 0);
}

in_both_shapes!(
    two_pictures_of_a_text_are_two_files_an_agent_can_read,
    a_picture_of_an_agent_is_fetched_by_the_carrier,
    a_long_link_goes_out_short_and_a_person_who_follows_it_is_counted_once,
    the_first_text_after_a_campaign_is_credited_to_it,
);
