//! A text from a customer (B1, B2, C-S).

use domain::{
    Address, AuthorKind, Channel, MessageId, TicketId,
    event::InboundSms,
    keyword::{Meaning, Vocabulary},
    segments,
};

use super::{
    batch::{Batch, Outcome},
    consented::{self, Standing},
    keys::sms_thread,
    keyword::{self, Act},
    landing::{self, Effect, Incoming, NewTicket},
    meaning,
    parts::{self, Gathered, Whole},
    profile::whose,
};
use crate::{
    DeskError, entropy,
    store::{addresses::KnownProfile, threads},
    text,
};

/// What is to be said about a text that lands, besides where.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    /// The desk answers it itself: robots leave it alone.
    pub answered: bool,
    /// Goes on from why it is in its ticket.
    pub more: Vec<String>,
}

/// Takes in a text.
pub(super) async fn take_in(batch: &mut Batch<'_>, sms: &InboundSms) -> Result<Outcome, DeskError> {
    let sender = Address::of_sms_sender(&text::line(&sms.from));
    if sender.value().is_empty() {
        return Err(DeskError::Refused("a text without a sender".into()));
    }
    let profile = whose(batch, &sender, None).await?;
    let Some(part) = &sms.part else { return take_in_text(batch, sms, &sender, &profile, None).await };
    match parts::gather(batch, sms, part, &profile).await? {
        Gathered::Done(outcome) => Ok(outcome),
        Gathered::Text(Whole { sms, note, waited }) => {
            let outcome = take_in_text(batch, &sms, &sender, &profile, note).await?;
            parts::settle(batch, &waited, &outcome);
            Ok(outcome)
        }
    }
}

/// Takes in a text of which there is no more to come. `note` is to be said of it where it lands.
pub(super) async fn take_in_text(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    sender: &Address,
    profile: &KnownProfile,
    note: Option<String>,
) -> Result<Outcome, DeskError> {
    let standing = consented::standing(batch, profile.id).await?;
    let note = Note { answered: false, more: note.into_iter().collect() };
    match meaning_of(batch, sms, standing).await? {
        Meaning::Text if profile.blocked => Ok(Outcome::blocked(profile.id)),
        Meaning::Text => land(batch, sms, sender, profile, note).await,
        Meaning::Keyword { family, word, also_text: false } => {
            keyword::take_in(batch, sms, sender, profile, standing, &Act::keyword(family, &word)).await
        }
        Meaning::Keyword { family, word, also_text: true } => {
            let act = Act::keyword(family, &word);
            keyword::take_in_and_land(batch, sms, sender, profile, standing, (&act, note)).await
        }
        Meaning::OptOut { phrase } => {
            let act = Act::opt_out(&phrase);
            keyword::take_in_and_land(batch, sms, sender, profile, standing, (&act, note)).await
        }
    }
}

async fn meaning_of(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    standing: Standing,
) -> Result<Meaning, DeskError> {
    let settings = batch.settings().await?;
    let keywords = &settings.sms.keywords;
    let subscribe = keywords.subscribe_words(&sms.to);
    let vocabulary =
        Vocabulary { languages: &keywords.languages, subscribe: &subscribe, opted_out: standing.opted_out };
    Ok(meaning::of(sms, &vocabulary))
}

/// Puts a text into its ticket, or opens one.
pub(super) async fn land(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    sender: &Address,
    profile: &KnownProfile,
    note: Note,
) -> Result<Outcome, DeskError> {
    let candidate = TicketId::new(batch.now, &entropy());
    let key = sms_thread(sms.to.as_str(), &sms.from);
    let ticket = threads::claim(&mut batch.tx, &key, candidate, batch.now).await?;
    let mut incoming = incoming(batch, sms, AuthorKind::Customer, Effect::Opens);
    incoming.answered = note.answered;
    let message = incoming.id;
    let place =
        if ticket == candidate { "the first text of this number" } else { "a text of the same number" };
    let why = [format!("{place}: there is one ticket per person and number")].into_iter().chain(note.more);
    let why = why.collect::<Vec<_>>().join("; ");
    incoming.why = why.clone();
    if ticket == candidate {
        let new = NewTicket {
            id: candidate,
            channel: Channel::Sms,
            inbox: sms.to.as_str(),
            address: sender.value(),
            reachable: matches!(sender, Address::Phone(_)),
            session: None,
            chat: None,
            subject: None,
            last_seq: 0,
        };
        landing::open(batch, profile, new, incoming).await?;
        return Ok(Outcome::ticket(why, ticket, message, profile.id));
    }
    let row = batch.ticket(ticket).await?;
    let mut row =
        row.ok_or_else(|| DeskError::Busy(format!("the ticket of the thread {key} is being erased")))?;
    landing::add(batch, &mut row, profile, incoming).await?;
    Ok(Outcome::ticket(why, ticket, message, profile.id))
}

/// The text as a message.
pub(super) fn incoming<'a>(
    batch: &Batch<'_>,
    sms: &'a InboundSms,
    author: AuthorKind,
    effect: Effect,
) -> Incoming<'a> {
    Incoming {
        id: MessageId::new(batch.now, &entropy()),
        author,
        segments: i64::try_from(segments::count(&sms.text).count).ok(),
        text: text::clean(&sms.text),
        html: None,
        attachments: Vec::new(),
        sent_at: sms.received_at,
        why: String::new(),
        client_id: None,
        external: Some((&sms.provider, &sms.account, &sms.external_id)),
        media: &sms.media,
        mail: None,
        shown: None,
        effect,
        answered: false,
    }
}
