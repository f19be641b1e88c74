//! F1–F4: what stands in a ticket and beside it.

use std::{collections::BTreeSet, time::Duration};

use harness::frontdesk::Shape;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ANNA, PHONE, colleague, id, mails, profile, quiet, set, texts};
use crate::{
    in_both_shapes,
    world::{INBOUND, MAILBOX, World},
};

/// A picture of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\na small picture";
/// The same as it stands in a mail.
const PNG_IN_BASE64: &str = "iVBORw0KGgphIHNtYWxsIHBpY3R1cmU=";

async fn f1_the_newest_fifty_with_what_robots_wrote_and_older_ones_behind_them(shape: Shape) {
    let world = World::start(shape).await;
    set(&world, json!({"sms": {"auto_responder": {"mode": "non_consented"}}})).await;
    let ticket = texts(&world, PHONE, "the very first").await;
    world.twilio.message_with("we cannot answer by text", Duration::from_secs(20)).await.expect("an answer");
    world.text(PHONE, "JOIN", "SMjoin").await;
    world.twilio.message_with("you are subscribed", Duration::from_secs(20)).await.expect("an answer");
    for (kind, text) in [("campaign", "Spring sale!"), ("flow", "You left something in your cart")] {
        let message = json!({"profile": {"phone": PHONE}, "channel": "sms", "send": false, "text": text,
            "source": {"kind": kind, "id": kind, "name": kind}});
        world.agent().post("/messages", message).await.expect(201);
    }
    for n in 0..46 {
        world.text(PHONE, &format!("text {n}"), &format!("SM{n}")).await;
    }
    world.ticket_with("channel=sms", "text 45").await;
    let path = format!("/tickets/{}/messages", id(&ticket));
    let page = world.agent().get(&path).await.expect(200);
    let newest = page["data"].as_array().expect("messages");
    assert_eq!((newest.len(), &newest[49]["text"]), (50, &json!("text 45")));
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let older = world.agent().get(&format!("{path}?before={cursor}")).await.expect(200);
    let all: Vec<_> = older["data"].as_array().expect("messages").iter().chain(newest).collect();
    assert_eq!((all.len(), &all[0]["text"]), (52, &json!("the very first")));
    assert_eq!(older["next_cursor"], Value::Null);
    let by: BTreeSet<_> = all.iter().filter_map(|message| message["author"]["kind"].as_str()).collect();
    assert_eq!(by, BTreeSet::from(["auto_responder", "campaign", "customer", "flow", "keyword"]));
}

async fn f2_files_of_a_mail_are_shown_and_ours_go_out_with_the_answer(shape: Shape) {
    let world = World::start(shape).await;
    let raw = format!(
        "From: {ANNA}\r\nTo: {MAILBOX}\r\nSubject: Photo\r\nMessage-ID: <photo@mail.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=XX\r\n\r\n\
         --XX\r\nContent-Type: text/plain\r\n\r\nsee the crack\r\n\
         --XX\r\nContent-Type: image/png; name=crack.png\r\nContent-Disposition: attachment; filename=crack.png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{PNG_IN_BASE64}\r\n\
         --XX\r\nContent-Type: text/html; name=page.html\r\nContent-Disposition: attachment; filename=page.html\r\n\r\n\
         <script>alert(1)</script>\r\n--XX--\r\n"
    );
    let reply = world.mail_server().send(ANNA, INBOUND, raw.as_bytes()).await.expect("a reply");
    assert_eq!(reply.code, 250, "{reply:?}");
    let ticket = world.ticket_with("channel=email", "see the crack").await;
    let messages = world.messages(&ticket).await;
    let files = messages[0]["attachments"].as_array().expect("files");
    let names: Vec<_> = files.iter().map(|file| file["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["crack.png", "page.html"]);
    for (file, way) in files.iter().zip(["inline", "attachment"]) {
        let path = file["url"].as_str().expect("an address").trim_start_matches("/api/v1");
        let down = world.agent().request(Method::GET, path).send().await.expect("an answer");
        let header = |name: &str| down.headers()[name].to_str().expect("text").to_owned();
        assert!(header("content-disposition").starts_with(way), "a page is saved, never shown as ours");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("sandbox"));
        let bytes = down.bytes().await.expect("bytes");
        assert!(way == "attachment" || bytes == PNG, "the picture as it was sent");
    }

    let head = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"label.png\"\r\n\
        Content-Type: image/png\r\n\r\n";
    let form = [head.as_bytes(), PNG, b"\r\n--XX--\r\n"].concat();
    let agent = world.agent();
    let up = agent.request(Method::POST, "/attachments").body(form);
    let up = agent.send(up.header("content-type", "multipart/form-data; boundary=XX")).await.expect(201);
    let answer = json!({"text": "here is the label", "attachments": [up["id"]]});
    agent.post(&format!("/tickets/{}/messages", id(&ticket)), answer).await.expect(201);
    let mail = world.relay.mail_with("here is the label", Duration::from_secs(20)).await.expect("a mail");
    assert!(mail.text().contains("label.png") && mail.text().contains(PNG_IN_BASE64), "{}", mail.text());
    let shown = world.messages(&ticket).await;
    let ours = shown.iter().find(|message| message["direction"] == "out").expect("our answer");
    assert_eq!(ours["attachments"][0]["name"], "label.png");
}

async fn f3_beside_a_ticket_stands_what_is_known_of_the_person(shape: Shape) {
    let world = quiet(shape).await;
    let ticket = texts(&world, PHONE, "hello").await;
    let agent = world.agent();
    let path = format!("/profiles/{}", profile(&ticket));
    let fresh = agent.get(&path).await.expect(200);
    assert_eq!(
        fresh["consent"]["sms"],
        json!({"subscribed": false, "kinds": []}),
        "writing in is not consent"
    );
    assert_eq!((&fresh["location"], &fresh["tickets"]), (&Value::Null, &json!(1)));
    agent.consent(&profile(&ticket), "marketing", "subscribed").await;
    let facts = json!({"name": "Anna Example", "location": "Auckland", "time_zone": "Pacific/Auckland"});
    agent.patch(&path, facts).await.expect(200);
    let mail = mails(&world, ANNA, "Hello", "it is me again").await;
    let merge = json!({"profile_id": profile(&mail)});
    agent.post(&format!("{path}/merge"), merge).await.expect(200);
    let known = agent.get(&path).await.expect(200);
    assert_eq!(known["consent"]["sms"], json!({"subscribed": true, "kinds": ["marketing"]}));
    assert_eq!((&known["name"], &known["location"]), (&json!("Anna Example"), &json!("Auckland")));
    assert_eq!(known["tickets"], 2);
    let clock = agent.get(&format!("/tickets/{}/recipient-time", id(&ticket))).await.expect(200);
    assert_eq!((&clock["time_zones"][0], &clock["source"]), (&json!("Pacific/Auckland"), &json!("profile")));
    assert!(clock["local_time"].is_string(), "{clock}");
    let recent = super::shown(&agent, &format!("profile={}", profile(&ticket))).await;
    assert_eq!(recent, super::these(&[&ticket, &mail]), "recent activity: their tickets");
    let history = agent.get(&format!("{path}/consent")).await.expect(200);
    assert_eq!(history["data"][0]["state"], "subscribed", "and what they agreed to, with when and how");
    assert!(history["data"][0]["at"].is_string() && history["data"][0]["source"].is_string());
}

async fn f4_a_ticket_says_number_assignee_time_channel_tags_and_status(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, me) = colleague(&world, "Maya", "support").await;
    let first = texts(&world, PHONE, "hello").await;
    let second = mails(&world, ANNA, "Sizes", "do they run small?").await;
    assert_eq!((&first["channel"], &second["channel"]), (&json!("sms"), &json!("email")));
    let number = |ticket: &Value| ticket["number"].as_i64().expect("a number");
    assert_eq!(number(&second), number(&first) + 1);
    assert_eq!(
        (&second["status"], &second["assignee"], &second["tags"]),
        (&json!("open"), &Value::Null, &json!([]))
    );
    let created = first["created_at"].clone();
    assert!(created.is_string());
    let change = json!({"assignee_id": me, "tags": ["VIP", "sizes"], "status": "closed"});
    maya.change(&id(&first), change).await;
    let now = maya.ticket(&id(&first)).await;
    assert_eq!((&now["assignee"]["id"], &now["assignee"]["name"]), (&json!(me), &json!("Maya")));
    assert_eq!((&now["tags"], &now["status"]), (&json!(["sizes", "vip"]), &json!("closed")));
    assert_eq!((&now["created_at"], &now["number"]), (&created, &first["number"]), "these never change");
    let listed = maya.get("/tags").await.expect(200);
    let listed: Vec<_> = listed["data"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    assert_eq!(listed, ["sizes", "vip"], "what was typed is offered from then on");
}

in_both_shapes!(
    f1_the_newest_fifty_with_what_robots_wrote_and_older_ones_behind_them,
    f2_files_of_a_mail_are_shown_and_ours_go_out_with_the_answer,
    f3_beside_a_ticket_stands_what_is_known_of_the_person,
    f4_a_ticket_says_number_assignee_time_channel_tags_and_status,
);
