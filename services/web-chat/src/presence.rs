//! Tells the desk what visitors do besides writing.

use std::time::Duration;

use bus::{PublishError, topic::VISITOR_SIGNAL};
use domain::{
    SessionId,
    event::{VisitorSignal, VisitorSignalKind},
};
use uuid::Uuid;

use crate::node::Node;

/// A reload takes less: until then a visitor whose last socket closed has not left.
pub const LEFT_AFTER: Duration = Duration::from_secs(5);
/// Pauses between tries.
const AGAIN: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

/// The visitor is here.
pub fn came(node: &Node, session: SessionId) {
    tell(node, session, VisitorSignalKind::CameOnline);
}

/// The visitor is gone, unless one of their sockets is back after [`LEFT_AFTER`].
pub fn left(node: &std::sync::Arc<Node>, session: SessionId) {
    let node = node.clone();
    node.clone().open.spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(LEFT_AFTER) => {}
            () = node.stopping.cancelled() => return, // told by `all_left`
        }
        if node.hub.left(session) {
            tell(&node, session, VisitorSignalKind::Left);
        }
    });
}

/// At the end of this node: everybody here is gone, until they are at another node.
pub async fn all_left(node: &Node) {
    let at = node.clock.now();
    let pack = |session| {
        let signal = VisitorSignal { session, kind: VisitorSignalKind::Left, at };
        node.bus.pack(VISITOR_SIGNAL, &id(session, &signal.kind), &signal).ok()
    };
    let packets: Vec<_> = node.hub.all_left().into_iter().filter_map(pack).collect();
    let lost = node.bus.publish_all(packets).await.into_iter().filter(Result::is_err).count();
    if lost > 0 {
        tracing::warn!(lost, "the desk could not be told that visitors left");
    }
}

/// Tells the desk; returns when it will surely hear of it.
///
/// # Errors
/// It may never.
pub async fn tell_now(node: &Node, session: SessionId, kind: VisitorSignalKind) -> Result<(), PublishError> {
    let signal = VisitorSignal { session, at: node.clock.now(), kind };
    node.bus.publish(VISITOR_SIGNAL, &id(session, &signal.kind), &signal).await.map(drop)
}

/// Tells the desk, in the background, with a few tries.
pub fn tell(node: &Node, session: SessionId, kind: VisitorSignalKind) {
    let (bus, id) = (node.bus.clone(), id(session, &kind));
    let signal = VisitorSignal { session, kind, at: node.clock.now() };
    node.open.spawn(async move {
        for pause in AGAIN.into_iter().map(Some).chain([None]) {
            match (bus.publish(VISITOR_SIGNAL, &id, &signal).await, pause) {
                (Ok(_), _) => return,
                (Err(_), Some(pause)) => tokio::time::sleep(pause).await,
                (Err(error), None) => {
                    tracing::warn!(%error, %session, "the desk could not be told about a visitor")
                }
            }
        }
    });
}

/// Seeing a message is told once however many tabs show it; everything else may happen again.
fn id(session: SessionId, kind: &VisitorSignalKind) -> String {
    match kind {
        VisitorSignalKind::Saw { seq } => format!("visitor:{session}:saw:{seq}"),
        VisitorSignalKind::PutUp { blob } => format!("visitor:{session}:put_up:{blob}"),
        _ => format!("visitor:{session}:{}", Uuid::new_v4()),
    }
}
