//! The answer to a keyword: the confirmation that the law and the carriers ask for, and no more than that.

use domain::{
    Address, Author, AuthorKind, MessageId, PhoneNumber, Settings, TicketId, event::InboundSms,
    keyword::KeywordFamily, template::Customer,
};

use super::{batch::Batch, consented::Standing, keyword::Act};
use crate::{
    DeskError, entropy,
    outbound::{self, Departure, NewOutbound},
    store::{addresses::KnownProfile, delivery::CONFIRMS_OPT_OUT, keyword_answers},
};

const DAY: i64 = 24 * 60 * 60 * 1000;
const HOUR: i64 = 60 * 60 * 1000;
/// Keyword answers one profile gets in an hour at most: two robots must not entertain each other.
const ANSWERS_PER_HOUR: i64 = 10;

/// Answers, unless somebody else did or it would be one too many. Says what was done.
pub(super) async fn give(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    sender: &Address,
    profile: &KnownProfile,
    standing: Standing,
    act: &Act,
    ticket: Option<TicketId>,
) -> Result<&'static str, DeskError> {
    let Address::Phone(to) = sender else { return Ok("not answered: the sender cannot receive texts") };
    if sms.carrier_keyword.is_some() {
        return Ok("the carrier answered it");
    }
    let is_stop = act.family == KeywordFamily::Stop;
    if is_stop && !act.inferred && batch.desk.channels().confirmed_by_carrier.contains(&sms.to) {
        return Ok("the carrier of this number confirms it");
    }
    if profile.blocked {
        return Ok("not answered: the profile is blocked");
    }
    if let Some(reason) = one_too_many(batch, profile, standing, act.family).await? {
        return Ok(reason);
    }
    let settings = batch.settings().await?;
    let customer = Customer { name: profile.name.as_deref(), phone: to.as_str() };
    let text = settings.fill_for(template(&settings, act.family), customer);
    if text.trim().is_empty() {
        return Ok("not answered: its answer is empty in the settings");
    }
    queue(batch, (&sms.to, to), profile, act.family, text, ticket).await?;
    Ok("answered")
}

/// An opt-out that changes something is always confirmed; one said again only once a day.
async fn one_too_many(
    batch: &mut Batch<'_>,
    profile: &KnownProfile,
    standing: Standing,
    family: KeywordFamily,
) -> Result<Option<&'static str>, DeskError> {
    let is_stop = family == KeywordFamily::Stop;
    let counted = (is_stop && standing.subscribed).then_some(name_of(family));
    let lately = keyword_answers::since(&mut batch.tx, profile.id, counted, batch.now.plus(-HOUR)).await?;
    if lately >= ANSWERS_PER_HOUR {
        return Ok(Some("not answered: too many keywords within an hour"));
    }
    if is_stop && !standing.subscribed {
        let name = Some(name_of(family));
        if keyword_answers::since(&mut batch.tx, profile.id, name, batch.now.plus(-DAY)).await? > 0 {
            return Ok(Some("not answered: this opt-out was confirmed within the last day"));
        }
    }
    Ok(None)
}

async fn queue(
    batch: &mut Batch<'_>,
    numbers: (&PhoneNumber, &PhoneNumber),
    profile: &KnownProfile,
    family: KeywordFamily,
    text: String,
    ticket: Option<TicketId>,
) -> Result<(), DeskError> {
    let new = NewOutbound {
        id: MessageId::new(batch.now, &entropy()),
        author: Author { kind: AuthorKind::Keyword, id: None, name: Some(name_of(family).to_owned()) },
        text,
        attachments: Vec::new(),
        recipients: None,
        departure: Departure::default(),
        needs_consent: false,
        why: format!("the answer to the keyword {}", name_of(family)),
    };
    match ticket {
        Some(ticket) => {
            let row = batch.ticket(ticket).await?;
            let mut row = row.ok_or(DeskError::NotFound("ticket"))?;
            let (_, packets) = outbound::queue(batch.desk, &mut batch.tx, &mut row, new).await?;
            batch.told(packets);
        }
        None => {
            let packet =
                outbound::queue_without_ticket(batch.desk, &mut batch.tx, profile.id, numbers, new).await?;
            batch.told(packet);
        }
    }
    Ok(())
}

fn name_of(family: KeywordFamily) -> &'static str {
    match family {
        KeywordFamily::Subscribe => "JOIN",
        KeywordFamily::Start => "START",
        KeywordFamily::Stop => CONFIRMS_OPT_OUT,
        KeywordFamily::Help => "HELP",
    }
}

fn template(settings: &Settings, family: KeywordFamily) -> &str {
    let keywords = &settings.sms.keywords;
    match family {
        KeywordFamily::Subscribe | KeywordFamily::Start => &keywords.answer_subscribe,
        KeywordFamily::Stop => keywords.stop_answer(),
        KeywordFamily::Help => &keywords.answer_help,
    }
}
