//! `GET /l/{code}`: on to where a short link leads (H3). The code alone names the target, so this door leads nowhere
//! but where a text of ours did.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use web::{ClientIp, Problem};

use super::{
    notice::{page, sealed},
    robot::is_robot,
};
use crate::Shared;

/// Sends the browser on. The visit is counted afterwards: nobody waits for it.
pub(super) async fn follow(
    State(app): State<Shared>,
    method: Method,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Response {
    let response = match app.desk.short_link(&code).await {
        Ok(Some(url)) => {
            if method == Method::GET && !is_robot(&headers) {
                app.clicks.count(&code, ip, &headers);
            }
            (StatusCode::FOUND, [(header::LOCATION, url)]).into_response()
        }
        Ok(None) => page(
            StatusCode::NOT_FOUND,
            "This link leads nowhere",
            "It may have been cut off on its way to you. Please tap the whole link in the message again, or answer the \
             message and ask for it.",
            "",
        ),
        Err(error) => {
            tracing::warn!(%error, "a short link cannot be looked up");
            Problem::unavailable("this link cannot be followed just now: try again in a moment")
                .into_response()
        }
    };
    sealed(response)
}
