//! Texts: the carrier of the number they go out from. A carrier is a pure file: what to call, and what an answer means.

use std::sync::Arc;

use bus::{Topic, topic};
use domain::{Clock, MessageId, event::OutboundSms, message::DeliveryError};
use host::{
    Secret,
    config::{Provider, SmsNumber},
};
use url::Url;

use super::{
    Attempt, Sender,
    http::{self, Answer, Call},
};

mod aws_sns;
mod bandwidth;
mod infobip;
mod messagebird;
mod plivo;
mod sandbox;
mod sinch;
mod telnyx;
mod text;
#[cfg(test)]
mod trial;
mod twilio;
mod vonage;
mod words;

use text::Text;

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
    ///
    /// # Errors
    /// Why it cannot be sent so at all.
    fn call(&self, text: &Text<'_>) -> Result<Call, DeliveryError>;

    /// What a success or a refusal means; other answers speak for themselves ([`Answer::verdict`]).
    fn read(&self, text: &Text<'_>, answer: &Answer) -> Attempt;
}

fn carrier(provider: Provider) -> &'static dyn Carrier {
    match provider {
        Provider::Twilio => &twilio::Twilio,
        Provider::Vonage => &vonage::Vonage,
        Provider::Telnyx => &telnyx::Telnyx,
        Provider::Plivo => &plivo::Plivo,
        Provider::Messagebird => &messagebird::MessageBird,
        Provider::Infobip => &infobip::Infobip,
        Provider::Sinch => &sinch::Sinch,
        Provider::Bandwidth => &bandwidth::Bandwidth,
        Provider::AwsSns => &aws_sns::Aws,
        Provider::Sandbox => &sandbox::Sandbox,
    }
}

/// Sends texts.
pub struct Texts {
    /// The numbers they go out from.
    pub lines: Vec<SmsNumber>,
    /// This installation.
    pub here: Here,
    /// For signatures that hold the time.
    pub clock: Arc<dyn Clock>,
    /// Makes the calls.
    pub client: reqwest::Client,
}

impl Sender for Texts {
    type Work = OutboundSms;
    const TOPIC: Topic<OutboundSms> = topic::OUTBOUND_SMS;

    fn message_id(sms: &OutboundSms) -> MessageId {
        sms.message_id
    }

    async fn send(&self, sms: &OutboundSms) -> Attempt {
        let Some(line) = self.lines.iter().find(|line| line.number == sms.from) else {
            // A number that was just set up may be known here in a moment.
            return Attempt::not_taken(format!("{} is not a number of this inbox", sms.from));
        };
        let text = Text { sms, line, here: &self.here, now: self.clock.now() };
        let carrier = carrier(line.provider);
        let call = match carrier.call(&text) {
            Ok(call) => call,
            Err(error) => return Attempt::refused(error),
        };
        match http::exchange(&self.client, call).await {
            Ok(answer) => answer.verdict().unwrap_or_else(|| carrier.read(&text, &answer)),
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
