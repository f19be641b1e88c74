//! What the desk refuses, as problem documents (RFC 9457); the only place that turns its errors into HTTP statuses.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::DeskError;
use web::Problem;

/// Why a call was refused.
#[derive(Debug)]
pub struct Refusal(pub Problem);

/// What a call answers.
pub type Answer<T> = Result<T, Refusal>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self(error.into())
    }
}

impl From<DeskError> for Refusal {
    fn from(error: DeskError) -> Self {
        Self(match error {
            DeskError::NotFound(_) => Problem::not_found(error.to_string()),
            DeskError::Invalid { .. } => Problem::invalid(error.to_string()),
            DeskError::Unfit { code, reason } => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code).detail(reason)
            }
            DeskError::Conflict { code: code @ "version_mismatch", reason } => {
                Problem::new(StatusCode::PRECONDITION_FAILED, code).detail(reason)
            }
            DeskError::Conflict { code: code @ "too_many_codes", reason } => {
                Problem::new(StatusCode::TOO_MANY_REQUESTS, code).detail(reason)
            }
            DeskError::Conflict { code, reason } => Problem::conflict(code, reason),
            DeskError::QuietHours(ref quiet) => Problem::conflict("quiet_hours", error.to_string())
                .member("send_at", quiet.until.to_string())
                .member("local_time", quiet.local_time.clone())
                .member("time_zone", quiet.time_zone.clone()),
            DeskError::Forbidden(reason) => Problem::forbidden(reason),
            DeskError::Unavailable(reason) | DeskError::Busy(reason) => {
                tracing::warn!(reason, "the desk is not available");
                Problem::unavailable("the database is busy or away: try again in a moment")
            }
            DeskError::Refused(reason) => {
                tracing::error!(reason, "the database refuses a request");
                Problem::internal()
            }
        })
    }
}

/// 404 for an address of the API that does not exist.
pub(crate) async fn unknown_endpoint() -> Refusal {
    let detail = "there is no such call: /api/openapi.json lists them all";
    Refusal(Problem::new(StatusCode::NOT_FOUND, "unknown_endpoint").detail(detail))
}

/// 405 for a method that an address does not know.
pub(crate) async fn wrong_method() -> Refusal {
    Refusal(
        Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
            .detail("this address does not answer to this method"),
    )
}
