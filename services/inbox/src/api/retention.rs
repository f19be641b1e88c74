//! How long conversations are kept: what that would take.

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use web::{Json, Problem, Query};

use crate::{Shared, auth::Admin, refusal::Answer, view::retention::TicketsOver};

/// Days that are thought of; what is not given is as in the settings.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// Of texts, after they were closed; 0 for ever.
    sms_days: Option<u32>,
    /// Of mails.
    email_days: Option<u32>,
    /// Of chats.
    chat_days: Option<u32>,
}

/// How many closed tickets would go at once if conversations were kept for so long. Nothing is done.
#[utoipa::path(get, path = "/retention", tag = "settings", params(Days), responses((status = 200, body = TicketsOver)))]
pub async fn plan(
    State(app): State<Shared>,
    _admin: Admin,
    Query(days): Query<Days>,
) -> Answer<Json<TicketsOver>> {
    let settings = app.desk.settings().await?;
    let kept = settings.privacy;
    let asked = json!({"privacy": {
        "sms_days": days.sms_days.unwrap_or(kept.sms_days),
        "email_days": days.email_days.unwrap_or(kept.email_days),
        "chat_days": days.chat_days.unwrap_or(kept.chat_days),
    }});
    let asked = settings.patched(&asked).map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(Json(app.desk.tickets_over(&asked.privacy).await?.into()))
}
