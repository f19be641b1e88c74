//! What services ask of the desk, and its answers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ChatTicket;
use crate::{
    id::{MessageId, SessionId, TicketId},
    message::Message,
};

/// Asked by the notifier before it calls a carrier or relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimSend {
    /// Which message.
    pub message_id: MessageId,
    /// One try of one delivery: the same claim asked again gets the same answer, another one does not.
    pub claim: Uuid,
}

/// The desk's answer to [`ClaimSend`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SendDecision {
    /// Recorded as `sending`: go on.
    Send,
    /// May not be sent (consent, block) and is recorded as failed; or is already beyond sending.
    Drop {
        /// Why, for the log.
        reason: String,
    },
    /// Another try had claimed it and never reported: recorded as `uncertain`; do not send.
    Uncertain,
}

/// Asked by the notifier when the carrier surely did not take the message and it may be tried again later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSend {
    /// Which message.
    pub message_id: MessageId,
    /// The claim that is given back.
    pub claim: Uuid,
    /// The carrier asked to be left alone for so long: the other texts of the number wait too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<i64>,
}

/// Asked by a web-chat node: the messages of a session after a `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatHistoryQuery {
    /// The chat session.
    pub session: SessionId,
    /// Only what came after; 0 for all.
    pub after_seq: i64,
    /// At most this many, newest kept; 200 at most.
    pub limit: i64,
}

/// The answer to [`ChatHistoryQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatHistory {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// The session's newest `seq` (0 if none).
    pub last_seq: i64,
    /// `open` or `closed`, once there is a ticket.
    pub ticket_status: Option<String>,
    /// The ticket, once there is one.
    pub ticket_id: Option<TicketId>,
    /// The newest `seq` that an agent has read (0 if none).
    #[serde(default)]
    pub read_seq: i64,
}

/// Asked by a web-chat node, in case it was not told of something: how far are these sessions?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatStandingQuery {
    /// The sessions, 500 at most.
    pub sessions: Vec<SessionId>,
}

/// How far a session is. Those without a ticket have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatStanding {
    /// The session.
    pub session: SessionId,
    /// Its newest ticket.
    pub ticket: ChatTicket,
    /// Its newest `seq`.
    pub last_seq: i64,
    /// The newest `seq` that an agent has read (0 if none).
    pub read_seq: i64,
}

/// Asked by a web-chat node: what somebody said in earlier chats. Only somebody who proved who they are is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastChatsQuery {
    /// The site.
    pub site: String,
    /// This session is not meant.
    pub except: SessionId,
    /// Whose chats.
    pub of: PastChatsOf,
}

/// Whose earlier chats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PastChatsOf {
    /// Those of somebody whose id the site signed.
    Signed {
        /// The site's id for them.
        id: String,
    },
    /// Those of a session whose token was shown.
    Session {
        /// The session.
        session: SessionId,
    },
}

/// An earlier chat, to be read only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastChat {
    /// Its ticket.
    pub ticket: TicketId,
    /// `open` or `closed`.
    pub status: String,
    /// Its newest messages, oldest first.
    pub messages: Vec<Message>,
}
