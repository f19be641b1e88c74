use axum::http::{HeaderMap, HeaderName};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::MessageStatus;
use serde_json::{Value, json as value};
use web::signature::{base64, hex, hmac_sha256, hmac_sha512, sha256};

use super::{super::fixtures, *};

const URL: &str = "https://desk.example.com/webhooks/sms/messagebird";
const NOW: i64 = 1_795_262_400;

fn lines() -> Lines {
    let numbers = value!([
        {"number": "+15550001111", "provider": "messagebird", "credentials": {"api_key": "live", "signing_key": "key",
            "signing_key_previous": "old", "workspace_id": "w1", "channel_id": "614208aa-b153-4d5d-9989-2fddfc0ce4c3"}},
        {"number": "70770", "provider": "messagebird", "credentials": {"api_key": "live", "signing_key": "key"}},
        {"number": "+15550003333", "provider": "messagebird", "credentials": {"api_key": "l", "signing_key": "other"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

fn read(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Vec<Accepted>, Refusal> {
    let named =
        headers.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
    let headers = named.collect::<HeaderMap>();
    let request = Request { method, url, headers: &headers, body, path_secret: None, certificate: None };
    Messagebird.read(&request, &lines(), Timestamp::from_millis(NOW * 1000))
}

fn token(claims: &Value, key: &str) -> String {
    let [header, claims] =
        [value!({"alg": "HS512"}), claims.clone()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signature = hmac_sha512(key.as_bytes(), &[format!("{header}.{claims}").as_bytes()]);
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims(url: &str, body: &[u8]) -> Value {
    let mut claims = value!({"iss": "MessageBird", "nbf": NOW, "exp": NOW + 60, "jti": "j", "url_hash": hex(sha256(url.as_bytes()))});
    if !body.is_empty() {
        claims["payload_hash"] = value!(hex(sha256(body)));
    }
    claims
}

/// A call as MessageBird signs it.
fn signed(method: &str, url: &str, body: &[u8], key: &str) -> Result<Vec<Accepted>, Refusal> {
    read(method, url, &[("messagebird-signature-jwt", &token(&claims(url, body), key))], body)
}

/// An event as Bird signs it.
fn bird(body: &[u8], key: &str) -> Result<Vec<Accepted>, Refusal> {
    let at = NOW.to_string();
    let text = [format!("{at}\n{URL}\n").as_bytes(), &sha256(body)].concat();
    let code = base64(hmac_sha256(key.as_bytes(), &[&text]));
    read("POST", URL, &[("messagebird-signature", &code), ("messagebird-request-timestamp", &at)], body)
}

const TEXT: &str = "id=m1&recipient=15550001111&originator=15557654321&body=hi";

#[test]
fn payloads_as_messagebird_and_bird_send_them() {
    fixtures::check("messagebird", 20, |name, kind, bytes| match kind {
        "query" => signed("GET", &format!("{URL}?{}", std::str::from_utf8(bytes).unwrap()), b"", "key"),
        "body" if name.starts_with("bird") => bird(bytes, "key"),
        _ => signed("POST", URL, bytes, "key"),
    });
}

#[test]
fn what_is_not_signed_for_this_call_proves_nothing() {
    let unproven = |found: Result<Vec<Accepted>, Refusal>, says: &str| match found {
        Err(Refusal::Unproven { reason, external_id: Some(id) }) if id == "m1" => {
            assert!(reason.contains(says), "{reason}");
        }
        other => panic!("{other:?}"),
    };
    let body = TEXT.as_bytes();
    unproven(signed("POST", URL, body, "wrong"), "does not match");
    unproven(read("POST", URL, &[], body), "is missing");
    let with = |name: &str, claim: Value| {
        let mut claims = claims(URL, body);
        claims[name] = claim;
        read("POST", URL, &[("messagebird-signature-jwt", &token(&claims, "key"))], body)
    };
    for (name, claim, says) in [
        ("iss", value!("Somebody"), "none of MessageBird's"),
        ("nbf", value!(NOW + 2), "not valid yet"),
        ("exp", value!(NOW - 2), "expired"),
        ("exp", Value::Null, "when it expires"),
        ("url_hash", value!(hex(sha256(b"https://evil.example.com"))), "public_url"),
        ("payload_hash", value!(hex(sha256(b"other"))), "another body"),
        ("payload_hash", Value::Null, "another body"),
    ] {
        unproven(with(name, claim), says);
    }
    for (name, claim) in [("nbf", value!(NOW + 1)), ("nbf", Value::Null), ("exp", value!(NOW - 1))] {
        assert!(with(name, claim).is_ok(), "{name}");
    }
    unproven(read("POST", URL, &[("messagebird-signature-jwt", "a.b.c")], body), "none of MessageBird's");
    unproven(read("POST", URL, &[("messagebird-signature", "AAAA")], body), "time");
    let headers =
        [("messagebird-signature", "§".replace('§', "!")), ("messagebird-request-timestamp", "1".into())];
    unproven(read("POST", URL, &headers.each_ref().map(|(n, v)| (*n, v.as_str())), body), "does not match");
}

#[test]
fn a_rotated_key_counts_and_one_account_cannot_speak_for_another() {
    assert!(signed("POST", URL, TEXT.as_bytes(), "old").is_ok());
    for (number, key) in [("15550003333", "key"), ("70770", "old"), ("15550009999", "key")] {
        let found = signed("POST", URL, TEXT.replace("15550001111", number).as_bytes(), key);
        assert!(matches!(&found, Err(Refusal::UnknownNumber { number: n, .. }) if n == number), "{found:?}");
    }
    let event = value!({"event": "sms.inbound", "payload": {"id": "b1", "channelId": "other", "body": {"type": "text"}}});
    let found = bird(event.to_string().as_bytes(), "key");
    assert!(matches!(&found, Err(Refusal::UnknownNumber { number, .. }) if number == "other"), "{found:?}");
    let event = event.to_string().replace("\"other\"", "\"614208aa-b153-4d5d-9989-2fddfc0ce4c3\"");
    assert!(bird(event.as_bytes(), "key").is_ok() && bird(event.as_bytes(), "other").is_err());
}

#[test]
fn a_signed_call_that_says_nothing_is_unreadable() {
    for body in
        ["", "a=b", "id=a%20b&recipient=15550001111", "{", "[]", r#"{"event":"sms.inbound","payload":{}}"#]
    {
        let found = signed("POST", URL, body.as_bytes(), "key");
        assert!(matches!(found, Err(Refusal::Unreadable(_))), "{body}: {found:?}");
    }
    let found = bird(br#"{"event":"sms.outbound","payload":{"id":"b1"}}"#, "key");
    assert!(matches!(found, Err(Refusal::Unreadable(_))), "{found:?}");
}

#[test]
fn every_status_word_is_kept_and_unknown_ones_mean_nothing() {
    use MessageStatus::{Delivered, Failed, Queued, Read, Sent};
    let check = |found: Vec<Accepted>, word: &str, status: Option<MessageStatus>| {
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!((receipt.raw_status.as_str(), receipt.status), (word, status));
        assert_eq!(receipt.error.is_some(), status == Some(Failed), "{word}");
    };
    for (word, status) in [
        ("scheduled", Some(Queued)),
        ("sent", Some(Sent)),
        ("buffered", Some(Sent)),
        ("delivered", Some(Delivered)),
        ("expired", Some(Failed)),
        ("delivery_failed", Some(Failed)),
        ("teleported", None),
    ] {
        let url = format!("{URL}?id=m1&recipient=15557654321&status={word}");
        check(signed("GET", &url, b"", "key").unwrap(), word, status);
    }
    for (word, status) in [
        ("accepted", Some(Queued)),
        ("processing", Some(Queued)),
        ("sent", Some(Sent)),
        ("delivered", Some(Delivered)),
        ("read", Some(Read)),
        ("rejected", Some(Failed)),
        ("sending_failed", Some(Failed)),
        ("delivery_failed", Some(Failed)),
        ("skipped", None),
    ] {
        let event = value!({"event": "sms.outbound", "payload": {"id": "b1", "status": word}}).to_string();
        check(bird(event.as_bytes(), "key").unwrap(), word, status);
    }
}
