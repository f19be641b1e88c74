//! Sessions, users and API keys.

use domain::Role;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// Who is signed in.
    pub user: User,
    /// What unsafe requests must repeat in the header `x-csrf-token`.
    pub csrf_token: String,
    /// Until when, if it is not used meanwhile.
    pub expires_at: Time,
}

/// A place where somebody is signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpenSession {
    /// By which it can be ended; it opens nothing.
    pub id: String,
    /// What the browser calls itself (`User-Agent`); empty when it did not say.
    pub browser: String,
    /// Where it signed in from.
    #[schema(required = true)]
    pub address: Option<String>,
    /// Since when.
    pub created_at: Time,
    /// When it was used last, give or take some minutes.
    pub used_at: Time,
    /// The one that asks.
    pub current: bool,
}

/// Who somebody is at the identity provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Identity {
    /// Who.
    pub user_id: Uuid,
    /// Which provider.
    pub issuer: String,
    /// Their address there, as it was at the last sign-in.
    #[schema(required = true)]
    pub email: Option<String>,
    /// When they came in by it first.
    pub created_at: Time,
    /// When they came in by it last.
    pub used_at: Time,
}

/// Somebody who was asked to work here and has not come yet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// Id.
    pub id: Uuid,
    /// Whom.
    pub email: String,
    /// Their name, where it was given.
    #[schema(required = true)]
    pub name: Option<String>,
    /// What they will be allowed to do.
    #[schema(value_type = word::Role)]
    pub role: Role,
    /// Name of who asked.
    pub invited_by: String,
    /// When they were asked first.
    pub created_at: Time,
    /// When they were asked last.
    pub sent_at: Time,
    /// Until when they can come.
    pub expires_at: Time,
}

/// What somebody who was invited is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Welcome {
    /// Their address.
    pub email: String,
    /// Their name, where it was given.
    #[schema(required = true)]
    pub name: Option<String>,
    /// What they will be allowed to do.
    #[schema(value_type = word::Role)]
    pub role: Role,
    /// Name of who asked.
    pub invited_by: String,
    /// Where they will work.
    pub organization: String,
}

/// Somebody who works here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// Id.
    pub id: Uuid,
    /// What they sign in with.
    pub email: String,
    /// Name.
    pub name: String,
    /// What they may do.
    #[schema(value_type = word::Role)]
    pub role: Role,
    /// Shut out.
    pub disabled: bool,
    /// Has a second step at sign-in; `null` for who may not manage people.
    #[schema(required = true)]
    pub second_step: Option<bool>,
    /// How many passkeys they have; `null` for who may not manage people.
    #[schema(required = true)]
    pub passkeys: Option<i64>,
    /// Since when.
    pub created_at: Time,
}

/// A user just added.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AddedUser {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// Where they come in, once, within 24 hours, if they were given no password. Shown only now.
    #[schema(required = true)]
    pub sign_in_link: Option<String>,
}

/// A way in without a password.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignInLink {
    /// Where they come in, once, within 24 hours. Shown only now; `null` when the request is repeated.
    #[schema(required = true)]
    pub sign_in_link: Option<String>,
}

/// An API key, without the key itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it may do.
    #[schema(value_type = word::Role)]
    pub role: Role,
    /// Since when.
    pub created_at: Time,
}

/// An API key just made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AddedKey {
    /// The key's facts.
    #[serde(flatten)]
    pub facts: ApiKey,
    /// The key. Shown only now; `null` when the request is repeated.
    #[schema(required = true)]
    pub key: Option<String>,
}

impl From<desk::accounts::User> for User {
    fn from(user: desk::accounts::User) -> Self {
        let desk::accounts::User { id, email, name, role, disabled, second_step, passkeys, created_at } =
            user;
        let (email, second_step, passkeys) = (email.to_string(), Some(second_step), Some(passkeys));
        Self { id: id.0, email, name, role, disabled, second_step, passkeys, created_at: Time(created_at) }
    }
}

impl From<desk::sign_in::NewSession> for Session {
    fn from(new: desk::sign_in::NewSession) -> Self {
        let desk::sign_in::NewSession { token: _, csrf, user, expires_at } = new;
        Self { user: user.into(), csrf_token: csrf, expires_at: Time(expires_at) }
    }
}

impl From<desk::sign_in::OpenSession> for OpenSession {
    fn from(session: desk::sign_in::OpenSession) -> Self {
        let desk::sign_in::OpenSession { id, browser, address, created_at, used_at, current } = session;
        Self { id, browser, address, created_at: Time(created_at), used_at: Time(used_at), current }
    }
}

impl From<desk::sign_in::provider::LinkedIdentity> for Identity {
    fn from(linked: desk::sign_in::provider::LinkedIdentity) -> Self {
        let desk::sign_in::provider::LinkedIdentity { user, issuer, email, created_at, used_at } = linked;
        Self { user_id: user.0, issuer, email, created_at: Time(created_at), used_at: Time(used_at) }
    }
}

impl From<desk::accounts::Invitation> for Invitation {
    fn from(invitation: desk::accounts::Invitation) -> Self {
        let desk::accounts::Invitation { id, email, name, role, invited_by, created_at, sent_at, expires_at } =
            invitation;
        Self {
            id: id.0,
            email: email.to_string(),
            name,
            role,
            invited_by,
            created_at: Time(created_at),
            sent_at: Time(sent_at),
            expires_at: Time(expires_at),
        }
    }
}

impl From<desk::accounts::ApiKey> for ApiKey {
    fn from(key: desk::accounts::ApiKey) -> Self {
        let desk::accounts::ApiKey { id, name, role, created_at } = key;
        Self { id, name, role, created_at: Time(created_at) }
    }
}

impl From<desk::accounts::NewKey> for AddedKey {
    fn from(new: desk::accounts::NewKey) -> Self {
        let desk::accounts::NewKey { id, name, role, key, created_at } = new;
        Self { facts: ApiKey { id, name, role, created_at: Time(created_at) }, key: Some(key) }
    }
}
