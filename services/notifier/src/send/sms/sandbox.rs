//! The sandbox carrier of `frontdesk up`: `POST {api_base}/messages` with a bearer token.

use domain::{
    event::{DeliveryOutcome, OutboundSms},
    message::DeliveryError,
};
use host::config::{Provider, SmsNumber};
use serde_json::json;

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
        shown,
    },
    Carrier, Here, below, callback,
};

/// The account the sandbox's messages belong to; there is only one.
const ACCOUNT: &str = "sandbox";

/// The sandbox's API.
pub struct Sandbox;

impl Carrier for Sandbox {
    fn call(&self, line: &SmsNumber, here: &Here, sms: &OutboundSms) -> Result<Call, DeliveryError> {
        // the sandbox in this process reaches us on this machine, any other from outside
        let (base, ours) = match &line.api_base {
            Some(base) => (base.clone(), &here.public_url),
            None => (below(&here.local_url, &["sandbox", "carrier"]), &here.local_url),
        };
        let body = json!({
            "id": sms.message_id, "from": sms.from, "to": sms.to, "text": sms.text,
            "status_callback": callback(ours, Provider::Sandbox, sms),
        });
        let secret = line.credentials.get("secret").unwrap_or(&here.house_secret);
        Ok(Call {
            url: below(&base, &["messages"]),
            auth: Auth::Bearer(secret.clone()),
            body: Body::Json(body),
        })
    }

    fn read(&self, _line: &SmsNumber, sms: &OutboundSms, answer: &Answer) -> Attempt {
        if !answer.status.is_success() {
            let said = answer.json();
            let detail = said["detail"].as_str().or_else(|| said["error"].as_str()).unwrap_or_default();
            let reason = format!("the sandbox refused it ({}) {}", answer.status.as_u16(), shown(detail));
            return Attempt::failed(format!("http_{}", answer.status.as_u16()), reason.trim());
        }
        let id = answer.json()["id"].as_str().map_or_else(|| sms.message_id.to_string(), str::to_owned);
        Attempt::Done(DeliveryOutcome::Sent {
            external_id: id,
            account: ACCOUNT.to_owned(),
            provider: Provider::Sandbox.as_str().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use host::Secret;
    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn a_text_goes_to_the_sandbox_of_this_process() {
        let line: SmsNumber =
            serde_json::from_value(json!({"number": "+15550001111", "provider": "sandbox"})).unwrap();
        let here = Here {
            public_url: "https://desk.example.com".parse().unwrap(),
            local_url: "http://127.0.0.1:4711".parse().unwrap(),
            house_secret: Secret::new("house"),
        };
        let sms = OutboundSms {
            message_id: "0199e0aa-0000-7000-8000-000000000001".parse().unwrap(),
            from: "+15550001111".parse().unwrap(),
            to: "+15557654321".parse().unwrap(),
            text: "hi".into(),
        };
        let call = Sandbox.call(&line, &here, &sms).unwrap();
        assert_eq!(call.url.as_str(), "http://127.0.0.1:4711/sandbox/carrier/messages");
        assert!(matches!(&call.auth, Auth::Bearer(secret) if secret.expose() == "house"));
        let Body::Json(body) = call.body else { panic!("{:?}", call.body) };
        let callback = format!("http://127.0.0.1:4711/webhooks/sms/sandbox?message_id={}", sms.message_id);
        assert_eq!(body["status_callback"], callback);
        let answer = Answer { status: StatusCode::OK, retry_after: None, body: Bytes::from_static(b"{}") };
        let Attempt::Done(DeliveryOutcome::Sent { external_id, .. }) = Sandbox.read(&line, &sms, &answer)
        else {
            panic!("not sent");
        };
        assert_eq!(external_id, sms.message_id.to_string());
    }
}
