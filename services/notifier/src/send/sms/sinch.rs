//! Sinch's SMS API (XMS): a batch of one. Source: Sinch's "SMS API" reference and "HTTP status codes for the SMS REST
//! API".

use domain::message::DeliveryError;
use serde_json::{Value, json};

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
    },
    Carrier, below,
    text::{Text, refused, refused_by_status},
    words,
};

const CREDENTIALS: &str = "service_plan_id, api_token and region";
/// A media batch has one picture.
const MOST_PICTURES: usize = 1;

/// Sinch's API.
pub struct Sinch;

impl Carrier for Sinch {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let plan = text.credential("service_plan_id")?.expose();
        let region = text.line.credentials.get("region").map_or("us", |region| region.expose());
        let mut body = json!({
            "from": text.our_digits(), "to": [text.their_digits()], "delivery_report": "per_recipient",
            "client_reference": text.id(),
        });
        match text.pictures(MOST_PICTURES)?.first() {
            Some(picture) => {
                body["type"] = json!("mt_media");
                body["body"] = json!({"url": picture});
                if !text.sms.text.is_empty() {
                    body["body"]["message"] = json!(text.sms.text);
                }
            }
            None => {
                body["type"] = json!("mt_text");
                body["body"] = json!(text.sms.text);
            }
        }
        if let Some(callback) = text.callback() {
            body["callback_url"] = json!(callback);
        }
        let base = text.base(&format!("https://{region}.sms.api.sinch.com"))?;
        let url = below(&base, &["xms", "v1", plan, "batches"]);
        Ok(Call::new(url, Auth::Bearer(text.credential("api_token")?.clone()), Body::Json(body)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if answer.status.is_success() {
            return said["id"].as_str().map_or_else(Attempt::uncertain, |id| text.sent(id));
        }
        match said["code"].as_str() {
            Some(code) => {
                let why = why(&said);
                refused(code, meaning(code, &why), &why)
            }
            None => refused_by_status(answer, CREDENTIALS, ""),
        }
    }
}

/// What Sinch says, with the reasons it lists.
fn why(said: &Value) -> String {
    let text = said["text"].as_str().unwrap_or_default();
    let violations = said["violations"].as_array().into_iter().flatten();
    violations.filter_map(Value::as_str).fold(text.to_owned(), |all, one| format!("{all}; {one}"))
}

fn meaning(code: &str, why: &str) -> Option<&'static str> {
    Some(match code {
        "unsupported_originator" | "invalid_originator" => words::NOT_OURS,
        "insufficient_balance" => words::NO_CREDIT,
        "syntax_constraint_violation" if why.contains("callback_url") => words::CALLBACK,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{Trial, json_of, message_id, sent_as},
        *,
    };

    const KEYS: &[(&str, &str)] = &[("service_plan_id", "plan1"), ("api_token", "token")];

    #[test]
    fn a_text_is_a_batch_of_one_in_the_region_of_the_plan() {
        let call = Trial::new("sinch", KEYS).call(&Sinch);
        assert_eq!(call.url.as_str(), "https://us.sms.api.sinch.com/xms/v1/plan1/batches");
        assert!(matches!(&call.auth, Auth::Bearer(token) if token.expose() == "token"));
        let id = message_id().to_string();
        let callback = format!("https://desk.example.com/webhooks/sms/sinch?message_id={id}");
        let body = json!({"from": "15550001111", "to": ["15557654321"], "body": "Grüße & bis bald",
            "type": "mt_text", "delivery_report": "per_recipient", "callback_url": callback, "client_reference": id});
        assert_eq!(*json_of(&call), body);
        let call = Trial::new("sinch", &[KEYS, &[("region", "eu")]].concat()).call(&Sinch);
        assert_eq!(call.url.host_str(), Some("eu.sms.api.sinch.com"));
    }

    #[test]
    fn a_picture_makes_it_a_media_batch() {
        let call = Trial::new("sinch", KEYS).with_pictures(&["image/png"]).call(&Sinch);
        let body = json_of(&call);
        let media = json!({"url": "https://desk.example.com/media/0", "message": "Grüße & bis bald"});
        assert_eq!((&body["type"], &body["body"]), (&json!("mt_media"), &media));
        let two = Trial::new("sinch", KEYS).with_pictures(&["image/png", "image/png"]);
        assert_eq!(two.refusal(&Sinch).code, "too_many_pictures");
    }

    #[test]
    fn answers_are_understood() {
        let trial = Trial::new("sinch", KEYS);
        let sent = sent_as(trial.read(&Sinch, 201, &json!({"id": "01F", "canceled": false})));
        assert_eq!(sent, ("01F".into(), vec![], "plan1".into(), "sinch".into()));
        assert_eq!(trial.read(&Sinch, 201, &Value::Null), Attempt::uncertain());
        let said = json!({"code": "syntax_constraint_violation", "text": "Not valid",
            "violations": ["to: not a phone number"]});
        let (code, reason, _) = trial.refused(&Sinch, 400, &said);
        assert_eq!(code, "syntax_constraint_violation");
        assert!(reason.contains("to: not a phone number"), "{reason}");
        assert!(trial.refused(&Sinch, 401, &Value::Null).1.contains("api_token"));
        let origin = json!({"code": "unsupported_originator", "text": "x"});
        assert!(trial.refused(&Sinch, 403, &origin).1.contains("does not belong"));
    }
}
