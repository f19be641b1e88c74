//! What rules make of messages, as tables.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{Channel, Priority, RuleId, TeamId, UserId};

fn rule(n: u128, conditions: Value, actions: Value) -> Rule {
    Rule {
        id: RuleId(Uuid::from_u128(n)),
        name: format!("rule {n}"),
        enabled: true,
        conditions: serde_json::from_value(conditions).unwrap(),
        actions: serde_json::from_value(actions).unwrap(),
        stop: false,
    }
}

fn facts<'a>(known: &'a BTreeMap<String, String>, tags: &'a [String]) -> Facts<'a> {
    Facts {
        event: Event::Opened,
        channel: Channel::Email,
        inbox: "support@acme.example",
        text: "I want my money back, please.",
        subject: Some("Order 1042 – Rückgabe"),
        tags,
        known,
        open: true,
    }
}

#[test]
fn j2_what_each_condition_asks() {
    let known: BTreeMap<_, _> = [("location".to_owned(), "Berlin, DE".to_owned())].into();
    let tags = ["vip".to_owned()];
    for (conditions, holds, why) in [
        (json!({}), true, "a new ticket"),
        (json!({"when": "reopened"}), false, "a new ticket"),
        (json!({"when": "every_message"}), true, "a new ticket"),
        (json!({"channel": ["email", "chat"]}), true, "a new ticket; it came by email"),
        (json!({"channel": ["sms"]}), false, "it came by email"),
        (json!({"inbox": ["Support@Acme.example"]}), true, "a new ticket; it came to support@acme.example"),
        (json!({"inbox": ["+15550001111"]}), false, "it came to support@acme.example"),
        (json!({"words": {"any": ["refund", "money back"]}}), true, "a new ticket; it says “money back”"),
        (json!({"words": {"any": ["refund"]}}), false, "it says none of “refund”"),
        (json!({"words": {"any": ["rückgabe"]}}), true, "a new ticket; it says “rückgabe”"),
        (json!({"words": {"all": ["MONEY", "please"]}}), true, "a new ticket; it says “MONEY”, “please”"),
        (json!({"words": {"all": ["money", "now"]}}), false, "it does not say “now”"),
        (json!({"subject": "RÜCK"}), true, "a new ticket; the subject has “RÜCK”"),
        (json!({"subject": "invoice"}), false, "the subject does not have “invoice”"),
        (json!({"tag": ["VIP", "late"]}), true, "a new ticket; it has the tag vip"),
        (json!({"tag": ["late"]}), false, "it has no tag late"),
        (
            json!({"property": {"name": "location", "contains": "berlin"}}),
            true,
            "a new ticket; location of the customer is “Berlin, DE”",
        ),
        (
            json!({"property": {"name": "plan", "contains": "gold"}}),
            false,
            "plan of the customer is not known",
        ),
        (json!({"language": {"is": ["de", "en"]}}), true, "a new ticket; it is written in English"),
        (json!({"language": {"is": ["de"]}}), false, "it is written in English"),
        (json!({"language": {"is_not": ["de"]}}), true, "a new ticket; it is written in English"),
        (json!({"language": {"is_not": ["de", "en"]}}), false, "it is written in English"),
        (json!({"hours": "inside"}), true, "a new ticket; within office hours"),
        (json!({"hours": "outside"}), false, "within office hours"),
        (json!({"channel": ["sms"], "tag": ["late"]}), false, "it came by email; it has no tag late"),
    ] {
        let asked: Conditions = serde_json::from_value(conditions.clone()).unwrap();
        let checks = checks(&asked, &facts(&known, &tags));
        assert_eq!(checks.iter().all(|check| check.met), holds, "{conditions}");
        assert_eq!(reason(&checks), why, "{conditions}");
    }
}

#[test]
fn j2_of_a_text_too_short_to_tell_its_language_neither_holds() {
    let known = BTreeMap::new();
    for conditions in [json!({"language": {"is": ["en"]}}), json!({"language": {"is_not": ["de"]}})] {
        let asked: Conditions = serde_json::from_value(conditions).unwrap();
        let checks = checks(&asked, &Facts { text: "ok", ..facts(&known, &[]) });
        assert_eq!(reason(&checks), "its language cannot be told");
    }
}

#[test]
fn j2_the_first_rule_that_says_whose_it_is_has_said_so_and_tags_add_up() {
    let (known, agent, team) = (BTreeMap::new(), Uuid::from_u128(7), Uuid::from_u128(8));
    let mut rules = vec![
        rule(1, json!({"words": {"any": ["refund"]}}), json!([{"kind": "close"}])),
        rule(
            2,
            json!({"words": {"any": ["money"]}}),
            json!([{"kind": "add_tags", "tags": ["money"]}, {"kind": "set_priority", "priority": "high"}]),
        ),
        rule(
            3,
            json!({"tag": ["money"]}),
            json!([{"kind": "assign_team", "team_id": team}, {"kind": "add_tags", "tags": ["money", "back"]}]),
        ),
        rule(
            4,
            json!({}),
            json!([{"kind": "assign_agent", "user_id": agent}, {"kind": "set_priority", "priority": "low"},
                {"kind": "mark_read"}, {"kind": "auto_reply", "text": "We have it."}]),
        ),
    ];
    let id = |n| RuleId(Uuid::from_u128(n));
    let decision = decide(&rules, &facts(&known, &[]));
    assert_eq!(decision.matched.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [id(2), id(3), id(4)]);
    assert_eq!(
        decision.assign,
        Some((Assign::Team(TeamId(team)), id(3))),
        "a tag that a rule adds counts for those after it"
    );
    assert_eq!(decision.tags, [("money".to_owned(), id(2)), ("back".to_owned(), id(3))]);
    assert_eq!(decision.priority, Some((Priority::High, id(2))));
    assert_eq!((decision.mark_read, decision.close), (Some(id(4)), None));
    assert_eq!(decision.reply, Some(("We have it.".to_owned(), id(4))));
    rules[2].stop = true;
    let decision = decide(&rules, &facts(&known, &[]));
    assert_eq!((decision.matched.len(), decision.reply), (2, None), "the rules after it are not asked");
    rules[2].enabled = false;
    let decision = decide(&rules, &facts(&known, &[]));
    assert_eq!(decision.assign, Some((Assign::Agent(UserId(agent)), id(4))));
}

#[test]
fn j2_rules_that_make_no_sense_say_why() {
    for (conditions, actions, field) in [
        (json!({}), json!([]), "actions"),
        (json!({"words": {"any": []}}), json!([{"kind": "close"}]), "conditions.words"),
        (json!({"words": {"all": ["?!"]}}), json!([{"kind": "close"}]), "conditions.words"),
        (json!({"tag": [" "]}), json!([{"kind": "close"}]), "conditions.tag"),
        (json!({"subject": ""}), json!([{"kind": "close"}]), "conditions.subject"),
        (json!({"language": {"is": []}}), json!([{"kind": "close"}]), "conditions.language"),
        (
            json!({"property": {"name": "plan", "contains": ""}}),
            json!([{"kind": "close"}]),
            "conditions.property",
        ),
        (json!({}), json!([{"kind": "close"}, {"kind": "close"}]), "actions"),
        (json!({}), json!([{"kind": "add_tags", "tags": []}]), "actions"),
        (json!({}), json!([{"kind": "auto_reply", "text": " "}]), "actions"),
        (
            json!({}),
            json!([{"kind": "assign_agent", "user_id": Uuid::nil()}, {"kind": "assign_team", "team_id": Uuid::nil()}]),
            "actions",
        ),
    ] {
        let odd = rule(1, conditions.clone(), actions.clone());
        assert_eq!(odd.check().map_err(|(field, _)| field), Err(field), "{conditions} {actions}");
    }
    let nameless = Rule { name: " ".into(), ..rule(1, json!({}), json!([{"kind": "close"}])) };
    assert_eq!(nameless.check().map_err(|(field, _)| field), Err("name"));
    assert_eq!(rule(1, json!({}), json!([{"kind": "close"}])).check(), Ok(()));
    assert!(serde_json::from_value::<Conditions>(json!({"colour": "red"})).is_err());
    assert!(serde_json::from_value::<Conditions>(json!({"language": {"is": ["xx"]}})).is_err());
    assert!(serde_json::from_value::<Action>(json!({"kind": "explode"})).is_err());
}

proptest! {
    #[test]
    fn rules_that_do_not_hold_change_nothing_wherever_they_stand(
        places in prop::collection::vec(any::<bool>(), 0..8), stop: bool,
    ) {
        let known = BTreeMap::new();
        let (mut all, mut holding) = (Vec::new(), Vec::new());
        for (n, holds) in places.iter().enumerate() {
            let word = if *holds { "money" } else { "nothing of it" };
            let tag = format!("tag {n}");
            let conditions = json!({"words": {"any": [word]}});
            let mut one = rule(n as u128, conditions, json!([{"kind": "add_tags", "tags": [tag]}]));
            one.stop = stop && n == 3;
            all.push(one.clone());
            if *holds {
                holding.push(one);
            }
        }
        prop_assert_eq!(decide(&all, &facts(&known, &[])), decide(&holding, &facts(&known, &[])));
    }
}
