//! What is sent again: nothing of it is kept but a line that says so, and its bytes go. Of what was erased not even its id.

use std::collections::HashSet;

use super::{
    Arrival, ArrivalKind,
    batch::{Batch, Outcome, line, number},
};
use crate::{
    DeskError,
    store::{
        ledger::{self, Line},
        tombstones, uploads,
    },
};

/// Another mailbox may be about to take in the same bytes: they go after this time, in milliseconds.
const BYTES_WAIT: i64 = 60 * 60 * 1000;

/// Those of these new keys that stand for something erased. They are looked up after they were entered, so that none
/// slips through beside the transaction that erases it.
pub(super) async fn among(
    batch: &mut Batch<'_>,
    fresh: &HashSet<String>,
) -> Result<HashSet<String>, DeskError> {
    let keys: Vec<&String> = fresh.iter().collect();
    let hashes: Vec<String> = keys.iter().map(|key| batch.desk.keyed_arrival(key)).collect();
    let found = tombstones::among(&batch.desk.store, &mut batch.tx, &hashes).await?;
    let erased = keys.into_iter().zip(&hashes).filter(|(_, hash)| found.contains(*hash));
    Ok(erased.map(|(key, _)| key.clone()).collect())
}

/// Whether a mail with that id in its mailbox was erased.
pub(super) async fn is_mail(batch: &mut Batch<'_>, mailbox: &str, id: &str) -> Result<bool, DeskError> {
    let hash = batch.desk.keyed_mail_id(mailbox, id);
    Ok(!tombstones::among(&batch.desk.store, &mut batch.tx, &[hash]).await?.is_empty())
}

/// Takes back what was entered of an arrival, dooms its files, and returns the line that is left.
pub(super) async fn forget(
    batch: &mut Batch<'_>,
    arrival: &Arrival,
    outcome: &Outcome,
) -> Result<Option<Line>, DeskError> {
    let Some(key) = arrival.dedup_key() else { return Ok(None) };
    let (store, hash) = (&batch.desk.store, batch.desk.keyed_arrival(&key));
    ledger::take_back(&mut batch.tx, &key).await?;
    tombstones::add(store, &mut batch.tx, std::slice::from_ref(&hash), batch.now).await?;
    uploads::doom(&mut batch.tx, &blobs(arrival), batch.now.plus(BYTES_WAIT)).await?;
    let left = line(arrival, format!("erased:{hash}:{}", number(arrival)), outcome, batch.now);
    Ok(Some(Line { external_id: String::new(), envelope: None, ..left }))
}

/// A mail that was taken in before, to the byte or by another way: its raw bytes go, unless the first one lies there too.
/// Its files are the first one's, under the same keys.
pub(super) async fn give_up_raw(
    batch: &mut Batch<'_>,
    arrival: &Arrival,
    key: &str,
) -> Result<(), DeskError> {
    let ArrivalKind::Email(mail) = &arrival.kind else { return Ok(()) };
    let first = ledger::envelope_of(&mut batch.tx, key).await?;
    if first.is_some_and(|envelope| envelope.contains(&mail.raw)) {
        return Ok(());
    }
    uploads::doom(&mut batch.tx, std::slice::from_ref(&mail.raw), batch.now.plus(BYTES_WAIT)).await
}

/// A mail whose words are another's: what it came with is its own, and goes with it.
pub(super) async fn give_up_copy(batch: &mut Batch<'_>, arrival: &Arrival) -> Result<(), DeskError> {
    let ArrivalKind::Email(_) = &arrival.kind else { return Ok(()) };
    uploads::doom(&mut batch.tx, &blobs(arrival), batch.now.plus(BYTES_WAIT)).await
}

/// Where its bytes lie.
fn blobs(arrival: &Arrival) -> Vec<String> {
    match &arrival.kind {
        ArrivalKind::Email(mail) => {
            mail.attachments.iter().filter_map(|file| file.blob.clone()).chain([mail.raw.clone()]).collect()
        }
        ArrivalKind::Chat(chat) => chat.blobs().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
