//! The console: files built by `make ui`, embedded.

use axum::{
    Router,
    extract::Request,
    http::{Method, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;
use web::{Problem, assets};

#[derive(RustEmbed)]
#[folder = "console/dist/"]
#[allow_missing = true]
struct Files;

/// Addresses of others: nothing of them is the console's, not even where nobody answers.
const OTHERS: &[&str] = &["api", "chat", "webhooks", "sandbox", "l", "media", "mail-images"];

/// The console at `/`. Whatever is no file of it and no address of others is the application itself.
pub(crate) fn router() -> Router {
    Router::new().route("/", get(serve)).route("/{*path}", get(serve))
}

async fn serve(uri: Uri, request: Request) -> Response {
    let path = uri.path();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if OTHERS.contains(&first) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::not_found("there is nothing at this address").into_response();
    }
    let page = assets::spa::<Files>(path, request.headers())
        .unwrap_or_else(|| assets::missing("The console", "make ui"));
    assets::with_policy(page, "'none'")
}
