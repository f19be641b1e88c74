//! A text that comes in parts: joined here, in the transaction that takes a part in, so that a crash between two parts
//! loses nothing. Parts come in any order and more than once.

use domain::{
    Address, Timestamp,
    event::{InboundSms, SmsPart},
    parts::{self, Parts, Step},
};

use super::{
    batch::{Batch, Outcome},
    keys,
    profile::whose,
    sms,
};
use crate::{
    Desk, DeskError,
    ledger::LedgerState,
    store::{
        addresses::KnownProfile,
        split_texts::{self, Standing},
        timers,
    },
    text,
};

/// The kind of the timer that ends the waiting.
pub(crate) const JOIN: &str = "join";
/// How long a part waits for the rest (Kannel's default).
const PATIENCE: i64 = 30 * 60 * 1000;
/// How long after a text landed a missing part of it is known as one: carriers try for a day. References are used again.
const REMEMBERED: i64 = 24 * 60 * 60 * 1000;

/// What becomes of a part.
pub(super) enum Gathered {
    /// It is not for people yet, or not again.
    Done(Outcome),
    /// This is for people.
    Text(Whole),
}

/// A text for people.
pub(super) struct Whole {
    pub sms: InboundSms,
    /// What is to be said of its parts.
    pub note: Option<String>,
    /// The ledger's lines of parts that waited for it.
    pub waited: Vec<String>,
}

/// Takes a part in. A blocked customer's waits in quarantine as it is.
pub(super) async fn gather(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    part: &SmsPart,
    profile: &KnownProfile,
) -> Result<Gathered, DeskError> {
    if parts::step(&Parts::new(), sms).is_none() {
        let note = Some(format!("its carrier calls it part {} of {}", part.number, part.total));
        return Ok(Gathered::Text(Whole { sms: sms.clone(), note, waited: Vec::new() }));
    }
    if profile.blocked {
        return Ok(Gathered::Done(Outcome::blocked(profile.id)));
    }
    let key = key_of(sms, part);
    let standing = split_texts::claim(&mut batch.tx, &key, batch.now).await?;
    let (there, waiting) = split_texts::parts(&mut batch.tx, &key).await?;
    let step = parts::step(&there, sms).unwrap_or(Step::Clashes);
    match standing {
        Standing::Landed(at) if is_another_text(step, at, batch.now) => {
            begin_anew(batch, &key, sms, part, profile).await
        }
        Standing::Landed(_) | Standing::Waits if step == Step::Repeats => {
            let reason = format!("{} had come before", name(part));
            Ok(Gathered::Done(Outcome::ledger(LedgerState::Duplicate, reason)))
        }
        Standing::Landed(_) => {
            add(batch, &key, sms, part).await?;
            let note = Some(format!("{} of an earlier text, which was put here without it", name(part)));
            Ok(Gathered::Text(Whole { sms: sms.clone(), note, waited: Vec::new() }))
        }
        Standing::Waits if step == Step::Clashes => {
            land_what_is_there(batch, &key, there, waiting).await?;
            begin_anew(batch, &key, sms, part, profile).await
        }
        Standing::Waits if step == Step::Completes => {
            add(batch, &key, sms, part).await?;
            complete(batch, &key, (sms, part), (there, waiting)).await
        }
        Standing::Waits => {
            if there.is_empty() {
                set_timer(batch, &key).await?;
            }
            wait(batch, &key, sms, part, profile).await
        }
    }
}

/// The same again for the lines of parts that waited: what became of the whole became of them.
pub(super) fn settle(batch: &mut Batch<'_>, waited: &[String], outcome: &Outcome) {
    for key in waited {
        let reason = format!("a part of a longer text: {}", outcome.reason);
        batch.restate(key.clone(), Outcome { reason, ..outcome.clone() });
    }
}

async fn complete(
    batch: &mut Batch<'_>,
    key: &str,
    (sms, part): (&InboundSms, &SmsPart),
    (mut there, waiting): (Parts, Vec<String>),
) -> Result<Gathered, DeskError> {
    there.insert(part.number, sms.clone());
    split_texts::landed(&mut batch.tx, key, batch.now).await?;
    timers::clear(&mut batch.tx, &timer(key)).await?;
    let joined = parts::joined(&there).ok_or_else(|| DeskError::Refused("a text without parts".into()))?;
    let note = Some(format!("joined from {} parts", part.total));
    Ok(Gathered::Text(Whole { sms: joined, note, waited: waiting }))
}

async fn begin_anew(
    batch: &mut Batch<'_>,
    key: &str,
    sms: &InboundSms,
    part: &SmsPart,
    profile: &KnownProfile,
) -> Result<Gathered, DeskError> {
    split_texts::begin_anew(&mut batch.tx, key).await?;
    set_timer(batch, key).await?;
    wait(batch, key, sms, part, profile).await
}

async fn wait(
    batch: &mut Batch<'_>,
    key: &str,
    sms: &InboundSms,
    part: &SmsPart,
    profile: &KnownProfile,
) -> Result<Gathered, DeskError> {
    add(batch, key, sms, part).await?;
    let outcome = Outcome::ledger(LedgerState::Held, format!("{}: waits for the rest", name(part)));
    Ok(Gathered::Done(Outcome { profile: Some(profile.id), ..outcome }))
}

async fn add(batch: &mut Batch<'_>, key: &str, sms: &InboundSms, part: &SmsPart) -> Result<(), DeskError> {
    let event = serde_json::to_string(sms).map_err(|error| DeskError::Refused(error.to_string()))?;
    split_texts::add(&mut batch.tx, key, part.number, &keys::of_sms(sms), &event).await
}

async fn set_timer(batch: &mut Batch<'_>, key: &str) -> Result<(), DeskError> {
    let due = batch.now.plus(PATIENCE);
    let waiting = timers::Timer { key: &timer(key), kind: JOIN, subject: key, due, number: None };
    timers::set(&mut batch.tx, waiting).await
}

fn timer(key: &str) -> String {
    format!("{JOIN}:{key}")
}

/// The rest did not come: what is there becomes a message, and says what is missing.
async fn land_what_is_there(
    batch: &mut Batch<'_>,
    key: &str,
    there: Parts,
    waited: Vec<String>,
) -> Result<(), DeskError> {
    let Some(joined) = parts::joined(&there) else { return Ok(()) };
    let total = there.values().find_map(|part| part.part.as_ref()).map_or(0, |part| part.total);
    let sender = Address::of_sms_sender(&text::line(&joined.from));
    let profile = whose(batch, &sender, None).await?;
    let outcome = if profile.blocked {
        // each part goes to quarantine as it is: they are joined when they come back
        split_texts::begin_anew(&mut batch.tx, key).await?;
        Outcome::blocked(profile.id)
    } else {
        split_texts::landed(&mut batch.tx, key, batch.now).await?;
        let note = incomplete(&parts::missing(&there, total), total);
        sms::take_in_text(batch, &joined, &sender, &profile, Some(note)).await?
    };
    settle(batch, &waited, &outcome);
    Ok(())
}

fn incomplete(missing: &[u16], total: u16) -> String {
    let numbers: Vec<_> = missing.iter().map(u16::to_string).collect();
    let word = if numbers.len() == 1 { "part" } else { "parts" };
    format!("incomplete: {word} {} of {total} never came", numbers.join(", "))
}

impl Desk {
    /// The waiting of a text in parts is over.
    pub(crate) async fn end_waiting(&self, key: &str) -> Result<(), DeskError> {
        let mut batch = Batch::begin(self).await?;
        let standing = split_texts::claim(&mut batch.tx, key, batch.now).await?;
        if timers::take_due(&mut batch.tx, &timer(key), batch.now).await?.is_none() {
            return Ok(());
        }
        if standing == Standing::Waits {
            let (there, waited) = split_texts::parts(&mut batch.tx, key).await?;
            land_what_is_there(&mut batch, key, there, waited).await?;
        }
        batch.commit().await
    }
}

fn key_of(sms: &InboundSms, part: &SmsPart) -> String {
    let sender = Address::of_sms_sender(&text::line(&sms.from));
    let place: [&str; 5] = [&sms.provider, &sms.account, sms.to.as_str(), sender.value(), &part.reference];
    serde_json::json!([place.map(text::line), part.total]).to_string()
}

fn name(part: &SmsPart) -> String {
    format!("part {} of {}", part.number, part.total)
}

/// A part under the reference of a text that has landed begins another one: when it is not what was there, when it is
/// the same again after a while (people send things twice), or when that was long ago.
fn is_another_text(step: Step, landed: Timestamp, now: Timestamp) -> bool {
    let remembered = if step == Step::Repeats { PATIENCE } else { REMEMBERED };
    step == Step::Clashes || landed.plus(remembered) < now
}
