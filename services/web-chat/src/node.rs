//! What all sockets of a process share.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use bus::{
    AskError, Bus, Signal,
    topic::{AGENTS_ONLINE, CHAT_BEGAN, CHAT_HISTORY, PAST_CHATS, SETTINGS, SETTINGS_NOW},
};
use domain::{
    Clock, SessionId, Settings,
    agents::Agents,
    event::{ChatHistory, ChatHistoryQuery, ChatPush, PastChat, PastChatsOf, PastChatsQuery},
};
use futures::StreamExt;
use host::{
    Metrics,
    metrics::{Counter, Gauge},
};
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use web::Limiter;

use crate::{
    ear::Ear,
    files::Files,
    hub::{Hub, Push},
    presence,
    site::Sites,
    stream::Streams,
    upkeep,
};

/// Most messages one question about history can bring.
pub const HISTORY: i64 = 200;
/// Longest wait for a session's ear.
const HEARS_WITHIN: Duration = Duration::from_secs(2);
/// Pause before the bus is asked again for its events.
const AGAIN: Duration = Duration::from_secs(1);

/// What all sockets of a process share.
pub struct Node {
    /// The bus.
    pub bus: Bus,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The configured sites.
    pub sites: Sites,
    /// Signs resume tokens.
    pub secret: [u8; 32],
    /// Open sockets.
    pub hub: Hub,
    /// New sockets per address.
    pub connects: Limiter<IpAddr>,
    /// Messages per session.
    pub messages: Limiter<SessionId>,
    /// Mails and ratings per session.
    pub favours: Limiter<SessionId>,
    /// Files that visitors put up.
    pub files: Files,
    /// Streams over HTTP.
    pub streams: Streams,
    /// Take nothing in any more.
    pub stopping: CancellationToken,
    /// Sockets whose task has not ended.
    pub open: tokio_util::task::TaskTracker,
    /// What is counted.
    pub numbers: Numbers,
    settings: RwLock<Option<Arc<Settings>>>,
    agents: Mutex<Agents>,
    connected: watch::Sender<bool>,
}

/// What is counted.
#[derive(Clone, Default)]
pub struct Numbers {
    /// Sessions that are listened for.
    pub sessions: Gauge,
    /// Pushes that came.
    pub pushes: Counter,
    /// Times a socket was behind what the desk said when it was asked.
    pub repairs: Counter,
}

impl Numbers {
    /// Shown under these names.
    pub fn in_(metrics: &Metrics) -> Self {
        let (sessions, pushes) = ("frontdesk_chat_sessions", "frontdesk_chat_pushes_total");
        let repairs = "frontdesk_chat_repairs_total";
        metrics.describe(sessions, "Chat sessions that this node holds and listens for.");
        metrics.describe(pushes, "Pushes for the chat sessions of this node.");
        metrics.describe(
            repairs,
            "Times a chat lacked something that had not been pushed, and was brought up to date.",
        );
        Self {
            sessions: metrics.gauge(sessions, &[]),
            pushes: metrics.counter(pushes, &[]),
            repairs: metrics.counter(repairs, &[]),
        }
    }
}

impl Node {
    /// A node without sockets.
    pub fn new(
        bus: Bus,
        clock: Arc<dyn Clock>,
        sites: Sites,
        secret: [u8; 32],
        stopping: CancellationToken,
    ) -> Self {
        Self {
            bus,
            clock,
            sites,
            secret,
            stopping,
            hub: Hub::default(),
            connects: Limiter::new(120, Duration::from_secs(60)),
            messages: Limiter::new(20, Duration::from_secs(10)),
            favours: Limiter::new(6, Duration::from_secs(60 * 60)),
            files: Files::nowhere(&secret),
            streams: Streams::default(),
            open: tokio_util::task::TaskTracker::new(),
            numbers: Numbers::default(),
            settings: RwLock::new(None),
            agents: Mutex::default(),
            connected: watch::Sender::new(false),
        }
    }

    /// The same node, where files can be put up.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        Self { files, ..self }
    }

    /// The same node, whose numbers are shown.
    #[must_use]
    pub fn counted_in(self, metrics: &Metrics) -> Self {
        Self { numbers: Numbers::in_(metrics), ..self }
    }

    /// Whether the bus was there once: until then a visitor could say and hear nothing.
    pub fn was_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// Waits for that.
    pub async fn connected(&self) {
        // Fails when the sender is gone, which is this node's.
        let _ = self.connected.subscribe().wait_for(|connected| *connected).await;
    }

    /// Asks for the bus until it is there, or until the stop.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn connect(self: Arc<Self>) -> anyhow::Result<()> {
        while let Err(reason) = self.bus.ready().await {
            tracing::warn!(reason, "visitors are turned away: the bus is not there yet");
            tokio::select! {
                () = self.stopping.cancelled() => return Ok(()),
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
        self.connected.send_replace(true);
        Ok(())
    }

    /// Listens for a session from now on, if it has sockets here; `false` if that takes long. `begins`: a message is on
    /// its way.
    pub async fn listen(self: &Arc<Self>, session: SessionId, begins: bool) -> bool {
        let Some(mut open) = self.hub.listen(session, begins, || Ear::of(self, session)) else {
            return false;
        };
        let opened = tokio::time::timeout(HEARS_WITHIN, open.wait_for(|open| *open)).await;
        opened.is_ok_and(|opened| opened.is_ok())
    }

    /// Hears of sessions that had their first message, perhaps in a tab that another node holds, until the stop.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn hear_beginnings(self: Arc<Self>) -> anyhow::Result<()> {
        let began = |session| {
            if self.hub.is_deaf(session) {
                self.open.spawn(upkeep::begin(self.clone(), session));
            }
        };
        self.hear(CHAT_BEGAN, began).await;
        Ok(())
    }

    /// The messages of a session after `after_seq`, the newest [`HISTORY`] of them.
    ///
    /// # Errors
    /// The desk does not answer.
    pub async fn history(&self, session: SessionId, after_seq: i64) -> Result<ChatHistory, AskError> {
        self.bus.ask(CHAT_HISTORY, &ChatHistoryQuery { session, after_seq, limit: HISTORY }).await
    }

    /// Earlier chats; none while the desk cannot be asked.
    pub async fn past_chats(&self, site: &str, except: SessionId, of: PastChatsOf) -> Vec<PastChat> {
        let query = PastChatsQuery { site: site.to_owned(), except, of };
        self.bus.ask(PAST_CHATS, &query).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a chat is opened without the visitor's earlier ones");
            Vec::new()
        })
    }

    /// Whether an agent looks at the console just now.
    pub fn agents_online(&self) -> bool {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner).any(self.clock.now())
    }

    /// The settings as last heard; the defaults while the desk cannot be asked.
    pub async fn settings(&self) -> Arc<Settings> {
        if let Some(known) = self.known_settings() {
            return known;
        }
        match self.bus.ask(SETTINGS, &()).await {
            Ok(settings) => self.keep(settings),
            Err(error) => {
                tracing::warn!(%error, "the settings are not known: the widget shows the defaults");
                Arc::default()
            }
        }
    }

    /// The settings as last heard, if ever.
    pub fn known_settings(&self) -> Option<Arc<Settings>> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An answer at the start never replaces what was told meanwhile.
    fn keep(&self, settings: Settings) -> Arc<Settings> {
        let mut kept = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert_with(|| Arc::new(settings)).clone()
    }

    /// The settings are like this now.
    pub fn learn(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(settings));
    }

    /// Hands a push to the sockets of its session.
    pub fn take(&self, session: SessionId, push: ChatPush) {
        self.numbers.pushes.increment();
        let known = match &push {
            ChatPush::Added { ticket, .. } | ChatPush::Changed { ticket } => Some(ticket.visitor_online),
            ChatPush::Seen { .. } | ChatPush::Typing { .. } => None,
        };
        self.hub.push(session, &Push::Told(Arc::new(push)));
        if let Some(known) = known {
            self.remind(session, known);
        }
    }

    /// Tells the desk that the visitor is here, if it believes otherwise: after the first message, and when another
    /// node said they left although they only changed nodes.
    pub fn remind(&self, session: SessionId, known: bool) {
        if self.hub.announce(session, known, Instant::now()) {
            presence::came(self, session);
        }
    }

    /// Hears how many agents are there, until the stop.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn hear_agents(self: Arc<Self>) -> anyhow::Result<()> {
        let hear = |said| {
            let now = self.clock.now();
            self.agents.lock().unwrap_or_else(PoisonError::into_inner).hear(&said, now);
        };
        self.hear(AGENTS_ONLINE, hear).await;
        Ok(())
    }

    /// Hears of changed settings, until the stop.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn hear_settings(self: Arc<Self>) -> anyhow::Result<()> {
        self.hear(SETTINGS_NOW, |settings| self.learn(settings)).await;
        Ok(())
    }

    /// Hears what is told to every node, until the stop.
    pub async fn hear<T: DeserializeOwned + Send + 'static>(
        &self,
        signal: Signal<T>,
        mut hear: impl FnMut(T),
    ) {
        let hearing = async {
            loop {
                match self.bus.listen(signal).await {
                    Ok(mut said) => {
                        while let Some(said) = said.next().await {
                            hear(said);
                        }
                    }
                    Err(error) => tracing::warn!(%error, subject = signal.subject, "cannot be heard yet"),
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = hearing => {}
        }
    }

    /// Asks for the settings until they are known, so that the first visitor sees the right colours.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn learn_settings(self: Arc<Self>) -> anyhow::Result<()> {
        while self.known_settings().is_none() && !self.stopping.is_cancelled() {
            match self.bus.ask(SETTINGS, &()).await {
                Ok(settings) => drop(self.keep(settings)),
                Err(error) => tracing::debug!(%error, "the settings are not known yet"),
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
        Ok(())
    }
}
