//! J2: rules, in the transaction that takes a message in; teams get tickets in turn.

use bus::topic::{MESSAGE_RECEIVED, REPLY_PROPOSED, TICKET_CHANGED};
use desk::{
    accounts::{NewUser, User},
    availability::AvailabilityPatch,
    rules::{NewRule, RulePatch},
    teams::Team,
    tickets::TicketPatch,
};
use domain::{
    Channel, Priority, Role, TicketId, UserId,
    event::{Assignee, TicketView},
    routing::Rule,
};
use serde_json::{Value, json};

use crate::world::{World, session};

on_both!(
    j2_a_rule_does_its_work_at_once_and_says_why,
    j2_a_team_gets_tickets_in_turn_as_far_as_its_people_have_room,
    j2_what_nobody_could_take_is_given_to_whoever_comes_first,
    j2_whoever_closes_a_ticket_gets_the_next_that_waits,
    j2_nothing_against_what_a_person_decided,
    j2_a_message_that_comes_again_is_routed_once,
    j2_blocked_customers_keywords_and_robots_ask_no_rule,
    j2_an_answer_is_proposed_once_and_no_other_robot_answers,
    j2_a_rule_that_closes_closes_and_the_next_message_reopens,
    j2_every_replica_knows_the_rules_as_they_are_now,
);

async fn rule(world: &World, conditions: Value, actions: Value) -> Rule {
    let new = NewRule {
        name: "Refunds".into(),
        enabled: true,
        conditions: serde_json::from_value(conditions).unwrap(),
        actions: serde_json::from_value(actions).unwrap(),
        stop: false,
    };
    world.desk.create_rule(new, &world.actor()).await.unwrap()
}

async fn person(world: &World, name: &str) -> User {
    let email = format!("{name}@acme.example").parse().unwrap();
    let new = NewUser { email, name: Some(name.into()), role: Role::Support, password: None };
    world.desk.create_user(new, &desk::Actor::system()).await.unwrap()
}

async fn team(world: &World, members: &[&User]) -> Team {
    let members = members.iter().map(|user| user.id).collect();
    world.desk.create_team("Returns", members, &world.actor()).await.unwrap()
}

async fn here(world: &World, user: &User, away: bool) {
    let patch = AvailabilityPatch { away: Some(away), ..AvailabilityPatch::default() };
    world.desk.change_availability(user.id, patch, &user.actor()).await.unwrap();
}

async fn takes(world: &World, user: &User, capacity: i64) {
    let patch = AvailabilityPatch { capacity: Some(Some(capacity)), ..AvailabilityPatch::default() };
    world.desk.change_availability(user.id, patch, &world.actor()).await.unwrap();
}

/// A text of a customer of their own.
async fn writes(world: &World, n: u32) -> TicketView {
    let landed = world.take(world.text(&format!("m{n}"), &format!("+1555000{n:04}"), "hello")).await;
    world.ticket(landed.ticket_id.unwrap()).await
}

fn whose(ticket: &TicketView) -> Option<UserId> {
    ticket.assignee.as_ref().map(|one| one.id)
}

fn to_team(team: &Team) -> Value {
    json!([{"kind": "assign_team", "team_id": team.id}])
}

async fn j2_a_rule_does_its_work_at_once_and_says_why(world: World) {
    let kim = person(&world, "Kim").await;
    let rule = rule(
        &world,
        json!({"channel": ["sms"], "words": {"any": ["refund"]}}),
        json!([{"kind": "assign_agent", "user_id": kim.id}, {"kind": "add_tags", "tags": ["Refund", "vip"]},
            {"kind": "set_priority", "priority": "urgent"}, {"kind": "mark_read"}]),
    )
    .await;
    let id = world.anna_writes("1", "I want a REFUND!").await;
    let ticket = world.ticket(id).await;
    assert_eq!(ticket.assignee, Some(Assignee { id: kim.id, name: "Kim".into() }));
    assert_eq!((&ticket.tags, ticket.priority), (&vec!["refund".into(), "vip".into()], Priority::Urgent));
    assert!(!ticket.unread);
    let told = world.told(MESSAGE_RECEIVED).await;
    assert_eq!(told[0].ticket, ticket, "one event tells of all of it");
    let decided = world.desk.decisions(id).await.unwrap();
    assert_eq!(decided.len(), 1);
    assert_eq!(decided[0].rule, Some((rule.id, "Refunds".into())));
    assert_eq!(decided[0].why, "a new ticket; it came by sms; it says “refund”");
    assert_eq!(decided[0].did[0], "assigned it to Kim");
    let other = world.take(world.text("2", "+15550009999", "thanks")).await.ticket_id.unwrap();
    assert_eq!(whose(&world.ticket(other).await), None, "it does not say so");
    assert!(world.desk.decisions(other).await.unwrap().is_empty());
}

async fn j2_a_team_gets_tickets_in_turn_as_far_as_its_people_have_room(world: World) {
    let (ann, bob, cleo) =
        (person(&world, "Ann").await, person(&world, "Bob").await, person(&world, "Cleo").await);
    let team = team(&world, &[&ann, &bob, &cleo]).await;
    rule(&world, json!({}), to_team(&team)).await;
    here(&world, &ann, false).await;
    here(&world, &bob, false).await;
    here(&world, &cleo, true).await;
    takes(&world, &ann, 2).await;
    let mut given = Vec::new();
    for n in 0..6 {
        world.turn(10);
        let ticket = writes(&world, n).await;
        assert_eq!(ticket.team, Some(team.id.to_string()));
        given.push(whose(&ticket).unwrap());
    }
    let of = |user: &User| given.iter().filter(|id| **id == user.id).count();
    assert_eq!((of(&ann), of(&bob), of(&cleo)), (2, 4, 0), "Ann takes two, Cleo is away");
    assert_ne!(given[0], given[1], "the same load: in turn");
    let open = world.desk.availabilities().await.unwrap();
    assert_eq!(open.iter().find(|one| one.user == ann.id).unwrap().open, 2);
}

async fn j2_what_nobody_could_take_is_given_to_whoever_comes_first(world: World) {
    let (ann, bob) = (person(&world, "Ann").await, person(&world, "Bob").await);
    let team = team(&world, &[&ann]).await;
    rule(&world, json!({}), to_team(&team)).await;
    let first = writes(&world, 1).await;
    world.turn(10);
    let second = writes(&world, 2).await;
    assert_eq!((whose(&first), &first.team), (None, &Some(team.id.to_string())));
    here(&world, &bob, false).await;
    assert_eq!(whose(&world.ticket(first.id).await), None, "Bob is not of this team");
    takes(&world, &ann, 1).await;
    here(&world, &ann, false).await;
    let told = world.told(TICKET_CHANGED).await;
    assert_eq!(
        (told.len(), whose(&told[0].ticket)),
        (1, Some(ann.id)),
        "as much as she takes, the oldest first"
    );
    assert_eq!(whose(&world.ticket(first.id).await), Some(ann.id));
    assert_eq!(whose(&world.ticket(second.id).await), None);
    let decided = world.desk.decisions(first.id).await.unwrap();
    assert_eq!(decided[0].rule, None);
    assert_eq!(decided[0].did, ["assigned to Ann, who became available"]);
    takes(&world, &ann, 5).await;
    assert_eq!(whose(&world.ticket(second.id).await), Some(ann.id), "there is room now");
    here(&world, &ann, true).await;
    let third = writes(&world, 3).await;
    world.turn(70_000);
    world.desk.was_seen(ann.id).await.unwrap();
    assert_eq!(whose(&world.ticket(third.id).await), None, "away is away, however open the console");
    here(&world, &ann, false).await;
    assert_eq!(whose(&world.ticket(third.id).await), Some(ann.id));
    world.turn(5 * 60_000 + 1);
    let fourth = writes(&world, 4).await;
    assert_eq!(whose(&fourth), None, "nobody has seen her for five minutes");
    world.desk.was_seen(ann.id).await.unwrap();
    assert_eq!(whose(&world.ticket(fourth.id).await), Some(ann.id));
}

async fn j2_whoever_closes_a_ticket_gets_the_next_that_waits(world: World) {
    let ann = person(&world, "Ann").await;
    let team = team(&world, &[&ann]).await;
    rule(&world, json!({}), to_team(&team)).await;
    takes(&world, &ann, 1).await;
    here(&world, &ann, false).await;
    let (first, second) = (writes(&world, 1).await, writes(&world, 2).await);
    assert_eq!((whose(&first), whose(&second)), (Some(ann.id), None));
    world.set_status(first.id, "closed", None).await;
    assert_eq!(whose(&world.ticket(second.id).await), Some(ann.id));
}

async fn j2_nothing_against_what_a_person_decided(world: World) {
    let (ann, bob) = (person(&world, "Ann").await, person(&world, "Bob").await);
    let team = team(&world, &[&ann]).await;
    rule(&world, json!({"when": "every_message"}), to_team(&team)).await;
    let id = writes(&world, 1).await.id;
    let patch = |assignee| TicketPatch { assignee_id: Some(assignee), ..TicketPatch::default() };
    let again = |n: u32| world.take(world.text(&format!("again{n}"), "+15550000001", "hello?"));
    world.desk.change_ticket(id, patch(Some(bob.id)), &world.actor()).await.unwrap();
    here(&world, &ann, false).await;
    assert_eq!(whose(&world.ticket(id).await), Some(bob.id), "somebody took it before Ann came");
    again(1).await;
    assert_eq!(whose(&world.ticket(id).await), Some(bob.id));
    world.desk.change_ticket(id, patch(None), &world.actor()).await.unwrap();
    again(2).await;
    assert_eq!(whose(&world.ticket(id).await), None, "a person put it back: it is a person's to give");
    let low = TicketPatch { priority: Some(Priority::High), ..TicketPatch::default() };
    world.desk.change_ticket(id, low, &world.actor()).await.unwrap();
    rule(&world, json!({"when": "every_message"}), json!([{"kind": "set_priority", "priority": "low"}]))
        .await;
    again(3).await;
    assert_eq!(
        world.ticket(id).await.priority,
        Priority::High,
        "a further message makes nothing less urgent"
    );
}

async fn j2_a_message_that_comes_again_is_routed_once(world: World) {
    let (ann, bob) = (person(&world, "Ann").await, person(&world, "Bob").await);
    let team = team(&world, &[&ann, &bob]).await;
    rule(
        &world,
        json!({"when": "every_message"}),
        json!([{"kind": "assign_team", "team_id": team.id}, {"kind": "auto_reply", "text": "We have it."}]),
    )
    .await;
    here(&world, &ann, false).await;
    here(&world, &bob, false).await;
    let arrival = world.text("1", "+15550000001", "hello");
    let id = world.take(arrival.clone()).await.ticket_id.unwrap();
    let before = world.ticket(id).await;
    for _ in 0..3 {
        world.take(arrival.clone()).await;
        world.take(world.text("1", "+15550000001", "hello")).await;
    }
    assert_eq!(world.ticket(id).await, before);
    assert_eq!(world.told(REPLY_PROPOSED).await.len(), 1);
    assert_eq!(world.desk.decisions(id).await.unwrap().len(), 1);
}

async fn j2_blocked_customers_keywords_and_robots_ask_no_rule(world: World) {
    rule(
        &world,
        json!({"when": "every_message"}),
        json!([{"kind": "add_tags", "tags": ["seen"]}, {"kind": "auto_reply", "text": "We have it."}]),
    )
    .await;
    for word in ["STOP", "JOIN", "HELP"] {
        world.take(world.text(word, "+15550000001", word)).await;
    }
    let landed = world.take(world.text("out", "+15550000002", "please stop texting me")).await;
    let asked = world.ticket(landed.ticket_id.unwrap()).await;
    assert!(asked.tags.is_empty(), "an opt-out in other words is answered by the desk itself");
    let mut away = world.mail("away", "ann@example.com", "Automatic reply", "I am away");
    away.kind = domain::event::MailKind::AutoReply;
    let mail = world.take(world.mailed(&world.mail("1", "ann@example.com", "Hello", "hi"))).await;
    let before = world.desk.decisions(mail.ticket_id.unwrap()).await.unwrap().len();
    away.refers_to = vec!["1@example.com".into()];
    world.take(world.mailed(&away)).await;
    assert_eq!(world.desk.decisions(mail.ticket_id.unwrap()).await.unwrap().len(), before);
    let id = world.take(world.text("ok", "+15550000003", "hello")).await.ticket_id.unwrap();
    let profile = world.profile_of(id).await;
    let proposed = world.told(REPLY_PROPOSED).await.len();
    world.desk.block(profile, &world.actor()).await.unwrap();
    world.take(world.text("blocked", "+15550000003", "hello again")).await;
    assert_eq!(world.told(REPLY_PROPOSED).await.len(), proposed);
    assert_eq!(world.desk.decisions(id).await.unwrap().len(), 1);
}

async fn j2_an_answer_is_proposed_once_and_no_other_robot_answers(world: World) {
    let actions = json!([{"kind": "auto_reply", "text": "Hello {{phone}}, we have it."}]);
    let rule = rule(&world, json!({"words": {"any": ["refund"]}}), actions).await;
    let id = world.anna_writes("1", "refund please").await;
    let proposed = world.told(REPLY_PROPOSED).await;
    assert_eq!(proposed.len(), 1);
    let ticket = world.ticket(id).await;
    assert_eq!(proposed[0].text, format!("Hello {}, we have it.", ticket.profile.address));
    assert!(proposed[0].key.starts_with(&format!("rule:{}:", rule.id)));
    assert!(world.told(MESSAGE_RECEIVED).await[0].answered, "other robots leave it alone");
    world.take(world.delivered(REPLY_PROPOSED, &proposed[0].key, &proposed[0])).await;
    world.take(world.delivered(REPLY_PROPOSED, &proposed[0].key, &proposed[0])).await;
    assert_eq!(world.messages(id).await.len(), 2, "written once");
    world.take(world.text("no", "+15550000009", "STOP")).await;
    let landed = world.take(world.text("2", "+15550000009", "refund!")).await;
    assert_eq!(world.told(REPLY_PROPOSED).await.len(), 1);
    let decided = world.desk.decisions(landed.ticket_id.unwrap()).await.unwrap();
    assert_eq!(decided[0].did, ["did not answer: the customer has opted out"]);
}

async fn j2_a_rule_that_closes_closes_and_the_next_message_reopens(world: World) {
    let closing =
        rule(&world, json!({"words": {"all": ["unsubscribed", "newsletter"]}}), json!([{"kind": "close"}]))
            .await;
    let mail = world.mail("1", "news@example.com", "Newsletter", "You are unsubscribed.");
    let id = world.take(world.mailed(&mail)).await.ticket_id.unwrap();
    let ticket = world.ticket(id).await;
    assert_eq!((ticket.status.as_str(), ticket.waiting_since), ("closed", None));
    let reopened =
        rule(&world, json!({"when": "reopened"}), json!([{"kind": "add_tags", "tags": ["again"]}])).await;
    let patch = RulePatch { enabled: Some(false), ..RulePatch::default() };
    world.desk.change_rule(closing.id, patch, &world.actor()).await.unwrap();
    let first: TicketId = world.anna_writes("a", "hi").await;
    assert!(world.ticket(first).await.tags.is_empty());
    world.set_status(first, "closed", None).await;
    world.anna_writes("b", "still there?").await;
    assert_eq!(world.ticket(first).await.tags, ["again"]);
    world.desk.delete_rule(reopened.id, &world.actor()).await.unwrap();
    let patch = RulePatch {
        enabled: Some(true),
        conditions: Some(serde_json::from_value(json!({"channel": ["chat"]})).unwrap()),
        ..RulePatch::default()
    };
    world.desk.change_rule(closing.id, patch, &world.actor()).await.unwrap();
    for text in ["hello", "hello?"] {
        world.take(world.chatted(&world.chat(session(1), "v1", text))).await;
    }
    let chats = world.on(Channel::Chat).await;
    assert_eq!(chats.len(), 2, "a chat that is closed goes on in a new one");
    assert!(chats.iter().all(|chat| chat.status == "closed"));
}

async fn j2_every_replica_knows_the_rules_as_they_are_now(world: World) {
    let other = world.replica().await;
    let first = rule(&world, json!({}), json!([{"kind": "add_tags", "tags": ["one"]}])).await;
    let text = |n: u32| vec![world.text(&format!("m{n}"), &format!("+1555000{n:04}"), "hello")];
    let mut ids = Vec::new();
    let landed = other.take_in(text(1)).await.pop().unwrap().unwrap();
    ids.push(landed.ticket_id.unwrap());
    let patch = RulePatch {
        actions: Some(serde_json::from_value(json!([{"kind": "add_tags", "tags": ["two"]}])).unwrap()),
        ..RulePatch::default()
    };
    world.desk.change_rule(first.id, patch, &world.actor()).await.unwrap();
    for desk in [&other, &world.desk] {
        let n = 1 + u32::try_from(ids.len()).unwrap();
        let landed = desk.take_in(text(n)).await.pop().unwrap().unwrap();
        ids.push(landed.ticket_id.unwrap());
    }
    world.desk.delete_rule(first.id, &world.actor()).await.unwrap();
    ids.push(other.take_in(text(9)).await.pop().unwrap().unwrap().ticket_id.unwrap());
    let mut tags = Vec::new();
    for id in ids {
        tags.push(world.ticket(id).await.tags.join(","));
    }
    assert_eq!(tags, ["one", "two", "two", ""]);
}
