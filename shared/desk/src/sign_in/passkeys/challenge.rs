//! Challenges: sealed, so that any replica knows one that another gave out and strangers fill no table by asking for them;
//! one that was answered is written down, so that it is good once.

use domain::{Timestamp, UserId};

use crate::{Desk, DeskError, sign_in::digest};

/// How long a challenge is good.
pub const CHALLENGE_MILLIS: i64 = 5 * 60 * 1000;

/// What a challenge is for; it is good for nothing else.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// Signing in.
    SigningIn,
    /// Adding a passkey, by who proved at this session who they are.
    Adding {
        /// Whose.
        user: UserId,
        /// The token of the session.
        session: &'a str,
    },
}

impl Purpose<'_> {
    fn words(self) -> String {
        match self {
            Self::SigningIn => "signing in by a passkey".into(),
            Self::Adding { user, session } => format!("adding a passkey of {user} at {}", digest(session)),
        }
    }
}

/// A challenge that was answered in time.
pub(super) struct Answered {
    /// By which it is known that it was.
    pub hash: String,
    /// Until when it would be good.
    pub until: Timestamp,
}

impl Desk {
    pub(super) fn challenge(&self, purpose: Purpose<'_>) -> Result<String, DeskError> {
        let until = self.now().plus(CHALLENGE_MILLIS).millis().to_be_bytes();
        let random: [u8; 16] = seal::random()?;
        Ok(self.seal()?.close(&purpose.words(), &[until.as_slice(), &random].concat())?)
    }

    /// `None` when it is none of ours, for something else, or too old. That it was not answered before is asked of the
    /// database by who goes on.
    pub(super) fn open_challenge(
        &self,
        challenge: &str,
        purpose: Purpose<'_>,
    ) -> Result<Option<Answered>, DeskError> {
        let opened = self.seal()?.open(&purpose.words(), challenge);
        let until = opened.as_deref().and_then(|plain| plain.first_chunk::<8>().copied());
        let until = until.map(|bytes| Timestamp::from_millis(i64::from_be_bytes(bytes)));
        let until = until.filter(|until| *until > self.now());
        Ok(until.map(|until| Answered { hash: digest(challenge), until }))
    }
}
