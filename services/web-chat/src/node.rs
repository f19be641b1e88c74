//! What all sockets of a process share, and the one reader of the desk's events that feeds them.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use bus::{
    AskError, Bus, Stored, Stream,
    topic::{
        AGENTS_ONLINE, CHAT_HISTORY, MESSAGE_MOVED, MESSAGE_QUEUED, MESSAGE_RECEIVED, PAST_CHATS, SETTINGS,
        SETTINGS_CHANGED, TICKET_CHANGED, TYPING,
    },
};
use domain::{
    Clock, SessionId, Settings,
    agents::Agents,
    event::{ChatHistory, ChatHistoryQuery, PastChat, PastChatsOf, PastChatsQuery},
};
use futures::StreamExt;
use serde::Deserialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use web::Limiter;

use crate::{
    files::Files,
    hub::{Hub, Push},
    presence,
    site::Sites,
    stream::Streams,
};

/// Most messages one question about history can bring.
pub const HISTORY: i64 = 200;
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
    settings: RwLock<Option<Arc<Settings>>>,
    agents: Mutex<Agents>,
    following: watch::Sender<bool>,
}

/// Just enough of an event to see whom it is for.
#[derive(Deserialize)]
struct Addressee {
    session: Option<SessionId>,
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
            settings: RwLock::new(None),
            agents: Mutex::default(),
            following: watch::Sender::new(false),
        }
    }

    /// The same node, where files can be put up.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        Self { files, ..self }
    }

    /// Whether the desk's events arrive here, so that a socket would miss nothing.
    pub fn is_following(&self) -> bool {
        *self.following.borrow()
    }

    /// Waits until they do.
    pub async fn followed(&self) {
        // Fails when the sender is gone, which is this node's.
        let _ = self.following.subscribe().wait_for(|following| *following).await;
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
            Ok(settings) => self.keep(settings, false),
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

    /// An answer never replaces what an event said meanwhile.
    fn keep(&self, settings: Settings, newer: bool) -> Arc<Settings> {
        let mut kept = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().filter(|_| !newer) {
            Some(known) => known.clone(),
            None => kept.insert(Arc::new(settings)).clone(),
        }
    }

    /// Reads the desk's events from now on, until the stop.
    ///
    /// # Errors
    /// The events end.
    pub async fn follow(self: Arc<Self>) -> anyhow::Result<()> {
        let stopping = self.stopping.clone();
        tokio::select! {
            () = stopping.cancelled() => Ok(()),
            ended = self.read_events() => ended,
        }
    }

    async fn read_events(&self) -> anyhow::Result<()> {
        let mut events = loop {
            match self.events().await {
                Ok(events) => break events,
                Err(error) => tracing::warn!(%error, "the desk's events cannot be read yet"),
            }
            tokio::time::sleep(AGAIN).await;
        };
        self.following.send_replace(true);
        while let Some(stored) = events.next().await {
            if let Err(error) = self.route(&stored) {
                tracing::error!(%error, seq = stored.seq, "an event of the desk cannot be read");
            }
        }
        anyhow::bail!("the desk's events ended")
    }

    async fn events(&self) -> anyhow::Result<futures::stream::BoxStream<'static, Stored>> {
        let newest = self.bus.span(Stream::Events).await?.last;
        self.bus.follow(Stream::Events, newest).await
    }

    /// Hands an event to the sockets it is for.
    fn route(&self, stored: &Stored) -> Result<(), bus::DecodeError> {
        let (subject, envelope) = (stored.subject.as_str(), &stored.envelope);
        if subject == SETTINGS_CHANGED.subject {
            self.keep(envelope.read(SETTINGS_CHANGED)?, true);
            return Ok(());
        }
        let addressee = serde_json::from_str::<Addressee>(envelope.event.get()).ok().and_then(|a| a.session);
        let Some(session) = addressee.filter(|session| self.hub.has(*session)) else { return Ok(()) };
        if subject == MESSAGE_RECEIVED.subject || subject == MESSAGE_QUEUED.subject {
            let added = Arc::new(envelope.read(MESSAGE_RECEIVED)?);
            self.hub.push(session, &Push::Added(added.clone()));
            self.remind(session, added.ticket.visitor_online);
        } else if subject == TICKET_CHANGED.subject {
            let changed = Arc::new(envelope.read(TICKET_CHANGED)?);
            self.hub.push(session, &Push::Changed(changed.clone()));
            self.remind(session, changed.ticket.visitor_online);
        } else if subject == MESSAGE_MOVED.subject {
            self.hub.push(session, &Push::Moved(Arc::new(envelope.read(MESSAGE_MOVED)?)));
        }
        Ok(())
    }

    /// Tells the desk that the visitor is here, if it believes otherwise: after the first message, and when another
    /// node said they left although they only changed nodes.
    fn remind(&self, session: SessionId, known: bool) {
        if self.hub.announce(session, known, Instant::now()) {
            presence::came(self, session);
        }
    }

    /// Hands agents' typing to the sockets it is for, until the stop.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn hear_typing(self: Arc<Self>) -> anyhow::Result<()> {
        let stopping = self.stopping.clone();
        tokio::select! {
            () = stopping.cancelled() => Ok(()),
            () = self.pass_on_typing() => Ok(()),
        }
    }

    async fn pass_on_typing(&self) {
        loop {
            match self.bus.listen(TYPING).await {
                Ok(mut signals) => {
                    while let Some(typing) = signals.next().await {
                        if let Some(session) = typing.session.filter(|_| !typing.by_visitor) {
                            self.hub.push(session, &Push::Typing(Arc::new(typing)));
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "typing cannot be heard yet"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Hears how many agents are there, until the stop.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn hear_agents(self: Arc<Self>) -> anyhow::Result<()> {
        let stopping = self.stopping.clone();
        let hearing = async {
            loop {
                match self.bus.listen(AGENTS_ONLINE).await {
                    Ok(mut said) => {
                        while let Some(said) = said.next().await {
                            let now = self.clock.now();
                            self.agents.lock().unwrap_or_else(PoisonError::into_inner).hear(&said, now);
                        }
                    }
                    Err(error) => tracing::warn!(%error, "agents cannot be heard of yet"),
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        tokio::select! {
            () = stopping.cancelled() => Ok(()),
            () = hearing => Ok(()),
        }
    }

    /// Asks for the settings until they are known, so that the first visitor sees the right colours.
    ///
    /// # Errors
    /// None; the shape is that of a task of the host.
    pub async fn learn_settings(self: Arc<Self>) -> anyhow::Result<()> {
        while self.known_settings().is_none() && !self.stopping.is_cancelled() {
            match self.bus.ask(SETTINGS, &()).await {
                Ok(settings) => drop(self.keep(settings, false)),
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
