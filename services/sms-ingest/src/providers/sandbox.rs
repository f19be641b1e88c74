//! The sandbox carrier of `frontdesk up`: JSON, signed with `x-sandbox-signature: hex(HMAC-SHA256(secret, body))`.

use domain::{
    MessageId, MessageStatus, Timestamp,
    event::{InboundSms, SmsReceipt},
    message::DeliveryError,
};
use host::config::{Provider, SmsNumber};
use serde_json::Value;
use web::signature::{hmac_sha256, is_hex_of};

use super::{
    Accepted, Carrier, Lines, Refusal, Request, Thanks, clean, external_id, json, params::Params, sender,
};

/// The account the sandbox's messages belong to; there is only one.
const ACCOUNT: &str = "sandbox";

/// The sandbox's door.
pub struct Sandbox;

impl Carrier for Sandbox {
    fn provider(&self) -> Provider {
        Provider::Sandbox
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let call = json::read(request.body);
        let field = |path| call.as_ref().ok().and_then(|call| json::text(call, path));
        let id = field("/id").unwrap_or_default();
        verify(request, lines, field("/to").as_deref(), field("/id"))?;
        let accepted = match field("/type").as_deref() {
            Some("message") => {
                let text = field("/text").unwrap_or_default();
                message(&id, &field("/from"), &field("/to"), text, lines, now)?
            }
            Some("status") => {
                let ours = Params::parse(request.query().as_bytes()).text("message_id");
                let message_id = ours.as_deref().unwrap_or(&id).parse().ok();
                let status = field("/status").ok_or_else(|| json::missing("status"))?;
                let error = call.as_ref().map_or(&Value::Null, |call| &call["error"]);
                Accepted::Receipt(receipt(&id, message_id, status, error, now)?)
            }
            _ => call.map(|_| Accepted::Ignored)?,
        };
        Ok(vec![accepted])
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "application/json", body: "{}" }
    }
}

/// A text must be signed with its number's secret; whatever names no number of ours, with any of them.
fn verify(request: &Request<'_>, lines: &Lines, to: Option<&str>, id: Option<String>) -> Result<(), Refusal> {
    let given = request.header("x-sandbox-signature").unwrap_or_default();
    let own = to.and_then(|to| lines.by_number(to));
    let secrets = lines.numbers.iter().filter(|number| own.is_none_or(|own| own.number == number.number));
    let proves = |number: &SmsNumber| {
        let secret = number.credentials.get("secret").unwrap_or(&lines.house_secret).expose();
        is_hex_of(given, hmac_sha256(secret.as_bytes(), &[request.body]))
    };
    if secrets.into_iter().any(proves) {
        return Ok(());
    }
    let reason = if given.is_empty() { "the signature is missing" } else { "the signature does not match" };
    Err(Refusal::Unproven { reason: reason.to_owned(), external_id: id })
}

fn message(
    id: &str,
    from: &Option<String>,
    to: &Option<String>,
    text: String,
    lines: &Lines,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    let from = from.as_deref().ok_or_else(|| json::missing("from"))?;
    let to = to.as_deref().ok_or_else(|| json::missing("to"))?;
    let unknown = || Refusal::UnknownNumber { number: to.to_owned(), external_id: Some(id.to_owned()) };
    let line = lines.by_number(to).ok_or_else(unknown)?;
    Ok(Accepted::Message(InboundSms {
        provider: Provider::Sandbox.as_str().to_owned(),
        account: ACCOUNT.to_owned(),
        external_id: external_id(id)?,
        from: sender(from),
        to: line.number.clone(),
        text,
        media: Vec::new(),
        carrier_keyword: None,
        part: None,
        received_at: now,
    }))
}

fn receipt(
    id: &str,
    message_id: Option<MessageId>,
    status: String,
    error: &Value,
    now: Timestamp,
) -> Result<SmsReceipt, Refusal> {
    let meaning = status.parse().ok().filter(|meaning| *meaning != MessageStatus::Received);
    Ok(SmsReceipt {
        provider: Provider::Sandbox.as_str().to_owned(),
        account: ACCOUNT.to_owned(),
        external_id: external_id(id)?,
        message_id,
        status: meaning,
        error: reason(error).or_else(|| (meaning == Some(MessageStatus::Failed)).then(no_reason)),
        raw_status: status,
        opted_out: false,
        received_at: now,
    })
}

/// `"landline"` or `{"code": "30006", "reason": "landline"}`.
fn reason(error: &Value) -> Option<DeliveryError> {
    match error {
        Value::String(reason) => Some(DeliveryError { code: "sandbox".to_owned(), reason: clean(reason) }),
        Value::Object(_) => serde_json::from_value(error.clone()).ok(),
        _ => None,
    }
}

fn no_reason() -> DeliveryError {
    DeliveryError { code: "failed".to_owned(), reason: "the network could not deliver it".to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use serde_json::json;
    use web::signature::hex;

    use super::*;

    const URL: &str = "http://localhost:8080/webhooks/sms/sandbox";

    fn read(url: &str, body: &str, secret: &str) -> Result<Vec<Accepted>, Refusal> {
        let numbers = json!([
            {"number": "+15550001111", "provider": "sandbox"},
            {"number": "+15550002222", "provider": "sandbox", "credentials": {"secret": "own"}},
        ]);
        let numbers = serde_json::from_value(numbers).unwrap();
        let lines = Lines { numbers, house_secret: host::Secret::new("house") };
        let signature = hex(hmac_sha256(secret.as_bytes(), &[body.as_bytes()]));
        let headers = [("x-sandbox-signature".parse().unwrap(), signature.parse().unwrap())];
        let headers = headers.into_iter().collect::<HeaderMap>();
        let request = Request {
            method: "POST",
            url,
            headers: &headers,
            body: body.as_bytes(),
            path_secret: None,
            certificate: None,
        };
        Sandbox.read(&request, &lines, Timestamp::from_millis(7))
    }

    fn text_to(number: &str) -> String {
        json!({"type": "message", "id": "m1", "from": "+15557654321", "to": number, "text": "hi\0"})
            .to_string()
    }

    #[test]
    fn a_text_is_signed_with_its_numbers_secret() {
        let found = read(URL, &text_to("+15550001111"), "house").unwrap();
        assert!(
            matches!(&found[0], Accepted::Message(m) if m.text == "hi" && m.external_id == "m1"),
            "{found:?}"
        );
        assert!(read(URL, &text_to("+15550002222"), "own").is_ok());
        assert!(matches!(read(URL, &text_to("+15550002222"), "house"), Err(Refusal::Unproven { .. })));
        assert!(matches!(read(URL, &text_to("+15550009999"), "house"), Err(Refusal::UnknownNumber { .. })));
        assert!(matches!(read(URL, &text_to("+15550009999"), "no"), Err(Refusal::Unproven { .. })));
    }

    #[test]
    fn a_receipt_knows_our_message_by_the_address_or_by_its_id() {
        let ours = "0199e0aa-0000-7000-8000-000000000001";
        let body = json!({"type": "status", "id": "c1", "status": "delivered"}).to_string();
        let found = read(&format!("{URL}?message_id={ours}"), &body, "own").unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!(receipt.message_id, Some(ours.parse().unwrap()));
        assert_eq!((receipt.status, &receipt.error), (Some(MessageStatus::Delivered), &None));
        let body = json!({"type": "status", "id": ours, "status": "failed", "error": "landline"}).to_string();
        let found = read(URL, &body, "house").unwrap();
        let Accepted::Receipt(receipt) = &found[0] else { panic!("{found:?}") };
        assert_eq!(receipt.message_id, Some(ours.parse().unwrap()));
        assert_eq!(receipt.error.as_ref().unwrap().reason, "landline");
    }

    #[test]
    fn what_is_no_json_is_unreadable_and_what_is_new_is_ignored() {
        assert!(matches!(read(URL, "{", "house"), Err(Refusal::Unreadable(_))));
        assert!(matches!(read(URL, "{\"type\":\"message\"}", "house"), Err(Refusal::Unreadable(_))));
        assert_eq!(read(URL, "{\"type\":\"weather\"}", "house").unwrap(), [Accepted::Ignored]);
    }
}
