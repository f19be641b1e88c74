//! Vonage: texts by the SMS API, whose 200 says for each part what became of it; pictures by the Messages API, which
//! takes the same key and secret. Source: Vonage's references of both and their lists of errors.

use domain::message::DeliveryError;
use serde_json::{Value, json};

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
        shown,
    },
    Carrier, below,
    text::{Text, bad_credentials, refused, refused_by_status},
    words,
};

const CREDENTIALS: &str = "api_key and api_secret";
/// Longest callback address the SMS API takes, in characters.
const LONGEST_CALLBACK: usize = 100;
/// The Messages API takes one picture.
const MOST_PICTURES: usize = 1;

/// Vonage's APIs.
pub struct Vonage;

impl Carrier for Vonage {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        match text.pictures(MOST_PICTURES)?.first() {
            Some(picture) => picture_call(text, picture),
            None => text_call(text),
        }
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if !answer.status.is_success() {
            let detail = said["detail"].as_str().or_else(|| said["title"].as_str());
            return refused_by_status(answer, CREDENTIALS, detail.unwrap_or_default());
        }
        if let Some(id) = said["message_uuid"].as_str() {
            return text.sent(id);
        }
        read_parts(text, answer, said["messages"].as_array().map_or(&[], Vec::as_slice))
    }
}

fn text_call(text: &Text<'_>) -> Result<Call, DeliveryError> {
    let mut form = vec![
        ("api_key", text.credential("api_key")?.expose().to_owned()),
        ("api_secret", text.credential("api_secret")?.expose().to_owned()),
        ("from", text.our_digits().to_owned()),
        ("to", text.their_digits().to_owned()),
        ("text", text.sms.text.clone()),
        ("status-report-req", "1".to_owned()),
        ("client-ref", text.id()),
    ];
    if text.is_unicode() {
        form.push(("type", "unicode".to_owned()));
    }
    let callback = text.callback().map(|full| match full.split_once('?') {
        // the reference carries our id as well
        Some((short, _)) if full.len() > LONGEST_CALLBACK => short.to_owned(),
        _ => full,
    });
    form.extend(callback.filter(|url| url.len() <= LONGEST_CALLBACK).map(|callback| ("callback", callback)));
    let url = below(&text.base("https://rest.nexmo.com")?, &["sms", "json"]);
    Ok(Call::new(url, Auth::None, Body::Form(form)))
}

fn picture_call(text: &Text<'_>, picture: &str) -> Result<Call, DeliveryError> {
    let mut body = json!({
        "channel": "mms", "message_type": "image", "from": text.our_digits(), "to": text.their_digits(),
        "image": {"url": picture}, "client_ref": text.id(),
    });
    if !text.sms.text.is_empty() {
        body["image"]["caption"] = json!(text.sms.text);
    }
    if let Some(callback) = text.callback() {
        body["webhook_url"] = json!(callback);
        body["webhook_version"] = json!("v1");
    }
    let auth =
        Auth::Basic(text.credential("api_key")?.expose().to_owned(), text.credential("api_secret")?.clone());
    let url = below(&text.base("https://api.nexmo.com")?, &["v1", "messages"]);
    Ok(Call::new(url, auth, Body::Json(body)))
}

fn read_parts(text: &Text<'_>, answer: &Answer, parts: &[Value]) -> Attempt {
    let mut ids = Vec::new();
    let mut failure = None;
    for part in parts {
        match (part["status"].as_str(), part["message-id"].as_str()) {
            (Some("0"), Some(id)) => ids.push(id.to_owned()),
            (Some("0"), None) => return Attempt::uncertain(),
            _ => {
                failure.get_or_insert(part);
            }
        }
    }
    match (ids.len(), failure) {
        (0, None) => Attempt::uncertain(),
        (0, Some(part)) => read_failure(answer, part),
        (_, None) => text.sent_in_parts(ids.remove(0), ids),
        // sending it again would repeat the parts that are on their way
        (taken, Some(part)) => {
            let why = shown(part["error-text"].as_str().unwrap_or_default());
            let code = part["status"].as_str().unwrap_or("incomplete");
            let reason =
                format!("the carrier took only {taken} of {} parts of this text: {why}", parts.len());
            Attempt::failed(shown(code), reason)
        }
    }
}

fn read_failure(answer: &Answer, part: &Value) -> Attempt {
    let code = part["status"].as_str().unwrap_or_default();
    match code {
        "1" | "10" => answer.later(format!("it asks us to slow down ({code})")),
        // an error inside Vonage while it handled the message: nobody knows
        "5" | "" => Attempt::uncertain(),
        "4" | "14" => refused(code, Some(&bad_credentials(CREDENTIALS)), ""),
        _ => refused(code, meaning(code), part["error-text"].as_str().unwrap_or_default()),
    }
}

fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "6" => words::NOT_A_NUMBER,
        "7" => words::BARRED,
        "8" | "11" => words::SUSPENDED,
        "9" => words::NO_CREDIT,
        "12" => words::TOO_LONG,
        "15" => words::NOT_OURS,
        "22" => words::NO_ROUTE,
        "23" => words::CALLBACK,
        "29" => words::TRIAL,
        "33" => "this number is no longer in use",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{Trial, basic, field, json_of, message_id, sent_as},
        *,
    };

    const KEYS: &[(&str, &str)] = &[("api_key", "key1"), ("api_secret", "secret")];

    #[test]
    fn a_text_goes_to_the_sms_api() {
        let call = Trial::new("vonage", KEYS).call(&Vonage);
        assert_eq!(call.url.as_str(), "https://rest.nexmo.com/sms/json");
        for (name, value) in [
            ("api_key", "key1"),
            ("api_secret", "secret"),
            ("from", "15550001111"),
            ("to", "15557654321"),
            ("text", "Grüße & bis bald"),
            ("status-report-req", "1"),
            ("client-ref", &message_id().to_string()),
        ] {
            assert_eq!(field(&call, name), Some(value), "{name}");
        }
        assert_eq!(field(&call, "type"), None, "GSM-7 is the default");
        let callback = format!("https://desk.example.com/webhooks/sms/vonage?message_id={}", message_id());
        assert_eq!(field(&call, "callback"), Some(callback.as_str()));
        let call = Trial::new("vonage", KEYS).saying("👋").call(&Vonage);
        assert_eq!(field(&call, "type"), Some("unicode"));
    }

    #[test]
    fn a_callback_that_is_too_long_is_shortened_and_never_sent_in_full() {
        let secret = "s".repeat(40);
        let call =
            Trial::new("vonage", &[KEYS, &[("webhook_secret", secret.as_str())]].concat()).call(&Vonage);
        let short = format!("https://desk.example.com/webhooks/sms/vonage/{secret}");
        assert_eq!(field(&call, "callback"), Some(short.as_str()));
        let secret = "s".repeat(100);
        let call =
            Trial::new("vonage", &[KEYS, &[("webhook_secret", secret.as_str())]].concat()).call(&Vonage);
        assert_eq!(field(&call, "callback"), None, "the account's own setting counts then");
    }

    #[test]
    fn a_picture_goes_to_the_messages_api() {
        let trial = Trial::new("vonage", KEYS).with_pictures(&["image/png"]);
        let call = trial.call(&Vonage);
        assert_eq!(call.url.as_str(), "https://api.nexmo.com/v1/messages");
        assert_eq!(basic(&call), ("key1", "secret"));
        let body = json_of(&call);
        assert_eq!((&body["channel"], &body["message_type"]), (&json!("mms"), &json!("image")));
        let image = json!({"url": "https://desk.example.com/media/0", "caption": "Grüße & bis bald"});
        assert_eq!(body["image"], image);
        assert_eq!(body["client_ref"], message_id().to_string());
        let sent = sent_as(trial.read(&Vonage, 202, &json!({"message_uuid": "aaaa"})));
        assert_eq!((sent.0.as_str(), sent.2.as_str()), ("aaaa", "key1"));
        let problem = json!({"title": "You did not provide correct credentials", "detail": "Check them"});
        assert!(trial.refused(&Vonage, 401, &problem).1.contains("api_key and api_secret"));
        let (code, reason, _) = trial.refused(&Vonage, 422, &problem);
        assert_eq!((code.as_str(), reason.contains("Check them")), ("http_422", true));
        let two = Trial::new("vonage", KEYS).with_pictures(&["image/png", "image/png"]);
        assert_eq!(two.refusal(&Vonage).code, "too_many_pictures");
    }

    #[test]
    fn each_part_has_its_own_id() {
        let body = json!({"message-count": "2", "messages": [
            {"to": "15557654321", "message-id": "A1", "status": "0"},
            {"to": "15557654321", "message-id": "A2", "status": "0"}]});
        let sent = sent_as(Trial::new("vonage", KEYS).read(&Vonage, 200, &body));
        assert_eq!(sent, ("A1".into(), vec!["A2".into()], "key1".into(), "vonage".into()));
    }

    #[test]
    fn a_200_may_be_a_refusal() {
        let trial = Trial::new("vonage", KEYS);
        let answer = |status: &str| {
            json!({"message-count": "1",
            "messages": [{"status": status, "error-text": "Oh no"}]})
        };
        for (status, word) in
            [("4", "api_secret"), ("9", "credit"), ("29", "trial"), ("7", "blocklist"), ("3", "Oh no")]
        {
            let (code, reason, out) = trial.refused(&Vonage, 200, &answer(status));
            assert_eq!((code.as_str(), out), (status, false));
            assert!(reason.contains(word), "{reason}");
        }
        assert!(matches!(trial.read(&Vonage, 200, &answer("1")), Attempt::NotTaken { .. }));
        for unclear in
            [answer("5"), json!({}), json!({"messages": []}), json!({"messages": [{"status": "0"}]})]
        {
            assert_eq!(trial.read(&Vonage, 200, &unclear), Attempt::uncertain(), "{unclear}");
        }
        let half = json!({"messages": [{"status": "0", "message-id": "A1"}, {"status": "1", "error-text": "Throttled"}]});
        let (code, reason, _) = trial.refused(&Vonage, 200, &half);
        assert_eq!((code.as_str(), reason.contains("only 1 of 2 parts")), ("1", true));
    }
}
