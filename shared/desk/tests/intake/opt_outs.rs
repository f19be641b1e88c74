//! B1, B2, D2, D3: opt-outs in other words, words that are ordinary answers as well, and who confirms what.

use bus::topic::{MESSAGE_RECEIVED, OUTBOUND_SMS};
use desk::ledger::LedgerState;
use domain::{
    AuthorKind, MessageStatus, PhoneNumber, ProfileId, TicketId,
    consent::{ConsentState, may_text},
    event::{CarrierMedia, ClaimSend, InboundSms, SendDecision},
    keyword::KeywordFamily,
};
use serde_json::json;
use uuid::Uuid;

use crate::world::{ANNA, CONFIRMED, OURS, World};

on_both!(
    d2_an_opt_out_in_other_words_counts_and_reaches_an_agent,
    d2_a_cancel_counts_and_reaches_an_agent,
    d2_a_yes_is_an_opt_in_only_after_an_opt_out,
    b1_words_about_other_things_change_nothing,
    an_opt_out_is_confirmed_by_the_carrier_or_by_us_and_never_by_nobody,
    a_carrier_that_flags_a_whole_sentence_does_not_swallow_it,
    a_stop_beside_a_picture_counts_and_the_picture_is_kept,
    words_of_one_number_and_of_the_languages_chosen,
    d3_a_stop_wins_over_an_automatic_answer_that_waits,
    an_opt_out_of_a_blocked_customer_counts_once_and_comes_back_with_them,
    answers_know_the_customer,
);

async fn may(world: &World, profile: ProfileId) -> bool {
    may_text(&world.desk.consents(profile).await.unwrap())
}

/// Anna agreed to texts and has a ticket.
async fn anna(world: &World) -> (TicketId, ProfileId) {
    world.take(world.text("join", ANNA, "JOIN")).await;
    let ticket = world.anna_writes("hi", "hi").await;
    world.turn(1_000);
    (ticket, world.profile_of(ticket).await)
}

async fn d2_an_opt_out_in_other_words_counts_and_reaches_an_agent(world: World) {
    let (ticket, profile) = anna(&world).await;
    world.set_status(ticket, "closed", None).await;
    let landed = world.take(world.text("1", ANNA, "Please stop texting me!")).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Ticket), Some(ticket)));
    let history = world.desk.consents(profile).await.unwrap();
    let newest = &history[0];
    assert_eq!(
        (newest.state, newest.source.as_str()),
        (ConsentState::Unsubscribed, "inferred:stop texting me")
    );
    assert_eq!((newest.text.as_str(), newest.number.as_deref()), ("Please stop texting me!", Some(OURS)));
    let view = world.ticket(ticket).await;
    assert_eq!((view.status.as_str(), view.unread), ("open", true), "C-S: it is a message like any other");
    assert_eq!(view.can_reply.code.as_deref(), Some("sms_no_consent"));
    let messages = world.messages(ticket).await;
    let message = messages.iter().find(|m| m.text == "Please stop texting me!").unwrap();
    assert_eq!(message.author.kind, AuthorKind::Customer);
    assert!(message.why.contains("opt-out in other words (\"stop texting me\")"), "{}", message.why);
    let told = world.told(MESSAGE_RECEIVED).await;
    assert!(told.last().unwrap().answered, "robots leave it alone");
    let out = world.told(OUTBOUND_SMS).await;
    assert!(out.last().unwrap().text.contains("unsubscribed"), "an opt-out is always confirmed");
    assert_eq!(out.len(), 2, "the answers to JOIN and to this");
}

async fn d2_a_cancel_counts_and_reaches_an_agent(world: World) {
    let (ticket, profile) = anna(&world).await;
    let landed = world.take(world.text("1", ANNA, "cancel")).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Ticket), Some(ticket)));
    assert!(
        landed.reason.contains("the keyword CANCEL") && landed.reason.contains("answered"),
        "{}",
        landed.reason
    );
    assert!(!may(&world, profile).await);
    assert_eq!(world.desk.consents(profile).await.unwrap()[0].source, "keyword:CANCEL");
    assert!(world.ticket(ticket).await.unread);
    assert!(world.told(MESSAGE_RECEIVED).await.last().unwrap().answered);
    // a stranger's opens a ticket
    let stranger = world.take(world.text("2", "+15550004444", "END")).await;
    assert_eq!(stranger.state, Some(LedgerState::Ticket));
    assert_eq!(world.tickets().await.len(), 2);
}

async fn d2_a_yes_is_an_opt_in_only_after_an_opt_out(world: World) {
    let id = world.anna_writes("1", "yes").await;
    let profile = world.profile_of(id).await;
    assert!(!may(&world, profile).await, "D2: a yes to no question is no consent");
    world.turn(1_000);
    world.take(world.text("2", ANNA, "STOP")).await;
    world.turn(1_000);
    let landed = world.take(world.text("3", ANNA, "Yes!")).await;
    assert_eq!(landed.state, Some(LedgerState::Keyword), "{}", landed.reason);
    assert!(may(&world, profile).await && world.ticket(id).await.can_reply.allowed);
    world.turn(1_000);
    let landed = world.take(world.text("4", ANNA, "YES")).await;
    assert_eq!(landed.state, Some(LedgerState::Ticket), "it is an ordinary answer again");
}

async fn b1_words_about_other_things_change_nothing(world: World) {
    let (ticket, profile) = anna(&world).await;
    let before = world.desk.consents(profile).await.unwrap();
    let texts =
        ["Can you stop by the store?", "cancel my order", "what is the end date?", "don't stop", "bus stop"];
    for (n, text) in texts.into_iter().enumerate() {
        assert_eq!(world.anna_writes(&n.to_string(), text).await, ticket);
    }
    assert_eq!(world.desk.consents(profile).await.unwrap(), before);
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 1, "only the answer to JOIN");
    assert!(world.told(MESSAGE_RECEIVED).await.iter().all(|event| !event.answered));
}

async fn an_opt_out_is_confirmed_by_the_carrier_or_by_us_and_never_by_nobody(world: World) {
    world.settings(json!({"sms": {"keywords": {"answer_stop": "  "}}})).await;
    let to = |number: &str, sms: InboundSms| InboundSms { to: PhoneNumber::parse(number).unwrap(), ..sms };
    let answers = async |world: &World| world.told(OUTBOUND_SMS).await.len();
    for (n, from, ours, text, answered) in [
        (1, "+15550005551", CONFIRMED, "STOP", false),
        (2, "+15550005551", CONFIRMED, "HELP", true),
        (3, "+15550005551", CONFIRMED, "START", true),
        (4, "+15550005552", CONFIRMED, "stop texting me", true),
        (5, "+15550005553", OURS, "STOP", true),
    ] {
        world.turn(1_000);
        let before = answers(&world).await;
        let landed = world.take(world.texted(&to(ours, world.sms(&n.to_string(), from, text)))).await;
        assert_eq!(answers(&world).await - before, usize::from(answered), "{text}: {}", landed.reason);
    }
    let last = world.told(OUTBOUND_SMS).await.pop().unwrap();
    assert!(last.text.contains("unsubscribed"), "an empty answer is the usual one: {}", last.text);
}

async fn a_carrier_that_flags_a_whole_sentence_does_not_swallow_it(world: World) {
    let sms = InboundSms {
        carrier_keyword: Some(KeywordFamily::Stop),
        ..world.sms("1", ANNA, "Stop the red ones, send blue")
    };
    let landed = world.take(world.texted(&sms)).await;
    assert_eq!(landed.state, Some(LedgerState::Ticket));
    assert!(!may(&world, world.profile_of(landed.ticket_id.unwrap()).await).await, "the carrier has acted");
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 0, "and has answered");
}

async fn a_stop_beside_a_picture_counts_and_the_picture_is_kept(world: World) {
    let (ticket, profile) = anna(&world).await;
    let media = vec![CarrierMedia { url: "https://c.example/1".into(), content_type: "image/jpeg".into() }];
    let landed = world.take(world.texted(&InboundSms { media, ..world.sms("1", ANNA, "STOP") })).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Ticket), Some(ticket)));
    assert!(!may(&world, profile).await);
}

async fn words_of_one_number_and_of_the_languages_chosen(world: World) {
    let patch =
        json!({"sms": {"keywords": {"languages": ["en"], "by_number": {CONFIRMED: {"subscribe": ["VIP"]}}}}});
    world.settings(patch).await;
    let landed = world.take(world.text("1", ANNA, "vip")).await;
    assert_eq!(landed.state, Some(LedgerState::Ticket), "not on this number");
    let other = InboundSms { to: PhoneNumber::parse(CONFIRMED).unwrap(), ..world.sms("2", ANNA, "vip") };
    assert_eq!(world.take(world.texted(&other)).await.state, Some(LedgerState::Keyword));
    assert!(may(&world, world.profile_of(landed.ticket_id.unwrap()).await).await);
    world.turn(1_000);
    let landed = world.take(world.text("3", ANNA, "ALTO")).await;
    assert_eq!(landed.state, Some(LedgerState::Ticket), "Spanish is switched off");
    let landed = world.take(world.text("4", ANNA, "STOP")).await;
    assert_eq!(landed.state, Some(LedgerState::Keyword), "STOP cannot be switched off");
}

async fn d3_a_stop_wins_over_an_automatic_answer_that_waits(world: World) {
    let (ticket, _) = anna(&world).await;
    let proposed = domain::event::ReplyProposed {
        key: "auto:1".into(),
        ticket_id: ticket,
        author: AuthorKind::AutoResponder,
        text: "this inbox is not monitored".into(),
        without_consent: true,
        at_most_once_per: None,
        at: world.now(),
    };
    world.take(world.delivered(bus::topic::REPLY_PROPOSED, "auto:1", &proposed)).await;
    world.take(world.text("help", ANNA, "HELP")).await;
    let waiting: Vec<_> =
        world.told(OUTBOUND_SMS).await.into_iter().skip(1).map(|sms| sms.message_id).collect();
    assert_eq!(waiting.len(), 2);
    world.turn(1_000);
    world.take(world.text("stop", ANNA, "STOP")).await;
    let claim = |message_id, n| ClaimSend { message_id, claim: Uuid::from_u128(n) };
    for id in waiting {
        let decision = world.desk.claim_send(&claim(id, 1)).await.unwrap();
        assert!(matches!(decision, SendDecision::Drop { .. }), "{decision:?}");
        let message = world.message(ticket, id).await;
        assert_eq!(
            (message.status, message.error.unwrap().code.as_str()),
            (MessageStatus::Failed, "sms_no_consent")
        );
    }
    let confirmation = world.told(OUTBOUND_SMS).await.pop().unwrap().message_id;
    assert_eq!(world.desk.claim_send(&claim(confirmation, 2)).await.unwrap(), SendDecision::Send);
    world.turn(1_000);
    world.take(world.text("help again", ANNA, "HELP")).await;
    let help = world.told(OUTBOUND_SMS).await.pop().unwrap().message_id;
    assert_eq!(
        world.desk.claim_send(&claim(help, 3)).await.unwrap(),
        SendDecision::Send,
        "asked for after the STOP"
    );
}

async fn an_opt_out_of_a_blocked_customer_counts_once_and_comes_back_with_them(world: World) {
    let (ticket, profile) = anna(&world).await;
    world.desk.block(profile, &world.actor()).await.unwrap();
    let answers = world.told(OUTBOUND_SMS).await.len();
    let landed = world.take(world.text("1", ANNA, "stop texting me")).await;
    assert_eq!(landed.state, Some(LedgerState::Blocked));
    assert!(!may(&world, profile).await, "it counts all the same");
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), answers);
    let history = world.desk.consents(profile).await.unwrap().len();
    world.desk.unblock(profile, &world.actor()).await.unwrap();
    let again = world.published(bus::Stream::Inbound).await.pop().unwrap();
    let event = again.envelope.read(bus::topic::INBOUND_SMS).unwrap();
    let landed = world.take(world.delivered(bus::topic::INBOUND_SMS, &again.envelope.id, &event)).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Ticket), Some(ticket)));
    assert_eq!(world.desk.consents(profile).await.unwrap().len(), history, "recorded once");
}

async fn answers_know_the_customer(world: World) {
    world.settings(json!({"sms": {"keywords": {"answer_help": "Hi {{first_name}} of {{phone}}"}}})).await;
    let (_, profile) = anna(&world).await;
    let patch = desk::profiles::ProfilePatch { name: Some(Some("Anna Lee".into())), ..Default::default() };
    world.desk.change_profile(profile, patch, &world.actor()).await.unwrap();
    world.take(world.text("1", ANNA, "HELP")).await;
    assert_eq!(world.told(OUTBOUND_SMS).await.pop().unwrap().text, format!("Hi Anna of {ANNA}"));
}
