//! What a webhook is told of an event. Pure.

use bus::{
    Envelope,
    topic::{
        MESSAGE_MOVED, MESSAGE_QUEUED, MESSAGE_RECEIVED, NOTE_ADDED, PROFILE_MERGED, TICKET_CHANGED, Topic,
    },
};
use domain::{
    Message, Timestamp,
    event::{MessageAdded, MessageMoved, NoteAdded, ProfileMerged, TicketChanged, TicketView},
    webhook::{WebhookEvent, WebhookKind},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::text;

/// Longest text that is told, in characters; the rest is in the API.
const MAX_TEXT: usize = 20_000;
/// Longest quote in a line for people, in characters.
const MAX_QUOTE: usize = 300;

/// One thing that an event of the desk says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// What happened.
    pub event: WebhookEvent,
    /// The facts.
    pub data: Value,
    /// One line for people.
    pub line: String,
}

/// What an event of the desk says to webhooks; nothing for most.
pub(super) fn said(subject: &str, envelope: &Envelope) -> Vec<Said> {
    if subject == MESSAGE_RECEIVED.subject {
        return read(MESSAGE_RECEIVED, envelope).map_or_else(Vec::new, |added| received(&added));
    }
    let one = if subject == MESSAGE_QUEUED.subject {
        read(MESSAGE_QUEUED, envelope).map(|added| queued(&added))
    } else if subject == TICKET_CHANGED.subject {
        read(TICKET_CHANGED, envelope).map(|changed| ticket_changed(&changed))
    } else if subject == MESSAGE_MOVED.subject {
        read(MESSAGE_MOVED, envelope).map(|moved| status(&moved))
    } else if subject == NOTE_ADDED.subject {
        read(NOTE_ADDED, envelope).map(|added| note(&added))
    } else if subject == PROFILE_MERGED.subject {
        read(PROFILE_MERGED, envelope).map(|merged| profile_merged(&merged))
    } else {
        None
    };
    one.into_iter().collect()
}

fn read<T: DeserializeOwned>(topic: Topic<T>, envelope: &Envelope) -> Option<T> {
    match envelope.read(topic) {
        Ok(event) => Some(event),
        Err(error) => {
            tracing::error!(%error, "an event cannot be told to webhooks");
            None
        }
    }
}

/// The ticket that is spoken of.
pub(super) fn ticket_of(data: &Value) -> Option<String> {
    let id = data
        .pointer("/ticket/id")
        .or_else(|| data.get("ticket_id"))
        .or_else(|| data.pointer("/note/ticket_id"))?;
    id.as_str().map(str::to_owned)
}

/// The body of a request.
pub(super) fn body(kind: WebhookKind, event: &str, data: &Value, line: &str, at: Timestamp) -> String {
    match kind {
        WebhookKind::Signed => json!({ "type": event, "timestamp": at, "data": data }).to_string(),
        WebhookKind::Slack => json!({ "text": line }).to_string(),
    }
}

fn received(added: &MessageAdded) -> Vec<Said> {
    let data = json!({ "ticket": ticket(&added.ticket), "message": message(&added.message), "opened": added.opened });
    let line = |what: &str| {
        let (number, who) = (added.ticket.number, who(&added.ticket));
        format!("{what} #{number} ({}) from {who}: {}", channel(&added.ticket), quote(&added.message.text))
    };
    let mut all = Vec::new();
    if added.opened {
        all.push(Said { event: WebhookEvent::TicketCreated, data: data.clone(), line: line("New ticket") });
    }
    all.push(Said { event: WebhookEvent::MessageReceived, data, line: line("New message in ticket") });
    all
}

fn queued(added: &MessageAdded) -> Said {
    let author = added.message.author.name.as_deref().unwrap_or("Frontdesk");
    Said {
        event: WebhookEvent::MessageQueued,
        data: json!({ "ticket": ticket(&added.ticket), "message": message(&added.message) }),
        line: format!(
            "{} answered in ticket #{}: {}",
            escaped(author),
            added.ticket.number,
            quote(&added.message.text)
        ),
    }
}

fn ticket_changed(changed: &TicketChanged) -> Said {
    let view = &changed.ticket;
    let whose = view.assignee.as_ref().map_or("nobody", |assignee| assignee.name.as_str());
    Said {
        event: WebhookEvent::TicketChanged,
        data: json!({ "ticket": ticket(view) }),
        line: format!(
            "Ticket #{} of {} is {}, assigned to {}",
            view.number,
            who(view),
            view.status,
            escaped(whose)
        ),
    }
}

fn status(moved: &MessageMoved) -> Said {
    let error = moved.error.as_ref();
    let why = error.map_or_else(String::new, |error| format!(": {}", escaped(&error.reason)));
    Said {
        event: WebhookEvent::MessageStatus,
        data: json!({
            "ticket_id": moved.ticket_id, "message_id": moved.message_id, "status": moved.status,
            "error": error.map(|error| json!({ "code": error.code, "reason": error.reason })),
        }),
        line: format!("A message was {}{why}", moved.status),
    }
}

fn note(added: &NoteAdded) -> Said {
    let note = &added.note;
    Said {
        event: WebhookEvent::NoteAdded,
        data: json!({
            "ticket_number": added.ticket_number,
            "note": {
                "id": note.id, "ticket_id": note.ticket_id, "author": note.author, "text": short(&note.text),
                "created_at": note.created_at,
            },
        }),
        line: format!(
            "{} noted in ticket #{}: {}",
            escaped(&note.author.name),
            added.ticket_number,
            quote(&note.text)
        ),
    }
}

fn profile_merged(merged: &ProfileMerged) -> Said {
    let line = if merged.undone { "Two profiles are two again" } else { "Two profiles became one" };
    Said {
        event: WebhookEvent::ProfileMerged,
        data: json!({ "profile_id": merged.profile_id, "other_id": merged.other_id, "undone": merged.undone }),
        line: line.to_owned(),
    }
}

fn ticket(view: &TicketView) -> Value {
    json!({
        "id": view.id, "number": view.number, "channel": view.channel, "inbox": view.inbox, "status": view.status,
        "snoozed_until": view.snoozed_until, "subject": view.subject,
        "profile": { "id": view.profile.id, "name": view.profile.name, "address": view.profile.address },
        "assignee": view.assignee, "team": view.team, "priority": view.priority, "tags": view.tags,
        "unread": view.unread, "created_at": view.created_at, "updated_at": view.updated_at,
        "closed_at": view.closed_at, "version": view.version,
    })
}

fn message(message: &Message) -> Value {
    let files = message.attachments.iter().map(|file| {
        json!({ "id": file.id, "name": file.name, "content_type": file.content_type, "size": file.size, "url": file.url })
    });
    json!({
        "id": message.id, "direction": message.direction, "author": message.author, "text": short(&message.text),
        "attachments": files.collect::<Vec<_>>(), "status": message.status, "sent_at": message.sent_at,
    })
}

fn who(view: &TicketView) -> String {
    escaped(view.profile.name.as_deref().unwrap_or(&view.profile.address))
}

fn channel(view: &TicketView) -> &'static str {
    match view.channel {
        domain::Channel::Sms => "SMS",
        domain::Channel::Email => "mail",
        domain::Channel::Chat => "chat",
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

fn quote(text: &str) -> String {
    let line = text::line(text);
    let shown: String = line.chars().take(MAX_QUOTE).collect();
    let more = if line.chars().nth(MAX_QUOTE).is_some() { "…" } else { "" };
    format!("“{}{more}”", escaped(&shown))
}

/// As Slack asks for it: nothing a customer writes may become a link or call somebody.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_writes_stays_text_for_slack() {
        assert_eq!(quote("<!channel> & co\nnext"), "“&lt;!channel&gt; &amp; co next”");
        assert_eq!(quote(&"x".repeat(301)).chars().count(), 303, "300, a dot and two marks");
        let slack = body(
            WebhookKind::Slack,
            "ticket.created",
            &json!({}),
            "New \"ticket\"",
            Timestamp::from_millis(0),
        );
        assert_eq!(slack, r#"{"text":"New \"ticket\""}"#);
    }
}
