//! The links of mails about chats: `GET /c/{token}` leads back into the chat (H9), `/u/{token}` is "no more of these"
//! (RFC 8058: mail programs post there, people press a button).

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use desk::DeskError;
use url::Url;
use web::Problem;

use super::notice::{page, sealed};
use crate::Shared;

/// What the widget looks for behind the `#` of a page.
const MARK: &str = "frontdesk-chat=";

/// Leads to the page the chat began on; the widget there finds the token and opens the chat. Behind the `#`, no server
/// sees it.
pub(super) async fn open(State(app): State<Shared>, Path(token): Path<String>) -> Response {
    let answer = match app.desk.chat_door(&token).await {
        Ok(door) => {
            let page = door.page.as_deref().and_then(|page| Url::parse(page).ok());
            let target = page.or_else(|| panel(&app.public_url, &door.site)).map(|mut page| {
                page.set_fragment(Some(&format!("{MARK}{token}")));
                page.to_string()
            });
            match target {
                Some(target) => (StatusCode::FOUND, [(header::LOCATION, target)]).into_response(),
                None => Problem::internal().into_response(),
            }
        }
        Err(DeskError::NotFound(_)) => page(
            StatusCode::GONE,
            "This link has expired",
            "Please answer the mail instead, or write to us again on our page.",
            "",
        ),
        Err(error) => {
            tracing::warn!(%error, "a chat cannot be looked up");
            Problem::unavailable("this chat cannot be opened just now: try again in a moment").into_response()
        }
    };
    sealed(answer)
}

/// The widget's panel on a page of its own.
fn panel(public_url: &Url, site: &str) -> Option<Url> {
    let mut panel = public_url.join("/chat/panel/").ok()?;
    panel.query_pairs_mut().append_pair("site", site);
    Some(panel)
}

/// Asks whether to stop: programs that only look at links must not do it.
pub(super) async fn ask(State(app): State<Shared>, Path(token): Path<String>) -> Response {
    sealed(match app.desk.unsubscribing(&token) {
        Ok(_) => page(
            StatusCode::OK,
            "No more mails about your chats?",
            "You will still find our answers in the chat on our page.",
            "<form method=\"post\"><button style=\"font:inherit;padding:.6em 1.4em\">No more mails</button></form>",
        ),
        Err(_) => nothing(),
    })
}

/// Stops.
pub(super) async fn unsubscribe(State(app): State<Shared>, Path(token): Path<String>) -> Response {
    sealed(match app.desk.unsubscribe(&token).await {
        Ok(_) => page(StatusCode::OK, "Done", "You will get no more mails about your chats.", ""),
        Err(DeskError::NotFound(_)) => nothing(),
        Err(error) => {
            tracing::warn!(%error, "somebody could not be unsubscribed");
            Problem::unavailable("this could not be done just now: try again in a moment").into_response()
        }
    })
}

fn nothing() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "This link leads nowhere",
        "It may have been cut off on its way to you. Please use the whole link of the mail.",
        "",
    )
}
