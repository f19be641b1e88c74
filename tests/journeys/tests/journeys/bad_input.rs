//! What bad input gets: a clear answer, and nothing is lost.

use harness::{
    frontdesk::{API_KEY, PUBLIC_URL, Shape},
    mail::compose,
    twilio::{signature, text_form},
    visitor::{Page, Refused, Visitor},
};

use crate::{
    in_both_shapes,
    world::{ACCOUNT, INBOUND, MAILBOX, NUMBER, World},
};

async fn odd_webhooks_are_answered_clearly_and_a_forged_one_is_held(shape: Shape) {
    let world = World::start(shape).await;
    let client = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", world.product.url("sms-ingest"));
    let form = text_form(ACCOUNT, "+15557770003", NUMBER, "let me in", "SM1");

    let forged =
        client.post(url("/webhooks/sms/twilio")).form(&form).header("x-twilio-signature", "AAAA").send();
    assert_eq!(forged.await.expect("an answer").status(), 403, "a wrong signature");
    let unsigned = client.post(url("/webhooks/sms/twilio")).form(&form).send().await.expect("an answer");
    assert_eq!(unsigned.status(), 403, "no signature");
    assert_eq!(unsigned.headers()["content-type"], "application/problem+json");
    let unknown = client.post(url("/webhooks/sms/nobody")).form(&form).send().await.expect("an answer");
    assert_eq!(unknown.status(), 404, "an unknown provider");
    let huge = vec![("Body".to_owned(), "x".repeat(2_000_000))];
    let huge = client.post(url("/webhooks/sms/twilio")).form(&huge).send().await.expect("an answer");
    assert_eq!(huge.status(), 413, "too large");

    let elsewhere = text_form(ACCOUNT, "+15557770003", "+15559999999", "wrong number", "SM2");
    let signed = signature("the auth token", &format!("{PUBLIC_URL}/webhooks/sms/twilio"), &elsewhere);
    let elsewhere =
        client.post(url("/webhooks/sms/twilio")).form(&elsewhere).header("x-twilio-signature", signed);
    assert_eq!(elsewhere.send().await.expect("an answer").status(), 404, "a number that is not ours");

    world
        .product
        .eventually("the forged text in the ledger", async || {
            let held = world.agent().get("/ledger?state=held&channel=sms").await.expect(200);
            held["data"].as_array()?.iter().find(|row| row["external_id"] == "SM1").map(|_| ())
        })
        .await;
    assert!(world.tickets("channel=sms").await.is_empty(), "none of them became a ticket");
}

async fn odd_mail_is_refused_clearly_at_the_door(shape: Shape) {
    let world = World::start(shape).await;
    let server = world.mail_server();
    let mail = compose("carl@customer.example", MAILBOX, "Hello", "hello", &[]);
    let unknown =
        server.send("carl@customer.example", "nobody@in.acme.example", &mail).await.expect("a reply");
    assert_eq!(unknown.code, 550, "{unknown:?}");
    let tagged =
        server.send("carl@customer.example", "support+tag@in.acme.example", &mail).await.expect("a reply");
    assert_eq!(tagged.code, 250, "{tagged:?} (also with +token: {INBOUND})");
    let huge = compose(
        "carl@customer.example",
        MAILBOX,
        "Huge",
        &format!("{}\r\n", "x".repeat(998)).repeat(28_000),
        &[],
    );
    let huge = server.send("carl@customer.example", INBOUND, &huge).await.expect("a reply");
    assert_eq!(huge.code, 552, "{huge:?}");
    let odd = b"this is not really a mail\r\n";
    let odd = server.send("carl@customer.example", INBOUND, odd).await.expect("a reply");
    assert_eq!(odd.code, 250, "{odd:?}: no mail is refused because it is odd");
    world.ticket_with("channel=email", "hello").await;
}

async fn the_widget_and_the_api_ask_who_is_there(shape: Shape) {
    let world = World::start(shape).await;
    let stranger = Page { origin: "https://evil.example".into(), ..world.page() };
    assert!(matches!(Visitor::connect(&stranger).await, Err(Refused::Status(403))));
    let nowhere = Page { site: "nowhere".into(), ..world.page() };
    assert!(matches!(Visitor::connect(&nowhere).await, Err(Refused::Status(404))));

    let client = reqwest::Client::new();
    let base = world.product.url("inbox");
    for path in ["/api/v1/tickets", "/api/v1/live", "/api/v1/settings", "/api/v1/ledger"] {
        let answer = client.get(format!("{base}{path}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "{path} without a key");
        let answer =
            client.get(format!("{base}{path}")).bearer_auth("fd_wrong").send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "{path} with a wrong key");
    }
    let broken = client.patch(format!("{base}/api/v1/settings")).bearer_auth(API_KEY);
    let broken = broken.header("content-type", "application/json").body("{").send().await.expect("an answer");
    assert_eq!(broken.status(), 400, "a body that is no JSON");
}

in_both_shapes!(
    odd_webhooks_are_answered_clearly_and_a_forged_one_is_held,
    odd_mail_is_refused_clearly_at_the_door,
    the_widget_and_the_api_ask_who_is_there,
);
