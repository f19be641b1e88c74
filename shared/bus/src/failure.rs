//! What can go wrong, and what a handler says when it does.

use std::time::Duration;

use thiserror::Error;

/// Why an event could not be made durable. It may have been stored all the same: try again with the same id.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The broker is away, slow or full.
    #[error("the event could not be made durable: {0}")]
    Unavailable(String),
    /// The event cannot be published at all.
    #[error("the event is refused: {0}")]
    Refused(String),
}

/// Bytes that are not the event they should be.
#[derive(Debug, Error)]
#[error("an event on {subject} cannot be read: {source}")]
pub struct DecodeError {
    /// Where.
    pub subject: &'static str,
    /// Why.
    pub source: serde_json::Error,
}

/// Why a question got no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// Nobody answers there now, or not in time.
    #[error("no answer on {0}")]
    NoAnswer(&'static str),
    /// The answering side failed.
    #[error("the question on {0} failed: {1}")]
    Failed(&'static str, String),
}

/// What happens next to an event that was not handled.
#[derive(Debug)]
pub enum Failure {
    /// Deliver it again later.
    Retry {
        /// Why.
        reason: String,
        /// Not before this; `None` for the usual back-off.
        after: Option<Duration>,
    },
    /// It will never work: dead letter.
    Reject {
        /// Why.
        reason: String,
    },
}

impl Failure {
    /// Deliver it again, with the usual back-off.
    pub fn retry(error: impl std::fmt::Display) -> Self {
        Self::Retry { reason: error.to_string(), after: None }
    }

    /// Deliver it again, not before `after`.
    pub fn retry_after(error: impl std::fmt::Display, after: Duration) -> Self {
        Self::Retry { reason: error.to_string(), after: Some(after) }
    }

    /// Give up: dead letter.
    pub fn reject(error: impl std::fmt::Display) -> Self {
        Self::Reject { reason: error.to_string() }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::reject(error)
    }
}
