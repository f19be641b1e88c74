//! Numbers, mailboxes and sites set up in the console: all services take them over, and they outlast a restart.

use std::time::Duration;

use harness::{
    agent::{Agent, Answer},
    frontdesk::{PUBLIC_URL, Shape},
    mail::compose,
    visitor::{Page, Visitor},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    in_both_shapes,
    world::{ACCOUNT, INBOUND, NUMBER, World},
};

const NEW_NUMBER: &str = "+15550003333";
const NEW_INBOUND: &str = "hello@in.acme.example";
const PHONE: &str = "+15557770044";
const BLOG: &str = "https://blog.acme.example";

async fn put(agent: &Agent, path: &str, body: &Value) -> Answer {
    agent.send(agent.request(Method::PUT, path).json(body)).await
}

/// The status the carrier hears for a text to the new number; `None` while nobody answers.
async fn text(world: &World, body: &str, sid: &str) -> Option<u16> {
    let base = world.product.url("sms-ingest");
    world
        .twilio
        .text(&base, PUBLIC_URL, PHONE, NEW_NUMBER, body, sid)
        .await
        .ok()
        .map(|status| status.as_u16())
}

/// Within so long everybody has taken a change over.
const TAKEN_OVER: Duration = Duration::from_secs(40);

async fn what_is_set_up_in_the_console_takes_texts_mails_and_chats(shape: Shape) {
    let mut world = World::start(shape).await;
    let agent = world.agent();
    let number = json!({"provider": "twilio", "api_base": world.twilio.api_base(),
        "credentials": {"account_sid": ACCOUNT, "auth_token": "the auth token"}});
    let path = format!("/numbers/{NEW_NUMBER}");
    let set_up = put(&agent, &path, &number).await.expect(200);
    assert_eq!(
        (&set_up["owner"], &set_up["credentials"]),
        (&json!("console"), &json!(["account_sid", "auth_token"]))
    );
    let mailbox = json!({"inbound": NEW_INBOUND});
    put(&world.agent(), "/mailboxes/hello@acme.example", &mailbox).await.expect(200);
    put(&world.agent(), "/chat-sites/blog", &json!({"allowed_origins": [BLOG]})).await.expect(200);

    let product = &world.product;
    let asked = || async { (text(&world, "JOIN", "SM-console-1").await == Some(200)).then_some(()) };
    product.eventually_within(TAKEN_OVER, "the number is known", asked).await;
    let confirmed = world.twilio.message_with("subscribed", TAKEN_OVER).await.expect("the answer to JOIN");
    assert_eq!((confirmed.field("To"), confirmed.field("From")), (Some(PHONE), Some(NEW_NUMBER)));
    let raw = compose("anna@customer.example", "hello@acme.example", "A new mailbox", "Is it on?", &[]);
    let sent = || async {
        let reply = world.mail_server().send("anna@customer.example", NEW_INBOUND, &raw).await.ok()?;
        (reply.code == 250).then_some(())
    };
    product.eventually_within(TAKEN_OVER, "the mailbox is known", sent).await;
    let chatted = || async {
        let page = Page { base: world.product.url("web-chat"), site: "blog".into(), origin: BLOG.into() };
        let mut visitor = Visitor::arrive(&page).await.ok()?;
        visitor.say("hello from the blog").await.ok()
    };
    product.eventually_within(TAKEN_OVER, "the site is known", chatted).await;
    world.ticket_with("channel=email", "Is it on?").await;
    world.ticket_with("channel=chat", "hello from the blog").await;
    all_services_have_it(&world).await;
    commands_know_it(&world).await;

    world.product.stop_and_start().await;
    assert_eq!(text(&world, "after the restart", "SM-console-2").await, Some(200), "it outlasts a restart");
    world.ticket_with("channel=sms", "after the restart").await;
    world.agent().delete(&path).await.expect(204);
    let refused = || async { (text(&world, "gone", "SM-console-3").await? >= 400).then_some(()) };
    world.product.eventually_within(TAKEN_OVER, "the number is gone", refused).await;
}

async fn all_services_have_it(world: &World) {
    let live = || async {
        let page = world.agent().get("/numbers").await;
        let all = page.body["data"].as_array()?.clone();
        all.iter().all(|number| number["is_live"] == true).then_some(all)
    };
    let all = world.product.eventually_within(TAKEN_OVER, "all services have it", live).await;
    assert!(!json!(all).to_string().contains("the auth token"), "no secret is shown");
    let audit = world.agent().get("/audit?limit=50").await.expect(200).to_string();
    assert!(audit.contains(NEW_NUMBER) && !audit.contains("the auth token"), "no secret is in the audit log");
}

/// `doctor` examines it, `config` prints it, and neither prints a secret.
async fn commands_know_it(world: &World) {
    let (_, said, errors) = world.product.run(&["doctor"]).await;
    let listed =
        said.lines().find(|line| line.starts_with("ok   channels of the console: ")).unwrap_or_default();
    for name in [NEW_NUMBER, "hello@acme.example", "blog"] {
        assert!(listed.contains(name), "{name} in {said}{errors}");
    }
    assert!(said.contains(&format!("carrier of {NEW_NUMBER}: ")), "{said}");
    let (code, printed, errors) = world.product.run(&["config"]).await;
    assert!(code == 0 && printed.contains("# chat site blog is set up in the console"), "{printed}{errors}");
    assert!(printed.contains(NEW_INBOUND), "{printed}");
    for text in [said, printed, errors] {
        assert!(!text.contains("the auth token"), "no secret is printed: {text}");
    }
}

async fn what_the_file_gives_is_changed_there_and_wrong_input_is_told_by_field(shape: Shape) {
    let world = World::start(shape).await;
    let agent = world.agent();
    let number = json!({"provider": "sandbox"});
    let refused = put(&agent, &format!("/numbers/{NUMBER}"), &number).await;
    assert_eq!((refused.status, refused.code()), (409, "given_by_file"));
    assert_eq!(agent.delete(&format!("/numbers/{NUMBER}")).await.status, 409);
    let missing =
        put(&agent, &format!("/numbers/{NEW_NUMBER}"), &json!({"provider": "telnyx"})).await.expect(422);
    assert_eq!(missing["fields"]["credentials.api_key"], "telnyx needs it");
    let taken = put(&agent, "/mailboxes/hello@acme.example", &json!({"inbound": INBOUND})).await.expect(422);
    assert!(taken["fields"]["inbound"].is_string(), "{taken}");
    let file = json!({"provider": "sandbox", "credentials": {"webhook_secret_file": "/etc/hostname"}});
    let file = put(&agent, &format!("/numbers/{NEW_NUMBER}"), &file).await.expect(422);
    assert!(file["fields"]["credentials.webhook_secret_file"].is_string(), "{file}");
    let site = json!({"allowed_origins": [BLOG]});
    let add = async || {
        let asked = agent.request(Method::PUT, "/chat-sites/news").header("if-none-match", "*");
        agent.send(asked.json(&site)).await
    };
    add().await.expect(200);
    let second = add().await;
    assert_eq!((second.status, second.code()), (412, "already_set_up"), "somebody else added it meanwhile");
    let origins = json!({"allowed_origins": ["shop.example/path"]});
    put(&agent, "/chat-sites/blog", &origins).await.expect(422);
    assert_eq!(
        agent.get("/numbers").await.expect(200)["data"].as_array().map(Vec::len),
        Some(1),
        "nothing is kept"
    );
}

in_both_shapes!(
    what_is_set_up_in_the_console_takes_texts_mails_and_chats,
    what_the_file_gives_is_changed_there_and_wrong_input_is_told_by_field,
);
