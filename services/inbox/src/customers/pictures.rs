//! `GET /media/{token}`: a picture for the carrier that passes it on (D5). The address is signed and good for some days;
//! whoever has it needs nothing else.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use web::Problem;

use crate::{Shared, refusal::Answer};

/// Shows it.
pub(super) async fn show(State(app): State<Shared>, Path(token): Path<String>) -> Answer<Response> {
    let file = app.desk.shared_picture(&token).await?;
    let bytes = app.blobs.get(file.blob.as_deref().unwrap_or_default()).await?;
    let bytes = bytes.ok_or_else(|| Problem::not_found("the bytes of this picture are gone"))?;
    let headers = [
        (header::CONTENT_TYPE, file.content_type.as_str()),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, [("x-robots-tag", "noindex")], bytes).into_response())
}
