//! What can go wrong at the desk. HTTP statuses and retry-or-reject are the callers' business.

use domain::ticket::{ReplyRefusal, TransitionError};
use thiserror::Error;

use crate::quiet::Quiet;

/// Why a use case did not do what it was asked.
#[derive(Debug, Error)]
pub enum DeskError {
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The input makes no sense.
    #[error("{reason}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// Why, for people.
        reason: String,
    },
    /// The state of things forbids it.
    #[error("{reason}")]
    Conflict {
        /// Stable code, such as `sms_no_consent`.
        code: &'static str,
        /// Why, for people.
        reason: String,
    },
    /// A text would wake the customer up now (D6).
    #[error("it is {} where the customer is ({})", .0.local_time, .0.time_zone)]
    QuietHours(Quiet),
    /// The input is understood, and cannot be used so.
    #[error("{reason}")]
    Unfit {
        /// Stable code, such as `attachment_type`.
        code: &'static str,
        /// Why, for people.
        reason: String,
    },
    /// Not for this role.
    #[error("{0}")]
    Forbidden(String),
    /// The database is away or refuses; worth trying again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Two changes were in each other's way (deadlock, serialization); worth trying again at once.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The database will never take these data.
    #[error("the database refuses this: {0}")]
    Refused(String),
}

impl DeskError {
    /// A value that makes no sense.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// The state of things forbids it.
    pub fn conflict(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Conflict { code, reason: reason.into() }
    }
}

impl From<seal::CannotSeal> for DeskError {
    fn from(cannot: seal::CannotSeal) -> Self {
        Self::Unavailable(cannot.to_string())
    }
}

impl From<ReplyRefusal> for DeskError {
    fn from(refusal: ReplyRefusal) -> Self {
        Self::conflict(refusal.code(), refusal.to_string())
    }
}

impl From<TransitionError> for DeskError {
    fn from(error: TransitionError) -> Self {
        Self::conflict(error.code(), error.to_string())
    }
}
