//! The sites with the chat on their pages, and how they are set up.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use host::config::{Channel, ChannelKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use web::Json;

use super::{nullable, only_if_new};
use crate::{
    Shared,
    auth::{Admin, Agent},
    refusal::Answer,
    setup::{Standing, Which},
    view::Page,
};

/// A site with the chat on its pages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChatSite {
    /// Its id.
    id: String,
    /// Origins of the pages that may show the chat.
    allowed_origins: Vec<String>,
    /// It signs its visitors: they are who they say.
    signs_visitors: bool,
    /// The script that its pages load.
    script_url: String,
    /// Who sets it up: `frontdesk.toml` or `console`.
    owner: &'static str,
    /// All services of the process that answers have it: false for a moment after a change.
    is_live: bool,
}

/// What is set up of a site. What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpSite {
    /// Origins of the pages that may show the chat, such as `https://shop.example.com`.
    allowed_origins: Vec<String>,
    /// With what it signs its visitors; `null`: it does not.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    identity_secret: Option<Option<String>>,
}

/// The sites with the chat on their pages.
#[utoipa::path(get, path = "/chat-sites", tag = "settings", responses((status = 200, body = Page<ChatSite>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<ChatSite>>> {
    let all = app.setup.all(&app.desk, ChannelKind::Site).await?;
    Ok(Json(Page::whole(all.iter().filter_map(|standing| shown(&app, standing)).collect())))
}

/// Sets a site up, or changes it. All services take it over within seconds. `given_by_file`: `frontdesk.toml` owns it.
#[utoipa::path(put, path = "/chat-sites/{id}", tag = "settings", request_body = SetUpSite,
    params(("id" = String, Path, description = "Id of the site"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: one that is there already is not changed (412)")),
    responses((status = 200, body = ChatSite), (status = 412, description = "`already_set_up`")))]
pub async fn set_up(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(wanted): Json<SetUpSite>,
) -> Answer<Json<ChatSite>> {
    let apply = |entry: &mut Map<String, Value>| {
        entry.insert("id".into(), json!(id));
        entry.insert("allowed_origins".into(), json!(wanted.allowed_origins));
        if let Some(secret) = wanted.identity_secret {
            entry.insert("identity_secret".into(), json!(secret));
        }
        entry.retain(|_, value| !value.is_null());
    };
    let which = Which { kind: ChannelKind::Site, name: &id, only_if_new: only_if_new(&headers) };
    let standing = app.setup.save(&app.desk, &actor, which, apply).await?;
    let shown = shown(&app, &standing);
    Ok(Json(shown.ok_or_else(|| anyhow::anyhow!("what was set up is no site"))?))
}

/// Removes a site: its pages show no chat from then on, its tickets stay.
#[utoipa::path(delete, path = "/chat-sites/{id}", tag = "settings",
    params(("id" = String, Path, description = "Id of the site")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    app.setup.remove(&app.desk, &actor, (ChannelKind::Site, &id)).await
}

fn shown(app: &Shared, standing: &Standing) -> Option<ChatSite> {
    let Channel::Site(site) = &standing.channel else { return None };
    let base = app.public_url.as_str().trim_end_matches('/');
    Some(ChatSite {
        id: site.id.clone(),
        allowed_origins: site.allowed_origins.clone(),
        signs_visitors: site.identity_secret.is_some(),
        script_url: format!("{base}/chat/widget.js"),
        owner: standing.owner,
        is_live: standing.is_live,
    })
}
