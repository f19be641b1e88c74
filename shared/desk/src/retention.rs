//! What the settings keep only for some days goes after that: closed tickets with all that belongs to them, texts that are
//! in no ticket, and what the ledger holds back; an hour after the settings were changed, so that a slip can be mended. A customer's profile and consent stay. What is gone does not come back
//! when it is sent again, as with an [erasure](crate::erasure).

use domain::{Channel, ProfileId, TicketId, Timestamp, settings::Privacy};

use crate::{
    Desk, DeskError, settings,
    store::{Tx, erase_ticket as tickets, erase_ticket::Gone, retention as rows, settings::changed_at},
};

/// After a change of the settings nothing goes for so long, in milliseconds: a slip can be mended.
const SETTLES: i64 = 60 * 60 * 1000;
/// Steps of one round, each a transaction.
const STEPS: usize = 50;
/// Portions of a ticket's messages in one step.
const PORTIONS: usize = 5;

/// How many closed tickets are older than the days of their channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Over {
    pub sms: i64,
    pub email: i64,
    pub chat: i64,
}

impl Desk {
    /// How many tickets would go if things were kept for so long. Nothing is done.
    ///
    /// # Errors
    /// The database is away.
    pub async fn tickets_over(&self, privacy: &Privacy) -> Result<Over, DeskError> {
        Ok(Over {
            sms: self.count_over(privacy, Channel::Sms).await?,
            email: self.count_over(privacy, Channel::Email).await?,
            chat: self.count_over(privacy, Channel::Chat).await?,
        })
    }

    async fn count_over(&self, privacy: &Privacy, channel: Channel) -> Result<i64, DeskError> {
        match privacy.kept_from(channel, self.now()) {
            Some(before) => rows::count(&self.store, channel, before).await,
            None => Ok(0),
        }
    }

    /// Takes some of what was kept long enough; `true` while there may be more. Replicas may run it side by side, and a
    /// crash anywhere is the next round's work.
    ///
    /// # Errors
    /// The database is away.
    pub async fn take_what_is_over(&self) -> Result<bool, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        let now = self.now();
        let settled = changed_at(&mut *connection).await?.is_some_and(|at| at < now.plus(-SETTLES));
        let privacy = settings::current(&mut *connection).await?.privacy;
        drop(connection);
        if !settled {
            return Ok(false);
        }
        let mut gone = Gone::default();
        let mut more = false;
        for channel in [Channel::Sms, Channel::Email, Channel::Chat] {
            let Some(before) = privacy.kept_from(channel, now) else { continue };
            let mut left = STEPS;
            while left > 0 && self.retention_step(channel, before, &mut gone).await? {
                left -= 1;
            }
            more |= left == 0;
        }
        if gone != Gone::default() {
            tracing::info!(gone.tickets, gone.messages, gone.files, "what was kept long enough is gone");
        }
        Ok(more)
    }

    /// `false` once nothing of the channel is left that is older.
    async fn retention_step(
        &self,
        channel: Channel,
        before: Timestamp,
        gone: &mut Gone,
    ) -> Result<bool, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        if let Some((ticket, profile)) = rows::next_ticket(&self.store, &mut tx, channel, before).await? {
            let taken = self.take_ticket(&mut tx, ticket, profile, now).await?;
            self.commit(tx, Vec::new()).await?;
            *gone += taken;
            return Ok(true);
        }
        let loose = rows::loose_messages(&mut tx, channel, before).await?;
        if !loose.is_empty() {
            let taken = tickets::delete_messages(&self.store, &mut tx, &loose, now).await?;
            self.commit(tx, Vec::new()).await?;
            *gone += taken;
            return Ok(true);
        }
        let lines = rows::kept_lines(&mut tx, channel, before).await?;
        if lines.is_empty() {
            return Ok(false);
        }
        self.take_lines(&mut tx, &lines, now).await?;
        self.commit(tx, Vec::new()).await?;
        Ok(true)
    }

    /// A ticket with its lines of the ledger; of a very long one some of it.
    async fn take_ticket(
        &self,
        tx: &mut Tx,
        ticket: TicketId,
        profile: ProfileId,
        now: Timestamp,
    ) -> Result<Gone, DeskError> {
        loop {
            let lines = rows::lines_of(tx, ticket, profile).await?;
            if lines.is_empty() {
                break;
            }
            self.take_lines(tx, &lines, now).await?;
        }
        let mut gone = Gone::default();
        for _ in 0..PORTIONS {
            gone += self.take_of_ticket(tx, ticket, now).await?;
            if gone.tickets > 0 {
                break;
            }
        }
        Ok(gone)
    }
}
