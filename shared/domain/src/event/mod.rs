//! What travels on the bus. Facts are past tense; an `Outbound…` is work for the notifier. The bus's `topic.rs` lists
//! every subject with its type. A reader may see any event twice.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

mod desk;
mod inbound;
mod live;
mod mailbox;
mod outbound;
mod question;
mod refresh_token;
mod trust;
mod webhook;

pub use crate::mail::MailKind;

pub use self::{
    desk::*, inbound::*, live::*, mailbox::*, outbound::*, question::*, refresh_token::*, trust::*,
    webhook::*,
};

/// A dead letter: an event that a consumer could not handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Which consumer gave up.
    pub consumer: String,
    /// The event's subject.
    pub subject: String,
    /// The event's envelope, as JSON text.
    pub envelope: String,
    /// The last error.
    pub reason: String,
    /// Deliveries made.
    pub attempts: i64,
    /// When.
    pub at: Timestamp,
}
