//! Texts: the carrier of the number they go out from. A carrier is a pure file: what to call, and what an answer means.

use bus::{Topic, topic};
use domain::{MessageId, event::OutboundSms, message::DeliveryError};
use host::{
    Secret,
    config::{Provider, SmsNumber},
};
use url::Url;

use super::{
    Attempt, Sender,
    http::{self, Answer, Call},
};

mod sandbox;
mod twilio;

/// What carriers need to know about this installation.
pub struct Here {
    /// The address carriers reach us at.
    pub public_url: Url,
    /// The address of this process on this machine.
    pub local_url: Url,
    /// What numbers of the sandbox share unless they name a secret of their own.
    pub house_secret: Secret,
}

/// A carrier's API, pure.
trait Carrier: Sync {
    /// What to call.
    fn call(&self, line: &SmsNumber, here: &Here, sms: &OutboundSms) -> Result<Call, DeliveryError>;

    /// What a success or a refusal means; other answers speak for themselves.
    fn read(&self, line: &SmsNumber, sms: &OutboundSms, answer: &Answer) -> Attempt;
}

fn carrier(provider: Provider) -> &'static dyn Carrier {
    match provider {
        Provider::Twilio => &twilio::Twilio,
        Provider::Sandbox => &sandbox::Sandbox,
    }
}

/// Sends texts.
pub struct Texts {
    lines: Vec<SmsNumber>,
    here: Here,
    client: reqwest::Client,
}

impl Texts {
    /// From these numbers.
    pub fn new(lines: Vec<SmsNumber>, here: Here, client: reqwest::Client) -> Self {
        Self { lines, here, client }
    }
}

impl Sender for Texts {
    type Work = OutboundSms;
    const TOPIC: Topic<OutboundSms> = topic::OUTBOUND_SMS;

    fn message_id(sms: &OutboundSms) -> MessageId {
        sms.message_id
    }

    async fn send(&self, sms: &OutboundSms) -> Attempt {
        let Some(line) = self.lines.iter().find(|line| line.number == sms.from) else {
            return Attempt::failed(
                "number_unknown",
                format!("{} is no longer a number of this inbox", sms.from),
            );
        };
        let carrier = carrier(line.provider);
        let call = match carrier.call(line, &self.here, sms) {
            Ok(call) => call,
            Err(error) => return Attempt::refused(error),
        };
        match http::exchange(&self.client, call).await {
            Ok(answer) => answer.verdict().unwrap_or_else(|| carrier.read(line, sms, &answer)),
            Err(attempt) => attempt,
        }
    }
}

/// An address below a base.
fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Where the carrier reports what becomes of a text; it carries our id.
fn callback(base: &Url, provider: Provider, sms: &OutboundSms) -> String {
    let mut url = below(base, &["webhooks", "sms", provider.as_str()]);
    url.query_pairs_mut().append_pair("message_id", &sms.message_id.to_string());
    url.into()
}

fn not_configured(what: &str) -> DeliveryError {
    DeliveryError {
        code: "not_configured".to_owned(),
        reason: format!("this number has no {what} configured"),
    }
}
