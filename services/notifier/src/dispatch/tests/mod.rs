//! Claim, send and report over the embedded bus, with a desk that is a table and carriers that go wrong.

mod carriers;
mod mail;

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use bus::{Stream, Subscription, Tuning, embedded};
use bytes::Bytes;
use domain::{
    EmailAddress, MessageId,
    event::{OutboundEmail, OutboundSms, SmsMedia},
    message::Attachment,
};
use futures::StreamExt;
use harness::{
    smtp_sink::{self, At, SmtpSink},
    twilio::{self, Twilio},
};
use host::{Blobs, Secret, SystemClock, config::SmsNumber};
use serde_json::json;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::*;
use crate::send::{
    email::{Mails, Relay, Way, dkim::Signers},
    http,
    sms::{Here, Texts},
};

/// Answers claims as the desk does.
#[derive(Default)]
struct Desk {
    sending: Mutex<HashMap<MessageId, Uuid>>,
    released: Mutex<Vec<MessageId>>,
    forbids: AtomicBool,
    refuses_answers: AtomicBool,
}

impl Desk {
    fn claim(&self, asked: &ClaimSend) -> Result<SendDecision, String> {
        if self.forbids.load(Ordering::SeqCst) {
            return Ok(SendDecision::Drop { reason: "no consent".into() });
        }
        let mut sending = self.sending.lock().unwrap();
        let claim = *sending.entry(asked.message_id).or_insert(asked.claim);
        if self.refuses_answers.swap(false, Ordering::SeqCst) {
            return Err("the answer was lost".into());
        }
        Ok(if claim == asked.claim { SendDecision::Send } else { SendDecision::Uncertain })
    }

    fn release(&self, asked: &ReleaseSend) {
        let mut sending = self.sending.lock().unwrap();
        if sending.get(&asked.message_id) == Some(&asked.claim) {
            sending.remove(&asked.message_id);
            self.released.lock().unwrap().push(asked.message_id);
        }
    }
}

struct World {
    bus: Bus,
    desk: Arc<Desk>,
    stop: CancellationToken,
    tasks: Vec<AbortOnDropHandle<()>>,
}

impl World {
    async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tuning = Tuning { backoff: [Duration::from_millis(20); 5], ..Tuning::default() };
        let options = embedded::Options { tuning, ..embedded::Options::default() };
        let bus = embedded::open_with(None, Arc::new(SystemClock), options).await.unwrap();
        let (desk, stop) = (Arc::new(Desk::default()), CancellationToken::new());
        let mut world = Self { bus, desk, stop, tasks: Vec::new() };
        world.answer();
        world
    }

    fn answer(&mut self) {
        let (bus, desk, stop) = (self.bus.clone(), self.desk.clone(), self.stop.clone());
        self.run(async move {
            let claim = move |asked| std::future::ready(desk.claim(&asked));
            bus.answer(topic::CLAIM_SEND, stop, claim).await.unwrap();
        });
        let (bus, desk, stop) = (self.bus.clone(), self.desk.clone(), self.stop.clone());
        self.run(async move {
            let release = move |asked| {
                desk.release(&asked);
                std::future::ready(Ok(()))
            };
            bus.answer(topic::RELEASE_SEND, stop, release).await.unwrap();
        });
        let (bus, stop) = (self.bus.clone(), self.stop.clone());
        self.run(async move {
            let none = |_| std::future::ready(Ok(None));
            bus.answer(topic::REFRESH_TOKEN, stop, none).await.unwrap();
        });
    }

    fn run(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(AbortOnDropHandle::new(tokio::spawn(task)));
    }

    fn dispatch<S: Sender>(&mut self, subscription: Subscription, sender: S) {
        let (bus, metrics) = (self.bus.clone(), Metrics::default());
        let handler = Dispatch { bus: bus.clone(), clock: Arc::new(SystemClock), metrics, sender };
        let stop = self.stop.clone();
        self.run(async move { bus.consume(subscription, Arc::new(handler), stop).await.unwrap() });
    }

    fn texts(&mut self, api_base: &str) {
        self.texts_by(http::client().unwrap(), api_base);
    }

    fn texts_by(&mut self, client: reqwest::Client, api_base: &str) {
        let line = json!([{"number": "+15550001111", "provider": "twilio", "api_base": api_base,
            "credentials": {"account_sid": "AC1", "auth_token": "token"}}]);
        self.texts_from(client, serde_json::from_value(line).unwrap());
    }

    fn texts_from(&mut self, client: reqwest::Client, lines: Vec<SmsNumber>) {
        let here = Here {
            public_url: "https://desk.example.com".parse().unwrap(),
            local_url: "http://127.0.0.1:1".parse().unwrap(),
            house_secret: Secret::new("house"),
        };
        self.dispatch(crate::SMS, Texts { lines, here, clock: Arc::new(SystemClock), client });
    }

    fn mails(&mut self, way: Way, blobs: Blobs) {
        let dkim = concat!(
            "[[email.dkim]]\ndomain = 'example.com'\nselector = 's1'\nkey = '''",
            include_str!("../../../fixtures/dkim/ed25519.pem"),
            "'''\n"
        );
        let signers = Signers::new(&host::Configuration::parse(dkim).unwrap().email.dkim).unwrap();
        self.dispatch(crate::EMAIL, Mails { way, blobs, clock: Arc::new(SystemClock), signers });
    }

    async fn reports(&self, number: usize) -> Vec<DeliveryOutcome> {
        let stream = self.bus.follow(Stream::Inbound, 0).await.unwrap();
        let reports =
            stream.take(number).map(|stored| stored.envelope.read(topic::DELIVERY_REPORTED).unwrap().outcome);
        timeout(Duration::from_secs(30), reports.collect()).await.expect("reports in time")
    }

    async fn report(&self) -> DeliveryOutcome {
        self.reports(1).await.remove(0)
    }

    /// Waits until all work was acknowledged, and answers how many reports there are.
    async fn at_rest(&self) -> u64 {
        let waiting = async {
            while self.bus.backlog(Stream::Outbound).await.unwrap() > 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), waiting).await.expect("handled in time");
        self.bus.backlog(Stream::Inbound).await.unwrap()
    }

    async fn text(&self, text: &str) -> MessageId {
        self.text_from("+15550001111", text, Vec::new()).await
    }

    async fn text_from(&self, from: &str, text: &str, media: Vec<SmsMedia>) -> MessageId {
        let message_id = MessageId(Uuid::new_v4());
        let (from, to) = (from.parse().unwrap(), "+15557654321".parse().unwrap());
        let sms = OutboundSms { message_id, from, to, text: text.into(), media };
        self.bus.publish(topic::OUTBOUND_SMS, &format!("out:{message_id}"), &sms).await.unwrap();
        message_id
    }

    async fn mail(&self, attachments: Vec<Attachment>) {
        let mail = OutboundEmail {
            message_id: MessageId(Uuid::new_v4()),
            from: EmailAddress::parse("support@example.com").unwrap(),
            from_name: Some("Acme".into()),
            to: EmailAddress::parse("anna@kunde.example").unwrap(),
            to_name: None,
            more_to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: None,
            bounces_to: None,
            signature: None,
            quote: None,
            subject: "Re: Order".into(),
            text: "It is on its way.\n.\nBye".into(),
            mail_id: "c.1.2.mac@example.com".into(),
            in_reply_to: Some("q@kunde.example".into()),
            references: vec!["q@kunde.example".into()],
            automatic: false,
            attachments,
            html: None,
            unsubscribe: None,
        };
        self.bus.publish(topic::OUTBOUND_EMAIL, &format!("out:{}", mail.message_id), &mail).await.unwrap();
    }
}

fn no_blobs() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::in_folder(folder.path().to_owned()).unwrap();
    (folder, blobs)
}

fn relay(sink: &SmtpSink) -> Way {
    Way::Relay(Relay::new(&Secret::new(sink.url()), None).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_claimed_sent_and_reported() {
    let mut world = World::open().await;
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    world.texts(twilio.api_base());
    let message_id = world.text("It is on its way 👋").await;
    let DeliveryOutcome::Sent { external_id, account, provider, .. } = world.report().await else {
        panic!("not sent")
    };
    let calls = twilio.messages();
    assert_eq!((calls.len(), calls[0].sid.as_deref()), (1, Some(external_id.as_str())));
    assert_eq!((account.as_str(), provider.as_str()), ("AC1", "twilio"));
    assert_eq!(calls[0].field("Body"), Some("It is on its way 👋"));
    let callback = format!("https://desk.example.com/webhooks/sms/twilio?message_id={message_id}");
    assert_eq!(calls[0].field("StatusCallback"), Some(callback.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desk_forbids_is_not_sent() {
    let mut world = World::open().await;
    world.desk.forbids.store(true, Ordering::SeqCst);
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    world.texts(twilio.api_base());
    world.text("offer").await;
    assert_eq!(world.at_rest().await, 0, "the desk has recorded it itself");
    assert_eq!(twilio.calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_somebody_else_was_sending_is_never_sent_again() {
    let mut world = World::open().await;
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    let message_id = world.text("once").await;
    // another notifier had claimed it, and ended before it could report
    world.desk.sending.lock().unwrap().insert(message_id, Uuid::new_v4());
    world.texts(twilio.api_base());
    assert_eq!(world.at_rest().await, 0);
    assert_eq!(twilio.calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_whose_answer_was_lost_is_asked_again_and_still_ours() {
    let mut world = World::open().await;
    world.desk.refuses_answers.store(true, Ordering::SeqCst);
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    world.texts(twilio.api_base());
    world.text("once").await;
    assert!(matches!(world.report().await, DeliveryOutcome::Sent { .. }));
    assert_eq!(twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_asks_for_time_gets_it_and_then_the_text_once() {
    let mut world = World::open().await;
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    twilio.next(twilio::Mishap::Refuse { status: 429, code: 20429, retry_after: Some(1) });
    twilio.next(twilio::Mishap::Refuse { status: 503, code: 20503, retry_after: None });
    world.texts(twilio.api_base());
    let began = Instant::now();
    let message_id = world.text("patience").await;
    assert!(matches!(world.report().await, DeliveryOutcome::Sent { .. }));
    assert!(began.elapsed() >= Duration::from_secs(1), "Retry-After is honoured");
    assert_eq!((twilio.calls().len(), twilio.messages().len()), (3, 1));
    assert_eq!(*world.desk.released.lock().unwrap(), [message_id, message_id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_stays_away_makes_the_text_fail_visibly() {
    let mut world = World::open().await;
    world.texts("http://127.0.0.1:1");
    world.text("hello?").await;
    let DeliveryOutcome::Failed { error, .. } = world.report().await else { panic!("not failed") };
    assert_eq!(error.code, "carrier_unreachable");
    assert_eq!(world.desk.released.lock().unwrap().len(), 5, "given back after each try but the last");
    assert_eq!(world.at_rest().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_after_the_text_was_handed_over_is_uncertain_and_not_repeated() {
    let mut world = World::open().await;
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    twilio.next(twilio::Mishap::DropAfterStoring);
    world.texts(twilio.api_base());
    world.text("once").await;
    assert_eq!(world.report().await, DeliveryOutcome::Uncertain);
    assert_eq!(world.at_rest().await, 1);
    assert_eq!(twilio.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_never_answers_leaves_the_text_uncertain() {
    let mut world = World::open().await;
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    twilio.next(twilio::Mishap::Hang);
    let impatient =
        reqwest::Client::builder().timeout(Duration::from_millis(300)).no_proxy().build().unwrap();
    world.texts_by(impatient, twilio.api_base());
    world.text("once").await;
    assert_eq!(world.report().await, DeliveryOutcome::Uncertain);
    assert_eq!(world.at_rest().await, 1);
    assert_eq!(twilio.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notifier_that_ends_while_sending_is_followed_by_one_that_does_not_send_again() {
    let mut world = World::open().await;
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    twilio.next(twilio::Mishap::Hang);
    world.texts(twilio.api_base());
    world.text("once").await;
    while twilio.calls().is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    drop(world.tasks.pop().expect("the consumer"));
    world.texts(twilio.api_base());
    assert_eq!(world.at_rest().await, 0, "the desk has recorded it as uncertain itself");
    assert_eq!(twilio.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_at_the_carrier_is_reported_as_one() {
    let mut world = World::open().await;
    let twilio = Twilio::start("AC1", "token").await.unwrap();
    twilio.next(twilio::Mishap::Refuse { status: 400, code: 21610, retry_after: None });
    world.texts(twilio.api_base());
    world.text("hi").await;
    assert!(matches!(world.report().await, DeliveryOutcome::Failed { opted_out: true, .. }));
}
