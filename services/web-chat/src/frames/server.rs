//! What browsers are told.

use domain::{
    AuthorKind, Direction, Message, MessageId, SessionId, TicketId, Timestamp,
    settings::{ButtonShape, Font, FormField, Position},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
    /// Another tab of this visitor has shown everything up to here, or an agent has read it.
    Seen {
        /// The number.
        seq: i64,
        /// Who; none for the visitor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Reader>,
    },
    /// The conversation was opened or closed.
    Status {
        /// What it is now.
        ticket: TicketStatus,
    },
    /// Answers `ping`.
    Pong {},
    /// What was said of the chat is on its way to the agents.
    Rated {
        /// From 1 to 5.
        score: i64,
    },
    /// The conversation will be mailed there.
    Transcript {
        /// Where to.
        email: String,
    },
    /// Of a stream over HTTP, first: where its frames are posted to.
    Stream {
        /// The stream; whoever knows it speaks for it.
        stream: Uuid,
    },
    /// Of a stream over HTTP, last: what a socket says with its close code.
    Closed {
        /// The close code.
        code: u16,
        /// Why.
        reason: String,
    },
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

/// Who has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// Somebody at the console.
    Agent,
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
    /// Earlier chats of this visitor, to be read only, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastChat>,
    /// Whether somebody is there.
    pub office: Office,
    /// An agent looks at the console just now.
    #[serde(default)]
    pub agents_online: bool,
    /// Looks.
    pub branding: Branding,
    /// What to ask before the chat begins; `null` for nothing.
    #[serde(default)]
    pub form: Option<Form>,
    /// The widget's languages, the first for visitors of any other; none for all it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
}

/// An earlier chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastChat {
    /// Its ticket.
    pub ticket: TicketId,
    /// `open` (in another browser) or `closed`.
    pub status: TicketStatus,
    /// Its newest messages, oldest first.
    pub messages: Vec<ChatMessage>,
}

/// What to ask before the chat begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The fields, in their order.
    pub fields: Vec<FormField>,
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
    /// Where the launcher is.
    #[serde(default)]
    pub position: Position,
    /// Font.
    #[serde(default)]
    pub font: Font,
    /// Shape of buttons.
    #[serde(default)]
    pub button_shape: ButtonShape,
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
    /// Where it lies, for some hours: signed, so that whoever has the address needs nothing else.
    pub url: String,
    #[serde(skip)]
    blob: Option<String>,
}

impl ServerFrame {
    /// Signs the addresses of all files in it.
    pub fn sign_files(&mut self, address: impl Fn(&ChatAttachment, &str) -> String) {
        let sign = |message: &mut ChatMessage| {
            for file in &mut message.attachments {
                if let Some(blob) = file.blob.take() {
                    file.url = address(file, &blob);
                }
            }
        };
        match self {
            Self::Ready(ready) => {
                ready.messages.iter_mut().for_each(sign);
                ready.history.iter_mut().flat_map(|past| &mut past.messages).for_each(sign);
            }
            Self::Message(message) => sign(message),
            _ => {}
        }
    }
}

impl ChatMessage {
    /// As the visitor sees it; `None` for kinds that are not theirs to see, such as mails to them.
    pub fn of(message: &Message) -> Option<Self> {
        use AuthorKind::{Agent, AutoResponder, Customer, System};
        let is_theirs = match message.author.kind {
            Customer | Agent | AutoResponder => true,
            // what comes in by itself is a failure of a mail to them
            System => message.direction == Direction::Out,
            _ => false,
        };
        if !is_theirs {
            return None;
        }
        let file = |a: &domain::message::Attachment| ChatAttachment {
            id: a.id,
            name: a.name.clone(),
            content_type: a.content_type.clone(),
            size: a.size,
            url: String::new(),
            blob: a.blob.clone(),
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
