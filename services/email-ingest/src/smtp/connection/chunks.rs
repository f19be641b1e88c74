//! A mail that comes in chunks (BDAT, RFC 3030), and bytes nobody wants.

use std::io;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::{Connection, DRAIN};
use crate::{
    budget::Share,
    smtp::{answer::Answer, chunk::Breaks, session::Outcome},
};

/// What has come so far.
pub(super) struct Chunks {
    raw: Vec<u8>,
    share: Share,
    breaks: Breaks,
    deadline: Instant,
}

/// What became of the bytes of a chunk.
enum Read {
    All,
    Refused(Outcome),
    Gone,
}

impl Chunks {
    /// When the whole mail must be there.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Takes bytes of the mail.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Outcome> {
        if !self.breaks.feed(bytes) {
            return Err(Outcome::BareLineBreak);
        }
        if !self.share.cover(self.raw.len() + bytes.len()) {
            return Err(Outcome::NoRoom);
        }
        self.raw.extend_from_slice(bytes);
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Reads a chunk, and keeps the mail with the last; `so_far` is the answer to one that is not the last. `None`
    /// when the other side went in the middle.
    pub(super) async fn chunk(
        &mut self,
        size: usize,
        last: bool,
        so_far: Answer,
    ) -> io::Result<Option<Answer>> {
        let mut chunks = self.chunks.take().unwrap_or_else(|| Chunks {
            raw: Vec::new(),
            share: self.door.intake.budget().share(),
            breaks: Breaks::default(),
            deadline: Instant::now() + self.door.limits.message,
        });
        let refused = match self.read_chunk(size, &mut chunks).await? {
            Read::Gone => return Ok(None),
            Read::Refused(outcome) => Some(outcome),
            Read::All if last && !chunks.breaks.may_end() => Some(Outcome::BareLineBreak),
            Read::All => None,
        };
        Ok(Some(match refused {
            // Each recipient is answered for only at the end of a mail.
            Some(outcome) if last => self.refuse(outcome),
            Some(outcome) => self.session.data_ended(outcome),
            None if last => self.keep(chunks.raw.into(), chunks.share).await,
            None => {
                self.chunks = Some(chunks);
                so_far
            }
        }))
    }

    /// Reads the bytes of a chunk. Also of one that is refused, so that what follows is a command again, unless they
    /// are too many.
    async fn read_chunk(&mut self, size: usize, chunks: &mut Chunks) -> io::Result<Read> {
        let max_size = self.door.limits.max_size;
        let mut refused = (size > max_size.saturating_sub(chunks.raw.len())).then_some(Outcome::TooLarge);
        if refused.is_some() && size > DRAIN.saturating_mul(max_size) {
            return Ok(Read::Refused(Outcome::FarTooLarge));
        }
        let (mut missing, mut deadline) = (size, chunks.deadline);
        while missing > 0 {
            if self.inbox.is_empty() {
                self.flush().await?;
                let mut piece = Vec::new();
                match self.more(&mut piece, &mut deadline).await {
                    Some(Ok(0)) => return Ok(Read::Gone),
                    Some(Ok(_)) => self.inbox = piece,
                    Some(Err(error)) => return Err(error),
                    None => return Ok(Read::Refused(Outcome::TooSlow)),
                }
            }
            let used = missing.min(self.inbox.len());
            missing -= used;
            if refused.is_none() {
                refused = chunks.take(&self.inbox[..used]).err();
            }
            self.inbox.drain(..used);
            if refused == Some(Outcome::BareLineBreak) {
                break;
            }
        }
        Ok(refused.map_or(Read::All, Read::Refused))
    }

    /// Reads bytes that were refused, to be able to say so.
    pub(super) async fn skip(&mut self, size: usize, answer: Answer) -> io::Result<Option<Answer>> {
        let limits = self.door.limits;
        if size > DRAIN.saturating_mul(limits.max_size) {
            return Ok(Some(Answer::close(answer.reply.code, "5.5.1 too much to read on for: closing")));
        }
        let (mut missing, mut deadline) = (size, Instant::now() + limits.message);
        loop {
            let used = missing.min(self.inbox.len());
            self.inbox.drain(..used);
            missing -= used;
            if missing == 0 {
                return Ok(Some(answer));
            }
            self.flush().await?;
            let mut piece = Vec::new();
            match self.more(&mut piece, &mut deadline).await {
                Some(Ok(0)) => return Ok(None),
                Some(Ok(_)) => self.inbox = piece,
                Some(Err(error)) => return Err(error),
                None => return Ok(Some(self.session.data_ended(Outcome::TooSlow))),
            }
        }
    }
}
