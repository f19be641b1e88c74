//! A desk over a database of its own, a bus, a clock turned by hand, and customers who write.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use bus::{Bus, Delivery, Envelope, Stream, Topic, embedded, topic};
use desk::{
    Actor, Channels, Desk, Options, Outside,
    accounts::{NewUser, User},
    intake::Arrival,
    sign_in::{NewSession, Origin},
};
use domain::{
    Clock, EmailAddress, PhoneNumber, ProfileId, Role, SessionId, TicketId, Timestamp,
    consent::{ConsentKind, ConsentState},
    event::{InboundChat, InboundEmail, InboundSms, TicketView, Visitor},
};
use futures::StreamExt;
use harness::postgres::Postgres;
use serde::{Serialize, de::DeserializeOwned};
use tempfile::TempDir;
use uuid::Uuid;

pub const OURS: &str = "+15550001111";
pub const OUTSIDE: &str = "https://d.example/";
pub const ANNA: &str = "+15550002222";
pub const SUPPORT: &str = "support@acme.example";
pub const SALES: &str = "sales@acme.example";

/// A clock that moves a millisecond with every look, so that nothing happens at the same moment.
pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

pub struct World {
    pub desk: Desk,
    pub bus: Bus,
    database_url: String,
    clock: Arc<Hands>,
    seq: AtomicU64,
    _folder: Option<TempDir>,
    _server: Option<Postgres>,
}

impl World {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("desk.db").display());
        Self::over(url, Some(folder), None).await
    }

    pub async fn postgres() -> Self {
        let server = Postgres::start().await;
        let url = server.create_database().await;
        Self::over(url, None, Some(server)).await
    }

    async fn over(database_url: String, folder: Option<TempDir>, server: Option<Postgres>) -> Self {
        let clock = Arc::new(Hands(AtomicI64::new(1_763_700_000_000)));
        let bus = embedded::open(None, clock.clone()).await.unwrap();
        let channels = Channels {
            numbers: vec![PhoneNumber::parse(OURS).unwrap()],
            confirmed_by_carrier: Vec::new(),
            paces: std::collections::HashMap::new(),
            mailboxes: [SUPPORT, SALES].map(|mailbox| mailbox.parse().unwrap()).to_vec(),
            sites: vec!["main".into()],
        };
        let options = Options {
            database_url: database_url.clone(),
            bus: Some(bus.clone()),
            clock: clock.clone(),
            channels,
        };
        let desk = Desk::open(options).await.unwrap().reached_at(outside()).sealing_with([9; 32]);
        desk.migrate().await.unwrap();
        Self { desk, bus, database_url, clock, seq: AtomicU64::new(0), _folder: folder, _server: server }
    }

    /// Does to the database what no call of the desk does.
    pub async fn sql(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        let pool = sqlx::AnyPool::connect(&self.database_url).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// Another replica of it.
    pub async fn replica(&self) -> Desk {
        let options = Options {
            database_url: self.database_url.clone(),
            bus: Some(self.bus.clone()),
            clock: self.clock.clone(),
            channels: self.desk.channels().clone(),
        };
        Desk::open(options).await.unwrap().reached_at(outside()).sealing_with([9; 32])
    }

    /// Where it lies.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    pub fn is_sqlite(&self) -> bool {
        self.database_url.starts_with("sqlite")
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn turn(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// A program with the owner's rights.
    pub fn owner(&self) -> Actor {
        Actor { id: Uuid::from_u128(7), name: "Kim".into(), role: Role::Owner, user: None, from: None }
    }

    pub async fn user(&self, email: &str, role: Role) -> User {
        let new = NewUser {
            email: EmailAddress::parse(email).unwrap(),
            name: None,
            role,
            password: Some("correct horse".into()),
        };
        self.desk.create_user(new, &Actor::system()).await.unwrap()
    }

    /// The session of somebody who signs in with a password alone.
    pub async fn let_in(&self, email: &str, password: &str) -> NewSession {
        let entrance = self.desk.sign_in(email, password, &Origin::default()).await.unwrap();
        entrance.expect("the right password").session().expect("no second step")
    }

    pub async fn take_in<T: Serialize>(&self, key: &str, topic: Topic<T>, event: &T) -> Option<TicketId> {
        let envelope = Envelope::wrap(key, self.now(), None, event).unwrap();
        let seq = self.seq.fetch_add(1, Ordering::SeqCst) + 1;
        let delivery = Delivery { subject: topic.subject.into(), seq, attempt: 1, envelope };
        self.desk.take_in(vec![Arrival::of(&delivery).unwrap()]).await.remove(0).unwrap().ticket_id
    }

    /// Somebody texts.
    pub async fn text(&self, from: &str, text: &str) -> TicketId {
        self.text_somehow(from, text).await.unwrap()
    }

    /// Somebody texts, which may open no ticket.
    pub async fn text_somehow(&self, from: &str, text: &str) -> Option<TicketId> {
        self.text_at(from, text, self.now()).await
    }

    /// Somebody texted then.
    pub async fn text_at(&self, from: &str, text: &str, received_at: Timestamp) -> Option<TicketId> {
        let external_id = Uuid::new_v4().to_string();
        let key = format!("sms:sandbox:main:{external_id}");
        let sms = InboundSms {
            provider: "sandbox".into(),
            account: "main".into(),
            external_id,
            from: from.into(),
            to: PhoneNumber::parse(OURS).unwrap(),
            text: text.into(),
            media: Vec::new(),
            carrier_keyword: None,
            part: None,
            received_at,
        };
        self.take_in(&key, topic::INBOUND_SMS, &sms).await
    }

    /// Somebody mails the support mailbox.
    pub async fn mailed(&self, from: &str, subject: &str, text: &str) -> TicketId {
        self.mailed_with(from, subject, text, serde_json::json!({})).await
    }

    /// Somebody mails the support mailbox, and this is different.
    pub async fn mailed_with(
        &self,
        from: &str,
        subject: &str,
        text: &str,
        different: serde_json::Value,
    ) -> TicketId {
        let digest = Uuid::new_v4().to_string();
        let mut mail = serde_json::json!({
            "mailbox": SUPPORT, "recipient": "support@in.acme.example", "envelope_from": from,
            "message_id": format!("{digest}@kunde.example"), "refers_to": [], "references": [], "from": from,
            "from_name": "Anna Lee", "subject": subject, "text": text, "html": null, "attachments": [],
            "kind": "human", "raw": format!("mail/{digest}.eml"), "digest": digest, "sent_at": null,
            "received_at": self.now(),
        });
        for (key, value) in different.as_object().unwrap() {
            mail[key] = value.clone();
        }
        let mail: InboundEmail = serde_json::from_value(mail).unwrap();
        let key = format!("mail:{SUPPORT}:{}", mail.digest);
        self.take_in(&key, topic::INBOUND_EMAIL, &mail).await.unwrap()
    }

    /// A visitor writes.
    pub async fn chat(&self, session: SessionId, text: &str) -> TicketId {
        let client_id = Uuid::new_v4();
        let chat = InboundChat {
            site: "main".into(),
            session,
            client_id,
            visitor: Visitor { id: "visitor-1".into(), ..Visitor::default() },
            text: text.into(),
            attachments: Vec::new(),
            page: None,
            form: std::collections::BTreeMap::new(),
            received_at: self.now(),
        };
        self.take_in(&format!("chat:{session}:{client_id}"), topic::INBOUND_CHAT, &chat).await.unwrap()
    }

    pub async fn ticket(&self, id: TicketId) -> TicketView {
        self.desk.ticket(id).await.unwrap()
    }

    pub async fn profile_of(&self, id: TicketId) -> ProfileId {
        self.ticket(id).await.profile.id
    }

    /// The customer of a ticket agrees to texts.
    pub async fn agrees(&self, id: TicketId) {
        let new = desk::consent::NewConsent {
            kind: ConsentKind::Transactional,
            state: ConsentState::Subscribed,
            source: "test".into(),
            text: "yes".into(),
            number: Some(OURS.into()),
        };
        self.desk.record_consent(self.profile_of(id).await, new, &self.owner()).await.unwrap();
    }

    /// Everything told on a topic so far.
    pub async fn told<T: DeserializeOwned>(&self, topic: Topic<T>) -> Vec<T> {
        let stream = Stream::of(topic.subject).unwrap();
        let last = self.bus.span(stream).await.unwrap().last;
        let mut all = self.bus.follow(stream, 0).await.unwrap();
        let mut found = Vec::new();
        for _ in 0..last {
            let stored = all.next().await.unwrap();
            if stored.subject == topic.subject {
                found.push(stored.envelope.read(topic).unwrap());
            }
            if stored.seq >= last {
                break;
            }
        }
        found
    }
}

fn outside() -> Outside {
    let inbound = [(SUPPORT, "support@in.acme.example"), (SALES, "sales@in.acme.example")];
    let inbound = inbound.map(|(mailbox, inbound)| (mailbox.parse().unwrap(), inbound.parse().unwrap()));
    Outside::new(OUTSIDE, [7; 32]).with_mailboxes(inbound, true)
}

/// What signs tags here.
pub fn tags() -> desk::mail_tag::MailTags {
    desk::mail_tag::MailTags::new([7; 32])
}

/// The stable code of a refusal.
pub fn code<T: std::fmt::Debug>(result: Result<T, desk::DeskError>) -> &'static str {
    match result.unwrap_err() {
        desk::DeskError::Conflict { code, .. } | desk::DeskError::Unfit { code, .. } => code,
        desk::DeskError::Invalid { field, .. } => field,
        desk::DeskError::NotFound(what) => what,
        desk::DeskError::Forbidden(_) => "forbidden",
        other => panic!("{other}"),
    }
}
