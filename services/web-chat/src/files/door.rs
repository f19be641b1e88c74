//! The two addresses of files.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, Multipart, Path, Request, State, multipart::MultipartError},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use domain::{SessionId, event::VisitorSignalKind};
use serde::Serialize;
use uuid::Uuid;
use web::{Json, Problem};

use super::{Put, Shown, WAITS, policy, scan::Found};
use crate::{
    node::Node,
    presence,
    resume::{self, Worth},
    signed,
};

/// A file that was put up.
#[derive(Serialize)]
pub(crate) struct Answer {
    id: String,
    name: String,
    content_type: String,
    size: u64,
    url: String,
}

struct Given {
    name: String,
    called: String,
    bytes: Bytes,
}

/// Puts a file up; a message of the same session takes it by its id.
pub(crate) async fn add(
    State(node): State<Arc<Node>>,
    Path(site): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let session = session(&node, &site, &headers)?;
    node.files.limit.admit(&session)?;
    let Given { name, called, bytes } = given(&headers, request).await?;
    let name = policy::name(&name);
    if bytes.is_empty() {
        return Err(Problem::invalid("this file is empty"));
    }
    if !policy::may_be_sent(&name, &bytes) {
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "attachment_type");
        return Err(problem.detail(format!("{name}: files that can run cannot be sent")));
    }
    scan(&node, &name, &bytes).await?;
    let content_type = policy::content_type(&bytes, &called);
    let (size, blob) = (bytes.len() as u64, format!("chat/{}", Uuid::new_v4()));
    // first told, then written: what is never sent is found and deleted after a day, also when this process dies here
    let told = presence::tell_now(&node, session, VisitorSignalKind::PutUp { blob: blob.clone() }).await;
    told.map_err(|error| {
        tracing::warn!(%error, "a visitor's file is not taken: the desk cannot be told");
        Problem::unavailable("the file could not be stored: try again in a moment")
    })?;
    store(&node, &blob, bytes).await?;
    let now = node.clock.now();
    let url = node.files.address_of(&name, &content_type, &blob, now);
    let put = Put { session, blob, name, content_type, size, until: now.plus(WAITS) };
    let id = signed::seal(&node.files.put_key, &put);
    let answer = Answer { id, name: put.name, content_type: put.content_type, size, url };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Whose session it is, by its token.
fn session(node: &Node, site: &str, headers: &HeaderMap) -> Result<SessionId, Problem> {
    let site = node.sites.get(site).ok_or_else(|| Problem::not_found("there is no such chat site"))?;
    node.sites.check(site, headers)?;
    let token = web::signature::bearer(headers).unwrap_or_default();
    match resume::read(&node.secret, &site.id, token, node.clock.now()) {
        Worth::Good(claims) => Ok(claims.session),
        Worth::Over(_) | Worth::Nothing => {
            Err(Problem::unauthorized("the token of this chat is not known here: open the chat again"))
        }
    }
}

async fn scan(node: &Node, name: &str, bytes: &[u8]) -> Result<(), Problem> {
    let Some(scanner) = &node.files.scanner else { return Ok(()) };
    match scanner.scan(bytes).await {
        Ok(Found::Nothing) => Ok(()),
        Ok(Found::Virus(virus)) => {
            tracing::warn!(name, virus, "a visitor's file holds a virus and is not kept");
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "attachment_infected");
            Err(problem.detail(format!("{name}: this file holds a virus")))
        }
        Err(error) => {
            tracing::error!(%error, "a visitor's file cannot be scanned and is not taken");
            Err(Problem::unavailable("files cannot be checked just now: try again in a moment"))
        }
    }
}

async fn store(node: &Node, blob: &str, bytes: Bytes) -> Result<(), Problem> {
    let away = || Problem::unavailable("the file could not be stored: try again in a moment");
    let blobs = node.files.blobs.as_ref().ok_or_else(away)?;
    blobs.put(blob, bytes).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a visitor's file cannot be written");
        away()
    })
}

/// The first file of a form, or the body itself.
async fn given(headers: &HeaderMap, request: Request) -> Result<Given, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let called = text("content-type").to_owned();
    if called.starts_with("multipart/form-data") {
        let form = Multipart::from_request(request, &()).await;
        return from_form(form.map_err(|error| Problem::bad_request("unreadable_form", error.body_text()))?)
            .await;
    }
    let name = policy::decoded(text("x-file-name"));
    let bytes = Bytes::from_request(request, &()).await.map_err(|_| too_large())?;
    if bytes.len() > policy::LARGEST { Err(too_large()) } else { Ok(Given { name, called, bytes }) }
}

async fn from_form(mut form: Multipart) -> Result<Given, Problem> {
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let Some(name) = field.file_name().map(str::to_owned) else { continue };
        let called = field.content_type().unwrap_or_default().to_owned();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
            if bytes.len() + chunk.len() > policy::LARGEST {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        return Ok(Given { name, called, bytes: bytes.freeze() });
    }
    Err(Problem::invalid("the form holds no file"))
}

fn unreadable(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::bad_request("unreadable_form", error.body_text())
}

fn too_large() -> Problem {
    Problem::too_large(format!("a file may have at most {} MiB", policy::LARGEST / 1024 / 1024))
}

/// A file's bytes, for whoever has its address.
pub(crate) async fn show(
    State(node): State<Arc<Node>>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let nothing = || Problem::not_found("this address leads to no file, or its time is over");
    let shown = signed::open::<Shown>(&node.files.show_key, &token);
    let shown = shown.filter(|shown| shown.until >= node.clock.now()).ok_or_else(nothing)?;
    let blobs = node.files.blobs.as_ref().ok_or_else(nothing)?;
    let bytes = blobs.get(&shown.blob).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a file cannot be read");
        Problem::unavailable("the file cannot be read just now: try again in a moment")
    })?;
    let bytes = bytes.ok_or_else(nothing)?;
    let (content_type, inline) = policy::shown(&shown.content_type);
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, policy::disposition(&shown.name, inline)),
        (header::CACHE_CONTROL, "private, max-age=3600, immutable".into()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".into()),
        (header::REFERRER_POLICY, "no-referrer".into()),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin".into()),
    ];
    Ok((headers, [("x-robots-tag", "noindex")], bytes).into_response())
}
