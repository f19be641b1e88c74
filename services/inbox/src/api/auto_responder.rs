//! The auto-responder, tried out (H1).

use axum::extract::State;
use desk::auto_response::NewPreview;
use domain::{ProfileId, settings::AutoResponderMode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use crate::{Shared, auth::Agent, refusal::Answer, view::document};

/// What to try; anything not given is as in the settings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryAutoResponder {
    /// The mode.
    #[schema(value_type = Option<document::AutoResponderMode>)]
    mode: Option<AutoResponderMode>,
    /// The template of that mode.
    text: Option<String>,
    /// Whom it is for; somebody who has not agreed to texts unless given.
    profile_id: Option<Uuid>,
}

/// What a customer would get.
#[derive(Serialize, ToSchema)]
pub struct AutoResponderPreview {
    /// The text, filled in.
    text: String,
    /// Segments it costs.
    segments: usize,
    /// `GSM-7` or `UCS-2`.
    encoding: &'static str,
    /// Whether a text without a keyword would be answered with it now.
    answers: bool,
    /// Why, or why not.
    reason: String,
}

/// What an automatic answer looks like, what it costs, and whether it would be given. Nothing is sent.
#[utoipa::path(post, path = "/settings/auto-responder/preview", tag = "settings", request_body = TryAutoResponder,
    responses((status = 200, body = AutoResponderPreview)))]
pub async fn preview(
    State(app): State<Shared>,
    _agent: Agent,
    Json(tried): Json<TryAutoResponder>,
) -> Answer<Json<AutoResponderPreview>> {
    let TryAutoResponder { mode, text, profile_id } = tried;
    let new = NewPreview { mode, text, profile: profile_id.map(ProfileId) };
    let preview = app.desk.preview_auto_response(new).await?;
    let counted = domain::segments::count(&preview.text);
    Ok(Json(AutoResponderPreview {
        segments: counted.count,
        encoding: counted.encoding.as_str(),
        text: preview.text,
        answers: preview.answers,
        reason: preview.reason,
    }))
}
