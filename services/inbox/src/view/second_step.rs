//! The second step at sign-in.

use desk::sign_in::{
    Needs as DeskNeeds, Pending,
    second_step::{Enrolment as DeskEnrolment, SecondStepState},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Time, account::Session};

/// What is needed besides the first step.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// A code of the app, or a recovery code.
    Code,
    /// A second step has to be set up: everybody here must have one.
    Enrolment,
    /// A passkey instead, with `/session/passkey`: everybody here must have a second step, and theirs are passkeys alone.
    Passkey,
}

/// The first step is done; there is no session before the second.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PendingSignIn {
    /// What is needed.
    pub second_step: Needs,
    /// For the next call; it opens nothing else.
    pub token: String,
    /// Until when.
    pub expires_at: Time,
}

/// A session that began with setting a second step up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrolledSession {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// Each is good once, instead of a code. Shown only now.
    pub recovery_codes: Vec<String>,
}

/// How it stands with one's second step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecondStep {
    /// Since when there is one.
    #[schema(required = true)]
    pub since: Option<Time>,
    /// Recovery codes that are left.
    pub recovery_codes_left: i64,
    /// Everybody here must have one.
    pub required: bool,
}

/// What an authenticator app must be told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Enrolment {
    /// The secret in base32, to type in. Shown only now; `null` when the request is repeated.
    #[schema(required = true)]
    pub secret: Option<String>,
    /// The same as an `otpauth:` address.
    #[schema(required = true)]
    pub uri: Option<String>,
    /// The address as a QR code, as SVG.
    #[schema(required = true)]
    pub qr_svg: Option<String>,
}

/// Codes for who has lost the app.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each is good once. Shown only now; empty when the request is repeated.
    pub recovery_codes: Vec<String>,
}

impl From<Pending> for PendingSignIn {
    fn from(pending: Pending) -> Self {
        let Pending { token, needs, expires_at } = pending;
        let second_step = match needs {
            DeskNeeds::Code => Needs::Code,
            DeskNeeds::Enrolment => Needs::Enrolment,
            DeskNeeds::Passkey => Needs::Passkey,
        };
        Self { second_step, token, expires_at: Time(expires_at) }
    }
}

impl From<SecondStepState> for SecondStep {
    fn from(state: SecondStepState) -> Self {
        let SecondStepState { since, recovery_codes_left, required } = state;
        Self { since: since.map(Time), recovery_codes_left, required }
    }
}

impl From<DeskEnrolment> for Enrolment {
    fn from(enrolment: DeskEnrolment) -> Self {
        let DeskEnrolment { secret, uri, qr_svg } = enrolment;
        Self { secret: Some(secret), uri: Some(uri), qr_svg: Some(qr_svg) }
    }
}
