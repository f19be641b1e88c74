//! A visitor's wire from `hello` to the end: hears frames and the hub, and lets [`Session`] decide.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{
    PublishError,
    topic::{INBOUND_CHAT, TYPING},
};
use domain::{
    MessageId,
    event::{ChatPush, ChatStanding, ChatTicket, InboundChat, Typing, VisitorSignalKind},
};

use crate::{
    close::Close,
    frames::{ClientFrame, NewMessage, ServerFrame},
    greeting,
    hub::{Push, Seat},
    line::{End, Heard, Line},
    node::Node,
    presence,
    session::{Accepted, Gap, Session},
    site::Site,
    wire::Wire,
};

mod asks;

/// A socket that says nothing for so long is closed; the widget says `ping` every 25 seconds.
const SILENCE: Duration = Duration::from_secs(90);
/// After so long a sign of life is asked for.
const ASKED_AFTER: Duration = Duration::from_secs(40);
/// Pause before the history is asked for again.
const CATCH_UP_AGAIN: Duration = Duration::from_secs(3);
/// Typing that goes on is passed on this often.
const TYPING_EVERY: Duration = Duration::from_secs(2);

/// Serves one wire until it ends.
pub async fn serve(node: Arc<Node>, site: Arc<Site>, wire: Wire) {
    let _open = node.open.token();
    let mut line = Line::new(wire);
    let end = match greeting::greet(&node, &site, &mut line).await {
        Ok((session, mut seat)) => {
            let (node, caught_up) = (node.clone(), Instant::now());
            let mut talk = Talk { node, site, session, line, typing: None, caught_up };
            let end = talk.run(&mut seat).await;
            talk.leave(&seat).await;
            line = talk.line;
            end
        }
        Err(end) => end,
    };
    if let End::Close(why) = end {
        line.close(why).await;
    }
}

struct Talk {
    node: Arc<Node>,
    site: Arc<Site>,
    session: Session,
    line: Line,
    /// The visitor is typing, as last passed on.
    typing: Option<Instant>,
    /// When the history was asked for last.
    caught_up: Instant,
}

impl Talk {
    async fn run(&mut self, seat: &mut Seat) -> End {
        let alarm = tokio::time::sleep_until(self.wakes_at().into());
        tokio::pin!(alarm);
        loop {
            // set only when it would ring too late: most pushes leave it alone
            let wake = self.wakes_at().into();
            if wake < alarm.deadline() || alarm.is_elapsed() {
                alarm.as_mut().reset(wake);
            }
            let step = tokio::select! {
                biased;
                () = self.node.stopping.cancelled() => return self.say_goodbye().await,
                () = seat.too_slow.cancelled() => return End::Close(Close::TooSlow),
                push = seat.inbox.recv() => match push {
                    Some(push) => self.pushed(&push).await,
                    None => Err(End::Close(Close::TooSlow)),
                },
                message = self.line.next() => match message {
                    Ok(message) => match self.line.understand(message).await {
                        Ok(Heard::Frame(frame)) => self.heard(frame).await,
                        Ok(Heard::Odd | Heard::Alive) => Ok(()),
                        Err(end) => Err(end),
                    },
                    Err(end) => Err(end),
                },
                () = &mut alarm => self.woken().await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// What waits is durable: it is acknowledged, its number comes with the next `hello`.
    async fn say_goodbye(&mut self) -> End {
        for id in self.session.waiting() {
            let acks = self.session.settle(id, None);
            if let Err(end) = self.line.send_all(&acks).await {
                return end;
            }
        }
        self.line.farewell().await
    }

    async fn leave(&mut self, seat: &Seat) {
        if self.typing.take().is_some() {
            self.signal_typing(false).await;
        }
        if self.node.hub.leave(self.session.id, seat) {
            presence::left(&self.node, self.session.id);
        }
    }

    fn wakes_at(&self) -> Instant {
        let (heard, pinged) = self.line.heard();
        let silent = heard + if pinged { SILENCE } else { ASKED_AFTER };
        let behind = self.session.is_behind().then(|| self.caught_up + CATCH_UP_AGAIN);
        [self.session.next_due(), behind].into_iter().flatten().fold(silent, Instant::min)
    }

    async fn woken(&mut self) -> Result<(), End> {
        let now = Instant::now();
        let (heard, pinged) = self.line.heard();
        if now >= heard + SILENCE {
            return Err(End::Close(Close::Silent));
        }
        if !pinged && now >= heard + ASKED_AFTER {
            self.line.ping().await?;
        }
        if self.session.is_behind() && now >= self.caught_up + CATCH_UP_AGAIN {
            self.catch_up().await?;
        }
        self.settle_overdue(now).await
    }

    async fn pushed(&mut self, push: &Push) -> Result<(), End> {
        match push {
            Push::Told(told) => self.told(told).await,
            Push::Stands(standing) => self.compare(standing).await,
        }
    }

    async fn told(&mut self, told: &ChatPush) -> Result<(), End> {
        match told {
            ChatPush::Added { ticket, message } => {
                let was_behind = self.session.is_behind();
                match self.session.added(ticket, message) {
                    Ok(frames) => self.show(frames).await,
                    Err(Gap) if was_behind => Ok(()), // asked again soon
                    Err(Gap) => self.catch_up().await,
                }
            }
            ChatPush::Changed { ticket } => self.changed(ticket).await,
            ChatPush::Seen { seq } if self.session.saw(*seq) => {
                self.line.send(&ServerFrame::Seen { seq: *seq, by: None }).await
            }
            ChatPush::Seen { .. } => Ok(()),
            ChatPush::Typing { name, on } => {
                self.line.send(&ServerFrame::Typing { on: *on, name: name.clone() }).await
            }
        }
    }

    async fn changed(&mut self, ticket: &ChatTicket) -> Result<(), End> {
        let status = self.session.ticket_is(ticket);
        let read = self.session.read_by_agent(ticket);
        self.show(status.into_iter().chain(read).collect()).await
    }

    /// Brings what was not pushed.
    async fn compare(&mut self, standing: &ChatStanding) -> Result<(), End> {
        if self.session.is_behind() {
            return Ok(()); // asked again soon
        }
        if standing.last_seq <= self.session.last() {
            let status = self.session.ticket_is(&standing.ticket);
            let read = self.session.read_up_to(standing.read_seq);
            return self.show(status.into_iter().chain(read).collect()).await;
        }
        self.node.numbers.repairs.increment();
        self.catch_up().await
    }

    /// Sends frames whose files can be read for a while from now on.
    async fn show(&mut self, mut frames: Vec<ServerFrame>) -> Result<(), End> {
        let (files, now) = (&self.node.files, self.node.clock.now());
        for frame in &mut frames {
            frame.sign_files(|file, blob| files.address(file, blob, now));
        }
        self.line.send_all(&frames).await
    }

    /// Brings everything the browser lacks; tried again later if the desk does not answer.
    async fn catch_up(&mut self) -> Result<(), End> {
        self.caught_up = Instant::now();
        match self.node.history(self.session.id, self.session.last()).await {
            Ok(history) => {
                let frames = self.session.filled(&history);
                if self.session.ticket.is_some() {
                    // one that was opened while the desk was away has not been announced
                    self.node.remind(self.session.id, false);
                }
                self.show(frames).await
            }
            Err(error) => {
                tracing::warn!(%error, session = %self.session.id, "a chat cannot be brought up to date yet");
                Ok(())
            }
        }
    }

    async fn heard(&mut self, frame: ClientFrame) -> Result<(), End> {
        match frame {
            ClientFrame::Ping {} => self.line.send(&ServerFrame::Pong {}).await,
            ClientFrame::Message(new) => self.wrote(&new).await,
            ClientFrame::Typing { on } => {
                self.types(on).await;
                Ok(())
            }
            ClientFrame::Seen { seq } => {
                if self.session.saw(seq) {
                    presence::tell(&self.node, self.session.id, VisitorSignalKind::Saw { seq });
                }
                Ok(())
            }
            ClientFrame::Identify(said) => self.identified(*said).await,
            ClientFrame::End {} => {
                presence::tell(&self.node, self.session.id, VisitorSignalKind::Ended);
                Ok(())
            }
            ClientFrame::Rate { score, comment } => self.rated(score, comment.as_deref()).await,
            ClientFrame::Transcript { email } => self.wants_transcript(&email).await,
            ClientFrame::Hello(_) => {
                self.line
                    .send(&ServerFrame::error("already_open", "hello has been said on this socket"))
                    .await
            }
        }
    }

    async fn wrote(&mut self, new: &NewMessage) -> Result<(), End> {
        let client_id = new.client_id;
        if let Err(wait) = self.node.messages.check(&self.session.id) {
            let after = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            let text = "too many messages in a short time";
            return self.line.send(&ServerFrame::refusal("rate_limited", text, client_id, Some(after))).await;
        }
        let now = self.node.clock.now();
        let files = match self.files(new, now) {
            Ok(files) => files,
            Err((code, text)) => {
                return self.line.send(&ServerFrame::refusal(code, text, client_id, None)).await;
            }
        };
        match self.session.accept(new, files, now, Instant::now()) {
            Err(refusal) => self.line.send(&refusal).await,
            Ok(Accepted::Underway) => Ok(()),
            Ok(Accepted::Publish(chat)) => self.store(&chat).await,
        }
    }

    /// Makes a message durable. Its ack follows with its number, at the latest when it is overdue.
    async fn store(&mut self, chat: &InboundChat) -> Result<(), End> {
        if self.session.ticket.is_none() && !self.node.listen(chat.session, true).await {
            self.session.falls_behind(self.session.last());
        }
        let id = format!("chat:{}:{}", chat.session, chat.client_id);
        match self.node.bus.publish(INBOUND_CHAT, &id, chat).await {
            Ok(published) if published.duplicate => {
                self.find_numbers(&[self.session.message_id(chat.client_id)]).await
            }
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, session = %chat.session, "a visitor's message could not be stored");
                self.session.forget(chat.client_id);
                let again = matches!(error, PublishError::Unavailable(_)).then_some(3_000);
                let text = "the message could not be stored";
                self.line.send(&ServerFrame::refusal("not_stored", text, chat.client_id, again)).await
            }
        }
    }

    /// Looks the numbers of durable messages up and acknowledges those the desk has: they were stored before, or
    /// their events went missing.
    async fn find_numbers(&mut self, ids: &[MessageId]) -> Result<(), End> {
        let Ok(history) = self.node.history(self.session.id, 0).await else { return Ok(()) };
        let found: Vec<_> =
            history.messages.iter().filter(|m| ids.contains(&m.id)).map(|m| (m.id, m.seq)).collect();
        if found.iter().any(|(_, seq)| *seq > self.session.last()) {
            // An ack must not overtake the messages before it: those come first, and bring it along.
            self.catch_up().await?;
        }
        for (id, seq) in found.into_iter().filter(|(_, seq)| *seq <= self.session.last()).collect::<Vec<_>>()
        {
            self.acknowledge(id, Some(seq)).await?;
        }
        Ok(())
    }

    /// Acknowledges what has waited long enough, without a number if the desk has none for it yet.
    async fn settle_overdue(&mut self, now: Instant) -> Result<(), End> {
        let overdue = self.session.overdue(now);
        if !overdue.is_empty() {
            self.find_numbers(&overdue).await?;
        }
        for id in self.session.overdue(now) {
            self.acknowledge(id, None).await?;
        }
        Ok(())
    }

    async fn acknowledge(&mut self, id: MessageId, seq: Option<i64>) -> Result<(), End> {
        let acks = self.session.settle(id, seq);
        self.line.send_all(&acks).await
    }

    async fn types(&mut self, on: bool) {
        let fresh = self.typing.is_some_and(|at| at.elapsed() < TYPING_EVERY);
        if on == self.typing.is_some() && (fresh || !on) {
            return;
        }
        self.typing = on.then(Instant::now);
        self.signal_typing(on).await;
    }

    async fn signal_typing(&mut self, on: bool) {
        let session = Some(self.session.id);
        let typing =
            Typing { ticket_id: self.session.ticket, session, name: "visitor".into(), by_visitor: true, on };
        self.node.bus.signal(TYPING, &typing).await;
    }
}

#[cfg(test)]
mod tests {
    use host::SystemClock;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{site::Sites, wire::Stream};

    /// What a task keeps for its longest step, it keeps for as long as the socket is open.
    #[tokio::test]
    async fn a_conversation_that_waits_is_small() {
        let clock = Arc::new(SystemClock);
        let bus = bus::embedded::open(None::<&std::path::Path>, clock.clone()).await.unwrap();
        let config =
            host::config::Site { id: "main".into(), allowed_origins: Vec::new(), identity_secret: None };
        let sites = Sites::read(&[config], &[&"https://desk.example.com".parse().unwrap()]).unwrap();
        let site = sites.get("main").unwrap().clone();
        let node = Arc::new(Node::new(bus, clock, sites, [0; 32], CancellationToken::new()));
        let (out, _lines) = tokio::sync::mpsc::channel(1);
        let (_posting, posted) = tokio::sync::mpsc::channel(1);
        let conversation = serve(node, site, Wire::Stream(Stream { out, posted }));
        let bytes = std::mem::size_of_val(&conversation);
        println!("{bytes} bytes");
        assert!(bytes <= 3 * 1024, "{bytes} bytes");
    }
}
