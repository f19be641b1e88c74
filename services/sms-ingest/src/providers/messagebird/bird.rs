//! Bird's channels: `{service, event, payload}`. A payload names its channel rather than our number, so a number of Bird
//! has its `channel_id` in the configuration.

use domain::{
    MessageStatus, Timestamp,
    event::{CarrierMedia, SmsReceipt},
};
use host::config::SmsNumber;
use serde_json::Value;

use super::{
    super::{
        Accepted, Lines, NOBODY, Refusal, Request, external_id, inbound, json, our_id, proof::Proven,
        receipt, signed,
    },
    reasons, signature,
};

/// More files than any text has.
const MOST_MEDIA: usize = 20;

/// Verifies and reads an event.
pub fn read(request: &Request<'_>, body: &Value, lines: &Lines, now: Timestamp) -> Result<Accepted, Refusal> {
    let id = json::text(body, "/payload/id");
    let proven = signed::by(request, lines, id.clone(), |_, key| signature::check(request, key, now))?;
    let event = json::text(body, "/event").unwrap_or_default();
    let Some(payload) = body.get("payload").filter(|_| event.starts_with("sms.")) else {
        return Ok(Accepted::Ignored);
    };
    let id = external_id(&id.unwrap_or_default())?;
    match event.as_str() {
        "sms.inbound" => message(payload, lines, &proven, id, now),
        "sms.outbound" => receipt_of(request, payload, lines, &proven, id, now),
        _ => Ok(Accepted::Ignored),
    }
}

/// The number of the payload's channel, or the one that the payload names.
fn line<'a>(payload: &Value, lines: &'a Lines, proven: &Proven<'a>) -> Option<&'a SmsNumber> {
    let channel = json::text(payload, "/channelId");
    let has = |number: &&SmsNumber| {
        let own = number.credentials.get("channel_id").map(|id| id.expose());
        own.is_some() && own == channel.as_deref()
    };
    let by_channel = lines.numbers.iter().find(has).map(|number| number.number.to_string());
    let named = ["/receiver/connector/identifierValue", "/sender/connector/identifierValue"];
    let named = named.iter().find_map(|path| json::text(payload, path));
    proven.line(by_channel.or(named)?.as_str(), None).ok()
}

fn message(
    payload: &Value,
    lines: &Lines,
    proven: &Proven<'_>,
    id: String,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    let Some(line) = line(payload, lines, proven) else {
        let channel = json::text(payload, "/channelId").unwrap_or_default();
        return Err(Refusal::UnknownNumber { number: channel, external_id: Some(id) });
    };
    let from = json::text(payload, "/sender/contact/identifierValue");
    let mut sms = inbound(line, id, from.as_deref().unwrap_or(NOBODY), now);
    let kind = json::text(payload, "/body/type").unwrap_or_default();
    let paths = ["/body/text/text", "/body/image/text", "/body/file/text"];
    sms.text = paths.iter().find_map(|path| json::text(payload, path)).unwrap_or_default();
    let files = ["/body/image/images", "/body/file/files"].iter().filter_map(|path| payload.pointer(path));
    let files = files.filter_map(Value::as_array).flatten().take(MOST_MEDIA);
    sms.media = files.filter_map(file).collect();
    if sms.text.is_empty() && sms.media.is_empty() && kind != "text" {
        let reason = format!("a message of type {kind:?} from {} cannot be shown", sms.from);
        return Ok(Accepted::Unusable { reason, external_id: Some(sms.external_id) });
    }
    Ok(Accepted::Message(sms))
}

fn file(file: &Value) -> Option<CarrierMedia> {
    let content_type = json::text(file, "/contentType").unwrap_or_default();
    Some(CarrierMedia { url: json::text(file, "/mediaUrl")?, content_type })
}

fn receipt_of(
    request: &Request<'_>,
    payload: &Value,
    lines: &Lines,
    proven: &Proven<'_>,
    id: String,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    let status = json::text(payload, "/status").ok_or_else(|| json::missing("status"))?;
    let line = line(payload, lines, proven).unwrap_or_else(|| proven.any());
    let meaning = meaning(&status);
    let code = json::text(payload, "/failure/source/code").or_else(|| json::text(payload, "/failure/code"));
    let failed = meaning == Some(MessageStatus::Failed);
    let said = json::text(payload, "/reason");
    Ok(Accepted::Receipt(SmsReceipt {
        message_id: our_id(json::text(payload, "/reference"), request),
        status: meaning,
        error: failed.then(|| reasons::error(code.as_deref().unwrap_or(&status), said)),
        opted_out: code.as_deref() == Some(reasons::OPTED_OUT),
        ..receipt(line, id, status, now)
    }))
}

fn meaning(status: &str) -> Option<MessageStatus> {
    match status {
        "accepted" | "scheduled" | "processing" => Some(MessageStatus::Queued),
        "sent" => Some(MessageStatus::Sent),
        "delivered" => Some(MessageStatus::Delivered),
        "read" => Some(MessageStatus::Read),
        "rejected" | "sending_failed" | "delivery_failed" | "expired" => Some(MessageStatus::Failed),
        _ => None,
    }
}
