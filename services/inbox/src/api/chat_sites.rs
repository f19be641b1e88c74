//! The sites with the chat on their pages, as they are configured.

use axum::extract::State;
use host::config::Site;
use serde::Serialize;
use utoipa::ToSchema;
use web::Json;

use crate::{Shared, auth::Agent, refusal::Answer, view::Page};

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
}

/// The sites with the chat on their pages.
#[utoipa::path(get, path = "/chat-sites", tag = "settings", responses((status = 200, body = Page<ChatSite>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<ChatSite>>> {
    let base = app.public_url.as_str().trim_end_matches('/');
    let shown = |site: &Site| ChatSite {
        id: site.id.clone(),
        allowed_origins: site.allowed_origins.clone(),
        signs_visitors: site.identity_secret.is_some(),
        script_url: format!("{base}/chat/widget.js"),
    };
    Ok(Json(Page::whole(app.sites.iter().map(shown).collect())))
}
