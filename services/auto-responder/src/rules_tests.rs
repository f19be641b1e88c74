//! H1 and H2, case by case.

use domain::{
    Author, Message, MessageId, MessageStatus, ProfileId, TicketId,
    event::{CanReply, ProfileSummary, TicketView},
    settings::AutoResponderMode,
};

use super::*;

const NOW: i64 = 1_763_700_000_000;

fn now() -> Timestamp {
    Timestamp::from_millis(NOW)
}

pub(crate) fn event() -> MessageAdded {
    let ticket_id = TicketId::new(now(), &[1; 10]);
    MessageAdded {
        ticket: TicketView {
            id: ticket_id,
            number: 1,
            channel: Channel::Sms,
            inbox: "+15550001111".into(),
            status: "open".into(),
            snoozed_until: None,
            subject: None,
            preview: "hi".into(),
            profile: ProfileSummary {
                id: ProfileId::new(now(), &[2; 10]),
                name: Some("Anna Lee".into()),
                address: "+15550002222".into(),
                blocked: false,
            },
            assignee: None,
            team: None,
            priority: domain::Priority::Normal,
            tags: Vec::new(),
            unread: true,
            created_at: now(),
            updated_at: now(),
            last_message_at: now(),
            first_response_at: None,
            waiting_since: None,
            closed_at: None,
            attribution: None,
            can_reply: CanReply { allowed: true, code: None, reason: None },
            visitor_online: false,
            chat: None,
            version: 1,
        },
        message: Message {
            id: MessageId::new(now(), &[3; 10]),
            ticket_id,
            seq: 1,
            direction: Direction::In,
            author: Author { kind: AuthorKind::Customer, id: None, name: None },
            text: "hi".into(),
            html: None,
            attachments: Vec::new(),
            status: MessageStatus::Received,
            error: None,
            segments: Some(1),
            sent_at: now(),
            why: String::new(),
            client_id: None,
            carried: domain::message::Carried::default(),
            send_at: None,
            reply_text: None,
            mail: None,
        },
        session: None,
        opened: true,
        sms_consent: false,
        answered: false,
    }
}

fn mode(mode: AutoResponderMode) -> Settings {
    let mut settings = Settings::default();
    settings.organization.prefix = "Acme".into();
    settings.organization.support_email = "help@acme.example".into();
    settings.sms.auto_responder.mode = mode;
    settings
}

#[test]
fn h2_the_default_text_names_the_organisation_and_where_to_write() {
    let proposed = answer(&event(), &mode(AutoResponderMode::All), now()).unwrap();
    assert!(proposed.text.starts_with("Acme: this inbox is not monitored"), "{}", proposed.text);
    assert!(
        proposed.text.contains("help@acme.example") && proposed.text.contains("STOP"),
        "{}",
        proposed.text
    );
    assert!(proposed.without_consent, "whoever just wrote may be told");
    assert_eq!(proposed.key, format!("auto:{}", event().message.id));
}

#[test]
fn h1_the_mode_is_the_settings_and_consent_the_events() {
    use AutoResponderMode::{NonConsented, Off};
    for (setting, consent, answered) in
        [(NonConsented, false, true), (NonConsented, true, false), (Off, false, false)]
    {
        let event = MessageAdded { sms_consent: consent, ..event() };
        let proposed = answer(&event, &mode(setting), now());
        assert_eq!(proposed.is_some(), answered, "{setting:?} {consent}");
        assert!(proposed.is_none_or(|p| p.at_most_once_per.is_some()), "{setting:?} {consent}");
    }
}

#[test]
fn h1_never_answers_keywords_robots_blocked_profiles_other_channels_or_yesterdays_texts() {
    let settings = mode(AutoResponderMode::All);
    let change = |change: fn(&mut MessageAdded)| {
        let mut event = event();
        change(&mut event);
        answer(&event, &settings, now())
    };
    assert!(change(|_| {}).is_some());
    assert!(change(|e| e.message.author.kind = AuthorKind::Keyword).is_none());
    assert!(change(|e| e.message.author.kind = AuthorKind::System).is_none());
    assert!(change(|e| e.message.direction = Direction::Out).is_none());
    assert!(change(|e| e.answered = true).is_none());
    assert!(change(|e| e.ticket.profile.address = "72345".into()).is_none());
    assert!(change(|e| e.ticket.profile.blocked = true).is_none());
    assert!(change(|e| e.ticket.channel = Channel::Email).is_none());
    assert!(change(|e| e.ticket.channel = Channel::Chat).is_none());
    assert!(change(|e| e.message.sent_at = e.message.sent_at.plus(-TOO_LATE - 1)).is_none());
}

#[test]
fn profile_fields_are_filled_in_and_the_customers_words_are_not_a_template() {
    let mut settings = mode(AutoResponderMode::All);
    settings.sms.auto_responder.text_all = "Hi {{first_name}} ({{ phone }})".into();
    assert_eq!(answer(&event(), &settings, now()).unwrap().text, "Hi Anna (+15550002222)");
    let mut odd = event();
    odd.ticket.profile.name = Some("{{phone}}".into());
    assert_eq!(answer(&odd, &settings, now()).unwrap().text, "Hi {{phone}} (+15550002222)");
    settings.sms.auto_responder.text_all = "{{name}}".into();
    odd.ticket.profile.name = None;
    assert!(answer(&odd, &settings, now()).is_none(), "what is empty once filled in is no answer");
}
