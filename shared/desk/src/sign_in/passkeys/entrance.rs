//! Signing in by a passkey.

use domain::{
    audit::AuditAction,
    passkey::{AuthenticatorData, Ceremony, PasskeyFault, PublicKey, has_moved},
};
use serde_json::json;

use super::{
    Kept, PasskeyQuestion,
    challenge::{Answered, Purpose},
    signature,
};
use crate::{
    Desk, DeskError,
    accounts::User,
    audit::{self, Deed},
    sign_in::{NewSession, Origin},
    store::{Tx, accounts, passkeys as rows, second_steps},
};

/// What a browser gives to sign in.
#[derive(Clone, Debug, Default)]
pub struct PasskeyProof {
    /// The id of the passkey, which its authenticator chose (`rawId`).
    pub credential: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `signature`.
    pub signature: Vec<u8>,
    /// Whom the authenticator keeps it for (`userHandle`).
    pub user_handle: Vec<u8>,
}

impl Desk {
    /// What a browser is asked to sign in with. It names nobody: the authenticator knows whom it has passkeys for.
    ///
    /// # Errors
    /// `passkeys_unavailable`.
    pub fn ask_for_passkey(&self) -> Result<PasskeyQuestion, DeskError> {
        let site = self.site()?;
        Ok(PasskeyQuestion { challenge: self.challenge(Purpose::SigningIn)?, site: site.id })
    }

    /// Lets somebody in by a passkey, which counts for both steps; `None` when it is not known, does not prove it, was
    /// copied, or the person is shut out or comes in by the identity provider alone: which of these nobody is told.
    ///
    /// # Errors
    /// `passkeys_unavailable`; the database is not available.
    pub async fn sign_in_by_passkey(
        &self,
        proof: &PasskeyProof,
        origin: &Origin,
    ) -> Result<Option<NewSession>, DeskError> {
        let site = self.site()?;
        let kept = rows::by_credential(&self.store, &proof.credential).await?;
        let answered = match site.challenge_of(&proof.client_data, Ceremony::Using) {
            Ok(challenge) => self.open_challenge(&challenge, Purpose::SigningIn)?,
            Err(fault) => return self.refuse(kept, Some(fault), origin).await,
        };
        let (Some(kept), Some(answered)) = (kept.clone(), answered) else {
            return self.refuse(kept, None, origin).await;
        };
        let checked = check(proof, &kept, &site.hash);
        match checked {
            Ok(sign_count) => self.enter_by_passkey(kept, answered, sign_count, origin).await,
            Err(fault) => self.refuse(Some(kept), Some(fault), origin).await,
        }
    }

    async fn enter_by_passkey(
        &self,
        kept: Kept,
        answered: Answered,
        sign_count: u32,
        origin: &Origin,
    ) -> Result<Option<NewSession>, DeskError> {
        let (mut tx, now) = (self.store.begin().await?, self.now());
        let user = accounts::lock_user(&self.store, &mut tx, kept.user).await?;
        let user = user.filter(|user| !user.disabled && self.takes_password_of(user.role));
        let Some(user) = user else { return self.refuse_in(tx, kept, origin).await };
        // whoever held the lock before may have removed or used it
        let current = rows::find_kept(&mut tx, kept.passkey.id).await?;
        let Some(current) = current else { return self.refuse_in(tx, kept, origin).await };
        if !rows::spend(&mut tx, &answered.hash, answered.until).await? {
            return self.refuse_in(tx, kept, origin).await;
        }
        if !has_moved(current.sign_count, sign_count) {
            let facts =
                json!({"passkey": current.passkey.name, "counter": sign_count, "before": current.sign_count});
            let deed = Deed::of(AuditAction::PasskeyCopied, &user).with(&facts);
            audit::stranger(&mut tx, origin.address, deed, now).await?;
            tx.commit().await?;
            return Ok(None);
        }
        rows::used(&mut tx, current.passkey.id, sign_count, now).await?;
        second_steps::forget_pending(&mut tx, user.id).await?;
        let new = self.new_session(&mut tx, user, "passkey", origin).await?;
        tx.commit().await?;
        Ok(Some(new))
    }

    async fn refuse_in(&self, tx: Tx, kept: Kept, origin: &Origin) -> Result<Option<NewSession>, DeskError> {
        tx.rollback().await?;
        self.refuse(Some(kept), None, origin).await
    }

    async fn refuse(
        &self,
        kept: Option<Kept>,
        fault: Option<PasskeyFault>,
        origin: &Origin,
    ) -> Result<Option<NewSession>, DeskError> {
        if let Some(fault) = fault {
            tracing::info!(%fault, "a passkey was refused");
        }
        let user: Option<User> = match kept {
            Some(kept) => accounts::user(&self.store, kept.user).await?,
            None => None,
        };
        self.turn_away(user.as_ref(), None, "passkey", origin).await?;
        Ok(None)
    }
}

/// Checks what was signed by the key that is kept (§7.2); answers the counter.
fn check(proof: &PasskeyProof, kept: &Kept, site: &[u8; 32]) -> Result<u32, PasskeyFault> {
    if proof.user_handle != kept.user.0.as_bytes() {
        return Err(PasskeyFault::Unreadable);
    }
    let data = AuthenticatorData::parse(&proof.authenticator_data, site)?;
    if data.may_be_backed_up != kept.may_be_backed_up {
        return Err(PasskeyFault::Unreadable);
    }
    let key = PublicKey::parse(&kept.key)?;
    signature::check(&key, &proof.authenticator_data, &proof.client_data, &proof.signature)?;
    Ok(data.sign_count)
}
