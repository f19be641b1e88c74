//! The SMS API: flat parameters, by GET or POST. A text longer than one SMS comes in parts, each with an id of its own,
//! and so do the receipts of a text of ours.

use domain::{
    MessageStatus, Timestamp,
    event::{InboundSms, SmsPart},
};
use host::config::SmsNumber;
use serde_json::Value;

use super::{
    super::{
        Accepted, Lines, NOBODY, Refusal, Request, external_id, inbound, our_id,
        params::Params,
        proof::Proven,
        receipt,
        signed::{self, MISMATCH},
    },
    reasons, signature,
};

/// Verifies and reads a call; `body` is there where it came as JSON.
pub fn read(
    request: &Request<'_>,
    body: Option<&Value>,
    lines: &Lines,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    let call = Call::of(request, body);
    let proven = call.verify(request, lines)?;
    let id = external_id(&call.text("messageId").unwrap_or_default())?;
    match call.text("status") {
        Some(status) => Ok(call.receipt(request, &proven, id, status, now)),
        None => call.message(&proven, id, now),
    }
}

/// A call's parameters: those of its body, and those of the address (all of them with GET).
struct Call {
    body: Params,
    query: Params,
}

impl Call {
    fn of(request: &Request<'_>, body: Option<&Value>) -> Self {
        let body = match body.and_then(Value::as_object) {
            Some(members) => Params::of(
                members.iter().map(|(name, value)| (name.clone().into_bytes(), plain(value).into_bytes())),
            ),
            None => Params::parse(request.body),
        };
        Self { body, query: Params::parse(request.query().as_bytes()) }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.body.text(name).or_else(|| self.query.text(name))
    }

    fn verify<'a>(&self, request: &Request<'_>, lines: &'a Lines) -> Result<Proven<'a>, Refusal> {
        let sig = self.text("sig");
        let ways = self.ways();
        signed::by(request, lines, self.text("messageId"), |number, key| {
            let method = number.credentials.get("signature_method").map(|method| method.expose());
            let judged = ways.iter().map(|params| signature::check_sig(sig.as_deref(), params, key, method));
            judged.reduce(Result::or).unwrap_or(Err(MISMATCH))
        })
    }

    /// What may be signed: everything, or everything but what our own callback address brought along. Vonage does not
    /// say which.
    fn ways(&self) -> [Vec<(&[u8], &[u8])>; 2] {
        let (body, query) = (self.body.sorted(), self.query.sorted());
        let mut all = [body.clone(), query.clone()].concat();
        all.sort_unstable();
        let theirs = if body.is_empty() {
            query.into_iter().filter(|(name, _)| *name != b"message_id").collect()
        } else {
            body
        };
        [all, theirs]
    }

    fn message(&self, proven: &Proven<'_>, id: String, now: Timestamp) -> Result<Accepted, Refusal> {
        let line = self.line(proven, "to", &id)?;
        let from = self.text("msisdn").unwrap_or_else(|| NOBODY.to_owned());
        if let Some(data) = self.text("data").filter(|_| self.text("text").is_none()) {
            let udh = self.text("udh").unwrap_or_default();
            let data: String = data.chars().take(400).collect();
            let reason = format!("a binary message from {from} cannot be shown: udh {udh:?}, data {data:?}");
            return Ok(Accepted::Unusable { reason, external_id: Some(id) });
        }
        let part = self.part();
        let id = part.as_ref().map_or_else(|| id.clone(), |part| format!("{id}#{}", part.number));
        let text = self.text("text").unwrap_or_default();
        Ok(Accepted::Message(InboundSms { text, part, ..inbound(line, id, &from, now) }))
    }

    /// `None` also where the numbers make no sense: then it is a text of its own rather than a part for ever awaited.
    fn part(&self) -> Option<SmsPart> {
        let number = |name: &str| self.text(name)?.parse::<u16>().ok();
        self.text("concat").filter(|concat| concat == "true" || concat == "1")?;
        let part = SmsPart {
            reference: self.text("concat-ref")?,
            number: number("concat-part")?,
            total: number("concat-total")?,
        };
        (part.total >= 2 && (1..=part.total).contains(&part.number)).then_some(part)
    }

    fn receipt(
        &self,
        request: &Request<'_>,
        proven: &Proven<'_>,
        id: String,
        status: String,
        now: Timestamp,
    ) -> Accepted {
        let line = proven.line_or_any(self.text("to").as_deref());
        let meaning = meaning(&status);
        let code = self.text("err-code").filter(|code| code != "0");
        let failed = meaning == Some(MessageStatus::Failed);
        let error = failed.then(|| reasons::error(code.as_deref().unwrap_or(&status), None));
        let mut receipt = receipt(line, id, status, now);
        receipt.message_id = our_id(self.text("client-ref"), request);
        receipt.status = meaning;
        receipt.error = error;
        Accepted::Receipt(receipt)
    }

    fn line<'a>(&self, proven: &Proven<'a>, name: &str, id: &str) -> Result<&'a SmsNumber, Refusal> {
        proven.line(&self.text(name).unwrap_or_default(), Some(id))
    }
}

/// A member of a JSON call as it stands among the parameters.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn meaning(status: &str) -> Option<MessageStatus> {
    match status {
        "accepted" => Some(MessageStatus::Queued),
        "buffered" => Some(MessageStatus::Sent),
        "delivered" => Some(MessageStatus::Delivered),
        "expired" | "failed" | "rejected" => Some(MessageStatus::Failed),
        _ => None,
    }
}
