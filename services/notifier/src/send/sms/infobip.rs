//! Infobip: `POST /sms/3/messages`, and `/mms/2/messages` for pictures, at the account's own address. The id of the
//! message there is ours, so that Infobip itself would notice a repeat. Source: Infobip's API reference and "Response
//! status and error codes".

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

const CREDENTIALS: &str = "api_key and api_base";
const MOST_PICTURES: usize = 10;

/// Infobip's APIs.
pub struct Infobip;

impl Carrier for Infobip {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let base = text.line.api_base.as_ref().ok_or_else(|| DeliveryError {
            code: "not_configured".to_owned(),
            reason: "this number has no api_base configured: Infobip gives every account its own, such as \
                     https://abc123.api.infobip.com"
                .to_owned(),
        })?;
        let pictures = text.pictures(MOST_PICTURES)?;
        let (resource, content) = if pictures.is_empty() {
            (["sms", "3", "messages"], json!({"text": text.sms.text}))
        } else {
            (["mms", "2", "messages"], json!({"messageSegments": segments(text)}))
        };
        let mut webhooks = json!({"contentType": "application/json", "callbackData": text.id()});
        if let Some(callback) = text.callback() {
            webhooks["delivery"] = json!({"url": callback, "intermediateReport": true});
        }
        let body = json!({"messages": [{
            "sender": text.our_digits(), "content": content, "webhooks": webhooks,
            "destinations": [{"to": text.their_digits(), "messageId": text.id()}],
        }]});
        let auth = Auth::Scheme("App", text.credential("api_key")?.clone());
        Ok(Call::new(below(base, &resource), auth, Body::Json(body)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if !answer.status.is_success() {
            let old = said["requestError"]["serviceException"]["text"].as_str();
            let detail = old.or_else(|| said["description"].as_str()).unwrap_or_default();
            return refused_by_status(answer, CREDENTIALS, detail);
        }
        let message = &said["messages"][0];
        let status = &message["status"];
        let id = message["messageId"].as_str().map_or_else(|| text.id(), str::to_owned);
        match (status["groupId"].as_u64(), status["id"].as_u64()) {
            // pending or delivered; or known already: an earlier try had arrived
            (Some(0 | 1 | 3), _) | (_, Some(23)) => text.sent(id),
            (Some(2 | 4 | 5), Some(code)) => refused_with(code, status),
            _ => Attempt::uncertain(),
        }
    }
}

fn segments(text: &Text<'_>) -> Vec<Value> {
    let words = (!text.sms.text.is_empty()).then(|| json!({"type": "TEXT", "text": text.sms.text}));
    let picture = |one: &domain::event::SmsMedia| json!({"type": "LINK", "contentUrl": one.url, "contentType": one.content_type});
    words.into_iter().chain(text.sms.media.iter().map(picture)).collect()
}

fn refused_with(code: u64, status: &Value) -> Attempt {
    let name = status["name"].as_str().unwrap_or_default();
    let means = match code {
        6 => words::COUNTRY,
        8 | 51 | 52 => words::NOT_A_NUMBER,
        10 => "the customer is on a do-not-disturb list of their network",
        11 | 13 => words::NOT_OURS,
        12 | 17 => words::NO_CREDIT,
        14 => words::BARRED,
        18 => words::TRIAL,
        19 => words::NO_ROUTE,
        20 => "the carrier lets a customer get only so many texts an hour",
        25 | 77 => words::TOO_LONG,
        56 => words::CALLBACK,
        87 => words::FILTERED,
        _ => return refused(code, None, status["description"].as_str().unwrap_or(name)),
    };
    refused(code, Some(means), "")
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{Trial, json_of, message_id, sent_as},
        *,
    };

    fn trial() -> Trial {
        Trial::new("infobip", &[("api_key", "k1")]).at("https://abc.api.infobip.com")
    }

    #[test]
    fn a_text_goes_to_the_accounts_own_address_under_our_id() {
        let call = trial().call(&Infobip);
        assert_eq!(call.url.as_str(), "https://abc.api.infobip.com/sms/3/messages");
        assert!(matches!(&call.auth, Auth::Scheme("App", key) if key.expose() == "k1"));
        let id = message_id().to_string();
        let callback = format!("https://desk.example.com/webhooks/sms/infobip?message_id={id}");
        let body = json!({"messages": [{
            "sender": "15550001111", "content": {"text": "Grüße & bis bald"},
            "destinations": [{"to": "15557654321", "messageId": id}],
            "webhooks": {"contentType": "application/json", "callbackData": id,
                "delivery": {"url": callback, "intermediateReport": true}},
        }]});
        assert_eq!(*json_of(&call), body);
    }

    #[test]
    fn an_account_without_address_is_a_clear_error() {
        let refusal = Trial::new("infobip", &[("api_key", "k1")]).refusal(&Infobip);
        assert_eq!(refusal.code, "not_configured");
        assert!(refusal.reason.contains("api_base") && refusal.reason.contains(".api.infobip.com"));
    }

    #[test]
    fn pictures_make_it_an_mms() {
        let call = trial().with_pictures(&["image/gif"]).call(&Infobip);
        assert_eq!(call.url.as_str(), "https://abc.api.infobip.com/mms/2/messages");
        let segments = json!([{"type": "TEXT", "text": "Grüße & bis bald"},
            {"type": "LINK", "contentUrl": "https://desk.example.com/media/0", "contentType": "image/gif"}]);
        assert_eq!(json_of(&call)["messages"][0]["content"], json!({"messageSegments": segments}));
    }

    fn answer(group: u64, id: u64, name: &str) -> Value {
        let status = json!({"groupId": group, "id": id, "name": name, "description": "Oh no"});
        json!({"bulkId": "b", "messages": [{"messageId": message_id(), "status": status}]})
    }

    #[test]
    fn answers_are_understood() {
        let sent = sent_as(trial().read(&Infobip, 200, &answer(1, 26, "PENDING_ACCEPTED")));
        assert_eq!((sent.0, sent.2.as_str()), (message_id().to_string(), "infobip"));
        let again = trial().read(&Infobip, 200, &answer(5, 23, "REJECTED_DUPLICATE_MESSAGE_ID"));
        assert_eq!(sent_as(again).0, message_id().to_string(), "an earlier try had arrived");
        assert_eq!(trial().read(&Infobip, 200, &Value::Null), Attempt::uncertain());
        for (id, word) in
            [(12, "credit"), (52, "valid"), (14, "blocklist"), (11, "does not belong"), (21, "Oh no")]
        {
            let (code, reason, out) = trial().refused(&Infobip, 200, &answer(5, id, "REJECTED"));
            assert_eq!((code, out), (id.to_string(), false));
            assert!(reason.contains(word), "{reason}");
        }
        let old =
            json!({"requestError": {"serviceException": {"messageId": "UNAUTHORIZED", "text": "Invalid"}}});
        assert!(trial().refused(&Infobip, 401, &old).1.contains("check api_key"));
        let new = json!({"errorCode": "E400", "description": "Request cannot be processed."});
        assert!(trial().refused(&Infobip, 400, &new).1.contains("cannot be processed"));
    }
}
