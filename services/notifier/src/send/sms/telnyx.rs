//! Telnyx: `POST /v2/messages`. Source: Telnyx's API reference, "Messaging error codes" and "Rate limiting".

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

/// Telnyx's API.
pub struct Telnyx;

impl Carrier for Telnyx {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let mut body = json!({"from": text.sms.from, "to": text.sms.to});
        let pictures = text.pictures(MOST_PICTURES)?;
        if pictures.is_empty() || !text.sms.text.is_empty() {
            body["text"] = json!(text.sms.text);
        }
        if !pictures.is_empty() {
            body["media_urls"] = json!(pictures);
            body["type"] = json!("MMS");
        }
        if let Some(profile) = text.line.credentials.get("messaging_profile_id") {
            body["messaging_profile_id"] = json!(profile.expose());
        }
        if let Some(callback) = text.callback() {
            body["webhook_url"] = json!(callback);
        }
        let url = below(&text.base("https://api.telnyx.com")?, &["v2", "messages"]);
        Ok(Call::new(url, Auth::Bearer(text.credential("api_key")?.clone()), Body::Json(body)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if answer.status.is_success() {
            return said["data"]["id"].as_str().map_or_else(Attempt::uncertain, |id| text.sent(id));
        }
        let error = &said["errors"][0];
        let code = error["code"].as_str().map_or_else(|| error["code"].to_string(), str::to_owned);
        match code.as_str() {
            "null" => refused_by_status(answer, CREDENTIALS, ""),
            // too many requests; upstream limit; the queue is full: not processed
            "10011" | "40011" | "40318" => answer.later(format!("it asks us to slow down ({code})")),
            code @ "40300" => opted_out(code),
            code @ ("10009" | "10010") => refused(code, Some(&bad_credentials(CREDENTIALS)), ""),
            code => {
                let detail = error["detail"].as_str().or_else(|| error["title"].as_str());
                refused(code, meaning(code), detail.unwrap_or_default())
            }
        }
    }
}

fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "10002" | "10016" | "40012" | "40310" => words::NOT_A_NUMBER,
        "40013" | "40305" => words::NOT_OURS,
        "40001" => words::NOT_MOBILE,
        "40002" | "40003" | "40015" => words::FILTERED,
        "40010" => words::UNREGISTERED,
        "40302" => words::TOO_LONG,
        "40309" => words::COUNTRY,
        "40312" | "40314" => words::SUSPENDED,
        "40316" => words::NO_WORDS,
        "40317" => words::PICTURE,
        "20100" => words::NO_CREDIT,
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

    const KEYS: &[(&str, &str)] = &[("api_key", "KEY1")];

    #[test]
    fn a_text_goes_to_messages_with_its_own_webhook() {
        let trial = Trial::new("telnyx", &[KEYS, &[("messaging_profile_id", "mp1")]].concat());
        let call = trial.call(&Telnyx);
        assert_eq!(call.url.as_str(), "https://api.telnyx.com/v2/messages");
        assert!(matches!(&call.auth, Auth::Bearer(key) if key.expose() == "KEY1"));
        let callback = format!("https://desk.example.com/webhooks/sms/telnyx?message_id={}", message_id());
        let body = json!({"from": "+15550001111", "to": "+15557654321", "text": "Grüße & bis bald",
            "messaging_profile_id": "mp1", "webhook_url": callback});
        assert_eq!(*json_of(&call), body);
    }

    #[test]
    fn pictures_make_it_an_mms() {
        let call = Trial::new("telnyx", KEYS).saying("").with_pictures(&["image/jpeg"]).call(&Telnyx);
        let body = json_of(&call);
        assert_eq!(body["media_urls"], json!(["https://desk.example.com/media/0"]));
        assert_eq!((&body["type"], body.get("text")), (&json!("MMS"), None));
    }

    #[test]
    fn answers_are_understood() {
        let trial = Trial::new("telnyx", KEYS);
        let body = json!({"data": {"id": "m1", "to": [{"status": "queued"}]}});
        assert_eq!(
            sent_as(trial.read(&Telnyx, 200, &body)),
            ("m1".into(), vec![], "telnyx".into(), "telnyx".into())
        );
        assert_eq!(trial.read(&Telnyx, 200, &Value::Null), Attempt::uncertain());
        let error = |code: &str| json!({"errors": [{"code": code, "title": "Bad", "detail": "Oh no"}]});
        for (code, status, out, word) in [
            ("40300", 400, true, "opted out"),
            ("40001", 400, false, "mobile"),
            ("40305", 400, false, "does not belong"),
            ("10009", 401, false, "check api_key"),
            ("99999", 422, false, "Oh no"),
        ] {
            let (found, reason, opted_out) = trial.refused(&Telnyx, status, &error(code));
            assert_eq!((found.as_str(), opted_out), (code, out));
            assert!(reason.contains(word), "{reason}");
        }
        assert!(matches!(trial.read(&Telnyx, 400, &error("40318")), Attempt::NotTaken { .. }));
        assert_eq!(trial.refused(&Telnyx, 404, &Value::Null).0, "http_404");
    }
}
