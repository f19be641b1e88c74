//! AWS End User Messaging: `SendTextMessage` (JSON 1.0). What becomes of a text comes through the SNS topic of the
//! configuration set and names our id in `context`. Source: AWS's API reference "pinpoint-sms-voice-v2".

use bytes::Bytes;
use domain::message::DeliveryError;
use serde_json::{Value, json};
use url::{Position, Url};

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
    },
    Carrier,
    text::{Text, bad_credentials, mms_not_supported, opted_out, refused, refused_by_status},
    words,
};

mod signature;

use signature::{Keys, Signed};

const CREDENTIALS: &str = "access_key_id, secret_access_key and region";
const MEDIA_TYPE: &str = "application/x-amz-json-1.0";
const TARGET: &str = "PinpointSMSVoiceV2.SendTextMessage";

/// AWS's API.
pub struct Aws;

impl Carrier for Aws {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        if !text.sms.media.is_empty() {
            let why = "AWS takes pictures only from a bucket of the account itself: send a link instead";
            return Err(mms_not_supported(why));
        }
        let region = text.credential("region")?.expose();
        let mut body = json!({
            "DestinationPhoneNumber": text.sms.to, "OriginationIdentity": text.sms.from,
            "MessageBody": text.sms.text, "MessageType": "TRANSACTIONAL", "Context": {"message_id": text.id()},
        });
        if let Some(set) = text.line.credentials.get("configuration_set") {
            body["ConfigurationSetName"] = json!(set.expose());
        }
        let keys = Keys {
            id: text.credential("access_key_id")?.expose(),
            secret: text.credential("secret_access_key")?.expose(),
        };
        let mut url = text.base(&format!("https://sms-voice.{region}.amazonaws.com"))?;
        url.set_path("/");
        Ok(signed(url, body.to_string(), region, &keys, text))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if answer.status.is_success() {
            return said["MessageId"].as_str().map_or_else(Attempt::uncertain, |id| text.sent(id));
        }
        // such as com.amazonaws.pinpointsmsvoicev2#ConflictException
        let kind = said["__type"].as_str().and_then(|kind| kind.rsplit('#').next());
        match kind {
            Some("ThrottlingException" | "ThrottledException" | "TooManyRequestsException") => {
                answer.later("it asks us to slow down (ThrottlingException)")
            }
            Some("InternalServerException") => Attempt::uncertain(),
            Some(kind) => refused_with(kind, &said),
            None => refused_by_status(answer, CREDENTIALS, ""),
        }
    }
}

/// The call with the signature of exactly these bytes.
fn signed(url: Url, body: String, region: &str, keys: &Keys<'_>, text: &Text<'_>) -> Call {
    let time = signature::basic_time(text.now);
    let headers = [
        ("content-type", MEDIA_TYPE),
        // as the client writes it: with the port, unless it is the usual one
        ("host", &url[Position::BeforeHost..Position::AfterPort]),
        ("x-amz-date", &time),
        ("x-amz-target", TARGET),
    ];
    let request = Signed { path: url.path(), headers: &headers, body: body.as_bytes() };
    let authorization = signature::authorization(&request, keys, region, "sms-voice", &time);
    let headers = vec![
        ("authorization", authorization),
        ("x-amz-date", time.clone()),
        ("x-amz-target", TARGET.to_owned()),
    ];
    Call { headers, ..Call::new(url, Auth::None, Body::Bytes(MEDIA_TYPE, Bytes::from(body))) }
}

fn refused_with(kind: &str, said: &Value) -> Attempt {
    let reason = said["Reason"].as_str().unwrap_or_default();
    if reason == "DESTINATION_PHONE_NUMBER_OPTED_OUT" {
        return opted_out(reason);
    }
    let message = said["Message"].as_str().or_else(|| said["message"].as_str()).unwrap_or_default();
    let unknown = [
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
        "ExpiredTokenException",
    ];
    if unknown.contains(&kind) || (kind == "AccessDeniedException" && reason.is_empty()) {
        return refused(kind, Some(&bad_credentials(CREDENTIALS)), "");
    }
    let code = if reason.is_empty() { kind } else { reason };
    refused(code, meaning(kind, reason), message)
}

fn meaning(kind: &str, reason: &str) -> Option<&'static str> {
    Some(match (kind, reason) {
        (_, "DESTINATION_PHONE_NUMBER_NOT_VERIFIED") => words::TRIAL,
        (_, "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION" | "COUNTRY_CODE_NOT_SUPPORTED") => {
            words::COUNTRY
        }
        (_, "NO_ORIGINATION_IDENTITIES_FOUND" | "PHONE_NUMBER_NOT_ASSOCIATED_TO_POOL") => words::NOT_OURS,
        (_, "INVALID_PARAMETER" | "DESTINATION_PHONE_NUMBER_INVALID") => return None,
        ("ResourceNotFoundException", _) => words::NOT_OURS,
        ("ServiceQuotaExceededException", _) => words::LIMIT,
        ("AccessDeniedException", "ACCOUNT_DISABLED" | "INSUFFICIENT_ACCOUNT_REPUTATION") => words::SUSPENDED,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{Trial, message_id, sent_as},
        *,
    };

    const KEYS: &[(&str, &str)] = &[
        ("access_key_id", "AKIDEXAMPLE"),
        ("secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        ("region", "eu-west-1"),
        ("topic_arn", "arn:aws:sns:eu-west-1:123456789012:texts"),
    ];

    fn header<'a>(call: &'a Call, name: &str) -> &'a str {
        call.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str()).unwrap()
    }

    #[test]
    fn a_text_is_signed_for_the_region() {
        let trial = Trial::new("aws_sns", &[KEYS, &[("configuration_set", "set1")]].concat());
        let call = trial.call(&Aws);
        assert_eq!(call.url.as_str(), "https://sms-voice.eu-west-1.amazonaws.com/");
        let Body::Bytes(MEDIA_TYPE, bytes) = &call.body else { panic!("{:?}", call.body) };
        let expected = json!({"DestinationPhoneNumber": "+15557654321", "OriginationIdentity": "+15550001111",
            "MessageBody": "Grüße & bis bald", "MessageType": "TRANSACTIONAL", "ConfigurationSetName": "set1",
            "Context": {"message_id": message_id()}});
        assert_eq!(serde_json::from_slice::<Value>(bytes).unwrap(), expected);
        assert_eq!(header(&call, "x-amz-target"), "PinpointSMSVoiceV2.SendTextMessage");
        assert_eq!(header(&call, "x-amz-date"), "20150830T123600Z");
        let authorization = header(&call, "authorization");
        let scope = "Credential=AKIDEXAMPLE/20150830/eu-west-1/sms-voice/aws4_request";
        assert!(authorization.contains(scope), "{authorization}");
        assert!(authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-target,"));
        let elsewhere = trial.at("http://127.0.0.1:9/x").call(&Aws);
        assert_eq!(elsewhere.url.as_str(), "http://127.0.0.1:9/");
        assert_ne!(header(&elsewhere, "authorization"), authorization, "the host is signed with its port");
    }

    #[test]
    fn pictures_are_refused_clearly() {
        let refusal = Trial::new("aws_sns", KEYS).with_pictures(&["image/png"]).refusal(&Aws);
        assert_eq!(refusal.code, "mms_not_supported");
    }

    #[test]
    fn answers_are_understood() {
        let trial = Trial::new("aws_sns", KEYS);
        let (id, _, account, _) = sent_as(trial.read(&Aws, 200, &json!({"MessageId": "m1"})));
        assert_eq!((id.as_str(), account.as_str()), ("m1", "eu-west-1"));
        assert_eq!(trial.read(&Aws, 200, &Value::Null), Attempt::uncertain());
        let said = |kind: &str, reason: &str| json!({"__type": format!("com.amazonaws.pinpointsmsvoicev2#{kind}"), "Message": "Oh no", "Reason": reason});
        assert!(matches!(trial.read(&Aws, 400, &said("ThrottlingException", "")), Attempt::NotTaken { .. }));
        let conflict = said("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT");
        let (code, reason, out) = trial.refused(&Aws, 400, &conflict);
        assert_eq!((code.as_str(), out), ("DESTINATION_PHONE_NUMBER_OPTED_OUT", true));
        assert!(reason.contains("opted out"));
        for (kind, reason, code, word) in [
            ("UnrecognizedClientException", "", "UnrecognizedClientException", "secret_access_key"),
            ("AccessDeniedException", "ACCOUNT_DISABLED", "ACCOUNT_DISABLED", "suspended"),
            (
                "ServiceQuotaExceededException",
                "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
                "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
                "limit",
            ),
            ("ResourceNotFoundException", "", "ResourceNotFoundException", "does not belong"),
            ("ValidationException", "INVALID_PARAMETER", "INVALID_PARAMETER", "Oh no"),
        ] {
            let (found, said, out) = trial.refused(&Aws, 400, &said(kind, reason));
            assert_eq!((found.as_str(), out), (code, false));
            assert!(said.contains(word), "{said}");
        }
    }
}
