//! Takes in texts and delivery receipts from carriers. A carrier hears "thank you" only once what it sent is durable.
//!
//! * [`webhook`]: the HTTP edge.
//! * [`providers`]: one carrier each, pure: request → message, receipt or refusal.
//! * [`quarantine`]: what was refused is kept for the ledger, within bounds.

use std::sync::Arc;

use host::{
    Host, Secret,
    config::{Provider, SmsNumber},
};

mod providers;
mod quarantine;
mod webhook;

/// Opens the doors of all carriers that have a number configured.
///
/// # Errors
/// None so far: configuration was checked by the host.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    let house_secret = Secret::new(web::signature::hex(host.installation_secret("sandbox")));
    let door = webhook::Door {
        bus: host.bus(),
        clock: host.clock(),
        public_url: config.public_url.clone(),
        lines: by_carrier(&config.sms.numbers, &house_secret),
        quarantine: quarantine::Quarantine::new(host.clock().now()),
        metrics: host.metrics(),
    };
    door.metrics.describe("frontdesk_sms_webhooks_total", "Webhooks of carriers, by the answer they got.");
    host.mount(webhook::routes(Arc::new(door)));
    Ok(())
}

fn by_carrier(numbers: &[SmsNumber], house_secret: &Secret) -> Vec<(Provider, providers::Lines)> {
    let mut all: Vec<(Provider, providers::Lines)> = Vec::new();
    for number in numbers {
        match all.iter_mut().find(|(provider, _)| *provider == number.provider) {
            Some((_, lines)) => lines.numbers.push(number.clone()),
            None => {
                let lines =
                    providers::Lines { numbers: vec![number.clone()], house_secret: house_secret.clone() };
                all.push((number.provider, lines));
            }
        }
    }
    all
}
