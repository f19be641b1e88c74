//! G1, G2: open, snoozed, closed, and blocked.

use std::time::Duration;

use harness::frontdesk::Shape;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{ANNA, OTHER_PHONE, PHONE, badge, colleague, id, mails, profile, quiet, shown, texts, these};
use crate::{in_both_shapes, world::World};

async fn g1_a_snoozed_ticket_comes_back_open_and_unread_and_a_closed_one_leaves_the_inboxes(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, me) = colleague(&world, "Maya", "support").await;
    let snoozed = texts(&world, PHONE, "later, please").await;
    let closed = texts(&world, OTHER_PHONE, "thank you").await;
    for ticket in [&snoozed, &closed] {
        world.change(ticket, json!({"assignee_id": me, "unread": false})).await;
    }
    assert_eq!(shown(&maya, "view=mine").await, these(&[&snoozed, &closed]), "open: in progress");

    let past = json!({"status": "snoozed", "snoozed_until": "2020-01-01T08:00:00Z"});
    let refused = maya.patch(&format!("/tickets/{}", id(&snoozed)), past).await;
    assert_eq!((refused.status, refused.code()), (409, "snooze_in_the_past"));
    let soon = OffsetDateTime::now_utc() + Duration::from_secs(6);
    let until = soon.format(&Rfc3339).expect("a time");
    let asleep = world.change(&snoozed, json!({"status": "snoozed", "snoozed_until": until})).await;
    assert_eq!((&asleep["status"], &asleep["unread"]), (&json!("snoozed"), &json!(false)));
    world.change(&closed, json!({"status": "closed"})).await;
    assert_eq!(shown(&maya, "view=mine").await, these(&[]), "neither is in the way");
    assert_eq!(shown(&maya, "view=snoozed").await, these(&[&snoozed]));
    assert_eq!(shown(&maya, "view=all").await, these(&[&snoozed, &closed]), "and both stay in All");
    assert!(world.ticket(&closed).await["closed_at"].is_string());

    let woken = maya.wait_for_ticket("view=mine", |ticket| ticket["id"] == snoozed["id"]).await;
    assert!(OffsetDateTime::now_utc() >= soon, "not before its time");
    assert_eq!((&woken["status"], &woken["unread"]), (&json!("open"), &json!(true)));
    assert_eq!(woken["snoozed_until"], Value::Null);
}

/// What became of the texts in quarantine.
async fn held(world: &World) -> usize {
    let lines = world.agent().get("/ledger?state=blocked").await.expect(200);
    lines["data"].as_array().expect("lines").len()
}

async fn g2_a_blocked_customer_is_not_heard_and_nothing_is_lost_when_they_are_unblocked(shape: Shape) {
    let world = quiet(shape).await;
    let sizes = mails(&world, ANNA, "Sizes", "rude words").await;
    let colours = mails(&world, ANNA, "Colours", "more rude words").await;
    let bystander = texts(&world, PHONE, "hello").await;
    let agent = world.agent();
    let path = format!("/profiles/{}", profile(&sizes));
    agent.post(&format!("{path}/block"), json!({})).await.expect(200);
    for ticket in [&sizes, &colours] {
        let now = world.ticket(ticket).await;
        assert_eq!(
            (&now["status"], &now["can_reply"]["code"]),
            (&json!("closed"), &json!("profile_blocked"))
        );
        assert_eq!(world.try_reply(ticket, "please be kind").await.code(), "profile_blocked");
    }
    assert_eq!(world.ticket(&bystander).await["status"], "open");
    let mut live = agent.live(None).await;
    assert_eq!(live.next().await.expect("the first event").name, "ready");
    world.mail(ANNA, "Again", "I have calmed down", &[]).await;
    world.product.eventually("it is in quarantine", async || (held(&world).await == 1).then_some(())).await;
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(1), live.next()).await {
        assert!(!event.data.to_string().contains("calmed"), "it notifies nobody: {event:?}");
    }
    assert_eq!(
        (world.tickets("channel=email").await.len(), badge(&agent).await),
        (2, 1),
        "and opens nothing"
    );

    agent.post(&format!("{path}/unblock"), json!({})).await.expect(200);
    let back = world.ticket_with("channel=email&status=open", "I have calmed down").await;
    assert_eq!((&back["unread"], &back["can_reply"]["allowed"]), (&json!(true), &json!(true)));
    world.product.eventually("quarantine is empty", async || (held(&world).await == 0).then_some(())).await;
}

in_both_shapes!(
    g1_a_snoozed_ticket_comes_back_open_and_unread_and_a_closed_one_leaves_the_inboxes,
    g2_a_blocked_customer_is_not_heard_and_nothing_is_lost_when_they_are_unblocked,
);
