//! Where somebody is signed in, and ending that.

use domain::{Timestamp, UserId, audit::AuditAction};
use serde_json::json;

use super::digest;
use crate::{
    Actor, Desk, DeskError,
    accounts::check_grant,
    audit::{self, Deed},
    availability,
    store::{accounts, sessions as rows},
};

/// A place where somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// By which it can be ended; it opens nothing.
    pub id: String,
    /// What the browser calls itself; empty when it did not say.
    pub browser: String,
    /// Where it signed in from.
    pub address: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was used last, give or take some minutes.
    pub used_at: Timestamp,
    /// The one that asks.
    pub current: bool,
}

/// Which sessions of somebody end.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// The one of that id.
    One(&'a str),
    /// All but the one of that token, if there is one.
    AllBut(Option<&'a str>),
}

/// The id of a session, made from the hash of its token.
pub(crate) fn session_id(hash: &str) -> String {
    digest(&format!("session {hash}"))
}

impl Desk {
    /// Where somebody is signed in, last used first. `token` is that of the session that asks.
    ///
    /// # Errors
    /// There is no such person; the database cannot be read.
    pub async fn open_sessions(
        &self,
        user: UserId,
        token: Option<&str>,
    ) -> Result<Vec<OpenSession>, DeskError> {
        self.user(user).await?;
        let current = token.map(digest);
        let open = rows::of_user(&self.store, user, self.now()).await?;
        let marked = |(hash, session): (String, OpenSession)| OpenSession {
            current: current.as_deref() == Some(hash.as_str()),
            ..session
        };
        Ok(open.into_iter().map(marked).collect())
    }

    /// Ends sessions of somebody; says how many. Their live streams end with them.
    ///
    /// # Errors
    /// There is no such person or session; not for this actor.
    pub async fn end_sessions(
        &self,
        user: UserId,
        which: Ending<'_>,
        actor: &Actor,
    ) -> Result<u64, DeskError> {
        let now = self.now();
        let known = rows::of_user(&self.store, user, now).await?;
        let mut tx = self.store.begin().await?;
        let person = accounts::user_in(&mut tx, user).await?.ok_or(DeskError::NotFound("user"))?;
        if actor.user != Some(user) {
            check_grant(actor, person.role)?;
        }
        let ended = match which {
            Ending::One(id) => {
                let found = known.iter().find(|(_, session)| session.id == id);
                let (hash, _) = found.ok_or(DeskError::NotFound("session"))?;
                u64::from(rows::end(&mut tx, hash).await?.is_some())
            }
            Ending::AllBut(kept) => rows::end_all(&mut tx, user, kept.map(digest).as_deref()).await?,
        };
        if ended > 0 {
            if known.len() as u64 == ended {
                availability::left(&mut tx, user).await?;
            }
            let deed = Deed::of(AuditAction::SessionsEnded, &person).with(&json!({"sessions": ended}));
            audit::record(&mut tx, actor, deed, now).await?;
        }
        self.commit(tx, Vec::new()).await?;
        self.access_changed(user).await;
        Ok(ended)
    }
}
