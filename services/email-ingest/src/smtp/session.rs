//! What an SMTP session says and does: pure, a command in, a reply and the next step out.

use std::{borrow::Cow, sync::Arc};

use smtp_proto::{Error, MAIL_BODY_BINARYMIME, MAIL_REQUIRETLS, MailFrom, RcptTo, Request};

use super::reply::Reply;
use crate::routing::Routes;

/// Recipients of one mail.
pub const MAX_RECIPIENTS: usize = 100;
/// Refused commands in one session.
pub const MAX_ERRORS: u32 = 20;

/// What comes after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read a command.
    Command,
    /// Read a mail.
    Data,
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
    fn then(next: Next, code: u16, text: impl Into<String>) -> Self {
        Self { reply: Reply::new(code, text), next }
    }

    /// Say this and close.
    pub fn close(code: u16, text: impl Into<String>) -> Self {
        Self::then(Next::Close, code, text)
    }

    fn say(code: u16, text: impl Into<String>) -> Self {
        Self::then(Next::Command, code, text)
    }
}

/// Who a mail is from and for, as the envelope says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// `MAIL FROM`; empty for `<>`.
    pub from: String,
    /// `RCPT TO`, as given; only known ones.
    pub recipients: Vec<String>,
}

/// How reading and keeping a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Durable.
    Kept,
    /// Not known to be durable.
    NotDurable,
    /// Larger than the limit.
    TooLarge,
    /// More mails at once than memory is set aside for.
    NoRoom,
    /// Went round in circles.
    Loop,
    /// Had a CR or LF on its own.
    BareLineBreak,
    /// Came too slowly.
    TooSlow,
    /// Larger than the limit, by so much that its end is not waited for.
    FarTooLarge,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    routes: Arc<Routes>,
    host: Arc<str>,
    max_size: usize,
    greeted: bool,
    mail: Option<Transaction>,
    errors: u32,
}

impl Session {
    /// A session that has just begun. `host` is our name in greetings, `max_size` the largest mail in bytes.
    pub fn new(routes: Arc<Routes>, host: Arc<str>, max_size: usize) -> Self {
        Self { routes, host, max_size, greeted: false, mail: None, errors: 0 }
    }

    /// The first thing said.
    pub fn greeting(&self) -> Reply {
        Reply::new(220, format!("{} ESMTP Frontdesk", self.host))
    }

    /// Takes one command line, its line break included or not.
    pub fn command(&mut self, line: &[u8]) -> Answer {
        let mut line = line.to_vec();
        if !line.ends_with(b"\n") {
            line.extend_from_slice(b"\r\n");
        }
        let answer = match Request::parse(&mut line.iter()) {
            Ok(request) => self.request(request),
            Err(error) => refusal(&error, &line),
        };
        self.count(answer)
    }

    /// A command line was longer than allowed.
    pub fn line_too_long(&mut self) -> Answer {
        self.count(Answer::say(500, "5.5.2 the line is too long"))
    }

    /// The transaction whose mail has been read; the session is ready for the next.
    pub fn take(&mut self) -> Transaction {
        self.mail.take().unwrap_or_default()
    }

    /// The final reply to a mail.
    pub fn data_ended(&mut self, outcome: Outcome) -> Answer {
        self.mail = None;
        match outcome {
            Outcome::Kept => Answer::say(250, "2.0.0 kept"),
            Outcome::NotDurable => Answer::say(451, "4.3.0 the mail cannot be kept now, try again later"),
            Outcome::NoRoom => Answer::say(452, "4.3.1 too many mails at once, try again later"),
            Outcome::TooLarge => Answer::say(552, self.too_large()),
            Outcome::FarTooLarge => Answer::close(552, self.too_large()),
            Outcome::Loop => Answer::say(554, "5.4.6 the mail has been through too many servers: a loop"),
            Outcome::BareLineBreak => Answer::close(521, "5.5.2 a line break that is not CRLF: closing"),
            Outcome::TooSlow => Answer::close(421, "4.4.2 the mail came too slowly: closing"),
        }
    }

    fn too_large(&self) -> String {
        format!("5.3.4 the mail is larger than {} bytes", self.max_size)
    }

    fn request(&mut self, request: Request<Cow<'_, str>>) -> Answer {
        match request {
            Request::Ehlo { .. } => self.hello(true),
            Request::Helo { .. } => self.hello(false),
            Request::Mail { from } => self.mail(&from),
            Request::Rcpt { to } => self.rcpt(&to),
            Request::Data => self.data(),
            Request::Rset => {
                self.mail = None;
                Answer::say(250, "2.0.0 forgotten")
            }
            Request::Noop { .. } => Answer::say(250, "2.0.0 nothing done"),
            Request::Quit => Answer::close(221, "2.0.0 bye"),
            Request::Vrfy { .. } => Answer::say(252, "2.5.0 send a mail and see"),
            Request::Help { .. } => Answer::say(214, "2.0.0 see RFC 5321"),
            // What follows would be taken for commands.
            Request::Bdat { .. } | Request::Burl { .. } => {
                Answer::close(502, "5.5.1 not offered here: closing")
            }
            Request::Lhlo { .. } => Answer::say(500, "5.5.1 this is SMTP: say EHLO"),
            Request::StartTls
            | Request::Auth { .. }
            | Request::Expn { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. } => Answer::say(502, "5.5.1 not offered here"),
        }
    }

    fn hello(&mut self, extended: bool) -> Answer {
        self.greeted = true;
        self.mail = None;
        if !extended {
            return Answer::say(250, self.host.to_string());
        }
        let size = format!("SIZE {}", self.max_size);
        let offers = [&*self.host, "PIPELINING", "8BITMIME", "SMTPUTF8", &size, "ENHANCEDSTATUSCODES"];
        Answer { reply: Reply::lines(250, offers.map(str::to_owned).to_vec()), next: Next::Command }
    }

    fn mail(&mut self, from: &MailFrom<Cow<'_, str>>) -> Answer {
        if !self.greeted {
            return Answer::say(503, "5.5.1 say EHLO first");
        }
        if self.mail.is_some() {
            return Answer::say(503, "5.5.1 one mail at a time: send its recipients, or RSET");
        }
        if from.flags & (MAIL_BODY_BINARYMIME | MAIL_REQUIRETLS) != 0 {
            return Answer::say(555, "5.5.4 a parameter that is not offered here");
        }
        if from.size > self.max_size {
            return Answer::say(552, self.too_large());
        }
        self.mail = Some(Transaction { from: from.address.to_string(), recipients: Vec::new() });
        Answer::say(250, "2.1.0 sender noted")
    }

    fn rcpt(&mut self, to: &RcptTo<Cow<'_, str>>) -> Answer {
        let Some(mail) = &mut self.mail else {
            return Answer::say(503, "5.5.1 say MAIL first");
        };
        if self.routes.find(&to.address).is_none() {
            return Answer::say(550, "5.1.1 no mailbox forwards to this address");
        }
        if mail.recipients.len() >= MAX_RECIPIENTS {
            return Answer::say(452, "4.5.3 too many recipients: send the rest in another mail");
        }
        mail.recipients.push(to.address.to_string());
        Answer::say(250, "2.1.5 recipient noted")
    }

    fn data(&self) -> Answer {
        match &self.mail {
            None => Answer::say(503, "5.5.1 say MAIL first"),
            Some(mail) if mail.recipients.is_empty() => Answer::say(554, "5.5.1 no recipient was accepted"),
            Some(_) => Answer::then(Next::Data, 354, "send the mail, end with a dot on a line of its own"),
        }
    }

    fn count(&mut self, answer: Answer) -> Answer {
        self.errors += u32::from(answer.reply.is_permanent_failure());
        if self.errors >= MAX_ERRORS && answer.next != Next::Close {
            return Answer::close(421, "4.7.0 too many errors: closing");
        }
        answer
    }
}

fn refusal(error: &Error, line: &[u8]) -> Answer {
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

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
