use axum::http::HeaderMap;
use host::config::SmsNumber;
use serde_json::json;
use web::signature::{base64, hmac_sha256};

use super::*;
use crate::providers::{fixtures, vectors};

const OURS: &str = "0199e0aa-0000-7000-8000-000000000001";

fn lines() -> Lines {
    let numbers = json!([
        {"number": "+15550001111", "provider": "sinch", "credentials":
            {"service_plan_id": "plan1", "signing_key": "new", "signing_key_previous": "old", "webhook_secret": "leaked"}},
        {"number": "+15550002222", "provider": "sinch", "credentials":
            {"service_plan_id": "plan2", "webhook_secret": "long"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

fn read(
    query: &str,
    body: &[u8],
    signature: Option<String>,
    path_secret: Option<&str>,
) -> Result<Vec<Accepted>, Refusal> {
    let named = |name: &str, value: &str| (name.parse().unwrap(), value.parse().unwrap());
    let signed = signature.map(|signature| {
        [
            named("x-sinch-webhook-signature", &signature),
            named("x-sinch-webhook-signature-nonce", "01J"),
            named("x-sinch-webhook-signature-timestamp", "1736760161"),
            named("x-sinch-webhook-signature-algorithm", "HmacSHA256"),
        ]
    });
    let headers = signed.into_iter().flatten().collect::<HeaderMap>();
    let url = format!("https://desk.example.com/webhooks/sms/sinch{query}");
    let request =
        Request { method: "POST", url: &url, headers: &headers, body, path_secret, certificate: None };
    Sinch.read(&request, &lines(), Timestamp::from_millis(1_763_700_000_000))
}

fn signed(query: &str, body: &[u8], key: &str) -> Result<Vec<Accepted>, Refusal> {
    let code = hmac_sha256(key.as_bytes(), &[body, b".01J.1736760161"]);
    read(query, body, Some(base64(code)), None)
}

#[test]
fn payloads_as_sinch_sends_them() {
    fixtures::check("sinch", 10, |_, _, body| signed("", body, "new"));
}

#[test]
fn only_a_signature_proves_a_number_with_a_signing_key() {
    let to = |number: &str| {
        json!({"type": "mo_text", "id": "m1", "from": "15557654321", "to": number, "body": "hi"}).to_string()
    };
    let (first, second) = (to("15550001111"), to("15550002222"));
    assert!(signed("", first.as_bytes(), "new").is_ok() && signed("", first.as_bytes(), "old").is_ok());
    for found in [
        signed("", first.as_bytes(), "wrong"),
        signed("", first.as_bytes(), ""),
        read("", first.as_bytes(), None, None),
        read("", first.as_bytes(), None, Some("leaked")),
        read("", second.as_bytes(), None, Some("short")),
    ] {
        let unproven = matches!(&found, Err(Refusal::Unproven { external_id: Some(id), .. }) if id == "m1");
        assert!(unproven, "{found:?}");
    }
    let found = read("", second.as_bytes(), None, Some("long")).unwrap();
    assert!(matches!(&found[0], Accepted::Message(text) if text.account == "plan2"), "{found:?}");
    assert!(matches!(signed("", second.as_bytes(), "new"), Err(Refusal::UnknownNumber { .. })));
}

#[test]
fn a_signature_covers_body_nonce_and_time() {
    let body = br#"{"type":"mo_text","id":"m1","from":"1","to":"15550001111","body":"hi"}"#;
    let code = |text: &[u8]| Some(base64(hmac_sha256(b"new", &[text])));
    assert!(read("", body, code(&[body, &b".01J.1736760161"[..]].concat()), None).is_ok());
    for other in [&b".01K.1736760161"[..], b".01J.1736760162", b""] {
        let found = read("", body, code(&[body, other].concat()), None);
        assert!(matches!(found, Err(Refusal::Unproven { .. })), "{found:?}");
    }
}

#[test]
fn a_receipt_that_says_nothing_is_unreadable_but_a_text_is_held() {
    for body in [
        "",
        "{",
        r#"{"type":"delivery_report_sms","batch_id":"b1"}"#,
        r#"{"type":"recipient_delivery_report_sms","batch_id":"b1"}"#,
        r#"{"type":"recipient_delivery_report_sms","status":"Delivered"}"#,
    ] {
        let found = signed("", body.as_bytes(), "new");
        assert!(matches!(found, Err(Refusal::Unreadable(_))), "{body}: {found:?}");
    }
    for body in [
        r#"{"type":"mo_text"}"#,
        r#"{"type":"mo_text","id":"m 1","from":"1","to":"15550001111"}"#,
        r#"{"type":"mo_text","id":"m1","from":"1"}"#,
    ] {
        let found = signed("", body.as_bytes(), "new").unwrap();
        assert!(matches!(found[..], [Accepted::Unusable { .. }]), "{body}: {found:?}");
    }
}

#[test]
fn a_receipt_knows_our_message_by_the_address_too_and_no_word_is_lost() {
    for (word, status) in [
        ("Queued", Some(MessageStatus::Queued)),
        ("Dispatched", Some(MessageStatus::Sent)),
        ("Delivered", Some(MessageStatus::Delivered)),
        ("Unknown", Some(MessageStatus::Sent)),
        ("Aborted", Some(MessageStatus::Failed)),
        ("Cancelled", Some(MessageStatus::Failed)),
        ("Rejected", Some(MessageStatus::Failed)),
        ("Deleted", Some(MessageStatus::Failed)),
        ("Failed", Some(MessageStatus::Failed)),
        ("Expired", Some(MessageStatus::Failed)),
        ("Teleported", None),
    ] {
        let body =
            json!({"type": "recipient_delivery_report_sms", "batch_id": "b1", "status": word}).to_string();
        let found = signed(&format!("?message_id={OURS}"), body.as_bytes(), "new").unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!((receipt.raw_status.as_str(), receipt.status), (word, status));
        assert_eq!(receipt.error.is_some(), status == Some(MessageStatus::Failed), "{word}");
        assert_eq!(receipt.message_id, Some(OURS.parse().unwrap()));
    }
}

#[test]
fn every_vector_of_sinchs_libraries_is_judged_as_they_do() {
    let schemes = [
        vectors::of("sinch-hmac-sha256", 5),
        vectors::of("sinch-numbers-hmac-sha1", 2),
        vectors::of("sinch-application", 1),
    ];
    for vector in schemes.into_iter().flatten() {
        let credentials = json!({"application_id": vector.key.as_deref().unwrap_or("app")});
        let number = json!({"number": "+15550001111", "provider": "sinch", "credentials": credentials});
        let number: SmsNumber = serde_json::from_value(number).unwrap();
        vector.judge(|request| signature::check(request, &number, &vector.secret).is_ok());
        let with_another_key = vectors::Vector { expected_valid: false, ..vector.clone() };
        with_another_key.judge(|request| signature::check(request, &number, "another").is_ok());
    }
}

#[test]
fn application_signing_names_our_application() {
    for vector in vectors::of("sinch-application", 1) {
        let credentials = json!({"application_id": "somebody-elses"});
        let number = json!({"number": "+15550001111", "provider": "sinch", "credentials": credentials});
        let number: SmsNumber = serde_json::from_value(number).unwrap();
        let foreign = vectors::Vector { expected_valid: false, ..vector.clone() };
        foreign.judge(|request| signature::check(request, &number, &vector.secret).is_ok());
    }
}
