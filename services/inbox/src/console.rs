//! The console: files built by `make ui`, embedded.

use axum::{
    Router,
    extract::Request,
    http::{Method, Uri},
    response::{IntoResponse, Response},
    routing::{any, get},
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
    Router::new().route("/", get(serve)).route("/{*path}", any(serve))
}

async fn serve(uri: Uri, request: Request) -> Response {
    let path = uri.path();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if OTHERS.contains(&first) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        // Also where somebody posts: a carrier with a wrong address shall read that there is nobody.
        return Problem::not_found("there is nothing at this address").into_response();
    }
    let page = assets::spa::<Files>(path, request.headers())
        .unwrap_or_else(|| assets::missing("The console", "make ui"));
    assets::with_policy(page, "'none'")
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn whoever_posts_to_an_address_of_others_reads_that_there_is_nobody() {
        for (method, path) in [
            ("POST", "/webhooks/sms/twilio/"),
            ("GET", "/webhooks/sms/vonage/"),
            ("POST", "/webhooks/other"),
            ("POST", "/chat/other"),
            ("PUT", "/other"),
        ] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let answer = router().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}
