//! Which chats get an automatic answer (H6, H7): a welcome once per session, and what is said inside and outside office
//! hours, once per ticket. Pure.

use domain::{
    AuthorKind, Channel, Direction, Settings, Timestamp,
    event::{MessageAdded, ReplyProposed},
    office_hours::OfficeHours,
};

use crate::rules::TOO_LATE;

/// What to propose for a message of a visitor, in this order. `agents` says that somebody looks at the console.
pub(crate) fn answers(
    event: &MessageAdded,
    settings: &Settings,
    agents: bool,
    now: Timestamp,
) -> Vec<ReplyProposed> {
    let message = &event.message;
    let by_visitor = event.ticket.channel == Channel::Chat
        && message.direction == Direction::In
        && message.author.kind == AuthorKind::Customer;
    let is_late = message.sent_at.plus(TOO_LATE) < now;
    if !by_visitor || is_late || event.answered || event.ticket.profile.blocked {
        return Vec::new();
    }
    // numbers go on over the tickets of a session, so its first message is number one
    let begins = event.opened && message.seq == 1;
    let welcome = begins.then_some(("welcome", settings.chat.welcome_message.as_str()));
    let hours = in_hours(settings, agents, event.opened, message.sent_at);
    let proposed = |(kind, template): (&str, &str)| {
        let text = settings.fill(template);
        (!text.trim().is_empty()).then(|| ReplyProposed {
            key: format!("{kind}:{}", event.ticket.id),
            ticket_id: event.ticket.id,
            author: AuthorKind::AutoResponder,
            text,
            without_consent: true,
            at_most_once_per: None,
            at: now,
        })
    };
    [welcome, hours].into_iter().flatten().filter_map(proposed).collect()
}

/// What the hours say: outside at any message, for a chat may outlast them; inside when it begins.
fn in_hours(settings: &Settings, agents: bool, opened: bool, at: Timestamp) -> Option<(&'static str, &str)> {
    let hours = &settings.chat.office_hours;
    let is_open = match OfficeHours::of(hours) {
        Ok(Some(known)) => known.is_open(at),
        Ok(None) => true,
        Err(fault) => {
            tracing::warn!(fault, "the office hours make no sense");
            true
        }
    };
    match (is_open, opened) {
        (false, _) => Some(("outside", &hours.text_outside)),
        (true, true) if !agents && !hours.text_nobody.trim().is_empty() => {
            Some(("nobody", &hours.text_nobody))
        }
        (true, true) => Some(("inside", &hours.text_inside)),
        (true, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::tests::event;

    /// A Monday, noon in London.
    const NOON: &str = "2026-11-30T12:00:00Z";
    const EVENING: &str = "2026-11-30T19:00:00Z";

    fn settings() -> Settings {
        Settings::default()
            .patched(&json!({"organization": {"prefix": "Acme"}, "chat": {
                "welcome_message": "Welcome to {{organization_prefix}}",
                "office_hours": {"time_zone": "Europe/London", "days": {"mon": [["09:00", "17:00"]]},
                    "text_inside": "inside", "text_outside": "outside", "text_nobody": "nobody"}}}))
            .unwrap()
    }

    fn chat(at: &str, seq: i64, opened: bool) -> MessageAdded {
        let mut event = event();
        event.ticket.channel = Channel::Chat;
        event.message.sent_at = Timestamp::parse(at).unwrap();
        (event.message.seq, event.opened) = (seq, opened);
        event
    }

    fn said(event: &MessageAdded, settings: &Settings, agents: bool) -> Vec<String> {
        let answers = answers(event, settings, agents, event.message.sent_at);
        answers.into_iter().map(|proposed| proposed.text).collect()
    }

    #[test]
    fn h6_h7_a_welcome_once_per_session_and_what_the_hours_say_once_per_ticket() {
        let welcome = "Welcome to Acme";
        for (at, seq, opened, agents, expected) in [
            (NOON, 1, true, true, &[welcome, "inside"][..]),
            (NOON, 1, true, false, &[welcome, "nobody"]),
            (EVENING, 1, true, true, &[welcome, "outside"]),
            (EVENING, 1, true, false, &[welcome, "outside"]),
            // the chat goes on
            (NOON, 4, false, true, &[]),
            (EVENING, 4, false, true, &["outside"]),
            // the next ticket of the same session
            (NOON, 9, true, true, &["inside"]),
        ] {
            let event = chat(at, seq, opened);
            assert_eq!(said(&event, &settings(), agents), expected, "{at} {seq} {opened} {agents}");
        }
        // the same key for the same thing: the desk writes it once
        let keys = |seq| {
            let event = chat(EVENING, seq, false);
            answers(&event, &settings(), true, event.message.sent_at)[0].key.clone()
        };
        assert_eq!(keys(4), keys(5));
    }

    #[test]
    fn h7_without_hours_or_texts_nothing_is_said_that_was_not_written() {
        assert!(said(&chat(NOON, 1, true), &Settings::default(), false).is_empty());
        let mut always = settings();
        always.chat.office_hours.days.clear();
        always.chat.office_hours.text_nobody.clear();
        always.chat.welcome_message.clear();
        assert_eq!(
            said(&chat(EVENING, 1, true), &always, false),
            ["inside"],
            "nobody has no words of its own"
        );
    }

    #[test]
    fn only_visitors_of_chats_are_answered_here_and_only_in_time() {
        let late = chat(NOON, 1, true);
        let now = late.message.sent_at.plus(TOO_LATE + 1);
        assert!(answers(&late, &settings(), true, now).is_empty());
        for change in [
            (|e| e.ticket.channel = Channel::Sms) as fn(&mut MessageAdded),
            |e| e.message.direction = Direction::Out,
            |e| e.message.author.kind = AuthorKind::System,
            |e| e.ticket.profile.blocked = true,
        ] {
            let mut event = chat(NOON, 1, true);
            change(&mut event);
            assert!(said(&event, &settings(), true).is_empty());
        }
    }
}
