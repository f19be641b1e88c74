//! Bandwidth's messaging API, version 2. What becomes of a text is told to the callback of the application, which
//! names our id as `tag`. Source: Bandwidth's API reference and "Messaging errors".

use domain::message::DeliveryError;
use serde_json::{Value, json};

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
    },
    Carrier, below,
    text::{Text, bad_credentials, refused, refused_by_status},
    words,
};

const CREDENTIALS: &str = "account_id, api_user and api_password";
const MOST_PICTURES: usize = 10;

/// Bandwidth's API.
pub struct Bandwidth;

impl Carrier for Bandwidth {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let account = text.credential("account_id")?.expose();
        let mut body = json!({
            "applicationId": text.credential("application_id")?.expose(), "from": text.sms.from,
            "to": [text.sms.to], "text": text.sms.text, "tag": text.id(),
        });
        let pictures = text.pictures(MOST_PICTURES)?;
        if !pictures.is_empty() {
            body["media"] = json!(pictures);
        }
        let base = text.base("https://messaging.bandwidth.com")?;
        let url = below(&base, &["api", "v2", "users", account, "messages"]);
        let user = text.credential("api_user")?.expose().to_owned();
        let auth = Auth::Basic(user, text.credential("api_password")?.clone());
        Ok(Call::new(url, auth, Body::Json(body)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if answer.status.is_success() {
            return said["id"].as_str().map_or_else(Attempt::uncertain, |id| text.sent(id));
        }
        match said["type"].as_str() {
            // once a 403, now a 429
            Some(kind) if kind.contains("rate-limit") => {
                answer.later(format!("it asks us to slow down ({kind})"))
            }
            Some(kind @ ("unauthorized" | "forbidden")) => {
                refused(kind, Some(&bad_credentials(CREDENTIALS)), "")
            }
            Some(kind) => refused(kind, meaning(&said), &why(&said)),
            None => refused_by_status(answer, CREDENTIALS, ""),
        }
    }
}

/// What Bandwidth says, with what it says of each field.
fn why(said: &Value) -> String {
    let text = said["description"].as_str().unwrap_or_default();
    let fields = said["fieldErrors"].as_array().into_iter().flatten();
    fields
        .filter_map(|one| one["description"].as_str())
        .fold(text.to_owned(), |all, one| format!("{all}; {one}"))
}

fn meaning(said: &Value) -> Option<&'static str> {
    let field = said["fieldErrors"][0]["fieldName"].as_str().unwrap_or_default();
    match field.split(['[', '.']).next().unwrap_or_default() {
        "to" => Some(words::NOT_A_NUMBER),
        "from" => Some(words::NOT_OURS),
        "media" => Some(words::PICTURE),
        "applicationId" => Some("the carrier does not know our application: check application_id"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{Trial, basic, json_of, message_id, sent_as},
        *,
    };

    const KEYS: &[(&str, &str)] =
        &[("account_id", "9900"), ("api_user", "u"), ("api_password", "p"), ("application_id", "app1")];

    #[test]
    fn a_text_goes_to_the_accounts_messages_with_our_id_as_tag() {
        let call = Trial::new("bandwidth", KEYS).call(&Bandwidth);
        assert_eq!(call.url.as_str(), "https://messaging.bandwidth.com/api/v2/users/9900/messages");
        assert_eq!(basic(&call), ("u", "p"));
        let body = json!({"applicationId": "app1", "from": "+15550001111", "to": ["+15557654321"],
            "text": "Grüße & bis bald", "tag": message_id()});
        assert_eq!(*json_of(&call), body);
        let call = Trial::new("bandwidth", KEYS).with_pictures(&["image/png"]).call(&Bandwidth);
        assert_eq!(json_of(&call)["media"], json!(["https://desk.example.com/media/0"]));
    }

    #[test]
    fn answers_are_understood() {
        let trial = Trial::new("bandwidth", KEYS);
        let sent = sent_as(trial.read(&Bandwidth, 202, &json!({"id": "1562", "direction": "out"})));
        assert_eq!(sent, ("1562".into(), vec![], "9900".into(), "bandwidth".into()));
        assert_eq!(trial.read(&Bandwidth, 202, &Value::Null), Attempt::uncertain());
        let slow = json!({"type": "message-rate-limit-forbidden", "description": "Too fast"});
        assert!(matches!(trial.read(&Bandwidth, 403, &slow), Attempt::NotTaken { .. }));
        for (status, kind, field, word) in [
            (401, "unauthorized", "", "api_password"),
            (400, "request-validation", "to[0]", "valid phone number"),
            (400, "request-validation", "from", "does not belong"),
            (400, "request-validation", "text", "Oh no; too long"),
        ] {
            let said = json!({"type": kind, "description": "Oh no",
                "fieldErrors": [{"fieldName": field, "description": "too long"}]});
            let (code, reason, _) = trial.refused(&Bandwidth, status, &said);
            assert_eq!(code, kind);
            assert!(reason.contains(word), "{reason}");
        }
        assert_eq!(trial.refused(&Bandwidth, 404, &Value::Null).0, "http_404");
    }
}
