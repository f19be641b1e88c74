//! Webhooks out (H4): programs elsewhere that are told what happens.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::{
    PageRequest,
    webhooks::{NewWebhook, WebhookPatch},
};
use domain::{
    DeliveryId, WebhookId,
    webhook::{WebhookEvent, WebhookKind},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use web::{Json, Query};

use super::{Id, Ids, PAGE, users};
use crate::{
    Shared,
    auth::Admin,
    refusal::Answer,
    view::{
        Page,
        webhook::{AddedWebhook, Webhook, WebhookDelivery},
        word,
    },
};

/// A webhook to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddWebhook {
    /// Name, at most 80 characters.
    name: String,
    /// In which form it is told: signed JSON, or what Slack's incoming webhooks take.
    #[schema(value_type = word::WebhookKind)]
    kind: WebhookKind,
    /// Where: on the public internet, or a host of `webhooks.inside_hosts` of the configuration.
    url: String,
    /// What it is told.
    #[schema(value_type = Vec<word::WebhookEvent>)]
    events: Vec<WebhookEvent>,
}

/// What changes about a webhook. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhook {
    /// Name.
    name: Option<String>,
    /// Where.
    url: Option<String>,
    /// What it is told.
    #[schema(value_type = Option<Vec<word::WebhookEvent>>)]
    events: Option<Vec<WebhookEvent>>,
    /// It is told. Switched on again, it is as if it had never failed.
    active: Option<bool>,
}

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// At most this many, up to 200.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Every webhook, oldest first.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", responses((status = 200, body = Page<Webhook>)))]
pub async fn list(State(app): State<Shared>, _admin: Admin) -> Answer<Json<Page<Webhook>>> {
    Ok(Json(Page::whole(app.desk.webhooks().await?)))
}

/// Makes a webhook. The answer is the only place where its secret is shown.
///
/// Each event is posted as `{"type", "timestamp", "data"}` and signed as Standard Webhooks describe it: `webhook-id` stays
/// the same at every try of an event, `webhook-timestamp` is the try's time in seconds, `webhook-signature` is `v1,` and
/// the base64 of the HMAC-SHA256 of `{id}.{timestamp}.{body}` under the secret (the base64 behind `whsec_`). Anything but
/// a 2xx within 15 seconds is tried again, ever more rarely, for 24 hours; then it is given up and the webhook is switched
/// off. 410 switches it off at once. Events come at least once and in no promised order.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = AddWebhook,
    responses((status = 201, body = AddedWebhook)))]
pub async fn add(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Json(add): Json<AddWebhook>,
) -> Answer<Response> {
    let AddWebhook { name, kind, url, events } = add;
    shown_once(app.desk.create_webhook(NewWebhook { name, kind, url, events }, &actor).await?)
}

/// Gives a webhook a new secret, shown only now. For a day requests carry a second signature, made with the secret before.
#[utoipa::path(post, path = "/webhooks/{id}/secret", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")), responses((status = 201, body = AddedWebhook)))]
pub async fn change_secret(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<WebhookId>,
) -> Answer<Response> {
    shown_once(app.desk.change_webhook_secret(id, &actor).await?)
}

fn shown_once(one: desk::webhooks::Webhook) -> Answer<Response> {
    let secret = (one.kind == WebhookKind::Signed).then(|| one.secret.clone());
    let facts = Webhook::from(one);
    users::secret(&AddedWebhook { facts: facts.clone(), secret }, &AddedWebhook { facts, secret: None })
}

/// Changes a webhook, or switches it off or on.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", request_body = ChangeWebhook,
    params(("id" = Uuid, Path, description = "Webhook")), responses((status = 200, body = Webhook)))]
pub async fn change(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<WebhookId>,
    Json(change): Json<ChangeWebhook>,
) -> Answer<Json<Webhook>> {
    let ChangeWebhook { name, url, events, active } = change;
    let patch = WebhookPatch { name, url, events, active };
    Ok(Json(app.desk.change_webhook(id, patch, &actor).await?.into()))
}

/// Deletes a webhook, and what was told to it.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(id): Id<WebhookId>,
) -> Answer<StatusCode> {
    app.desk.delete_webhook(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells a webhook that this is a try-out: `webhook.test`. What became of it is among its deliveries.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")), responses((status = 202, body = WebhookDelivery)))]
pub async fn test(State(app): State<Shared>, Admin(actor): Admin, Id(id): Id<WebhookId>) -> Answer<Response> {
    let begun = app.desk.test_webhook(id, &actor).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDelivery::from((begun, Vec::new())))).into_response())
}

/// What was told to a webhook in the last two weeks, newest first, and how each try went.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook"), DeliveryQuery),
    responses((status = 200, body = Page<WebhookDelivery>)))]
pub async fn deliveries(
    State(app): State<Shared>,
    _admin: Admin,
    Id(id): Id<WebhookId>,
    Query(query): Query<DeliveryQuery>,
) -> Answer<Json<Page<WebhookDelivery>>> {
    let page = PageRequest::new(query.limit.unwrap_or(PAGE), query.cursor);
    Ok(Json(Page::of(app.desk.webhook_deliveries(id, &page).await?)))
}

/// Tells an event again, under the same id, whatever became of it before.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook"), ("delivery" = Uuid, Path, description = "Delivery")),
    responses((status = 202, body = WebhookDelivery)))]
pub async fn replay(
    State(app): State<Shared>,
    _admin: Admin,
    Ids(id, delivery): Ids<WebhookId, DeliveryId>,
) -> Answer<Response> {
    let begun = app.desk.replay_delivery(id, delivery).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookDelivery::from((begun, Vec::new())))).into_response())
}
