//! A desk with its door open, and what customers do.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use bus::{Bus, Delivery, Envelope, Topic, topic};
use desk::{
    Channels, Desk, Options, Outside,
    intake::{Arrival, Landed},
};
use domain::{
    Clock, EmailAddress, PhoneNumber, Role, SessionId, Timestamp,
    event::{InboundChat, InboundEmail, InboundSms, MailKind, Visitor},
};
use harness::{agent::Agent, postgres::Postgres};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const OUR_NUMBER: &str = "+15550001111";
pub const PUBLIC_URL: &str = "http://localhost:8080";
pub const KEY: &str = "fd_owner_key_0123456789";

/// A clock that is turned by hand.
pub struct Turned(AtomicI64);

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        // One millisecond passes with every look, so that nothing happens at the same moment.
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// What `frontdesk.toml` gives.
fn given() -> host::Configuration {
    let sites = serde_json::json!([
        {"id": "shop", "allowed_origins": ["https://shop.example.com"], "identity_secret": "secret"},
        {"id": "blog", "allowed_origins": ["https://blog.example.com"]},
    ]);
    let numbers = serde_json::json!([
        {"number": OUR_NUMBER, "provider": "sandbox"},
        {"number": "+15550009999", "provider": "vonage", "segments_per_second": 3, "carrier_confirms_opt_out": true,
         "credentials": {"api_key": "k", "api_secret": "s", "webhook_secret": "not to be shown"}},
    ]);
    let mailboxes =
        serde_json::json!([{"address": "support@acme.example", "inbound": "support@in.acme.example"}]);
    let mut given = host::Configuration::default();
    given.chat.sites = serde_json::from_value(sites).unwrap();
    given.sms.numbers = serde_json::from_value(numbers).unwrap();
    given.email.mailboxes = serde_json::from_value(mailboxes).unwrap();
    given
}

fn mail() -> inbox::Mail {
    inbox::Mail { relay: Some("smtp://…@mail.acme.example:587".into()), asks_dns: true }
}

pub struct World {
    pub desk: Desk,
    pub bus: Bus,
    pub blobs: host::Blobs,
    pub clock: Arc<Turned>,
    pub base: String,
    /// With the owner's key.
    pub owner: Agent,
    pub stopping: CancellationToken,
    pub clicks: Arc<inbox::Clicks>,
    seq: AtomicU64,
    _folder: TempDir,
    _server: Option<Postgres>,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("desk.db").display());
        Self::over(url, folder, None, host::config::Oidc::default()).await
    }

    /// The same over PostgreSQL.
    pub async fn postgres() -> Self {
        let server = Postgres::start().await;
        let url = server.create_database().await;
        Self::over(url, tempfile::tempdir().unwrap(), Some(server), host::config::Oidc::default()).await
    }

    /// With an identity provider, over either database.
    pub async fn with_provider(oidc: host::config::Oidc, on_postgres: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = if on_postgres { Some(Postgres::start().await) } else { None };
        let url = match &server {
            Some(server) => server.create_database().await,
            None => format!("sqlite://{}", folder.path().join("desk.db").display()),
        };
        Self::over(url, folder, server, oidc).await
    }

    async fn over(
        database_url: String,
        folder: TempDir,
        server: Option<Postgres>,
        oidc: host::config::Oidc,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(Turned(AtomicI64::new(1_763_700_000_000)));
        let bus = bus::embedded::open(None, clock.clone()).await.unwrap();
        let options = Options {
            database_url,
            bus: Some(bus.clone()),
            clock: clock.clone(),
            channels: Channels {
                numbers: vec![PhoneNumber::parse(OUR_NUMBER).unwrap()],
                confirmed_by_carrier: Vec::new(),
                paces: std::collections::HashMap::new(),
                mailboxes: vec![EmailAddress::parse("support@acme.example").unwrap()],
                sites: vec!["main".into()],
            },
        };
        let desk = Desk::open(options)
            .await
            .unwrap()
            .reached_at(Outside::new(PUBLIC_URL, [7; 32]))
            .sealing_with([7; 32]);
        let desk = inbox::ruled(desk, &oidc);
        let config = host::Configuration {
            public_url: PUBLIC_URL.parse().unwrap(),
            oidc,
            ..host::Configuration::default()
        };
        desk.migrate().await.unwrap();
        desk.ensure_owner(None, None, Some(KEY)).await.unwrap();
        let stopping = CancellationToken::new();
        let live = inbox::Live::open(&bus).await.unwrap();
        tokio::spawn(live.clone().run(bus.clone(), stopping.clone()));
        tokio::spawn(live.clone().hear_signals(bus.clone(), stopping.clone()));
        let clicks = inbox::Clicks::open(desk.clone(), [7; 32]);
        let blobs = host::Blobs::in_folder(folder.path().join("blobs")).unwrap();
        let parts = inbox::Parts {
            desk: desk.clone(),
            bus: bus.clone(),
            blobs: blobs.clone(),
            public_url: PUBLIC_URL.parse().unwrap(),
            setup: inbox::Setup {
                given: Arc::new(given()),
                channels: host::ConsoleChannels::alone(
                    [7; 32],
                    bus.clone(),
                    folder.path().join("channels.json"),
                ),
            },
            mail: mail(),
            stopping: stopping.clone(),
            check_readers_every: Duration::from_millis(100),
            clicks: clicks.clone(),
            images: inbox::MailImages::permitted(|_| true).unwrap(),
            provider: inbox::ProviderDoor::of(&config).unwrap(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let service = inbox::router(parts, live).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let owner = Agent::with_key(&base, KEY);
        Self {
            desk,
            bus,
            blobs,
            clock,
            base,
            owner,
            stopping,
            clicks,
            seq: AtomicU64::new(1),
            _folder: folder,
            _server: server,
        }
    }

    pub fn pass(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.0.load(Ordering::Relaxed))
    }

    /// A key of that role.
    pub async fn with_role(&self, role: Role) -> Agent {
        let key = self.desk.create_key(role.as_str(), role, None, &desk::Actor::system()).await.unwrap();
        Agent::with_key(&self.base, &key.key)
    }

    /// Somebody of that role, signed in.
    pub async fn signed_in(&self, email: &str, role: Role) -> Agent {
        let new = desk::accounts::NewUser {
            email: EmailAddress::parse(email).unwrap(),
            name: None,
            role,
            password: Some("correct horse battery".into()),
        };
        self.desk.create_user(new, &desk::Actor::system()).await.unwrap();
        Agent::sign_in(&self.base, email, "correct horse battery").await
    }

    async fn take_in<T: serde::Serialize>(&self, key: &str, topic: Topic<T>, event: &T) -> Landed {
        let envelope = Envelope::wrap(key, self.now(), None, event).unwrap();
        let seq = self.seq.fetch_add(1, Ordering::Relaxed);
        let delivery = Delivery { subject: topic.subject.into(), seq, attempt: 1, envelope };
        self.desk.take_in(vec![Arrival::of(&delivery).unwrap()]).await.remove(0).unwrap()
    }

    /// A customer texts; the ticket's id.
    pub async fn text(&self, from: &str, text: &str) -> String {
        let external_id = Uuid::new_v4().to_string();
        let key = format!("sms:sandbox:test:{external_id}");
        let sms = InboundSms {
            provider: "sandbox".into(),
            account: "test".into(),
            external_id,
            from: from.into(),
            to: PhoneNumber::parse(OUR_NUMBER).unwrap(),
            text: text.into(),
            media: Vec::new(),
            carrier_keyword: None,
            part: None,
            received_at: self.clock.now(),
        };
        let landed = self.take_in(&key, topic::INBOUND_SMS, &sms).await;
        landed.ticket_id.map(|id| id.to_string()).unwrap_or_default()
    }

    /// Where the raw mail of the newest mail of an address lies.
    pub fn raw_of(&self, from: &str) -> String {
        format!("mail/{}.eml", from.replace('@', "-"))
    }

    /// A customer mails; the ticket's id.
    pub async fn mail(&self, from: &str, subject: &str, text: &str) -> String {
        self.mail_with_html(from, subject, text, None).await
    }

    /// A customer mails, with HTML as it is after it came in; the ticket's id.
    pub async fn mail_with_html(&self, from: &str, subject: &str, text: &str, html: Option<&str>) -> String {
        let mail = InboundEmail { html: html.map(str::to_owned), ..self.letter(from, subject, text) };
        self.mailed(&mail).await.unwrap()
    }

    /// A mail comes in; its ticket's id, where it is in one.
    pub async fn mailed(&self, mail: &InboundEmail) -> Option<String> {
        let key = format!("mail:support@acme.example:{}", mail.digest);
        let landed = self.take_in(&key, topic::INBOUND_EMAIL, mail).await;
        landed.ticket_id.map(|id| id.to_string())
    }

    /// A mail as the doors understand it.
    pub fn letter(&self, from: &str, subject: &str, text: &str) -> InboundEmail {
        let digest = Uuid::new_v4().to_string();
        let mailbox = EmailAddress::parse("support@acme.example").unwrap();
        InboundEmail {
            recipient: mailbox.to_string(),
            mailbox,
            envelope_from: from.into(),
            client: None,
            message_id: Some(format!("{digest}@example.com")),
            refers_to: Vec::new(),
            references: Vec::new(),
            from: EmailAddress::parse(from).unwrap(),
            from_name: None,
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
            raw: self.raw_of(from),
            digest,
            sent_at: None,
            received_at: self.clock.now(),
        }
    }

    /// A visitor writes; the ticket's id.
    pub async fn chat(&self, session: SessionId, text: &str) -> String {
        let client_id = Uuid::new_v4();
        let chat = InboundChat {
            site: "main".into(),
            session,
            client_id,
            visitor: Visitor { id: format!("v-{session}"), ..Visitor::default() },
            text: text.into(),
            attachments: Vec::new(),
            page: None,
            form: std::collections::BTreeMap::new(),
            received_at: self.clock.now(),
        };
        let key = format!("chat:{session}:{client_id}");
        let landed = self.take_in(&key, topic::INBOUND_CHAT, &chat).await;
        landed.ticket_id.unwrap().to_string()
    }
}
