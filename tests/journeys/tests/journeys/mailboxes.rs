//! Setting up a mailbox: Gmail asks before it forwards, and a trial mail goes out by the relay, to the public address, and
//! back through the forward.

use std::time::Duration;

use harness::frontdesk::Shape;
use serde_json::{Value, json};

use crate::{
    in_both_shapes, trust,
    world::{INBOUND, MAILBOX, World},
};

const GMAIL: &str = "forwarding-noreply@google.com";
const LINK: &str = "https://mail-settings.google.com/mail/vf-%5BANGjdJ8%5D-abc";

async fn mailbox(world: &World) -> Value {
    world.agent().get("/mailboxes").await.expect(200)["data"][0].clone()
}

/// The mailbox, once that is so.
async fn once(world: &World, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let found = async || Some(mailbox(world).await).filter(&is_so);
    world.product.eventually(what, found).await
}

fn confirmation(from: &str, code: &str) -> Vec<u8> {
    let text = format!(
        "owner@acme.example has requested to automatically forward mail to your email\naddress {INBOUND}.\n\
         Confirmation code: {code}\n\nplease click the link below to confirm the request:\n\n{LINK}\n"
    );
    let subject = format!("(#{code}) Gmail Forwarding Confirmation - Receive Mail from owner@acme.example");
    harness::mail::compose(&format!("Gmail Team <{from}>"), INBOUND, &subject, &text, &[])
}

/// On a busy machine the DNS may answer too late at first.
fn is_known(trust: &Value) -> bool {
    trust.is_object() && trust["mark"] != "unknown"
}

async fn gmails_confirmation_is_shown_with_its_mailbox(shape: Shape) {
    let dns = trust::dns().await;
    dns.txt("_dmarc.google.com", "v=DMARC1; p=reject");
    let world = trust::world(shape, &dns).await;
    trust::forwarded(&world, &trust::signed_by("google.com", &confirmation(GMAIL, "567890123"))).await;
    let judged = |shown: &Value| is_known(&shown["confirmations"][0]["trust"]);
    let shown = once(&world, "a confirmation, judged", judged).await;
    let first = &shown["confirmations"][0];
    assert_eq!((&first["code"], &first["link"]), (&json!("567890123"), &json!(LINK)));
    assert_eq!(
        (&first["requested_by"], &first["trust"]["mark"]),
        (&json!("owner@acme.example"), &json!("good"))
    );
    assert!(first["received_at"].is_string() && world.tickets("channel=email").await.is_empty());

    trust::forwarded(&world, &confirmation(GMAIL, "111111111")).await;
    // last: it crowds nobody out
    let forged = |shown: &Value| shown["confirmations"][1]["trust"]["mark"] == "doubtful";
    let shown = once(&world, "a forged one, judged", forged).await;
    assert_eq!(
        (&shown["confirmations"][1]["link"], &shown["confirmations"][1]["code"]),
        (&Value::Null, &Value::Null)
    );

    trust::forwarded(&world, &confirmation("forwarding-noreply@google.example", "222222222")).await;
    let ordinary = async || world.tickets("channel=email").await.into_iter().next();
    let ticket = world.product.eventually("an ordinary mail", ordinary).await;
    assert!(ticket["subject"].as_str().expect("a subject").contains("222222222"));
    assert_eq!(mailbox(&world).await["confirmations"].as_array().expect("a list").len(), 2);
}

async fn a_trial_mail_goes_all_the_way_round(shape: Shape) {
    let dns = trust::dns().await;
    let world = trust::world(shape, &dns).await;
    let path = format!("/mailboxes/{MAILBOX}/trial");
    let trial = world.agent().post(&path, json!({})).await.expect(202);
    let mail = world.relay.mail_with("frontdesk-trial", Duration::from_secs(20)).await.expect("a mail");
    assert_eq!(mail.to, [MAILBOX], "to the public address");
    once(&world, "that the relay has it", |shown| shown["trial"]["status"] == "sent").await;
    // the forward of that address
    trust::forwarded(&world, &mail.raw).await;
    let back =
        once(&world, "the trial mail back and judged", |shown| is_known(&shown["trial"]["trust"])).await;
    let came = &back["trial"];
    assert_eq!((&came["id"], &came["threaded"]), (&trial["id"], &json!(true)));
    assert!(came["arrived_at"].is_string() && came["trust"]["mark"] == "neutral", "{came}");
    assert!(world.tickets("channel=email").await.is_empty(), "it is nobody's mail");

    let reply = world
        .mail_server()
        .send(
            "",
            &mail.from,
            b"From: mailer-daemon@acme.example\r\nTo: x\r\n\
        Subject: Undeliverable\r\nAuto-Submitted: auto-replied\r\n\r\n550 5.7.520 external forwarding\r\n",
        )
        .await;
    assert_eq!(reply.expect("a reply").code, 250);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(mailbox(&world).await["trial"]["status"], "sent", "what came back did not bounce");
}

in_both_shapes!(gmails_confirmation_is_shown_with_its_mailbox, a_trial_mail_goes_all_the_way_round);
