//! Passkeys (Web Authentication, level 3): what people sign in with instead of a password and a second step. Adding them,
//! naming them, removing them; [`entrance`] signs in by them.

use bus::Packet;
use domain::{
    PasskeyId, Timestamp, UserId,
    account_mail::{self, PasskeyChange},
    audit::AuditAction,
    passkey::{
        ALGORITHMS, AuthenticatorData, Ceremony, LONGEST_NAME, MOST, PasskeyFault, authenticator_data_of,
        checked_name,
    },
    sign_in::may_remove_passkey,
};
use serde_json::json;

use super::second_step::{Code, Proof};
use crate::{
    Actor, Desk, DeskError,
    accounts::User,
    audit::{self, Deed},
    entropy, settings,
    store::{Tx, passkeys as rows},
};

mod challenge;
mod entrance;
mod signature;
mod site;

pub use challenge::CHALLENGE_MILLIS;
use challenge::Purpose;
pub use entrance::PasskeyProof;
use site::Site;

/// One of somebody's passkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Id.
    pub id: PasskeyId,
    /// What they call it.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When somebody signed in by it last.
    pub used_at: Option<Timestamp>,
}

/// A passkey with what nobody is shown.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub passkey: Passkey,
    pub user: UserId,
    /// Its public key as COSE.
    pub key: Vec<u8>,
    pub sign_count: u32,
    pub may_be_backed_up: bool,
}

/// What a browser is asked to make a passkey with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRequest {
    /// Base64url; good once and for [`CHALLENGE_MILLIS`].
    pub challenge: String,
    /// The site it is for: the host of the public address.
    pub site: String,
    /// The organisation.
    pub site_name: String,
    /// Whom it is for; its bytes are the user handle.
    pub user: UserId,
    /// What they sign in with.
    pub user_name: String,
    /// Their name.
    pub display_name: String,
    /// COSE's numbers of the algorithms that are taken.
    pub algorithms: [i64; 3],
    /// Ids of passkeys they have, in base64url: no authenticator gets a second one.
    pub exclude: Vec<String>,
}

/// What a browser is asked to sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyQuestion {
    /// Base64url; good once and for [`CHALLENGE_MILLIS`].
    pub challenge: String,
    /// The site it is for: the host of the public address.
    pub site: String,
}

/// A passkey that a browser made.
#[derive(Clone, Debug, Default)]
pub struct MadePasskey {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `attestationObject`.
    pub attestation: Vec<u8>,
}

impl Desk {
    /// Somebody's passkeys, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn passkeys(&self, id: UserId) -> Result<Vec<Passkey>, DeskError> {
        rows::of_user(&self.store, id).await
    }

    /// Begins to add one. It counts for both steps, so both are proved once more.
    ///
    /// # Errors
    /// `wrong_password`, `wrong_code`, `too_many_codes`, `second_step_off`, `code_needed`, `too_many_passkeys`,
    /// `passkeys_unavailable`, `provider_only`.
    pub async fn request_passkey(
        &self,
        id: UserId,
        proof: Proof<'_>,
        code: Option<Code<'_>>,
    ) -> Result<PasskeyRequest, DeskError> {
        let site = self.site()?;
        let (mut tx, user) = match code {
            Some(code) => self.proven(id, proof, code).await?,
            None => self.proven_by_password(id, proof).await?,
        };
        has_room(&user)?;
        if !self.takes_password_of(user.role) {
            let reason = "you sign in through your organisation's identity provider, and not past it";
            return Err(DeskError::conflict("provider_only", reason));
        }
        let exclude = rows::credentials(&mut tx, id).await?;
        let site_name = settings::current(&mut *tx).await?.organization.name;
        // a code that was given is used up
        tx.commit().await?;
        Ok(PasskeyRequest {
            challenge: self.challenge(Purpose::Adding { user: id, session: proof.session })?,
            site: site.id,
            site_name,
            user: id,
            user_name: user.email.to_string(),
            display_name: user.name,
            algorithms: ALGORITHMS,
            exclude,
        })
    }

    async fn proven_by_password(&self, id: UserId, proof: Proof<'_>) -> Result<(Tx, User), DeskError> {
        self.prove_password(id, proof).await?;
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, id).await?;
        if user.second_step {
            let reason = "give a code of the second step, too: a passkey signs in without it".into();
            return Err(DeskError::Unfit { code: "code_needed", reason });
        }
        Ok((tx, user))
    }

    /// Adds the passkey that a browser made; other sessions end.
    ///
    /// # Errors
    /// `passkey_unfit`, `passkey_too_late`, `passkey_known`, `too_many_passkeys`, `passkeys_unavailable`; a name that
    /// makes no sense.
    pub async fn add_passkey(
        &self,
        id: UserId,
        name: &str,
        made: &MadePasskey,
        session: &str,
        actor: &Actor,
    ) -> Result<Passkey, DeskError> {
        let (site, now, name) = (self.site()?, self.now(), fit_name(name)?);
        let answered = site.challenge_of(&made.client_data, Ceremony::Making).map_err(unfit)?;
        let spent = self.open_challenge(&answered, Purpose::Adding { user: id, session })?;
        let spent = spent.ok_or_else(too_late)?;
        let data = authenticator_data_of(&made.attestation).map_err(unfit)?;
        let data = AuthenticatorData::parse(data, &site.hash).map_err(unfit)?;
        let credential = data.credential.ok_or(PasskeyFault::Unreadable).map_err(unfit)?;
        let passkey = Passkey { id: PasskeyId::new(now, &entropy()), name, created_at: now, used_at: None };
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, id).await?;
        if !rows::spend(&mut tx, &spent.hash, spent.until).await? {
            return Err(too_late());
        }
        has_room(&user)?;
        let (sign_count, may_be_backed_up) = (data.sign_count, data.may_be_backed_up);
        let kept = Kept { passkey, user: id, key: credential.key, sign_count, may_be_backed_up };
        if !rows::insert(&mut tx, &kept, &credential.id).await? {
            return Err(DeskError::conflict("passkey_known", "this passkey is here already"));
        }
        let packet =
            self.passkey_changed(&mut tx, &user, PasskeyChange::Added, &kept.passkey, session, actor).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(kept.passkey)
    }

    /// Gives one of one's passkeys another name.
    ///
    /// # Errors
    /// There is none of that id; a name that makes no sense.
    pub async fn rename_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        name: &str,
        actor: &Actor,
    ) -> Result<Passkey, DeskError> {
        let name = fit_name(name)?;
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, user).await?;
        let before = rows::find(&mut tx, id, user.id).await?.ok_or(DeskError::NotFound("passkey"))?;
        if before.name == name {
            return Ok(before);
        }
        rows::rename(&mut tx, id, &name).await?;
        let facts = json!({"passkey": before.name, "name": name});
        let deed = Deed::of(AuditAction::PasskeyRenamed, &user).with(&facts);
        audit::record(&mut tx, actor, deed, self.now()).await?;
        tx.commit().await?;
        Ok(Passkey { name, ..before })
    }

    /// Removes one of one's passkeys; other sessions end. It asks for no code of the second step: who lost a device takes
    /// it away at once, and nobody gains a way in by it.
    ///
    /// # Errors
    /// `wrong_password`, `second_step_required` for the last one where everybody must have a second step; there is none of
    /// that id.
    pub async fn remove_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        proof: Proof<'_>,
        actor: &Actor,
    ) -> Result<(), DeskError> {
        self.prove_password(user, proof).await?;
        let mut tx = self.store.begin().await?;
        let user = self.locked(&mut tx, user).await?;
        let passkey = rows::find(&mut tx, id, user.id).await?.ok_or(DeskError::NotFound("passkey"))?;
        let required = settings::current(&mut *tx).await?.security.second_step_required;
        if !may_remove_passkey(user.second_step, user.passkeys, required) {
            let reason = "everybody here must have a second step: add another passkey or set one up first";
            return Err(DeskError::conflict("second_step_required", reason));
        }
        rows::remove(&mut tx, id).await?;
        let change = PasskeyChange::Removed;
        let packet = self.passkey_changed(&mut tx, &user, change, &passkey, proof.session, actor).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(user.id).await;
        Ok(())
    }

    async fn passkey_changed(
        &self,
        tx: &mut Tx,
        user: &User,
        change: PasskeyChange,
        passkey: &Passkey,
        session: &str,
        actor: &Actor,
    ) -> Result<Option<Packet>, DeskError> {
        let action = match change {
            PasskeyChange::Added => AuditAction::PasskeyAdded,
            PasskeyChange::Removed => AuditAction::PasskeyRemoved,
        };
        let (now, name) = (self.now(), passkey.name.as_str());
        let deed = Deed::of(action, user).with(&json!({"passkey": name}));
        let from = actor.from.map(|from| from.to_string());
        let letter =
            |organization: &str| account_mail::passkey(organization, change, name, from.as_deref(), now);
        self.sign_in_changed(tx, user, deed, Some(session), actor, letter).await
    }

    fn site(&self) -> Result<Site, DeskError> {
        let outside = self.outside.as_ref();
        outside.and_then(|outside| Site::at(&outside.below(""))).ok_or_else(|| {
            let reason = "browsers keep passkeys only for an https address with a name, or localhost: set public_url to one";
            DeskError::conflict("passkeys_unavailable", reason)
        })
    }
}

fn fit_name(name: &str) -> Result<String, DeskError> {
    checked_name(name)
        .ok_or_else(|| DeskError::invalid("name", format!("a name must have 1 to {LONGEST_NAME} characters")))
}

fn has_room(user: &User) -> Result<(), DeskError> {
    if user.passkeys < MOST {
        return Ok(());
    }
    let reason = format!("there are {MOST} passkeys already: remove one first");
    Err(DeskError::conflict("too_many_passkeys", reason))
}

fn unfit(fault: PasskeyFault) -> DeskError {
    DeskError::Unfit { code: "passkey_unfit", reason: fault.to_string() }
}

fn too_late() -> DeskError {
    let reason = "this took too long, or was answered before: begin again".into();
    DeskError::Unfit { code: "passkey_too_late", reason }
}
