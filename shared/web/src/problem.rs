//! Errors as problem documents (RFC 9457): `{"type":"about:blank","status","code","title","detail"}`.

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The media type of a problem document (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error answer. `code` is stable and for programs, `detail` is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: String,
    detail: Option<String>,
    retry_after: Option<Duration>,
    members: Map<String, Value>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: &'static str,
    status: u16,
    code: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(flatten)]
    members: &'a Map<String, Value>,
}

impl Problem {
    /// A problem with a stable code, such as `sms_no_consent`.
    pub fn new(status: StatusCode, code: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: None, retry_after: None, members: Map::new() }
    }

    /// One sentence for people: what is wrong here.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// One more member (RFC 9457 §3.2), for programs that can do something about it.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// `Retry-After`, in whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// 400: the request cannot be read.
    pub fn bad_request(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code).detail(detail)
    }

    /// 401: nobody, or nobody known, is asking.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized").detail(detail)
    }

    /// 403: known, but not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden").detail(detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found").detail(detail)
    }

    /// 409: it cannot be done as things stand.
    pub fn conflict(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code).detail(detail)
    }

    /// 413.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large").detail(detail)
    }

    /// 422: readable, but a value is not acceptable.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid").detail(detail)
    }

    /// 429 with `Retry-After`.
    pub fn too_many(after: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests")
            .detail("too many requests: wait before trying again")
            .retry_after(after)
    }

    /// 503 with `Retry-After`: it could not be made durable, or something needed is away.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            .detail(detail)
            .retry_after(Duration::from_secs(5))
    }

    /// 500 that tells nothing; the reason belongs into the log.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
            .detail("something went wrong on our side")
    }

    /// The plain problem of a status: its code is made from the reason phrase (`Not Found`: `not_found`).
    pub fn of_status(status: StatusCode) -> Self {
        let phrase = status.canonical_reason().unwrap_or("error");
        let code: String = phrase
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        let code = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large".to_owned(),
            StatusCode::UNPROCESSABLE_ENTITY => "invalid".to_owned(),
            StatusCode::INTERNAL_SERVER_ERROR => "internal_error".to_owned(),
            _ => code,
        };
        Self::new(status, code)
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable code.
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: "about:blank",
            status: self.status.as_u16(),
            code: &self.code,
            title: self.status.canonical_reason().unwrap_or("Error"),
            detail: self.detail.as_deref(),
            members: &self.members,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// An unexpected failure: logged with its whole chain, answered with [`Problem::internal`].
impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "a request failed");
        Self::internal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn document(problem: Problem) -> serde_json::Value {
        let body = axum::body::to_bytes(problem.into_response().into_body(), 10_000).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[tokio::test]
    async fn a_problem_has_a_stable_code_and_a_sentence() {
        let problem = document(Problem::conflict("sms_no_consent", "ask them to text JOIN first")).await;
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["code"], "sms_no_consent");
        assert_eq!(problem["title"], "Conflict");
        assert_eq!(problem["detail"], "ask them to text JOIN first");
    }

    #[tokio::test]
    async fn a_problem_can_say_what_would_help() {
        let problem = Problem::conflict("quiet_hours", "it is late there").member("local_time", "21:14");
        let document = document(problem).await;
        assert_eq!((&document["code"], &document["local_time"]), (&"quiet_hours".into(), &"21:14".into()));
    }

    #[tokio::test]
    async fn an_internal_error_tells_nothing_of_its_cause() {
        let error = anyhow::anyhow!("password of the database is hunter2").context("reading");
        assert!(!document(error.into()).await.to_string().contains("hunter2"));
    }

    #[test]
    fn waiting_is_told_in_whole_seconds_rounded_up() {
        for (after, header) in [(0, "1"), (999, "1"), (1000, "1"), (1001, "2")] {
            let response = Problem::too_many(Duration::from_millis(after)).into_response();
            assert_eq!(response.headers()["retry-after"], header);
        }
    }
}
