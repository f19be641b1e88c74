//! A keyword (B2): recorded, consent changed, answered; it opens no ticket and asks nobody's attention. Some words are
//! ordinary answers as well, and an opt-out may be said in other words: those act, and are a message like any other.

use domain::{
    Address, Author, AuthorKind, Channel, Message, MessageStatus, TicketId, consent::ConsentState,
    event::InboundSms, keyword::KeywordFamily, message::Carried,
};
use uuid::Uuid;

use super::{
    answer, attributed,
    batch::{Batch, Outcome},
    consented::{self, Standing},
    keys::sms_thread,
    landing::{self, Effect, Incoming},
    media,
    sms::{self, Note},
};
use crate::{
    DeskError,
    ledger::LedgerState,
    store::{addresses::KnownProfile, messages, messages::NewMessage, threads},
};

/// What a text does besides being one.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// What it asks for.
    pub family: KeywordFamily,
    /// The source in the history of consent: `keyword:STOP`, `inferred:stop texting me`.
    pub source: String,
    /// The same for people.
    pub said: String,
    /// Nobody but us read it so: no carrier has acted on it.
    pub inferred: bool,
}

impl Act {
    /// A keyword.
    pub fn keyword(family: KeywordFamily, word: &str) -> Self {
        let (source, said) = (format!("keyword:{word}"), format!("the keyword {word}"));
        Self { family, source, said, inferred: false }
    }

    /// An opt-out in other words.
    pub fn opt_out(phrase: &str) -> Self {
        let (source, said) =
            (format!("inferred:{phrase}"), format!("an opt-out in other words ({phrase:?})"));
        Self { family: KeywordFamily::Stop, source, said, inferred: true }
    }
}

/// Takes in a text that is a keyword and nothing else.
pub(super) async fn take_in(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    sender: &Address,
    profile: &KnownProfile,
    standing: Standing,
    act: &Act,
) -> Result<Outcome, DeskError> {
    record(batch, sms, profile, act).await?;
    let thread = threads::find(&mut batch.tx, &sms_thread(sms.to.as_str(), &sms.from)).await?;
    let mut incoming = sms::incoming(batch, sms, AuthorKind::Keyword, Effect::Silent);
    incoming.why = format!("{}: recorded, and no ticket is opened for it", act.said);
    let message = incoming.id;
    let ticket = match thread {
        Some(ticket) => add(batch, ticket, profile, incoming).await?,
        None => {
            keep(batch, sms, profile, &incoming).await?;
            None
        }
    };
    let answered = answer::give(batch, sms, sender, profile, standing, act, ticket).await?;
    let outcome = Outcome::ledger(LedgerState::Keyword, format!("{}; {answered}", act.said));
    Ok(Outcome { ticket, message: Some(message), profile: Some(profile.id), ..outcome })
}

/// Takes in a text that acts and is for people as well. A blocked customer's acts, and waits in quarantine.
pub(super) async fn take_in_and_land(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    sender: &Address,
    profile: &KnownProfile,
    standing: Standing,
    (act, note): (&Act, Note),
) -> Result<Outcome, DeskError> {
    record(batch, sms, profile, act).await?;
    if profile.blocked {
        return Ok(Outcome::blocked(profile.id));
    }
    let more = note.more.into_iter().chain([effect_of(act)]).collect();
    let note = Note { answered: true, more };
    let outcome = sms::land(batch, sms, sender, profile, note).await?;
    let answered = answer::give(batch, sms, sender, profile, standing, act, outcome.ticket).await?;
    Ok(Outcome { reason: format!("{}; {answered}", outcome.reason), ..outcome })
}

fn effect_of(act: &Act) -> String {
    let effect = match act.family {
        KeywordFamily::Stop => "no more texts are sent to this customer",
        KeywordFamily::Start | KeywordFamily::Subscribe => "this customer may be sent texts",
        KeywordFamily::Help => "the answer to HELP was given",
    };
    format!("it reads as {}: {effect}", act.said)
}

async fn record(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    profile: &KnownProfile,
    act: &Act,
) -> Result<(), DeskError> {
    match consent_of(act.family) {
        Some(state) => consented::by_text(batch, sms, profile.id, state, &act.source).await,
        None => Ok(()),
    }
}

fn consent_of(family: KeywordFamily) -> Option<ConsentState> {
    match family {
        KeywordFamily::Subscribe | KeywordFamily::Start => Some(ConsentState::Subscribed),
        KeywordFamily::Stop => Some(ConsentState::Unsubscribed),
        KeywordFamily::Help => None,
    }
}

/// Into the thread that is there, without waking it.
async fn add(
    batch: &mut Batch<'_>,
    ticket: TicketId,
    profile: &KnownProfile,
    incoming: Incoming<'_>,
) -> Result<Option<TicketId>, DeskError> {
    let row = batch.ticket(ticket).await?;
    let mut row =
        row.ok_or_else(|| DeskError::Refused("a thread names a ticket that is not there".into()))?;
    landing::add(batch, &mut row, profile, incoming).await?;
    Ok(Some(ticket))
}

/// Into the customer's history, where it shows once there is a ticket.
async fn keep(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    profile: &KnownProfile,
    incoming: &Incoming<'_>,
) -> Result<(), DeskError> {
    let message = Message {
        id: incoming.id,
        ticket_id: TicketId(Uuid::nil()),
        seq: 0,
        direction: domain::Direction::In,
        author: Author { kind: incoming.author, id: Some(profile.id.0), name: profile.name.clone() },
        text: incoming.text.clone(),
        html: None,
        attachments: Vec::new(),
        status: MessageStatus::Received,
        error: None,
        segments: incoming.segments,
        sent_at: incoming.sent_at,
        why: incoming.why.clone(),
        client_id: None,
        carried: Carried::default(),
        send_at: None,
        reply_text: None,
        mail: None,
    };
    let row = NewMessage {
        message: &message,
        ticket: None,
        profile: profile.id,
        channel: Channel::Sms,
        inbox: sms.to.as_str(),
        external: incoming.external,
        mail: None,
        recipient: None,
        quiet_override: false,
        needs_consent: false,
        version: 0,
        now: batch.now,
    };
    messages::insert(&mut batch.tx, row).await?;
    media::fetch(batch, message.id, sms.to.as_str(), incoming).await?;
    attributed::without_ticket(batch, profile.id, message.sent_at).await
}
