//! B2, D2: keywords are recorded, change consent, are answered, and open nothing.

use bus::topic::{MESSAGE_QUEUED, MESSAGE_RECEIVED, OUTBOUND_SMS, TICKET_CHANGED};
use desk::ledger::LedgerState;
use domain::{
    AuthorKind, Direction,
    consent::{ConsentState, may_text},
    keyword::KeywordFamily,
};

use crate::world::{ANNA, OURS, World};

on_both!(
    b2_a_keyword_opens_no_ticket_and_is_answered,
    b2_keywords_of_a_ticket_are_shown_in_it_but_wake_nobody,
    d2_stop_takes_consent_and_start_gives_it_back,
    a_stop_is_confirmed_once_and_not_again_within_a_day,
    what_the_carrier_answered_is_not_answered_again,
    the_organisations_own_words_subscribe,
    keywords_answer_a_robot_only_so_often,
    a_keyword_of_a_blocked_profile_counts_but_is_not_answered,
);

async fn b2_a_keyword_opens_no_ticket_and_is_answered(world: World) {
    let landed = world.take(world.text("1", ANNA, "JOIN")).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Keyword), None));
    assert_eq!(world.tickets().await.len(), 0);
    let out = world.told(OUTBOUND_SMS).await;
    assert_eq!(out.len(), 1);
    assert_eq!((out[0].from.as_str(), out[0].to.as_str()), (OURS, ANNA));
    assert!(out[0].text.contains("subscribed"), "{}", out[0].text);
    assert_eq!(world.told(MESSAGE_RECEIVED).await.len(), 0, "there is no ticket to tell of");

    let id = world.anna_writes("2", "hi").await;
    let ticket = world.ticket(id).await;
    assert!(ticket.can_reply.allowed, "D2: JOIN is consent");
    let profile = world.desk.consents(ticket.profile.id).await.unwrap();
    assert_eq!(profile.len(), 2, "both kinds");
    assert!(
        profile
            .iter()
            .all(|r| r.source == "keyword:JOIN" && r.text == "JOIN" && r.number.as_deref() == Some(OURS))
    );
    let messages = world.messages(id).await;
    let shown: Vec<_> = messages.iter().map(|m| (m.direction, m.author.kind)).collect();
    assert!(shown.contains(&(Direction::In, AuthorKind::Keyword)), "F1: {shown:?}");
    assert!(shown.contains(&(Direction::Out, AuthorKind::Keyword)), "F1: {shown:?}");
}

async fn b2_keywords_of_a_ticket_are_shown_in_it_but_wake_nobody(world: World) {
    let id = world.anna_writes("1", "hi").await;
    world.set_status(id, "closed", None).await;
    let read = desk::tickets::TicketPatch { unread: Some(false), ..desk::tickets::TicketPatch::default() };
    let before = world.desk.change_ticket(id, read, &world.actor()).await.unwrap();
    world.turn(60_000);
    let landed = world.take(world.text("2", ANNA, "help")).await;
    assert_eq!((landed.state, landed.ticket_id), (Some(LedgerState::Keyword), Some(id)));
    let after = world.ticket(id).await;
    assert_eq!((after.status.as_str(), after.unread), ("closed", false));
    assert_eq!((&after.preview, after.last_message_at), (&before.preview, before.last_message_at));
    let seqs: Vec<_> = world.messages(id).await.iter().map(|m| (m.seq, m.author.kind)).collect();
    assert_eq!(seqs, [(1, AuthorKind::Customer), (2, AuthorKind::Keyword), (3, AuthorKind::Keyword)]);
    let told = world.told(MESSAGE_RECEIVED).await;
    assert_eq!(told.last().unwrap().message.author.kind, AuthorKind::Keyword, "people's readers can tell");
    assert_eq!(world.told(MESSAGE_QUEUED).await.len(), 1);
}

async fn d2_stop_takes_consent_and_start_gives_it_back(world: World) {
    let id = world.anna_writes("1", "hi").await;
    let profile = world.profile_of(id).await;
    for (n, word, allowed) in
        [("2", "JOIN", true), ("3", "Stop!", false), ("4", "start", true), ("5", "STOP", false)]
    {
        world.turn(1_000);
        world.take(world.text(n, ANNA, word)).await;
        assert_eq!(may_text(&world.desk.consents(profile).await.unwrap()), allowed, "{word}");
        assert_eq!(world.ticket(id).await.can_reply.allowed, allowed, "{word}");
        let told = world.told(TICKET_CHANGED).await;
        assert_eq!(told.last().unwrap().ticket.can_reply.allowed, allowed, "{word}: composers learn of it");
    }
    let history = world.desk.consents(profile).await.unwrap();
    assert_eq!(history.len(), 8);
    assert_eq!((history[0].state, history[0].source.as_str()), (ConsentState::Unsubscribed, "keyword:STOP"));
}

async fn a_stop_is_confirmed_once_and_not_again_within_a_day(world: World) {
    let confirmed = async |world: &World| world.told(OUTBOUND_SMS).await.len();
    world.take(world.text("1", ANNA, "STOP")).await;
    assert_eq!(confirmed(&world).await, 1, "a stranger's STOP is confirmed as well");
    world.turn(3_600_000);
    let landed = world.take(world.text("2", ANNA, "STOP")).await;
    assert_eq!(confirmed(&world).await, 1, "{}", landed.reason);
    world.turn(24 * 3_600_000);
    world.take(world.text("3", ANNA, "STOP")).await;
    assert_eq!(confirmed(&world).await, 2);
    world.turn(1_000);
    world.take(world.text("4", ANNA, "START")).await;
    world.turn(1_000);
    world.take(world.text("5", ANNA, "STOP")).await;
    assert_eq!(confirmed(&world).await, 4, "a change of mind is confirmed each time");
}

async fn what_the_carrier_answered_is_not_answered_again(world: World) {
    let mut sms = world.sms("1", ANNA, "STOP");
    sms.carrier_keyword = Some(KeywordFamily::Stop);
    let landed = world.take(world.delivered(bus::topic::INBOUND_SMS, "sms:sandbox:main:1", &sms)).await;
    assert_eq!(landed.state, Some(LedgerState::Keyword));
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 0);
}

async fn the_organisations_own_words_subscribe(world: World) {
    let patch = serde_json::json!({"sms": {"keywords": {"subscribe": ["SUMMER"]}}});
    world.desk.patch_settings(&patch, &world.actor()).await.unwrap();
    let landed = world.take(world.text("1", ANNA, "summer")).await;
    assert_eq!(landed.state, Some(LedgerState::Keyword), "{}", landed.reason);
    let id = world.anna_writes("2", "hi").await;
    assert!(world.ticket(id).await.can_reply.allowed);
}

async fn keywords_answer_a_robot_only_so_often(world: World) {
    for n in 0..30 {
        world.turn(1_000);
        world.take(world.text(&n.to_string(), ANNA, "HELP")).await;
    }
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), 10);
    assert_eq!(world.ledger(Some(LedgerState::Keyword)).await.len(), 30, "each is recorded");
}

async fn a_keyword_of_a_blocked_profile_counts_but_is_not_answered(world: World) {
    let id = world.anna_writes("1", "hi").await;
    let profile = world.profile_of(id).await;
    world.take(world.text("2", ANNA, "JOIN")).await;
    world.desk.block(profile, &world.actor()).await.unwrap();
    let answers = world.told(OUTBOUND_SMS).await.len();
    world.turn(1_000);
    let landed = world.take(world.text("3", ANNA, "STOP")).await;
    assert_eq!(landed.state, Some(LedgerState::Keyword));
    assert_eq!(world.told(OUTBOUND_SMS).await.len(), answers);
    assert!(!may_text(&world.desk.consents(profile).await.unwrap()));
    assert_eq!(world.ticket(id).await.status, "closed");
}
