//! From an accepted socket to `ready`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    SessionId, Timestamp,
    event::{PastChatsOf, VisitorSignalKind},
};
use uuid::Uuid;

use crate::{
    close::Close,
    frames::{ChatMessage, ClientFrame, Hello, PastChat, Ready, ServerFrame, TicketStatus},
    hub::Seat,
    line::{End, Heard, Line},
    node::Node,
    presence,
    resume::{self, Claims, Worth},
    session::Session,
    site::Site,
    visitor, welcome,
};

/// Time to say `hello`.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// A session that goes on or begins.
struct Opened {
    session: Session,
    /// It is an earlier one.
    resumed: bool,
    /// The session of a token that was ours but is over.
    before: Option<SessionId>,
}

/// Hears `hello`, answers `ready`.
///
/// # Errors
/// The browser is gone, did not say `hello`, or came with a token that is not ours.
pub async fn greet(node: &Arc<Node>, site: &Site, line: &mut Line) -> Result<(Session, Seat), End> {
    let hello = hello(node, line).await?;
    let worth = hello.resume.as_deref().map(|token| {
        let worth = resume::read(&node.secret, &site.id, token, node.clock.now());
        (worth != Worth::Nothing).then_some(worth)
    });
    if worth == Some(None) {
        line.send(&ServerFrame::error("bad_resume", "this resume token is not known here")).await?;
        return Err(End::Close(Close::BadResume));
    }
    let Opened { mut session, resumed, before } = open(node, site, &hello, worth.flatten(), line).await?;
    // First the place, then the history: what happens in between is kept for the place.
    let seat = node.hub.join(session.id).ok_or(End::Close(Close::TooManyTabs))?;
    line.give_up_when(seat.too_slow.clone());
    let hears = !resumed || node.listen(session.id, false).await;
    let has = if resumed { hello.last_seq.unwrap_or(0).max(0) } else { 0 };
    let (messages, truncated) =
        if resumed { missed(node, &mut session, has).await } else { (Vec::new(), false) };
    if !hears {
        // what is pushed meanwhile may be missed: it is asked for once more
        session.falls_behind(session.last());
    }
    let history = if has == 0 { past(node, &session, before).await } else { Vec::new() };
    let ready = ready(node, &session, messages, truncated, history).await;
    let mut ready = ServerFrame::Ready(Box::new(ready));
    ready.sign_files(|file, blob| node.files.address(file, blob, node.clock.now()));
    let frames: Vec<_> = [ready].into_iter().chain(session.read_so_far()).collect();
    if let Err(end) = line.send_all(&frames).await {
        node.hub.leave(session.id, &seat);
        return Err(end);
    }
    if session.ticket.is_none() && !session.is_behind() {
        node.hub.hush(session.id);
    }
    if session.ticket.is_some() && node.hub.announce(session.id, false, Instant::now()) {
        presence::came(node, session.id);
    }
    Ok((session, seat))
}

async fn hello(node: &Node, line: &mut Line) -> Result<Hello, End> {
    let late = tokio::time::sleep(HELLO_WITHIN);
    tokio::pin!(late);
    loop {
        let message = tokio::select! {
            () = node.stopping.cancelled() => return Err(line.farewell().await),
            () = &mut late => return Err(End::Close(Close::Silent)),
            message = line.next() => message?,
        };
        match line.understand(message).await? {
            Heard::Frame(ClientFrame::Hello(hello)) => return Ok(*hello),
            Heard::Frame(ClientFrame::Ping {}) => line.send(&ServerFrame::Pong {}).await?,
            Heard::Frame(_) => line.send(&ServerFrame::error("hello_first", "say hello first")).await?,
            Heard::Odd | Heard::Alive => {}
        }
    }
}

/// The session of the token, or a new one.
async fn open(
    node: &Node,
    site: &Site,
    hello: &Hello,
    worth: Option<Worth>,
    line: &mut Line,
) -> Result<Opened, End> {
    let secret = site.identity_secret.as_ref().map(host::Secret::expose);
    let mut said = hello.visitor.clone().unwrap_or_default();
    let form = visitor::form(&hello.form, &mut said);
    let (claims, before) = match worth {
        Some(Worth::Good(claims)) => (Some(claims), None),
        Some(Worth::Over(claims)) => (None, Some(claims.session)),
        Some(Worth::Nothing) | None => (None, None),
    };
    let known = visitor::recognise(&said, claims.as_ref(), secret, &Uuid::new_v4().to_string());
    if known.bad_signature {
        let text = "the visitor's signature is wrong: going on without that identity";
        line.send(&ServerFrame::error("bad_signature", text)).await?;
    }
    let claims = claims.filter(|_| !known.is_other);
    let id = claims.as_ref().map_or_else(|| new_session(node.clock.now()), |claims| claims.session);
    let page = hello.page.as_deref().and_then(visitor::page);
    let page = page.filter(|page| node.sites.is_page_of(site, page));
    let signed_in = claims.as_ref().is_some_and(|claims| !claims.verified) && known.visitor.verified;
    if signed_in || (claims.is_some() && said.email.is_some()) {
        let visitor = known.visitor.clone();
        presence::tell(node, id, VisitorSignalKind::Identified { visitor });
    }
    let mut session = Session::new(id, &site.id, known.visitor, page);
    session.form = form;
    Ok(Opened { session, resumed: claims.is_some(), before })
}

/// Earlier chats of somebody who proved who they are: by a signature of the site, or by the token of their last session.
async fn past(node: &Node, session: &Session, before: Option<SessionId>) -> Vec<PastChat> {
    let of = match (session.visitor.verified, before) {
        (true, _) => PastChatsOf::Signed { id: session.visitor.id.clone() },
        (false, Some(session)) => PastChatsOf::Session { session },
        (false, None) => return Vec::new(),
    };
    let chats = node.past_chats(&session.site, session.id, of).await;
    let shown = |past: domain::event::PastChat| PastChat {
        ticket: past.ticket,
        status: TicketStatus::of(&past.status),
        messages: past.messages.iter().filter_map(ChatMessage::of).collect(),
    };
    chats.into_iter().map(shown).collect()
}

fn new_session(now: Timestamp) -> SessionId {
    let dice = *Uuid::new_v4().as_bytes();
    // Bytes 6 and 8 of a version 4 carry fixed bits.
    let entropy =
        [dice[0], dice[1], dice[2], dice[3], dice[4], dice[5], dice[9], dice[10], dice[11], dice[12]];
    SessionId::new(now, &entropy)
}

async fn missed(node: &Node, session: &mut Session, has: i64) -> (Vec<ChatMessage>, bool) {
    match node.history(session.id, has).await {
        Ok(history) => session.resumed(&history, has),
        Err(error) => {
            tracing::warn!(%error, session = %session.id, "a chat is opened without its history; it follows");
            session.falls_behind(has);
            (Vec::new(), false)
        }
    }
}

async fn ready(
    node: &Node,
    session: &Session,
    messages: Vec<ChatMessage>,
    truncated: bool,
    history: Vec<PastChat>,
) -> Ready {
    let (settings, now) = (node.settings().await, node.clock.now());
    let claims = Claims {
        session: session.id,
        site: session.site.clone(),
        visitor: session.visitor.id.clone(),
        verified: session.visitor.verified,
    };
    Ready {
        session: session.id,
        resume: resume::issue(&node.secret, &claims, now),
        seq: session.last(),
        messages,
        truncated,
        ticket: session.status(),
        history,
        office: welcome::office(&settings, now),
        agents_online: node.agents_online(),
        branding: welcome::branding(&settings),
        form: welcome::form(&settings),
        languages: settings.chat.languages.clone(),
    }
}
