//! Twilio's `Messages` resource. Source: Twilio's API reference and error dictionary.

use domain::message::DeliveryError;

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
    },
    Carrier, below,
    text::{Text, bad_credentials, opted_out, refused, refused_by_status},
    words,
};

/// What has to be right for Twilio to know us.
const CREDENTIALS: &str = "account_sid and auth_token (or api_key and api_secret)";
/// Twilio takes at most ten files with a text.
const MOST_PICTURES: usize = 10;

/// Twilio's API.
pub struct Twilio;

impl Carrier for Twilio {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let account = text.credential("account_sid")?.expose();
        let base = text.base("https://api.twilio.com")?;
        let sender = match text.line.credentials.get("messaging_service_sid") {
            Some(service) => ("MessagingServiceSid", service.expose().to_owned()),
            None => ("From", text.sms.from.to_string()),
        };
        let mut form = vec![("To", text.sms.to.to_string()), sender];
        let pictures = text.pictures(MOST_PICTURES)?;
        if pictures.is_empty() || !text.sms.text.is_empty() {
            form.push(("Body", text.sms.text.clone()));
        }
        form.extend(pictures.into_iter().map(|url| ("MediaUrl", url.to_owned())));
        form.extend(text.callback().map(|callback| ("StatusCallback", callback)));
        let url = below(&base, &["2010-04-01", "Accounts", account, "Messages.json"]);
        Ok(Call::new(url, auth(text)?, Body::Form(form)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if answer.status.is_success() {
            return match said["sid"].as_str() {
                Some(sid) => text.sent(sid),
                // taken, but under an id we do not know: the status callback will tell
                None => Attempt::uncertain(),
            };
        }
        let code = said["code"].as_u64().unwrap_or_default();
        match code {
            // too many requests; the number's queue is full: not processed
            20429 | 21611 => answer.later(format!("the carrier's queue is full ({code})")),
            21610 => opted_out(code),
            20003 => refused(code, Some(&bad_credentials(CREDENTIALS)), ""),
            0 => refused_by_status(answer, CREDENTIALS, ""),
            _ => refused(code, meaning(code), said["message"].as_str().unwrap_or_default()),
        }
    }
}

/// An API key stands in for the auth token, which then only proves webhooks.
fn auth(text: &Text<'_>) -> Result<Auth, DeliveryError> {
    let credentials = &text.line.credentials;
    if let (Some(key), Some(secret)) = (credentials.get("api_key"), credentials.get("api_secret")) {
        return Ok(Auth::Basic(key.expose().to_owned(), secret.clone()));
    }
    let account = text.credential("account_sid")?.expose().to_owned();
    Ok(Auth::Basic(account, text.credential("auth_token")?.clone()))
}

fn meaning(code: u64) -> Option<&'static str> {
    Some(match code {
        20404 => "the carrier does not know our account: check account_sid and api_base",
        21211 => words::NOT_A_NUMBER,
        21408 => words::COUNTRY,
        21602 => words::NO_WORDS,
        21606 | 21659 | 21660 => words::NOT_OURS,
        21608 => words::TRIAL,
        21609 => words::CALLBACK,
        21612 => words::NO_ROUTE,
        21614 => words::NOT_MOBILE,
        21617 => "the text is too long: 1,600 characters at most",
        21620 | 21623 | 21655 | 12300 => words::PICTURE,
        21703..=21705 => "the messaging service at the carrier has no number that can send this",
        30007 => words::FILTERED,
        30034 => words::UNREGISTERED,
        63038 => "the carrier account has reached its limit of texts for today",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::trial::{Trial, basic, field, fields, message_id, sent_as},
        *,
    };

    const KEYS: &[(&str, &str)] = &[("account_sid", "AC1"), ("auth_token", "secret")];

    #[test]
    fn a_text_goes_to_the_accounts_messages_with_a_callback_that_carries_our_id() {
        let call = Trial::new("twilio", KEYS).call(&Twilio);
        assert_eq!(call.url.as_str(), "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
        assert_eq!(basic(&call), ("AC1", "secret"));
        assert_eq!(field(&call, "To"), Some("+15557654321"));
        assert_eq!(field(&call, "From"), Some("+15550001111"));
        assert_eq!(field(&call, "Body"), Some("Grüße & bis bald"));
        let callback = format!("https://desk.example.com/webhooks/sms/twilio?message_id={}", message_id());
        assert_eq!(field(&call, "StatusCallback"), Some(callback.as_str()));
    }

    #[test]
    fn a_messaging_service_takes_the_place_of_the_sender_and_an_api_key_that_of_the_token() {
        let more = [("messaging_service_sid", "MG1"), ("api_key", "SK1"), ("api_secret", "s")];
        let trial = Trial::new("twilio", &[KEYS, &more].concat()).at("http://127.0.0.1:9/x/");
        let call = trial.call(&Twilio);
        assert_eq!(call.url.as_str(), "http://127.0.0.1:9/x/2010-04-01/Accounts/AC1/Messages.json");
        assert_eq!((field(&call, "MessagingServiceSid"), field(&call, "From")), (Some("MG1"), None));
        assert_eq!(basic(&call), ("SK1", "s"));
        let half = Trial::new("twilio", &[KEYS, &[("api_key", "SK1")]].concat());
        assert_eq!(basic(&half.call(&Twilio)), ("AC1", "secret"), "a key without its secret is no use");
        let none = Trial::new("twilio", &[("account_sid", "AC1")]);
        assert_eq!(none.refusal(&Twilio).reason, "this number has no auth_token configured");
    }

    #[test]
    fn pictures_go_along_and_need_no_words() {
        let trial = Trial::new("twilio", KEYS).with_pictures(&["image/jpeg", "image/gif"]);
        let call = trial.call(&Twilio);
        let urls = ["https://desk.example.com/media/0", "https://desk.example.com/media/1"];
        assert_eq!(fields(&call, "MediaUrl"), urls);
        assert_eq!(field(&call, "Body"), Some("Grüße & bis bald"));
        assert_eq!(field(&trial.saying("").call(&Twilio), "Body"), None);
    }

    #[test]
    fn answers_are_understood() {
        let trial = Trial::new("twilio", KEYS);
        let sent = sent_as(trial.read(&Twilio, 201, &json!({"sid": "SM1", "status": "queued"})));
        assert_eq!(sent, ("SM1".into(), vec![], "AC1".into(), "twilio".into()));
        assert_eq!(trial.read(&Twilio, 201, &Value::Null), Attempt::uncertain());
        assert!(matches!(trial.read(&Twilio, 400, &json!({"code": 21611})), Attempt::NotTaken { .. }));
        for (code, out, word) in [
            (21610, true, "opted out"),
            (21211, false, "valid"),
            (21614, false, "mobile"),
            (20003, false, "api_secret"),
            (99999, false, "Oh no"),
        ] {
            let body = json!({"code": code, "message": "Oh\nno", "status": 400});
            let (found, reason, opted_out) = trial.refused(&Twilio, 400, &body);
            assert_eq!((found, opted_out), (code.to_string(), out));
            assert!(reason.contains(word), "{reason}");
        }
        assert_eq!(trial.refused(&Twilio, 404, &Value::Null).0, "http_404");
    }
}
