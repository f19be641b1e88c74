//! The widget's protocol (contract §6): JSON text frames, each with a `type`. The golden frames in `protocol/` are
//! read by the tests of this crate and of the widget.

use domain::{AuthorKind, Message, MessageId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Largest frame taken from a browser, in bytes.
pub const MAX_FRAME: usize = 64 * 1024;
/// Longest text of a message, in characters.
pub const MAX_TEXT: usize = 8_000;

/// From the browser.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Opens the conversation; always first.
    Hello(Box<Hello>),
    /// A text.
    Message(NewMessage),
    /// Started or stopped typing.
    Typing {
        /// Started.
        on: bool,
    },
    /// Everything up to this message was on the screen.
    Seen {
        /// Its number.
        seq: i64,
    },
    /// Says who they are.
    Identify {
        /// Mail address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        /// Name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Ends the chat.
    End {},
    /// Still here.
    Ping {},
}

/// The first frame.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Hello {
    /// The token of an earlier `ready`, to go on with that session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<String>,
    /// The newest message this browser has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<i64>,
    /// Who, as far as the browser or the site knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor: Option<HelloVisitor>,
    /// The browser's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The page the widget is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// Who a browser says to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct HelloVisitor {
    /// The browser's own random id or, with a signature, the site's id for its user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// HMAC-SHA256 of the id under the site's identity secret, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// A text from the browser.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct NewMessage {
    /// Made by the browser: sent twice, stored once.
    pub client_id: Uuid,
    /// The text.
    pub text: String,
    /// Files; none are taken yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<serde_json::Value>,
}

/// To the browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Answers `hello`.
    Ready(Box<Ready>),
    /// The message is durable.
    Ack {
        /// Which.
        client_id: Uuid,
        /// Its id from now on.
        id: MessageId,
        /// Its number; `null` when it is durable but not numbered yet: then it comes again as `message`.
        seq: Option<i64>,
    },
    /// A message of this conversation.
    Message(ChatMessage),
    /// Somebody on the other side types.
    Typing {
        /// Started.
        on: bool,
        /// Who.
        name: String,
    },
    /// Another tab of this visitor has shown everything up to here.
    Seen {
        /// The number.
        seq: i64,
    },
    /// The conversation was opened or closed.
    Status {
        /// What it is now.
        ticket: TicketStatus,
    },
    /// Answers `ping`.
    Pong {},
    /// A frame was refused.
    Error {
        /// Stable code.
        code: String,
        /// For people.
        message: String,
        /// The message that was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<Uuid>,
        /// When to try again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// A planned stop: come back after that time.
    Bye {
        /// The close code that follows.
        code: u16,
        /// When to come back; different for every socket, so that they do not all come at once.
        retry_after_ms: u64,
    },
}

impl ServerFrame {
    /// A refusal.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::Error { code: code.to_owned(), message: message.into(), client_id: None, retry_after_ms: None }
    }

    /// The refusal of one message.
    pub fn refusal(
        code: &str,
        message: impl Into<String>,
        client_id: Uuid,
        retry_after_ms: Option<u64>,
    ) -> Self {
        Self::Error {
            code: code.to_owned(),
            message: message.into(),
            client_id: Some(client_id),
            retry_after_ms,
        }
    }
}

/// Answers `hello`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// The session.
    pub session: SessionId,
    /// Token to come back with.
    pub resume: String,
    /// The newest message's number; 0 if there is none.
    pub seq: i64,
    /// What this browser missed, oldest first.
    pub messages: Vec<ChatMessage>,
    /// More was missed than fits: `messages` are the newest, and older ones are left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// `open` or `closed`, once there is a conversation.
    pub ticket: Option<TicketStatus>,
    /// Whether somebody is there.
    pub office: Office,
    /// Looks.
    pub branding: Branding,
}

/// Whether somebody is there (H7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Office {
    /// `null` when it is not known.
    pub open: Option<bool>,
    /// When somebody is back.
    pub next_open_at: Option<Timestamp>,
}

/// Looks and words of the panel (H6, H10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branding {
    /// Accent colour, `#rrggbb`.
    pub color: String,
    /// Title.
    pub title: String,
    /// Line under it.
    pub subtitle: String,
    /// Shown before the first message; empty for none.
    pub welcome_message: String,
}

/// What a visitor is told of a ticket: a snoozed one is open to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Somebody may answer.
    Open,
    /// Done: the next message begins a new one (C-W).
    Closed,
}

impl TicketStatus {
    /// Of the desk's word.
    pub fn of(status: &str) -> Self {
        if status == "closed" { Self::Closed } else { Self::Open }
    }
}

/// A message as the visitor sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Its number in this session.
    pub seq: i64,
    /// Its id.
    pub id: MessageId,
    /// Who wrote it.
    pub author: ChatAuthor,
    /// Plain text.
    pub text: String,
    /// Files.
    pub attachments: Vec<ChatAttachment>,
    /// When.
    pub sent_at: Timestamp,
    /// The id a browser of this visitor gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Uuid>,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatAuthor {
    /// What kind of author.
    pub kind: AuthorKind,
    /// A name for people.
    pub name: Option<String>,
}

/// A file beside a message. Where it is stored stays inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatAttachment {
    /// Its id.
    pub id: domain::AttachmentId,
    /// File name.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
}

impl ChatMessage {
    /// As the visitor sees it; `None` for kinds that are not theirs to see.
    pub fn of(message: &Message) -> Option<Self> {
        use AuthorKind::{Agent, AutoResponder, Customer, FollowUp, System};
        if !matches!(message.author.kind, Customer | Agent | AutoResponder | FollowUp | System) {
            return None;
        }
        let file = |a: &domain::message::Attachment| ChatAttachment {
            id: a.id,
            name: a.name.clone(),
            content_type: a.content_type.clone(),
            size: a.size,
        };
        Some(Self {
            seq: message.seq,
            id: message.id,
            author: ChatAuthor { kind: message.author.kind, name: message.author.name.clone() },
            text: message.text.clone(),
            attachments: message.attachments.iter().map(file).collect(),
            sent_at: message.sent_at,
            client_id: message.client_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn golden(text: &str) -> Vec<(String, Value)> {
        let frames: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        frames.into_iter().collect()
    }

    #[test]
    fn every_golden_client_frame_is_read_and_written_alike() {
        for (name, frame) in golden(include_str!("../protocol/client.json")) {
            let read: ClientFrame =
                serde_json::from_value(frame.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(serde_json::to_value(&read).unwrap(), frame, "{name}");
        }
    }

    #[test]
    fn every_golden_server_frame_is_read_and_written_alike() {
        for (name, frame) in golden(include_str!("../protocol/server.json")) {
            let read: ServerFrame =
                serde_json::from_value(frame.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(serde_json::to_value(&read).unwrap(), frame, "{name}");
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for odd in
            ["", "[]", "{}", r#"{"type":"dance"}"#, r#"{"type":"message","text":"hi"}"#, r#"{"type":"seen"}"#]
        {
            assert!(serde_json::from_str::<ClientFrame>(odd).is_err(), "{odd}");
        }
    }
}
