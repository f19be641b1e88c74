//! Who gets which automatic answer (H1, H2). Pure.

use domain::{
    AuthorKind, Channel, Direction, Settings, Timestamp,
    event::{MessageAdded, ReplyProposed},
    settings::AutoResponderMode,
};

const HOUR: i64 = 60 * 60 * 1000;
/// An answer that comes later than this is worse than none: the service was away, or is new to this installation.
const TOO_LATE: i64 = HOUR;
/// H1: mode `non_consented` tells the same customer once a day.
const ONCE_PER: i64 = 24 * HOUR;

/// The answer to propose for a message that came in; `None` for keywords, robots, blocked customers, other channels,
/// and whoever the mode leaves out.
pub(crate) fn answer(event: &MessageAdded, settings: &Settings, now: Timestamp) -> Option<ReplyProposed> {
    let message = &event.message;
    let is_text = event.ticket.channel == Channel::Sms && message.direction == Direction::In;
    let by_customer = message.author.kind == AuthorKind::Customer;
    let is_late = message.sent_at.plus(TOO_LATE) < now;
    if !is_text || !by_customer || is_late || event.ticket.profile.blocked {
        return None;
    }
    let responder = &settings.sms.auto_responder;
    let (template, at_most_once_per) = match responder.mode {
        AutoResponderMode::All => (&responder.text_all, None),
        AutoResponderMode::NonConsented if !event.sms_consent => {
            (&responder.text_non_consented, Some(ONCE_PER))
        }
        AutoResponderMode::NonConsented | AutoResponderMode::Off => return None,
    };
    let text = fill_profile(&settings.fill(template), event);
    if text.trim().is_empty() {
        return None;
    }
    Some(ReplyProposed {
        key: key(event),
        ticket_id: event.ticket.id,
        author: AuthorKind::AutoResponder,
        text,
        without_consent: true,
        at_most_once_per,
        at: now,
    })
}

/// One answer per message, however often the event comes.
fn key(event: &MessageAdded) -> String {
    format!("auto:{}", event.message.id)
}

/// `{{name}}`, `{{first_name}}` and `{{phone}}` of the customer. Filled last, and in one pass: a customer called
/// `{{phone}}` stays that.
fn fill_profile(template: &str, event: &MessageAdded) -> String {
    let profile = &event.ticket.profile;
    let name = profile.name.as_deref().unwrap_or_default();
    let first = name.split_whitespace().next().unwrap_or_default();
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let known = after.split_once("}}").and_then(|(word, tail)| match word.trim() {
            "name" => Some((name, tail)),
            "first_name" => Some((first, tail)),
            "phone" => Some((profile.address.as_str(), tail)),
            _ => None,
        });
        match known {
            Some((value, tail)) => {
                text.push_str(value);
                rest = tail;
            }
            None => {
                text.push_str("{{");
                rest = after;
            }
        }
    }
    text + rest
}

#[cfg(test)]
#[path = "rules_tests.rs"]
pub(crate) mod tests;
