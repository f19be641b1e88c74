//! The edge: `/webhooks/sms/{provider}`, for carriers without a signature `/webhooks/sms/{provider}/{secret}`. Read,
//! verify, make durable, and only then say thank you.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, OriginalUri, Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bus::PublishError;
use domain::{Clock, event::InboundHeld};
use host::{Metrics, config::Provider};
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;
use web::Problem;

use crate::{
    errands::Errands,
    intake::Intake,
    packing::{self, Parcel},
    providers::{self, Accepted, Carrier, Lines, Refusal},
    quarantine::{self, Quarantine},
    spool::Unspooled,
};

/// Largest request, in bytes. A text with its parameters has some kilobytes.
const LARGEST: usize = 256 * 1024;
/// Longest time a request's body may take.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// What the edge needs.
pub struct Door {
    /// Where everything goes.
    pub intake: Intake,
    /// The time of receipt.
    pub clock: Arc<dyn Clock>,
    /// What carriers sign: the address they were given.
    pub public_url: Url,
    /// The numbers of each carrier.
    pub lines: Vec<(Provider, Lines)>,
    /// Bounds what is kept of refused requests.
    pub quarantine: Quarantine,
    /// Fetches certificates and confirms subscriptions.
    pub errands: Errands,
    /// Counts requests by their answer.
    pub metrics: Metrics,
}

/// The parameters of the address. The secret proves who calls: it is never logged.
#[derive(Deserialize)]
struct Address {
    provider: String,
    secret: Option<String>,
}

/// The routes.
pub fn routes(door: Arc<Door>) -> Router {
    Router::new()
        .route("/webhooks/sms/{provider}", get(receive).post(receive))
        .route("/webhooks/sms/{provider}/{secret}", get(receive).post(receive))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(door)
}

async fn receive(
    State(door): State<Arc<Door>>,
    Path(address): Path<Address>,
    OriginalUri(uri): OriginalUri,
    mut request: Request,
) -> Result<Response, Problem> {
    let (carrier, lines) = door.carrier(&address.provider)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", door.public_url.as_str().trim_end_matches('/'));
    let (method, headers) = (request.method().clone(), std::mem::take(request.headers_mut()));
    let body = body_of(request).await?;
    let request = providers::Request {
        method: method.as_str(),
        url: &url,
        headers: &headers,
        body: &body,
        path_secret: address.secret.as_deref(),
        certificate: None,
    };
    let answer = door.answer(carrier, request, lines).await;
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

    async fn answer(
        &self,
        carrier: &dyn Carrier,
        mut request: providers::Request<'_>,
        lines: &Lines,
    ) -> Result<Response, Problem> {
        let certificate = match carrier.certificate(&request, lines) {
            Ok(None) => None,
            // A carrier that hears 403 never comes again, one that hears 503 does.
            Ok(Some(url)) => Some(self.errands.certificate(&url, lines).await.map_err(|why| {
                tracing::error!(why, "a webhook cannot be checked: its certificate cannot be fetched");
                Problem::unavailable("the certificate cannot be fetched now: send it again")
            })?),
            Err(refusal) => return Err(self.refuse(carrier, &request, refusal).await),
        };
        request.certificate = certificate.as_deref();
        match carrier.read(&request, lines, self.clock.now()) {
            Ok(accepted) => self.keep(carrier, &request, lines, &accepted).await,
            Err(refusal) => Err(self.refuse(carrier, &request, refusal).await),
        }
    }

    /// Thanks only once everything is durable, and everything asked of us is done.
    async fn keep(
        &self,
        carrier: &dyn Carrier,
        request: &providers::Request<'_>,
        lines: &Lines,
        accepted: &[Accepted],
    ) -> Result<Response, Problem> {
        let parcels = self.pack(carrier, request, accepted).map_err(|error| unkept(error.into()))?;
        self.intake.keep(parcels).await.map_err(unkept)?;
        for confirm in accepted {
            if let Accepted::Confirm(url) = confirm {
                self.errands.confirm(url, lines).await.map_err(|why| {
                    tracing::error!(why, "a subscription of a carrier could not be confirmed");
                    Problem::unavailable("it could not be confirmed: send it again")
                })?;
            }
        }
        let thanks = carrier.thanks();
        Ok((StatusCode::OK, [(header::CONTENT_TYPE, thanks.content_type)], thanks.body).into_response())
    }
}

impl Door {
    fn pack(
        &self,
        carrier: &dyn Carrier,
        request: &providers::Request<'_>,
        accepted: &[Accepted],
    ) -> Result<Vec<Parcel>, PublishError> {
        let mut parcels = Vec::with_capacity(accepted.len());
        for (place, one) in accepted.iter().enumerate() {
            parcels.extend(match one {
                Accepted::Message(sms) => Some(packing::message(&self.intake.bus, sms)?),
                Accepted::Receipt(receipt) => Some(packing::receipt(&self.intake.bus, receipt)?),
                Accepted::Unusable { reason, external_id } => {
                    let source = carrier.provider().as_str();
                    let item = quarantine::Item { place, reason, external_id: external_id.as_deref() };
                    let (id, mut held) = quarantine::unusable(source, request, item, self.clock.now());
                    self.quarantine.admit_or_shorten(&mut held);
                    tracing::warn!(source, reason, "one item of a webhook is of no use, and held");
                    Some(packing::held(&self.intake.bus, &id, &held)?)
                }
                Accepted::Ignored | Accepted::Confirm(_) => None,
            });
        }
        Ok(parcels)
    }

    async fn refuse(
        &self,
        carrier: &dyn Carrier,
        request: &providers::Request<'_>,
        refusal: Refusal,
    ) -> Problem {
        let (problem, reason, external_id) = match refusal {
            // The carrier may never send it again.
            Refusal::Unreadable(why) => (Problem::bad_request("unreadable", &why), why, None),
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
        let (id, held) = quarantine::refused(source, request, reason, external_id, self.clock.now());
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
        let kept = match packing::held(&self.intake.bus, id, held) {
            Ok(parcel) => self.intake.keep(vec![parcel]).await,
            Err(error) => Err(error.into()),
        };
        match kept {
            Ok(()) => tracing::warn!(source = held.source, reason = held.reason, "refused, and held"),
            Err(error) => tracing::error!(%error, source = held.source, "refused, but could not be held"),
        }
    }
}

fn unkept(error: Unspooled) -> Problem {
    tracing::error!(%error, "a webhook could not be made durable");
    match error {
        Unspooled::Full | Unspooled::Disk(_) => {
            Problem::unavailable("it could not be made durable: send it again")
        }
        Unspooled::Refused(why) => Problem::bad_request("unreadable", why),
    }
}

#[cfg(test)]
mod tests;
