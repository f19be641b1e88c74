//! What nobody told a node it asks for: pushes may be lost, while a connection is away or on a busy day, and a visitor never
//! stays behind for that. After each lost connection every session is asked for, and each that has a ticket every half minute.

use std::{sync::Arc, time::Duration};

use bus::{
    AskError,
    topic::{CHAT_STANDING, SETTINGS},
};
use domain::{SessionId, event::ChatStandingQuery};

use crate::{hub::Push, node::Node};

/// A round over the sessions that have tickets, and over the settings.
const EVERY: Duration = Duration::from_secs(30);
/// Sessions of one question.
const AT_ONCE: usize = 500;
/// Pause before the desk is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Asks until the stop.
///
/// # Errors
/// None; the shape is that of a task of the host.
pub async fn run(node: Arc<Node>) -> anyhow::Result<()> {
    let stopping = node.stopping.clone();
    tokio::select! {
        () = stopping.cancelled() => Ok(()),
        () = rounds(&node) => Ok(()),
    }
}

async fn rounds(node: &Arc<Node>) {
    let mut connections = node.bus.connections();
    connections.mark_unchanged();
    loop {
        let lost = tokio::select! {
            changed = connections.changed() => {
                if changed.is_err() {
                    return; // the bus is closed
                }
                true
            }
            () = tokio::time::sleep(EVERY) => false,
        };
        if lost {
            while let Err(error) = compare_all(node).await {
                tracing::debug!(%error, "chats cannot be compared with the desk yet");
                tokio::time::sleep(AGAIN).await;
            }
        } else if let Err(error) = ask(node, node.hub.talking(), AGAIN).await {
            tracing::debug!(%error, "chats cannot be compared with the desk now");
        }
    }
}

/// Compares every session with the desk.
///
/// # Errors
/// The desk does not answer.
pub async fn compare_all(node: &Arc<Node>) -> Result<(), AskError> {
    ask(node, node.hub.sessions(), Duration::ZERO).await
}

/// The first message of a session came in a tab that is not here: listens, and brings the tabs that are here up to date.
pub async fn begin(node: Arc<Node>, session: SessionId) {
    node.listen(session, true).await;
    if let Err(error) = compare(&node, &[session]).await {
        tracing::debug!(%error, %session, "a chat that began elsewhere cannot be compared with the desk now");
    }
}

/// Asks how the settings are and how far the sessions.
async fn ask(node: &Arc<Node>, sessions: Vec<SessionId>, pause: Duration) -> Result<(), AskError> {
    node.learn(node.bus.ask(SETTINGS, &()).await?);
    for sessions in sessions.chunks(AT_ONCE) {
        let late = compare(node, sessions).await?;
        // what was pushed before somebody listened
        compare(node, &late).await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// Asks how far these sessions are, and lets their sockets compare. Those that turn out to have a ticket are listened for
/// from now on; gives them back.
async fn compare(node: &Arc<Node>, sessions: &[SessionId]) -> Result<Vec<SessionId>, AskError> {
    let mut late = Vec::new();
    if sessions.is_empty() {
        return Ok(late);
    }
    let query = ChatStandingQuery { sessions: sessions.to_vec() };
    for standing in node.bus.ask(CHAT_STANDING, &query).await? {
        let (session, known) = (standing.session, standing.ticket.visitor_online);
        if node.hub.is_deaf(session) {
            node.listen(session, true).await;
            late.push(session);
        }
        node.hub.push(session, &Push::Stands(Arc::new(standing)));
        node.remind(session, known);
    }
    Ok(late)
}
