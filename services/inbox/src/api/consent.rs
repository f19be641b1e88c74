//! The consent history of a customer (D2).

use axum::{Extension, extract::State, http::StatusCode};
use desk::{
    consent::NewConsent,
    consent_import::{ImportedConsent, MAX_RECORDS},
};
use domain::{
    Channel, PhoneNumber, ProfileId,
    consent::{ConsentKind, ConsentState},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Json, Problem};

use super::{Id, campaigns::ProfileRef};
use crate::{
    Shared,
    auth::{Agent, Manager},
    idempotent::RequestKey,
    refusal::Answer,
    view::{Page, Time, profile::Consent, word},
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

/// Largest import: a thousand records with the longest texts.
pub(crate) const LARGEST_IMPORT: usize = 4 * 1024 * 1024;

/// Records to take over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentImport {
    /// Up to 1,000.
    #[schema(value_type = Vec<ImportRecord>)]
    records: Vec<Value>,
}

/// A word of a customer, said elsewhere. The customer by one of `phone`, `profile_id`, `email` and `external_id`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRecord {
    /// Phone number; a profile is made where nobody has it.
    phone: Option<String>,
    /// Id of the profile.
    profile_id: Option<Uuid>,
    /// Mail address.
    email: Option<String>,
    /// Id in another system.
    external_id: Option<String>,
    /// Which kind.
    #[schema(value_type = word::ConsentKind)]
    kind: ConsentKind,
    /// Yes or no.
    #[schema(value_type = word::ConsentState)]
    state: ConsentState,
    /// Where it came from.
    source: String,
    /// The evidence: what the customer said or agreed to.
    text: String,
    /// The organisation's number it concerns.
    number: Option<String>,
    /// When the customer said so; just now unless given.
    at: Option<Time>,
}

/// What came of an import.
#[derive(Serialize, ToSchema)]
pub struct ImportResult {
    /// How many records are in the history now.
    recorded: usize,
    /// Those that are not.
    errors: Vec<ImportError>,
}

/// A record that was not taken over.
#[derive(Serialize, ToSchema)]
pub struct ImportError {
    /// Its place in the request, from 0.
    index: usize,
    /// Why, for people.
    detail: String,
}

/// Adds up to 1,000 records to histories of consent. Each is looked at for itself; those that make no sense are named.
#[utoipa::path(post, path = "/consents/import", tag = "profiles", request_body = ConsentImport,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeat harmless")),
    responses((status = 200, body = ImportResult)))]
pub async fn import(
    State(app): State<Shared>,
    Manager(actor): Manager,
    key: Option<Extension<RequestKey>>,
    Json(import): Json<ConsentImport>,
) -> Answer<Json<ImportResult>> {
    if import.records.len() > MAX_RECORDS {
        return Err(Problem::invalid(format!("records: at most {MAX_RECORDS} at once")).into());
    }
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    for (index, record) in import.records.into_iter().enumerate() {
        match read(index, record) {
            Ok(record) => records.push(record),
            Err(detail) => errors.push((index, detail)),
        }
    }
    let key = key.map(|Extension(RequestKey(key))| key);
    let imported = app.desk.import_consents(&records, key.as_deref(), &actor).await?;
    errors.extend(imported.errors);
    errors.sort_unstable();
    let errors = errors.into_iter().map(|(index, detail)| ImportError { index, detail }).collect();
    Ok(Json(ImportResult { recorded: imported.recorded, errors }))
}

fn read(index: usize, record: Value) -> Result<ImportedConsent, String> {
    let record: ImportRecord = serde_json::from_value(record).map_err(|error| error.to_string())?;
    let ImportRecord { phone, profile_id, email, external_id, kind, state, source, text, number, at } =
        record;
    let whose = ProfileRef { id: profile_id, phone, email, external_id };
    let number = number.as_deref().map(PhoneNumber::parse).transpose();
    let number = number.map_err(|error| format!("number: {error}"))?.map(|number| number.to_string());
    Ok(ImportedConsent {
        index,
        whose: whose.recipient().map_err(|why| why.replace("name one of id,", "name one of profile_id,"))?,
        consent: NewConsent { kind, state, source, text, number },
        at: at.map(|time| time.0),
    })
}
