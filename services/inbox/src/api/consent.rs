//! The consent history of a customer (D2).

use axum::{extract::State, http::StatusCode};
use desk::consent::NewConsent;
use domain::{
    Channel, PhoneNumber, ProfileId,
    consent::{ConsentKind, ConsentState},
};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Json, Problem};

use super::Id;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Page, profile::Consent, word},
};

/// A word of the customer to record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordConsent {
    /// Only `sms` needs consent.
    #[schema(value_type = word::Channel)]
    channel: Channel,
    /// Which kind.
    #[schema(value_type = word::ConsentKind)]
    kind: ConsentKind,
    /// Yes or no.
    #[schema(value_type = word::ConsentState)]
    state: ConsentState,
    /// Where it came from; `api` unless given.
    source: Option<String>,
    /// The evidence: what the customer said or agreed to.
    #[serde(default)]
    text: String,
    /// The organisation's number it concerns.
    number: Option<String>,
}

/// The whole history, newest first.
#[utoipa::path(get, path = "/profiles/{id}/consent", tag = "profiles",
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 200, body = Page<Consent>)))]
pub async fn list(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<ProfileId>,
) -> Answer<Json<Page<Consent>>> {
    Ok(Json(Page::whole(app.desk.consents(id).await?)))
}

/// Adds to the history; lines are never changed.
#[utoipa::path(post, path = "/profiles/{id}/consent", tag = "profiles", request_body = RecordConsent,
    params(("id" = Uuid, Path, description = "Profile")), responses((status = 201, body = Consent)))]
pub async fn record(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Id(id): Id<ProfileId>,
    Json(record): Json<RecordConsent>,
) -> Answer<(StatusCode, Json<Consent>)> {
    if record.channel != Channel::Sms {
        return Err(Problem::invalid("channel: only sms needs consent").into());
    }
    let number = record.number.as_deref().map(PhoneNumber::parse).transpose();
    let number = number.map_err(|error| Problem::invalid(format!("number: {error}")))?;
    let new = NewConsent {
        kind: record.kind,
        state: record.state,
        source: record.source.unwrap_or_else(|| "api".into()),
        text: record.text,
        number: number.map(|number| number.to_string()),
    };
    Ok((StatusCode::CREATED, Json(app.desk.record_consent(id, new, &actor).await?.into())))
}
