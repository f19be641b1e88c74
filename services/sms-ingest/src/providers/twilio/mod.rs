//! Twilio: forms, signed with the account's auth token. There is no time in them: the time of receipt counts.
//!
//! Source: Twilio's "Webhook request" and "Message status callback" pages. New parameters appear without notice, so
//! only those needed are read.

use std::collections::BTreeSet;

use domain::{
    MessageStatus, Timestamp,
    event::{CarrierMedia, InboundSms, SmsReceipt},
    keyword::KeywordFamily,
};
use host::config::{Provider, SmsNumber};

use super::{
    Accepted, Carrier, Lines, Refusal, Request, Thanks, external_id, inbound, our_id, params::Params,
    proof::Proven, receipt,
};

mod reasons;
mod signature;

use signature::Signed;

/// Twilio sends at most ten files with a text.
const MOST_MEDIA: usize = 20;

/// Twilio's door.
pub struct Twilio;

impl Carrier for Twilio {
    fn provider(&self) -> Provider {
        Provider::Twilio
    }

    fn read(&self, request: &Request<'_>, lines: &Lines, now: Timestamp) -> Result<Vec<Accepted>, Refusal> {
        let call = Call::of(request);
        let proven = call.verify(request, lines)?;
        if call.text("AccountSid").is_none() {
            return Err(unreadable("it names no AccountSid"));
        }
        let id = external_id(&call.id().unwrap_or_default())?;
        let status = call.text("MessageStatus").or_else(|| call.text("SmsStatus"));
        let accepted = match status.as_deref() {
            Some("received") => call.message(id, &proven, now)?,
            Some("receiving") => Accepted::Ignored,
            Some(status) => call.receipt(request, id, status, &proven, now)?,
            None if call.text("To").is_some() => call.message(id, &proven, now)?,
            None => return Err(unreadable("it is neither a text nor a receipt")),
        };
        Ok(vec![accepted])
    }

    fn thanks(&self) -> Thanks {
        Thanks { content_type: "text/xml", body: "<Response/>" }
    }
}

fn unreadable(why: &str) -> Refusal {
    Refusal::Unreadable(why.to_owned())
}

/// A request's parameters: those of a form, and those of the address (all of them with GET).
struct Call {
    form: Params,
    query: Params,
    is_form: bool,
}

impl Call {
    fn of(request: &Request<'_>) -> Self {
        let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_form = kind.starts_with("application/x-www-form-urlencoded");
        let form = Params::parse(if is_form { request.body } else { b"" });
        Self { form, query: Params::parse(request.query().as_bytes()), is_form }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.form.text(name).or_else(|| self.query.text(name))
    }

    fn id(&self) -> Option<String> {
        ["MessageSid", "SmsMessageSid", "SmsSid"].into_iter().find_map(|name| self.text(name))
    }

    /// A token speaks for the numbers of its account that the call may be about: those of the account it names, or of
    /// its messaging service, whose pool may belong to a subaccount.
    fn verify<'a>(&self, request: &Request<'_>, lines: &'a Lines) -> Result<Proven<'a>, Refusal> {
        let unproven = |reason: &str| Refusal::Unproven { reason: reason.to_owned(), external_id: self.id() };
        let given =
            request.header("x-twilio-signature").ok_or_else(|| unproven("the signature is missing"))?;
        let (account, service) = (self.text("AccountSid"), self.text("MessagingServiceSid"));
        let concerns = |number: &SmsNumber| {
            (account.is_none() && service.is_none())
                || has(number, "account_sid", account.as_deref())
                || has(number, "messaging_service_sid", service.as_deref())
        };
        let concerned = || lines.numbers.iter().filter(|number| concerns(number));
        let all: BTreeSet<&str> = concerned().flat_map(tokens).collect();
        if all.is_empty() {
            return Err(unproven(
                "no number of this Twilio account is configured, so its signature cannot be checked",
            ));
        }
        let signed = if self.is_form { Signed::Form(&self.form) } else { Signed::Raw(request.body) };
        let made = all
            .into_iter()
            .filter(|token| signature::is_valid(given, request.url, &signed, &BTreeSet::from([*token])));
        let made: BTreeSet<&str> = made.collect();
        let accounts: BTreeSet<&str> = concerned()
            .filter(|number| tokens(number).any(|token| made.contains(token)))
            .map(SmsNumber::account)
            .collect();
        let proven = Proven::by(lines, |n| concerns(n) && accounts.contains(n.account()));
        proven.ok_or_else(|| unproven("the signature does not match"))
    }

    fn message(&self, id: String, proven: &Proven<'_>, now: Timestamp) -> Result<Accepted, Refusal> {
        let line = self.line("To", proven)?;
        let from = self.text("From").ok_or_else(|| unreadable("it names no sender"))?;
        let media = (0..MOST_MEDIA).map_while(|i| {
            let url = self.text(&format!("MediaUrl{i}"))?;
            let content_type = self.text(&format!("MediaContentType{i}")).unwrap_or_default();
            Some(CarrierMedia { url, content_type })
        });
        Ok(Accepted::Message(InboundSms {
            text: self.text("Body").unwrap_or_default(),
            media: media.collect(),
            carrier_keyword: self.text("OptOutType").as_deref().and_then(keyword),
            ..inbound(line, id, &from, now)
        }))
    }

    /// One that carries our id is about a text of ours, whatever number of a pool or name it went out from.
    fn receipt(
        &self,
        request: &Request<'_>,
        id: String,
        status: &str,
        proven: &Proven<'_>,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let message_id = our_id(None, request);
        let line =
            self.line("From", proven).or_else(|stranger| message_id.map(|_| proven.any()).ok_or(stranger))?;
        let meaning = meaning(status);
        let code = self.text("ErrorCode").filter(|code| code != "0");
        let failed = meaning == Some(MessageStatus::Failed);
        let said = self.text("ErrorMessage");
        Ok(Accepted::Receipt(SmsReceipt {
            message_id,
            status: meaning,
            error: (failed || code.is_some())
                .then(|| reasons::error(code.as_deref().unwrap_or(status), said)),
            opted_out: code.as_deref() == Some(reasons::OPTED_OUT),
            ..receipt(line, id, status.to_owned(), now)
        }))
    }

    /// Our number of this call: the one it names, or the one that stands for its messaging service.
    fn line<'a>(&self, field: &str, proven: &Proven<'a>) -> Result<&'a SmsNumber, Refusal> {
        let service = self.text("MessagingServiceSid");
        let named = self.text(field).unwrap_or_default();
        proven.line(&named, self.id().as_deref()).or_else(|unknown| {
            let mut of_service =
                proven.lines().filter(|n| has(n, "messaging_service_sid", service.as_deref()));
            of_service.next().ok_or(unknown)
        })
    }
}

/// The tokens that may have signed for a number: its own, and the one before while it is configured.
fn tokens(number: &SmsNumber) -> impl Iterator<Item = &str> {
    let tokens = number.credentials.current_and_previous("auth_token");
    tokens.map(|token| token.expose()).filter(|token| !token.is_empty())
}

fn has(number: &SmsNumber, name: &str, value: Option<&str>) -> bool {
    value.is_some() && number.credentials.get(name).map(|secret| secret.expose()) == value
}

fn keyword(word: &str) -> Option<KeywordFamily> {
    match word {
        "STOP" => Some(KeywordFamily::Stop),
        "START" => Some(KeywordFamily::Start),
        "HELP" => Some(KeywordFamily::Help),
        _ => None,
    }
}

fn meaning(status: &str) -> Option<MessageStatus> {
    match status {
        "accepted" | "scheduled" | "queued" => Some(MessageStatus::Queued),
        "sending" => Some(MessageStatus::Sending),
        "sent" => Some(MessageStatus::Sent),
        "delivered" => Some(MessageStatus::Delivered),
        "read" => Some(MessageStatus::Read),
        "undelivered" | "failed" | "canceled" => Some(MessageStatus::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
