use axum::http::{HeaderMap, HeaderName};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json as value;

use super::{super::fixtures, *};

const URL: &str = "https://desk.example.com/webhooks/sms/telnyx";
const NOW: i64 = 1_795_262_400;

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn public(seed: u8) -> String {
    STANDARD.encode(pair(seed).public_key())
}

fn lines() -> Lines {
    let numbers = value!([
        {"number": "+15550001111", "provider": "telnyx",
         "credentials": {"api_key": "K", "public_key": public(1), "public_key_previous": public(2)}},
        {"number": "+15550002222", "provider": "telnyx",
         "credentials": {"api_key": "K", "public_key": public(1), "messaging_profile_id": "profile-of-the-pool"}},
        {"number": "+15550003333", "provider": "telnyx", "credentials": {"api_key": "K", "public_key": public(3)}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

fn read(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Vec<Accepted>, Refusal> {
    let named =
        headers.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
    let headers = named.collect::<HeaderMap>();
    let request =
        Request { method: "POST", url, headers: &headers, body, path_secret: None, certificate: None };
    Telnyx.read(&request, &lines(), Timestamp::from_millis(NOW * 1000))
}

/// A call as Telnyx signs it.
fn post(url: &str, body: &[u8], seed: u8, at: i64) -> Result<Vec<Accepted>, Refusal> {
    let at = at.to_string();
    let signature = STANDARD.encode(pair(seed).sign(&[at.as_bytes(), b"|", body].concat()));
    read(url, &[("telnyx-signature-ed25519", &signature), ("telnyx-timestamp", &at)], body)
}

fn text(to: &str) -> Vec<u8> {
    let payload = value!({"id": "m1", "from": {"phone_number": "+15557654321"}, "text": "hi",
        "to": [{"phone_number": to}]});
    value!({"data": {"event_type": "message.received", "payload": payload}}).to_string().into_bytes()
}

#[test]
fn payloads_as_telnyx_sends_them() {
    fixtures::check("telnyx", 14, |name, _, bytes| {
        let with_our_id = format!("{URL}?message_id=0199e0aa-0000-7000-8000-000000000002");
        post(if name == "status-delivered" { &with_our_id } else { URL }, bytes, 1, NOW)
    });
}

#[test]
fn what_is_not_signed_just_now_proves_nothing() {
    let unproven = |found: Result<Vec<Accepted>, Refusal>, says: &str| match found {
        Err(Refusal::Unproven { reason, external_id: Some(id) }) if id == "m1" => {
            assert!(reason.contains(says), "{reason}");
        }
        other => panic!("{other:?}"),
    };
    let body = text("+15550001111");
    assert!(post(URL, &body, 1, NOW - 300).is_ok() && post(URL, &body, 1, NOW + 300).is_ok());
    unproven(post(URL, &body, 1, NOW - 301), "compare the clocks");
    unproven(post(URL, &body, 1, NOW + 301), "compare the clocks");
    unproven(post(URL, &body, 9, NOW), "does not match");
    unproven(read(URL, &[], &body), "is missing");
    let at = NOW.to_string();
    unproven(read(URL, &[("telnyx-signature-ed25519", "AAAA")], &body), "telnyx-timestamp");
    for odd in ["AAAA", "", "§"].map(|odd| odd.replace('§', "!")) {
        let headers = [("telnyx-signature-ed25519", odd.as_str()), ("telnyx-timestamp", at.as_str())];
        unproven(read(URL, &headers, &body), "does not match");
    }
    let signature = STANDARD.encode(pair(1).sign(&[b"soon|", body.as_slice()].concat()));
    unproven(
        read(URL, &[("telnyx-signature-ed25519", &signature), ("telnyx-timestamp", "soon")], &body),
        "no time",
    );
}

#[test]
fn a_rotated_key_counts_and_one_account_cannot_speak_for_another() {
    assert!(post(URL, &text("+15550001111"), 2, NOW).is_ok());
    for (to, seed) in [("+15550003333", 1), ("+15550002222", 2), ("+15550009999", 1), ("", 1)] {
        let found = post(URL, &text(to), seed, NOW);
        assert!(matches!(&found, Err(Refusal::UnknownNumber { number, .. }) if number == to), "{found:?}");
    }
}

#[test]
fn a_key_that_is_none_says_so() {
    let numbers =
        value!([{"number": "+15550001111", "provider": "telnyx", "credentials": {"public_key": "§"}}]);
    let lines =
        Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") };
    let headers = [("telnyx-signature-ed25519", "AAAA"), ("telnyx-timestamp", "1")]
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
    let headers = headers.into_iter().collect::<HeaderMap>();
    let request = Request {
        method: "POST",
        url: URL,
        headers: &headers,
        body: b"{}",
        path_secret: None,
        certificate: None,
    };
    let found = Telnyx.read(&request, &lines, Timestamp::from_millis(0));
    assert!(
        matches!(&found, Err(Refusal::Unproven { reason, .. }) if reason.contains("public_key")),
        "{found:?}"
    );
}

#[test]
fn a_signed_call_that_says_nothing_is_unreadable() {
    for body in [
        "{",
        "[]",
        "{}",
        r#"{"data":{"event_type":"message.received"}}"#,
        r#"{"data":{"event_type":"message.received","payload":{"to":[{"phone_number":"+15550001111"}]}}}"#,
        r#"{"data":{"event_type":"message.finalized","payload":{"id":"a b"}}}"#,
    ] {
        let found = post(URL, body.as_bytes(), 1, NOW);
        assert!(matches!(found, Err(Refusal::Unreadable(_))), "{body}: {found:?}");
    }
}

#[test]
fn every_status_word_is_kept_and_unknown_ones_mean_nothing() {
    use MessageStatus::{Delivered, Failed, Queued, Sending, Sent};
    for (word, status) in [
        ("queued", Some(Queued)),
        ("sending", Some(Sending)),
        ("sent", Some(Sent)),
        ("delivery_unconfirmed", Some(Sent)),
        ("delivered", Some(Delivered)),
        ("expired", Some(Failed)),
        ("sending_failed", Some(Failed)),
        ("delivery_failed", Some(Failed)),
        ("teleported", None),
    ] {
        let payload =
            value!({"id": "m1", "from": {"phone_number": "+15550001111"}, "to": [{"status": word}]});
        let body = value!({"data": {"event_type": "message.finalized", "payload": payload}}).to_string();
        let found = post(URL, body.as_bytes(), 1, NOW).unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!((receipt.raw_status.as_str(), receipt.status), (word, status));
        assert_eq!(receipt.error.is_some(), status == Some(Failed), "{word}");
    }
}
