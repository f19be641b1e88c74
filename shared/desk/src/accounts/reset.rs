//! A password that was forgotten: a link by mail, which works once, and a mail about every password that is new.

use bus::Packet;
use domain::{EmailAddress, Timestamp, account_mail, audit::AuditAction};
use serde_json::json;

use super::{Actor, User};
use crate::{
    Desk, DeskError,
    audit::{self, Deed},
    notices,
    sign_in::{self, Origin},
    store::{Tx, accounts as rows, password_links, sessions},
};

/// The link works for an hour, in milliseconds.
const LASTS: i64 = 60 * 60 * 1000;
/// Most links that somebody is sent in that time.
const MOST: i64 = 3;

impl Desk {
    /// Sends whoever has that address a link to choose a new password; nothing when nobody has it, or they were sent
    /// enough of them. Says nothing about which it was.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn forgot_password(&self, email: &str, origin: &Origin) -> Result<(), DeskError> {
        let email = EmailAddress::parse(email).ok();
        let user = match &email {
            Some(email) => rows::credentials(&self.store, email.as_str()).await?.map(|(user, _)| user),
            None => None,
        };
        let (now, asked) = (self.now(), AuditAction::PasswordForgotten);
        let is_noted = self.is_noted(origin.address, asked).await?;
        let mut tx = self.store.begin().await?;
        if !is_noted {
            let deed = user
                .as_ref()
                .map_or_else(|| Deed::to_nobody(asked, email.as_ref()), |user| Deed::of(asked, user));
            audit::stranger(&mut tx, origin.address, deed, now).await?;
        }
        let packet = match user.filter(|user| !user.disabled && self.takes_password_of(user.role)) {
            Some(user) => self.send_password_link(&mut tx, &user, now).await?,
            None => None,
        };
        self.commit(tx, packet.into_iter().collect()).await
    }

    async fn send_password_link(
        &self,
        tx: &mut Tx,
        user: &User,
        now: Timestamp,
    ) -> Result<Option<Packet>, DeskError> {
        // held, so that two requests at once count each other
        rows::lock_user(&self.store, tx, user.id).await?;
        if password_links::since(tx, user.id, now.plus(-LASTS)).await? >= MOST {
            return Ok(None);
        }
        let token = sign_in::token();
        password_links::insert(tx, &sign_in::digest(&token), user.id, now, now.plus(LASTS)).await?;
        let link = self.console_link(&format!("#/new-password?token={token}"));
        let letter = |organization: &str| account_mail::password_link(organization, &link);
        let packet = notices::about_account(self, tx, &user.email, letter, now).await?;
        if packet.is_none() {
            tracing::warn!(user = %user.id, "a new password was asked for, and there is no address to write from");
        }
        Ok(packet)
    }

    /// Gives whoever has that link a new password, uses the link up and ends all their sessions; `false` when it is
    /// none, was used or is too old.
    ///
    /// # Errors
    /// A password that is too short or too common; the link is still good then.
    pub async fn reset_password(
        &self,
        token: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<bool, DeskError> {
        let (token, now) = (sign_in::digest(token), self.now());
        let owner = password_links::owner(&self.store, &token, now).await?;
        let Some(id) = owner else { return Ok(false) };
        let hash = self.hash_checked(Some(password.to_owned())).await?;
        let mut tx = self.store.begin().await?;
        let user = rows::lock_user(&self.store, &mut tx, id).await?;
        let user = user.filter(|user| !user.disabled && self.takes_password_of(user.role));
        let Some(user) = user else { return Ok(false) };
        if !password_links::take(&mut tx, &token, now).await? {
            return Ok(false);
        }
        rows::update_user(&mut tx, &user, hash.as_deref(), now).await?;
        sessions::end_all(&mut tx, id, None).await?;
        sessions::forget_links(&mut tx, id).await?;
        let actor = Actor { from: origin.address, ..user.actor() };
        let deed = Deed::of(AuditAction::PasswordChanged, &user).with(&json!({"with": "password_link"}));
        audit::record(&mut tx, &actor, deed, now).await?;
        let packet = self.tell_of_password(&mut tx, &user, &actor, now).await?;
        self.commit(tx, packet.into_iter().collect()).await?;
        self.access_changed(id).await;
        Ok(true)
    }

    /// Tells somebody that their password is not what it was.
    pub(super) async fn tell_of_password(
        &self,
        tx: &mut Tx,
        user: &User,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Packet>, DeskError> {
        let by = (actor.user != Some(user.id)).then_some(actor.name.as_str());
        let address = actor.from.map(|from| from.to_string());
        let letter =
            |organization: &str| account_mail::password_changed(organization, by, address.as_deref(), now);
        notices::about_account(self, tx, &user.email, letter, now).await
    }

    /// The address of a page of the console.
    pub(super) fn console_link(&self, place: &str) -> String {
        self.outside.as_ref().map(|outside| outside.below(place)).unwrap_or_default()
    }
}
