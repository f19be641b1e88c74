//! The reader of one mailbox: while it has the lease it is connected, or tries to be.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bus::{
    Bus,
    topic::{MAILBOX_POLLED, POLL_MARK},
};
use domain::{
    Clock,
    event::{MailboxPolled, PollMark, PollMarkQuery},
};
use host::config::{Imap, Mailbox};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use web::{
    oauth::Tokens,
    signature::{hex, sha256},
};

use super::{
    connection::{self, Open, SMALL, Trouble, simple, trouble, within},
    plan,
    round::Place,
};
use crate::accept::Intake;

/// How often is looked whether the one who reads a mailbox is gone.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// A server that tells by itself is asked all the same, that often: it may have fallen silent.
const IDLE_FOR: Duration = Duration::from_secs(300);
/// Servers close connections that are silent for half an hour.
const LONGEST_POLL: Duration = Duration::from_secs(25 * 60);
/// How often is told that all is well.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Reads one mailbox.
pub struct Worker {
    pub mailbox: Mailbox,
    pub imap: Imap,
    pub tokens: Option<Tokens>,
    pub intake: Intake,
    pub bus: Bus,
    pub clock: Arc<dyn Clock>,
    pub max_size: usize,
}

impl Worker {
    /// Until the stop.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let address = &self.mailbox.address;
        let name = format!("imap.{}", hex(sha256(address.as_str().as_bytes())));
        while !stop.is_cancelled() {
            match self.bus.lease(&name).await {
                Ok(Some(mut lease)) => {
                    tracing::info!(mailbox = %address, "reads this mailbox");
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = lease.lost() => tracing::warn!(mailbox = %address, "another process reads this mailbox now"),
                        never = Box::pin(self.serve()) => match never {},
                    }
                    lease.release().await;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(mailbox = %address, error = format!("{error:#}"), "it is not known who reads this mailbox")
                }
            }
            let _ = timeout(LOOK_AGAIN, stop.cancelled()).await;
        }
        Ok(())
    }

    async fn serve(&self) -> Infallible {
        let mut failures = 0;
        loop {
            let Err(trouble) = self.read(&mut failures).await;
            failures += 1;
            tracing::warn!(mailbox = %self.mailbox.address, error = trouble.what, failures, "a mailbox cannot be read");
            let pause = plan::pause(failures, trouble.is_sign_in, Uuid::new_v4().as_bytes()[0]);
            sleep(pause).await;
        }
    }

    /// Connects and reads for as long as that works.
    async fn read(&self, failures: &mut u32) -> Result<Infallible, Trouble> {
        let begun = self.begin().await;
        let (mut open, mut place) = match begun {
            Ok(begun) => begun,
            Err(trouble) => {
                self.tell(None, Some(&trouble)).await;
                return Err(trouble);
            }
        };
        let mut told: Option<(Instant, u32)> = None;
        loop {
            let round = self.round(&mut open, &mut place).await;
            if round.is_ok() {
                *failures = 0;
            }
            let is_fresh = told.is_some_and(|(at, next)| at.elapsed() < TOLD_EVERY && next == place.uid_next);
            if round.is_err() || !is_fresh {
                self.tell(Some(&place), round.as_ref().err()).await;
                told = Some((Instant::now(), place.uid_next));
            }
            round?;
            let waited = self.wait(open).await;
            if let Err(trouble) = &waited {
                self.tell(None, Some(trouble)).await;
            }
            open = waited?;
        }
    }

    async fn begin(&self) -> Result<(Open, Place), Trouble> {
        let mut open = connection::open(&self.imap, self.tokens.as_ref()).await?;
        if let Some(folder) = &self.imap.move_to {
            if !open.moves {
                return Err(connection::cannot_move());
            }
            // It says no where there is one; if there is none afterwards, moving says so.
            let _ = within(async { Ok(open.session.create(plan::utf7(folder)).await) }).await?;
        }
        let selecting = async {
            let folder = open.session.select(plan::utf7(&self.imap.folder)).await;
            folder.map_err(|error| connection::folder_trouble(&self.imap, &error))
        };
        let folder = within(selecting).await?;
        let next = match folder.uid_next {
            Some(next) => next,
            None => within(next_number(&mut open)).await?,
        };
        let query = PollMarkQuery { address: self.mailbox.address.clone() };
        let mark = self.bus.ask(POLL_MARK, &query).await;
        let mark = mark.map_err(|error| simple(format!("how far it was read is not known: {error}")))?;
        Ok((open, Place::new(folder.uid_validity.unwrap_or(0), next, mark)))
    }

    /// Waits until there may be something new.
    async fn wait(&self, open: Open) -> Result<Open, Trouble> {
        if !open.idles {
            sleep(Duration::from_secs(self.imap.poll_seconds).min(LONGEST_POLL)).await;
            return Ok(open);
        }
        let Open { session, allowance, idles, moves } = open;
        allowance.set(SMALL);
        let mut idle = session.idle();
        within(async { idle.init().await.map_err(|error| trouble(&error)) }).await?;
        let (something, _interrupt) = idle.wait_with_timeout(IDLE_FOR);
        if let Ok(said) = timeout(IDLE_FOR, something).await {
            said.map_err(|error| trouble(&error))?;
        }
        let session = within(async { idle.done().await.map_err(|error| trouble(&error)) }).await?;
        Ok(Open { session, allowance, idles, moves })
    }

    /// Tells the desk how it is. It may be away: then it is told the next time.
    async fn tell(&self, place: Option<&Place>, trouble: Option<&Trouble>) {
        let at = self.clock.now();
        let polled = MailboxPolled {
            address: self.mailbox.address.clone(),
            error: trouble.map(|trouble| trouble.what.clone()),
            // while it catches up with a folder whose numbers changed, a restart is to do that again
            mark: place.filter(|place| place.since.is_none()).map(|place| PollMark {
                uid_validity: place.uid_validity,
                uid_next: place.uid_next,
                at,
                by_number: place.by_number,
            }),
        };
        if let Err(error) = self.bus.ask(MAILBOX_POLLED, &polled).await {
            tracing::debug!(%error, mailbox = %polled.address, "how a mailbox is could not be told");
        }
    }
}

/// What the next mail will have at least, where the server does not say it.
async fn next_number(open: &mut Open) -> Result<u32, Trouble> {
    let last = open.session.uid_search("UID *").await.map_err(|error| trouble(&error))?;
    Ok(last.into_iter().max().map_or(1, |last| last.saturating_add(1)))
}
