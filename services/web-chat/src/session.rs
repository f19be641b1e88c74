//! One socket's view of a chat session, pure: what it has been sent, what it waits for, and what comes next.
//!
//! The promise: after `ready` every message of the session reaches the browser in the order of its `seq`, once, as
//! `message`, or as the `ack` of the very socket it was sent on.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::{
    AttachmentId, Message, MessageId, SessionId, TicketId, Timestamp,
    event::{ChatHistory, ChatTicket, InboundChat, Visitor},
    message::Attachment,
};
use uuid::Uuid;

use crate::frames::{ChatMessage, MAX_TEXT, NewMessage, Reader, ServerFrame, TicketStatus};

/// How long a durable message may wait for its number before it is acknowledged without one.
pub const NUMBER_WITHIN: Duration = Duration::from_secs(10);
/// Messages of one socket that may wait for their number.
const MOST_WAITING: usize = 64;

/// The browser lacks messages before this one: read the history, then [`Session::filled`].
#[derive(Debug, PartialEq, Eq)]
pub struct Gap;

/// A message on its way to its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The browser's id of it.
    pub client_id: Uuid,
    /// Its id at the desk.
    pub message_id: MessageId,
    /// When it is acknowledged without a number.
    pub due: Instant,
}

/// What to do with a text.
#[derive(Debug)]
pub enum Accepted {
    /// Make it durable.
    Publish(Box<InboundChat>),
    /// It is on its way already; its `ack` will come.
    Underway,
}

/// One socket's view of a chat session.
#[derive(Debug)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// The site.
    pub site: String,
    /// Who.
    pub visitor: Visitor,
    /// The page the widget is on.
    pub page: Option<String>,
    /// What was filled in before the chat, besides who they are.
    pub form: BTreeMap<String, String>,
    /// The ticket, once there is one.
    pub ticket: Option<TicketId>,
    /// Number and version of the newest ticket that was heard of.
    newest: (i64, i64),
    last: i64,
    seen: i64,
    read: i64,
    behind: bool,
    told: Option<TicketStatus>,
    waiting: Vec<Waiting>,
}

impl Session {
    /// A session that has been sent nothing yet.
    pub fn new(id: SessionId, site: &str, visitor: Visitor, page: Option<String>) -> Self {
        let site = site.to_owned();
        Self {
            id,
            site,
            visitor,
            page,
            form: BTreeMap::new(),
            ticket: None,
            newest: (0, 0),
            last: 0,
            seen: 0,
            read: 0,
            behind: false,
            told: None,
            waiting: Vec::new(),
        }
    }

    /// The newest message the browser has.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// The status the browser was told last.
    pub fn status(&self) -> Option<TicketStatus> {
        self.told
    }

    /// Takes up a session where the browser left it: what it missed, and whether older messages had to be left out.
    pub fn resumed(&mut self, history: &ChatHistory, has: i64) -> (Vec<ChatMessage>, bool) {
        let missed: Vec<&Message> = history.messages.iter().filter(|m| m.seq > has).collect();
        let truncated = missed.first().is_some_and(|first| first.seq > has + 1);
        self.last = missed.last().map_or_else(|| has.min(history.last_seq), |newest| newest.seq);
        self.ticket = history.ticket_id;
        self.told = history.ticket_status.as_deref().map(TicketStatus::of);
        self.read = history.read_seq.min(self.last);
        (missed.into_iter().filter_map(ChatMessage::of).collect(), truncated)
    }

    /// The history cannot be read now: what the browser has may not be everything until [`Session::filled`].
    pub fn falls_behind(&mut self, has: i64) {
        self.last = has.max(0);
        self.behind = true;
    }

    /// Whether the history has yet to be read.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// A message was added to the session.
    ///
    /// # Errors
    /// The browser lacks messages before it.
    pub fn added(&mut self, ticket: &ChatTicket, message: &Message) -> Result<Vec<ServerFrame>, Gap> {
        if self.behind || message.seq > self.last + 1 {
            self.behind = true;
            return Err(Gap);
        }
        let mut frames = Vec::from_iter(self.ticket_is(ticket));
        self.show(message, &mut frames);
        Ok(frames)
    }

    /// The history after [`Session::last`], read because of a [`Gap`].
    pub fn filled(&mut self, history: &ChatHistory) -> Vec<ServerFrame> {
        self.behind = false;
        self.last = self.last.min(history.last_seq);
        self.ticket = history.ticket_id.or(self.ticket);
        let mut frames = Vec::new();
        if let Some(status) = history.ticket_status.as_deref().map(TicketStatus::of) {
            let news = self.told.replace(status) != Some(status);
            frames.extend(news.then_some(ServerFrame::Status { ticket: status }));
        }
        history.messages.iter().for_each(|message| self.show(message, &mut frames));
        // what is not among them is not in this session any more
        self.last = history.last_seq;
        frames.extend(self.read_up_to(history.read_seq));
        frames
    }

    /// Up to where agents have read, if they have: a reloaded page does not know.
    pub fn read_so_far(&self) -> Option<ServerFrame> {
        (self.read > 0).then_some(ServerFrame::Seen { seq: self.read, by: Some(Reader::Agent) })
    }

    /// The ticket is like this now: tells the browser when that is news to it.
    pub fn ticket_is(&mut self, ticket: &ChatTicket) -> Option<ServerFrame> {
        let newest = (ticket.number, ticket.version);
        if newest < self.newest {
            return None; // late news, or of an earlier chat of this session
        }
        self.newest = newest;
        self.ticket = Some(ticket.id);
        let status = TicketStatus::of(&ticket.status);
        let news = self.told.replace(status) != Some(status);
        news.then_some(ServerFrame::Status { ticket: status })
    }

    /// An agent has read the ticket up to the newest message the browser has: told once for each.
    pub fn read_by_agent(&mut self, ticket: &ChatTicket) -> Option<ServerFrame> {
        let is_newest = (ticket.number, ticket.version) == self.newest;
        let news = !ticket.unread && !self.behind && is_newest && self.last > self.read;
        if !news {
            return None;
        }
        self.read_up_to(self.last)
    }

    /// An agent has read up to there: told when that is news.
    pub fn read_up_to(&mut self, seq: i64) -> Option<ServerFrame> {
        let seq = seq.min(self.last);
        if seq <= self.read {
            return None;
        }
        self.read = seq;
        self.read_so_far()
    }

    fn show(&mut self, message: &Message, frames: &mut Vec<ServerFrame>) {
        let acks = self.settle(message.id, Some(message.seq));
        if message.seq > self.last {
            self.last = message.seq;
            if acks.is_empty() {
                frames.extend(ChatMessage::of(message).map(ServerFrame::Message));
            }
        }
        frames.extend(acks);
    }

    /// A text from the browser, with files that it put up: what to publish, or the refusal.
    ///
    /// # Errors
    /// The frame that says why not.
    pub fn accept(
        &mut self,
        new: &NewMessage,
        files: Vec<Attachment>,
        now: Timestamp,
        clock: Instant,
    ) -> Result<Accepted, Box<ServerFrame>> {
        let client_id = new.client_id;
        let refuse =
            |code: &str, text: &str| Err(Box::new(ServerFrame::refusal(code, text, client_id, None)));
        let text = new.text.replace('\0', "");
        if text.trim().is_empty() && files.is_empty() {
            return refuse("empty", "the message is empty");
        }
        if text.chars().count() > MAX_TEXT {
            return refuse("too_long", "the message is longer than 8,000 characters");
        }
        if self.waiting.len() >= MOST_WAITING {
            let refusal =
                ServerFrame::refusal("not_stored", "too many messages at once", client_id, Some(5_000));
            return Err(Box::new(refusal));
        }
        let message_id = self.message_id(client_id);
        let underway = self.waiting.iter().any(|w| w.client_id == client_id);
        self.waiting.push(Waiting { client_id, message_id, due: clock + NUMBER_WITHIN });
        if underway {
            return Ok(Accepted::Underway);
        }
        Ok(Accepted::Publish(Box::new(InboundChat {
            site: self.site.clone(),
            session: self.id,
            client_id,
            visitor: self.visitor.clone(),
            text,
            attachments: self.named(client_id, files),
            page: self.page.clone(),
            form: self.form.clone(),
            received_at: now,
        })))
    }

    /// Files under ids of this message: one that was put up once may be sent twice.
    fn named(&self, client_id: Uuid, files: Vec<Attachment>) -> Vec<Attachment> {
        let named = |(nth, file): (usize, Attachment)| {
            let id = AttachmentId::named(self.id.0, &format!("{client_id}:{nth}"));
            Attachment { id, url: format!("/api/v1/attachments/{id}"), ..file }
        };
        files.into_iter().enumerate().map(named).collect()
    }

    /// The id the desk gives the message with that client id.
    pub fn message_id(&self, client_id: Uuid) -> MessageId {
        MessageId::named(self.id.0, &client_id.to_string())
    }

    /// The acks that are due for a message, one for each time it was sent.
    pub fn settle(&mut self, id: MessageId, seq: Option<i64>) -> Vec<ServerFrame> {
        let (done, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(|w| w.message_id == id);
        self.waiting = waiting;
        let done: Vec<Waiting> = done;
        done.into_iter().map(|w| ServerFrame::Ack { client_id: w.client_id, id, seq }).collect()
    }

    /// It is not durable after all: no ack.
    pub fn forget(&mut self, client_id: Uuid) {
        self.waiting.retain(|w| w.client_id != client_id);
    }

    /// When the first waiting message is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.iter().map(|w| w.due).min()
    }

    /// The messages that are due now, each once.
    pub fn overdue(&self, clock: Instant) -> Vec<MessageId> {
        let mut ids: Vec<_> = self.waiting.iter().filter(|w| w.due <= clock).map(|w| w.message_id).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Everything that waits.
    pub fn waiting(&self) -> Vec<MessageId> {
        let mut ids: Vec<_> = self.waiting.iter().map(|w| w.message_id).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// The browser has shown everything up to `seq`: `true` when that is news.
    pub fn saw(&mut self, seq: i64) -> bool {
        let news = seq > self.seen && seq <= self.last;
        if news {
            self.seen = seq;
        }
        news
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
