//! What became of everything taken in, for people: a list, and the way to send something through again.

use std::{fmt, str::FromStr};

use bus::{
    Envelope, Packet,
    topic::{INBOUND_CHAT, INBOUND_EMAIL, INBOUND_HELD, INBOUND_SMS},
};
use domain::{
    Channel, ProfileId, TicketId, Timestamp,
    audit::{AuditAction, AuditNoun},
    event::{DeadLetter, InboundChat, InboundEmail},
    id::SessionId,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Actor, Desk, DeskError, Page, PageRequest,
    audit::{self, Audited, Deed},
    store::{
        ledger::{self, Line, Read},
        outbox, uploads,
    },
    text,
};

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerState {
    /// A message in a ticket.
    Ticket,
    /// A keyword: recorded, answered, no ticket (B2).
    Keyword,
    /// A carrier's receipt.
    Receipt,
    /// Had been taken in before.
    Duplicate,
    /// From a blocked profile: in quarantine (G2).
    Blocked,
    /// Nothing for people, such as our own mail that came back.
    Robot,
    /// Refused at the door, but kept.
    Held,
    /// Could not be handled.
    Dead,
}

impl LedgerState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Ticket,
        Self::Keyword,
        Self::Receipt,
        Self::Duplicate,
        Self::Blocked,
        Self::Robot,
        Self::Held,
        Self::Dead,
    ];

    /// `ticket`, `keyword`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Keyword => "keyword",
            Self::Receipt => "receipt",
            Self::Duplicate => "duplicate",
            Self::Blocked => "blocked",
            Self::Robot => "robot",
            Self::Held => "held",
            Self::Dead => "dead",
        }
    }
}

impl fmt::Display for LedgerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LedgerState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is none of: {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// Which lines are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct LedgerFilter {
    /// Only these.
    pub state: Option<LedgerState>,
    /// Only those of this channel.
    pub channel: Option<Channel>,
}

/// One line (contract §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// Its id.
    pub id: String,
    /// `sms`, `email`, `chat`; empty for what has none.
    pub channel: String,
    /// The sender's id of it.
    pub external_id: String,
    /// When it was taken in.
    pub received_at: Timestamp,
    /// What became of it.
    pub state: LedgerState,
    /// Why, in one sentence.
    pub reason: String,
    /// Where it went.
    pub ticket_id: Option<TicketId>,
    /// Whether it can be sent through again.
    pub replayable: bool,
}

impl Audited for Read {
    const NOUN: AuditNoun = AuditNoun::Ledger;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn facts(&self) -> Value {
        json!({"channel": self.channel, "state": self.state})
    }
}

/// Most quarantined texts that an unblocking brings back at once.
const MOST_RESTORED: i64 = 500;

impl Desk {
    /// What became of everything taken in, newest first.
    ///
    /// # Errors
    /// The page makes no sense; the database is away.
    pub async fn ledger(
        &self,
        filter: &LedgerFilter,
        page: &PageRequest,
    ) -> Result<Page<LedgerEntry>, DeskError> {
        let limit = page.limit()?;
        let channel = filter.channel.map(Channel::as_str);
        let lines = ledger::page(&self.store, filter.state, channel, page.after()?, limit).await?;
        let page = Page::cut(lines, limit, |line| (line.received_at.millis(), line.id.clone()));
        Ok(Page { data: page.data.into_iter().map(entry).collect(), next_cursor: page.next_cursor })
    }

    /// Sends a dead or quarantined event through again, with an id of its own. Handled twice it is not: the content's
    /// own key still holds.
    ///
    /// # Errors
    /// There is no such line; what it stands for cannot be sent through again (`not_replayable`).
    pub async fn replay(&self, id: &str, actor: &Actor) -> Result<LedgerEntry, DeskError> {
        let mut tx = self.store.begin().await?;
        let line = ledger::count_replay(&mut tx, id).await?.ok_or(DeskError::NotFound("ledger entry"))?;
        let envelope = replayable(&line).map_err(|reason| DeskError::conflict("not_replayable", reason))?;
        let (now, packet) = (self.now(), Packet { subject: line.subject.clone(), envelope });
        outbox::add_all(&self.store, &mut tx, std::slice::from_ref(&packet), now).await?;
        let deed = Deed::of(AuditAction::Replayed, &line).with(&line.facts());
        audit::record(&mut tx, actor, deed, now).await?;
        self.commit(tx, vec![packet]).await?;
        tracing::info!(ledger = id, actor = actor.name, "sent through again");
        Ok(entry(line))
    }

    /// Brings back what a block held back (G2); to be called once the block is gone. Returns how many texts.
    ///
    /// # Errors
    /// The database is away.
    pub async fn replay_blocked(&self, profile: ProfileId, actor: &Actor) -> Result<usize, DeskError> {
        let ids = ledger::blocked_of(&self.store, profile, MOST_RESTORED).await?;
        for id in &ids {
            self.replay(id, actor).await?;
        }
        Ok(ids.len())
    }

    /// Writes a dead letter into the ledger, where people see it. The same letter again is written once.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bury(&self, letter: &DeadLetter) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        ledger::add(&self.store, &mut tx, &[dead(letter, self.now())]).await?;
        if let Some(chat) = chat_of(letter) {
            uploads::take(&mut tx, chat.blobs(), self.now()).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// The visitor's message in a dead letter: its files are needed when it is sent through again.
fn chat_of(letter: &DeadLetter) -> Option<InboundChat> {
    let envelope: Envelope = serde_json::from_str(&letter.envelope).ok()?;
    (letter.subject == INBOUND_CHAT.subject).then(|| envelope.read(INBOUND_CHAT).ok()).flatten()
}

/// The mail in a dead letter.
fn mail_of(letter: &DeadLetter) -> Option<InboundEmail> {
    let envelope: Envelope = serde_json::from_str(&letter.envelope).ok()?;
    (letter.subject == INBOUND_EMAIL.subject).then(|| envelope.read(INBOUND_EMAIL).ok()).flatten()
}

/// A dead letter as a line.
pub(crate) fn dead(letter: &DeadLetter, now: Timestamp) -> Line {
    let id =
        serde_json::from_str::<Envelope>(&letter.envelope).map(|envelope| envelope.id).unwrap_or_default();
    let channel =
        Channel::ALL.iter().map(|c| c.as_str()).find(|word| letter.subject.split('.').any(|t| t == *word));
    Line {
        id: new_id(now),
        dedup_key: format!("dead:{}:{id}:{}", letter.consumer, letter.at.millis()),
        subject: letter.subject.clone(),
        channel: channel.unwrap_or_default().to_owned(),
        external_id: text::line(&id),
        state: LedgerState::Dead,
        reason: format!(
            "{}: {} ({} deliveries)",
            letter.consumer,
            text::line(&letter.reason),
            letter.attempts
        ),
        ticket: None,
        message: None,
        profile: None,
        envelope: Some(letter.envelope.replace('\0', "")),
        raw_blob: mail_of(letter).map(|mail| mail.raw),
        stream_seq: 0,
        received_at: letter.at,
    }
}

/// A new line's id.
pub(crate) fn new_id(now: Timestamp) -> String {
    SessionId::new(now, &crate::entropy()).to_string()
}

/// The event of a line, ready to go again, or why it cannot.
fn replayable(line: &Read) -> Result<Envelope, String> {
    match line.state {
        LedgerState::Held if line.subject == INBOUND_HELD.subject => {
            return Err(
                "it was refused at the door and never became a message; the sender must send it again".into(),
            );
        }
        LedgerState::Held if line.subject == INBOUND_SMS.subject => {
            return Err("it is a part of a longer text and waits for the rest".into());
        }
        LedgerState::Dead | LedgerState::Blocked | LedgerState::Held => {}
        other => return Err(format!("its state is {other}: there is nothing to send through again")),
    }
    let text = line.envelope.as_deref().ok_or("its content was not kept")?;
    let mut envelope: Envelope =
        serde_json::from_str(text).map_err(|error| format!("its content cannot be read: {error}"))?;
    envelope.id = format!("replay:{}:{}", line.id, line.replays);
    Ok(envelope)
}

fn entry(line: Read) -> LedgerEntry {
    LedgerEntry {
        replayable: replayable(&line).is_ok(),
        id: line.id,
        channel: line.channel,
        external_id: line.external_id,
        received_at: line.received_at,
        state: line.state,
        reason: line.reason,
        ticket_id: line.ticket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(state: LedgerState, subject: &str, envelope: Option<&str>) -> Read {
        Read {
            id: "l1".into(),
            subject: subject.into(),
            channel: "sms".into(),
            external_id: "SM1".into(),
            state,
            reason: String::new(),
            ticket: None,
            envelope: envelope.map(str::to_owned),
            replays: 2,
            received_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn only_what_was_kept_and_not_handled_can_be_sent_through_again() {
        let kept = r#"{"id":"sms:AC:SM1","at":"2026-11-21T00:00:00.000Z","schema":1,"event":{}}"#;
        let envelope = replayable(&line(LedgerState::Dead, "inbound.sms", Some(kept))).unwrap();
        assert_eq!(envelope.id, "replay:l1:2");
        assert!(replayable(&line(LedgerState::Blocked, "inbound.sms", Some(kept))).is_ok());
        for (state, subject, kept) in [
            (LedgerState::Ticket, "inbound.sms", Some(kept)),
            (LedgerState::Held, "inbound.held", Some(kept)),
            (LedgerState::Held, "inbound.sms", Some(kept)),
            (LedgerState::Dead, "inbound.sms", None),
            (LedgerState::Dead, "inbound.sms", Some("not json")),
        ] {
            assert!(replayable(&line(state, subject, kept)).is_err(), "{state} {subject}");
        }
    }
}
