//! An erasure gets on, step by step; each step is one transaction.

use bus::{Envelope, topic::INBOUND_EMAIL};
use domain::{ErasureId, TicketId, Timestamp};

use super::{Erasure, Phase, key};
use crate::{
    Desk, DeskError,
    store::{Tx, erase_ticket as tickets, erase_ticket::Gone, erasures as rows, timers, tombstones, uploads},
};

/// Steps before other timers have their turn.
const STEPS: usize = 20;

impl Desk {
    /// Gets on with an erasure; what is left stays due.
    pub(crate) async fn run_erasure(&self, id: ErasureId) -> Result<(), DeskError> {
        for _ in 0..STEPS {
            if !self.erasure_step(id).await? {
                break;
            }
        }
        Ok(())
    }

    /// `false` once nothing is left.
    async fn erasure_step(&self, id: ErasureId) -> Result<bool, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let erasure = rows::lock(&self.store, &mut tx, id).await?;
        let Some(mut erasure) = erasure.filter(|one| one.state != Phase::Done) else {
            timers::clear(&mut tx, &key(id)).await?;
            self.commit(tx, Vec::new()).await?;
            return Ok(false);
        };
        match erasure.state {
            Phase::Running => self.take_some(&mut tx, &mut erasure, now).await?,
            _ => return self.clean(tx, erasure, now).await,
        }
        rows::save(&mut tx, &erasure).await?;
        self.commit(tx, Vec::new()).await?;
        Ok(true)
    }

    /// A ticket after the other, then what is in none, then what else names the person, then the person.
    async fn take_some(&self, tx: &mut Tx, erasure: &mut Erasure, now: Timestamp) -> Result<(), DeskError> {
        if let Some(ticket) = rows::next_ticket(tx, erasure.profile).await? {
            if !tickets::hold(&self.store, tx, ticket).await? {
                return Err(DeskError::Busy("somebody works on a ticket that is erased".into()));
            }
            erasure.gone += self.take_of_ticket(tx, ticket, now).await?;
            return Ok(());
        }
        let loose = rows::loose_messages(tx, erasure.profile).await?;
        if !loose.is_empty() {
            erasure.gone += tickets::delete_messages(&self.store, tx, &loose, now).await?;
            return Ok(());
        }
        let lines = rows::ledger(tx, erasure.profile).await?;
        if !lines.is_empty() {
            return self.take_lines(tx, &lines, now).await;
        }
        let after = erasure.read_up_to.as_deref().unwrap_or_default();
        let (lines, up_to) = rows::naming(tx, &erasure.addresses, after).await?;
        if up_to.is_some() {
            erasure.read_up_to = up_to;
            return self.take_lines(tx, &lines, now).await;
        }
        rows::delete_person(&self.store, tx, erasure.profile, &erasure.addresses).await?;
        erasure.addresses = Vec::new();
        erasure.state = Phase::Cleaning;
        Ok(())
    }

    /// Some of a ticket's messages, or the ticket when it has none.
    pub(crate) async fn take_of_ticket(
        &self,
        tx: &mut Tx,
        id: TicketId,
        now: Timestamp,
    ) -> Result<Gone, DeskError> {
        let messages = tickets::messages(tx, id).await?;
        if messages.is_empty() {
            return tickets::delete(&self.store, tx, id, now).await;
        }
        let mails = tickets::mail_ids(tx, id, &messages).await?;
        let hashes: Vec<_> = mails.iter().map(|(mailbox, id)| self.keyed_mail_id(mailbox, id)).collect();
        tombstones::add(&self.store, tx, &hashes, now).await?;
        tickets::delete_messages(&self.store, tx, &messages, now).await
    }

    /// Lines of the ledger: what they stand for does not come back, and the files it had go.
    pub(crate) async fn take_lines(
        &self,
        tx: &mut Tx,
        lines: &[rows::Entry],
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let hashes: Vec<_> = lines.iter().map(|line| self.keyed_arrival(&line.key)).collect();
        tombstones::add(&self.store, tx, &hashes, now).await?;
        for line in lines.iter().filter(|line| line.subject == INBOUND_EMAIL.subject) {
            let envelope =
                line.envelope.as_deref().and_then(|json| serde_json::from_str::<Envelope>(json).ok());
            if let Some(mail) = envelope.and_then(|envelope| envelope.read(INBOUND_EMAIL).ok()) {
                let files = mail.attachments.iter().filter_map(|file| file.blob.clone());
                let blobs: Vec<_> = files.chain([mail.raw.clone()]).collect();
                uploads::doom(tx, &blobs, now).await?;
            }
        }
        let ids: Vec<_> = lines.iter().map(|line| line.id.clone()).collect();
        rows::delete_ledger(&self.store, tx, &ids).await
    }

    /// The database's own files; `false` once they are clean.
    async fn clean(&self, mut tx: Tx, mut erasure: Erasure, now: Timestamp) -> Result<bool, DeskError> {
        let more = rows::clean_words(&self.store, &mut tx, erasure.finished_at.is_none()).await?;
        // the time of the last step: that it was begun is known by it
        erasure.finished_at = Some(now);
        if !more {
            erasure.state = Phase::Done;
            timers::clear(&mut tx, &key(erasure.id)).await?;
        }
        rows::save(&mut tx, &erasure).await?;
        self.commit(tx, Vec::new()).await?;
        if !more {
            rows::clean_log(&self.store).await?;
            tracing::info!(profile = %erasure.profile, "a person was erased");
        }
        Ok(more)
    }
}
