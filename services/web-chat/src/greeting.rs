//! From an accepted socket to `ready`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{SessionId, Timestamp, event::VisitorSignalKind};
use uuid::Uuid;

use crate::{
    close::Close,
    frames::{ChatMessage, ClientFrame, Hello, Ready, ServerFrame},
    hub::Seat,
    line::{End, Heard, Line},
    node::Node,
    presence,
    resume::{self, Claims},
    session::Session,
    site::Site,
    visitor, welcome,
};

/// Time to say `hello`.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Hears `hello`, answers `ready`.
///
/// # Errors
/// The browser is gone, did not say `hello`, or came with a token that is not ours.
pub async fn greet(node: &Arc<Node>, site: &Site, line: &mut Line) -> Result<(Session, Seat), End> {
    let hello = hello(node, line).await?;
    let claims = match &hello.resume {
        None => None,
        Some(token) => match resume::read(&node.secret, &site.id, token) {
            Some(claims) => Some(claims),
            None => {
                line.send(&ServerFrame::error("bad_resume", "this resume token is not known here")).await?;
                return Err(End::Close(Close::BadResume));
            }
        },
    };
    let (mut session, resumed) = open(node, site, &hello, claims.as_ref(), line).await?;
    // First the place, then the history: what happens in between is kept for the place.
    let seat = node.hub.join(session.id);
    line.give_up_when(seat.too_slow.clone());
    let has = if resumed { hello.last_seq.unwrap_or(0).max(0) } else { 0 };
    let (messages, truncated) =
        if resumed { missed(node, &mut session, has).await } else { (Vec::new(), false) };
    let ready = ready(node, &session, messages, truncated).await;
    if let Err(end) = line.send(&ServerFrame::Ready(Box::new(ready))).await {
        node.hub.leave(session.id, &seat);
        return Err(end);
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
        match line.understand(&message).await? {
            Heard::Frame(ClientFrame::Hello(hello)) => return Ok(*hello),
            Heard::Frame(ClientFrame::Ping {}) => line.send(&ServerFrame::Pong {}).await?,
            Heard::Frame(_) => line.send(&ServerFrame::error("hello_first", "say hello first")).await?,
            Heard::Odd | Heard::Alive => {}
        }
    }
}

/// The session of the token, or a new one; `true` when it is an earlier one.
async fn open(
    node: &Node,
    site: &Site,
    hello: &Hello,
    claims: Option<&Claims>,
    line: &mut Line,
) -> Result<(Session, bool), End> {
    let secret = site.identity_secret.as_ref().map(host::Secret::expose);
    let said = hello.visitor.clone().unwrap_or_default();
    let known = visitor::recognise(&said, claims, secret, &Uuid::new_v4().to_string());
    if known.bad_signature {
        let text = "the visitor's signature is wrong: going on without that identity";
        line.send(&ServerFrame::error("bad_signature", text)).await?;
    }
    let claims = claims.filter(|_| !known.is_other);
    let id = claims.map_or_else(|| new_session(node.clock.now()), |c| c.session);
    let page = hello.page.as_deref().and_then(visitor::page);
    let signed_in = claims.is_some_and(|c| !c.verified) && known.visitor.verified;
    if signed_in {
        let visitor = known.visitor.clone();
        presence::tell(node, id, VisitorSignalKind::Identified { visitor });
    }
    Ok((Session::new(id, &site.id, known.visitor, page), claims.is_some()))
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

async fn ready(node: &Node, session: &Session, messages: Vec<ChatMessage>, truncated: bool) -> Ready {
    let settings = node.settings().await;
    let claims = Claims {
        session: session.id,
        site: session.site.clone(),
        visitor: session.visitor.id.clone(),
        verified: session.visitor.verified,
    };
    Ready {
        session: session.id,
        resume: resume::issue(&node.secret, &claims),
        seq: session.last(),
        messages,
        truncated,
        ticket: session.status(),
        office: welcome::office(&settings),
        branding: welcome::branding(&settings),
    }
}
