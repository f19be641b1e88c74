//! One's own password: proving it, and choosing another.

use domain::UserId;

use super::{digest, second_step::Proof, verify_password};
use crate::{
    Actor, Desk, DeskError,
    accounts::{User, UserPatch},
    store::{accounts as rows, sessions},
};

/// How long after coming in by a sign-in link somebody may choose a password without the one before, which they came by
/// a link for not knowing.
const AFTER_LINK: i64 = 60 * 60 * 1000;

impl Desk {
    /// Gives somebody the password they chose. They prove the one before, unless they have none or just came in by a
    /// link. Their other sessions end.
    ///
    /// # Errors
    /// `wrong_password`; a password that makes no sense.
    pub async fn choose_password(
        &self,
        id: UserId,
        proof: Proof<'_>,
        password: String,
        actor: &Actor,
    ) -> Result<User, DeskError> {
        let came_by_link = {
            let mut tx = self.store.begin().await?;
            let since = self.now().plus(-AFTER_LINK);
            sessions::began_by_link(&mut tx, &digest(proof.session), id, since).await?
        };
        if !came_by_link {
            self.prove_password(id, proof).await?;
        }
        let keep_session = Some(proof.session.to_owned());
        let patch = UserPatch { password: Some(password), keep_session, ..UserPatch::default() };
        self.change_own(id, patch, actor).await
    }

    /// Whether somebody at an open session is who signed in there: they know the password, where there is one.
    pub(super) async fn prove_password(&self, id: UserId, proof: Proof<'_>) -> Result<(), DeskError> {
        let hash = {
            let mut tx = self.store.begin().await?;
            rows::password_hash(&mut tx, id).await?
        };
        let Some(hash) = hash else { return Ok(()) };
        if verify_password(proof.password.unwrap_or_default().to_owned(), Some(hash)).await? {
            return Ok(());
        }
        Err(DeskError::Unfit { code: "wrong_password", reason: "this is not your password".into() })
    }
}
