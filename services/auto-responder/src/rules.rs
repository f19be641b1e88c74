//! Which messages get an automatic answer (H1). Whom it answers and with what is the domain's. Pure.

use domain::{
    AuthorKind, Channel, Direction, Settings, Timestamp,
    auto_responder::{self, Facts},
    event::{MessageAdded, ReplyProposed},
    template::Customer,
};

/// An answer that comes later than this is worse than none: the service was away, or is new to this installation.
pub(crate) const TOO_LATE: i64 = 60 * 60 * 1000;

/// The answer to propose for a message that came in; `None` for keywords, robots, blocked customers, other channels,
/// and whoever the mode leaves out.
pub(crate) fn answer(event: &MessageAdded, settings: &Settings, now: Timestamp) -> Option<ReplyProposed> {
    let message = &event.message;
    let is_text = event.ticket.channel == Channel::Sms && message.direction == Direction::In;
    let by_customer = message.author.kind == AuthorKind::Customer;
    let is_late = message.sent_at.plus(TOO_LATE) < now;
    if !is_text || !by_customer || is_late || event.answered {
        return None;
    }
    let customer = &event.ticket.profile;
    let facts =
        Facts { sms_consent: event.sms_consent, blocked: customer.blocked, sender: &customer.address };
    let answer = auto_responder::answer(&settings.sms.auto_responder, facts).ok()?;
    let customer = Customer { name: customer.name.as_deref(), phone: &customer.address };
    let text = settings.fill_for(answer.template, customer);
    if text.trim().is_empty() {
        return None;
    }
    Some(ReplyProposed {
        key: key(event),
        ticket_id: event.ticket.id,
        author: AuthorKind::AutoResponder,
        text,
        without_consent: true,
        at_most_once_per: answer.once_per,
        at: now,
    })
}

/// One answer per message, however often the event comes.
fn key(event: &MessageAdded) -> String {
    format!("auto:{}", event.message.id)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
pub(crate) mod tests;
