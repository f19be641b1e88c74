//! One transaction of intake: which arrivals are new, what becomes of each, and the lines that say so.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use bus::{Packet, Topic, pack};
use domain::{MessageId, ProfileId, Settings, TicketId, Timestamp, routing::Rule};
use serde::Serialize;
use tracing::Instrument;

use super::{
    Arrival, ArrivalKind, Landed, chat, email, erased, media, proposed, receipts, reported, sms, trust,
    verdict::{Verdict, verdict},
    visitor,
};
use crate::{
    Desk, DeskError,
    ledger::{LedgerState, new_id},
    settings,
    store::{
        Tx, erasures,
        ledger::{self, Line},
        outbox,
        rows::TicketRow,
        ticket_write,
    },
    text,
};

/// What became of one arrival.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub state: Option<LedgerState>,
    pub reason: String,
    pub ticket: Option<TicketId>,
    pub message: Option<MessageId>,
    pub profile: Option<ProfileId>,
    /// It belongs to what was erased: nothing of it is kept.
    pub erased: bool,
}

impl Outcome {
    /// A line in the ledger.
    pub fn ledger(state: LedgerState, reason: impl Into<String>) -> Self {
        Self {
            state: Some(state),
            reason: reason.into(),
            ticket: None,
            message: None,
            profile: None,
            erased: false,
        }
    }

    /// Done; the ledger has no line for such a thing.
    pub fn done(reason: impl Into<String>, ticket: Option<TicketId>) -> Self {
        Self { state: None, reason: reason.into(), ticket, message: None, profile: None, erased: false }
    }

    /// In a ticket.
    pub fn ticket(why: impl Into<String>, ticket: TicketId, message: MessageId, profile: ProfileId) -> Self {
        Self {
            state: Some(LedgerState::Ticket),
            reason: why.into(),
            ticket: Some(ticket),
            message: Some(message),
            profile: Some(profile),
            erased: false,
        }
    }

    /// It belongs to what was erased.
    pub fn erased() -> Self {
        let reason = "it was erased before, and was sent again";
        Self { erased: true, ..Self::ledger(LedgerState::Duplicate, reason) }
    }

    /// In quarantine (G2).
    pub fn blocked(profile: ProfileId) -> Self {
        let reason = "the profile is blocked; unblocking it brings this back";
        Self { profile: Some(profile), ..Self::ledger(LedgerState::Blocked, reason) }
    }

    fn landed(&self) -> Landed {
        Landed { state: self.state, reason: self.reason.clone(), ticket_id: self.ticket }
    }
}

/// The transaction at work.
pub(super) struct Batch<'a> {
    pub desk: &'a Desk,
    pub tx: Tx,
    pub now: Timestamp,
    /// What is published after the commit, in order; those already in the outbox are marked.
    packets: Vec<(Packet, bool)>,
    settings: Option<Arc<Settings>>,
    rules: Option<Arc<Vec<Rule>>>,
    /// What became of arrivals that waited for one of this transaction, by their keys in the ledger.
    restated: Vec<(String, Outcome)>,
}

impl<'a> Batch<'a> {
    /// Begins.
    pub async fn begin(desk: &'a Desk) -> Result<Self, DeskError> {
        let tx = desk.store.begin().await?;
        Ok(Self {
            desk,
            tx,
            now: desk.now(),
            packets: Vec::new(),
            settings: None,
            rules: None,
            restated: Vec::new(),
        })
    }

    /// A ticket, locked.
    pub async fn ticket(&mut self, id: TicketId) -> Result<Option<TicketRow>, DeskError> {
        ticket_write::lock(&self.desk.store, &mut self.tx, id).await
    }

    /// The settings, read once a transaction.
    pub async fn settings(&mut self) -> Result<Arc<Settings>, DeskError> {
        if self.settings.is_none() {
            self.settings = Some(Arc::new(self.desk.complete(settings::current(&mut *self.tx).await?)));
        }
        Ok(self.settings.clone().unwrap_or_default())
    }

    /// The rules: whether they were changed is looked at once a transaction.
    pub async fn rules(&mut self) -> Result<Arc<Vec<Rule>>, DeskError> {
        if self.rules.is_none() {
            self.rules = Some(self.desk.rules_in(&mut self.tx).await?);
        }
        Ok(self.rules.clone().unwrap_or_default())
    }

    /// Tells everybody, once the transaction is committed.
    pub fn tell<T: Serialize>(&mut self, topic: Topic<T>, id: &str, event: &T) -> Result<(), DeskError> {
        let packet =
            pack(topic, id, self.now, event).map_err(|error| DeskError::Refused(error.to_string()))?;
        self.packets.push((packet, false));
        Ok(())
    }

    /// Takes over packets that lie in the outbox already.
    pub fn told(&mut self, packets: impl IntoIterator<Item = Packet>) {
        self.packets.extend(packets.into_iter().map(|packet| (packet, true)));
    }

    /// Something that waits is not held any more: this became of it.
    pub fn restate(&mut self, dedup_key: String, outcome: Outcome) {
        self.restated.push((dedup_key, outcome));
    }

    /// Commits, and publishes at once.
    pub async fn commit(mut self) -> Result<(), DeskError> {
        for (key, outcome) in &self.restated {
            let state = outcome.state.unwrap_or(LedgerState::Robot);
            let (ticket, message) = (outcome.ticket, outcome.message);
            ledger::restate(&mut self.tx, key, state, &outcome.reason, ticket, message, outcome.profile)
                .await?;
        }
        let unsaved: Vec<Packet> = self.packets.iter().filter(|p| !p.1).map(|p| p.0.clone()).collect();
        outbox::add_all(&self.desk.store, &mut self.tx, &unsaved, self.now).await?;
        self.desk.commit(self.tx, self.packets.into_iter().map(|packet| packet.0).collect()).await
    }
}

/// Takes in a batch in one transaction.
pub(super) async fn take_in(desk: &Desk, arrivals: &[Arrival]) -> Result<Vec<Landed>, DeskError> {
    let mut batch = Batch::begin(desk).await?;
    let plan = admit(&mut batch, arrivals).await?;
    let mut landed: Vec<Option<Landed>> = vec![None; arrivals.len()];
    let (mut settled, mut duplicates, mut people) = (Vec::new(), Vec::new(), Vec::new());
    for (index, step) in plan {
        let Some(arrival) = arrivals.get(index) else { continue };
        let outcome = match step {
            Verdict::Handle => Box::pin(handle(&mut batch, arrival)).instrument(arrival.span.clone()).await?,
            Verdict::Redelivered => Outcome::done("this delivery was handled before", None),
            Verdict::Duplicate => Outcome::ledger(LedgerState::Duplicate, "the sender sent it again"),
            Verdict::Erased => Outcome::erased(),
        };
        people.extend(outcome.profile.map(|profile| profile.to_string()));
        if outcome.erased {
            duplicates.extend(erased::forget(&mut batch, arrival, &outcome).await?);
        } else if let Some(key) = arrival.dedup_key() {
            match step {
                Verdict::Handle => {
                    if outcome.state == Some(LedgerState::Duplicate) {
                        erased::give_up_copy(&mut batch, arrival).await?;
                    }
                    settled.push(line(arrival, key, &outcome, batch.now));
                }
                Verdict::Duplicate => {
                    erased::give_up_raw(&mut batch, arrival, &key).await?;
                    let key = format!("dup:{key}:{}", arrival.seq);
                    duplicates.push(line(arrival, key, &outcome, batch.now));
                }
                Verdict::Redelivered | Verdict::Erased => {}
            }
        }
        landed[index] = Some(outcome.landed());
    }
    ledger::settle(&desk.store, &mut batch.tx, &settled).await?;
    ledger::add(&desk.store, &mut batch.tx, &duplicates).await?;
    // whoever was found before their erasure began is looked up again: what comes in now is of somebody new
    if erasures::is_any_erasing(&desk.store, &mut batch.tx, &people).await? {
        return Err(DeskError::Busy("a customer is being erased".into()));
    }
    batch.commit().await?;
    let missing = || DeskError::Refused("an arrival was not looked at".into());
    landed.into_iter().map(|landed| landed.ok_or_else(missing)).collect()
}

/// Enters what is new into the ledger and says what is to be done with each arrival, in the order of doing it.
async fn admit(batch: &mut Batch<'_>, arrivals: &[Arrival]) -> Result<Vec<(usize, Verdict)>, DeskError> {
    let mut order: Vec<(String, u64, usize)> =
        arrivals.iter().enumerate().map(|(index, a)| (a.lock_key(), a.seq, index)).collect();
    order.sort_unstable();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (_, _, index) in &order {
        if let Some(key) = arrivals[*index].dedup_key() {
            first.entry(key).or_insert(*index);
        }
    }
    let entered = Outcome::ledger(LedgerState::Held, "being taken in");
    let lines: Vec<Line> =
        first.iter().map(|(key, index)| line(&arrivals[*index], key.clone(), &entered, batch.now)).collect();
    let store = &batch.desk.store;
    let fresh = ledger::enter(store, &mut batch.tx, &lines).await?;
    let erased = erased::among(batch, &fresh).await?;
    let known: Vec<&str> = first.keys().map(String::as_str).filter(|key| !fresh.contains(*key)).collect();
    let mut before: HashMap<String, (LedgerState, i64)> = HashMap::new();
    for (key, line) in ledger::before(store, &mut batch.tx, &known).await? {
        before.insert(key, (line.state, line.stream_seq));
    }
    let mut plan = Vec::with_capacity(arrivals.len());
    for (_, _, index) in order {
        let arrival = &arrivals[index];
        let step = arrival.dedup_key().map_or(Verdict::Handle, |key| {
            if erased.contains(&key) {
                return Verdict::Erased;
            }
            let step = verdict(before.get(&key).copied(), number(arrival), arrival.is_replay());
            if step == Verdict::Handle {
                // a second one of the same key in this batch finds the first
                before.insert(key, (LedgerState::Ticket, number(arrival)));
            }
            step
        });
        plan.push((index, step));
    }
    Ok(plan)
}

async fn handle(batch: &mut Batch<'_>, arrival: &Arrival) -> Result<Outcome, DeskError> {
    match &arrival.kind {
        ArrivalKind::Sms(sms) => sms::take_in(batch, sms).await,
        ArrivalKind::Email(mail) => email::take_in(batch, mail).await,
        ArrivalKind::Chat(chat) => chat::take_in(batch, chat).await,
        ArrivalKind::Held(held) => Ok(Outcome::ledger(LedgerState::Held, text::line(&held.reason))),
        ArrivalKind::SmsReceipt(receipt) => receipts::take_in(batch, receipt).await,
        ArrivalKind::Visitor(signal) => visitor::take_in(batch, signal).await,
        ArrivalKind::Proposed(proposed) => proposed::take_in(batch, proposed).await,
        ArrivalKind::Reported(reported) => reported::take_in(batch, reported).await,
        ArrivalKind::Media(fetched) => media::take_in(batch, fetched).await,
        ArrivalKind::Judged(judged) => trust::take_in(batch, judged).await,
    }
}

pub(super) fn line(arrival: &Arrival, dedup_key: String, outcome: &Outcome, now: Timestamp) -> Line {
    let state = outcome.state.unwrap_or(LedgerState::Robot);
    let keep = matches!(state, LedgerState::Blocked | LedgerState::Held | LedgerState::Robot);
    let envelope =
        arrival.envelope.as_ref().filter(|_| keep).and_then(|kept| serde_json::to_string(kept).ok());
    Line {
        id: new_id(now),
        dedup_key,
        subject: arrival.subject.clone(),
        channel: arrival.channel().as_str().to_owned(),
        external_id: arrival.external_id(),
        state,
        reason: outcome.reason.clone(),
        ticket: outcome.ticket,
        message: outcome.message,
        profile: outcome.profile,
        raw_blob: match &arrival.kind {
            ArrivalKind::Email(mail) if envelope.is_some() => Some(mail.raw.clone()),
            _ => None,
        },
        envelope,
        stream_seq: number(arrival),
        received_at: arrival.at,
    }
}

pub(super) fn number(arrival: &Arrival) -> i64 {
    i64::try_from(arrival.seq).unwrap_or(i64::MAX)
}
