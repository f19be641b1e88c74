//! The payloads are signed with a key that was thrown away; its certificate lies in `fixtures/aws_sns_signer`.

use axum::http::HeaderMap;
use serde_json::json;

use super::*;
use crate::providers::{fixtures, vectors};

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:texts";
const CERTIFICATE: &str = include_str!("../../../fixtures/aws_sns_signer/certificate.pem");
const TEXT: &str = include_str!("../../../fixtures/aws_sns/text.body");
const CONFIRM: &str = include_str!("../../../fixtures/aws_sns/confirm.body");
const CONFIRM_ELSEWHERE: &str = include_str!("../../../fixtures/aws_sns_signer/confirm-elsewhere.body");

fn lines(topics: &str, more: &Value) -> Lines {
    let mut credentials = json!({"region": "us-east-1", "topic_arn": topics});
    credentials.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let numbers = json!([
        {"number": "+15550001111", "provider": "aws_sns", "credentials": credentials},
        {"number": "+15550002222", "provider": "aws_sns", "credentials": {"topic_arn": "arn:of:another"}},
    ]);
    Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
}

fn asked<T>(body: &str, certificate: Option<&str>, ask: impl Fn(&Request<'_>) -> T) -> T {
    let (url, headers) = ("https://desk.example.com/webhooks/sms/aws_sns", HeaderMap::new());
    let (body, certificate) = (body.as_bytes(), certificate.map(str::as_bytes));
    ask(&Request { method: "POST", url, headers: &headers, body, path_secret: None, certificate })
}

fn read(body: &str, certificate: Option<&str>, lines: &Lines) -> Result<Vec<Accepted>, Refusal> {
    asked(body, certificate, |request| AwsSns.read(request, lines, Timestamp::from_millis(1_763_700_000_000)))
}

fn certificate(body: &str, lines: &Lines) -> Result<Option<Url>, Refusal> {
    asked(body, None, |request| AwsSns.certificate(request, lines))
}

fn is_unproven<T: std::fmt::Debug>(found: &Result<T, Refusal>, why: &str) {
    assert!(
        matches!(found, Err(Refusal::Unproven { reason, .. }) if reason.contains(why)),
        "{why}: {found:?}"
    );
}

#[test]
fn payloads_as_sns_sends_them() {
    let lines = lines(&format!("arn:of:one, {TOPIC}"), &json!({}));
    fixtures::check("aws_sns", 12, |_, _, body| {
        read(std::str::from_utf8(body).unwrap(), Some(CERTIFICATE), &lines)
    });
}

#[test]
fn a_certificate_is_fetched_only_for_a_listed_topic_and_only_from_amazon() {
    let listed = lines(TOPIC, &json!({}));
    let found = certificate(TEXT, &listed).unwrap().unwrap();
    assert_eq!(found.host_str(), Some("sns.us-east-1.amazonaws.com"));
    is_unproven(&certificate(TEXT, &lines("arn:of:one", &json!({}))), "topic");
    is_unproven(&certificate(TEXT, &lines("", &json!({}))), "topic");
    is_unproven(&certificate(&TEXT.replace(TOPIC, ""), &lines("", &json!({}))), "TopicArn");
    is_unproven(
        &certificate(&TEXT.replace("amazonaws.com/Simple", "evil.example/Simple"), &listed),
        "Amazon",
    );
    assert!(matches!(certificate("{", &listed), Err(Refusal::Unreadable(_))));
}

#[test]
fn a_pinned_certificate_is_never_fetched_and_is_the_only_one_that_counts() {
    let pinned = lines(TOPIC, &json!({"signing_certificate": CERTIFICATE}));
    assert_eq!(certificate(TEXT, &pinned), Ok(None));
    assert!(read(TEXT, None, &pinned).is_ok());
    let elsewhere = TEXT.replace("amazonaws.com/Simple", "evil.example/Simple");
    assert!(read(&elsewhere, None, &pinned).is_ok(), "the address is not signed and not used");
    let broken = lines(TOPIC, &json!({"signing_certificate": "x"}));
    is_unproven(&read(TEXT, Some(CERTIFICATE), &broken), "PEM");
}

#[test]
fn what_was_not_signed_proves_nothing() {
    let listed = lines(TOPIC, &json!({}));
    is_unproven(&read(TEXT, None, &listed), "fetched");
    is_unproven(
        &read(TEXT, Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), &listed),
        "unreadable",
    );
    for (from, to) in
        [("my order", "your order"), ("09:14:02", "09:14:03"), ("22b80b92", "22b80b93"), ("\"2\"", "\"1\"")]
    {
        is_unproven(&read(&TEXT.replace(from, to), Some(CERTIFICATE), &listed), "does not match");
    }
    is_unproven(&read(&TEXT.replace("\"2\"", "\"3\""), Some(CERTIFICATE), &listed), "version");
    is_unproven(&read(&TEXT.replace("\"Signature\"", "\"S\""), Some(CERTIFICATE), &listed), "missing");
    is_unproven(&read(&TEXT.replace("\"Timestamp\"", "\"T\""), Some(CERTIFICATE), &listed), "lacks");
    is_unproven(&read(TEXT, Some(CERTIFICATE), &lines("arn:of:one", &json!({}))), "topic");
}

#[test]
fn raw_delivery_is_named_because_it_takes_the_signature_away() {
    let headers = [("x-amz-sns-rawdelivery".parse().unwrap(), "true".parse().unwrap())];
    let headers = headers.into_iter().collect::<HeaderMap>();
    let url = "https://desk.example.com/webhooks/sms/aws_sns";
    let request =
        Request { method: "POST", url, headers: &headers, body: b"{}", path_secret: None, certificate: None };
    is_unproven(&AwsSns.certificate(&request, &lines(TOPIC, &json!({}))), "raw message delivery");
}

#[test]
fn a_subscription_is_confirmed_at_amazon_and_nowhere_else() {
    let listed = lines(TOPIC, &json!({}));
    let found = read(CONFIRM, Some(CERTIFICATE), &listed).unwrap();
    let Accepted::Confirm(url) = &found[0] else { panic!("{found:?}") };
    assert_eq!(url.host_str(), Some("sns.us-east-1.amazonaws.com"));
    is_unproven(&read(CONFIRM_ELSEWHERE, Some(CERTIFICATE), &listed), "SubscribeURL");
    let mut stand_in = lines(TOPIC, &json!({}));
    stand_in.numbers[0].api_base = Some("https://evil.example/sns".parse().unwrap());
    assert!(read(CONFIRM_ELSEWHERE, Some(CERTIFICATE), &stand_in).is_ok(), "a stand-in that was configured");
    is_unproven(
        &read(&CONFIRM.replace("Token=2336", "Token=1336"), Some(CERTIFICATE), &listed),
        "does not match",
    );
}

#[test]
fn a_text_for_a_number_of_another_topic_is_for_nobody() {
    let mut other = lines(TOPIC, &json!({}));
    other.numbers[0].number = "+15550009999".parse().unwrap();
    let found = read(TEXT, Some(CERTIFICATE), &other);
    assert!(
        matches!(&found, Err(Refusal::UnknownNumber { number, .. }) if number == "+15550001111"),
        "{found:?}"
    );
}

#[test]
fn every_type_has_its_meaning() {
    for (word, is_final, status) in [
        ("TEXT_QUEUED", false, Some(MessageStatus::Queued)),
        ("TEXT_PENDING", false, Some(MessageStatus::Sending)),
        ("TEXT_SENT", false, Some(MessageStatus::Sent)),
        ("TEXT_SUCCESSFUL", true, Some(MessageStatus::Delivered)),
        ("TEXT_DELIVERED", true, Some(MessageStatus::Delivered)),
        ("MEDIA_DELIVERED", true, Some(MessageStatus::Delivered)),
        ("TEXT_UNKNOWN", true, Some(MessageStatus::Sent)),
        ("TEXT_INVALID", true, Some(MessageStatus::Failed)),
        ("TEXT_TTL_EXPIRED", true, Some(MessageStatus::Failed)),
        ("TEXT_PROTECT_BLOCKED", true, Some(MessageStatus::Failed)),
        ("TEXT_CARRIER_UNREACHABLE", false, None),
        ("VOICE_COMPLETED", true, None),
        ("DELIVERED", true, None),
    ] {
        assert_eq!(meaning(word, is_final), status, "{word}");
    }
}

#[test]
fn every_vector_of_amazons_libraries_is_judged_as_they_do() {
    for vector in vectors::of("aws-sns-rsa-", 9) {
        vector.judge(|request| {
            let topic = json::text(&json::read(request.body).unwrap(), "/TopicArn").unwrap();
            let lines = lines(&topic, &json!({}));
            let is_fetched = AwsSns.certificate(request, &lines).is_ok();
            let is_read = AwsSns.read(request, &lines, Timestamp::from_millis(0)).is_ok();
            assert!(is_fetched || !is_read, "{}", vector.id);
            is_read
        });
    }
}
