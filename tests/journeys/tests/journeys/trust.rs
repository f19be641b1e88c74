//! Whether the sender of a mail is who it says, by the DNS of a name server of ours: signed, forged, forwarded with broken
//! SPF, changed by a forwarder that seals (ARC), and while the DNS is away. Every one of them is a ticket.

use std::time::Duration;

use domain::Timestamp;
use harness::{
    dns::{Mood, NameServer},
    frontdesk::Shape,
    mail::compose,
};
use host::{Secret, config::DkimKey};
use mail_auth::{
    ArcOutput, AuthenticatedMessage, AuthenticationResults, DkimOutput,
    arc::ArcSealer,
    common::{
        crypto::{RsaKey, Sha256},
        headers::HeaderWriter,
    },
};
use notifier::dkim::Signer;
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};

use crate::{
    in_both_shapes,
    world::{INBOUND, MAILBOX, World},
};

const ANNA: &str = "anna@customer.example";
/// The key of everybody in these stories.
const KEY: &str = include_str!("../../../../services/notifier/fixtures/dkim/rsa-pkcs8.pem");
/// The company's mail server, which forwards: not one of the customer's.
const FORWARDER: &str = "198.51.100.7";

/// Work that died with its process is given to another one after the broker waited for it.
const AFTER_A_KILL: Duration = Duration::from_secs(200);

fn signer(domain: &str) -> Signer {
    let key = DkimKey { domain: domain.into(), selector: "s1".into(), key: Secret::new(KEY) };
    Signer::new(&key).expect("a key")
}

/// A customer who publishes everything, a forwarder, and a mail service that seals.
pub async fn dns() -> NameServer {
    let dns = NameServer::start().await.expect("a name server");
    for domain in ["customer.example", "google.com"] {
        let signer = signer(domain);
        dns.txt(&signer.record_name(), &signer.record());
    }
    dns.txt("customer.example", "v=spf1 ip4:192.0.2.1 -all");
    dns.txt("_dmarc.customer.example", "v=DMARC1; p=reject");
    dns.txt("forwarder.example", "v=spf1 ip4:198.51.100.7 -all");
    dns
}

/// The product, which asks it.
pub async fn world(shape: Shape, dns: &NameServer) -> World {
    let env = [
        ("FRONTDESK_DNS__SERVERS", format!("[\"{}\"]", dns.address())),
        ("FRONTDESK_DNS__TIMEOUT_SECONDS", "2".to_owned()),
        ("FRONTDESK_SMTP__TRUSTED_PEERS", "[\"127.0.0.1\"]".to_owned()),
    ];
    World::start_with(shape, env.map(|(name, value)| (name.to_owned(), value)).into()).await
}

fn written(text: &str) -> Vec<u8> {
    compose(&format!("Anna <{ANNA}>"), MAILBOX, "My order", text, &[])
}

/// A mail with the signature of a domain.
pub fn signed_by(domain: &str, raw: &[u8]) -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let now = Timestamp::from_millis(i64::try_from(now.as_millis()).expect("a time"));
    let signature = signer(domain).sign(raw, now).expect("signed");
    [signature.as_bytes(), raw].concat()
}

fn signed(text: &str) -> Vec<u8> {
    signed_by("customer.example", &written(text))
}

/// A signed mail as it leaves a forwarder that adds a line to it, and seals what it found before.
fn changed_and_sealed(text: &str, sealer: &str) -> Vec<u8> {
    let original = signed(text);
    let changed = [&original[..], b"-- \r\nscanned by the forwarder\r\n"].concat();
    let before = AuthenticatedMessage::parse(&original).expect("a mail");
    let good = [DkimOutput::pass().with_signature(&before.dkim_headers[0].header)];
    let found = AuthenticationResults::new("mx.google.com").with_dkim_results(&good, ANNA);
    let after = AuthenticatedMessage::parse(&changed).expect("a mail");
    let der = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).expect("PEM");
    let key = RsaKey::<Sha256>::from_key_der(der).expect("a key");
    let sealing = ArcSealer::from_key(key).domain(sealer).selector("s1");
    let sealing = sealing.headers(["From", "To", "Subject", "DKIM-Signature"]);
    let seal = sealing.seal(&after, &found, &ArcOutput::default()).expect("sealed");
    [seal.to_header().as_bytes(), &changed].concat()
}

/// Brings a mail as the company's mail server does, with the envelope of a forward.
pub async fn forwarded(world: &World, raw: &[u8]) {
    let mut session = world.mail_server().session().await.expect("a session");
    session.command("EHLO relay").await.expect("a reply");
    let spoken = session.command(&format!("XCLIENT ADDR={FORWARDER} HELO=forwarder.example")).await;
    assert_eq!(spoken.expect("a reply").code, 220);
    let from = "SRS0=x=y=customer.example=anna@forwarder.example";
    let reply = session.deliver(from, &[INBOUND], raw).await.expect("a reply");
    assert_eq!(reply.code, 250, "no answer of the DNS costs a mail: {reply:?}");
}

/// What the mail with that text shows of its sender now.
async fn shown(world: &World, text: &str) -> Value {
    for ticket in world.tickets("channel=email").await {
        let all = world.messages(&ticket).await;
        let of_it = |m: &&Value| m["text"].as_str().is_some_and(|shown| shown.starts_with(text));
        if let Some(mail) = all.iter().find(of_it) {
            return mail["mail"]["trust"].clone();
        }
    }
    Value::Null
}

/// The same, once its mark is this one.
async fn marked(world: &World, text: &str, mark: &str) -> Value {
    let found = async || Some(shown(world, text).await).filter(|trust| trust["mark"] == mark);
    world.product.eventually(&format!("{text:?} marked as {mark}"), found).await
}

async fn a_signed_mail_is_believed_and_a_forged_one_is_not(shape: Shape) {
    let dns = dns().await;
    let world = world(shape, &dns).await;
    forwarded(&world, &signed("signed by Anna")).await;
    let trust = marked(&world, "signed by Anna", "good").await;
    assert_eq!(trust["domain"], "customer.example");
    let said =
        |trust: &Value| [&trust["spf"], &trust["dkim"], &trust["dmarc"], &trust["arc"]].map(Clone::clone);
    // The envelope is the forwarder's: its SPF says nothing of Anna.
    assert_eq!(said(&trust), [json!("none"), json!("pass"), json!("pass"), json!("none")]);

    forwarded(&world, &written("not by Anna at all")).await;
    let trust = marked(&world, "not by Anna at all", "doubtful").await;
    assert_eq!((&trust["dmarc"], &trust["domain"]), (&json!("fail"), &Value::Null));
    let tampered = String::from_utf8(signed("pay to IBAN 1")).expect("text").replace("IBAN 1", "IBAN 2");
    forwarded(&world, tampered.as_bytes()).await;
    let trust = marked(&world, "pay to IBAN 2", "doubtful").await;
    assert!(trust["reasons"].to_string().contains("does not fit"), "{trust}");

    forwarded(&world, &changed_and_sealed("by way of Google", "google.com")).await;
    let trust = marked(&world, "by way of Google", "good").await;
    assert_eq!((&trust["arc"], &trust["domain"]), (&json!("pass"), &json!("customer.example")));
    forwarded(&world, &[b"X-Spam-Flag: YES\r\n", &signed("cheap watches")[..]].concat()).await;
    let trust = marked(&world, "cheap watches", "doubtful").await;
    assert!(trust["reasons"][0].as_str().expect("a reason").contains("spam"), "{trust}");
    assert_eq!(world.tickets("channel=email").await.len(), 5, "each is a ticket");
}

/// The forwarder keeps the envelope, so that SPF asks the customer about a server that is not theirs.
async fn broken_spf_costs_a_signed_mail_nothing(shape: Shape) {
    let dns = dns().await;
    let world = world(shape, &dns).await;
    let mut session = world.mail_server().session().await.expect("a session");
    session.command("EHLO relay").await.expect("a reply");
    session.command(&format!("XCLIENT ADDR={FORWARDER} HELO=forwarder.example")).await.expect("a reply");
    let reply = session.deliver(ANNA, &[INBOUND], &signed("with my own envelope")).await.expect("a reply");
    assert_eq!(reply.code, 250, "{reply:?}");
    let trust = marked(&world, "with my own envelope", "good").await;
    assert_eq!((&trust["spf"], &trust["dkim"]), (&json!("fail"), &json!("pass")));
}

async fn while_the_dns_is_away_a_mail_is_a_ticket_and_judged_later(shape: Shape) {
    let dns = dns().await;
    let mut world = world(shape, &dns).await;
    dns.set(Mood::Failing);
    forwarded(&world, &signed("while it fails")).await;
    let trust = marked(&world, "while it fails", "unknown").await;
    assert!(trust["reasons"][0].as_str().expect("a reason").contains("DNS"), "{trust}");
    dns.set(Mood::Silent);
    forwarded(&world, &signed("while it says nothing")).await;
    world.ticket_with("channel=email", "while it says nothing").await;
    match shape {
        Shape::Embedded => world.product.kill_and_restart("up", 0).await,
        Shape::Cluster { .. } => {
            for (role, replica) in [("email-ingest", 0), ("ticketing", 1), ("email-ingest", 1)] {
                world.product.kill_and_restart(role, replica).await;
            }
        }
    }
    dns.set(Mood::Well);
    for text in ["while it fails", "while it says nothing"] {
        let patience = tokio::time::Instant::now() + AFTER_A_KILL;
        while shown(&world, text).await["mark"] != "good" {
            assert!(tokio::time::Instant::now() < patience, "{text}: {}", world.product.logs());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

in_both_shapes!(
    a_signed_mail_is_believed_and_a_forged_one_is_not,
    broken_spf_costs_a_signed_mail_nothing,
    while_the_dns_is_away_a_mail_is_a_ticket_and_judged_later,
);
