//! Files: up for a reply, down for reading.

use axum::{
    extract::{Multipart, State, multipart::MultipartError},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use desk::{Actor, attachments::NewAttachment};
use domain::{AttachmentId, MessageId, message, picture};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Json, Problem};

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{document::FileForm, message::Attachment},
};

/// Largest file, in bytes.
const LARGEST: usize = 25 * 1024 * 1024;
/// Largest request with a file in it.
pub(crate) const LARGEST_REQUEST: usize = LARGEST + 64 * 1024;
/// Longest address of a picture.
const LONGEST_ADDRESS: usize = 2_000;
/// Pictures that browsers only ever draw.
const HARMLESS: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Puts a file up; a reply takes it by its id. A picture is known by its content, whatever it is called.
#[utoipa::path(post, path = "/attachments", tag = "messages",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses((status = 201, body = Attachment)))]
pub async fn add(
    State(app): State<Shared>,
    Agent(actor): Agent,
    mut form: Multipart,
) -> Answer<(StatusCode, Json<Attachment>)> {
    let (name, called, bytes) = file(&mut form).await?;
    let content_type = picture::content_type(&bytes, &called);
    keep(&app, &actor, name, content_type, bytes).await
}

/// Where a picture is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureAddress {
    /// `http` or `https`, on the public internet.
    url: String,
}

/// Puts a picture up that lies on the public internet: JPEG, PNG, GIF or WebP, at most 5 MiB. 422 `picture_unreachable`.
#[utoipa::path(post, path = "/attachments/url", tag = "messages", request_body = PictureAddress,
    responses((status = 201, body = Attachment)))]
pub async fn add_from_url(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Json(PictureAddress { url }): Json<PictureAddress>,
) -> Answer<(StatusCode, Json<Attachment>)> {
    if url.len() > LONGEST_ADDRESS {
        return Err(Problem::invalid(format!("url: at most {LONGEST_ADDRESS} characters")).into());
    }
    let (bytes, kind) = app.images.fetch(url.trim()).await.map_err(|reason| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "picture_unreachable")
            .detail(format!("the picture cannot be fetched: {reason}"))
    })?;
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let stem = path.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
    let stem = if stem.is_empty() { "picture" } else { stem };
    keep(&app, &actor, format!("{stem}.{}", picture::ending(kind)), kind.to_owned(), bytes).await
}

async fn keep(
    app: &Shared,
    actor: &Actor,
    name: String,
    content_type: String,
    bytes: Bytes,
) -> Answer<(StatusCode, Json<Attachment>)> {
    let (size, blob) = (bytes.len() as u64, format!("att/{}", Uuid::new_v4()));
    app.blobs.put(&blob, bytes).await.map_err(|error| {
        tracing::error!(error = format!("{error:#}"), "a file cannot be written");
        Problem::unavailable("the file could not be stored: try again in a moment")
    })?;
    let added = app.desk.add_attachment(NewAttachment { name, content_type, size, blob }, actor).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Name, media type and bytes of the first file of a form.
async fn file(form: &mut Multipart) -> Result<(String, String, Bytes), Problem> {
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let Some(name) = field.file_name().map(typed) else { continue };
        let content_type = field.content_type().unwrap_or_default().to_owned();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        if bytes.is_empty() {
            return Err(Problem::invalid("file: this file is empty"));
        }
        return Ok((name, content_type, bytes.freeze()));
    }
    Err(Problem::invalid("file: the form holds no file"))
}

/// A file's name as it was before the browser put it between quotes (HTML, 4.10.21.8): of all characters, those three.
fn typed(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

fn unreadable(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::bad_request("unreadable_form", error.body_text())
}

fn too_large() -> Problem {
    Problem::too_large(format!("a file may have at most {} MiB", LARGEST / 1024 / 1024))
}

/// A file's bytes. Anything but a plain picture is for saving, never shown as a page of ours.
#[utoipa::path(get, path = "/attachments/{id}", tag = "messages",
    params(("id" = Uuid, Path, description = "Attachment")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn show(State(app): State<Shared>, _agent: Agent, Id(id): Id<AttachmentId>) -> Answer<Response> {
    let file = app.desk.attachment(id).await?;
    let bytes = app.blobs.get(file.blob.as_deref().unwrap_or_default()).await?;
    let bytes = bytes.ok_or_else(|| Problem::not_found("the bytes of this file are gone"))?;
    let headers = [
        (header::CONTENT_TYPE, file.content_type.clone()),
        (header::CONTENT_DISPOSITION, disposition(&file)),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable".into()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".into()),
    ];
    Ok((headers, bytes).into_response())
}

/// The mail of a message as it came in, for saving. 404 for a message that is no mail from outside.
#[utoipa::path(get, path = "/messages/{id}/original", tag = "messages",
    params(("id" = Uuid, Path, description = "Message")),
    responses((status = 200, body = Vec<u8>, content_type = "message/rfc822")))]
pub async fn original(State(app): State<Shared>, _agent: Agent, Id(id): Id<MessageId>) -> Answer<Response> {
    let mail = app.desk.original(id).await?;
    let bytes = app.blobs.get(&mail.blob).await?;
    let bytes = bytes.ok_or_else(|| Problem::not_found("the bytes of this mail are gone"))?;
    let headers = [
        (header::CONTENT_TYPE, "message/rfc822".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{}", escaped(&mail.name))),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable".into()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".into()),
    ];
    Ok((headers, bytes).into_response())
}

/// `Content-Disposition` (RFC 6266): the name as RFC 8187 writes it, whatever characters it has.
fn disposition(file: &message::Attachment) -> String {
    let kind = if HARMLESS.contains(&file.content_type.as_str()) { "inline" } else { "attachment" };
    format!("{kind}; filename*=UTF-8''{}", escaped(&file.name))
}

fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_pictures_are_shown_in_the_browser() {
        let file = |name: &str, content_type: &str| message::Attachment {
            id: AttachmentId(Uuid::nil()),
            name: name.into(),
            content_type: content_type.into(),
            size: 1,
            url: String::new(),
            blob: None,
        };
        assert_eq!(disposition(&file("a.png", "image/png")), "inline; filename*=UTF-8''a.png");
        for odd in ["image/svg+xml", "text/html", "application/pdf"] {
            assert!(disposition(&file("x", odd)).starts_with("attachment"), "{odd}");
        }
        let name = disposition(&file("Rechnung „März\".pdf\r\nX: y", "application/pdf"));
        assert!(name.is_ascii() && !name.contains(['\r', '\n', '"']), "{name}");
    }
}
