//! One SMTP connection: moves bytes between the socket, the session and the data reader, with all time limits.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Door,
    data::{DataReader, Progress},
    reply::Reply,
    session::{Answer, Next, Outcome, Session},
};
use crate::{
    accept::{Envelope, Refusal},
    budget::Share,
};

/// Longest command line with its line break; RFC 5321 §4.5.3.1.4 asks for 512, extensions for more.
const MAX_LINE: usize = 4096;
/// Of a longer line, so much is skipped before the connection is closed.
const MAX_SKIPPED: usize = 64 * 1024;
/// A mail that is too large is read and dropped up to this many times the limit, to give the right reply.
const DRAIN: usize = 2;
/// After the last word, so long and so many bytes are waited for before the connection is dropped.
const LINGER: Duration = Duration::from_secs(2);
const MAX_LINGERING: u64 = 4 * 1024 * 1024;
/// Writing a reply.
const WRITE: Duration = Duration::from_secs(60);

/// A command line, or why there is none.
enum Line {
    Command(Vec<u8>),
    TooLong,
    /// The other side went.
    Gone,
    /// Nothing to wait for any more; say this.
    Over(Answer),
}

/// A mail as read, before it is kept.
enum Mail {
    Complete(Vec<u8>, Share),
    Refused(Outcome),
    Gone,
}

/// One connection over any stream.
pub struct Connection<S> {
    stream: S,
    door: Arc<Door>,
    session: Session,
    /// Read, not yet used.
    inbox: Vec<u8>,
    /// Replies of a pipelined group, not yet written (RFC 2920 §3.2).
    outbox: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection that has just been made.
    pub fn new(stream: S, door: Arc<Door>) -> Self {
        let session = Session::new(door.routes.clone(), door.host.clone(), door.limits.max_size);
        Self { stream, door, session, inbox: Vec::new(), outbox: Vec::new() }
    }

    /// Serves until either side ends it.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn run(mut self) -> io::Result<()> {
        let greeting = self.session.greeting();
        self.say(&greeting);
        loop {
            let mut answer = match self.line().await? {
                Line::Command(line) => self.session.command(&line),
                Line::TooLong => self.session.line_too_long(),
                Line::Over(answer) => answer,
                Line::Gone => return Ok(()),
            };
            self.say(&answer.reply);
            if answer.next == Next::Data {
                self.flush().await?;
                match self.mail().await? {
                    Some(ended) => answer = ended,
                    None => return Ok(()),
                }
                self.say(&answer.reply);
            }
            if answer.next == Next::Close {
                return self.leave().await;
            }
        }
    }

    fn say(&mut self, reply: &Reply) {
        reply.write(&mut self.outbox);
    }

    /// Writes what is to be said. Time is limited: who does not read is left.
    async fn flush(&mut self) -> io::Result<()> {
        let out = std::mem::take(&mut self.outbox);
        timeout(WRITE, self.stream.write_all(&out)).await??;
        timeout(WRITE, self.stream.flush()).await?
    }

    /// Says the last word and closes. What still comes is read for a moment: closing with unread bytes would reset
    /// the connection, and the other side might never see the reply.
    async fn leave(mut self) -> io::Result<()> {
        self.flush().await?;
        timeout(WRITE, self.stream.shutdown()).await??;
        let mut rest = self.stream.take(MAX_LINGERING);
        let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
        Ok(())
    }

    /// The next command line; replies are written only when there is nothing more to answer at once.
    async fn line(&mut self) -> io::Result<Line> {
        let mut skipped = 0;
        loop {
            if self.door.stopping.is_cancelled() {
                return Ok(Line::Over(Answer::close(421, "4.3.2 stopping, try again later")));
            }
            if let Some(end) = self.inbox.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.inbox.drain(..=end).collect();
                let fits = skipped == 0 && line.len() <= MAX_LINE;
                return Ok(if fits { Line::Command(line) } else { Line::TooLong });
            }
            if self.inbox.len() >= MAX_LINE {
                skipped += self.inbox.len();
                self.inbox.clear();
            }
            if skipped > MAX_SKIPPED {
                return Ok(Line::Over(Answer::close(500, "5.5.2 the line is far too long: closing")));
            }
            self.flush().await?;
            let stopping = self.door.stopping.clone();
            let idle = self.door.limits.idle;
            self.inbox.reserve(MAX_LINE);
            tokio::select! {
                biased;
                () = stopping.cancelled() => {}
                read = timeout(idle, self.stream.read_buf(&mut self.inbox)) => match read {
                    Ok(Ok(0)) => return Ok(Line::Gone),
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Ok(Line::Over(Answer::close(421, "4.4.2 nothing heard for too long: closing"))),
                }
            }
        }
    }

    /// Reads a mail and keeps it; `None` when the other side went in the middle.
    async fn mail(&mut self) -> io::Result<Option<Answer>> {
        let outcome = match self.read_mail().await? {
            Mail::Gone => return Ok(None),
            Mail::Refused(outcome) => outcome,
            Mail::Complete(raw, share) => {
                let outcome = self.keep(raw.into()).await;
                drop(share);
                outcome
            }
        };
        Ok(Some(self.session.data_ended(outcome)))
    }

    async fn keep(&mut self, raw: Bytes) -> Outcome {
        let transaction = self.session.take();
        let envelope = Envelope { from: Some(transaction.from), recipients: transaction.recipients };
        match self.door.intake.accept(&envelope, raw).await {
            Ok(_) => Outcome::Kept,
            Err(Refusal::Loop) => Outcome::Loop,
            Err(Refusal::NotDurable(reason)) => {
                tracing::warn!(reason, "a mail was put off: it could not be kept");
                Outcome::NotDurable
            }
        }
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

    /// Reads the next piece of a mail; `None` when it does not come in time. When the service is to stop, the mail
    /// gets its last few seconds.
    async fn more(&mut self, chunk: &mut Vec<u8>, deadline: &mut Instant) -> Option<io::Result<usize>> {
        let limits = self.door.limits;
        chunk.reserve(16 * 1024);
        if !self.door.stopping.is_cancelled() {
            let until = (*deadline).min(Instant::now() + limits.block);
            tokio::select! {
                biased;
                () = self.door.stopping.cancelled() => {}
                read = timeout_at(until, self.stream.read_buf(chunk)) => return read.ok(),
            }
        }
        *deadline = (*deadline).min(Instant::now() + limits.farewell);
        timeout_at(*deadline, self.stream.read_buf(chunk)).await.ok()
    }
}
