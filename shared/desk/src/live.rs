//! What the desk changed is pushed, beside its durable event, to whoever shows it live outside the console: the web-chat
//! nodes that hold the chat. A push may be lost; nodes ask how far their sessions are.

use bus::{
    Bus, Packet,
    topic::{
        CHAT_BEGAN, CHAT_PUSH, MESSAGE_MOVED, MESSAGE_QUEUED, MESSAGE_RECEIVED, SETTINGS_CHANGED,
        SETTINGS_NOW, TICKET_CHANGED,
    },
};
use domain::{
    Message, MessageStatus, SessionId,
    event::{ChatPush, ChatTicket, MessageMoved},
};
use serde::{Deserialize, de::DeserializeOwned};

/// Just enough of an event to see whether a visitor is concerned.
#[derive(Deserialize)]
struct Addressee {
    session: Option<SessionId>,
}

/// A `MessageAdded` as far as its visitor is concerned.
#[derive(Deserialize)]
struct Added {
    ticket: ChatTicket,
    message: Box<Message>,
}

/// A `TicketChanged` as far as its visitor is concerned.
#[derive(Deserialize)]
struct Changed {
    ticket: ChatTicket,
}

/// Pushes what visitors and their nodes wait for. The changes are committed.
pub(crate) async fn push(bus: &Bus, packets: &[Packet]) {
    for packet in packets {
        if packet.subject == SETTINGS_CHANGED.subject {
            match packet.envelope.read(SETTINGS_CHANGED) {
                Ok(settings) => bus.signal(SETTINGS_NOW, &settings).await,
                Err(error) => tracing::error!(%error, "settings cannot be pushed"),
            }
            continue;
        }
        match for_visitor(packet) {
            Ok(Some((session, push))) => {
                bus.signal_to(CHAT_PUSH, session.0, &push).await;
                if matches!(&push, ChatPush::Added { message, .. } if message.seq == 1) {
                    bus.signal(CHAT_BEGAN, &session).await;
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, id = packet.envelope.id, "an event cannot be pushed"),
        }
    }
}

/// What a visitor is shown of an event, if it concerns one.
fn for_visitor(packet: &Packet) -> serde_json::Result<Option<(SessionId, ChatPush)>> {
    let subject = packet.subject.as_str();
    let concerns =
        [MESSAGE_RECEIVED.subject, MESSAGE_QUEUED.subject, TICKET_CHANGED.subject, MESSAGE_MOVED.subject];
    if !concerns.contains(&subject) {
        return Ok(None);
    }
    let Some(session) = read::<Addressee>(packet)?.session else { return Ok(None) };
    let push = if subject == TICKET_CHANGED.subject {
        let Changed { ticket } = read(packet)?;
        ChatPush::Changed { ticket }
    } else if subject == MESSAGE_MOVED.subject {
        let moved: MessageMoved = read(packet)?;
        if moved.status != MessageStatus::Read {
            return Ok(None);
        }
        ChatPush::Seen { seq: moved.seq }
    } else {
        let Added { ticket, message } = read(packet)?;
        ChatPush::Added { ticket, message }
    };
    Ok(Some((session, push)))
}

fn read<T: DeserializeOwned>(packet: &Packet) -> serde_json::Result<T> {
    serde_json::from_str(packet.envelope.event.get())
}
