//! An event of the desk as the live stream tells it. Pure.

use bus::{
    Envelope, Stored,
    topic::{MESSAGE_MOVED, MESSAGE_QUEUED, MESSAGE_RECEIVED, SETTINGS_CHANGED, TICKET_CHANGED, Topic},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::view::event::{MessageAdded, MessageMoved, TicketChanged};

/// One event, made ready once for every reader.
#[derive(Debug)]
pub(crate) struct News {
    /// Its number.
    pub seq: u64,
    /// Its name and its data as JSON; `None` for what agents are not told.
    pub shown: Option<(&'static str, String)>,
}

impl News {
    /// Reads an event of the bus.
    pub(crate) fn of(stored: &Stored) -> Self {
        Self { seq: stored.seq, shown: shown(&stored.subject, &stored.envelope) }
    }
}

fn shown(subject: &str, envelope: &Envelope) -> Option<(&'static str, String)> {
    if subject == MESSAGE_RECEIVED.subject {
        data::<_, MessageAdded>("message.received", MESSAGE_RECEIVED, envelope)
    } else if subject == MESSAGE_QUEUED.subject {
        data::<_, MessageAdded>("message.queued", MESSAGE_QUEUED, envelope)
    } else if subject == MESSAGE_MOVED.subject {
        data::<_, MessageMoved>("message.moved", MESSAGE_MOVED, envelope)
    } else if subject == TICKET_CHANGED.subject {
        data::<_, TicketChanged>("ticket.changed", TICKET_CHANGED, envelope)
    } else if subject == SETTINGS_CHANGED.subject {
        data::<_, domain::Settings>("settings.changed", SETTINGS_CHANGED, envelope)
    } else {
        None
    }
}

fn data<T: DeserializeOwned, V: From<T> + Serialize>(
    name: &'static str,
    topic: Topic<T>,
    envelope: &Envelope,
) -> Option<(&'static str, String)> {
    let read = envelope.read(topic).map_err(|error| error.to_string());
    match read.and_then(|event| serde_json::to_string(&V::from(event)).map_err(|error| error.to_string())) {
        Ok(json) => Some((name, json)),
        Err(error) => {
            tracing::error!(error, "an event cannot be told live");
            None
        }
    }
}
