//! The numbers customers text to, what waits for each, and how they are set up.

use std::collections::HashMap;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use domain::PhoneNumber;
use host::config::{Channel, ChannelKind, Provider, WebhookProof};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;
use utoipa::ToSchema;
use web::Json;

use super::{Id, Named, nullable, only_if_new};
use crate::{
    Shared,
    auth::{Admin, Agent},
    refusal::Answer,
    setup::{Standing, Which},
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
    /// Who sets it up: `frontdesk.toml` or `console`.
    owner: &'static str,
    /// All services of the process that answers have it: false for a moment after a change.
    is_live: bool,
    /// Where its carrier is called, if that is not the usual address.
    #[schema(required = true)]
    api_base: Option<String>,
    /// Which of the carrier's credentials it has; they are not shown.
    credentials: Vec<String>,
    /// Texts that wait to be sent from it.
    queued: i64,
}

/// The numbers customers text to.
#[utoipa::path(get, path = "/numbers", tag = "settings", responses((status = 200, body = Page<Number>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<Number>>> {
    let keywords = app.desk.settings().await?.sms.keywords;
    let queued: HashMap<String, i64> = app.desk.waiting_by_number().await?.into_iter().collect();
    let all = app.setup.all(&app.desk, ChannelKind::Number).await?;
    let numbers = all.iter().filter_map(|standing| {
        let mut number = shown(standing, &app.public_url)?;
        let words = keywords.subscribe_words(&number.number);
        number.subscribe_words = words.into_iter().map(str::to_owned).collect();
        number.queued = queued.get(number.number.as_str()).copied().unwrap_or(0);
        Some(number)
    });
    Ok(Json(Page::whole(numbers.collect())))
}

/// What is set up of a number. What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpNumber {
    /// Who carries it: see `/carriers`.
    provider: String,
    /// Where the carrier is called (Infobip: the account's own address); `null`: the usual address.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    api_base: Option<Option<String>>,
    /// Segments a second it may send; `null`: as many as the carrier takes.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<u32>)]
    segments_per_second: Option<Option<u32>>,
    /// The carrier confirms an opt-out itself.
    carrier_confirms_opt_out: Option<bool>,
    /// Credentials by name: a text sets one, `null` removes it.
    #[serde(default)]
    #[schema(value_type = Object)]
    credentials: Map<String, Value>,
}

/// Sets a number up, or changes it. All services take it over within seconds. `given_by_file`: `frontdesk.toml` owns it.
#[utoipa::path(put, path = "/numbers/{id}", tag = "settings", request_body = SetUpNumber,
    params(("id" = String, Path, description = "E.164 or short code"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: one that is there already is not changed (412)")),
    responses((status = 200, body = Number), (status = 412, description = "`already_set_up`")))]
pub async fn set_up(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Named(number): Named<PhoneNumber>,
    headers: HeaderMap,
    Json(wanted): Json<SetUpNumber>,
) -> Answer<Json<Number>> {
    let which =
        Which { kind: ChannelKind::Number, name: number.as_str(), only_if_new: only_if_new(&headers) };
    let standing = app.setup.save(&app.desk, &actor, which, |entry| wanted.apply(&number, entry)).await?;
    let shown = shown(&standing, &app.public_url);
    Ok(Json(shown.ok_or_else(|| anyhow::anyhow!("what was set up is no number"))?))
}

/// Removes a number: texts to it are refused from then on, its tickets stay.
#[utoipa::path(delete, path = "/numbers/{id}", tag = "settings",
    params(("id" = String, Path, description = "E.164 or short code")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(number): Id<PhoneNumber>,
) -> Answer<StatusCode> {
    app.setup.remove(&app.desk, &actor, (ChannelKind::Number, number.as_str())).await
}

/// A carrier whose numbers can be set up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Carrier {
    /// As in `provider`.
    provider: &'static str,
    /// Its name.
    name: &'static str,
    /// The credentials it needs.
    needs: &'static [&'static str],
    /// Those it may have besides.
    optional: &'static [&'static str],
    /// Those that prove that a webhook comes from it; the first is its own way, the others may replace it.
    proofs: &'static [&'static str],
}

/// The carriers whose numbers can be set up.
#[utoipa::path(get, path = "/carriers", tag = "settings", responses((status = 200, body = Page<Carrier>)))]
pub async fn carriers(_admin: Admin) -> Answer<Json<Page<Carrier>>> {
    let carrier = |provider: Provider| Carrier {
        provider: provider.as_str(),
        name: provider.name(),
        needs: provider.needs(),
        optional: provider.takes(),
        proofs: provider.proofs(),
    };
    Ok(Json(Page::whole(Provider::ALL.into_iter().map(carrier).collect())))
}

impl SetUpNumber {
    fn apply(self, number: &PhoneNumber, entry: &mut Map<String, Value>) {
        entry.insert("number".into(), json!(number));
        let before = entry.insert("provider".into(), json!(self.provider));
        // Credentials of one carrier are none of another's.
        if before.is_some_and(|before| before != json!(self.provider)) {
            entry.remove("credentials");
        }
        for (name, value) in [
            ("api_base", self.api_base.map(|base| json!(base))),
            ("segments_per_second", self.segments_per_second.map(|segments| json!(segments))),
            ("carrier_confirms_opt_out", self.carrier_confirms_opt_out.map(Value::Bool)),
        ] {
            if let Some(value) = value {
                entry.insert(name.into(), value);
            }
        }
        let credentials = entry.entry("credentials").or_insert_with(|| json!({}));
        if let Some(credentials) = credentials.as_object_mut() {
            credentials.extend(self.credentials);
            credentials.retain(|_, value| !value.is_null());
        }
    }
}

fn shown(standing: &Standing, public_url: &Url) -> Option<Number> {
    let Channel::Number(number) = &standing.channel else { return None };
    Some(Number {
        provider: number.provider.as_str(),
        webhook_url: webhook_url(number, public_url),
        proof: number.proof().as_str(),
        segments_per_second: number.segments_per_second,
        carrier_confirms_opt_out: number.carrier_confirms_opt_out,
        subscribe_words: Vec::new(),
        owner: standing.owner,
        is_live: standing.is_live,
        api_base: number.api_base.as_ref().map(Url::to_string),
        credentials: number.credentials.names().map(str::to_owned).collect(),
        queued: 0,
        number: number.number.clone(),
    })
}

fn webhook_url(number: &host::config::SmsNumber, public_url: &Url) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    let secret = if number.proof() == WebhookProof::WebhookSecret { "/<webhook_secret>" } else { "" };
    format!("{base}/webhooks/sms/{}{secret}", number.provider.as_str())
}
