//! What comes in from the bus: texts, mails, chats, receipts, reports, signals. A batch is one transaction; one that
//! fails is taken in piece by piece, so that a poison message is alone. Whatever is delivered again changes nothing.

use std::{panic::AssertUnwindSafe, time::Duration};

use bus::{
    DecodeError, Delivery, Envelope,
    topic::{
        DELIVERY_REPORTED, INBOUND_CHAT, INBOUND_EMAIL, INBOUND_HELD, INBOUND_SMS, MAIL_JUDGED,
        MEDIA_FETCHED, RECEIPT_SMS, REPLY_PROPOSED, VISITOR_SIGNAL,
    },
};
use domain::{
    TicketId, Timestamp,
    event::{
        DeliveryReported, InboundChat, InboundEmail, InboundHeld, InboundSms, MailJudged, MediaFetched,
        ReplyProposed, SmsReceipt, VisitorSignal,
    },
};
use futures::FutureExt;
use thiserror::Error;

use crate::{Desk, DeskError, ledger::LedgerState};

mod answer;
mod attributed;
mod batch;
mod chat;
mod chat_mail;
mod consented;
mod delivery;
mod email;
mod erased;
mod keys;
mod keyword;
mod landing;
mod mail_loops;
mod mail_place;
mod mail_view;
mod mailbox;
mod meaning;
mod media;
mod parts;
mod profile;
mod proposed;
mod receipts;
mod reported;
mod routed;
mod sms;
mod trust;
mod verdict;
mod visitor;

pub(crate) use delivery::moved;
pub(crate) use keys::sms_thread;
pub(crate) use parts::JOIN;

/// Most arrivals of one transaction.
pub const MAX_BATCH: usize = 200;
/// Tries of a transaction that others were in the way of.
const TRIES: u32 = 6;

/// Something that came in, as the bus delivered it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The envelope's id; the once-only key is made from the content.
    pub key: String,
    /// The bus's number of the event: the same number again is a redelivery.
    pub seq: u64,
    /// When it was published.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// The whole event, for what may have to be sent through again.
    pub envelope: Option<Envelope>,
    /// What it is.
    pub kind: ArrivalKind,
    /// The work on it; what it causes stays in its trace.
    pub span: tracing::Span,
}

/// What came in.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub enum ArrivalKind {
    Sms(InboundSms),
    Email(Box<InboundEmail>),
    Chat(InboundChat),
    Held(InboundHeld),
    SmsReceipt(SmsReceipt),
    Visitor(VisitorSignal),
    Proposed(ReplyProposed),
    Reported(DeliveryReported),
    Media(MediaFetched),
    Judged(MailJudged),
}

/// What became of an arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// Its line in the ledger; `None` for what has no line (signals, reports) and for a redelivery.
    pub state: Option<LedgerState>,
    /// Why, in one sentence.
    pub reason: String,
    /// Its ticket.
    pub ticket_id: Option<TicketId>,
}

/// Why an arrival was not taken in. Nothing of it happened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TakeInError {
    /// The database is away or busy: again later.
    #[error("{0}")]
    Retry(String),
    /// It will never work.
    #[error("{0}")]
    Reject(String),
}

impl From<DeskError> for TakeInError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Unavailable(_) | DeskError::Busy(_) => Self::Retry(error.to_string()),
            _ => Self::Reject(error.to_string()),
        }
    }
}

impl Arrival {
    /// Reads a delivery.
    ///
    /// # Errors
    /// Its bytes are not what its subject promises, or ticketing does not hear that subject.
    pub fn of(delivery: &Delivery) -> Result<Self, TakeInError> {
        let kind = kind_of(delivery).map_err(|error| TakeInError::Reject(error.to_string()))?;
        let kind =
            kind.ok_or_else(|| TakeInError::Reject(format!("{:?} is not for ticketing", delivery.subject)))?;
        Ok(Self {
            key: delivery.envelope.id.clone(),
            seq: delivery.seq,
            at: delivery.envelope.at,
            subject: delivery.subject.clone(),
            envelope: Some(delivery.envelope.clone()),
            kind,
            span: delivery.span("take in"),
        })
    }
}

fn kind_of(delivery: &Delivery) -> Result<Option<ArrivalKind>, DecodeError> {
    Ok(Some(match delivery.subject.as_str() {
        subject if subject == INBOUND_SMS.subject => ArrivalKind::Sms(delivery.read(INBOUND_SMS)?),
        subject if subject == INBOUND_EMAIL.subject => {
            ArrivalKind::Email(Box::new(delivery.read(INBOUND_EMAIL)?))
        }
        subject if subject == INBOUND_CHAT.subject => ArrivalKind::Chat(delivery.read(INBOUND_CHAT)?),
        subject if subject == INBOUND_HELD.subject => ArrivalKind::Held(delivery.read(INBOUND_HELD)?),
        subject if subject == RECEIPT_SMS.subject => ArrivalKind::SmsReceipt(delivery.read(RECEIPT_SMS)?),
        subject if subject == VISITOR_SIGNAL.subject => ArrivalKind::Visitor(delivery.read(VISITOR_SIGNAL)?),
        subject if subject == REPLY_PROPOSED.subject => ArrivalKind::Proposed(delivery.read(REPLY_PROPOSED)?),
        subject if subject == DELIVERY_REPORTED.subject => {
            ArrivalKind::Reported(delivery.read(DELIVERY_REPORTED)?)
        }
        subject if subject == MEDIA_FETCHED.subject => ArrivalKind::Media(delivery.read(MEDIA_FETCHED)?),
        subject if subject == MAIL_JUDGED.subject => ArrivalKind::Judged(delivery.read(MAIL_JUDGED)?),
        _ => return Ok(None),
    }))
}

impl Desk {
    /// Takes in up to [`MAX_BATCH`] arrivals; one result each, in order. Everything that says `Ok` is committed, and
    /// its events are published or wait in the outbox.
    pub async fn take_in(&self, arrivals: Vec<Arrival>) -> Vec<Result<Landed, TakeInError>> {
        let mut results = Vec::with_capacity(arrivals.len());
        for batch in arrivals.chunks(MAX_BATCH) {
            results.extend(self.take_in_batch(batch).await);
        }
        results
    }

    async fn take_in_batch(&self, arrivals: &[Arrival]) -> Vec<Result<Landed, TakeInError>> {
        match self.attempt(arrivals).await {
            Ok(landed) => landed.into_iter().map(Ok).collect(),
            Err(error @ DeskError::Unavailable(_)) => vec![Err(error.into()); arrivals.len()],
            Err(error) if arrivals.len() == 1 => vec![Err(error.into())],
            Err(error) => {
                tracing::warn!(%error, arrivals = arrivals.len(), "a batch failed; each arrival is tried alone");
                self.take_in_alone(arrivals).await
            }
        }
    }

    /// Each in its own transaction, as long as the database is there.
    async fn take_in_alone(&self, arrivals: &[Arrival]) -> Vec<Result<Landed, TakeInError>> {
        let mut results = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            match self.attempt(std::slice::from_ref(arrival)).await {
                Ok(mut landed) => results.extend(landed.pop().map(Ok)),
                Err(error @ DeskError::Unavailable(_)) => {
                    results.resize(arrivals.len(), Err(error.into()));
                    break;
                }
                Err(error) => results.push(Err(error.into())),
            }
        }
        results
    }

    /// One transaction; again when others were in its way. A panic is a fault of the data, not of the database.
    async fn attempt(&self, arrivals: &[Arrival]) -> Result<Vec<Landed>, DeskError> {
        let mut tried = 1;
        loop {
            let once = AssertUnwindSafe(Box::pin(batch::take_in(self, arrivals))).catch_unwind().await;
            match once.unwrap_or_else(|_| Err(DeskError::Refused("taking it in panicked".into()))) {
                Err(DeskError::Busy(reason)) if tried < TRIES => {
                    tracing::debug!(reason, tried, "again at once");
                    tokio::time::sleep(pause(tried)).await;
                    tried += 1;
                }
                other => return other,
            }
        }
    }
}

/// A little, and not the same for everybody.
fn pause(tried: u32) -> Duration {
    let dice = u64::from(crate::entropy()[0]);
    Duration::from_millis(u64::from(tried) * 5 + dice % 20)
}
