//! Inviting people: a mail with a link, by which whoever has the address chooses a password and comes in.

use bus::Packet;
use domain::{
    EmailAddress, InvitationId, Role, Timestamp, UserId, account_mail,
    audit::{AuditAction, AuditNoun},
};
use serde_json::{Value, json};

use super::{Actor, User, check_grant, checked_name};
use crate::{
    Desk, DeskError,
    audit::{self, Audited, Deed},
    entropy, notices,
    sign_in::{self, Entrance, Origin},
    store::{Tx, accounts, invitations as rows},
};

/// How long an invitation is good, in milliseconds.
const LASTS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Between two mails about the same invitation, in milliseconds.
const PAUSE: i64 = 60 * 1000;
/// Most invitations that wait.
const MOST: i64 = 500;

/// Somebody who was asked to work here and has not come yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Id.
    pub id: InvitationId,
    /// Whom.
    pub email: EmailAddress,
    /// Their name, where it was given.
    pub name: Option<String>,
    /// What they will be allowed to do.
    pub role: Role,
    /// Name of who asked.
    pub invited_by: String,
    /// When they were asked first.
    pub created_at: Timestamp,
    /// When they were asked last.
    pub sent_at: Timestamp,
    /// Until when they can come.
    pub expires_at: Timestamp,
}

impl Audited for Invitation {
    const NOUN: AuditNoun = AuditNoun::Invitation;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> String {
        self.email.to_string()
    }

    fn facts(&self) -> Value {
        json!({"email": self.email, "role": self.role})
    }
}

/// Somebody to ask.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Whom.
    pub email: EmailAddress,
    /// Their name, where it is known.
    pub name: Option<String>,
    /// What they will be allowed to do.
    pub role: Role,
}

impl Desk {
    /// Asks somebody by mail to work here.
    ///
    /// # Errors
    /// Not for this actor; `email_taken`, `already_invited`, `no_sender`; a name that makes no sense.
    pub async fn invite(&self, new: NewInvitation, actor: &Actor) -> Result<Invitation, DeskError> {
        check_grant(actor, new.role)?;
        let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let now = self.now();
        let invitation = Invitation {
            id: InvitationId::new(now, &entropy()),
            name: name.map(checked_name).transpose()?,
            email: new.email,
            role: new.role,
            invited_by: actor.name.clone(),
            created_at: now,
            sent_at: now,
            expires_at: now.plus(LASTS),
        };
        let token = sign_in::token();
        let mut tx = self.store.begin().await?;
        if accounts::is_user(&mut tx, &invitation.email).await? {
            let reason = format!("{} is a user already", invitation.email);
            return Err(DeskError::conflict("email_taken", reason));
        }
        if rows::count(&mut tx).await? >= MOST {
            return Err(DeskError::conflict(
                "too_many_invitations",
                format!("{MOST} invitations wait already"),
            ));
        }
        if !rows::insert(&mut tx, &invitation, &sign_in::digest(&token)).await? {
            let reason = format!("{} is invited already: send it again", invitation.email);
            return Err(DeskError::conflict("already_invited", reason));
        }
        audit::record(&mut tx, actor, Deed::saved(None, &invitation), now).await?;
        let packet = self.send_invitation(&mut tx, &invitation, &token, now).await?;
        self.commit(tx, vec![packet]).await?;
        Ok(invitation)
    }

    /// Everybody who was asked and has not come yet, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn invitations(&self) -> Result<Vec<Invitation>, DeskError> {
        rows::all(&self.store).await
    }

    /// Asks again, for another week; the link before opens nothing any more.
    ///
    /// # Errors
    /// There is no such invitation; not for this actor; `sent_just_now`, `no_sender`.
    pub async fn invite_again(&self, id: InvitationId, actor: &Actor) -> Result<Invitation, DeskError> {
        let (now, token) = (self.now(), sign_in::token());
        let mut tx = self.store.begin().await?;
        let found = rows::lock(&self.store, &mut tx, id).await?;
        let mut invitation = found.ok_or(DeskError::NotFound("invitation"))?;
        check_grant(actor, invitation.role)?;
        if now < invitation.sent_at.plus(PAUSE) {
            return Err(DeskError::conflict(
                "sent_just_now",
                "this invitation was sent less than a minute ago",
            ));
        }
        (invitation.sent_at, invitation.expires_at) = (now, now.plus(LASTS));
        invitation.invited_by.clone_from(&actor.name);
        rows::renew(&mut tx, &invitation, &sign_in::digest(&token)).await?;
        audit::record(&mut tx, actor, Deed::of(AuditAction::InvitedAgain, &invitation), now).await?;
        let packet = self.send_invitation(&mut tx, &invitation, &token, now).await?;
        self.commit(tx, vec![packet]).await?;
        Ok(invitation)
    }

    /// Takes an invitation back: its link opens nothing any more.
    ///
    /// # Errors
    /// There is no such invitation; not for this actor.
    pub async fn revoke_invitation(&self, id: InvitationId, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let found = rows::lock(&self.store, &mut tx, id).await?;
        let invitation = found.ok_or(DeskError::NotFound("invitation"))?;
        check_grant(actor, invitation.role)?;
        rows::forget(&mut tx, &invitation.email).await?;
        audit::record(&mut tx, actor, Deed::removed(&invitation), self.now()).await?;
        self.commit(tx, Vec::new()).await
    }

    /// The invitation of a link; `None` when it is none, was used or taken back, or is too old.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn invitation_of(&self, token: &str) -> Result<Option<Invitation>, DeskError> {
        rows::by_token(&self.store, &sign_in::digest(token), self.now()).await
    }

    /// Makes whoever has the link a user with this password and lets them in; `None` as for [`Desk::invitation_of`].
    ///
    /// # Errors
    /// A name or password that makes no sense, and the link is still good; `email_taken`, `provider_only`.
    pub async fn accept_invitation(
        &self,
        token: &str,
        name: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<Option<Entrance>, DeskError> {
        let Some(invitation) = self.invitation_of(token).await? else { return Ok(None) };
        if !self.takes_password_of(invitation.role) {
            let reason = "here people come in through the identity provider, not with a password";
            return Err(DeskError::conflict("provider_only", reason));
        }
        let name = checked_name(name)?;
        let hash = self.hash_checked(Some(password.to_owned())).await?;
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let user = User {
            id: UserId::new(now, &entropy()),
            email: invitation.email.clone(),
            name,
            role: invitation.role,
            disabled: false,
            second_step: false,
            passkeys: 0,
            created_at: now,
        };
        // users before invitations, as whoever adds somebody who was invited does
        let is_new = accounts::insert_user(&mut tx, &user, hash.as_deref()).await?;
        if !rows::take(&mut tx, &sign_in::digest(token), now).await? {
            return Ok(None);
        }
        if !is_new {
            return Err(DeskError::conflict("email_taken", format!("{} is a user already", user.email)));
        }
        let actor = Actor { from: origin.address, ..user.actor() };
        audit::record(&mut tx, &actor, Deed::of(AuditAction::Accepted, &invitation), now).await?;
        audit::record(&mut tx, &actor, Deed::saved(None, &user), now).await?;
        let entrance = self.let_in(&mut tx, user, "invitation", origin).await?;
        self.commit(tx, Vec::new()).await?;
        Ok(Some(entrance))
    }

    async fn send_invitation(
        &self,
        tx: &mut Tx,
        invitation: &Invitation,
        token: &str,
        now: Timestamp,
    ) -> Result<Packet, DeskError> {
        let link = self.console_link(&format!("#/invitation?token={token}"));
        let Invitation { invited_by: by, role, expires_at, .. } = invitation;
        let letter =
            |organization: &str| account_mail::invitation(organization, by, *role, &link, *expires_at);
        let packet = notices::about_account(self, tx, &invitation.email, letter, now).await?;
        packet.ok_or_else(|| {
            let reason = "there is no address to write from: name a support address in the settings, or add the \
                person with a sign-in link";
            DeskError::conflict("no_sender", reason)
        })
    }
}
