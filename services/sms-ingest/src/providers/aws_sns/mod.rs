//! AWS End User Messaging SMS through SNS: JSON signed with a certificate of Amazon's, and inside of it, as a string,
//! the text or what became of one of ours.
//!
//! Source: "Example of a two-way SMS message payload", "Example event data" and "Event types" of the AWS End User
//! Messaging guide, and "Verifying the signatures of Amazon SNS messages".
//!
//! AWS names the keyword it recognised, but not whether it answered it: that depends on the number's settings, so the
//! number's `carrier_confirms_opt_out` says it here.

use domain::{
    MessageStatus, Timestamp,
    event::{InboundSms, SmsReceipt},
};
use host::config::Provider;
use serde_json::Value;
use url::Url;

use super::{
    Accepted, Carrier, Lines, Refusal, Request, Thanks, batch, external_id, inbound, json, our_id,
    proof::Proven, receipt,
};

mod address;
mod reasons;
mod signature;

/// The door of AWS.
pub struct AwsSns;

impl Carrier for AwsSns {
    fn provider(&self) -> Provider {
        Provider::AwsSns
    }

    fn certificate(&self, request: &Request<'_>, lines: &Lines) -> Result<Option<Url>, Refusal> {
        let call = Call::of(request)?;
        let topic = call.topic(lines)?;
        let is_pinned = pinned(&topic).is_some();
        if is_pinned { Ok(None) } else { call.certificate(&topic).map(Some) }
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let call = Call::of(request)?;
        let topic = call.topic(lines)?;
        call.verify(request, &topic)?;
        match call.text("/Type").as_deref() {
            Some("Notification") => call.notification(request, &topic, now),
            Some("SubscriptionConfirmation") => Ok(vec![call.confirmation(&topic)?]),
            _ => Ok(vec![Accepted::Ignored]),
        }
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "text/plain", body: "" }
    }
}

/// A certificate in the configuration, as PEM: nothing is fetched then.
fn pinned<'a>(topic: &Proven<'a>) -> Option<&'a [u8]> {
    let mut all = topic.lines().filter_map(|line| line.credentials.get("signing_certificate"));
    all.find_map(|pem| Some(pem.expose().as_bytes()).filter(|pem| !pem.is_empty()))
}

/// What SNS posted.
struct Call(Value);

impl Call {
    fn of(request: &Request<'_>) -> Result<Self, Refusal> {
        if request.header("x-amz-sns-rawdelivery") == Some("true") {
            let reason = "raw message delivery is on for this subscription, which takes the signature away: turn it off";
            return Err(Refusal::Unproven { reason: reason.to_owned(), external_id: None });
        }
        json::read(request.body).map(Self)
    }

    fn text(&self, path: &str) -> Option<String> {
        json::text(&self.0, path)
    }

    /// AWS Lambda writes `Url` where SNS writes `URL`.
    fn url(&self, name: &str) -> Option<String> {
        self.text(&format!("/{name}URL")).or_else(|| self.text(&format!("/{name}Url")))
    }

    fn unproven(&self, reason: &str) -> Refusal {
        Refusal::Unproven { reason: reason.to_owned(), external_id: self.text("/MessageId") }
    }

    /// The numbers whose `topic_arn` lists the topic; before anything else is looked at, or fetched.
    fn topic<'a>(&self, lines: &'a Lines) -> Result<Proven<'a>, Refusal> {
        let topic = self.text("/TopicArn").ok_or_else(|| self.unproven("it names no TopicArn"))?;
        Proven::by(lines, |line| {
            let listed = line.credentials.get("topic_arn").map_or("", |list| list.expose());
            listed.split(',').any(|one| one.trim() == topic)
        })
        .ok_or_else(|| self.unproven("its topic is not in the topic_arn of any number"))
    }

    fn certificate(&self, topic: &Proven<'_>) -> Result<Url, Refusal> {
        let given = self.url("SigningCert").ok_or_else(|| self.unproven("it names no SigningCertURL"))?;
        address::certificate(&given, topic)
            .ok_or_else(|| self.unproven("the address of its certificate is none of Amazon's"))
    }

    fn verify(&self, request: &Request<'_>, topic: &Proven<'_>) -> Result<(), Refusal> {
        let certificate = match pinned(topic) {
            Some(pinned) => pinned,
            None => {
                self.certificate(topic)?;
                request.certificate.ok_or_else(|| self.unproven("its certificate could not be fetched"))?
            }
        };
        signature::check(&self.0, certificate).map_err(|reason| self.unproven(reason))
    }

    fn confirmation(&self, topic: &Proven<'_>) -> Result<Accepted, Refusal> {
        let url = self.url("Subscribe").ok_or_else(|| json::missing("SubscribeURL"))?;
        let url = address::confirmation(&url, topic);
        url.map(Accepted::Confirm).ok_or_else(|| self.unproven("its SubscribeURL is none of Amazon's"))
    }

    /// What cannot be understood is held: after a 400 SNS would not bring it again.
    fn notification(
        &self,
        request: &Request<'_>,
        topic: &Proven<'_>,
        now: Timestamp,
    ) -> Result<Vec<Accepted>, Refusal> {
        let said = self.text("/Message").unwrap_or_default();
        let inner = json::read(said.as_bytes()).unwrap_or(Value::Null);
        let sns_id = self.text("/MessageId");
        if inner.get("originationNumber").is_none() && json::text(&inner, "/eventType").is_none() {
            let reason =
                "somebody else wrote to the topic: it is neither a text nor an event of End User Messaging";
            return Ok(vec![Accepted::Unusable { reason: reason.to_owned(), external_id: sns_id }]);
        }
        batch::each(std::slice::from_ref(&inner), "/inboundMessageId", |inner| {
            match inner.get("originationNumber") {
                Some(_) => message(inner, sns_id.clone(), topic, now).map(Accepted::Message),
                None => event(inner, request, topic, now).map(Accepted::Receipt),
            }
        })
    }
}

fn message(
    inner: &Value,
    sns_id: Option<String>,
    topic: &Proven<'_>,
    now: Timestamp,
) -> Result<InboundSms, Refusal> {
    let id = json::text(inner, "/inboundMessageId").or(sns_id).unwrap_or_default();
    let id = external_id(&id)?;
    let to = json::text(inner, "/destinationNumber").ok_or_else(|| json::missing("destinationNumber"))?;
    let line = topic.line(&to, Some(&id))?;
    let from = json::text(inner, "/originationNumber").ok_or_else(|| json::missing("sender"))?;
    let text = json::text(inner, "/messageBody").unwrap_or_default();
    Ok(InboundSms { text, ..inbound(line, id, &from, now) })
}

fn event(
    inner: &Value,
    request: &Request<'_>,
    topic: &Proven<'_>,
    now: Timestamp,
) -> Result<SmsReceipt, Refusal> {
    let id = external_id(&json::text(inner, "/messageId").unwrap_or_default())?;
    let word = json::text(inner, "/eventType").unwrap_or_default();
    let is_final = inner["isFinal"].as_bool().unwrap_or(true);
    let status = meaning(&word, is_final);
    // The same word may come again as the final one: not a repetition.
    let raw_status = if is_final { word.clone() } else { format!("{word} (not final)") };
    let said = json::text(inner, "/messageStatusDescription");
    let failed = status == Some(MessageStatus::Failed);
    let sender = json::text(inner, "/originationPhoneNumber");
    Ok(SmsReceipt {
        message_id: our_id(json::text(inner, "/context/message_id"), request),
        status,
        opted_out: failed && said.as_deref().is_some_and(reasons::is_opt_out),
        error: failed.then(|| reasons::error(&word, said)),
        ..receipt(topic.line_or_any(sender.as_deref()), id, raw_status, now)
    })
}

/// `TEXT_SUCCESSFUL` and `TEXT_DELIVERED` are used alike, by country. A failure that is not final may still become a
/// success. `TEXT_UNKNOWN` comes after three days without a word from the network, which has it.
fn meaning(word: &str, is_final: bool) -> Option<MessageStatus> {
    let (_, what) = word.split_once('_').filter(|(kind, _)| matches!(*kind, "TEXT" | "MEDIA"))?;
    match what {
        "QUEUED" => Some(MessageStatus::Queued),
        "PENDING" => Some(MessageStatus::Sending),
        "SENT" | "UNKNOWN" => Some(MessageStatus::Sent),
        "DELIVERED" | "SUCCESSFUL" => Some(MessageStatus::Delivered),
        "READ" => Some(MessageStatus::Read),
        "INVALID"
        | "INVALID_MESSAGE"
        | "UNREACHABLE"
        | "CARRIER_UNREACHABLE"
        | "BLOCKED"
        | "CARRIER_BLOCKED"
        | "SPAM"
        | "TTL_EXPIRED"
        | "PROTECT_BLOCKED"
        | "FILE_INACCESSIBLE"
        | "FILE_TYPE_UNSUPPORTED"
        | "FILE_SIZE_EXCEEDED" => is_final.then_some(MessageStatus::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
