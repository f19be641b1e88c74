//! What surrounds every public request: trace, id, time-out, limits, panics, numbers.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tokio::time::timeout;
use tracing::{Instrument, Span, field::Empty};
use web::{Problem, problem};

use crate::{metrics::Metrics, tasks};

/// Largest body where a route sets no other limit.
const BODY_LIMIT: usize = 1024 * 1024;
/// A response must have begun by then; how long it then goes on (events, sockets) is not limited.
const RESPONSE_WITHIN: Duration = Duration::from_secs(30);
/// A plain error text longer than this is not repeated in the problem document.
const LONGEST_DETAIL: usize = 2048;

/// The route of a request that has none.
const NOWHERE: &str = "other";
/// Parameters of routes that are never logged or traced.
const SECRET_PARAMETERS: [&str; 2] = ["{secret}", "{token}"];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Surrounds the services' routes. One layer for all of it: each layer is cloned and boxed at every request.
pub(crate) fn surround(router: Router, metrics: Metrics) -> Router {
    metrics.describe("frontdesk_http_requests_total", "Requests by route, method and status.");
    metrics.describe("frontdesk_http_request_seconds", "Time until the response began, by route.");
    let layers = (from_fn_with_state(metrics, observe), DefaultBodyLimit::max(BODY_LIMIT));
    router.layer(layers)
}

/// Whatever goes wrong is answered.
async fn answer(request: Request, next: Next) -> Response {
    let answered = timeout(RESPONSE_WITHIN, next.run(request));
    match AssertUnwindSafe(answered).catch_unwind().await {
        Ok(Ok(response)) => problem_of(response).await,
        Ok(Err(_)) => {
            tracing::error!("a request took too long and was cut off");
            Problem::unavailable("this took too long: try again").into_response()
        }
        Err(panic) => {
            tracing::error!(panic = tasks::words(panic.as_ref()), "a request panicked");
            Problem::internal().into_response()
        }
    }
}

/// One span per request, part of the caller's trace if it has one, and the numbers.
async fn observe(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or(NOWHERE, MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let span = span(&request, &route, &id);
    let mut response = answer(request, next).instrument(span.clone()).await;
    let status = response.status();
    response.headers_mut().insert(REQUEST_ID, id);
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        // the rest of the body is not read, so nothing can follow it: said, lest the caller's next request is cut off
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    span.in_scope(|| tracing::debug!(status = status.as_u16(), took = ?begun.elapsed(), "answered"));
    let labels = [("route", route.as_str()), ("method", method.as_str()), ("status", status.as_str())];
    metrics.counter("frontdesk_http_requests_total", &labels).increment();
    metrics.histogram("frontdesk_http_request_seconds", &labels[..1]).record(begun.elapsed());
    response
}

/// Without the query, and without what proves who calls: they may hold tokens.
fn span(request: &Request, route: &str, id: &HeaderValue) -> Span {
    let (method, path) = (request.method(), shown(request.uri().path(), route));
    let span = tracing::info_span!(
        "request",
        otel.name = %format_args!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route,
        url.path = path,
        http.response.status_code = Empty,
        request_id = id.to_str().unwrap_or_default(),
    );
    let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    bus::trace::adopt(&span, traceparent);
    span
}

/// The path, unless a secret stands in it, or may stand in it because it is nearly one of our addresses.
fn shown<'a>(path: &'a str, route: &'a str) -> &'a str {
    if route == NOWHERE {
        let rest = path.trim_start_matches('/');
        let first = rest.split('/').next().unwrap_or_default();
        return &path[..path.len() - rest.len() + first.len()];
    }
    if SECRET_PARAMETERS.iter().any(|parameter| route.contains(parameter)) { route } else { path }
}

/// The caller's id, if it is a sensible one, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let given =
        headers.get(REQUEST_ID).filter(|id| (1..=64).contains(&id.len()) && id.as_bytes().iter().all(plain));
    given.cloned().unwrap_or_else(|| {
        let fresh = uuid::Uuid::new_v4().simple().to_string();
        HeaderValue::from_str(&fresh).unwrap_or_else(|_| HeaderValue::from_static("none"))
    })
}

/// Errors of the framework (no such route, a body that is too large or unreadable) become problem documents too.
async fn problem_of(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let plain = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || !plain {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let detail =
        to_bytes(body, LONGEST_DETAIL).await.ok().and_then(|bytes| String::from_utf8(bytes.into()).ok());
    let detail = detail.filter(|text| !text.trim().is_empty() && status != StatusCode::INTERNAL_SERVER_ERROR);
    let problem = Problem::of_status(status).detail(detail.unwrap_or_else(|| in_words(status)));
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
    Response::from_parts(head, problem.into_response().into_body())
}

fn in_words(status: StatusCode) -> String {
    match status {
        StatusCode::NOT_FOUND => "there is nothing at this address".into(),
        StatusCode::METHOD_NOT_ALLOWED => "this address does not answer to this method".into(),
        _ => status.canonical_reason().unwrap_or("error").to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use axum::{Json, body::Body, routing};
    use tower::ServiceExt;

    use super::*;

    fn router(metrics: &Metrics) -> Router {
        let router = Router::new()
            .route("/panics", routing::get(|| async { panic!("of it") as () }))
            .route("/slow", routing::get(|| tokio::time::sleep(Duration::from_secs(60))))
            .route("/read/{id}", routing::post(|body: String| async move { body.len().to_string() }))
            .route("/json", routing::post(|_: Json<Vec<u8>>| async {}))
            .route(
                "/large",
                routing::post(|body: String| async move { body.len().to_string() })
                    .layer(DefaultBodyLimit::max(3 * BODY_LIMIT)),
            );
        surround(router, metrics.clone())
    }

    async fn ask(method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, serde_json::Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let response = router(&Metrics::default()).oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let status = response.status();
        assert!(response.headers().contains_key("x-request-id"));
        if status != StatusCode::OK {
            assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        }
        let bytes = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_goes_wrong_is_a_problem_document() {
        for (method, path, body, status, code) in [
            ("GET", "/nowhere", String::new(), 404, "not_found"),
            ("POST", "/panics", String::new(), 405, "method_not_allowed"),
            ("GET", "/panics", String::new(), 500, "internal_error"),
            ("GET", "/slow", String::new(), 503, "unavailable"),
            ("POST", "/json", "[1,".to_owned(), 400, "bad_request"),
            ("POST", "/read/1", "x".repeat(BODY_LIMIT + 1), 413, "too_large"),
        ] {
            let (found, problem) = ask(method, path, body).await;
            assert_eq!((found.as_u16(), problem["code"].as_str()), (status, Some(code)), "{path} {problem}");
            assert!(problem["detail"].is_string(), "{problem}");
        }
    }

    #[tokio::test]
    async fn a_caller_whose_body_is_not_read_is_told_that_the_connection_ends() {
        for (length, closes) in [(BODY_LIMIT, false), (BODY_LIMIT + 1, true)] {
            let request = Request::post("/read/1").body(Body::from(vec![b'x'; length])).unwrap();
            let response = router(&Metrics::default()).oneshot(request).await.unwrap();
            assert_eq!(response.headers().contains_key(header::CONNECTION), closes, "{length}");
        }
    }

    #[tokio::test]
    async fn a_route_may_take_larger_bodies_than_usual() {
        assert_eq!(ask("POST", "/large", "x".repeat(2 * BODY_LIMIT)).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn requests_are_counted_by_route_not_by_address() {
        let metrics = Metrics::default();
        for id in ["1", "2"] {
            let request = Request::post(format!("/read/{id}")).body(Body::empty()).unwrap();
            router(&metrics).oneshot(request).await.unwrap();
        }
        let line = "frontdesk_http_requests_total{route=\"/read/{id}\",method=\"POST\",status=\"200\"} 2";
        assert!(metrics.text().contains(line), "{}", metrics.text());
    }

    #[test]
    fn a_secret_of_an_address_is_shown_nowhere() {
        for (path, route, seen) in [
            ("/tickets/1", "/tickets/{id}", "/tickets/1"),
            ("/hooks/x/s3cret", "/hooks/{name}/{secret}", "/hooks/{name}/{secret}"),
            ("/media/s3cret", "/media/{token}", "/media/{token}"),
            ("/hooks/x/s3cret/", NOWHERE, "/hooks"),
            ("//hooks/x/s3cret", NOWHERE, "//hooks"),
            ("/", NOWHERE, "/"),
        ] {
            assert_eq!(shown(path, route), seen);
        }
    }

    #[test]
    fn only_a_sensible_request_id_of_the_caller_is_kept() {
        let headers = |id: &'static str| [(REQUEST_ID, HeaderValue::from_static(id))].into_iter().collect();
        assert_eq!(request_id(&headers("abc-123")), "abc-123");
        for odd in ["", "a b", "<script>"] {
            assert_eq!(request_id(&headers(odd)).len(), 32);
        }
    }
}
