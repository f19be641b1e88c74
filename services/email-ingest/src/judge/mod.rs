//! Whether the sender of a mail is who it says. Asked by the desk once the mail is in its ticket, long after the mail server
//! had its 250: no answer of the DNS, and none at all, ever costs a mail.

use std::{panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use bus::{
    Bus, Delivery, Failure, Handler, MAX_DELIVERIES, Stream, Subscription,
    topic::{MAIL_JUDGED, OUTBOUND_TRUST},
};
use bytes::Bytes;
use domain::{
    Clock,
    event::{JudgeMail, MailJudged},
    mail::{Trust, TrustMark},
};
use futures::FutureExt;
use host::{Blobs, Configuration, Host};
use tokio::runtime::Handle;

use crate::{headers::Headers, mail::srs, spam};

pub mod dns;
pub mod look_up;
pub mod results;
pub mod verdict;

use dns::Resolver;
use verdict::{Proofs, judge, unknown};

/// More signatures and seals are not looked at: each is a question to the DNS.
const MOST_SIGNATURES: usize = 30;

const WORK: Subscription = Subscription {
    name: "email-ingest-trust",
    stream: Stream::Outbound,
    subjects: &["outbound.trust"],
    batch: 1,
    concurrency: 4,
};

/// Judges mails until the stop.
///
/// # Errors
/// The resolver cannot be set up.
pub fn start(host: &mut Host) -> anyhow::Result<()> {
    let config = host.config().clone();
    host.metrics().describe("frontdesk_mails_judged_total", "Mails by what is thought of their sender.");
    let judge = Judge {
        bus: host.bus(),
        blobs: host.blobs(),
        clock: host.clock(),
        metrics: host.metrics(),
        resolver: Resolver::new(&config.dns)?,
        trusted: trusted(&config),
    };
    host.consume(WORK, Arc::new(judge));
    Ok(())
}

/// Whose seals count: those configured, and the organisation's own mail servers.
fn trusted(config: &Configuration) -> Vec<String> {
    let own = config.email.mailboxes.iter().map(|mailbox| mailbox.address.domain().to_owned());
    config.email.trusted_forwarders.iter().cloned().chain(own).collect()
}

struct Judge {
    bus: Bus,
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    metrics: host::Metrics,
    resolver: Option<Resolver>,
    trusted: Vec<String>,
}

impl Judge {
    /// What is unknown is told at once, and asked again until the last delivery.
    async fn one(&self, delivery: &Delivery) -> Result<(), Failure> {
        let work = delivery.read(OUTBOUND_TRUST)?;
        let raw = self.blobs.get(&work.raw).await.map_err(|error| Failure::retry(format!("{error:#}")))?;
        let Some(raw) = raw else { return Err(Failure::reject("the mail as it came is not there any more")) };
        let Some(trust) = self.judged(&work, raw).await else { return Ok(()) };
        let mark = trust.mark;
        self.metrics.counter("frontdesk_mails_judged_total", &[("mark", mark.as_str())]).increment();
        let judged = MailJudged { message_id: work.message_id, trust, at: self.clock.now() };
        let id = format!("trust:{}:{mark}", work.message_id);
        self.bus.publish(MAIL_JUDGED, &id, &judged).await.map_err(Failure::retry)?;
        if mark == TrustMark::Unknown && delivery.attempt < MAX_DELIVERIES {
            return Err(Failure::retry("the DNS does not answer"));
        }
        Ok(())
    }

    /// `None` where there is nothing to say: nobody may be asked, and nobody called it spam.
    async fn judged(&self, work: &JudgeMail, raw: Bytes) -> Option<Trust> {
        let headers = Headers::read(&raw);
        let spam = spam::called(&headers);
        let signatures = ["dkim-signature", "dkim2-signature", "arc-message-signature", "arc-seal"];
        let head = &raw[..headers.body_at()];
        let many = signatures.iter().map(|name| count(head, name)).sum::<usize>() > MOST_SIGNATURES;
        let Some(resolver) = self.resolver.clone() else {
            return spam.map(|spam| judge(&Proofs { spam: Some(spam), ..Proofs::default() }, &[]));
        };
        // With two of them, what is signed need not be what is shown (RFC 6376 section 8.15).
        let is_from_one = count(head, "from") == 1;
        if many || !is_from_one {
            return Some(judge(&Proofs { spam, ..Proofs::default() }, &[]));
        }
        Some(match found(resolver, work.clone(), raw.clone()).await {
            Some(proofs) => judge(&Proofs { spam, ..proofs }, &self.trusted),
            None => unknown(spam),
        })
    }
}

/// How many headers of that name there are, among all of them: whoever checks signatures sees more than the first thousand.
fn count(head: &[u8], name: &str) -> usize {
    let is_so = |line: &&[u8]| {
        line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            && line[name.len()..].trim_ascii_start().starts_with(b":")
    };
    head.split(|byte| matches!(byte, b'\n' | b'\r')).filter(is_so).count()
}

/// Hashing a large mail takes a while, and a parser may be wrong: neither disturbs the doors.
async fn found(resolver: Resolver, work: JudgeMail, raw: Bytes) -> Option<Proofs> {
    let handle = Handle::current();
    let asking = tokio::task::spawn_blocking(move || {
        let client = work.client.as_ref().filter(|_| !is_passed_on(&work));
        let asked = resolver.proofs(&raw, client, &work.envelope_from);
        handle.block_on(AssertUnwindSafe(asked).catch_unwind())
    });
    match asking.await {
        Ok(Ok(proofs)) => proofs,
        Ok(Err(_)) | Err(_) => {
            tracing::error!("judging a mail panicked");
            Some(Proofs::default())
        }
    }
}

/// Whether its envelope is of a forwarder, or of the mailbox itself: the server that handed it over then says nothing of
/// who wrote it.
fn is_passed_on(work: &JudgeMail) -> bool {
    let domain = work.envelope_from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_own = domain.eq_ignore_ascii_case(work.mailbox.domain());
    is_own || srs::original(&work.envelope_from) != work.envelope_from
}

impl Handler for Judge {
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        bus::each(batch, |delivery| self.one(delivery))
    }
}

#[cfg(test)]
mod tests;
