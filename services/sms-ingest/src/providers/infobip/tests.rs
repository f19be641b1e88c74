use axum::http::HeaderMap;
use serde_json::json;

use super::*;
use crate::providers::fixtures;

const URL: &str = "https://desk.example.com/webhooks/sms/infobip";
const OURS: &str = "0199e0aa-0000-7000-8000-000000000001";

fn lines() -> Lines {
    let numbers = json!([
        {"number": "+15550001111", "provider": "infobip",
         "credentials": {"api_key": "k", "webhook_secret": "long", "webhook_secret_previous": "old"}},
        {"number": "+15550002222", "provider": "infobip",
         "credentials": {"api_key": "k2", "webhook_user": "fd", "webhook_password": "pass"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

fn read(url: &str, body: &[u8], path_secret: Option<&str>) -> Result<Vec<Accepted>, Refusal> {
    let headers = HeaderMap::new();
    let request = Request { method: "POST", url, headers: &headers, body, path_secret, certificate: None };
    Infobip.read(&request, &lines(), Timestamp::from_millis(1_763_700_000_000))
}

#[test]
fn payloads_as_infobip_sends_them() {
    fixtures::check("infobip", 6, |_, _, body| read(URL, body, Some("long")));
}

#[test]
fn without_the_secret_nothing_is_proven() {
    let body = br#"{"results":[{"messageId":"m1","from":"1","to":"15550001111","text":"hi"}]}"#;
    for secret in [None, Some(""), Some("short")] {
        let found = read(URL, body, secret);
        assert!(
            matches!(&found, Err(Refusal::Unproven { external_id: Some(id), .. }) if id == "m1"),
            "{found:?}"
        );
    }
    assert!(read(URL, body, Some("old")).is_ok(), "the secret before still counts");
}

#[test]
fn the_secret_of_one_number_does_not_speak_for_another() {
    let body = br#"{"results":[{"messageId":"m1","from":"1","to":"15550002222","text":"hi"}]}"#;
    assert!(matches!(read(URL, body, Some("long")), Err(Refusal::UnknownNumber { .. })));
    let headers = [("authorization".parse().unwrap(), "Basic ZmQ6cGFzcw==".parse().unwrap())];
    let headers = headers.into_iter().collect::<HeaderMap>();
    let request =
        Request { method: "POST", url: URL, headers: &headers, body, path_secret: None, certificate: None };
    let found = Infobip.read(&request, &lines(), Timestamp::from_millis(0)).unwrap();
    assert!(matches!(&found[0], Accepted::Message(text) if text.to.as_str() == "+15550002222"), "{found:?}");
}

#[test]
fn what_is_no_batch_is_unreadable_and_an_empty_one_is_nothing() {
    for body in ["", "{", "{}", "[]", "5", "{\"results\":5}", "{\"results\":null}"] {
        let found = read(URL, body.as_bytes(), Some("long"));
        assert!(matches!(found, Err(Refusal::Unreadable(_))), "{body}: {found:?}");
    }
    assert_eq!(read(URL, b"{\"results\":[]}", Some("long")), Ok(vec![]));
}

#[test]
fn a_receipt_knows_our_message_by_what_is_echoed_or_by_the_address() {
    let of = |url: &str, id: &str, echoed: &str| {
        let item = json!({"messageId": id, "callbackData": echoed, "status": {"name": "DELIVERED_TO_HANDSET", "groupId": 3}});
        let found = read(url, json!({ "results": [item] }).to_string().as_bytes(), Some("long")).unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!(receipt.status, Some(MessageStatus::Delivered));
        receipt.message_id.map(|id| id.to_string())
    };
    let ours = Some(OURS.to_owned());
    assert_eq!(of(URL, "m1", OURS), ours);
    assert_eq!(of(URL, OURS, ""), ours);
    assert_eq!(of(&format!("{URL}?message_id={OURS}"), "m1", "theirs"), ours);
    assert_eq!(of(URL, "m1", "theirs"), None);
}

#[test]
fn every_group_has_its_meaning_and_an_opt_out_is_one() {
    for (group, word, status) in [
        ("PENDING", "PENDING_ACCEPTED", Some(MessageStatus::Queued)),
        ("PENDING", "PENDING_WAITING_DELIVERY", Some(MessageStatus::Sent)),
        ("1", "X", Some(MessageStatus::Queued)),
        ("DELIVERED", "DELIVERED_TO_OPERATOR", Some(MessageStatus::Sent)),
        ("DELIVERED", "DELIVERED_TO_HANDSET", Some(MessageStatus::Delivered)),
        ("EXPIRED", "EXPIRED_EXPIRED", Some(MessageStatus::Failed)),
        ("EXPIRED", "EXPIRED_DLR_UNKNOWN", Some(MessageStatus::Sent)),
        ("REJECTED", "REJECTED_NETWORK", Some(MessageStatus::Failed)),
        ("2", "X", Some(MessageStatus::Failed)),
        ("", "X", None),
    ] {
        assert_eq!(meaning(group, word), status, "{group} {word}");
    }
    let item = json!({"messageId": "m1", "status": {"groupId": 5, "name": "REJECTED_USER_OPTED_OUT"}});
    let found = read(URL, json!({ "results": [item] }).to_string().as_bytes(), Some("long")).unwrap();
    let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
    assert!(receipt.opted_out && receipt.error.is_some());
}
