//! One look into a folder: what is new is fetched, taken in, and marked, in that order.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_imap::{error::Error, types::UnsolicitedResponse};
use bus::topic::INBOUND_HELD;
use bytes::Bytes;
use domain::{
    Channel,
    event::{InboundHeld, PollMark},
};
use futures::TryStreamExt;
use tokio::time::timeout;

use super::{
    connection::{Open, SMALL, Trouble, simple, too_slow, trouble, within},
    plan,
    worker::Worker,
};
use crate::accept::{Envelope, Refusal};

/// Mails whose sizes are asked for at once.
const AT_ONCE: usize = 200;
/// Mails that are left where they are and remembered for that, of one session.
const MOST_LEFT: usize = 10_000;
/// A group of mails is there within this time.
const FETCHED_WITHIN: Duration = Duration::from_secs(300);
/// What is kept of a mail that is left.
const NAMED_BY: &str = "(UID BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE MESSAGE-ID)])";

/// How far a folder is read.
pub struct Place {
    pub uid_validity: u32,
    pub uid_next: u32,
    /// The numbers mean other mails than before: what came since then is read once more.
    pub since: Option<String>,
    /// Nothing can be marked as seen: what nobody opened says nothing, and numbers say it all. It stays like that, as what
    /// was taken in so far would be new again.
    pub by_number: bool,
    /// The server said that it marks nothing.
    refuses: bool,
    left: BTreeSet<u32>,
}

impl Place {
    /// Where reading begins in a folder with these numbers.
    pub fn new(uid_validity: u32, uid_next: u32, mark: Option<PollMark>) -> Self {
        let (uid_next, since) = match mark {
            Some(mark) if mark.uid_validity == uid_validity => (mark.uid_next, None),
            Some(mark) => (uid_next, plan::since(mark.at)),
            None => (uid_next, None),
        };
        let by_number = mark.is_some_and(|mark| mark.by_number);
        Self { uid_validity, uid_next, since, by_number, refuses: false, left: BTreeSet::new() }
    }
}

impl Worker {
    /// Takes in everything that is there.
    pub(super) async fn round(&self, open: &mut Open, place: &mut Place) -> Result<(), Trouble> {
        let mut marked = BTreeSet::new();
        let mut unmoved = None;
        loop {
            while open.session.unsolicited_responses.try_recv().is_ok() {}
            let wanted = within(self.wanted(open, place, &marked)).await?;
            marked.clear();
            for some in wanted.chunks(AT_ONCE) {
                let (taken, trouble) = Box::pin(self.take(open, place, some)).await?;
                marked.extend(taken);
                unmoved = unmoved.or(trouble);
            }
            place.since = None;
            // not before everything was looked at: what was still to come is found by its flag until then
            place.by_number |= place.refuses;
            if marked.is_empty() && !came_meanwhile(open) {
                return unmoved.map_or(Ok(()), Err);
            }
        }
    }

    /// The numbers of what is to be taken in, in their order. `marked`: what was taken in and marked just now.
    async fn wanted(
        &self,
        open: &mut Open,
        place: &mut Place,
        marked: &BTreeSet<u32>,
    ) -> Result<Vec<u32>, Trouble> {
        open.allowance.set(SMALL);
        let next = place.uid_next;
        let mut wanted = BTreeSet::new();
        if !place.by_number {
            wanted.extend(search(open, "UNSEEN UNDELETED").await?);
            // some servers take the mark with a yes, and have none of it
            place.by_number = !wanted.is_disjoint(marked);
        }
        if place.by_number {
            wanted.clear();
        }
        // `n:*` names the last mail even where that has a lower number
        wanted.extend(search(open, &format!("UID {next}:* UNDELETED")).await?.filter(|uid| *uid >= next));
        if let Some(since) = &place.since {
            wanted.extend(search(open, &format!("SINCE {since} UNDELETED")).await?);
        }
        Ok(wanted.difference(&place.left).copied().collect())
    }

    /// Takes these in: which it was, and why they could not be moved, where they should.
    async fn take(
        &self,
        open: &mut Open,
        place: &mut Place,
        uids: &[u32],
    ) -> Result<(Vec<u32>, Option<Trouble>), Trouble> {
        let sizes = within(sizes(open, uids)).await?;
        // What the server told nothing of is not passed over.
        let silent = within(missing(open, uids.iter().filter(|uid| !sizes.contains_key(uid)))).await?;
        let most = silent.first().copied().unwrap_or(u32::MAX);
        let (small, large): (Vec<_>, Vec<_>) =
            sizes.into_iter().partition(|(_, size)| *size <= self.max_size);
        let (mut done, mut unmoved) = (Vec::new(), None);
        for (uid, size) in large {
            self.leave(open, place, uid, size).await?;
        }
        for group in plan::groups(&small) {
            let (taken, failed) = self.take_group(open, place, group).await?;
            if !taken.is_empty() {
                unmoved = unmoved.or(within(self.mark(open, place, &taken)).await?);
                done.extend(taken);
            }
            // Their numbers ascend: whatever is lower was looked at before.
            let next = match &failed {
                Some((uid, _)) => *uid,
                None => group.last().map_or(0, |(uid, _)| uid.saturating_add(1)),
            };
            place.uid_next = place.uid_next.max(next.min(most));
            if let Some((_, failed)) = failed {
                return Err(failed);
            }
        }
        let next = uids.last().map_or(0, |uid| uid.saturating_add(1));
        place.uid_next = place.uid_next.max(next.min(most));
        if silent.is_empty() { Ok((done, unmoved)) } else { Err(told_nothing(silent.len())) }
    }

    /// Fetches a group and takes it in, in its order, until one cannot be kept; says which is the first that is not.
    async fn take_group(
        &self,
        open: &mut Open,
        place: &mut Place,
        group: &[(u32, usize)],
    ) -> Result<(Vec<u32>, Option<(u32, Trouble)>), Trouble> {
        let bytes: usize = group.iter().map(|(_, size)| size).sum();
        let mut share = self.intake.budget().share();
        if !share.cover(bytes) {
            return Err(simple("too many mails are being taken in at once".into()));
        }
        // Sizes are what servers say, and some say them roughly.
        open.allowance.set(bytes * 2 + SMALL);
        let fetched = timeout(FETCHED_WITHIN, mails(open, group)).await.map_err(|_| too_slow())??;
        let lacks = group.iter().map(|(uid, _)| uid).filter(|uid| !fetched.contains_key(uid));
        let lacks = within(missing(open, lacks)).await?;
        let mut taken = Vec::new();
        for (uid, raw) in fetched {
            if raw.len() > self.max_size {
                self.leave(open, place, uid, raw.len()).await?;
                continue;
            }
            let recipient = plan::recipient(&raw, self.intake.routes(), &self.mailbox);
            let envelope = Envelope { from: None, recipients: vec![recipient], client: None };
            match self.intake.accept(&envelope, raw).await {
                Ok(_) => taken.push(uid),
                Err(Refusal::Loop) => {
                    self.hold(open, place, uid, "it has been through too many servers: a loop".into())
                        .await?;
                    taken.push(uid);
                }
                Err(Refusal::NotDurable(reason)) => {
                    let first = lacks.first().map_or(uid, |lacks| uid.min(*lacks));
                    return Ok((taken, Some((first, simple(format!("mail cannot be kept now: {reason}"))))));
                }
            }
        }
        Ok((taken, lacks.first().map(|first| (*first, told_nothing(lacks.len())))))
    }

    /// They are ours now: says so in the mailbox. Whoever may not is not asked to take them in again for that; why they
    /// were not moved.
    async fn mark(
        &self,
        open: &mut Open,
        place: &mut Place,
        taken: &[u32],
    ) -> Result<Option<Trouble>, Trouble> {
        open.allowance.set(SMALL);
        let set = plan::set(taken.iter().copied());
        // its own reading of the answer would take a NO for a yes
        let store = format!("UID STORE {set} +FLAGS.SILENT (\\Seen)");
        match open.session.run_command_and_check_ok(store).await {
            Err(Error::No(_) | Error::Bad(_)) => place.refuses = true,
            done => done.map_err(|error| trouble(&error))?,
        }
        let Some(folder) = &self.imap.move_to else { return Ok(None) };
        match open.session.uid_mv(&set, plan::utf7(folder)).await {
            Err(error @ (Error::No(_) | Error::Bad(_))) => Ok(Some(trouble(&error))),
            moved => moved.map(|()| None).map_err(|error| trouble(&error)),
        }
    }

    /// Leaves a mail where it is and says so.
    async fn leave(&self, open: &mut Open, place: &mut Place, uid: u32, size: usize) -> Result<(), Trouble> {
        let most = self.max_size;
        let why =
            format!("it has {size} bytes, more than the {most} of smtp.max_size, and stays in the mailbox");
        self.hold(open, place, uid, why).await?;
        if place.left.len() < MOST_LEFT {
            place.left.insert(uid);
        }
        Ok(())
    }

    /// A line in the ledger for a mail that is not taken in.
    async fn hold(&self, open: &mut Open, place: &Place, uid: u32, why: String) -> Result<(), Trouble> {
        open.allowance.set(SMALL);
        let raw = within(head(open, uid)).await?;
        let id = format!("imap:{}:{}:{uid}", self.mailbox.address, place.uid_validity);
        let held = InboundHeld {
            channel: Channel::Email,
            source: "email".into(),
            external_id: id.clone(),
            reason: format!("a mail to {} was not taken in: {why}", self.mailbox.address),
            raw: String::from_utf8_lossy(&raw).replace('\0', ""),
            received_at: self.clock.now(),
        };
        let published = self.bus.publish(INBOUND_HELD, &format!("held:{id}"), &held).await;
        published
            .map(drop)
            .map_err(|error| simple(format!("a mail that is too large cannot be noted: {error}")))
    }
}

/// Those of these that are still in the folder. An answer that ends early names fewer mails than it was asked for, and
/// looks like one that is whole.
async fn missing(open: &mut Open, uids: impl Iterator<Item = &u32>) -> Result<BTreeSet<u32>, Trouble> {
    let asked: BTreeSet<u32> = uids.copied().collect();
    if asked.is_empty() {
        return Ok(asked);
    }
    open.session.run_command_and_check_ok("NOOP").await.map_err(|error| trouble(&error))?;
    let query = format!("UID {} UNDELETED", plan::set(asked.iter().copied()));
    let there: BTreeSet<u32> = search(open, &query).await?.collect();
    Ok(asked.intersection(&there).copied().collect())
}

fn told_nothing(of: usize) -> Trouble {
    simple(format!("the mail server was asked for {of} mails that are there, and did not give them"))
}

fn came_meanwhile(open: &Open) -> bool {
    let mut came = false;
    while let Ok(said) = open.session.unsolicited_responses.try_recv() {
        came |= matches!(said, UnsolicitedResponse::Exists(_));
    }
    came
}

async fn search(open: &mut Open, query: &str) -> Result<impl Iterator<Item = u32> + use<>, Trouble> {
    open.session.uid_search(query).await.map(IntoIterator::into_iter).map_err(|error| trouble(&error))
}

async fn sizes(open: &mut Open, uids: &[u32]) -> Result<BTreeMap<u32, usize>, Trouble> {
    open.allowance.set(SMALL);
    let read = async {
        let fetched = open.session.uid_fetch(plan::set(uids.iter().copied()), "(UID RFC822.SIZE)").await?;
        fetched
            .try_fold(BTreeMap::new(), async |mut all, one| {
                all.extend(one.uid.zip(one.size).map(|(uid, size)| (uid, size as usize)));
                Ok(all)
            })
            .await
    };
    let mut sizes = read.await.map_err(|error: Error| trouble(&error))?;
    sizes.retain(|uid, _| uids.contains(uid));
    Ok(sizes)
}

async fn mails(open: &mut Open, group: &[(u32, usize)]) -> Result<BTreeMap<u32, Bytes>, Trouble> {
    let set = plan::set(group.iter().map(|(uid, _)| *uid));
    let read = async {
        let fetched = open.session.uid_fetch(set, "(UID BODY.PEEK[])").await?;
        fetched
            .try_fold(BTreeMap::new(), async |mut all, one| {
                all.extend(one.uid.zip(one.body()).map(|(uid, raw)| (uid, Bytes::copy_from_slice(raw))));
                Ok(all)
            })
            .await
    };
    let mut mails = read.await.map_err(|error: Error| trouble(&error))?;
    mails.retain(|uid, _| group.iter().any(|(wanted, _)| wanted == uid));
    Ok(mails)
}

/// A few headers of a mail.
async fn head(open: &mut Open, uid: u32) -> Result<Vec<u8>, Trouble> {
    let read = async {
        let fetched = open.session.uid_fetch(uid.to_string(), NAMED_BY).await?;
        let all: Vec<_> = fetched.try_collect().await?;
        Ok(all.iter().find_map(|one| one.header()).unwrap_or_default().to_vec())
    };
    read.await.map_err(|error: Error| trouble(&error))
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn reading_goes_on_where_it_was_unless_the_numbers_mean_other_mails() {
        let at = Timestamp::from_millis(1_764_115_200_000);
        let mark = PollMark { uid_validity: 7, uid_next: 40, at, by_number: false };
        let place = |validity, mark| {
            let place = Place::new(validity, 100, mark);
            (place.uid_next, place.since)
        };
        assert_eq!(place(7, None), (100, None), "what was read before us is no new mail");
        assert_eq!(place(7, Some(mark)), (40, None));
        assert_eq!(place(8, Some(mark)), (100, Some("24-Nov-2025".into())));
    }
}
