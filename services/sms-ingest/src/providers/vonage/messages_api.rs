//! The Messages API: JSON, whole texts, pictures by address.

use domain::{MessageStatus, Timestamp, event::CarrierMedia};
use serde_json::Value;

use super::{
    super::{
        Accepted, Lines, NOBODY, Refusal, Request, clean, external_id, inbound, json, our_id, proof::Proven,
        receipt, signed,
    },
    reasons, signature,
};

/// Kinds of message that are a file.
const FILES: [&str; 5] = ["image", "audio", "video", "file", "vcard"];

/// Verifies and reads a call.
pub fn read(request: &Request<'_>, body: &Value, lines: &Lines, now: Timestamp) -> Result<Accepted, Refusal> {
    let id = json::text(body, "/message_uuid");
    let token = web::signature::bearer(request.headers);
    let proven = signed::by(request, lines, id.clone(), |number, key| {
        let api_key = number.credentials.get("api_key").map(|key| key.expose());
        signature::check_token(token, request.body, key, api_key, now)
    })?;
    let id = external_id(&id.unwrap_or_default())?;
    match json::text(body, "/status") {
        Some(status) => Ok(receipt_of(request, body, &proven, id, status, now)),
        None => message(body, &proven, id, now),
    }
}

fn message(body: &Value, proven: &Proven<'_>, id: String, now: Timestamp) -> Result<Accepted, Refusal> {
    let line = proven.line(&json::text(body, "/to").unwrap_or_default(), Some(&id))?;
    let from = json::text(body, "/from").unwrap_or_else(|| NOBODY.to_owned());
    let kind = json::text(body, "/message_type").unwrap_or_else(|| "text".to_owned());
    let channel = json::text(body, "/channel").unwrap_or_else(|| "sms".to_owned());
    let mut sms = inbound(line, id, &from, now);
    if FILES.contains(&kind.as_str()) {
        let url = json::text(body, &format!("/{kind}/url"));
        sms.media = url.map(|url| CarrierMedia { url, content_type: String::new() }).into_iter().collect();
        sms.text = json::text(body, &format!("/{kind}/caption")).unwrap_or_default();
    }
    if sms.text.is_empty() {
        sms.text = body.get("text").and_then(Value::as_str).map(clean).unwrap_or_default();
    }
    let shows = kind == "text" || !sms.media.is_empty() || !sms.text.is_empty();
    if !matches!(channel.as_str(), "sms" | "mms") || !shows {
        let reason = format!("a message of type {kind:?} over {channel:?} from {from} is no text");
        return Ok(Accepted::Unusable { reason, external_id: Some(sms.external_id) });
    }
    Ok(Accepted::Message(sms))
}

fn receipt_of(
    request: &Request<'_>,
    body: &Value,
    proven: &Proven<'_>,
    id: String,
    status: String,
    now: Timestamp,
) -> Accepted {
    let line = proven.line_or_any(json::text(body, "/from").as_deref());
    let meaning = meaning(&status);
    let either = |one: &str, other: &str| json::text(body, one).or_else(|| json::text(body, other));
    let code = either("/error/code", "/error/title");
    let said = either("/error/reason", "/error/detail");
    let failed = meaning == Some(MessageStatus::Failed);
    let error = failed.then(|| reasons::error(code.as_deref().unwrap_or(&status), said));
    let mut receipt = receipt(line, id, status, now);
    receipt.message_id = our_id(json::text(body, "/client_ref"), request);
    receipt.status = meaning;
    receipt.error = error;
    Accepted::Receipt(receipt)
}

fn meaning(status: &str) -> Option<MessageStatus> {
    match status {
        "submitted" => Some(MessageStatus::Sent),
        "delivered" => Some(MessageStatus::Delivered),
        "read" => Some(MessageStatus::Read),
        "rejected" | "undeliverable" => Some(MessageStatus::Failed),
        _ => None,
    }
}
