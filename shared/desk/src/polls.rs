//! Mailboxes that cannot forward are read where they are: how far, and whether that works.

use domain::{
    EmailAddress, Timestamp,
    event::{MailboxPolled, PollMark},
};

use crate::{Desk, DeskError, mailboxes, store::mailbox_polls as rows, text};

/// Longest reason that is kept, in characters.
const LONGEST: usize = 300;

/// How it stands with reading a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// When it last worked.
    pub polled_at: Option<Timestamp>,
    /// Why it does not work now.
    pub error: Option<String>,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// How far it was read.
    pub mark: Option<PollMark>,
}

impl Desk {
    /// How far a mailbox was read.
    ///
    /// # Errors
    /// The database is away.
    pub async fn poll_mark(&self, mailbox: &EmailAddress) -> Result<Option<PollMark>, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        Ok(rows::poll(&mut connection, mailbox).await?.and_then(|poll| poll.mark))
    }

    /// Writes down how far a mailbox is read, or why it cannot be; who looks is told when that is news.
    ///
    /// # Errors
    /// The database is away.
    pub async fn mailbox_polled(&self, polled: &MailboxPolled) -> Result<(), DeskError> {
        let (mailbox, now) = (&polled.address, self.now());
        let error: Option<String> =
            polled.error.as_deref().map(|why| text::line(why).chars().take(LONGEST).collect());
        let mut tx = self.store.begin().await?;
        let before = rows::poll(&mut tx, mailbox).await?;
        if let Some(mark) = polled.mark {
            rows::worked(&mut tx, mailbox, mark, now).await?;
        }
        if let Some(error) = &error {
            rows::failed(&mut tx, mailbox, error, now).await?;
        }
        let is_news = before.is_none_or(|before| before.error != error);
        let packets =
            if is_news { vec![mailboxes::changed(&mut tx, mailbox, "polled", now).await?] } else { vec![] };
        self.commit(tx, packets).await
    }
}
