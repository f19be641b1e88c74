//! H4: programs elsewhere are told what happens.

use bus::{Delivery as Heard, Stream, topic::OUTBOUND_WEBHOOK};
use desk::{
    Desk, PageRequest,
    webhooks::{Delivery, NewWebhook, Try, Webhook, WebhookPatch},
};
use domain::{
    DeliveryId, WebhookId,
    event::{OutboundWebhook, WebhookTried, WebhookWork},
    webhook::{DeliveryState, WebhookEvent, WebhookKind},
};
use futures::StreamExt;
use serde_json::Value;
use uuid::Uuid;

use crate::world::{ANNA, World, code};

on_both!(
    h4_what_happens_is_told_once_to_whom_it_concerns,
    h4_a_try_that_fails_is_made_again_after_a_pause_and_the_log_says_how_it_went,
    h4_after_a_day_it_is_given_up_and_the_webhook_is_switched_off,
    h4_one_event_that_is_never_taken_does_not_switch_off_a_webhook_that_takes_others,
    h4_a_try_of_which_nobody_hears_is_made_again_under_the_same_id,
    h4_a_receiver_that_fails_gets_one_try_at_a_time,
    h4_a_secret_is_changed_and_the_one_before_counts_for_a_day,
    h4_what_was_told_long_ago_is_forgotten,
    h4_what_was_told_can_be_told_again,
    h4_webhooks_that_make_no_sense_are_refused,
);

const URL: &str = "https://hooks.example.com/in";

async fn hook(world: &World, kind: WebhookKind, events: &[WebhookEvent]) -> Webhook {
    let new = NewWebhook { name: "CRM".into(), kind, url: URL.into(), events: events.to_vec() };
    world.desk.create_webhook(new, &world.owner()).await.unwrap()
}

/// Everything that was told on the stream of the desk's events, as ticketing hears it.
async fn heard(world: &World) -> Vec<Heard> {
    let last = world.bus.span(Stream::Events).await.unwrap().last;
    let mut all = world.bus.follow(Stream::Events, 0).await.unwrap();
    let mut found = Vec::new();
    while found.len() < usize::try_from(last).unwrap() {
        let stored = all.next().await.unwrap();
        found.push(Heard { subject: stored.subject, seq: stored.seq, attempt: 1, envelope: stored.envelope });
    }
    found
}

async fn log(world: &World, id: WebhookId) -> Vec<(Delivery, Vec<Try>)> {
    world.desk.webhook_deliveries(id, &PageRequest::default()).await.unwrap().data
}

async fn work(world: &World, id: DeliveryId, attempt: i64) -> Option<(String, String)> {
    match world.desk.webhook_work(&OutboundWebhook { delivery_id: id, attempt }).await.unwrap() {
        WebhookWork::Post(post) => Some((post.url, post.body)),
        WebhookWork::Drop => None,
    }
}

async fn tried(desk: &Desk, world: &World, id: DeliveryId, attempt: i64, status: Option<u16>) {
    let said = "so it was".to_owned();
    let at = world.now();
    let tried = WebhookTried { delivery_id: id, attempt, status, said, millis: 12, patience: None, at };
    desk.webhook_tried(tried).await.unwrap();
}

async fn h4_what_happens_is_told_once_to_whom_it_concerns(world: World) {
    let crm =
        hook(&world, WebhookKind::Signed, &[WebhookEvent::TicketCreated, WebhookEvent::NoteAdded]).await;
    let slack = hook(&world, WebhookKind::Slack, &[WebhookEvent::TicketCreated]).await;
    let off = hook(&world, WebhookKind::Signed, &[WebhookEvent::TicketCreated]).await;
    let patch = WebhookPatch { active: Some(false), ..WebhookPatch::default() };
    world.desk.change_webhook(off.id, patch, &world.owner()).await.unwrap();
    let ticket = world.text(ANNA, "Where is <my> parcel?").await;
    world.text(ANNA, "Hello?").await;
    world.desk.add_note(ticket, "look at this", &world.owner()).await.unwrap();
    let events = heard(&world).await;
    for _ in 0..2 {
        world.desk.tell_webhooks(&events).await.unwrap();
    }
    let told = log(&world, crm.id).await;
    let names: Vec<_> = told.iter().map(|(one, _)| one.event.as_str()).collect();
    assert_eq!(names, ["note.added", "ticket.created"], "the second text opened nothing");
    let body: Value = serde_json::from_str(&told[1].0.body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["message"]["text"]),
        (&"ticket.created".into(), &"Where is <my> parcel?".into())
    );
    assert_eq!(body["data"]["ticket"]["id"], ticket.to_string());
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
    let line: Value = serde_json::from_str(&log(&world, slack.id).await[0].0.body).unwrap();
    let number = world.ticket(ticket).await.number;
    assert_eq!(
        line["text"],
        format!("New ticket #{number} (SMS) from {ANNA}: “Where is &lt;my&gt; parcel?”")
    );
    assert!(log(&world, off.id).await.is_empty());
    let handed = world.told(OUTBOUND_WEBHOOK).await;
    assert_eq!(handed.len(), 3);
    assert!(handed.iter().all(|work| work.attempt == 1));
    let late = hook(&world, WebhookKind::Signed, &[WebhookEvent::TicketCreated]).await;
    world.desk.tell_webhooks(&events).await.unwrap();
    assert!(log(&world, late.id).await.is_empty(), "what was before a webhook is none of its business");
}

async fn begun(world: &World) -> (WebhookId, DeliveryId) {
    let crm = hook(world, WebhookKind::Signed, &[WebhookEvent::TicketCreated]).await;
    world.text(ANNA, "hi").await;
    world.desk.tell_webhooks(&heard(world).await).await.unwrap();
    (crm.id, log(world, crm.id).await[0].0.id)
}

async fn h4_a_try_that_fails_is_made_again_after_a_pause_and_the_log_says_how_it_went(world: World) {
    let (hook, id) = begun(&world).await;
    assert_eq!(work(&world, id, 1).await.unwrap().0, URL);
    for _ in 0..2 {
        tried(&world.desk, &world, id, 1, Some(503)).await;
    }
    assert!(work(&world, id, 1).await.is_none(), "that try is over");
    world.turn(4_000);
    world.desk.run_due_timers().await.unwrap();
    assert!(work(&world, id, 2).await.is_none(), "its time has not come");
    world.turn(2_000);
    world.desk.run_due_timers().await.unwrap();
    assert!(work(&world, id, 2).await.is_some());
    tried(&world.desk, &world, id, 2, None).await;
    world.turn(31_000);
    world.desk.run_due_timers().await.unwrap();
    tried(&world.desk, &world, id, 3, Some(204)).await;
    let (one, tries) = log(&world, hook).await.remove(0);
    assert_eq!((one.state, one.tries, one.next_at), (DeliveryState::Delivered, 3, None));
    assert_eq!(tries.iter().map(|one| one.status).collect::<Vec<_>>(), [Some(503), None, Some(204)]);
    assert_eq!(tries[0].said, "so it was");
    world.turn(10 * 60_000);
    world.desk.run_due_timers().await.unwrap();
    assert_eq!(world.told(OUTBOUND_WEBHOOK).await.len(), 3, "and that is all");
}

async fn h4_after_a_day_it_is_given_up_and_the_webhook_is_switched_off(world: World) {
    let (hook, id) = begun(&world).await;
    let mut attempt = 1;
    while work(&world, id, attempt).await.is_some() {
        tried(&world.desk, &world, id, attempt, Some(500)).await;
        world.turn(4 * 60 * 60_000);
        world.desk.run_due_timers().await.unwrap();
        attempt += 1;
        assert!(attempt < 20);
    }
    assert_eq!(log(&world, hook).await[0].0.state, DeliveryState::Failed);
    let one = world.desk.webhooks().await.unwrap().remove(0);
    assert!(!one.active && one.disabled_why.unwrap().contains("day"));
    assert_eq!(code(world.desk.test_webhook(hook, &world.owner()).await), "webhook_off");
    let on = WebhookPatch { active: Some(true), ..WebhookPatch::default() };
    let one = world.desk.change_webhook(hook, on, &world.owner()).await.unwrap();
    assert!(one.active && one.disabled_why.is_none());
    let test = world.desk.test_webhook(hook, &world.owner()).await.unwrap();
    tried(&world.desk, &world, test.id, 1, Some(410)).await;
    assert!(!world.desk.webhooks().await.unwrap()[0].active, "gone is gone at once");
}

async fn h4_one_event_that_is_never_taken_does_not_switch_off_a_webhook_that_takes_others(world: World) {
    let (hook, id) = begun(&world).await;
    let mut attempt = 1;
    while work(&world, id, attempt).await.is_some() {
        tried(&world.desk, &world, id, attempt, Some(422)).await;
        world.turn(4 * 60 * 60_000);
        if attempt == 2 {
            let other = world.desk.test_webhook(hook, &world.owner()).await.unwrap();
            tried(&world.desk, &world, other.id, 1, Some(200)).await;
        }
        world.desk.run_due_timers().await.unwrap();
        attempt += 1;
        assert!(attempt < 20);
    }
    let states: Vec<_> = log(&world, hook).await.iter().map(|(one, _)| one.state).collect();
    assert!(states.contains(&DeliveryState::Failed), "{states:?}");
    assert!(world.desk.webhooks().await.unwrap()[0].active);
}

async fn h4_a_try_of_which_nobody_hears_is_made_again_under_the_same_id(world: World) {
    let (_, id) = begun(&world).await;
    assert!(work(&world, id, 1).await.is_some());
    assert!(work(&world, id, 1).await.is_some(), "a crash before the report: the same try again");
    world.turn(5 * 60_000 + 1);
    world.desk.run_due_timers().await.unwrap();
    assert!(work(&world, id, 1).await.is_none());
    assert!(work(&world, id, 2).await.is_some());
    tried(&world.desk, &world, id, 1, Some(200)).await;
    assert!(work(&world, id, 2).await.is_some(), "a word that comes late is in the log and settles nothing");
    let ids: Vec<_> = world.told(OUTBOUND_WEBHOOK).await.iter().map(|work| work.delivery_id).collect();
    assert_eq!(ids, [id, id]);
}

async fn h4_a_receiver_that_fails_gets_one_try_at_a_time(world: World) {
    let (hook, first) = begun(&world).await;
    let second = world.desk.test_webhook(hook, &world.owner()).await.unwrap().id;
    assert!(work(&world, first, 1).await.is_some() && work(&world, second, 1).await.is_some());
    tried(&world.desk, &world, first, 1, None).await;
    assert!(work(&world, second, 1).await.is_none(), "it rests");
    let rests = world.desk.webhooks().await.unwrap().remove(0).health.rests_until;
    assert!(rests.unwrap() > world.now());
    for one in ["+15557770002", "+15557770003"] {
        world.text(one, "hello").await;
    }
    let handed = world.told(OUTBOUND_WEBHOOK).await.len();
    world.desk.tell_webhooks(&heard(&world).await).await.unwrap();
    assert_eq!(
        world.told(OUTBOUND_WEBHOOK).await.len(),
        handed,
        "nothing new is handed to the notifier either"
    );
    world.turn(5_001);
    world.desk.run_due_timers().await.unwrap();
    let waiting: Vec<_> = log(&world, hook).await.into_iter().map(|(one, _)| (one.id, one.attempt)).collect();
    let mut let_go = Vec::new();
    for (id, attempt) in &waiting {
        if work(&world, *id, *attempt).await.is_some() {
            let_go.push((*id, *attempt));
        }
    }
    assert_eq!((waiting.len(), let_go.len()), (4, 1), "one sees whether it is well");
    tried(&world.desk, &world, let_go[0].0, let_go[0].1, Some(200)).await;
    world.turn(30_001);
    world.desk.run_due_timers().await.unwrap();
    for (one, _) in log(&world, hook).await.iter().filter(|(one, _)| one.id != let_go[0].0) {
        assert!(work(&world, one.id, one.attempt).await.is_some(), "it is well: {one:?}");
    }
}

async fn h4_a_secret_is_changed_and_the_one_before_counts_for_a_day(world: World) {
    let (hook, id) = begun(&world).await;
    let before = world.desk.webhooks().await.unwrap().remove(0).secret;
    let changed = world.desk.change_webhook_secret(hook, &world.owner()).await.unwrap();
    assert!(changed.secret != before && changed.secret.starts_with("whsec_"));
    let asked = OutboundWebhook { delivery_id: id, attempt: 1 };
    let post = |work| match work {
        WebhookWork::Post(post) => post,
        WebhookWork::Drop => panic!("it is due"),
    };
    let signed = post(world.desk.webhook_work(&asked).await.unwrap());
    assert_eq!((signed.secret, signed.old_secret), (changed.secret.clone(), Some(before)));
    world.turn(24 * 60 * 60_000);
    let signed = post(world.desk.webhook_work(&asked).await.unwrap());
    assert_eq!((signed.secret, signed.old_secret), (changed.secret, None));
    let slack = super::webhooks::hook(&world, WebhookKind::Slack, &[WebhookEvent::NoteAdded]).await;
    let refused = world.desk.change_webhook_secret(slack.id, &world.owner()).await.map(|one| one.name);
    assert_eq!(code(refused), "unsigned");
}

async fn h4_what_was_told_long_ago_is_forgotten(world: World) {
    let (hook, id) = begun(&world).await;
    tried(&world.desk, &world, id, 1, Some(200)).await;
    world.turn(14 * 24 * 60 * 60_000);
    let waiting = world.desk.test_webhook(hook, &world.owner()).await.unwrap();
    world.turn(60_000);
    world.desk.forget_expired().await.unwrap();
    let left: Vec<_> = log(&world, hook).await.into_iter().map(|(one, _)| one.id).collect();
    assert_eq!(left, [waiting.id]);
}

async fn h4_what_was_told_can_be_told_again(world: World) {
    let (hook, id) = begun(&world).await;
    tried(&world.desk, &world, id, 1, Some(200)).await;
    let again = world.desk.replay_delivery(hook, id).await.unwrap();
    assert_eq!((again.id, again.state, again.attempt), (id, DeliveryState::Pending, 2));
    assert!(work(&world, id, 2).await.is_some());
    tried(&world.desk, &world, id, 2, Some(200)).await;
    assert_eq!(log(&world, hook).await[0].1.len(), 2);
    assert_eq!(code(world.desk.replay_delivery(WebhookId(Uuid::nil()), id).await), "webhook");
    let other = super::webhooks::hook(&world, WebhookKind::Slack, &[WebhookEvent::NoteAdded]).await;
    assert_eq!(code(world.desk.replay_delivery(other.id, id).await), "delivery");
    world.desk.delete_webhook(hook, &world.owner()).await.unwrap();
    assert!(work(&world, id, 2).await.is_none());
    world.turn(10 * 60_000);
    world.desk.run_due_timers().await.unwrap();
}

async fn h4_webhooks_that_make_no_sense_are_refused(world: World) {
    let owner = world.owner();
    let new = |name: &str, url: &str, events: &[WebhookEvent]| NewWebhook {
        name: name.into(),
        kind: WebhookKind::Signed,
        url: url.into(),
        events: events.to_vec(),
    };
    let any = [WebhookEvent::NoteAdded];
    for (odd, field) in [
        (new(" ", URL, &any), "name"),
        (new("x", "hooks.example.com", &any), "url"),
        (new("x", "ftp://hooks.example.com/", &any), "url"),
        (new("x", "https://a:b@hooks.example.com/", &any), "url"),
        (new("x", URL, &[]), "events"),
    ] {
        assert_eq!(code(world.desk.create_webhook(odd, &owner).await.map(|one| one.name)), field);
    }
    let made = world.desk.create_webhook(new("  My   CRM ", URL, &any), &owner).await.unwrap();
    assert_eq!(made.name, "My CRM");
    assert!(made.secret.starts_with("whsec_") && made.secret.len() == 50, "{}", made.secret.len());
    assert_eq!(code(world.desk.delete_webhook(WebhookId(Uuid::nil()), &owner).await), "webhook");
}
