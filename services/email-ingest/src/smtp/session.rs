//! What an SMTP session says and does: pure, a command in, a reply and the next step out.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use domain::event::MailClient;
use smtp_proto::{MAIL_BODY_BINARYMIME, MAIL_REQUIRETLS, MailFrom, RcptTo, Request};

use super::{
    answer::{Answer, Next, refusal},
    chunk,
    peer::Peer,
    reply::Reply,
    xclient,
};
use crate::routing::Routes;

/// Recipients of one mail.
pub const MAX_RECIPIENTS: usize = 100;
/// Refused commands in one session.
pub const MAX_ERRORS: u32 = 20;

/// Who a mail is from and for, as the envelope says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// `MAIL FROM`; empty for `<>`.
    pub from: String,
    /// `RCPT TO`, as given; only known ones.
    pub recipients: Vec<String>,
    /// Who hands the mail over, where that is known.
    pub client: Option<MailClient>,
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

/// How it stands with TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// There is no certificate.
    Absent,
    /// It may be begun.
    Offered,
    /// It must be begun before a mail.
    Required,
    /// It is on.
    On,
}

/// What a session is like from its beginning.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Our name in greetings.
    pub host: Arc<str>,
    /// Largest mail, in bytes.
    pub max_size: usize,
    /// LMTP (RFC 2033) instead of SMTP.
    pub lmtp: bool,
    /// TLS.
    pub tls: Tls,
    /// The other side's address.
    pub peer: IpAddr,
    /// Whether that is a relay of ours, which may say for whom it speaks.
    pub is_trusted: bool,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    routes: Arc<Routes>,
    terms: Terms,
    peer: Peer,
    greeted: bool,
    mail: Option<Transaction>,
    /// The mail has begun to come in chunks.
    in_chunks: bool,
    errors: u32,
}

impl Session {
    /// A session that has just begun.
    pub fn new(routes: Arc<Routes>, terms: Terms) -> Self {
        // Behind a relay of ours, or a mail server that hands over by LMTP, is somebody else.
        let is_client = !terms.is_trusted && !terms.lmtp;
        let peer = Peer::new(is_client.then_some(terms.peer));
        Self { routes, terms, peer, greeted: false, mail: None, in_chunks: false, errors: 0 }
    }

    /// The first thing said.
    pub fn greeting(&self) -> Reply {
        let protocol = if self.terms.lmtp { "LMTP" } else { "ESMTP" };
        Reply::new(220, format!("{} {protocol} Frontdesk", self.terms.host))
    }

    /// TLS is on: all that was said before is forgotten (RFC 3207 §4.2), but not the errors.
    pub fn is_encrypted_now(&mut self) {
        self.terms.tls = Tls::On;
        self.forget();
        self.greeted = false;
    }

    /// Whether a mail has begun to come in chunks.
    pub fn is_in_chunks(&self) -> bool {
        self.in_chunks
    }

    /// Takes one command line, its line break included or not.
    pub fn command(&mut self, line: &[u8]) -> Answer {
        let mut line = line.to_vec();
        if !line.ends_with(b"\n") {
            line.extend_from_slice(b"\r\n");
        }
        let answer = match chunk::parse(&line) {
            chunk::Command::Chunk { size, last } => self.chunk(size, last),
            // What follows would be taken for commands.
            chunk::Command::Wrong => Answer::close(501, "5.5.4 write it as BDAT size [LAST]: closing"),
            chunk::Command::Other => self.other(&line),
        };
        self.count(answer)
    }

    fn other(&mut self, line: &[u8]) -> Answer {
        if self.terms.is_trusted {
            match xclient::parse(line) {
                xclient::Claim::Other => {}
                xclient::Claim::Wrong => return Answer::say(501, "5.5.4 write it as XCLIENT ADDR=address"),
                xclient::Claim::Client { address, hello } => return self.client(address, hello.as_deref()),
            }
        }
        match Request::parse(&mut line.iter()) {
            Ok(request) => self.request(request),
            Err(error) => refusal(&error, line),
        }
    }

    /// A command line was longer than allowed.
    pub fn line_too_long(&mut self) -> Answer {
        self.count(Answer::say(500, "5.5.2 the line is too long"))
    }

    /// The transaction whose mail has been read.
    pub fn take(&mut self) -> Transaction {
        self.mail.take().unwrap_or_default()
    }

    /// How many replies a whole mail gets: with LMTP one per recipient.
    pub fn replies(&self) -> usize {
        let recipients = self.mail.as_ref().map_or(0, |mail| mail.recipients.len());
        if self.terms.lmtp { recipients } else { 1 }
    }

    /// Whether each recipient is answered for alone.
    pub fn is_lmtp(&self) -> bool {
        self.terms.lmtp
    }

    /// The final reply to a mail; the session is ready for the next.
    pub fn data_ended(&mut self, outcome: Outcome) -> Answer {
        self.forget();
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
        format!("5.3.4 the mail is larger than {} bytes", self.terms.max_size)
    }

    fn forget(&mut self) {
        self.mail = None;
        self.in_chunks = false;
    }

    fn request(&mut self, request: Request<Cow<'_, str>>) -> Answer {
        let about_mail = matches!(request, Request::Mail { .. } | Request::Rcpt { .. } | Request::Data);
        if about_mail && self.terms.tls == Tls::Required {
            return Answer::say(530, "5.7.0 say STARTTLS first");
        }
        match request {
            Request::Ehlo { .. } | Request::Helo { .. } if self.terms.lmtp => {
                Answer::say(500, "5.5.1 this is LMTP: say LHLO")
            }
            Request::Lhlo { .. } if !self.terms.lmtp => Answer::say(500, "5.5.1 this is SMTP: say EHLO"),
            Request::Ehlo { host } | Request::Lhlo { host } => self.hello(&host, true),
            Request::Helo { host } => self.hello(&host, false),
            Request::Mail { from } => self.mail(&from),
            Request::Rcpt { to } => self.rcpt(&to),
            Request::Data => self.data(),
            Request::Rset => {
                self.forget();
                Answer::say(250, "2.0.0 forgotten")
            }
            Request::Noop { .. } => Answer::say(250, "2.0.0 nothing done"),
            Request::Quit => Answer::close(221, "2.0.0 bye"),
            Request::Vrfy { .. } => Answer::say(252, "2.5.0 send a mail and see"),
            Request::Help { .. } => Answer::say(214, "2.0.0 see RFC 5321"),
            // What follows would be taken for commands; BDAT is read elsewhere.
            Request::Bdat { .. } | Request::Burl { .. } => {
                Answer::close(502, "5.5.1 not offered here: closing")
            }
            Request::StartTls => self.start_tls(),
            Request::Auth { .. } | Request::Expn { .. } | Request::Etrn { .. } | Request::Atrn { .. } => {
                Answer::say(502, "5.5.1 not offered here")
            }
        }
    }

    fn hello(&mut self, name: &str, extended: bool) -> Answer {
        self.peer.says_hello(name);
        self.greeted = true;
        self.forget();
        if !extended {
            return Answer::say(250, self.terms.host.to_string());
        }
        let mut offers = vec![self.terms.host.to_string(), "PIPELINING".into(), "8BITMIME".into()];
        offers.extend(["SMTPUTF8".into(), format!("SIZE {}", self.terms.max_size), "CHUNKING".into()]);
        if matches!(self.terms.tls, Tls::Offered | Tls::Required) {
            offers.push("STARTTLS".into());
        }
        if self.terms.is_trusted {
            offers.push(xclient::OFFER.into());
        }
        offers.push("ENHANCEDSTATUSCODES".into());
        Answer { reply: Reply::lines(250, offers), next: Next::Command }
    }

    fn start_tls(&self) -> Answer {
        match self.terms.tls {
            Tls::Absent => Answer::say(502, "5.5.1 not offered here"),
            Tls::On => Answer::say(503, "5.5.1 TLS is on already"),
            Tls::Offered | Tls::Required => Answer::then(Next::Tls, 220, "2.0.0 begin TLS"),
        }
    }

    fn client(&mut self, address: Option<IpAddr>, hello: Option<&str>) -> Answer {
        if self.mail.is_some() {
            return Answer::say(503, "5.5.1 not within a mail");
        }
        self.greeted = false;
        self.peer.speaks_for(address, hello);
        Answer { reply: self.greeting(), next: address.map_or(Next::Command, Next::Client) }
    }

    fn mail(&mut self, from: &MailFrom<Cow<'_, str>>) -> Answer {
        if !self.greeted {
            let hello = if self.terms.lmtp { "LHLO" } else { "EHLO" };
            return Answer::say(503, format!("5.5.1 say {hello} first"));
        }
        if self.mail.is_some() {
            return Answer::say(503, "5.5.1 one mail at a time: send its recipients, or RSET");
        }
        if from.flags & (MAIL_BODY_BINARYMIME | MAIL_REQUIRETLS) != 0 {
            return Answer::say(555, "5.5.4 a parameter that is not offered here");
        }
        if from.size > self.terms.max_size {
            return Answer::say(552, self.too_large());
        }
        let (from, client) = (from.address.to_string(), self.peer.client());
        self.mail = Some(Transaction { from, recipients: Vec::new(), client });
        Answer::say(250, "2.1.0 sender noted")
    }

    fn rcpt(&mut self, to: &RcptTo<Cow<'_, str>>) -> Answer {
        let Some(mail) = &mut self.mail else {
            return Answer::say(503, "5.5.1 say MAIL first");
        };
        if self.in_chunks {
            return Answer::say(503, "5.5.1 the mail has begun: send the rest of it, or RSET");
        }
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
        if self.in_chunks {
            return Answer::say(503, "5.5.1 the mail comes in chunks: BDAT, or RSET");
        }
        self.not_ready().unwrap_or_else(|| {
            Answer::then(Next::Data, 354, "send the mail, end with a dot on a line of its own")
        })
    }

    fn chunk(&mut self, size: usize, last: bool) -> Answer {
        if let Some(refusal) = self.not_ready() {
            // Whatever is said, the bytes come.
            return Answer { next: Next::Skip(size), ..refusal };
        }
        self.in_chunks = true;
        Answer::then(Next::Chunk { size, last }, 250, "2.0.0 so far")
    }

    /// Why a mail cannot come now.
    fn not_ready(&self) -> Option<Answer> {
        match &self.mail {
            None => Some(Answer::say(503, "5.5.1 say MAIL first")),
            Some(mail) if mail.recipients.is_empty() => {
                // RFC 2033 §4.2 wants 503.
                let code = if self.terms.lmtp { 503 } else { 554 };
                Some(Answer::say(code, "5.5.1 no recipient was accepted"))
            }
            Some(_) => None,
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

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
