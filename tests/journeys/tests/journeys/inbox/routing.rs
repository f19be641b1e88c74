//! J2: who gets a ticket, by hand and by rules.

use harness::{agent::Agent, frontdesk::Shape};
use serde_json::{Value, json};

use super::{ANNA, PHONE, colleague, id, mails, profile, quiet, texts};
use crate::in_both_shapes;

async fn j2_by_hand_a_ticket_is_a_persons_or_a_teams_and_no_rule_takes_it_away(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, me) = colleague(&world, "Maya", "support").await;
    let (_, cleo) = colleague(&world, "Cleo", "support").await;
    let team = world.agent().post("/teams", json!({"name": "Returns", "members": [cleo]})).await.expect(201);
    let ticket = texts(&world, PHONE, "hello").await;
    let mine = maya.change(&id(&ticket), json!({"assignee_id": me, "team_id": id(&team)})).await;
    assert_eq!((&mine["assignee"]["name"], &mine["team"]), (&json!("Maya"), &team["id"]));
    let rule = json!({"name": "All to Cleo", "conditions": {"when": "every_message"},
        "actions": [{"kind": "assign_agent", "user_id": cleo}]});
    world.agent().post("/rules", rule).await.expect(201);
    let same = texts(&world, PHONE, "and another thing").await;
    assert_eq!(same["assignee"]["name"], "Maya");
    let other = texts(&world, super::OTHER_PHONE, "hi").await;
    assert_eq!(other["assignee"]["name"], "Cleo", "what is nobody's goes by the rule");
}

async fn j2_rules_look_at_every_side_of_a_message_and_say_why(shape: Shape) {
    let world = quiet(shape).await;
    let agent = world.agent();
    let known = mails(&world, ANNA, "Hello", "just to say hello to all of you").await;
    agent.patch(&format!("/profiles/{}", profile(&known)), json!({"location": "Berlin"})).await.expect(200);
    let tags = |conditions: Value, tag: &str| json!({"name": tag, "conditions": conditions, "actions": [{"kind": "add_tags", "tags": [tag]}]});
    for (conditions, tag) in [
        (json!({"channel": ["email"]}), "channel"),
        (json!({"channel": ["sms"]}), "another channel"),
        (json!({"words": {"any": ["Umtausch"]}}), "words"),
        (json!({"subject": "bestellung"}), "subject"),
        (json!({"tag": ["channel"]}), "tag"),
        (json!({"property": {"name": "location", "contains": "berlin"}}), "property"),
        (json!({"language": {"is": ["de", "fr"]}}), "language"),
        (json!({"language": {"is_not": ["de"]}}), "another language"),
        (json!({"hours": "inside"}), "hours"),
        (json!({"hours": "outside"}), "other hours"),
    ] {
        agent.post("/rules", tags(conditions, tag)).await.expect(201);
    }
    let urgent = json!({"name": "Urgent", "conditions": {"language": {"is": ["de"]}},
        "actions": [{"kind": "set_priority", "priority": "urgent"}]});
    let tried = agent.post("/rules/dry-run", json!({"rule": urgent})).await.expect(200);
    assert_eq!(
        (&tried["data"][0]["matched"], &tried["data"][0]["why"]),
        (&json!(false), &json!("it is written in English"))
    );
    agent.post("/rules", urgent.clone()).await.expect(201);
    let ticket =
        mails(&world, ANNA, "Meine Bestellung 1042", "Ich möchte bitte einen Umtausch der Schuhe").await;
    let ticket = world.ticket(&ticket).await;
    assert_eq!(
        ticket["tags"],
        json!(["channel", "hours", "language", "property", "subject", "tag", "words"])
    );
    assert_eq!(ticket["priority"], "urgent");
    let decisions = agent.get(&format!("/tickets/{}/decisions", id(&ticket))).await.expect(200);
    let why =
        decisions["data"].as_array().expect("decisions").iter().find(|one| one["rule_name"] == "Urgent");
    assert_eq!(why.expect("Urgent")["why"], "a new ticket; it is written in German");
    let tried = agent.post("/rules/dry-run", json!({"rule": urgent})).await.expect(200);
    let matched: Vec<_> =
        tried["data"].as_array().expect("tickets").iter().map(|one| &one["matched"]).collect();
    assert_eq!(matched, [true, false], "newest first");

    let short = mails(&world, ANNA, "ok", "ok").await;
    let short = world.ticket(&short).await;
    assert_eq!(
        short["tags"],
        json!(["channel", "hours", "property", "tag"]),
        "too short to tell its language"
    );
    let odd =
        json!({"name": "x", "conditions": {"language": {"is": ["klingon"]}}, "actions": [{"kind": "close"}]});
    let refused = agent.post("/rules", odd).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body["detail"].as_str().expect("words").contains("klingon"), "{}", refused.body);
}

/// Says whether somebody takes tickets.
async fn says(agent: &Agent, status: &str) {
    agent.patch("/users/me/availability", json!({"status": status})).await.expect(200);
}

async fn j2_a_teams_tickets_go_round_among_those_who_are_there(shape: Shape) {
    let world = quiet(shape).await;
    let (maya, _) = colleague(&world, "Maya", "support").await;
    let (cleo, _) = colleague(&world, "Cleo", "support").await;
    let (away, _) = colleague(&world, "Pia", "support").await;
    for (agent, status) in [(&maya, "available"), (&cleo, "available"), (&away, "away")] {
        says(agent, status).await;
    }
    let people = world.agent().get("/users").await.expect(200);
    let people = people["data"].as_array().expect("people").iter();
    let members: Vec<_> = people.filter(|one| one["role"] == "support").map(id).collect();
    let team = world.agent().post("/teams", json!({"name": "Returns", "members": members})).await.expect(201);
    let rule = json!({"name": "To Returns", "conditions": {"channel": ["sms"]},
        "actions": [{"kind": "assign_team", "team_id": id(&team)}]});
    world.agent().post("/rules", rule).await.expect(201);
    let mut given = Vec::new();
    for n in 0..4 {
        let ticket = texts(&world, &format!("+1555777020{n}"), &format!("refund {n}")).await;
        assert_eq!(ticket["team"], team["id"]);
        given.push(ticket["assignee"]["name"].as_str().expect("somebody").to_owned());
    }
    given.sort();
    assert_eq!(given, ["Cleo", "Cleo", "Maya", "Maya"], "in turn, and none to who is away");
    says(&maya, "away").await;
    says(&cleo, "away").await;
    let waits = texts(&world, PHONE, "is nobody there?").await;
    assert_eq!((&waits["assignee"], &waits["team"]), (&Value::Null, &team["id"]));
    says(&away, "available").await;
    assert_eq!(world.ticket(&waits).await["assignee"]["name"], "Pia", "who comes back gets what waited");
}

in_both_shapes!(
    j2_by_hand_a_ticket_is_a_persons_or_a_teams_and_no_rule_takes_it_away,
    j2_rules_look_at_every_side_of_a_message_and_say_why,
    j2_a_teams_tickets_go_round_among_those_who_are_there,
);
