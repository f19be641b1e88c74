//! The sandbox carrier of `frontdesk up`: `POST {api_base}/messages` with a bearer token.

use domain::message::DeliveryError;
use serde_json::json;

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
        shown,
    },
    Carrier, below,
    text::Text,
};

/// The sandbox's API.
pub struct Sandbox;

impl Carrier for Sandbox {
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError> {
        let (sms, here) = (text.sms, text.here);
        // the sandbox in this process reaches us on this machine, any other from outside
        let (base, ours) = match &text.line.api_base {
            Some(base) => (base.clone(), &here.public_url),
            None => (below(&here.local_url, &["sandbox", "carrier"]), &here.local_url),
        };
        let mut body = json!({
            "id": sms.message_id, "from": sms.from, "to": sms.to, "text": sms.text,
            "status_callback": text.callback_at(ours),
        });
        if !sms.media.is_empty() {
            body["media"] = json!(sms.media);
        }
        let secret = text.line.credentials.get("secret").unwrap_or(&here.house_secret);
        Ok(Call::new(below(&base, &["messages"]), Auth::Bearer(secret.clone()), Body::Json(body)))
    }

    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt {
        let said = answer.json();
        if !answer.status.is_success() {
            let detail = said["detail"].as_str().or_else(|| said["error"].as_str()).unwrap_or_default();
            let reason = format!("the sandbox refused it ({}) {}", answer.status.as_u16(), shown(detail));
            return Attempt::failed(format!("http_{}", answer.status.as_u16()), reason.trim());
        }
        let id = said["id"].as_str().map_or_else(|| text.id(), str::to_owned);
        text.sent(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::trial::{Trial, json_of, message_id, sent_as},
        *,
    };

    #[test]
    fn a_text_goes_to_the_sandbox_of_this_process() {
        let trial = Trial::new("sandbox", &[]);
        let call = trial.call(&Sandbox);
        assert_eq!(call.url.as_str(), "http://127.0.0.1:4711/sandbox/carrier/messages");
        assert!(matches!(&call.auth, Auth::Bearer(secret) if secret.expose() == "house"));
        let callback = format!("http://127.0.0.1:4711/webhooks/sms/sandbox?message_id={}", message_id());
        assert_eq!(json_of(&call)["status_callback"], callback);
        assert!(json_of(&call).get("media").is_none());
        let (id, _, account, _) = sent_as(trial.read(&Sandbox, 200, &json!({})));
        assert_eq!((id, account.as_str()), (message_id().to_string(), "sandbox"));
        let refused = trial.refused(&Sandbox, 404, &json!({"detail": "no such number"}));
        assert_eq!(refused.1, "the sandbox refused it (404) no such number");
    }

    #[test]
    fn pictures_go_along() {
        let trial = Trial::new("sandbox", &[]).with_pictures(&["image/png"]);
        let call = trial.call(&Sandbox);
        let picture = json!([{"url": "https://desk.example.com/media/0", "content_type": "image/png"}]);
        assert_eq!(json_of(&call)["media"], picture);
    }
}
