//! `Idempotency-Key` on every POST: the first request works, a repeat gets the same answer. Only answers that say
//! "done" are kept: after a refusal the same key may try again.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use desk::{Desk, idempotency::Begun};
use uuid::Uuid;
use web::{Problem, signature};

use crate::{Shared, auth, refusal::Refusal};

/// The header.
pub(crate) const HEADER: &str = "idempotency-key";
/// Longest answer that is kept; longer ones do not exist.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
/// Longest request that can be told from another one.
const LONGEST_REQUEST: usize = crate::api::attachments::LARGEST_REQUEST;

/// What is kept instead of the answer, for answers with a secret in them.
#[derive(Clone)]
pub(crate) struct KeepInstead(pub String);

/// The key of the request that is being answered, for use cases that look after it themselves.
#[derive(Clone)]
pub(crate) struct RequestKey(pub String);

/// Answers repeats.
pub(crate) async fn guard(State(app): State<Shared>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    guarded(&app, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn guarded(app: &Shared, request: Request, next: Next) -> Result<Response, Refusal> {
    let Ok(caller) = auth::recognise(app, request.method(), request.headers()).await else {
        // Nobody known: whatever this address says to nobody.
        return Ok(next.run(request).await);
    };
    let key = checked_key(request.headers().get(HEADER))?;
    let (mut head, body) = request.into_parts();
    let body =
        to_bytes(body, LONGEST_REQUEST).await.map_err(|_| Problem::too_large("this request is too large"))?;
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    let hash = hash(target, &body);
    let actor = caller.actor.id;
    match app.desk.begin_answer(actor, &key, &hash).await? {
        Begun::Kept(answer) => return Ok(repeated(answer.status, answer.body)),
        Begun::InProgress => {
            let detail = "a request with this Idempotency-Key is being answered: try again in a moment";
            return Err(Problem::conflict("idempotency_in_progress", detail).into());
        }
        Begun::Fresh => {}
    }
    let taken = Taken { desk: app.desk.clone(), actor, key: Some(key.clone()) };
    head.extensions.insert(caller);
    head.extensions.insert(RequestKey(key));
    let response = next.run(Request::from_parts(head, Body::from(body))).await;
    Ok(taken.keep(response).await)
}

fn checked_key(header: Option<&HeaderValue>) -> Result<String, Problem> {
    let key = header.and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    if (1..=200).contains(&key.len()) {
        return Ok(key.to_owned());
    }
    Err(Problem::bad_request(
        "bad_idempotency_key",
        "an Idempotency-Key must have 1 to 200 printable characters",
    ))
}

fn hash(target: &str, body: &Bytes) -> String {
    let parts = [target.as_bytes(), b"\n", body];
    signature::hex(signature::sha256(&parts.concat()))
}

fn repeated(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}

/// A key that was taken; given back when the request ends without an answer to keep, or is cut off.
struct Taken {
    desk: Desk,
    actor: Uuid,
    key: Option<String>,
}

impl Taken {
    async fn keep(mut self, response: Response) -> Response {
        if !response.status().is_success() {
            self.give_back().await;
            return response;
        }
        let (head, body) = response.into_parts();
        let Ok(body) = to_bytes(body, LONGEST_ANSWER).await else {
            return Problem::internal().into_response();
        };
        let kept = match head.extensions.get::<KeepInstead>() {
            Some(KeepInstead(instead)) => instead.clone(),
            None => String::from_utf8_lossy(&body).into_owned(),
        };
        if let Some(key) = self.key.take()
            && let Err(error) = self.desk.keep_answer(self.actor, &key, head.status.as_u16(), &kept).await
        {
            tracing::warn!(%error, "an answer could not be kept");
        }
        Response::from_parts(head, Body::from(body))
    }

    async fn give_back(&mut self) {
        if let Some(key) = self.key.take()
            && let Err(error) = self.desk.drop_answer(self.actor, &key).await
        {
            tracing::warn!(%error, "an Idempotency-Key could not be given back");
        }
    }
}

/// The caller went away in the middle.
impl Drop for Taken {
    fn drop(&mut self) {
        if self.key.is_some() {
            let mut taken = Self { desk: self.desk.clone(), actor: self.actor, key: self.key.take() };
            tokio::spawn(async move { taken.give_back().await });
        }
    }
}
