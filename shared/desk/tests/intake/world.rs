//! A desk over a database of its own, a bus, and a clock turned by hand.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use bus::{Bus, Delivery, Envelope, Stored, Stream, Topic, embedded, topic};
use desk::{
    Actor, Channels, Desk, Options, PageRequest,
    intake::{Arrival, Landed, TakeInError},
    ledger::{LedgerEntry, LedgerFilter, LedgerState},
    tickets::TicketFilter,
};
use domain::{
    Channel, Clock, EmailAddress, Message, MessageId, PhoneNumber, ProfileId, Role, SessionId, TicketId,
    Timestamp,
    event::{
        DeliveryOutcome, DeliveryReported, InboundChat, InboundEmail, InboundSms, MailKind, SmsReceipt,
        TicketView, Visitor, VisitorSignal, VisitorSignalKind,
    },
    pace::Pace,
};
use futures::StreamExt;
use harness::postgres::Postgres;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use uuid::Uuid;

pub const START: i64 = 1_763_700_000_000;
pub const OURS: &str = "+15550001111";
/// Ours as well; its carrier confirms opt-outs itself.
pub const CONFIRMED: &str = "+15550009999";
pub const ANNA: &str = "+15550002222";
pub const MAILBOX: &str = "support@acme.example";

/// A clock that stands until it is turned.
pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A PostgreSQL that several worlds share, one after the other.
pub type Server = Arc<tokio::sync::Mutex<Postgres>>;

pub async fn server() -> Server {
    Arc::new(tokio::sync::Mutex::new(Postgres::start().await))
}

/// What goes with the world.
struct Keep {
    _folder: Option<TempDir>,
    server: Option<Server>,
}

pub struct World {
    pub desk: Desk,
    pub bus: Bus,
    url: String,
    clock: Arc<Hands>,
    seq: AtomicU64,
    keep: Keep,
}

impl World {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("desk.db").display());
        Self::over(url, Keep { _folder: Some(folder), server: None }).await
    }

    pub async fn postgres(server: &Server) -> Self {
        let url = server.lock().await.create_database().await;
        Self::over(url, Keep { _folder: None, server: Some(server.clone()) }).await
    }

    async fn over(url: String, keep: Keep) -> Self {
        let clock = Arc::new(Hands(AtomicI64::new(START)));
        let bus = embedded::open(None::<&PathBuf>.map(PathBuf::as_path), clock.clone()).await.unwrap();
        let desk = open(&url, Some(bus.clone()), clock.clone()).await;
        desk.migrate().await.unwrap();
        desk.migrate().await.unwrap();
        desk.ready().await.unwrap();
        Self { desk, bus, url, clock, seq: AtomicU64::new(0), keep }
    }

    /// The same database, and nobody who publishes: as if the process died right after each commit.
    pub async fn dying_desk(&self) -> Desk {
        open(&self.url, None, self.clock.clone()).await
    }

    /// Another replica.
    pub async fn replica(&self) -> Desk {
        open(&self.url, Some(self.bus.clone()), self.clock.clone()).await
    }

    /// Another replica, whose number sends at most that many segments a second.
    pub async fn paced(&self, segments_per_second: u32) -> Desk {
        let pace = (PhoneNumber::parse(OURS).unwrap(), Pace::new(segments_per_second));
        let channels = Channels { paces: HashMap::from([pace]), ..channels() };
        open_with(&self.url, Some(self.bus.clone()), self.clock.clone(), channels).await
    }

    /// Ends the database server.
    pub async fn lose_database(&self) {
        self.keep.server.as_ref().unwrap().lock().await.kill().await;
    }

    pub async fn mend_database(&self) {
        self.keep.server.as_ref().unwrap().lock().await.restart().await;
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn turn(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn actor(&self) -> Actor {
        Actor { id: Uuid::from_u128(7), name: "Kim".into(), role: Role::Owner, user: None, from: None }
    }

    /// An event as the bus would deliver it, with the next number.
    pub fn delivered<T: Serialize>(&self, topic: Topic<T>, id: &str, event: &T) -> Arrival {
        let seq = self.seq.fetch_add(1, Ordering::SeqCst) + 1;
        let envelope = Envelope::wrap(id, self.now(), None, event).unwrap();
        let delivery = Delivery { subject: topic.subject.into(), seq, attempt: 1, envelope };
        Arrival::of(&delivery).unwrap()
    }

    pub fn sms(&self, id: &str, from: &str, text: &str) -> InboundSms {
        InboundSms {
            provider: "sandbox".into(),
            account: "main".into(),
            external_id: id.into(),
            from: from.into(),
            to: PhoneNumber::parse(OURS).unwrap(),
            text: text.into(),
            media: Vec::new(),
            carrier_keyword: None,
            part: None,
            received_at: self.now(),
        }
    }

    pub fn text(&self, id: &str, from: &str, text: &str) -> Arrival {
        self.delivered(topic::INBOUND_SMS, &format!("sms:sandbox:main:{id}"), &self.sms(id, from, text))
    }

    /// A text as it came in.
    pub fn texted(&self, sms: &InboundSms) -> Arrival {
        self.delivered(topic::INBOUND_SMS, &format!("sms:sandbox:main:{}", sms.external_id), sms)
    }

    /// Changes the settings.
    pub async fn settings(&self, patch: serde_json::Value) {
        self.desk.patch_settings(&patch, &self.actor()).await.unwrap();
    }

    pub fn mail(&self, id: &str, from: &str, subject: &str, text: &str) -> InboundEmail {
        InboundEmail {
            mailbox: EmailAddress::parse(MAILBOX).unwrap(),
            recipient: "support@in.acme.example".into(),
            envelope_from: from.into(),
            client: None,
            message_id: Some(format!("{id}@customer.example")),
            refers_to: Vec::new(),
            references: Vec::new(),
            from: EmailAddress::parse(from).unwrap(),
            from_name: Some("Anna Lee".into()),
            to: Vec::new(),
            cc: Vec::new(),
            reply_to: Vec::new(),
            subject: subject.into(),
            text: text.into(),
            reply_text: None,
            html: None,
            forwarded: None,
            undelivered: Vec::new(),
            attachments: Vec::new(),
            kind: MailKind::Human,
            security: Vec::new(),
            unreadable: None,
            appointments: Vec::new(),
            confirmation: None,
            spam: None,
            raw: format!("mail/{id}.eml"),
            digest: format!("digest-{id}"),
            sent_at: None,
            received_at: self.now(),
        }
    }

    pub fn mailed(&self, mail: &InboundEmail) -> Arrival {
        self.delivered(topic::INBOUND_EMAIL, &format!("mail:{}:{}", mail.mailbox, mail.digest), mail)
    }

    pub fn chat(&self, session: SessionId, visitor: &str, text: &str) -> InboundChat {
        InboundChat {
            site: "main".into(),
            session,
            client_id: Uuid::new_v4(),
            visitor: Visitor { id: visitor.into(), ..Visitor::default() },
            text: text.into(),
            attachments: Vec::new(),
            page: None,
            form: std::collections::BTreeMap::new(),
            received_at: self.now(),
        }
    }

    pub fn chatted(&self, chat: &InboundChat) -> Arrival {
        self.delivered(topic::INBOUND_CHAT, &format!("chat:{}:{}", chat.session, chat.client_id), chat)
    }

    pub fn signal(&self, session: SessionId, kind: VisitorSignalKind) -> Arrival {
        let event = VisitorSignal { session, kind, at: self.now() };
        self.delivered(topic::VISITOR_SIGNAL, &format!("signal:{}", Uuid::new_v4()), &event)
    }

    pub fn receipt(&self, external_id: &str, raw: &str) -> SmsReceipt {
        SmsReceipt {
            provider: "sandbox".into(),
            account: "main".into(),
            external_id: external_id.into(),
            message_id: None,
            raw_status: raw.into(),
            status: raw.parse().ok(),
            error: None,
            opted_out: false,
            received_at: self.now(),
        }
    }

    pub fn receipted(&self, receipt: &SmsReceipt) -> Arrival {
        let id = format!("rcpt:sandbox:main:{}:{}", receipt.external_id, receipt.raw_status);
        self.delivered(topic::RECEIPT_SMS, &id, receipt)
    }

    pub fn reported(&self, message_id: MessageId, outcome: DeliveryOutcome) -> Arrival {
        let event = DeliveryReported { message_id, outcome, at: self.now() };
        self.delivered(topic::DELIVERY_REPORTED, &format!("sent:{message_id}:{}", Uuid::new_v4()), &event)
    }

    /// Takes in one that must succeed.
    pub async fn take(&self, arrival: Arrival) -> Landed {
        self.try_take(vec![arrival]).await.pop().unwrap().unwrap()
    }

    pub async fn try_take(&self, arrivals: Vec<Arrival>) -> Vec<Result<Landed, TakeInError>> {
        self.desk.take_in(arrivals).await
    }

    /// A text of Anna's that must land in a ticket.
    pub async fn anna_writes(&self, id: &str, text: &str) -> TicketId {
        let landed = self.take(self.text(id, ANNA, text)).await;
        assert_eq!(landed.state, Some(LedgerState::Ticket), "{}", landed.reason);
        landed.ticket_id.unwrap()
    }

    pub async fn tickets(&self) -> Vec<TicketView> {
        let page = PageRequest::new(200, None);
        self.desk.tickets(&TicketFilter::default(), &self.actor(), &page).await.unwrap().data
    }

    pub async fn ticket(&self, id: TicketId) -> TicketView {
        self.desk.ticket(id).await.unwrap()
    }

    pub async fn messages(&self, id: TicketId) -> Vec<Message> {
        self.desk.messages(id, 200, None).await.unwrap().data
    }

    pub async fn message(&self, ticket: TicketId, id: MessageId) -> Message {
        self.messages(ticket).await.into_iter().find(|message| message.id == id).unwrap()
    }

    /// Sets the status of a ticket as an agent does.
    pub async fn set_status(&self, id: TicketId, status: &str, until: Option<Timestamp>) -> TicketView {
        let patch = desk::tickets::TicketPatch {
            status: Some(status.into()),
            snoozed_until: until,
            ..desk::tickets::TicketPatch::default()
        };
        self.desk.change_ticket(id, patch, &self.actor()).await.unwrap()
    }

    pub async fn reply(&self, id: TicketId, text: &str) -> Message {
        let new = desk::reply::NewReply { text: text.into(), ..desk::reply::NewReply::default() };
        self.desk.reply(id, new, &self.actor()).await.unwrap()
    }

    pub async fn ledger(&self, state: Option<LedgerState>) -> Vec<LedgerEntry> {
        let filter = LedgerFilter { state, channel: None };
        self.desk.ledger(&filter, &PageRequest::new(200, None)).await.unwrap().data
    }

    /// Everything published on that stream so far.
    pub async fn published(&self, stream: Stream) -> Vec<Stored> {
        let last = self.bus.span(stream).await.unwrap().last;
        let mut all = Vec::new();
        if last == 0 {
            return all;
        }
        let mut events = self.bus.follow(stream, 0).await.unwrap();
        while let Some(event) = events.next().await {
            let is_last = event.seq >= last;
            all.push(event);
            if is_last {
                break;
            }
        }
        all
    }

    /// Those on that topic, read.
    pub async fn told<T: DeserializeOwned>(&self, topic: Topic<T>) -> Vec<T> {
        let stream = Stream::of(topic.subject).unwrap();
        let all = self.published(stream).await;
        all.iter().filter(|e| e.subject == topic.subject).map(|e| e.envelope.read(topic).unwrap()).collect()
    }

    pub async fn profile_of(&self, ticket: TicketId) -> ProfileId {
        self.ticket(ticket).await.profile.id
    }

    pub async fn on(&self, channel: Channel) -> Vec<TicketView> {
        self.tickets().await.into_iter().filter(|ticket| ticket.channel == channel).collect()
    }
}

async fn open(url: &str, bus: Option<Bus>, clock: Arc<Hands>) -> Desk {
    open_with(url, bus, clock, channels()).await
}

async fn open_with(url: &str, bus: Option<Bus>, clock: Arc<Hands>, channels: Channels) -> Desk {
    Desk::open(Options { database_url: url.into(), bus, clock, channels }).await.unwrap()
}

fn channels() -> Channels {
    Channels {
        numbers: [OURS, CONFIRMED].map(|number| PhoneNumber::parse(number).unwrap()).to_vec(),
        confirmed_by_carrier: vec![PhoneNumber::parse(CONFIRMED).unwrap()],
        paces: HashMap::new(),
        mailboxes: vec![EmailAddress::parse(MAILBOX).unwrap()],
        sites: vec!["main".into()],
    }
}

pub fn session(n: u8) -> SessionId {
    SessionId::new(Timestamp::from_millis(START), &[n; 10])
}

pub fn sent(external_id: &str) -> DeliveryOutcome {
    DeliveryOutcome::Sent {
        external_id: external_id.into(),
        more_ids: Vec::new(),
        account: "main".into(),
        provider: "sandbox".into(),
    }
}
