//! The addresses of the chat: loader, panel, WebSocket.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, header},
    response::{Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use web::{ClientIp, Problem, Query};

use crate::{embed, frames::MAX_FRAME, node::Node, site::Site, socket, welcome};

/// The routes.
pub fn router(node: Arc<Node>) -> Router {
    Router::new()
        .route("/chat/ws", get(enter))
        .route("/chat/widget.js", get(loader))
        .route("/chat/panel", get(|| async { Redirect::permanent("/chat/panel/") }))
        .route("/chat/panel/", get(panel))
        .route("/chat/panel/{*path}", get(asset))
        .with_state(node)
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    site: String,
}

impl Which {
    fn site<'a>(&self, node: &'a Node) -> Result<&'a Arc<Site>, Problem> {
        node.sites.get(&self.site).ok_or_else(|| Problem::not_found("there is no such chat site"))
    }
}

/// Lets a socket in: the site must exist, the origin be one of its own, and the caller not come too often.
async fn enter(
    State(node): State<Arc<Node>>,
    Query(which): Query<Which>,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let site = which.site(&node)?.clone();
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    if !node.sites.allows(&site, origin) {
        tracing::info!(site = %site.id, %origin, "a chat socket was refused: its origin is not allowed for the site");
        return Err(Problem::forbidden("pages of this origin may not use this chat site"));
    }
    let forwarded = headers.contains_key("x-forwarded-for");
    if forwarded || !(ip.is_loopback() || ip.is_unspecified()) {
        node.connects.admit(&ip)?;
    }
    if node.stopping.is_cancelled() || !node.is_following() {
        return Err(Problem::unavailable("the chat is starting or stopping"));
    }
    let upgrade = upgrade.map_err(|error| Problem::of_status(error.status()).detail(error.body_text()))?;
    // Small buffers: 5 KiB instead of 136 KiB per idle connection.
    let upgrade = upgrade
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME);
    Ok(upgrade.on_upgrade(move |socket| socket::serve(node, site, socket)))
}

async fn loader(State(node): State<Arc<Node>>, headers: HeaderMap) -> Response {
    let settings = node.known_settings().unwrap_or_default();
    embed::loader(&headers, &welcome::branding(&settings).color)
}

async fn panel(
    State(node): State<Arc<Node>>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = which.site(&node)?;
    Ok(embed::panel(&headers, &site.frame_ancestors(), node.sites.socket_origin()))
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    embed::asset(&path, &headers)
}
