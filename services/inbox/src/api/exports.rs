//! Everything that is kept of a person, for themselves.

use std::time::Duration;

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::ProfileId;
use web::Problem;

use super::Id;
use crate::{Shared, auth::Admin, export, refusal::Answer};

/// Everything that is kept of this person, whoever was merged into them included, as one zip: `person.json` with the
/// profile, the history of consent, coupons, tickets with notes, decisions and messages (each with its state of
/// delivery and where its files are), visits to short links and what was kept without becoming a message; beside it
/// `files/` and `mails/` (mails as they came in). A file whose bytes are gone is told in `person.json`. Drafts and
/// answers that were taken back are not in it. The zip is written while it is read: when something fails in the middle
/// the answer breaks off. 429 `too_many_requests` while several are being made.
#[utoipa::path(get, path = "/profiles/{id}/export", tag = "profiles",
    params(("id" = Uuid, Path, description = "Profile")),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip")))]
pub async fn download(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<ProfileId>,
) -> Answer<Response> {
    let turn = app.exports.clone().try_acquire_owned().map_err(|_| {
        Problem::too_many(Duration::from_secs(60))
            .detail("several exports are being made: try again in a minute")
    })?;
    let export = app.desk.begin_export(id, &actor).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"person-{}.zip\"", export.profile.id)),
    ];
    let pieces = export::of(app.desk.clone(), app.blobs.clone(), export, turn);
    Ok((headers, Body::from_stream(pieces)).into_response())
}
