//! Ways out: each takes work and says what became of it.

use std::time::Duration;

use bus::Topic;
use domain::{MessageId, event::DeliveryOutcome, message::DeliveryError};
use serde::de::DeserializeOwned;

pub mod email;
pub mod http;
pub mod sms;

/// Longest wait that a carrier may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Longest text of others in a reason, in characters.
const LONGEST_REASON: usize = 300;

/// What became of one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// There is a word to report.
    Done(DeliveryOutcome),
    /// It was surely not taken, and may be later.
    NotTaken {
        /// Why, in one sentence.
        reason: String,
        /// Not before this, where the other side said so.
        after: Option<Duration>,
    },
}

impl Attempt {
    fn failed(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::refused(DeliveryError { code: code.into(), reason: reason.into() })
    }

    fn refused(error: DeliveryError) -> Self {
        Self::Done(DeliveryOutcome::Failed { error, opted_out: false })
    }

    fn uncertain() -> Self {
        Self::Done(DeliveryOutcome::Uncertain)
    }

    fn not_taken(reason: impl Into<String>) -> Self {
        Self::NotTaken { reason: reason.into(), after: None }
    }
}

/// A way out.
pub trait Sender: Send + Sync + 'static {
    /// What is sent.
    type Work: DeserializeOwned + Send + Sync;
    /// Where it comes from.
    const TOPIC: Topic<Self::Work>;

    /// Our id of it.
    fn message_id(work: &Self::Work) -> MessageId;

    /// Tries once.
    fn send(&self, work: &Self::Work) -> impl Future<Output = Attempt> + Send;
}

/// Text of the other side, fit for showing: one line, not too long.
fn shown(text: &str) -> String {
    let line =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_REASON).collect::<String>();
    line.trim().to_owned()
}
