//! Doors without sign-in: short links for customers, pictures for carriers, pictures on the net that mails show.

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::get,
};
use web::ClientIp;

use crate::{Shared, refusal::Answer};

mod chats;
mod clicks;
mod links;
mod mail_images;
mod notice;
mod pictures;
mod robot;

pub use clicks::Clicks;
pub use mail_images::MailImages;

/// All of them.
pub(crate) fn router(app: Shared) -> Router {
    Router::new()
        .route("/l/{code}", get(links::follow))
        .route("/media/{token}", get(pictures::show))
        .route("/mail-images/{token}", get(mail_images::show))
        .route("/c/{token}", get(chats::open))
        .route("/u/{token}", get(chats::ask).post(chats::unsubscribe))
        .route_layer(from_fn_with_state(app.clone(), admit))
        .with_state(app)
}

/// Nobody comes too often, whichever door it is.
async fn admit(
    State(app): State<Shared>,
    ClientIp(ip): ClientIp,
    request: Request,
    next: Next,
) -> Answer<Response> {
    app.visitors.admit(&ip)?;
    Ok(next.run(request).await)
}
