//! A mail as its writer formatted it, for a frame without scripts.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use domain::MessageId;
use serde::Deserialize;
use utoipa::IntoParams;
use web::Query;

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    mail_page::{POLICY, page},
    refusal::Answer,
};

/// With which pictures.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Pictures {
    /// `1`: pictures on the net too, fetched by Frontdesk. Their senders learn that somebody looked, never who.
    #[serde(default)]
    images: u8,
}

/// A mail's HTML as a page, with a policy of its own. Pictures that came with the mail are shown; those on the net only
/// when asked for. 404 for a message without HTML.
#[utoipa::path(get, path = "/messages/{id}/html", tag = "messages",
    params(("id" = uuid::Uuid, Path, description = "Message"), Pictures),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn html(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<MessageId>,
    Query(pictures): Query<Pictures>,
) -> Answer<Response> {
    let html = app.desk.mail_html(id).await?;
    let signed = |address: &str| app.desk.mail_image_address(address);
    let page = match pictures.images {
        0 => page(&html, None),
        _ => page(&html, Some(&signed)),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    Ok((headers, page).into_response())
}
