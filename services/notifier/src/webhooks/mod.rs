//! Tells other programs what happened: asks the desk what is to be posted, posts it, and says how it went. At least once:
//! a try of which nobody heard is made again, under the same id.

use std::{collections::HashSet, pin::Pin, sync::Arc, time::Duration};

use ::web::reach::{NotPublic, Outward, Permit};
use bus::{Bus, Delivery, Failure, Handler, topic};
use domain::{
    Clock,
    event::{WebhookPost, WebhookTried, WebhookWork},
    webhook::{self, WebhookKind},
};
use host::metrics::Metrics;
use reqwest::{
    Client, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use tokio::time::Instant;
use url::Url;

mod sign;
#[cfg(test)]
mod tests;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How much of an answer is kept, in bytes.
const KEPT: usize = 500;
/// How long the words behind an answer's status may take.
const WORDS_WITHIN: Duration = Duration::from_secs(3);
/// How long what became of a try is held on to while the desk is away.
const INSIST_FOR: Duration = Duration::from_secs(20);

/// Posts to webhooks.
pub(crate) struct Webhooks {
    bus: Bus,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    public: Outward,
    inside: Client,
    inside_hosts: HashSet<String>,
}

impl Webhooks {
    /// `inside_hosts` may be asked though they are not on the public internet.
    pub(crate) fn new(
        bus: Bus,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        permit: Permit,
        inside_hosts: &[String],
    ) -> anyhow::Result<Self> {
        let inside = Client::builder()
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        let inside_hosts = inside_hosts.iter().map(|host| bare(host)).collect();
        Ok(Self { bus, clock, metrics, public: Outward::new(permit)?, inside, inside_hosts })
    }

    async fn one(&self, delivery: &Delivery) -> Result<(), Failure> {
        let work = delivery.read(topic::OUTBOUND_WEBHOOK)?;
        let asked = self.bus.ask(topic::WEBHOOK_WORK, &work).await.map_err(Failure::retry)?;
        let WebhookWork::Post(post) = asked else { return Ok(()) };
        let (at, begun) = (self.clock.now(), Instant::now());
        let id = work.delivery_id.to_string();
        let answer = self.post(&post, &id, at.millis() / 1000).await;
        let taken = webhook::is_taken(answer.status);
        tracing::info!(webhook = %post.webhook_id, delivery = id, attempt = work.attempt, status = answer.status, taken, "told");
        let outcome = if taken { "taken" } else { "not taken" };
        self.metrics.counter("frontdesk_webhooks_total", &[("outcome", outcome)]).increment();
        let tried = WebhookTried {
            delivery_id: work.delivery_id,
            attempt: work.attempt,
            status: answer.status,
            said: answer.said,
            millis: i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
            patience: answer.patience,
            at,
        };
        self.report(&tried).await
    }

    async fn report(&self, tried: &WebhookTried) -> Result<(), Failure> {
        let until = Instant::now() + INSIST_FOR;
        loop {
            match self.bus.ask(topic::WEBHOOK_TRIED, tried).await {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() >= until => return Err(Failure::retry(error)),
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    async fn post(&self, post: &WebhookPost, id: &str, seconds: i64) -> Answer {
        let Ok(url) = Url::parse(&post.url) else { return Answer::none("its address makes no sense") };
        let client = match self.client(&url) {
            Ok(client) => client,
            Err(NotPublic) => return Answer::none(NotPublic.to_string()),
        };
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(post.body.clone());
        if post.form == WebhookKind::Signed {
            let secrets = [Some(&post.secret), post.old_secret.as_ref()];
            let signed =
                secrets.into_iter().flatten().map(|key| sign::signature(key, id, seconds, &post.body));
            let Some(signatures) = signed.collect::<Option<Vec<_>>>() else {
                return Answer::none("its secret makes no sense");
            };
            request = request
                .header("webhook-id", id)
                .header("webhook-timestamp", seconds.to_string())
                .header("webhook-signature", signatures.join(" "));
        }
        match tokio::time::timeout(PATIENCE, request.send()).await {
            Ok(Ok(response)) => Answer::of(response).await,
            Err(_) => Answer::none(format!("no answer within {} seconds", PATIENCE.as_secs())),
            // the address may be a secret
            Ok(Err(error)) => Answer::none(format!("{:#}", anyhow::Error::new(error.without_url()))),
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, NotPublic> {
        let inside = url.host_str().is_some_and(|host| self.inside_hosts.contains(&bare(host)));
        if inside && matches!(url.scheme(), "http" | "https") {
            Ok(&self.inside)
        } else {
            self.public.client(url)
        }
    }
}

/// A host as it is compared; an IPv6 address stands in brackets in a URL and without them elsewhere.
fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_lowercase()
}

impl Handler for Webhooks {
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        bus::each(batch, |delivery| self.one(delivery))
    }
}

/// What a receiver answered.
struct Answer {
    status: Option<u16>,
    said: String,
    patience: Option<i64>,
}

impl Answer {
    fn none(why: impl Into<String>) -> Self {
        Self { status: None, said: why.into(), patience: None }
    }

    async fn of(mut response: Response) -> Self {
        let status = Some(response.status().as_u16());
        let seconds =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut said = Vec::new();
        let read = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                said.extend_from_slice(&chunk);
                if said.len() >= KEPT {
                    said.truncate(KEPT);
                    break;
                }
            }
        };
        // The status counts, also where the words behind it do not come.
        let _ = tokio::time::timeout(WORDS_WITHIN, read).await;
        let patience = seconds.map(|seconds: i64| seconds.saturating_mul(1000));
        Self { status, said: String::from_utf8_lossy(&said).into_owned(), patience }
    }
}
