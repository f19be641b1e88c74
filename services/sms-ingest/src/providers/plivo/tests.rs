use axum::http::{HeaderMap, HeaderName};
use serde_json::json as value;
use web::signature::{base64, hmac_sha1, hmac_sha256};

use super::{super::fixtures, *};

const URL: &str = "https://desk.example.com/webhooks/sms/plivo";

fn lines() -> Lines {
    let numbers = value!([
        {"number": "+15550001111", "provider": "plivo",
         "credentials": {"auth_id": "MA1", "auth_token": "token", "auth_token_previous": "old"}},
        {"number": "70770", "provider": "plivo", "credentials": {"auth_id": "MA1", "auth_token": "token"}},
        {"number": "+15550003333", "provider": "plivo", "credentials": {"auth_id": "SA2", "auth_token": "other"}},
        {"number": "+15550004444", "provider": "plivo",
         "credentials": {"auth_id": "MA4", "auth_token": "guarded", "webhook_secret": "s3cret"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

#[derive(Clone)]
struct Call {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    path_secret: Option<&'static str>,
}

impl Call {
    fn post(body: &[u8]) -> Self {
        Self { method: "POST", url: URL.to_owned(), headers: vec![], body: body.to_vec(), path_secret: None }
    }

    /// As Plivo signs messages.
    fn v2(mut self, header: &'static str, token: &str, nonce: &str) -> Self {
        let base = self.url.split('?').next().unwrap();
        let code = hmac_sha256(token.as_bytes(), &[base.as_bytes(), nonce.as_bytes()]);
        self.headers.extend([(header, base64(code)), ("x-plivo-signature-v2-nonce", nonce.to_owned())]);
        self
    }

    /// As Plivo signs calls.
    fn v3(mut self, text: &str, token: &str, nonce: &str) -> Self {
        let code = base64(hmac_sha256(token.as_bytes(), &[format!("{text}.{nonce}").as_bytes()]));
        let list = format!("AAAA, {code}");
        self.headers
            .extend([("x-plivo-signature-v3", list), ("x-plivo-signature-v3-nonce", nonce.to_owned())]);
        self
    }

    fn read(&self, plivo: &Plivo) -> Result<Vec<Accepted>, Refusal> {
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
        plivo.read(&request, &lines(), Timestamp::from_millis(1_795_262_400_000))
    }
}

const V2: &str = "x-plivo-signature-v2";
const MAIN_V2: &str = "x-plivo-signature-ma-v2";
const TEXT: &str = "MessageUUID=u1&From=15557654321&To=15550001111&Text=hi&Type=sms";

fn unproven(call: &Call, plivo: &Plivo, says: &str) {
    match call.read(plivo) {
        Err(Refusal::Unproven { reason, external_id: Some(_) }) => assert!(reason.contains(says), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn payloads_as_plivo_sends_them() {
    let plivo = Plivo::new();
    fixtures::check("plivo", 15, |name, kind, bytes| {
        let mut call = Call::post(if kind == "form" { bytes } else { b"" });
        if kind == "query" {
            call.method = "GET";
            call.url = format!("{URL}?{}", std::str::from_utf8(bytes).unwrap());
        } else if name == "status-delivered" {
            call.url.push_str("?message_id=0199e0aa-0000-7000-8000-000000000001");
        }
        call.v2(V2, "token", name).read(&plivo)
    });
}

#[test]
fn the_token_of_the_main_or_the_sub_account_signs_and_a_rotated_one_still_does() {
    let plivo = Plivo::new();
    for (header, token, nonce) in [(V2, "token", "1"), (MAIN_V2, "token", "2"), (V2, "old", "3")] {
        assert!(
            Call::post(TEXT.as_bytes()).v2(header, token, nonce).read(&plivo).is_ok(),
            "{header} {token}"
        );
    }
    unproven(&Call::post(TEXT.as_bytes()).v2(V2, "wrong", "4"), &plivo, "does not match");
    unproven(&Call::post(TEXT.as_bytes()), &plivo, "is missing");
    let mut bare = Call::post(TEXT.as_bytes()).v2(V2, "token", "5");
    bare.headers.pop();
    unproven(&bare, &plivo, "nonce");
    let mut elsewhere = Call::post(TEXT.as_bytes()).v2(V2, "token", "6");
    elsewhere.url = URL.replace("https", "http");
    unproven(&elsewhere, &plivo, "does not match");
}

#[test]
fn headers_of_one_call_prove_no_other() {
    let plivo = Plivo::new();
    let genuine = Call::post(TEXT.as_bytes()).v2(V2, "token", "n1");
    assert!(genuine.read(&plivo).is_ok());
    assert!(genuine.read(&plivo).is_ok(), "the same again is the same");
    let mut forged = genuine.clone();
    forged.body = TEXT.replace("u1", "u2").into();
    unproven(&forged, &plivo, "replays");
    forged.body = TEXT.replace("hi", "STOP").into();
    unproven(&forged, &plivo, "replays");
    forged.body = genuine.body.clone();
    forged.url.push_str("?message_id=0199e0aa-0000-7000-8000-000000000001");
    unproven(&forged, &plivo, "replays");
    assert!(genuine.read(&Plivo::new()).is_ok());
}

#[test]
fn a_forgery_that_was_refused_uses_up_no_nonce() {
    let plivo = Plivo::new();
    unproven(&Call::post(b"MessageUUID=u2&Text=x").v2(V2, "wrong", "n1"), &plivo, "does not match");
    assert!(Call::post(TEXT.as_bytes()).v2(V2, "token", "n1").read(&plivo).is_ok());
}

#[test]
fn the_stronger_signature_counts_and_needs_no_nonce_kept() {
    let plivo = Plivo::new();
    let sorted = "From15557654321MessageUUIDu1TexthiTo15550001111Typesms";
    let call = Call::post(TEXT.as_bytes()).v3(&format!("{URL}?{sorted}"), "token", "n1");
    assert!(call.read(&plivo).is_ok());
    let mut tampered = call.v2(V2, "token", "n1");
    tampered.body = TEXT.replace("hi", "ho").into();
    unproven(&tampered, &plivo, "does not match");
    let mut query = Call::post(b"");
    query.method = "GET";
    query.url = format!("{URL}?{TEXT}");
    let text = format!("{URL}?From=15557654321&MessageUUID=u1&Text=hi&To=15550001111&Type=sms");
    assert!(query.v3(&text, "token", "n2").read(&plivo).is_ok());
    let mut old = Call::post(TEXT.as_bytes());
    let code = base64(hmac_sha1(b"token", &[URL.as_bytes(), sorted.as_bytes()]));
    old.headers.push(("x-plivo-signature", code));
    assert!(old.read(&plivo).is_ok());
}

#[test]
fn a_number_with_a_secret_address_is_called_there() {
    let plivo = Plivo::new();
    let text = TEXT.replace("15550001111", "15550004444");
    let mut call = Call::post(text.as_bytes()).v2(V2, "guarded", "n1");
    unproven(&call, &plivo, "secret one");
    call.path_secret = Some("s3cret");
    assert!(call.read(&plivo).is_ok());
    let whole = format!("{URL}?From15557654321MessageUUIDu1TexthiTo15550004444Typesms");
    assert!(
        Call::post(text.as_bytes()).v3(&whole, "guarded", "n2").read(&plivo).is_ok(),
        "V3 needs no secret"
    );
}

#[test]
fn one_account_cannot_speak_for_a_number_of_another() {
    let body = TEXT.replace("15550001111", "15550003333");
    let found = Call::post(body.as_bytes()).v2(V2, "token", "n").read(&Plivo::new());
    assert!(
        matches!(&found, Err(Refusal::UnknownNumber { number, .. }) if number == "15550003333"),
        "{found:?}"
    );
}

#[test]
fn a_signed_call_that_says_nothing_is_unreadable() {
    let plivo = Plivo::new();
    for (nonce, body) in ["", "Foo=1", "MessageUUID=a%20b&To=15550001111", "MessageUUID=a%20b&Status=sent"]
        .into_iter()
        .enumerate()
    {
        let found = Call::post(body.as_bytes()).v2(V2, "token", &nonce.to_string()).read(&plivo);
        assert!(matches!(found, Err(Refusal::Unreadable(_))), "{body}: {found:?}");
    }
}

#[test]
fn every_status_word_is_kept_and_unknown_ones_mean_nothing() {
    use MessageStatus::{Delivered, Failed, Queued, Read, Sent};
    let plivo = Plivo::new();
    for (word, status) in [
        ("queued", Some(Queued)),
        ("sent", Some(Sent)),
        ("delivered", Some(Delivered)),
        ("read", Some(Read)),
        ("undelivered", Some(Failed)),
        ("failed", Some(Failed)),
        ("rejected", Some(Failed)),
        ("teleported", None),
    ] {
        let body = format!("MessageUUID=u1&From=15550001111&To=15557654321&Status={word}&ErrorCode=000");
        let found = Call::post(body.as_bytes()).v2(V2, "token", word).read(&plivo).unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!((receipt.raw_status.as_str(), receipt.status), (word, status));
        assert_eq!(receipt.error.is_some(), status == Some(Failed), "{word}");
    }
}
