//! An event of the desk as the live stream tells it. Pure.

use bus::{
    Envelope, Stored,
    topic::{
        BULK_CHANGED, LINK_CLICKED, MAILBOX_CHANGED, MESSAGE_CHANGED, MESSAGE_MOVED, MESSAGE_QUEUED,
        MESSAGE_RECEIVED, NOTE_ADDED, NOTE_REMOVED, PROFILE_ERASED, PROFILE_MERGED, ROUTING_CHANGED,
        SETTINGS_CHANGED, TICKET_CHANGED, Topic, VIEW_CHANGED,
    },
};
use serde::{Serialize, de::DeserializeOwned};

use crate::view::event::{
    BulkChanged, LinkClicked, MailboxChanged, MessageAdded, MessageChanged, MessageMoved, NoteAdded,
    NoteRemoved, ProfileErased, ProfileMerged, RoutingChanged, TicketChanged, ViewChanged,
};

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
    } else if subject == MESSAGE_CHANGED.subject {
        data::<_, MessageChanged>("message.changed", MESSAGE_CHANGED, envelope)
    } else if subject == LINK_CLICKED.subject {
        data::<_, LinkClicked>("link.clicked", LINK_CLICKED, envelope)
    } else if subject == NOTE_ADDED.subject {
        data::<_, NoteAdded>("note.added", NOTE_ADDED, envelope)
    } else if subject == NOTE_REMOVED.subject {
        data::<_, NoteRemoved>("note.removed", NOTE_REMOVED, envelope)
    } else if subject == TICKET_CHANGED.subject {
        data::<_, TicketChanged>("ticket.changed", TICKET_CHANGED, envelope)
    } else if subject == VIEW_CHANGED.subject {
        data::<_, ViewChanged>("view.changed", VIEW_CHANGED, envelope)
    } else if subject == BULK_CHANGED.subject {
        data::<_, BulkChanged>("bulk.changed", BULK_CHANGED, envelope)
    } else if subject == ROUTING_CHANGED.subject {
        data::<_, RoutingChanged>("routing.changed", ROUTING_CHANGED, envelope)
    } else if subject == MAILBOX_CHANGED.subject {
        data::<_, MailboxChanged>("mailbox.changed", MAILBOX_CHANGED, envelope)
    } else if subject == PROFILE_MERGED.subject {
        data::<_, ProfileMerged>("profile.merged", PROFILE_MERGED, envelope)
    } else if subject == PROFILE_ERASED.subject {
        data::<_, ProfileErased>("profile.erased", PROFILE_ERASED, envelope)
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
