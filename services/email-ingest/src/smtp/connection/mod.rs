//! One SMTP connection: moves bytes between the socket, the session and the data reader, with all time limits.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Door,
    answer::{Answer, Next},
    guests::Guest,
    reply::Reply,
    session::Session,
};

mod chunks;
mod mail;

use chunks::Chunks;

/// Longest command line with its line break; RFC 5321 §4.5.3.1.4 asks for 512, extensions for more.
const MAX_LINE: usize = 4096;
/// Of a longer line, so much is skipped before the connection is closed.
const MAX_SKIPPED: usize = 64 * 1024;
/// What is refused is read and dropped up to this many times the limit of a mail, to give the right reply.
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

/// How a connection ended.
pub enum Ended<S> {
    /// For good.
    Closed,
    /// TLS is to begin; what came unencrypted is gone.
    Tls(S, Box<Session>, Guest),
}

/// One connection over any stream.
pub struct Connection<S> {
    stream: S,
    door: Arc<Door>,
    session: Box<Session>,
    guest: Guest,
    /// Read, not yet used.
    inbox: Vec<u8>,
    /// Replies of a pipelined group, not yet written (RFC 2920 §3.2).
    outbox: Vec<u8>,
    /// What has come of a mail in chunks.
    chunks: Option<Chunks>,
    /// When it must be over, whatever it does.
    ends: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// A connection of which `inbox` has been read already.
    pub fn new(stream: S, door: Arc<Door>, session: Box<Session>, guest: Guest, inbox: Vec<u8>) -> Self {
        let ends = Instant::now() + door.limits.session;
        Self { stream, door, session, guest, inbox, outbox: Vec::new(), chunks: None, ends }
    }

    /// Greets, then [`Connection::run`].
    ///
    /// # Errors
    /// The connection broke.
    pub async fn greet_and_run(mut self) -> io::Result<Ended<S>> {
        let greeting = self.session.greeting();
        self.say(&greeting);
        self.run().await
    }

    /// Serves until either side ends it, or TLS begins.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn run(mut self) -> io::Result<Ended<S>> {
        loop {
            let answer = match self.line().await? {
                Line::Command(line) => self.session.command(&line),
                Line::TooLong => self.session.line_too_long(),
                Line::Over(answer) => answer,
                Line::Gone => return Ok(Ended::Closed),
            };
            let Some(answer) = self.act(answer).await? else { return Ok(Ended::Closed) };
            self.say(&answer.reply);
            if !self.session.is_in_chunks() {
                self.chunks = None;
            }
            match answer.next {
                Next::Close => return self.leave().await.map(|()| Ended::Closed),
                Next::Tls => {
                    self.flush().await?;
                    // What came behind STARTTLS in the clear could be anybody's (CVE-2011-0411): it ends here.
                    return Ok(Ended::Tls(self.stream, self.session, self.guest));
                }
                _ => {}
            }
        }
    }

    /// Does what an answer asks for before it is said; the answer to say then, or `None` when the other side went.
    async fn act(&mut self, answer: Answer) -> io::Result<Option<Answer>> {
        match answer.next {
            Next::Data => {
                self.say(&answer.reply);
                self.flush().await?;
                self.mail().await
            }
            Next::Chunk { size, last } => self.chunk(size, last, answer).await,
            Next::Skip(size) => self.skip(size, answer).await,
            Next::Client(address) if !self.guest.comes_from(address) => {
                Ok(Some(Answer::close(421, "4.7.0 too many connections, try again later")))
            }
            Next::Client(_) | Next::Command | Next::Close | Next::Tls => Ok(Some(answer)),
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
        self.chunks = None;
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
                return Ok(if skipped > 0 || line.len() > MAX_LINE {
                    Line::TooLong
                } else if line.iter().position(|b| *b == b'\r') == Some(line.len().wrapping_sub(2)) {
                    Line::Command(line)
                } else {
                    Line::Over(Answer::close(521, "5.5.2 a line break that is not CRLF: closing"))
                });
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
            let until = self.patience();
            self.inbox.reserve(MAX_LINE);
            tokio::select! {
                biased;
                () = stopping.cancelled() => {}
                read = timeout_at(until, self.stream.read_buf(&mut self.inbox)) => match read {
                    Ok(Ok(0)) => return Ok(Line::Gone),
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Ok(Line::Over(Answer::close(421, "4.4.2 nothing heard for too long: closing"))),
                }
            }
        }
    }

    /// How long the next command is waited for. What a mail in chunks holds is not held for ever.
    fn patience(&self) -> Instant {
        let idle = self.ends.min(Instant::now() + self.door.limits.idle);
        self.chunks.as_ref().map_or(idle, |chunks| idle.min(chunks.deadline()))
    }

    /// Reads the next piece of a mail; `None` when it does not come in time. When the service is to stop, the mail
    /// gets its last few seconds.
    async fn more(&mut self, piece: &mut Vec<u8>, deadline: &mut Instant) -> Option<io::Result<usize>> {
        let limits = self.door.limits;
        piece.reserve(16 * 1024);
        if !self.door.stopping.is_cancelled() {
            let until = (*deadline).min(Instant::now() + limits.block);
            tokio::select! {
                biased;
                () = self.door.stopping.cancelled() => {}
                read = timeout_at(until, self.stream.read_buf(piece)) => return read.ok(),
            }
        }
        *deadline = (*deadline).min(Instant::now() + limits.farewell);
        timeout_at(*deadline, self.stream.read_buf(piece)).await.ok()
    }
}
