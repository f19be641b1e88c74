use axum::http::HeaderMap;
use serde_json::json;

use super::*;
use crate::providers::fixtures;

const OURS: &str = "0199e0aa-0000-7000-8000-000000000001";

fn lines() -> Lines {
    let credentials = json!({"account_id": "9900012", "webhook_user": "fd", "webhook_password": "pass"});
    let numbers = json!([
        {"number": "+15550001111", "provider": "bandwidth", "credentials": credentials},
        {"number": "+15550002222", "provider": "bandwidth", "credentials": credentials},
        {"number": "+15550003333", "provider": "bandwidth", "credentials": {"webhook_secret": "other"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

fn read(query: &str, body: &[u8], authorization: &str) -> Result<Vec<Accepted>, Refusal> {
    let headers = [("authorization".parse().unwrap(), authorization.parse().unwrap())];
    let headers = headers.into_iter().collect::<HeaderMap>();
    let url = format!("https://desk.example.com/webhooks/sms/bandwidth{query}");
    let request =
        Request { method: "POST", url: &url, headers: &headers, body, path_secret: None, certificate: None };
    Bandwidth.read(&request, &lines(), Timestamp::from_millis(1_763_700_000_000))
}

fn proven(query: &str, body: &[u8]) -> Result<Vec<Accepted>, Refusal> {
    read(query, body, "Basic ZmQ6cGFzcw==")
}

#[test]
fn payloads_as_bandwidth_sends_them() {
    fixtures::check("bandwidth", 6, |_, _, body| proven("", body));
}

#[test]
fn without_the_password_nothing_is_proven() {
    let body =
        br#"[{"type":"message-received","to":"+15550001111","message":{"id":"m1","from":"+15557654321"}}]"#;
    for wrong in ["", "Basic ZmQ6eA==", "Bearer ZmQ6cGFzcw=="] {
        let found = read("", body, wrong);
        assert!(
            matches!(&found, Err(Refusal::Unproven { external_id: Some(id), .. }) if id == "m1"),
            "{found:?}"
        );
    }
    assert!(proven("", body).is_ok());
    let elsewhere = String::from_utf8_lossy(body).replace("0001111", "0003333");
    assert!(matches!(proven("", elsewhere.as_bytes()), Err(Refusal::UnknownNumber { .. })));
}

#[test]
fn what_is_no_event_is_unreadable_and_what_is_new_is_ignored() {
    for body in ["", "[", "5", "\"x\""] {
        assert!(matches!(proven("", body.as_bytes()), Err(Refusal::Unreadable(_))), "{body}");
    }
    assert_eq!(proven("", b"[]"), Ok(vec![]));
    assert_eq!(proven("", br#"[{"type":"location-response"}]"#), Ok(vec![Accepted::Ignored]));
}

#[test]
fn a_receipt_knows_our_message_by_its_tag_or_by_the_address() {
    let of = |query: &str, tag: &str| {
        let event = json!([{"type": "message-delivered", "message": {"id": "o1", "tag": tag}}]);
        let found = proven(query, event.to_string().as_bytes()).unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!((receipt.account.as_str(), receipt.external_id.as_str()), ("9900012", "o1"));
        receipt.message_id.map(|id| id.to_string())
    };
    assert_eq!(of("", OURS).as_deref(), Some(OURS));
    assert_eq!(of(&format!("?message_id={OURS}"), "").as_deref(), Some(OURS));
    assert_eq!(of("", "theirs"), None);
}

#[test]
fn every_event_has_its_meaning() {
    for (word, code, status) in [
        ("message-sending", None, Some(MessageStatus::Sending)),
        ("message-sent", None, Some(MessageStatus::Sent)),
        ("message-delivered", None, Some(MessageStatus::Delivered)),
        ("message-read", None, Some(MessageStatus::Read)),
        ("message-failed", Some("4720"), Some(MessageStatus::Failed)),
        ("message-failed", None, Some(MessageStatus::Failed)),
        ("message-failed", Some("9902"), Some(MessageStatus::Sent)),
        ("message-teleported", None, None),
    ] {
        assert_eq!(meaning(word, code), status, "{word} {code:?}");
    }
}
