//! AWS End User Messaging, and the SNS topic it speaks through: calls signed with Signature Version 4, notifications
//! with the key of a certificate that lies here. The key is for tests alone.

use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

use super::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, id, is_e164, sign, text_of, wire::Request,
};

const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "aws's secret access key";
const REGION: &str = "eu-west-1";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:texts";
const CERTIFICATE: &str = include_str!("certificate.pem");
const CERTIFICATE_PATH: &str = "/SimpleNotificationService-0123456789abcdef.pem";

pub struct Aws {
    number: String,
    api_base: String,
    signs: RsaKeyPair,
}

impl Aws {
    pub fn new(api_base: &str, number: &str) -> Self {
        let signs = RsaKeyPair::from_pkcs8(include_bytes!("key.der")).expect("a key");
        Self { number: number.to_owned(), api_base: api_base.to_owned(), signs }
    }

    fn notification(&self, kind: &str, message: &str, more: &[(&str, Value)]) -> Webhook {
        let mut body = json!({
            "Type": kind, "MessageId": id(), "TopicArn": TOPIC, "Message": message,
            "Timestamp": "2026-11-21T08:00:00.000Z", "SignatureVersion": "2",
            "SigningCertURL": format!("{}{CERTIFICATE_PATH}", self.api_base),
        });
        more.iter().for_each(|(name, value)| body[*name] = value.clone());
        let webhook = Webhook::json("/webhooks/sms/aws_sns", &body);
        let kind = vec![
            ("content-type", "text/plain; charset=UTF-8".to_owned()),
            ("x-amz-sns-message-type", kind.to_owned()),
        ];
        Webhook { headers: kind, ..webhook }
    }
}

fn error(kind: &str, reason: &str) -> Answer {
    let kind = format!("com.amazonaws.pinpointsmsvoicev2#{kind}");
    (400, json!({"__type": kind, "Message": "stand-in", "Reason": reason}))
}

/// AWS's own description of the signature, from the request as it came.
fn signature(request: &Request, signed_headers: &str) -> String {
    let time = request.header("x-amz-date");
    let day = time.get(..8).unwrap_or_default();
    let headers: String =
        signed_headers.split(';').map(|name| format!("{name}:{}\n", request.header(name))).collect();
    let canonical =
        [&request.method, request.path(), "", &headers, signed_headers, &sign::sha256(&request.body)]
            .join("\n");
    let scope = format!("{day}/{REGION}/sms-voice/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sign::sha256(&canonical));
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in [day, REGION, "sms-voice", "aws4_request"] {
        key = sign::hmac_sha256(&key, part);
    }
    let signature = sign::hex(&sign::hmac_sha256(&key, &text));
    format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={signed_headers}, Signature={signature}"
    )
}

impl Manners for Aws {
    fn provider(&self) -> &'static str {
        "aws_sns"
    }

    fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![
            ("access_key_id", KEY_ID.into()),
            ("secret_access_key", SECRET.into()),
            ("region", REGION.into()),
            ("topic_arn", TOPIC.into()),
            ("configuration_set", "texts".into()),
        ]
    }

    fn authorize(&self, request: &Request) -> Result<(), Answer> {
        let given = request.header("authorization");
        let headers = given.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next());
        let headers = headers.unwrap_or_default();
        let covers = ["host", "x-amz-date", "x-amz-target"]
            .iter()
            .all(|name| headers.split(';').any(|one| one == *name));
        let right = request.method == "GET" || (covers && given == signature(request, headers));
        right.then_some(()).ok_or_else(|| error("InvalidSignatureException", ""))
    }

    fn account(&self) -> String {
        "/".into()
    }

    /// The product must call the address in it.
    fn greeting(&self) -> Option<Webhook> {
        let url = format!("{}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f", self.api_base);
        let text = "You have chosen to subscribe to the topic.";
        let more = [("SubscribeURL", json!(url)), ("Token", json!("2336412f"))];
        Some(self.notification("SubscriptionConfirmation", text, &more))
    }

    fn get(&self, request: &Request) -> Option<String> {
        match request.path() {
            CERTIFICATE_PATH => Some(CERTIFICATE.to_owned()),
            "/" if request.target.contains("Action=ConfirmSubscription") => Some(String::new()),
            _ => None,
        }
    }

    fn take(&self, request: &Request) -> Result<(Taken, Answer), Answer> {
        let kind = (request.header("x-amz-target"), request.header("content-type"));
        if request.path() != "/"
            || kind != ("PinpointSMSVoiceV2.SendTextMessage", "application/x-amz-json-1.0")
        {
            return Err(error("UnknownOperationException", ""));
        }
        let body = request.json();
        let (to, from) = (text_of(&body["DestinationPhoneNumber"]), text_of(&body["OriginationIdentity"]));
        let text = text_of(&body["MessageBody"]);
        match () {
            () if !is_e164(&to) => return Err(error("ValidationException", "INVALID_PARAMETER")),
            () if from != self.number => return Err(error("ResourceNotFoundException", "")),
            () if text.is_empty() => return Err(error("ValidationException", "MISSING_PARAMETER")),
            () => {}
        }
        let id = id();
        let reference = body["Context"]["message_id"].as_str().map(str::to_owned);
        let taken =
            Taken { ids: vec![id.clone()], from, to, text, pictures: Vec::new(), callback: None, reference };
        Ok((taken, (200, json!({"MessageId": id}))))
    }

    fn refusal(&self, why: Refusal) -> Option<Answer> {
        Some(match why {
            Refusal::BadNumber => error("ValidationException", "INVALID_PARAMETER"),
            Refusal::OptedOut => error("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
            Refusal::SlowDown => error("ThrottlingException", ""),
        })
    }

    fn text(&self, text: Text<'_>) -> Webhook {
        let message = json!({"originationNumber": text.from, "destinationNumber": self.number,
            "messageKeyword": "KEYWORD_123456789012", "messageBody": text.body, "inboundMessageId": text.id,
            "previousPublishedMessageId": "p1"});
        self.notification("Notification", &message.to_string(), &[])
    }

    fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let (kind, status, said) = match word {
            Word::Sent => ("TEXT_SENT", "SENT", "Message has been sent"),
            Word::Delivered => ("TEXT_DELIVERED", "DELIVERED", "Message has been accepted by phone"),
            Word::Failed => ("TEXT_UNREACHABLE", "UNREACHABLE", "Phone is currently unreachable/unavailable"),
            Word::OptedOut => ("TEXT_BLOCKED", "BLOCKED", "Phone number is opted out"),
        };
        let event = json!({"eventType": kind, "eventVersion": "1.0", "isFinal": word != Word::Sent,
            "originationPhoneNumber": taken.from, "destinationPhoneNumber": taken.to, "messageId": taken.ids[0],
            "messageType": "TRANSACTIONAL", "messageStatus": status, "messageStatusDescription": said,
            "context": {"message_id": taken.reference}, "totalMessageParts": 1});
        vec![self.notification("Notification", &event.to_string(), &[])]
    }

    fn prove(&self, webhook: Webhook) -> Webhook {
        let mut body: Value = serde_json::from_str(&webhook.body).expect("JSON");
        let names: &[&str] = match body["Type"].as_str() {
            Some("Notification") => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
        };
        let there = names.iter().filter_map(|name| Some((name, body[*name].as_str()?)));
        let text: String = there.map(|(name, value)| format!("{name}\n{value}\n")).collect();
        let mut signature = vec![0; self.signs.public().modulus_len()];
        let signed =
            self.signs.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.expect("a signature");
        body["Signature"] = json!(sign::base64(&signature));
        Webhook { body: body.to_string(), ..webhook }
    }
}
