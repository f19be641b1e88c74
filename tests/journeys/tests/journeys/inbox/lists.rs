//! E1–E5: the dot, the badge, views and filters.

use harness::{frontdesk::Shape, visitor::Visitor};
use serde_json::{Value, json};

use super::{
    ANNA, OTHER_PHONE, PHONE, badge, colleague, id, mails, profile, quiet, set, shown, texts, these,
};
use crate::in_both_shapes;

async fn e1_the_dot_goes_when_somebody_reads_and_has_nothing_to_do_with_the_status(shape: Shape) {
    let world = quiet(shape).await;
    let ticket = texts(&world, PHONE, "hello").await;
    let agent = world.agent();
    assert_eq!(ticket["unread"], true);
    world.change(&ticket, json!({"unread": false})).await;
    assert!(shown(&agent, "unread=true").await.is_empty());
    assert_eq!(shown(&agent, "unread=false").await, these(&[&ticket]));
    world.change(&ticket, json!({"unread": true})).await;
    for status in
        [json!({"status": "snoozed", "snoozed_until": "2099-01-01T08:00:00Z"}), json!({"status": "closed"})]
    {
        let changed = world.change(&ticket, status).await;
        assert_eq!(changed["unread"], true, "{}", changed["status"]);
    }
    assert_eq!(shown(&agent, "unread=true&status=closed").await, these(&[&ticket]));
    world.change(&ticket, json!({"status": "open", "unread": false})).await;
    let again = texts(&world, PHONE, "are you there?").await;
    assert_eq!(
        (&again["id"], &again["unread"]),
        (&ticket["id"], &json!(true)),
        "the next message sets it again"
    );
}

async fn e2_the_badge_counts_people_and_not_messages(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, _) = colleague(&world, "Maya", "support").await;
    assert_eq!(badge(&maya).await, 0);
    for text in ["one", "two", "three"] {
        texts(&world, PHONE, text).await;
    }
    let sizes = mails(&world, ANNA, "Sizes", "do they run small?").await;
    let colours = mails(&world, ANNA, "Colours", "are there red ones?").await;
    assert_ne!(sizes["id"], colours["id"]);
    assert_eq!(badge(&maya).await, 2, "three texts of one person, two tickets of another");
    world.change(&sizes, json!({"unread": false})).await;
    assert_eq!(badge(&maya).await, 2);
    world.change(&colours, json!({"unread": false})).await;
    assert_eq!(badge(&maya).await, 1);
    let on = |settings: Value| settings["badge"].clone();
    assert_eq!(on(maya.get("/settings").await.expect(200)), true, "on unless somebody turns it off");
    set(&world, json!({"badge": false})).await;
    assert_eq!(
        on(maya.get("/settings").await.expect(200)),
        false,
        "what the screen looks at before it shows one"
    );
}

async fn e3_mine_unassigned_and_all_show_what_they_say(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, me) = colleague(&world, "Maya", "support").await;
    let (cleo, _) = colleague(&world, "Cleo", "support").await;
    let mine = texts(&world, PHONE, "mine").await;
    let nobodys = texts(&world, OTHER_PHONE, "nobody's").await;
    let done = mails(&world, ANNA, "Done", "thank you").await;
    world.change(&mine, json!({"assignee_id": me})).await;
    world.change(&done, json!({"assignee_id": me, "status": "closed"})).await;
    assert_eq!(shown(&maya, "view=mine").await, these(&[&mine]), "open and mine");
    assert_eq!(shown(&cleo, "view=mine").await, these(&[]));
    for agent in [&maya, &cleo] {
        assert_eq!(shown(agent, "view=unassigned").await, these(&[&nobodys]));
        assert_eq!(shown(agent, "view=all").await, these(&[&mine, &nobodys, &done]));
    }
    let counts = maya.get("/views/counts").await.expect(200);
    assert_eq!(
        (&counts["mine"], &counts["unassigned"], &counts["snoozed"]),
        (&json!(1), &json!(1), &json!(0))
    );
}

async fn e4_a_view_is_ones_own_until_it_is_shared(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, _) = colleague(&world, "Maya", "manager").await;
    let (cleo, _) = colleague(&world, "Cleo", "support").await;
    let vip = texts(&world, PHONE, "I am important").await;
    texts(&world, OTHER_PHONE, "I am not").await;
    world.change(&vip, json!({"tags": ["vip"]})).await;
    let new = json!({"name": "Important", "filters": {"tag": ["vip"], "status": ["open"]}});
    let view = maya.post("/views", new).await.expect(201);
    let list = format!("view={}", id(&view));
    assert_eq!(shown(&maya, &list).await, these(&[&vip]));
    let of_cleo = cleo.get("/views").await.expect(200);
    assert_eq!(of_cleo["data"], json!([]), "it is Maya's own");
    maya.patch(&format!("/views/{}", id(&view)), json!({"shared": true})).await.expect(200);
    let of_cleo = cleo.get("/views").await.expect(200);
    assert_eq!(of_cleo["data"][0]["name"], "Important");
    assert_eq!(shown(&cleo, &list).await, these(&[&vip]));
    world.change(&vip, json!({"status": "closed"})).await;
    assert_eq!(shown(&cleo, &list).await, these(&[]), "a view is a set of filters, not of tickets");
    cleo.delete(&format!("/views/{}", id(&view))).await.expect(403);
}

async fn e5_every_filter_finds_what_it_names(shape: Shape) {
    let world = quiet(shape).await;
    let (_, maya) = colleague(&world, "Maya", "support").await;
    let source = json!({"kind": "campaign", "id": "c-1", "name": "Spring sale"});
    let campaign = json!({"profile": {"phone": PHONE}, "channel": "sms", "source": source, "send": false,
        "text": "Spring sale!"});
    world.agent().post("/messages", campaign).await.expect(201);
    let text = texts(&world, PHONE, "is the parcel on its way?").await;
    let mail = mails(&world, ANNA, "Broken kettle", "the lid does not close").await;
    let mut visitor = Visitor::arrive(&world.page()).await.expect("a socket");
    visitor.say("anybody there").await.expect("an ack");
    let chat = world.ticket_with("channel=chat", "anybody there").await;
    world.change(&mail, json!({"tags": ["vip"], "unread": false, "assignee_id": maya})).await;
    // times are told apart by the millisecond
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    world.change(&chat, json!({"status": "closed"})).await;
    let agent = world.agent();
    let (person, began) = (profile(&text), mail["created_at"].as_str().expect("a time"));
    let changed = world.ticket(&chat).await["updated_at"].as_str().expect("a time").to_owned();
    for (query, expected) in [
        ("status=open", vec![&text, &mail]),
        ("status=closed,snoozed", vec![&chat]),
        ("unread=false", vec![&mail]),
        ("channel=sms,chat", vec![&text, &chat]),
        (format!("assignee={maya}").as_str(), vec![&mail]),
        ("assignee=none", vec![&text, &chat]),
        ("tag=VIP", vec![&mail]),
        (format!("profile={person}").as_str(), vec![&text]),
        ("campaign=c-1", vec![&text]),
        ("attribution=campaign", vec![&text]),
        ("attribution=flow", vec![]),
        (format!("created_from={began}").as_str(), vec![&mail, &chat]),
        (format!("created_to={began}").as_str(), vec![&text]),
        (format!("updated_from={changed}").as_str(), vec![&chat]),
        (format!("updated_to={changed}").as_str(), vec![&text, &mail]),
        ("q=parcel", vec![&text]),
        ("q=KETTLE", vec![&mail]),
        ("q=from:anna%20lid", vec![&mail]),
        ("q=nothing%20like%20it", vec![]),
        ("channel=email&unread=true", vec![]),
    ] {
        assert_eq!(shown(&agent, query).await, these(&expected), "{query}");
    }
}

in_both_shapes!(
    e1_the_dot_goes_when_somebody_reads_and_has_nothing_to_do_with_the_status,
    e2_the_badge_counts_people_and_not_messages,
    e3_mine_unassigned_and_all_show_what_they_say,
    e4_a_view_is_ones_own_until_it_is_shared,
    e5_every_filter_finds_what_it_names,
);
