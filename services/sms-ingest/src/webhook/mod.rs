//! The edge: `/webhooks/sms/{provider}`. Read, verify, publish, and only then say thank you.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, OriginalUri, Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bus::{Bus, Packet, PublishError, topic};
use domain::{Clock, event::InboundHeld};
use host::{Metrics, config::Provider};
use tokio::time::timeout;
use url::Url;
use web::Problem;

use crate::{
    providers::{self, Accepted, Carrier, Lines, Refusal},
    quarantine::{self, Quarantine},
};

/// Largest request, in bytes. A text with its parameters has some kilobytes.
const LARGEST: usize = 256 * 1024;
/// Longest time a request's body may take.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Carriers wait 2 to 15 seconds; after this the answer is 503, which is better than none.
const PUBLISH_WITHIN: Duration = Duration::from_secs(8);

/// What the edge needs.
pub struct Door {
    /// Where everything goes.
    pub bus: Bus,
    /// The time of receipt.
    pub clock: Arc<dyn Clock>,
    /// What carriers sign: the address they were given.
    pub public_url: Url,
    /// The numbers of each carrier.
    pub lines: Vec<(Provider, Lines)>,
    /// Bounds what is kept of refused requests.
    pub quarantine: Quarantine,
    /// Counts requests by their answer.
    pub metrics: Metrics,
}

/// The routes.
pub fn routes(door: Arc<Door>) -> Router {
    Router::new()
        .route("/webhooks/sms/{provider}", get(receive).post(receive))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(door)
}

#[tracing::instrument(name = "sms webhook", skip_all, fields(provider = %provider))]
async fn receive(
    State(door): State<Arc<Door>>,
    Path(provider): Path<String>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Result<Response, Problem> {
    let (carrier, lines) = door.carrier(&provider)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", door.public_url.as_str().trim_end_matches('/'));
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let body = body_of(request).await?;
    let request = providers::Request { method: method.as_str(), url: &url, headers: &headers, body: &body };
    let answer = match carrier.read(&request, lines, door.clock.now()) {
        Ok(accepted) => door.keep(carrier, &accepted).await,
        Err(refusal) => Err(door.refuse(carrier, &request, refusal).await),
    };
    let status = answer.as_ref().map_or_else(Problem::status, Response::status);
    let labels = [("provider", carrier.provider().as_str()), ("status", status.as_str())];
    door.metrics.counter("frontdesk_sms_webhooks_total", &labels).increment();
    answer
}

async fn body_of(request: Request) -> Result<Bytes, Problem> {
    let read = timeout(READ_WITHIN, Bytes::from_request(request, &())).await;
    let slow =
        |_| Problem::of_status(StatusCode::REQUEST_TIMEOUT).detail("the request took too long to arrive");
    read.map_err(slow)?.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(format!("a request may have {LARGEST} bytes")),
        _ => Problem::bad_request("unreadable", "the request broke off"),
    })
}

impl Door {
    fn carrier(&self, name: &str) -> Result<(&'static dyn Carrier, &Lines), Problem> {
        let known = providers::carrier(name).ok_or_else(|| Problem::not_found("there is no such carrier"))?;
        let lines = self.lines.iter().find(|(provider, _)| *provider == known.provider());
        let none = || Problem::not_found("no number of this carrier is configured");
        lines.map(|(_, lines)| (known, lines)).ok_or_else(none)
    }

    /// Thanks only once everything is durable.
    async fn keep(&self, carrier: &dyn Carrier, accepted: &[Accepted]) -> Result<Response, Problem> {
        self.publish(accepted).await.map_err(|error| {
            tracing::error!(%error, "a webhook could not be made durable");
            match error {
                PublishError::Unavailable(_) => {
                    Problem::unavailable("it could not be made durable: send it again")
                }
                PublishError::Refused(why) => Problem::bad_request("unreadable", why),
            }
        })?;
        let thanks = carrier.thanks();
        Ok((StatusCode::OK, [(header::CONTENT_TYPE, thanks.content_type)], thanks.body).into_response())
    }

    async fn publish(&self, accepted: &[Accepted]) -> Result<(), PublishError> {
        let packets: Vec<Packet> =
            accepted.iter().filter_map(|one| self.pack(one).transpose()).collect::<Result<_, _>>()?;
        if packets.is_empty() {
            return Ok(());
        }
        let slow = |_| PublishError::Unavailable("the bus did not confirm in time".to_owned());
        let published = timeout(PUBLISH_WITHIN, self.bus.publish_all(packets)).await.map_err(slow)?;
        published.into_iter().try_for_each(|one| one.map(drop))
    }

    fn pack(&self, accepted: &Accepted) -> Result<Option<Packet>, PublishError> {
        match accepted {
            Accepted::Message(sms) => {
                let id = format!("sms:{}:{}:{}", sms.provider, sms.account, sms.external_id);
                self.bus.pack(topic::INBOUND_SMS, &id, sms).map(Some)
            }
            Accepted::Receipt(receipt) => {
                let word = word(&receipt.raw_status);
                let id =
                    format!("rcpt:{}:{}:{}:{word}", receipt.provider, receipt.account, receipt.external_id);
                self.bus.pack(topic::RECEIPT_SMS, &id, receipt).map(Some)
            }
            Accepted::Ignored => Ok(None),
        }
    }

    async fn refuse(
        &self,
        carrier: &dyn Carrier,
        request: &providers::Request<'_>,
        refusal: Refusal,
    ) -> Problem {
        let (problem, reason, external_id) = match refusal {
            Refusal::Unreadable(why) => return Problem::bad_request("unreadable", why),
            Refusal::Unproven { reason, external_id } => {
                (Problem::new(StatusCode::FORBIDDEN, "bad_signature").detail(&reason), reason, external_id)
            }
            Refusal::UnknownNumber { number, external_id } => {
                let number: String = number.chars().take(40).collect();
                let reason = format!("the number {number:?} is not configured for this carrier and account");
                (Problem::not_found(&reason), reason, external_id)
            }
        };
        let source = carrier.provider().as_str();
        let (id, held) = quarantine::held(source, request, reason, external_id, self.clock.now());
        self.hold(&id, &held).await;
        problem
    }

    /// Keeping what was refused must never turn a refusal into something else.
    async fn hold(&self, id: &str, held: &InboundHeld) {
        if !self.quarantine.admits(held) {
            tracing::warn!(
                source = held.source,
                reason = held.reason,
                "refused and, in a flood of such, not kept"
            );
            return;
        }
        match timeout(PUBLISH_WITHIN, self.bus.publish(topic::INBOUND_HELD, id, held)).await {
            Ok(Ok(_)) => tracing::warn!(source = held.source, reason = held.reason, "refused, and held"),
            Ok(Err(error)) => tracing::error!(%error, source = held.source, "refused, but could not be held"),
            Err(_) => tracing::error!(source = held.source, "refused, but could not be held in time"),
        }
    }
}

/// A status word as part of a dedup id: short and visible.
fn word(status: &str) -> String {
    status.chars().filter(char::is_ascii_graphic).take(64).collect()
}

#[cfg(test)]
mod tests;
