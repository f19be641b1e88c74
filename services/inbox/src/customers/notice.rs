//! What a customer's browser shows for a link of ours: a short page, kept nowhere and framed nowhere.

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// A page with a title and a sentence, and what stands below them.
pub(super) fn page(status: StatusCode, title: &str, words: &str, more: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <body style=\"font:17px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:28em;padding:0 1.5em\">\
         <h1 style=\"font-size:1.4em\">{title}</h1><p>{words}</p>{more}</body></html>"
    );
    (status, Html(page)).into_response()
}

/// An answer that no cache keeps, no page frames and no search engine lists.
pub(super) fn sealed(answer: Response) -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
    ];
    (headers, [("x-robots-tag", "noindex")], answer).into_response()
}
