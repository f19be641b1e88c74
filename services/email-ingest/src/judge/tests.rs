//! The judge over the embedded bus and a name server on UDP.

use std::{path::Path, time::Duration};

use bus::{Tuning, embedded};
use domain::{MessageId, event::MailClient};
use harness::dns::{Mood, NameServer};
use host::{Metrics, SystemClock, config::Dns};
use tempfile::TempDir;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::*;

struct Court {
    bus: Bus,
    blobs: Blobs,
    _folder: TempDir,
    _judge: AbortOnDropHandle<()>,
}

impl Court {
    /// `None`: nobody may be asked.
    async fn sits(dns: Option<&NameServer>) -> Self {
        Self::sits_for(dns, 20).await
    }

    /// So many seconds of patience with the DNS.
    async fn sits_for(dns: Option<&NameServer>, timeout_seconds: u64) -> Self {
        let tuning = Tuning { backoff: [Duration::from_millis(5); 5], ..Tuning::default() };
        let options = embedded::Options { tuning, ..embedded::Options::default() };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let bus = embedded::open_with(None::<&Path>, clock.clone(), options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::in_folder(folder.path().join("blobs")).unwrap();
        let servers = dns.map(|dns| dns.address()).into_iter().collect();
        let judge = Judge {
            bus: bus.clone(),
            blobs: blobs.clone(),
            clock,
            metrics: Metrics::default(),
            resolver: Resolver::new(&Dns { servers, timeout_seconds }).unwrap(),
            trusted: vec!["google.com".into()],
        };
        let heard = bus.clone();
        let judging = tokio::spawn(async move {
            let _ = heard.consume(WORK, Arc::new(judge), CancellationToken::new()).await;
        });
        Self { bus, blobs, _folder: folder, _judge: AbortOnDropHandle::new(judging) }
    }

    /// Hands in a mail; its number.
    async fn hand_in(&self, raw: Option<&str>) -> MessageId {
        let id = MessageId(uuid::Uuid::new_v4());
        let key = format!("mail/{id}.eml");
        if let Some(raw) = raw {
            self.blobs.put(&key, Bytes::from(raw.to_owned())).await.unwrap();
        }
        let client = MailClient { address: "198.51.100.7".into(), hello: "mx.forwarder.example".into() };
        let work = JudgeMail {
            message_id: id,
            mailbox: "support@acme.example".parse().unwrap(),
            envelope_from: "anna@customer.example".into(),
            client: Some(client),
            raw: key,
        };
        self.bus.publish(OUTBOUND_TRUST, &format!("trust:{id}"), &work).await.unwrap();
        id
    }

    /// What was said of it within a while.
    async fn said(&self, id: MessageId, within: Duration) -> Option<Trust> {
        use futures::StreamExt;
        let mut events = self.bus.follow(Stream::Inbound, 0).await.unwrap();
        let found = async {
            while let Some(event) = events.next().await {
                let judged = event.envelope.read(MAIL_JUDGED).unwrap();
                if judged.message_id == id {
                    return Some(judged.trust);
                }
            }
            None
        };
        tokio::time::timeout(within, found).await.ok().flatten()
    }

    async fn judgement(&self, raw: &str) -> Trust {
        let id = self.hand_in(Some(raw)).await;
        self.said(id, Duration::from_secs(20)).await.unwrap()
    }
}

const PLAIN: &str = "From: Anna <anna@customer.example>\r\nSubject: Hi\r\n\r\nHello\r\n";

async fn strict() -> NameServer {
    let dns = NameServer::start().await.unwrap();
    dns.txt("_dmarc.customer.example", "v=DMARC1; p=quarantine");
    dns
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_without_proof_is_judged_by_what_its_domain_says() {
    let dns = strict().await;
    let court = Court::sits(Some(&dns)).await;
    assert_eq!(court.judgement(PLAIN).await.mark, TrustMark::Doubtful);
    dns.txt("customer.example", "v=spf1 ip4:198.51.100.0/24 -all");
    let by_spf = court.judgement(PLAIN).await;
    assert_eq!((by_spf.mark, by_spf.spf.as_str(), by_spf.dmarc.as_str()), (TrustMark::Good, "pass", "pass"));
    let two = PLAIN.replace("<anna@customer.example>", "<anna@customer.example>, <bo@evil.example>");
    assert_eq!(court.judgement(&two).await.mark, TrustMark::Neutral);
    assert_eq!(court.judgement("no head at all").await.mark, TrustMark::Neutral);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_with_very_many_signatures_asks_nobody() {
    let dns = strict().await;
    let court = Court::sits(Some(&dns)).await;
    let signature = "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n";
    let many = format!("{}{PLAIN}", signature.repeat(MOST_SIGNATURES + 1));
    assert_eq!(court.judgement(&many).await.mark, TrustMark::Neutral);
    let behind = format!("{}{many}", "X-Odd: 1\r\n".repeat(1200));
    assert_eq!(court.judgement(&behind).await.mark, TrustMark::Neutral);
    let two = format!("{}From: bo@evil.example\r\n{PLAIN}", "X-Odd: 1\r\n".repeat(1200));
    assert_eq!(court.judgement(&two).await.mark, TrustMark::Neutral);
    assert_eq!(dns.asked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_into_a_datagram_is_asked_for_over_tcp() {
    let dns = strict().await;
    dns.set(Mood::OverTcp);
    dns.txt(
        "customer.example",
        &format!("v=spf1 {} ip4:198.51.100.0/24 -all", "ip4:203.0.113.9 ".repeat(100).trim()),
    );
    let court = Court::sits(Some(&dns)).await;
    let judged = court.judgement(PLAIN).await;
    assert_eq!((judged.mark, judged.spf.as_str()), (TrustMark::Good, "pass"));
    assert!(dns.asked_over_tcp() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_server_that_says_nothing_makes_a_mail_unknown_until_it_speaks() {
    let dns = strict().await;
    dns.set(Mood::Silent);
    let court = Court::sits_for(Some(&dns), 1).await;
    let id = court.hand_in(Some(PLAIN)).await;
    assert_eq!(court.said(id, Duration::from_secs(20)).await.unwrap().mark, TrustMark::Unknown);
    dns.set(Mood::Well);
    for _ in 0..100 {
        let all = judgements(&court, id).await;
        if all.contains(&TrustMark::Doubtful) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it was not asked again");
}

async fn judgements(court: &Court, id: MessageId) -> Vec<TrustMark> {
    use futures::StreamExt;
    let last = court.bus.span(Stream::Inbound).await.unwrap().last;
    let events = court.bus.follow(Stream::Inbound, 0).await.unwrap();
    let some: Vec<_> = events.take(usize::try_from(last).unwrap()).collect().await;
    let judged = some.iter().map(|event| event.envelope.read(MAIL_JUDGED).unwrap());
    judged.filter(|judged| judged.message_id == id).map(|judged| judged.trust.mark).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_name_servers_only_spam_is_spoken_of() {
    let court = Court::sits(None).await;
    let quiet = court.hand_in(Some(PLAIN)).await;
    let spam = court.judgement(&format!("X-Spam-Flag: YES\r\n{PLAIN}")).await;
    assert_eq!((spam.mark, spam.dkim.as_str()), (TrustMark::Doubtful, "none"));
    assert_eq!(court.said(quiet, Duration::from_millis(200)).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_is_gone_is_a_dead_letter_and_holds_up_nobody() {
    let dns = strict().await;
    let court = Court::sits(Some(&dns)).await;
    court.hand_in(None).await;
    court.judgement(PLAIN).await;
    for _ in 0..100 {
        if court.bus.span(Stream::Dead).await.unwrap().last == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody was told");
}
