//! What is answered to a command: a reply and the next step.

use std::net::IpAddr;

use smtp_proto::Error;

use super::reply::Reply;

/// What comes after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read a command.
    Command,
    /// Read a mail.
    Data,
    /// Read a chunk of a mail; the reply waits for it.
    Chunk {
        /// In bytes.
        size: usize,
        /// Whether the mail ends with it.
        last: bool,
    },
    /// Read so many bytes and drop them; the reply waits for them.
    Skip(usize),
    /// Begin TLS.
    Tls,
    /// A relay speaks for somebody else from now on.
    Client(IpAddr),
    /// Close the connection.
    Close,
}

/// A reply and what comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What to say.
    pub reply: Reply,
    /// What to do then.
    pub next: Next,
}

impl Answer {
    /// Say this and then do that.
    pub fn then(next: Next, code: u16, text: impl Into<String>) -> Self {
        Self { reply: Reply::new(code, text), next }
    }

    /// Say this and close.
    pub fn close(code: u16, text: impl Into<String>) -> Self {
        Self::then(Next::Close, code, text)
    }

    /// Say this and read a command.
    pub fn say(code: u16, text: impl Into<String>) -> Self {
        Self::then(Next::Command, code, text)
    }
}

/// The answer to a line that is no command.
pub fn refusal(error: &Error, line: &[u8]) -> Answer {
    match error {
        // A browser made to talk to us: do not let the rest of its request be taken for commands.
        _ if is_http(line) => Answer::close(500, "5.5.1 this is not a web server: closing"),
        Error::InvalidSenderAddress => Answer::say(501, "5.1.7 the sender is not an address"),
        Error::InvalidRecipientAddress => Answer::say(501, "5.1.3 the recipient is not an address"),
        Error::SyntaxError { syntax } => Answer::say(501, format!("5.5.2 write it as {syntax}")),
        Error::InvalidParameter { param } => Answer::say(501, format!("5.5.4 the value of {param} is wrong")),
        Error::UnsupportedParameter { .. } => Answer::say(555, "5.5.4 a parameter that is not offered here"),
        Error::UnknownCommand
        | Error::NeedsMoreData { .. }
        | Error::ResponseTooLong
        | Error::InvalidResponse { .. } => Answer::say(500, "5.5.1 not a command known here"),
    }
}

fn is_http(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    line.trim_end().ends_with(" HTTP/1.1") || line.trim_end().ends_with(" HTTP/1.0")
}
