//! The numbers customers text to, as they are configured, and what waits for each.

use std::collections::HashMap;

use axum::extract::State;
use domain::PhoneNumber;
use host::config::{SmsNumber, WebhookProof};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use web::Json;

use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::{Page, word},
};

/// A number of the organisation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Number {
    /// E.164 or short code.
    #[schema(value_type = String)]
    number: PhoneNumber,
    /// Who carries it.
    provider: &'static str,
    /// Where the carrier has to send texts and receipts. A secret in it is not shown.
    webhook_url: String,
    /// What proves that they come from the carrier.
    #[schema(value_type = word::WebhookProof)]
    proof: &'static str,
    /// Segments a second it may send; `null`: as many as the carrier takes.
    #[schema(required = true)]
    segments_per_second: Option<u32>,
    /// The carrier confirms an opt-out itself.
    carrier_confirms_opt_out: bool,
    /// The organisation's subscribe words on this number.
    subscribe_words: Vec<String>,
    /// Where it is configured.
    owner: &'static str,
    /// Texts that wait to be sent from it.
    queued: i64,
}

/// The numbers customers text to.
#[utoipa::path(get, path = "/numbers", tag = "settings", responses((status = 200, body = Page<Number>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<Number>>> {
    let keywords = app.desk.settings().await?.sms.keywords;
    let queued: HashMap<String, i64> = app.desk.waiting_by_number().await?.into_iter().collect();
    let shown = |number: &SmsNumber| {
        let words = keywords.subscribe_words(&number.number);
        Number {
            provider: number.provider.as_str(),
            webhook_url: webhook_url(number, &app.public_url),
            proof: number.proof().as_str(),
            segments_per_second: number.segments_per_second,
            carrier_confirms_opt_out: number.carrier_confirms_opt_out,
            subscribe_words: words.into_iter().map(str::to_owned).collect(),
            owner: "frontdesk.toml",
            queued: queued.get(number.number.as_str()).copied().unwrap_or(0),
            number: number.number.clone(),
        }
    };
    Ok(Json(Page::whole(app.numbers.iter().map(shown).collect())))
}

fn webhook_url(number: &SmsNumber, public_url: &Url) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    let secret = if number.proof() == WebhookProof::WebhookSecret { "/<webhook_secret>" } else { "" };
    format!("{base}/webhooks/sms/{}{secret}", number.provider.as_str())
}
