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
        let desk::accounts::User { id, email, name, role, disabled, created_at } = user;
        Self { id: id.0, email: email.to_string(), name, role, disabled, created_at: Time(created_at) }
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
