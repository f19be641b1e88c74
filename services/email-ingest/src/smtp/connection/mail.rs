//! A mail that comes after DATA, and keeping a mail.

use std::io;

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::{Connection, DRAIN};
use crate::{
    accept::{Envelope, Refusal},
    budget::Share,
    smtp::{
        answer::Answer,
        data::{DataReader, Progress},
        session::Outcome,
    },
};

/// A mail as read, before it is kept.
enum Mail {
    Complete(Vec<u8>, Share),
    Refused(Outcome),
    Gone,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Reads a mail and keeps it; `None` when the other side went in the middle.
    pub(super) async fn mail(&mut self) -> io::Result<Option<Answer>> {
        Ok(match self.read_mail().await? {
            Mail::Gone => None,
            Mail::Refused(outcome) => Some(self.refuse(outcome)),
            Mail::Complete(raw, share) => Some(self.keep(raw.into(), share).await),
        })
    }

    /// The mail is refused, for all its recipients.
    pub(super) fn refuse(&mut self, outcome: Outcome) -> Answer {
        let outcomes = vec![outcome; self.session.replies().max(1)];
        self.ended(&outcomes)
    }

    /// Keeps a mail; with LMTP for one recipient after the other, as each is answered for.
    pub(super) async fn keep(&mut self, raw: Bytes, share: Share) -> Answer {
        let transaction = self.session.take();
        let envelope = |recipients| Envelope {
            from: Some(transaction.from.clone()),
            recipients,
            client: transaction.client.clone(),
        };
        let mut outcomes = Vec::new();
        if self.session.is_lmtp() {
            for recipient in transaction.recipients {
                // What could not be kept for one cannot be kept for the next: nobody waits for the same again.
                let outcome = match outcomes.last() {
                    Some(Outcome::NotDurable) => Outcome::NotDurable,
                    _ => self.keep_for(&envelope(vec![recipient]), raw.clone()).await,
                };
                outcomes.push(outcome);
            }
        } else {
            outcomes.push(self.keep_for(&envelope(transaction.recipients.clone()), raw).await);
        }
        drop(share);
        self.ended(&outcomes)
    }

    async fn keep_for(&self, envelope: &Envelope, raw: Bytes) -> Outcome {
        match self.door.intake.accept(envelope, raw).await {
            Ok(_) => Outcome::Kept,
            Err(Refusal::Loop) => Outcome::Loop,
            Err(Refusal::NotDurable(reason)) => {
                tracing::warn!(reason, "a mail was put off: it could not be kept");
                Outcome::NotDurable
            }
        }
    }

    /// Says all replies to a mail but the last, which is the answer.
    fn ended(&mut self, outcomes: &[Outcome]) -> Answer {
        let (last, before) = outcomes.split_last().unwrap_or((&Outcome::NotDurable, &[]));
        for outcome in before {
            let reply = self.session.data_ended(*outcome).reply;
            self.say(&reply);
        }
        self.session.data_ended(*last)
    }

    /// Reads up to the end of the mail. What is too large or has no room is read on, and dropped, so that the sender
    /// hears why.
    async fn read_mail(&mut self) -> io::Result<Mail> {
        let limits = self.door.limits;
        let (mut reader, mut raw, mut share) =
            (DataReader::default(), Vec::new(), self.door.intake.budget().share());
        let (mut refused, mut dropped) = (None, 0);
        let mut deadline = Instant::now() + limits.message;
        let mut chunk = std::mem::take(&mut self.inbox);
        loop {
            match reader.feed(&chunk, &mut raw) {
                Progress::BareLineBreak => return Ok(Mail::Refused(Outcome::BareLineBreak)),
                Progress::End(used) => self.inbox = chunk.split_off(used),
                Progress::More => chunk.clear(),
            }
            if refused.is_none() {
                refused = if raw.len() > limits.max_size {
                    Some(Outcome::TooLarge)
                } else {
                    (!share.cover(raw.len())).then_some(Outcome::NoRoom)
                };
            }
            if let Some(outcome) = refused {
                dropped += raw.len();
                (raw, share) = (Vec::new(), self.door.intake.budget().share());
                if dropped > DRAIN * limits.max_size {
                    let far =
                        if outcome == Outcome::TooLarge { Outcome::FarTooLarge } else { Outcome::TooSlow };
                    return Ok(Mail::Refused(far));
                }
            }
            if !chunk.is_empty() {
                return Ok(refused.map_or_else(|| Mail::Complete(raw, share), Mail::Refused));
            }
            match self.more(&mut chunk, &mut deadline).await {
                Some(Ok(0)) => return Ok(Mail::Gone),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(Mail::Refused(Outcome::TooSlow)),
            }
        }
    }
}
