//! A mail as agents see it, made from what came in. Pure.

use domain::{
    EmailAddress, NamedAddress,
    event::InboundEmail,
    mail::{MailView, WhyHere},
    subject,
};

use crate::text;

/// Most people of one header that are kept.
const MOST_PEOPLE: usize = 100;

/// What a mail shows besides its text, in a ticket of this subject (`None`: it opens one), and its writer's own words
/// where the text holds more.
pub(super) fn shown(
    mail: &InboundEmail,
    of_ticket: Option<&str>,
    why_here: WhyHere,
    forwarded_by: Option<EmailAddress>,
) -> (Box<MailView>, Option<String>) {
    let before = of_ticket.map(subject::base).filter(|before| !before.is_empty());
    let view = MailView {
        subject: text::line(&mail.subject),
        subject_changed: before.is_some_and(|before| before != subject::base(&mail.subject)),
        from: NamedAddress { address: mail.from.clone(), name: text::name(mail.from_name.as_deref()) },
        to: people(&mail.to),
        cc: people(&mail.cc),
        reply_to: people(&mail.reply_to),
        kind: mail.kind,
        forwarded_by,
        trust: None,
        why_here,
        security: mail.security.clone(),
        has_html: mail.html.is_some(),
        original: true,
        unreadable: mail.unreadable.as_deref().map(text::line),
        appointments: mail.appointments.clone(),
    };
    let reply_text = mail.reply_text.as_deref().map(text::clean).filter(|reply| *reply != mail.text);
    (Box::new(view), reply_text)
}

fn people(of: &[NamedAddress]) -> Vec<NamedAddress> {
    let plain = |one: &NamedAddress| NamedAddress {
        address: one.address.clone(),
        name: text::name(one.name.as_deref()),
    };
    of.iter().take(MOST_PEOPLE).map(plain).collect()
}
