//! A message: one inbound or outbound text, and what became of it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{AttachmentId, MessageId, TicketId},
    mail::MailView,
    time::Timestamp,
};

/// The way a conversation travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Texts.
    Sms,
    /// Mail.
    Email,
    /// The web widget.
    Chat,
}

/// Seen from the organisation (A3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a customer.
    In,
    /// From the organisation.
    Out,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// The customer.
    Customer,
    /// A person who answers from the inbox.
    Agent,
    /// The auto-responder (H1, H7).
    AutoResponder,
    /// The answer to a keyword (B2).
    Keyword,
    /// A campaign sent outside or on behalf of it.
    Campaign,
    /// A flow message.
    Flow,
    /// The mail after a left chat (H8).
    FollowUp,
    /// The product itself.
    System,
}

/// Where a message is on its way. See [`MessageStatus::advance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Inbound: here.
    Received,
    /// Accepted from the agent, not yet handed over.
    Queued,
    /// Recorded just before the carrier or relay is called.
    Sending,
    /// Taken by the carrier, relay or the visitor's browser.
    Sent,
    /// At the customer's device or mailbox.
    Delivered,
    /// Seen.
    Read,
    /// Will not arrive.
    Failed,
    /// A crash or time-out fell between "sending" and the carrier's word. Never sent again by itself.
    Uncertain,
}

impl MessageStatus {
    fn rank(self) -> u8 {
        match self {
            Self::Received | Self::Queued => 0,
            Self::Sending => 1,
            Self::Uncertain => 2,
            Self::Sent => 3,
            Self::Delivered => 4,
            Self::Failed => 5,
            Self::Read => 6,
        }
    }

    /// The status after a report says `next`: the later of the two in the lattice, so that reports may come in any
    /// order and any number of times. `failed` may follow `delivered` (a late bounce), `read` outranks all.
    #[must_use]
    pub fn advance(self, next: Self) -> Self {
        if self == Self::Received || next.rank() <= self.rank() { self } else { next }
    }
}

#[expect(missing_docs, reason = "the words are the documentation")]
mod words {
    use super::{AuthorKind, Channel, Direction, MessageStatus};

    macro_rules! words {
        ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
            impl $type {
                pub const ALL: &'static [Self] = &[$(Self::$variant),+];
                pub fn as_str(self) -> &'static str {
                    match self { $(Self::$variant => $word),+ }
                }
            }
            impl std::fmt::Display for $type {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(self.as_str())
                }
            }
            impl std::str::FromStr for $type {
                type Err = String;
                fn from_str(text: &str) -> Result<Self, String> {
                    match text {
                        $($word => Ok(Self::$variant),)+
                        _ => Err(format!("{text:?} is none of: {}", [$($word),+].join(", "))),
                    }
                }
            }
        };
    }
    words!(Channel { Sms = "sms", Email = "email", Chat = "chat" });
    words!(Direction { In = "in", Out = "out" });
    words!(AuthorKind {
        Customer = "customer",
        Agent = "agent",
        AutoResponder = "auto_responder",
        Keyword = "keyword",
        Campaign = "campaign",
        Flow = "flow",
        FollowUp = "follow_up",
        System = "system",
    });
    words!(MessageStatus {
        Received = "received",
        Queued = "queued",
        Sending = "sending",
        Sent = "sent",
        Delivered = "delivered",
        Read = "read",
        Failed = "failed",
        Uncertain = "uncertain",
    });
}

/// Who wrote a message, for showing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// What kind of author.
    pub kind: AuthorKind,
    /// The user's or profile's id, where there is one.
    pub id: Option<Uuid>,
    /// A name for people, where known.
    pub name: Option<String>,
}

/// Why a message failed, or what is odd about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    /// The carrier's or our code, such as `30007` or `sms_no_consent`.
    pub code: String,
    /// One sentence for people.
    pub reason: String,
}

/// A file with a message. The bytes lie in blobs under `blob`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// File name, cleaned.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Where an agent's browser reads it, such as `/api/v1/attachments/{id}`.
    pub url: String,
    /// Key in the blob store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
}

/// A message as agents, the live stream and the widget see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its ticket.
    pub ticket_id: TicketId,
    /// Position in the ticket, from 1, without gaps.
    pub seq: i64,
    /// Seen from the organisation.
    pub direction: Direction,
    /// Who wrote it.
    pub author: Author,
    /// Plain text; always there, may be empty beside attachments.
    pub text: String,
    /// Sanitised HTML of a mail, where it had one.
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Where it is.
    pub status: MessageStatus,
    /// Why it failed.
    pub error: Option<DeliveryError>,
    /// SMS segments, for texts.
    pub segments: Option<i64>,
    /// When the customer or agent sent it.
    pub sent_at: Timestamp,
    /// Which signal put it into this ticket ("why here?"), as one sentence.
    pub why: String,
    /// The id the visitor's browser gave (chat), so that it knows its own message again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
    /// When it will leave, while it waits for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// What a text carries besides its words.
    #[serde(default, skip_serializing_if = "Carried::is_nothing")]
    pub carried: Carried,
    /// What the writer of a mail wrote now, where the text holds more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_text: Option<String>,
    /// What a mail shows besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Box<MailView>>,
}

/// What a text carries besides its words and files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Carried {
    /// The campaign or flow message that a customer's text is attributed to (I1–I3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// Short links in a text of ours (H3), in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ShortLink>,
    /// Files that still lie at the carrier and are being fetched.
    #[serde(skip_serializing_if = "is_zero")]
    pub files_pending: i64,
}

impl Carried {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Visits of all its links.
    pub fn clicks(&self) -> i64 {
        self.links.iter().map(|link| link.clicks).sum()
    }
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// A short link in a text of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortLink {
    /// The end of its address.
    pub code: String,
    /// Where it leads.
    pub url: String,
    /// Visits so far.
    pub clicks: i64,
}

/// What a text, or its ticket, is attributed to (I1–I3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// `campaign` or `flow`.
    pub kind: AuthorKind,
    /// Its id outside.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The message that is credited.
    pub message_id: MessageId,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outbound() -> impl Strategy<Value = MessageStatus> {
        prop::sample::select(&MessageStatus::ALL[1..])
    }

    proptest! {
        #[test]
        fn receipts_may_come_in_any_order(mut reports in prop::collection::vec(outbound(), 0..8), seed in any::<u64>()) {
            let fold = |all: &[MessageStatus]| all.iter().fold(MessageStatus::Queued, |s, r| s.advance(*r));
            let first = fold(&reports);
            let turn = usize::try_from(seed % 8).unwrap() % reports.len().max(1);
            reports.rotate_left(turn);
            let again: Vec<_> = reports.iter().chain(reports.iter()).copied().collect();
            prop_assert_eq!(first, fold(&reports));
            prop_assert_eq!(first, fold(&again));
        }

        #[test]
        fn a_status_never_goes_back(from in outbound(), report in outbound()) {
            prop_assert!(from.advance(report).rank() >= from.rank());
        }
    }

    #[test]
    fn an_inbound_message_has_no_delivery() {
        assert_eq!(MessageStatus::Received.advance(MessageStatus::Failed), MessageStatus::Received);
    }
}
