//! MessageBird (Bird): `POST /messages`, and `/mms` for pictures, in the United States and Canada. Source:
//! MessageBird's API reference.

use domain::message::DeliveryError;
use serde_json::json;

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
    },
    Carrier, below,
    text::{Text, bad_credentials, opted_out, refused, refused_by_status},
    words,
};

const CREDENTIALS: &str = "api_key";
const MOST_PICTURES: usize = 10;

/// MessageBird's API.
pub struct MessageBird;

impl Carrier for MessageBird {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let mut body = json!({
            "originator": text.our_digits(), "recipients": [text.their_digits()], "body": text.sms.text,
            "reference": text.id(),
        });
        let pictures = text.pictures(MOST_PICTURES)?;
        let resource = if pictures.is_empty() {
            body["datacoding"] = json!(if text.is_unicode() { "unicode" } else { "plain" });
            if let Some(callback) = text.callback() {
                body["reportUrl"] = json!(callback);
            }
            "messages"
        } else {
            body["mediaUrls"] = json!(pictures);
            "mms"
        };
        let url = below(&text.base("https://rest.messagebird.com")?, &[resource]);
        Ok(Call::new(url, Auth::Scheme("AccessKey", text.credential("api_key")?.clone()), Body::Json(body)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if answer.status.is_success() {
            return said["id"].as_str().map_or_else(Attempt::uncertain, |id| text.sent(id));
        }
        let error = &said["errors"][0];
        let parameter = error["parameter"].as_str().unwrap_or_default();
        match error["code"].as_u64() {
            None => refused_by_status(answer, CREDENTIALS, ""),
            Some(code @ 2) => refused(code, Some(&bad_credentials(CREDENTIALS)), ""),
            Some(code @ 103) => opted_out(code),
            Some(code) => {
                refused(code, meaning(code, parameter), error["description"].as_str().unwrap_or_default())
            }
        }
    }
}

fn meaning(code: u64, parameter: &str) -> Option<&'static str> {
    Some(match (code, parameter) {
        (9 | 10, "recipient" | "recipients") => words::NOT_A_NUMBER,
        (9 | 10, "originator") => words::NOT_OURS,
        (9 | 10, "reportUrl") => words::CALLBACK,
        (9 | 10, "mediaUrls") => words::PICTURE,
        (9, "body") => words::NO_WORDS,
        (10, "body") => words::TOO_LONG,
        (25, _) => words::NO_CREDIT,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{
        super::trial::{Trial, json_of, message_id, sent_as},
        *,
    };

    const KEYS: &[(&str, &str)] = &[("api_key", "live_1")];

    #[test]
    fn a_text_goes_to_messages_with_a_report_address() {
        let call = Trial::new("messagebird", KEYS).call(&MessageBird);
        assert_eq!(call.url.as_str(), "https://rest.messagebird.com/messages");
        assert!(matches!(&call.auth, Auth::Scheme("AccessKey", key) if key.expose() == "live_1"));
        let id = message_id().to_string();
        let callback = format!("https://desk.example.com/webhooks/sms/messagebird?message_id={id}");
        let body = json!({"originator": "15550001111", "recipients": ["15557654321"],
            "body": "Grüße & bis bald", "reference": id, "reportUrl": callback, "datacoding": "plain"});
        assert_eq!(*json_of(&call), body);
        let call = Trial::new("messagebird", KEYS).saying("👋").call(&MessageBird);
        assert_eq!(json_of(&call)["datacoding"], "unicode");
    }

    #[test]
    fn pictures_go_to_mms() {
        let call = Trial::new("messagebird", KEYS).with_pictures(&["image/gif"]).call(&MessageBird);
        assert_eq!(call.url.as_str(), "https://rest.messagebird.com/mms");
        let body = json!({"originator": "15550001111", "recipients": ["15557654321"],
            "body": "Grüße & bis bald", "reference": message_id(), "mediaUrls": ["https://desk.example.com/media/0"]});
        assert_eq!(*json_of(&call), body);
    }

    #[test]
    fn answers_are_understood() {
        let trial = Trial::new("messagebird", KEYS);
        let sent = sent_as(trial.read(&MessageBird, 201, &json!({"id": "m1", "recipients": {}})));
        assert_eq!((sent.0.as_str(), sent.3.as_str()), ("m1", "messagebird"));
        assert_eq!(trial.read(&MessageBird, 201, &Value::Null), Attempt::uncertain());
        for (code, parameter, status, out, word) in [
            (2, "access_key", 401, false, "check api_key"),
            (10, "recipients", 422, false, "valid phone number"),
            (10, "originator", 422, false, "does not belong"),
            (25, "", 402, false, "credit"),
            (103, "", 422, true, "opted out"),
            (21, "", 422, false, "Oh no"),
        ] {
            let error = json!({"errors": [{"code": code, "description": "Oh no", "parameter": parameter}]});
            let (found, reason, opted_out) = trial.refused(&MessageBird, status, &error);
            assert_eq!((found, opted_out), (code.to_string(), out));
            assert!(reason.contains(word), "{reason}");
        }
        assert_eq!(trial.refused(&MessageBird, 404, &Value::Null).0, "http_404");
    }
}
