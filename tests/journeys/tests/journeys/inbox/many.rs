//! E6: many tickets at once, and the way back.

use harness::{agent::Agent, frontdesk::Shape, visitor::Visitor};
use serde_json::{Value, json};

use super::{colleague, id, quiet, shown, texts, these};
use crate::{in_both_shapes, world::World};

/// Waits until a change of many tickets is in that state.
async fn is(world: &World, agent: &Agent, job: &Value, state: &str) -> Value {
    world
        .product
        .eventually(&format!("the change is {state}"), async || {
            let now = agent.get(&format!("/bulk/{}", id(job))).await.expect(200);
            (now["state"] == state).then_some(now)
        })
        .await
}

async fn changed(world: &World, agent: &Agent, change: Value) -> Value {
    let job = agent.post("/tickets/bulk", change).await.expect(202);
    is(world, agent, &job, "done").await
}

async fn e6_a_selection_and_all_that_match_are_changed_and_it_is_undone(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, me) = colleague(&world, "Maya", "support").await;
    let mut tickets = Vec::new();
    for n in 0..6 {
        tickets.push(texts(&world, &format!("+1555777010{n}"), &format!("hello {n}")).await);
    }
    let (some, rest) = tickets.split_at(2);
    let selection = [id(&some[0]), id(&some[1])];
    for change in [
        json!({"ids": selection, "action": "tag", "tags": ["vip"]}),
        json!({"ids": selection, "action": "assign", "assignee_id": me}),
        json!({"ids": selection, "action": "read"}),
        json!({"ids": selection, "action": "snooze", "snoozed_until": "2099-01-01T08:00:00Z"}),
    ] {
        let done = changed(&world, &maya, change.clone()).await;
        assert_eq!((&done["total"], &done["changed"]), (&json!(2), &json!(2)), "{change}");
    }
    let picked = format!("status=snoozed&tag=vip&assignee={me}&unread=false");
    assert_eq!(shown(&maya, &picked).await, these(&[&some[0], &some[1]]));

    let all = json!({"filter": {"status": ["open"], "unread": true}, "action": "close"});
    let done = changed(&world, &maya, all).await;
    assert_eq!(done["changed"], 4, "all that match, and no other");
    let rest: Vec<&Value> = rest.iter().collect();
    assert_eq!(shown(&maya, "status=closed").await, these(&rest));
    let token = done["undo"]["token"].as_str().expect("a way back");
    maya.post(&format!("/undo/{token}"), json!({})).await.expect(202);
    let undone = is(&world, &maya, &done, "undone").await;
    assert_eq!((&undone["restored"], &undone["left_alone"]), (&json!(4), &json!(0)));
    assert_eq!(shown(&maya, "status=open").await, these(&rest));
}

async fn e6_what_cannot_be_reopened_is_left_and_counted_with_the_reason(shape: Shape) {
    let world = quiet(shape).await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    visitor.say("hi").await.expect("an ack");
    let chat = world.ticket_with("channel=chat", "hi").await;
    let text = texts(&world, super::PHONE, "hello").await;
    let agent = world.agent();
    let both = [id(&chat), id(&text)];
    assert_eq!(changed(&world, &agent, json!({"ids": both, "action": "close"})).await["changed"], 2);
    let done = changed(&world, &agent, json!({"ids": both, "action": "reopen"})).await;
    assert_eq!((&done["changed"], &done["refused"]), (&json!(1), &json!(1)));
    assert_eq!(done["refusals"][0]["code"], "chat_closed");
    assert_eq!(shown(&agent, "status=open").await, these(&[&text]));
}

in_both_shapes!(
    e6_a_selection_and_all_that_match_are_changed_and_it_is_undone,
    e6_what_cannot_be_reopened_is_left_and_counted_with_the_reason,
);
