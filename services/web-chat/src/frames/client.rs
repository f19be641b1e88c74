//! What browsers say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// From the browser.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Opens the conversation; always first.
    Hello(Box<Hello>),
    /// A text, files, or both.
    #[serde(alias = "send")]
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
    Identify(Box<Identify>),
    /// Ends the chat.
    End {},
    /// Says how it was, once the chat is over.
    Rate {
        /// From 1 (bad) to 5 (good).
        score: i64,
        /// In their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// Wants the conversation as a mail.
    Transcript {
        /// Where to.
        email: String,
    },
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
    /// What was filled in before the chat, by the names of the fields.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
}

/// Who somebody is, said later.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Identify {
    /// Who.
    #[serde(flatten)]
    pub visitor: HelloVisitor,
    /// What was filled in before the chat, by the names of the fields.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
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
    /// HMAC-SHA256 under the site's identity secret, in hex: of `id`, or of `id`, a line feed and `email`. Only the
    /// second one speaks for the address, too (or the first, where the id is the address).
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
    /// Files: the ids that putting them up answered, or objects with such an `id`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<serde_json::Value>,
}
