//! The widget's files, built into the executable: the loader, and the panel with its assets.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::settings::Position;
use rust_embed::Embed;

use crate::frames::Branding;

/// What `npm run build` in `widget/` made.
#[derive(Embed)]
#[folder = "widget/dist"]
#[allow_missing = true]
struct Widget;

/// Stands in the loader for the accent colour.
const COLOR: &str = "#f0de5c";
/// Stands in the loader for the side of the page.
const POSITION: &str = "@position@";
/// How to build the widget.
const BUILD: &str = "cd services/web-chat/widget && npm ci && npm run build";

/// The loader, with the organisation's colour and side of the page in it. Pages of any origin may load it.
pub fn loader(headers: &HeaderMap, looks: &Branding) -> Response {
    let Some(file) = Widget::get("widget.js") else { return missing() };
    let position = if looks.position == Position::Left { "left" } else { "right" };
    let script = String::from_utf8_lossy(&file.data).replace(COLOR, &looks.color).replace(POSITION, position);
    let tag = format!("\"{}\"", &web::signature::hex(web::signature::sha256(script.as_bytes()))[..32]);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let common = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
    ];
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return (StatusCode::NOT_MODIFIED, common, [(header::ETAG, tag)]).into_response();
    }
    let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
    (common, [(header::ETAG, tag)], [(header::CONTENT_TYPE, kind)], script).into_response()
}

/// The panel's page, to be framed by `ancestors` only. `socket` is the origin of its WebSocket.
pub fn panel(headers: &HeaderMap, ancestors: &str, socket: &str) -> Response {
    web::assets::file::<Widget>("panel/index.html", headers)
        .map_or_else(missing, |page| sealed(page, ancestors, socket))
}

/// Everything in the page is its own, and only `ancestors` may frame it.
fn sealed(mut page: Response, ancestors: &str, socket: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {socket}; \
         base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    );
    let headers = page.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}

/// What pages can tell the loader and hear from it, for TypeScript.
pub fn types(headers: &HeaderMap) -> Response {
    let mut file = web::assets::file::<Widget>("widget.d.ts", headers).unwrap_or_else(missing);
    // by its name it would be a film
    file.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    file
}

/// A file of the panel.
pub fn asset(path: &str, headers: &HeaderMap) -> Response {
    let mut file = web::assets::serve::<Widget>(&format!("panel/{path}"), headers);
    file.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    file
}

fn missing() -> Response {
    web::assets::missing("The chat widget", BUILD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panel_may_be_framed_by_its_site_only_and_runs_its_own_scripts_only() {
        let ancestors = "'self' https://shop.example.com";
        let page = sealed(StatusCode::OK.into_response(), ancestors, "wss://desk.example.com");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self' wss://desk.example.com",
            "frame-ancestors 'self' https://shop.example.com",
        ] {
            assert!(policy.split("; ").any(|one| one == part), "{part} in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    }
}
