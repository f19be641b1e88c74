//! Takes in texts and delivery receipts from carriers. A carrier hears "thank you" only once what it sent is durable.
//!
//! * [`webhook`]: the HTTP edge.
//! * [`providers`]: one carrier each, pure: request → message, receipt or refusal.
//! * [`intake`]: makes durable, on the bus or in the [`spool`].
//! * [`packing`]: what was accepted, as it travels.
//! * [`errands`]: certificates and confirmations, fetched from carriers.
//! * [`quarantine`]: what was refused is kept for the ledger, within bounds.

use std::sync::Arc;

use host::{
    Host, Secret,
    config::{Provider, SmsNumber},
};

mod errands;
mod intake;
mod packing;
mod providers;
mod quarantine;
mod spool;
mod webhook;

/// Opens the doors of all carriers that have a number configured.
///
/// # Errors
/// The spool cannot be opened, or no HTTP client can be made.
pub async fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    let house_secret = Secret::new(web::signature::hex(host.installation_secret("sandbox")));
    let spool = open_spool(host)?;
    let door = webhook::Door {
        intake: intake::Intake { bus: host.bus(), spool },
        clock: host.clock(),
        public_url: config.public_url.clone(),
        lines: by_carrier(&config.sms.numbers, &house_secret),
        quarantine: quarantine::Quarantine::new(host.clock().now()),
        errands: errands::Errands::new()?,
        metrics: host.metrics(),
    };
    door.metrics.describe("frontdesk_sms_webhooks_total", "Webhooks of carriers, by the answer they got.");
    host.mount(webhook::routes(Arc::new(door)));
    Ok(())
}

/// In `data_dir/spool/sms`; published from there as soon as the bus takes it.
fn open_spool(host: &mut Host) -> anyhow::Result<spool::Spool> {
    let folder = host.data_dir().join("spool").join("sms");
    let most = host.config().sms.spool_max_bytes;
    let spool = spool::Spool::open_any(&folder, most, &host.clock(), &host.metrics())?;
    let (drained, bus, stopping) = (spool.clone(), host.bus(), host.stopping());
    host.spawn("sms spool", async move {
        spool::drain(drained, bus, stopping).await;
        Ok(())
    });
    let checked = spool.clone();
    host.do_without_bus(
        "spool",
        Box::new(move || {
            let ready = checked.ready();
            Box::pin(async { ready })
        }),
    );
    Ok(spool)
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
