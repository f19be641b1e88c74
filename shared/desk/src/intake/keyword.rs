//! A keyword (B2): recorded, consent changed, answered; it opens no ticket and asks nobody's attention.

use domain::{
    Address, Author, AuthorKind, Channel, Message, MessageId, MessageStatus, PhoneNumber, Settings, TicketId,
    consent::{ConsentKind, ConsentRecord, ConsentState},
    event::InboundSms,
    keyword::KeywordFamily,
};
use uuid::Uuid;

use super::{
    batch::{Batch, Outcome},
    keys::sms_thread,
    landing::{self, Effect, Incoming},
    sms,
};
use crate::{
    DeskError, entropy,
    ledger::LedgerState,
    outbound::{self, NewOutbound},
    store::{addresses::KnownProfile, keyword_answers, messages, messages::NewMessage, people, threads},
};

const DAY: i64 = 24 * 60 * 60 * 1000;
const HOUR: i64 = 60 * 60 * 1000;
/// Keyword answers one profile gets in an hour at most: two robots must not entertain each other.
const ANSWERS_PER_HOUR: i64 = 10;

/// Takes in a text that is a keyword as a whole.
pub(super) async fn take_in(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    sender: &Address,
    profile: &KnownProfile,
    (family, word): (KeywordFamily, &str),
) -> Result<Outcome, DeskError> {
    let was_subscribed = record_consent(batch, sms, profile, family, word).await?;
    let thread = threads::find(&mut batch.tx, &sms_thread(sms.to.as_str(), &sms.from)).await?;
    let mut incoming = sms::incoming(batch, sms, AuthorKind::Keyword, Effect::Silent);
    incoming.why = format!("the keyword {word}: recorded, and no ticket is opened for it");
    let message = incoming.id;
    let ticket = match thread {
        Some(ticket) => add(batch, ticket, profile, incoming).await?,
        None => {
            keep(batch, sms, profile, &incoming).await?;
            None
        }
    };
    let answered = match (sender, sms.carrier_keyword) {
        (_, Some(_)) => "the carrier answered it",
        (Address::Phone(_), None) if profile.blocked => "not answered: the profile is blocked",
        (Address::Phone(to), None) => answer(batch, sms, to, profile, family, was_subscribed, ticket).await?,
        (_, None) => "not answered: the sender cannot receive texts",
    };
    let outcome = Outcome::ledger(LedgerState::Keyword, format!("the keyword {word}; {answered}"));
    Ok(Outcome { ticket, message: Some(message), profile: Some(profile.id), ..outcome })
}

/// Both kinds: a keyword does not say which. Returns whether the customer was subscribed to either before.
async fn record_consent(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    profile: &KnownProfile,
    family: KeywordFamily,
    word: &str,
) -> Result<bool, DeskError> {
    let Some(state) = consent_of(family) else { return Ok(false) };
    let id = profile.id.to_string();
    let records =
        crate::store::rows::consents_of(&batch.desk.store, &mut *batch.tx, std::slice::from_ref(&id)).await?;
    let before = records.get(&id).is_some_and(|all| domain::consent::may_text(all));
    for kind in ConsentKind::ALL {
        let record = ConsentRecord {
            kind,
            state,
            source: format!("keyword:{word}"),
            text: crate::text::clean(&sms.text),
            number: Some(sms.to.to_string()),
            at: sms.received_at,
        };
        people::add_consent(&mut batch.tx, profile.id, &record).await?;
    }
    let packets = batch.desk.touch_tickets(&mut batch.tx, profile.id, Some(Channel::Sms), |_| {}).await?;
    batch.told(packets);
    Ok(before)
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
    };
    let row = NewMessage {
        message: &message,
        ticket: None,
        profile: profile.id,
        channel: Channel::Sms,
        inbox: sms.to.as_str(),
        external: incoming.external,
        mail: None,
        needs_consent: false,
        version: 0,
        now: batch.now,
    };
    messages::insert(&mut batch.tx, row).await
}

/// Queues the answer, unless it would be one too many. Says what was done.
async fn answer(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    to: &PhoneNumber,
    profile: &KnownProfile,
    family: KeywordFamily,
    was_subscribed: bool,
    ticket: Option<TicketId>,
) -> Result<&'static str, DeskError> {
    let settings = batch.settings().await?;
    let lately = keyword_answers::since(&mut batch.tx, profile.id, None, batch.now.plus(-HOUR)).await?;
    if lately >= ANSWERS_PER_HOUR {
        return Ok("not answered: too many keywords within an hour");
    }
    if family == KeywordFamily::Stop && !was_subscribed {
        let name = Some(name_of(family));
        if keyword_answers::since(&mut batch.tx, profile.id, name, batch.now.plus(-DAY)).await? > 0 {
            return Ok("not answered: this opt-out was confirmed within the last day");
        }
    }
    let new = NewOutbound {
        id: MessageId::new(batch.now, &entropy()),
        author: Author { kind: AuthorKind::Keyword, id: None, name: Some(name_of(family).to_owned()) },
        text: settings.fill(template(&settings, family)),
        attachments: Vec::new(),
        needs_consent: false,
        why: format!("the answer to the keyword {}", name_of(family)),
    };
    if new.text.trim().is_empty() {
        return Ok("not answered: its answer is empty in the settings");
    }
    match ticket {
        Some(ticket) => {
            let row = batch.ticket(ticket).await?;
            let mut row = row.ok_or(DeskError::NotFound("ticket"))?;
            let (_, packets) = outbound::queue(batch.desk, &mut batch.tx, &mut row, new).await?;
            batch.told(packets);
        }
        None => {
            let numbers = (&sms.to, to);
            let packet =
                outbound::queue_without_ticket(batch.desk, &mut batch.tx, profile.id, numbers, new).await?;
            batch.told([packet]);
        }
    }
    Ok("answered")
}

fn name_of(family: KeywordFamily) -> &'static str {
    match family {
        KeywordFamily::Subscribe => "JOIN",
        KeywordFamily::Start => "START",
        KeywordFamily::Stop => "STOP",
        KeywordFamily::Help => "HELP",
    }
}

fn template(settings: &Settings, family: KeywordFamily) -> &str {
    let keywords = &settings.sms.keywords;
    match family {
        KeywordFamily::Subscribe | KeywordFamily::Start => &keywords.answer_subscribe,
        KeywordFamily::Stop => &keywords.answer_stop,
        KeywordFamily::Help => &keywords.answer_help,
    }
}
