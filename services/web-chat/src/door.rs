//! The addresses of the chat: loader, panel, WebSocket, stream, files.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::HeaderMap,
    response::{Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use web::{ClientIp, Problem, Query};

use crate::{embed, files, frames::MAX_FRAME, node::Node, site::Site, socket, stream, welcome, wire::Wire};

/// The routes.
pub fn router(node: Arc<Node>) -> Router {
    Router::new()
        .route("/chat/ws", get(enter))
        .route("/chat/widget.js", get(loader))
        .route("/chat/widget.d.ts", get(|headers: HeaderMap| async move { embed::types(&headers) }))
        .route("/chat/panel", get(|| async { Redirect::permanent("/chat/panel/") }))
        .route("/chat/panel/", get(panel))
        .route("/chat/panel/{*path}", get(asset))
        .route("/chat/{site}/stream", get(stream::open))
        .route("/chat/{site}/frames", post(stream::post))
        .route(
            "/chat/{site}/files",
            post(files::door::add).layer(DefaultBodyLimit::max(files::policy::LARGEST_REQUEST)),
        )
        .route("/chat/files/{token}", get(files::door::show))
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

/// The site, if this caller may use it and does not come too often. `same_origin` says that the browser vouches for the
/// page being one of ours.
pub(crate) fn admitted(
    node: &Node,
    site: &str,
    headers: &HeaderMap,
    ip: IpAddr,
    same_origin: bool,
) -> Result<Arc<Site>, Problem> {
    let site = node.sites.get(site).ok_or_else(|| Problem::not_found("there is no such chat site"))?;
    if !same_origin {
        node.sites.check(site, headers)?;
    }
    let forwarded = headers.contains_key("x-forwarded-for");
    if forwarded || !(ip.is_loopback() || ip.is_unspecified()) {
        node.connects.admit(&ip)?;
    }
    if node.stopping.is_cancelled() || !node.was_connected() {
        return Err(Problem::unavailable("the chat is starting or stopping"));
    }
    Ok(site.clone())
}

/// Lets a socket in.
async fn enter(
    State(node): State<Arc<Node>>,
    Query(which): Query<Which>,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let site = admitted(&node, &which.site, &headers, ip, false)?;
    let upgrade = upgrade.map_err(|error| Problem::of_status(error.status()).detail(error.body_text()))?;
    // Small buffers: 5 KiB instead of 136 KiB per idle connection.
    let upgrade = upgrade
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME);
    Ok(upgrade.on_upgrade(move |socket| socket::serve(node, site, Wire::Socket(Box::new(socket)))))
}

async fn loader(State(node): State<Arc<Node>>, headers: HeaderMap) -> Response {
    let settings = node.known_settings().unwrap_or_default();
    embed::loader(&headers, &welcome::branding(&settings))
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
