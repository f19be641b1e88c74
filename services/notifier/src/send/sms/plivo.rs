//! Plivo's `Message` resource. Its refusals have a sentence and no code. Source: Plivo's API reference.

use domain::message::DeliveryError;
use serde_json::json;

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
    },
    Carrier, below,
    text::{Text, refused_by_status},
};

const CREDENTIALS: &str = "auth_id and auth_token";
const MOST_PICTURES: usize = 10;

/// Plivo's API.
pub struct Plivo;

impl Carrier for Plivo {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let account = text.credential("auth_id")?.expose();
        let mut body = json!({"src": text.our_digits(), "dst": text.their_digits(), "text": text.sms.text});
        let pictures = text.pictures(MOST_PICTURES)?;
        if pictures.is_empty() {
            body["type"] = json!("sms");
        } else {
            body["type"] = json!("mms");
            body["media_urls"] = json!(pictures);
        }
        if let Some(callback) = text.callback() {
            body["url"] = json!(callback);
            body["method"] = json!("POST");
        }
        let base = text.base("https://api.plivo.com")?;
        // with the slash at the end: without it Plivo answers with a redirect
        let url = below(&base, &["v1", "Account", account, "Message", ""]);
        let auth = Auth::Basic(account.to_owned(), text.credential("auth_token")?.clone());
        Ok(Call::new(url, auth, Body::Json(body)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if !answer.status.is_success() {
            return refused_by_status(answer, CREDENTIALS, said["error"].as_str().unwrap_or_default());
        }
        match said["message_uuid"][0].as_str() {
            Some(id) => text.sent(id),
            None => Attempt::uncertain(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{
        super::trial::{Trial, basic, json_of, message_id, sent_as},
        *,
    };

    const KEYS: &[(&str, &str)] = &[("auth_id", "MA1"), ("auth_token", "token")];

    #[test]
    fn a_text_goes_to_the_accounts_messages() {
        let call = Trial::new("plivo", KEYS).call(&Plivo);
        assert_eq!(call.url.as_str(), "https://api.plivo.com/v1/Account/MA1/Message/");
        assert_eq!(basic(&call), ("MA1", "token"));
        let callback = format!("https://desk.example.com/webhooks/sms/plivo?message_id={}", message_id());
        let body = json!({"src": "15550001111", "dst": "15557654321", "text": "Grüße & bis bald",
            "type": "sms", "url": callback, "method": "POST"});
        assert_eq!(*json_of(&call), body);
        let call = Trial::new("plivo", KEYS).with_pictures(&["image/gif"]).call(&Plivo);
        assert_eq!(json_of(&call)["type"], "mms");
        assert_eq!(json_of(&call)["media_urls"], json!(["https://desk.example.com/media/0"]));
    }

    #[test]
    fn answers_are_understood() {
        let trial = Trial::new("plivo", KEYS);
        let body = json!({"api_id": "a", "message": "message(s) queued", "message_uuid": ["u1"]});
        let sent = sent_as(trial.read(&Plivo, 202, &body));
        assert_eq!(sent, ("u1".into(), vec![], "MA1".into(), "plivo".into()));
        assert_eq!(trial.read(&Plivo, 202, &Value::Null), Attempt::uncertain());
        let error = json!({"api_id": "a", "error": "dst is not valid"});
        let (code, reason, out) = trial.refused(&Plivo, 400, &error);
        assert_eq!((code.as_str(), out), ("http_400", false));
        assert!(reason.contains("dst is not valid"), "{reason}");
        assert!(trial.refused(&Plivo, 401, &Value::Null).1.contains("auth_id and auth_token"));
        assert!(trial.refused(&Plivo, 402, &Value::Null).1.contains("credit"));
    }
}
