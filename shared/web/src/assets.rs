//! Files built into the executable: a console, a widget, a page.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::signature::hex;

/// For files whose name changes with their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// For files that keep their name: asked for again each time, answered with 304 while unchanged.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The file at `path` (no leading slash), if it is there. `headers` are those of the request, for `If-None-Match`.
pub fn file<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<Response> {
    E::get(path).map(|file| answer(path, file, headers))
}

/// The file at `path`, or 404.
pub fn serve<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Response {
    file::<E>(path, headers)
        .unwrap_or_else(|| crate::Problem::not_found("there is no such file").into_response())
}

/// A single-page application: the file at `path`, else `index.html` for addresses of the application itself, else 404
/// for what looks like a file. `None` when the application was not built in at all: answer with [`missing`].
pub fn spa<E: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<Response> {
    let path = path.trim_start_matches('/');
    let index = E::get("index.html")?;
    if path.is_empty() {
        return Some(answer("index.html", index, headers));
    }
    if let Some(found) = file::<E>(path, headers) {
        return Some(found);
    }
    let looks_like_a_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    Some(if looks_like_a_file { serve::<E>(path, headers) } else { answer("index.html", index, headers) })
}

/// The page shown where front-end files were not built in: says what to run.
pub fn missing(what: &str, command: &str) -> Response {
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{what} is not built in</title><body style=\"font:16px/1.5 system-ui;margin:10vh auto;max-width:36em\">\
         <h1>{what} is not built in</h1><p>This executable was built without it. With Node 20, run</p>\
         <pre><code>{command}</code></pre><p>and start again. Everything else works without it.</p>"
    );
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, REVALIDATE)], Html(page)).into_response()
}

/// A `Content-Security-Policy` for a page whose scripts and styles are all its own. `frame_ancestors` says who may
/// frame it: `'none'`, or the origins of a site. `nosniff` and a referrer policy come with it.
pub fn with_policy(mut response: Response, frame_ancestors: &str) -> Response {
    let policy = format!(
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
         object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {frame_ancestors}"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", &hex(file.metadata.sha256_hash())[..32]);
    let cache = if is_hashed(path) { IMMUTABLE } else { REVALIDATE };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)) {
        return (StatusCode::NOT_MODIFIED, [(header::CACHE_CONTROL, cache)], [(header::ETAG, tag)])
            .into_response();
    }
    let kind = content_type(file.metadata.mimetype());
    let body = Body::from(file.data);
    ([(header::CACHE_CONTROL, cache)], [(header::ETAG, tag), (header::CONTENT_TYPE, kind)], body)
        .into_response()
}

/// Text is always UTF-8 here.
fn content_type(kind: &str) -> String {
    let textual = kind.starts_with("text/") || kind == "application/javascript" || kind == "application/json";
    if textual { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

/// Whether a name holds the hash of its content, as Vite writes them: `assets/index-BkRt3x_9.js`.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let in_assets = path.starts_with("assets/") || path.contains("/assets/");
    in_assets && stem.len() > 9 && stem.as_bytes()[stem.len() - 9] == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This crate's own sources stand in for a front end that has no index.
    #[derive(rust_embed::Embed)]
    #[folder = "src/"]
    struct Sources;

    #[test]
    fn only_names_with_a_hash_in_the_assets_folder_never_change() {
        assert!(is_hashed("assets/index-BkRt3x_9.js") && is_hashed("panel/assets/a-12345678.css"));
        assert!(!is_hashed("index.html") && !is_hashed("widget.js") && !is_hashed("assets/logo.svg"));
        assert!(!is_hashed("assets/unhashed-name.svg"));
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let first = serve::<Sources>("lib.rs", &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()["cache-control"], "no-cache");
        let asked = [(header::IF_NONE_MATCH, first.headers()["etag"].clone())].into_iter().collect();
        assert_eq!(serve::<Sources>("lib.rs", &asked).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(serve::<Sources>("none.rs", &asked).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn an_application_that_was_not_built_says_what_to_run() {
        assert!(spa::<Sources>("/", &HeaderMap::new()).is_none());
        assert_eq!(missing("The console", "make console").status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
