//! A node hears what is pushed to the sessions it holds, and to no others: one ear for each.

use std::{sync::Arc, time::Duration};

use bus::topic::CHAT_PUSH;
use domain::SessionId;
use futures::StreamExt;
use host::metrics::Gauge;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::node::Node;

/// Pause before the bus is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Open as long as it is kept.
pub struct Ear {
    open: watch::Receiver<bool>,
    _task: AbortOnDropHandle<()>,
}

impl Ear {
    /// Hears what is pushed to the session.
    pub fn of(node: &Arc<Node>, session: SessionId) -> Self {
        let (opened, open) = watch::channel(false);
        let task = tokio::spawn(hear(node.clone(), session, opened));
        Self { open, _task: AbortOnDropHandle::new(task) }
    }

    /// Becomes `true` once nothing is missed any more.
    pub fn opened(&self) -> watch::Receiver<bool> {
        self.open.clone()
    }
}

async fn hear(node: Arc<Node>, session: SessionId, opened: watch::Sender<bool>) {
    let _counted = Counted::in_(node.numbers.sessions.clone());
    loop {
        match node.bus.listen_for(CHAT_PUSH, session.0).await {
            Ok(mut pushes) => {
                opened.send_replace(true);
                while let Some(push) = pushes.next().await {
                    node.take(session, push);
                }
            }
            Err(error) => tracing::warn!(%error, %session, "a chat cannot be heard yet"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// One more, as long as it is kept.
struct Counted(Gauge);

impl Counted {
    fn in_(gauge: Gauge) -> Self {
        gauge.add(1);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

#[cfg(test)]
impl Ear {
    /// Hears nothing.
    pub fn deaf() -> Self {
        let task = tokio::spawn(std::future::pending());
        Self { open: watch::channel(true).1, _task: AbortOnDropHandle::new(task) }
    }
}
