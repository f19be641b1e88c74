//! Twilio: forms, signed with the account's auth token. There is no time in them: the time of receipt counts.
//!
//! Source: Twilio's "Webhook request" and "Message status callback" pages. New parameters appear without notice, so
//! only those needed are read.

use std::collections::BTreeSet;

use domain::{
    MessageId, MessageStatus, PhoneNumber, Timestamp,
    event::{CarrierMedia, InboundSms, SmsReceipt},
    keyword::KeywordFamily,
};
use host::config::{Provider, SmsNumber};

use super::{Accepted, Carrier, Lines, Refusal, Request, Thanks, external_id, params::Params};

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
        call.verify(request, lines)?;
        let account = call.text("AccountSid").ok_or_else(|| unreadable("it names no AccountSid"))?;
        let id = external_id(&call.id().unwrap_or_default())?;
        let status = call.text("MessageStatus").or_else(|| call.text("SmsStatus"));
        let accepted = match status.as_deref() {
            Some("received") => call.message(account, id, lines, now)?,
            Some("receiving") => Accepted::Ignored,
            Some(status) => call.receipt(account, id, status, lines, now)?,
            None if call.text("To").is_some() => call.message(account, id, lines, now)?,
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

    fn verify(&self, request: &Request<'_>, lines: &Lines) -> Result<(), Refusal> {
        let unproven = |reason: &str| Refusal::Unproven { reason: reason.to_owned(), external_id: self.id() };
        let given =
            request.header("x-twilio-signature").ok_or_else(|| unproven("the signature is missing"))?;
        let account = self.text("AccountSid");
        let tokens = tokens(lines, account.as_deref());
        if tokens.is_empty() {
            return Err(unproven(
                "no number of this Twilio account is configured, so its signature cannot be checked",
            ));
        }
        let signed = if self.is_form { Signed::Form(&self.form) } else { Signed::Raw(request.body) };
        let valid = signature::is_valid(given, request.url, &signed, &tokens);
        if valid { Ok(()) } else { Err(unproven("the signature does not match")) }
    }

    fn message(
        &self,
        account: String,
        id: String,
        lines: &Lines,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let to = self.line(&account, "To", lines)?;
        let from = self.text("From").ok_or_else(|| unreadable("it names no sender"))?;
        let media = (0..MOST_MEDIA).map_while(|i| {
            let url = self.text(&format!("MediaUrl{i}"))?;
            let content_type = self.text(&format!("MediaContentType{i}")).unwrap_or_default();
            Some(CarrierMedia { url, content_type })
        });
        Ok(Accepted::Message(InboundSms {
            provider: Provider::Twilio.as_str().to_owned(),
            external_id: id,
            from,
            to,
            text: self.text("Body").unwrap_or_default(),
            media: media.collect(),
            carrier_keyword: self.text("OptOutType").as_deref().and_then(keyword),
            received_at: now,
            account,
        }))
    }

    fn receipt(
        &self,
        account: String,
        id: String,
        status: &str,
        lines: &Lines,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.line(&account, "From", lines)?;
        let meaning = meaning(status);
        let code = self.text("ErrorCode").filter(|code| code != "0");
        let failed = meaning == Some(MessageStatus::Failed);
        let said = self.text("ErrorMessage");
        Ok(Accepted::Receipt(SmsReceipt {
            provider: Provider::Twilio.as_str().to_owned(),
            external_id: id,
            message_id: self.query.text("message_id").and_then(|text| text.parse::<MessageId>().ok()),
            raw_status: status.to_owned(),
            status: meaning,
            error: (failed || code.is_some())
                .then(|| reasons::error(code.as_deref().unwrap_or(status), said)),
            received_at: now,
            account,
        }))
    }

    /// Our number of this call: the one it names, or the one that stands for its messaging service.
    fn line(&self, account: &str, field: &str, lines: &Lines) -> Result<PhoneNumber, Refusal> {
        let named = self.text(field).unwrap_or_default();
        let number = PhoneNumber::parse(&named).ok();
        let service = self.text("MessagingServiceSid");
        let ours: Vec<&SmsNumber> =
            lines.numbers.iter().filter(|n| has(n, "account_sid", Some(account))).collect();
        let by_number = ours.iter().find(|n| Some(&n.number) == number.as_ref());
        let by_service = || ours.iter().find(|n| has(n, "messaging_service_sid", service.as_deref()));
        match by_number.or_else(by_service) {
            Some(line) => Ok(line.number.clone()),
            None => Err(Refusal::UnknownNumber { number: named, external_id: self.id() }),
        }
    }
}

/// The tokens that may have signed: those of the account named, the previous ones while they are configured.
fn tokens<'a>(lines: &'a Lines, account: Option<&str>) -> BTreeSet<&'a str> {
    let of_account = lines.numbers.iter().filter(|n| account.is_none() || has(n, "account_sid", account));
    let tokens =
        of_account.flat_map(|n| ["auth_token", "auth_token_previous"].map(|name| n.credentials.get(name)));
    tokens.flatten().map(|token| token.expose()).filter(|token| !token.is_empty()).collect()
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
