//! Passkeys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use desk::sign_in::passkeys::{PasskeyQuestion, PasskeyRequest as DeskRequest};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// One of one's passkeys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Passkey {
    /// Id.
    pub id: Uuid,
    /// What one calls it.
    pub name: String,
    /// Since when.
    pub created_at: Time,
    /// When it was used to sign in last.
    #[schema(required = true)]
    pub used_at: Option<Time>,
}

/// What a browser is asked to make a passkey with (`PublicKeyCredentialCreationOptions`): discoverable, with user
/// verification, without attestation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasskeyRequest {
    /// Base64url; good once, for five minutes.
    pub challenge: String,
    /// The site it is for: the host of the public address.
    pub rp_id: String,
    /// The organisation.
    pub rp_name: String,
    /// Base64url.
    pub user_handle: String,
    /// What one signs in with.
    pub user_name: String,
    /// One's name.
    pub display_name: String,
    /// Numbers of COSE algorithms that are taken, the ones liked best first.
    pub algorithms: Vec<i64>,
    /// Ids of passkeys that are there, in base64url.
    pub exclude: Vec<String>,
}

/// What a browser is asked to sign in with (`PublicKeyCredentialRequestOptions`), with user verification.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PasskeyChallenge {
    /// Base64url; good once, for five minutes.
    pub challenge: String,
    /// The site it is for: the host of the public address.
    pub rp_id: String,
}

impl From<desk::sign_in::passkeys::Passkey> for Passkey {
    fn from(passkey: desk::sign_in::passkeys::Passkey) -> Self {
        let desk::sign_in::passkeys::Passkey { id, name, created_at, used_at } = passkey;
        Self { id: id.0, name, created_at: Time(created_at), used_at: used_at.map(Time) }
    }
}

impl From<DeskRequest> for PasskeyRequest {
    fn from(request: DeskRequest) -> Self {
        let DeskRequest { challenge, site, site_name, user, user_name, display_name, algorithms, exclude } =
            request;
        Self {
            challenge,
            rp_id: site,
            rp_name: site_name,
            user_handle: URL_SAFE_NO_PAD.encode(user.0.as_bytes()),
            user_name,
            display_name,
            algorithms: algorithms.to_vec(),
            exclude,
        }
    }
}

impl From<PasskeyQuestion> for PasskeyChallenge {
    fn from(question: PasskeyQuestion) -> Self {
        let PasskeyQuestion { challenge, site } = question;
        Self { challenge, rp_id: site }
    }
}
