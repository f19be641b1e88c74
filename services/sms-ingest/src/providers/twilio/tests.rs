use axum::http::HeaderMap;
use serde_json::json;
use web::signature::{base64, hmac_sha1};

use super::*;
use crate::providers::fixtures;

const URL: &str = "https://desk.example.com/webhooks/sms/twilio";
const TOKEN: &str = "12345";
const OURS: &str = "0199e0aa-0000-7000-8000-000000000001";

fn lines() -> Lines {
    let numbers = json!([
        {"number": "+15550001111", "provider": "twilio",
         "credentials": {"account_sid": "AC1", "auth_token": TOKEN, "auth_token_previous": "old"}},
        {"number": "70770", "provider": "twilio",
         "credentials": {"account_sid": "AC1", "auth_token": TOKEN, "messaging_service_sid": "MG1"}},
        {"number": "+15550003333", "provider": "twilio",
         "credentials": {"account_sid": "AC2", "auth_token": "other"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

/// A form as Twilio posts and signs it.
fn post(url: &str, form: &str, token: &str) -> Result<Vec<Accepted>, Refusal> {
    let params = Params::parse(form.as_bytes());
    let mut pairs: Vec<_> = params.pairs().collect();
    pairs.sort_unstable();
    let tail: Vec<u8> = pairs.iter().flat_map(|(name, value)| [*name, *value].concat()).collect();
    read(url, form, &base64(hmac_sha1(token.as_bytes(), &[url.as_bytes(), &tail])))
}

fn read(url: &str, form: &str, signature: &str) -> Result<Vec<Accepted>, Refusal> {
    let headers = [
        ("x-twilio-signature".parse().unwrap(), signature.parse().unwrap()),
        (
            "content-type".parse().unwrap(),
            "application/x-www-form-urlencoded; charset=UTF-8".parse().unwrap(),
        ),
    ];
    let headers = headers.into_iter().collect::<HeaderMap>();
    let request = Request {
        method: "POST",
        url,
        headers: &headers,
        body: form.as_bytes(),
        path_secret: None,
        certificate: None,
    };
    Twilio.read(&request, &lines(), Timestamp::from_millis(1_763_700_000_000))
}

#[test]
fn payloads_as_twilio_sends_them() {
    fixtures::check("twilio", 13, |name, _, form| {
        let with_our_id = format!("{URL}?message_id={OURS}");
        let has_our_id = matches!(name, "status-delivered" | "status-opted-out-from-a-name");
        let url = if has_our_id { &with_our_id } else { URL };
        post(url, std::str::from_utf8(form).unwrap(), TOKEN)
    });
}

#[test]
fn a_wrong_or_missing_signature_proves_nothing() {
    let form =
        "MessageSid=SM1&AccountSid=AC1&From=%2B15557654321&To=%2B15550001111&Body=Hi&SmsStatus=received";
    let unproven = |found: Result<Vec<Accepted>, Refusal>| {
        assert!(
            matches!(&found, Err(Refusal::Unproven { external_id: Some(id), .. }) if id == "SM1"),
            "{found:?}"
        );
    };
    unproven(read(URL, form, "WRONG"));
    unproven(read(URL, form, ""));
    unproven(post(URL, form, "other"));
    unproven(post("http://evil.example.com/webhooks/sms/twilio", form, "12346"));
    unproven(post(URL, &form.replace("AC1", "AC9"), TOKEN));
    let request = Request {
        method: "POST",
        url: URL,
        headers: &HeaderMap::new(),
        body: form.as_bytes(),
        path_secret: None,
        certificate: None,
    };
    let missing = Twilio.read(&request, &lines(), Timestamp::from_millis(0));
    assert!(matches!(missing, Err(Refusal::Unproven { .. })));
}

#[test]
fn one_account_cannot_speak_for_a_number_of_another() {
    let form =
        "MessageSid=SM1&AccountSid=AC1&From=%2B15557654321&To=%2B15550003333&Body=Hi&SmsStatus=received";
    let found = post(URL, form, TOKEN);
    assert!(
        matches!(&found, Err(Refusal::UnknownNumber { number, .. }) if number == "+15550003333"),
        "{found:?}"
    );
}

#[test]
fn the_previous_token_counts_while_it_is_configured() {
    let form =
        "MessageSid=SM1&AccountSid=AC1&From=%2B15557654321&To=%2B15550001111&Body=Hi&SmsStatus=received";
    assert!(post(URL, form, "old").is_ok());
    assert!(post(URL, form, TOKEN).is_ok());
}

#[test]
fn a_signed_call_that_says_nothing_is_unreadable() {
    for form in [
        "",
        "Foo=1",
        "AccountSid=AC1",
        "AccountSid=AC1&MessageSid=SM1",
        "AccountSid=AC1&MessageSid=SM%201&To=%2B15550001111&From=1&SmsStatus=received",
        "AccountSid=AC1&MessageSid=SM1&To=%2B15550001111&SmsStatus=received",
    ] {
        let found = post(URL, form, TOKEN);
        assert!(matches!(found, Err(Refusal::Unreadable(_))), "{form}: {found:?}");
    }
}

#[test]
fn a_text_may_come_by_get() {
    let url = format!(
        "{URL}?MessageSid=SM1&AccountSid=AC1&From=%2B15557654321&To=%2B15550001111&Body=It%27s%20me&SmsStatus=received"
    );
    let signature = base64(hmac_sha1(TOKEN.as_bytes(), &[url.as_bytes()]));
    let headers = [("x-twilio-signature".parse().unwrap(), signature.parse().unwrap())];
    let headers = headers.into_iter().collect::<HeaderMap>();
    let request = Request {
        method: "GET",
        url: &url,
        headers: &headers,
        body: b"",
        path_secret: None,
        certificate: None,
    };
    let found = Twilio.read(&request, &lines(), Timestamp::from_millis(0)).unwrap();
    assert!(matches!(&found[0], Accepted::Message(text) if text.text == "It's me"), "{found:?}");
}

#[test]
fn b5_every_status_word_is_kept_and_unknown_ones_mean_nothing() {
    for (word, status) in [
        ("accepted", Some(MessageStatus::Queued)),
        ("sending", Some(MessageStatus::Sending)),
        ("sent", Some(MessageStatus::Sent)),
        ("delivered", Some(MessageStatus::Delivered)),
        ("read", Some(MessageStatus::Read)),
        ("undelivered", Some(MessageStatus::Failed)),
        ("failed", Some(MessageStatus::Failed)),
        ("canceled", Some(MessageStatus::Failed)),
        ("partially_delivered", None),
        ("teleported", None),
    ] {
        let form = format!(
            "MessageSid=SM1&AccountSid=AC1&From=%2B15550001111&To=%2B15557654321&MessageStatus={word}"
        );
        let found = post(URL, &form, TOKEN).unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!((receipt.raw_status.as_str(), receipt.status), (word, status));
        assert_eq!(receipt.error.is_some(), status == Some(MessageStatus::Failed), "{word}");
    }
}

#[test]
fn the_secret_is_found_by_account_or_by_messaging_service() {
    let to = |account: &str, service: &str, number: &str| {
        let form = format!(
            "MessageSid=SM1&AccountSid={account}&MessagingServiceSid={service}&From=%2B15557654321&To={number}&Body=Hi&SmsStatus=received"
        );
        post(URL, &form, TOKEN)
    };
    let for_short_code = |found: Result<Vec<Accepted>, Refusal>| {
        let found = found.unwrap();
        assert!(matches!(&found[0], Accepted::Message(text) if text.to.as_str() == "70770"), "{found:?}");
    };
    for_short_code(to("AC1", "MG1", "%2B15550008888"));
    for_short_code(to("AC9", "MG1", "%2B15550008888"));
    for_short_code(to("AC9", "MG1", "70770"));
    assert!(matches!(to("AC9", "MG9", "70770"), Err(Refusal::Unproven { .. })));
    assert!(matches!(to("AC1", "MG9", "%2B15550008888"), Err(Refusal::UnknownNumber { .. })));
    let foreign = "MessageSid=SM1&AccountSid=AC2&MessagingServiceSid=MG1&From=1&To=70770&SmsStatus=received";
    let found = post(URL, foreign, "other");
    assert!(matches!(found, Err(Refusal::UnknownNumber { .. })), "a token of another account: {found:?}");
}

#[test]
fn a_receipt_from_a_number_that_is_not_ours_needs_our_id() {
    let form = "MessageSid=SM1&AccountSid=AC1&From=ACME&To=%2B15557654321&MessageStatus=delivered";
    assert!(matches!(post(URL, form, TOKEN), Err(Refusal::UnknownNumber { .. })));
    let odd = format!("{URL}?message_id=theirs");
    assert!(matches!(post(&odd, form, TOKEN), Err(Refusal::UnknownNumber { .. })));
    let ours = post(&format!("{URL}?message_id={OURS}"), form, TOKEN).unwrap();
    assert!(matches!(&ours[0], Accepted::Receipt(receipt) if receipt.message_id.is_some()), "{ours:?}");
}

#[test]
fn an_error_that_says_opted_out_is_an_opt_out() {
    for (code, opted_out) in [("21610", true), ("30007", false), ("0", false), ("", false)] {
        let form = format!(
            "MessageSid=SM1&AccountSid=AC1&From=%2B15550001111&To=%2B15557654321&MessageStatus=failed&ErrorCode={code}"
        );
        let found = post(URL, &form, TOKEN).unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!(receipt.opted_out, opted_out, "{code}");
    }
}

#[test]
fn a_body_that_looks_like_base64_is_left_as_it_is() {
    let odd = "QSBsb25nIHRleHQgdGhhdCBzb21lYm9keSB3cm90ZSBpbiBiYXNlNjQgZm9yIGZ1bi4u";
    let form = format!(
        "MessageSid=SM1&AccountSid=AC1&From=%2B15557654321&To=%2B15550001111&Body={odd}&SmsStatus=received"
    );
    let found = post(URL, &form, TOKEN).unwrap();
    assert!(matches!(&found[0], Accepted::Message(text) if text.text == odd), "{found:?}");
}
