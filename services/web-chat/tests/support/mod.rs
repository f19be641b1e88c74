//! A web-chat node on a free port, the embedded bus, and a small desk that numbers messages as the real one does.

use std::{
    collections::HashMap,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Instant,
};

use bus::{
    Bus, Delivery, Failure, Handler, Stream, Subscription,
    topic::{CHAT_BEGAN, CHAT_HISTORY, CHAT_PUSH, CHAT_STANDING, INBOUND_CHAT, SETTINGS, VISITOR_SIGNAL},
};
use domain::{
    Author, AuthorKind, Clock, Direction, Message, MessageId, MessageStatus, SessionId, Settings, TicketId,
    Timestamp,
    event::{
        ChatHistory, ChatHistoryQuery, ChatPush, ChatStanding, ChatStandingQuery, ChatTicket, InboundChat,
        VisitorSignal,
    },
};
use harness::visitor::Page;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use web_chat::{Node, door, site::Sites};

/// Time that runs from a fixed moment.
pub struct Running(Instant);

impl Clock for Running {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(1_763_700_000_000).plus(passed)
    }
}

/// The stand-in for ticketing and desk.
pub struct Desk {
    bus: Bus,
    /// Chats by session; a closed one goes on with the same numbers.
    chats: Mutex<HashMap<SessionId, Chat>>,
    /// What visitors did, in order.
    pub signals: Mutex<Vec<VisitorSignal>>,
}

#[derive(Default)]
struct Chat {
    messages: Vec<Message>,
    number: i64,
    closed: bool,
}

impl Desk {
    /// Starts numbering what comes in.
    pub async fn open(bus: &Bus, stop: &CancellationToken) -> Arc<Self> {
        let desk = Arc::new(Self { bus: bus.clone(), chats: Mutex::default(), signals: Mutex::default() });
        let subscription = Subscription {
            name: "ticketing",
            stream: Stream::Inbound,
            subjects: &["inbound.>", "visitor.>"],
            batch: 50,
            concurrency: 1,
        };
        let (handler, consumer, stopping) = (desk.clone(), bus.clone(), stop.clone());
        tokio::spawn(async move { consumer.consume(subscription, handler, stopping).await });
        desk.answer_again(stop);
        let (answering, stopping) = (bus.clone(), stop.clone());
        tokio::spawn(async move {
            let answer = |()| std::future::ready(Ok(Settings::default()));
            answering.answer(SETTINGS, stopping, answer).await
        });
        for _ in 0..200 {
            let query = ChatHistoryQuery { session: SessionId(Uuid::nil()), after_seq: 0, limit: 1 };
            if bus.ask(CHAT_HISTORY, &query).await.is_ok() && bus.ask(SETTINGS, &()).await.is_ok() {
                return desk;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the desk does not answer");
    }

    /// Answers questions about history until the stop.
    pub fn answer_again(self: &Arc<Self>, stop: &CancellationToken) {
        let (desk, stopping) = (self.clone(), stop.clone());
        tokio::spawn(async move {
            let history = desk.clone();
            let answer = move |query| std::future::ready(Ok(history.history(&query)));
            desk.bus.answer(CHAT_HISTORY, stopping, answer).await
        });
        let (desk, stopping) = (self.clone(), stop.clone());
        tokio::spawn(async move {
            let asked = desk.clone();
            let answer = move |query| std::future::ready(Ok(asked.standing(&query)));
            desk.bus.answer(CHAT_STANDING, stopping, answer).await
        });
    }

    fn history(&self, query: &ChatHistoryQuery) -> ChatHistory {
        let chats = self.chats.lock().unwrap();
        let Some(chat) = chats.get(&query.session) else {
            return ChatHistory {
                messages: Vec::new(),
                last_seq: 0,
                ticket_status: None,
                ticket_id: None,
                read_seq: 0,
            };
        };
        let messages = chat.messages.iter().filter(|m| m.seq > query.after_seq).cloned().collect();
        ChatHistory {
            messages,
            last_seq: chat.messages.last().map_or(0, |m| m.seq),
            ticket_status: Some(chat.status().into()),
            ticket_id: Some(chat.ticket(query.session).id),
            read_seq: 0,
        }
    }

    fn standing(&self, query: &ChatStandingQuery) -> Vec<ChatStanding> {
        let chats = self.chats.lock().unwrap();
        let standing = |session: &SessionId| {
            let chat = chats.get(session)?;
            let last_seq = chat.messages.last().map_or(0, |m| m.seq);
            Some(ChatStanding { session: *session, ticket: chat.ticket(*session), last_seq, read_seq: 0 })
        };
        query.sessions.iter().filter_map(standing).collect()
    }

    async fn take_in(&self, inbound: InboundChat) {
        let added = {
            let mut chats = self.chats.lock().unwrap();
            let chat = chats.entry(inbound.session).or_default();
            let id = MessageId::named(inbound.session.0, &inbound.client_id.to_string());
            if chat.messages.iter().any(|m| m.id == id) {
                return;
            }
            if chat.number == 0 || chat.closed {
                (chat.number, chat.closed) = (chat.number + 1, false);
            }
            let author = Author { kind: AuthorKind::Customer, id: None, name: inbound.visitor.name.clone() };
            chat.add(inbound.session, id, author, &inbound.text, Some(inbound.client_id))
        };
        self.bus.signal_to(CHAT_PUSH, inbound.session.0, &added).await;
        if matches!(&added, ChatPush::Added { message, .. } if message.seq == 1) {
            self.bus.signal(CHAT_BEGAN, &inbound.session).await;
        }
    }

    /// An agent answers.
    pub async fn reply(&self, session: &str, text: &str) {
        let push = self.reply_unheard(session, text);
        self.bus.signal_to(CHAT_PUSH, session.parse().unwrap(), &push).await;
    }

    /// An agent answers, and the push gets lost.
    pub fn reply_unheard(&self, session: &str, text: &str) -> ChatPush {
        let session: SessionId = session.parse().unwrap();
        let author = Author { kind: AuthorKind::Agent, id: None, name: Some("Maya".into()) };
        let mut chats = self.chats.lock().unwrap();
        chats.get_mut(&session).unwrap().add(session, MessageId(Uuid::new_v4()), author, text, None)
    }

    /// An agent closes the chat.
    pub async fn close(&self, session: &str) {
        let ticket = self.close_unheard(session);
        let session: SessionId = session.parse().unwrap();
        self.bus.signal_to(CHAT_PUSH, session.0, &ChatPush::Changed { ticket }).await;
    }

    /// An agent closes the chat, and the push gets lost.
    pub fn close_unheard(&self, session: &str) -> ChatTicket {
        let session: SessionId = session.parse().unwrap();
        let mut chats = self.chats.lock().unwrap();
        let chat = chats.get_mut(&session).unwrap();
        chat.closed = true;
        chat.ticket(session)
    }

    /// The texts of a chat, in the order of their numbers.
    pub fn texts(&self, session: &str) -> Vec<String> {
        let chats = self.chats.lock().unwrap();
        chats
            .get(&session.parse().unwrap())
            .map_or_else(Vec::new, |chat| chat.messages.iter().map(|m| m.text.clone()).collect())
    }

    /// Words for what visitors did so far.
    pub fn heard(&self) -> Vec<String> {
        let signals = self.signals.lock().unwrap();
        signals
            .iter()
            .map(|s| serde_json::to_value(&s.kind).unwrap()["kind"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Chat {
    fn status(&self) -> &'static str {
        if self.closed { "closed" } else { "open" }
    }

    fn ticket(&self, session: SessionId) -> ChatTicket {
        ChatTicket {
            id: TicketId::named(session.0, &self.number.to_string()),
            number: self.number,
            version: 1,
            status: self.status().into(),
            unread: true,
            visitor_online: false,
        }
    }

    fn add(
        &mut self,
        session: SessionId,
        id: MessageId,
        author: Author,
        text: &str,
        client_id: Option<Uuid>,
    ) -> ChatPush {
        let ticket = self.ticket(session);
        let message = Message {
            id,
            ticket_id: ticket.id,
            seq: self.messages.last().map_or(1, |m| m.seq + 1),
            direction: if client_id.is_some() { Direction::In } else { Direction::Out },
            author,
            text: text.to_owned(),
            html: None,
            attachments: Vec::new(),
            status: MessageStatus::Sent,
            error: None,
            segments: None,
            send_at: None,
            reply_text: None,
            mail: None,
            sent_at: Timestamp::from_millis(1_763_700_000_000),
            why: "a new chat".into(),
            client_id,
            carried: domain::message::Carried::default(),
        };
        self.messages.push(message.clone());
        ChatPush::Added { ticket, message: Box::new(message) }
    }
}

impl Handler for Desk {
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        Box::pin(async move {
            for delivery in batch {
                if delivery.is(INBOUND_CHAT) {
                    self.take_in(delivery.read(INBOUND_CHAT).unwrap()).await;
                } else if delivery.is(VISITOR_SIGNAL) {
                    self.signals.lock().unwrap().push(delivery.read(VISITOR_SIGNAL).unwrap());
                }
            }
            batch.iter().map(|_| Ok(())).collect()
        })
    }
}

/// A web-chat node.
pub struct WebChat {
    /// Where the shop's page finds it.
    pub page: Page,
    /// Stops it.
    pub stop: CancellationToken,
    /// Itself.
    pub node: Arc<Node>,
}

/// The clock of the tests.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(Running(Instant::now()))
}

/// A bus of its own.
pub async fn bus() -> Bus {
    bus::embedded::open(None, clock()).await.unwrap()
}

/// Starts a node on a free port.
pub async fn node(bus: &Bus) -> WebChat {
    let site = host::config::Site {
        id: "main".into(),
        allowed_origins: vec!["https://shop.example.com".into()],
        identity_secret: None,
    };
    let own = "https://desk.example.com".parse().unwrap();
    let sites = Sites::read(&[site], &[&own]).unwrap();
    let stop = CancellationToken::new();
    let node = Arc::new(Node::new(bus.clone(), clock(), sites, [7; 32], stop.clone()));
    node.clone().connect().await.unwrap();
    tokio::spawn(node.clone().hear_beginnings());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let service = door::router(node.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    WebChat {
        page: Page { base, site: "main".into(), origin: "https://desk.example.com".into() },
        stop,
        node,
    }
}
