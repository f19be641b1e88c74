use axum::http::{HeaderMap, HeaderName};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{MessageStatus, event::InboundSms};
use serde_json::{Value, json as value};
use web::signature::{hex, hmac_sha256, md5, sha256};

use super::{
    super::{fixtures, params::Params},
    *,
};

const URL: &str = "https://desk.example.com/webhooks/sms/vonage";
const NOW: i64 = 1_795_262_400;

fn lines() -> Lines {
    let numbers = value!([
        {"number": "+15550001111", "provider": "vonage",
         "credentials": {"api_key": "a1b2c3d4", "api_secret": "x", "signing_key": "key", "signing_key_previous": "old"}},
        {"number": "70770", "provider": "vonage",
         "credentials": {"api_key": "a1b2c3d4", "api_secret": "x", "signing_key": "key"}},
        {"number": "+15550003333", "provider": "vonage",
         "credentials": {"api_key": "other", "api_secret": "x", "signing_key": "other key"}},
        {"number": "+15550004444", "provider": "vonage",
         "credentials": {"api_key": "bare", "api_secret": "x", "webhook_secret": "s3cret"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

struct Call<'a> {
    method: &'a str,
    url: String,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
    path_secret: Option<&'a str>,
}

impl Call<'_> {
    fn read(&self) -> Result<Vec<Accepted>, Refusal> {
        let named = self
            .headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        let headers = named.collect::<HeaderMap>();
        let request = Request {
            method: self.method,
            url: &self.url,
            headers: &headers,
            body: &self.body,
            path_secret: self.path_secret,
            certificate: None,
        };
        Vonage.read(&request, &lines(), Timestamp::from_millis(NOW * 1000))
    }
}

/// What Vonage's settings call "SHA-256 HMAC", over parameters that have no `&` or `=` in them but as `_`.
fn sig(params: &Params, key: &str) -> String {
    let text = params.sorted().into_iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value).replace(['&', '='], "_");
        format!("&{}={value}", String::from_utf8_lossy(name))
    });
    hex(hmac_sha256(key.as_bytes(), &[text.collect::<String>().as_bytes()]))
}

fn form<'a>(body: &str, key: &str) -> Call<'a> {
    let signature = sig(&Params::parse(body.as_bytes()), key);
    let body = format!("{body}&sig={signature}").into_bytes();
    Call { method: "POST", url: URL.to_owned(), headers: vec![], body, path_secret: None }
}

fn query<'a>(query: &str, key: &str) -> Call<'a> {
    let signature = sig(&Params::parse(query.as_bytes()), key);
    let url = format!("{URL}?{query}&sig={signature}");
    Call { method: "GET", url, headers: vec![], body: vec![], path_secret: None }
}

fn flat_json<'a>(mut members: Value, key: &str) -> Call<'a> {
    let pairs = members.as_object().unwrap().iter();
    let pairs =
        pairs.map(|(name, value)| (name.clone().into_bytes(), value.as_str().unwrap().as_bytes().to_vec()));
    members["sig"] = value!(sig(&Params::of(pairs.collect::<Vec<_>>()), key));
    let body = members.to_string().into_bytes();
    Call { method: "POST", url: URL.to_owned(), headers: vec![], body, path_secret: None }
}

fn bearer<'a>(body: &[u8], key: &str, api_key: &str) -> Call<'a> {
    let claims =
        value!({"iat": NOW - 5, "iss": "Vonage", "payload_hash": hex(sha256(body)), "api_key": api_key});
    let [header, claims] =
        [value!({"alg": "HS256", "typ": "JWT"}), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signature = hmac_sha256(key.as_bytes(), &[format!("{header}.{claims}").as_bytes()]);
    let token = format!("Bearer {header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
    let headers = vec![("authorization", token)];
    Call { method: "POST", url: URL.to_owned(), headers, body: body.to_vec(), path_secret: None }
}

#[test]
fn payloads_as_vonage_sends_them() {
    fixtures::check("vonage", 20, |_, kind, bytes| {
        let text = || std::str::from_utf8(bytes).unwrap();
        match kind {
            "query" => query(text(), "key").read(),
            "form" => {
                let signature = sig_of_bytes(bytes);
                let body = [bytes, b"&sig=", signature.as_bytes()].concat();
                Call { method: "POST", url: URL.to_owned(), headers: vec![], body, path_secret: None }.read()
            }
            _ if text().contains("message_uuid") => bearer(bytes, "key", "a1b2c3d4").read(),
            _ => flat_json(serde_json::from_slice(bytes).unwrap(), "key").read(),
        }
    });
}

fn sig_of_bytes(form: &[u8]) -> String {
    let params = Params::parse(form);
    let mut text = Vec::new();
    for (name, value) in params.sorted() {
        let value: Vec<u8> = value.iter().map(|b| if matches!(b, b'&' | b'=') { b'_' } else { *b }).collect();
        text.extend([b"&", name, b"=", &value].concat());
    }
    hex(hmac_sha256(b"key", &[&text]))
}

const TEXT: &str = "msisdn=15557654321&to=15550001111&messageId=0A1&text=hi&type=text";

fn message(call: &Call<'_>) -> InboundSms {
    match call.read() {
        Ok(accepted) => match accepted.into_iter().next() {
            Some(Accepted::Message(message)) => message,
            other => panic!("{other:?}"),
        },
        Err(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn what_is_not_signed_with_the_numbers_key_proves_nothing() {
    let unproven = |call: Call<'_>, says: &str| match call.read() {
        Err(Refusal::Unproven { reason, external_id: Some(_) }) => assert!(reason.contains(says), "{reason}"),
        other => panic!("{other:?}"),
    };
    unproven(form(TEXT, "wrong"), "does not match");
    let mut unsigned = form(TEXT, "key");
    unsigned.body = TEXT.into();
    unproven(unsigned, "is missing");
    let body = value!({"message_uuid": "u1", "to": "15550001111", "from": "1", "text": "hi"}).to_string();
    unproven(bearer(body.as_bytes(), "wrong", "a1b2c3d4"), "does not match");
    unproven(bearer(body.as_bytes(), "key", "other"), "another account");
    let mut tampered = bearer(body.as_bytes(), "key", "a1b2c3d4");
    tampered.body = body.replace("hi", "ho").into();
    unproven(tampered, "another body");
    let mut unsigned = bearer(body.as_bytes(), "key", "a1b2c3d4");
    unsigned.headers.clear();
    unproven(unsigned, "is missing");
    // A token covers a body, and nothing of an address: it proves no query.
    let mut swapped = bearer(b"", "key", "a1b2c3d4");
    swapped.url = format!("{URL}?{TEXT}");
    unproven(swapped, "is missing");
}

#[test]
fn one_account_cannot_speak_for_a_number_of_another() {
    let found = form(&TEXT.replace("15550001111", "15550003333"), "key").read();
    assert!(
        matches!(&found, Err(Refusal::UnknownNumber { number, .. }) if number == "15550003333"),
        "{found:?}"
    );
    assert_eq!(message(&form(&TEXT.replace("15550001111", "15550003333"), "other key")).account, "other");
}

#[test]
fn a_rotated_key_counts_for_the_numbers_that_still_have_it() {
    assert_eq!(message(&form(TEXT, "old")).to.as_str(), "+15550001111");
    let found = form(&TEXT.replace("15550001111", "70770"), "old").read();
    assert!(matches!(found, Err(Refusal::UnknownNumber { .. })), "{found:?}");
}

#[test]
fn a_number_without_a_signing_key_has_a_secret_address() {
    let unsigned = |number: &str, path_secret| Call {
        method: "POST",
        url: URL.to_owned(),
        headers: vec![],
        body: TEXT.replace("15550001111", number).into(),
        path_secret,
    };
    assert_eq!(message(&unsigned("15550004444", Some("s3cret"))).account, "bare");
    assert!(matches!(unsigned("15550004444", Some("guess")).read(), Err(Refusal::Unproven { .. })));
    assert!(matches!(unsigned("15550001111", Some("s3cret")).read(), Err(Refusal::UnknownNumber { .. })));
}

#[test]
fn a_callback_with_our_id_in_its_address_is_signed_with_or_without_it() {
    let receipt = "messageId=0A1&status=delivered&to=15550001111";
    let ours = "message_id=0199e0aa-0000-7000-8000-000000000001";
    let with = query(&format!("{receipt}&{ours}"), "key");
    let mut without = query(receipt, "key");
    without.url.push_str(&format!("&{ours}"));
    let mut posted = form(receipt, "key");
    posted.url.push_str(&format!("?{ours}"));
    for call in [with, without, posted] {
        let found = call.read().unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert!(
            receipt.message_id.is_some() && receipt.status == Some(MessageStatus::Delivered),
            "{receipt:?}"
        );
    }
}

#[test]
fn the_plain_hash_that_accounts_begin_with_is_believed() {
    let signature = hex(md5(b"&messageId=0A1&msisdn=15557654321&text=hi&to=15550001111&type=textkey"));
    let mut call = form(TEXT, "key");
    call.body = format!("{TEXT}&sig={signature}").into();
    assert_eq!(message(&call).text, "hi");
}

#[test]
fn parts_have_ids_of_their_own_even_if_vonage_repeats_one() {
    let part = |n: &str| {
        message(&form(&format!("{TEXT}&concat=true&concat-ref=7&concat-total=2&concat-part={n}"), "key"))
    };
    let (first, second) = (part("1"), part("2"));
    assert_ne!(first.external_id, second.external_id);
    assert_eq!(first.part.unwrap().reference, second.part.unwrap().reference);
    for odd in ["0", "3", "x", "70000"] {
        assert_eq!(part(odd).part, None, "{odd}");
    }
}

#[test]
fn signed_calls_that_say_nothing_are_unreadable() {
    for body in ["", "a=b", "messageId=%20&to=15550001111", "to=15550001111&text=hi"] {
        let found = form(body, "key").read();
        assert!(matches!(found, Err(Refusal::Unreadable(_))), "{body}: {found:?}");
    }
    let found = bearer(br#"{"message_uuid":"a b","to":"15550001111"}"#, "key", "a1b2c3d4").read();
    assert!(matches!(found, Err(Refusal::Unreadable(_))), "{found:?}");
}

#[test]
fn every_status_word_is_kept_and_unknown_ones_mean_nothing() {
    use MessageStatus::{Delivered, Failed, Queued, Read, Sent};
    let check = |found: Vec<Accepted>, word: &str, status: Option<MessageStatus>| {
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!((receipt.raw_status.as_str(), receipt.status), (word, status));
        assert_eq!(receipt.error.is_some(), status == Some(Failed), "{word}");
        assert!(!receipt.opted_out);
    };
    for (word, status) in [
        ("accepted", Some(Queued)),
        ("buffered", Some(Sent)),
        ("delivered", Some(Delivered)),
        ("expired", Some(Failed)),
        ("failed", Some(Failed)),
        ("rejected", Some(Failed)),
        ("unknown", None),
    ] {
        check(
            form(&format!("messageId=0A1&status={word}&to=15550001111"), "key").read().unwrap(),
            word,
            status,
        );
    }
    for (word, status) in [
        ("submitted", Some(Sent)),
        ("delivered", Some(Delivered)),
        ("read", Some(Read)),
        ("rejected", Some(Failed)),
        ("undeliverable", Some(Failed)),
        ("teleported", None),
    ] {
        let body = value!({"message_uuid": "u1", "from": "15550001111", "status": word}).to_string();
        check(bearer(body.as_bytes(), "key", "a1b2c3d4").read().unwrap(), word, status);
    }
}
