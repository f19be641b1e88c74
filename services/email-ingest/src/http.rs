//! `POST /webhooks/email`: raw mail over HTTP, for providers and pipes. The same acceptance as over SMTP.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use bus::{Bus, topic::INBOUND_HELD};
use bytes::Bytes;
use domain::{Channel, Clock, EmailAddress, event::InboundHeld};
use futures::StreamExt;
use host::Secret;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use web::{
    Limiter, Problem, Query,
    signature::{bearer, hex, same, sha256},
};

use crate::{
    accept::{Envelope, Intake, Refusal},
    budget::Share,
    routing::Routes,
};

/// The whole body must be there by then.
const READING: Duration = Duration::from_secs(180);
/// Of a mail without the right key, so much is kept for an admin's eye.
const MAX_HELD: usize = 64 * 1024;

/// What the door needs.
pub struct Door {
    /// The key callers show; without one the door is shut.
    pub key: Option<Secret>,
    /// The mailboxes.
    pub routes: Arc<Routes>,
    /// Largest mail, in bytes.
    pub max_size: usize,
    /// Where mails go.
    pub intake: Intake,
    /// Where mails without the right key go.
    pub bus: Bus,
    /// Now.
    pub clock: Arc<dyn Clock>,
    /// How many of those: nobody may fill the disk by knocking.
    pub held: Limiter<()>,
}

/// Mails without the right key that are kept in an hour; the rest is only refused.
pub const HELD_PER_HOUR: u32 = 60;

#[derive(Deserialize)]
struct Parameters {
    /// Envelope recipient.
    #[serde(default)]
    rcpt: String,
    /// Envelope sender, where the caller knows it; empty for `<>`.
    from: Option<String>,
}

#[derive(Serialize)]
struct Receipt {
    id: String,
}

/// The route.
pub fn router(door: Door) -> Router {
    let route = post(receive).layer(axum::extract::DefaultBodyLimit::disable());
    Router::new().route("/webhooks/email", route).with_state(Arc::new(door))
}

async fn receive(
    State(door): State<Arc<Door>>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let Some(key) = &door.key else {
        return Err(Problem::forbidden("set email.webhook_key or owner.api_key to take mail in here"));
    };
    let known = door.routes.find(&parameters.rcpt).is_some();
    if !bearer(&headers).is_some_and(|given| same(sha256(given.as_bytes()), sha256(key.expose().as_bytes())))
    {
        if known && door.held.check(&()).is_ok() {
            door.hold(body).await?;
        }
        return Err(Problem::forbidden("the bearer key is wrong or missing"));
    }
    if !known {
        let unknown = Problem::new(StatusCode::NOT_FOUND, "no_mailbox");
        return Err(unknown.detail("no mailbox forwards to this address"));
    }
    let (raw, share) = door.read(&headers, body).await?;
    if raw.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::bad_request("empty", "there is no mail in the body"));
    }
    let from = parameters.from.filter(|from| from.is_empty() || EmailAddress::parse(from).is_ok());
    let envelope = Envelope { from, recipients: vec![parameters.rcpt], client: None };
    let kept = door.intake.accept(&envelope, raw).await;
    drop(share);
    match kept {
        Ok(accepted) => Ok((StatusCode::ACCEPTED, Json(Receipt { id: accepted.id }))),
        Err(Refusal::Loop) => {
            Err(Problem::bad_request("mail_loop", "the mail has been through too many servers: a loop"))
        }
        Err(Refusal::NotDurable(reason)) => {
            tracing::warn!(reason, "a mail was put off: it could not be kept");
            Err(Problem::unavailable("the mail cannot be kept now, try again later"))
        }
    }
}

impl Door {
    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<(Bytes, Share), Problem> {
        let too_large = || Problem::too_large(format!("the mail is larger than {} bytes", self.max_size));
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|size| size > self.max_size) {
            return Err(too_large());
        }
        let mut share = self.intake.budget().share();
        let reading = async {
            let (mut raw, mut pieces) = (Vec::new(), body.into_data_stream());
            while let Some(piece) = pieces.next().await {
                let piece =
                    piece.map_err(|_| Problem::bad_request("unreadable", "the body ended too early"))?;
                if raw.len() + piece.len() > self.max_size {
                    return Err(too_large());
                }
                if !share.cover(raw.len() + piece.len()) {
                    return Err(Problem::unavailable("too many mails at once, try again later"));
                }
                raw.extend_from_slice(&piece);
            }
            Ok(Bytes::from(raw))
        };
        let raw = timeout(READING, reading).await;
        let raw = raw.map_err(|_| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow").detail("the body came too slowly")
        })??;
        Ok((raw, share))
    }

    /// Keeps the beginning of a mail that came without the right key, so that a wrongly set up provider is seen.
    async fn hold(&self, body: Body) -> Result<(), Problem> {
        let mut start = Vec::new();
        let reading = async {
            let mut pieces = body.into_data_stream();
            while let Some(Ok(piece)) = pieces.next().await
                && start.len() < MAX_HELD
            {
                start.extend_from_slice(&piece[..piece.len().min(MAX_HELD - start.len())]);
            }
        };
        if timeout(READING, reading).await.is_err() || start.is_empty() {
            return Ok(());
        }
        let digest = hex(sha256(&start));
        let held = InboundHeld {
            channel: Channel::Email,
            source: "email".into(),
            external_id: digest.clone(),
            reason: "a mail came over HTTP with a wrong or missing bearer key".into(),
            raw: String::from_utf8_lossy(&start).replace('\0', ""),
            received_at: self.clock.now(),
        };
        let published = self.bus.publish(INBOUND_HELD, &format!("held:email:{digest}"), &held).await;
        published.map(|_| ()).map_err(|error| {
            tracing::warn!(%error, "a mail without the right key could not be kept for the ledger");
            Problem::unavailable("the request cannot be kept now, try again later")
        })
    }
}
