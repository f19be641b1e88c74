//! Facts and rules to what is to be done, with the reasons (J2). The rules are asked in order; the first that gives the
//! ticket to somebody, or says how urgent it is, has said so; tags add up. Pure.

use std::collections::BTreeMap;

use super::{
    rule::{Action, Conditions, Hours, Rule, When, Words, WrittenIn},
    words::{folded, has},
};
use crate::{
    id::{RuleId, TeamId, UserId},
    language::Language,
    message::Channel,
    priority::Priority,
};

/// What a customer's message did to its ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It opened it.
    Opened,
    /// It reopened it.
    Reopened,
    /// It was added.
    Added,
}

/// What rules look at.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// What the message did.
    pub event: Event,
    /// The channel.
    pub channel: Channel,
    /// Our number, mailbox or site.
    pub inbox: &'a str,
    /// The customer's own words.
    pub text: &'a str,
    /// The subject of the ticket.
    pub subject: Option<&'a str>,
    /// Tags of the ticket.
    pub tags: &'a [String],
    /// What is known of the customer, by name.
    pub known: &'a BTreeMap<String, String>,
    /// Whether it is within office hours; where there are none, always.
    pub open: bool,
}

/// A condition, whether it holds, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// It holds.
    pub met: bool,
    /// What was found, for people.
    pub found: String,
}

/// Whose the ticket is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assign {
    /// A person's.
    Agent(UserId),
    /// Somebody's of a team.
    Team(TeamId),
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The rules whose conditions hold, in order, and why.
    pub matched: Vec<(RuleId, String)>,
    /// Whose it is to be, and which rule says so.
    pub assign: Option<(Assign, RuleId)>,
    /// Tags to add, and which rules say so.
    pub tags: Vec<(String, RuleId)>,
    /// How urgent it is, and which rule says so.
    pub priority: Option<(Priority, RuleId)>,
    /// The dot is to go.
    pub mark_read: Option<RuleId>,
    /// It is to be closed.
    pub close: Option<RuleId>,
    /// The answer, as a template.
    pub reply: Option<(String, RuleId)>,
}

/// What the rules say to this.
pub fn decide(rules: &[Rule], facts: &Facts<'_>) -> Decision {
    let mut decision = Decision::default();
    let mut tags = facts.tags.to_vec();
    for rule in rules.iter().filter(|rule| rule.enabled) {
        let checks = checks(&rule.conditions, &Facts { tags: &tags, ..facts.clone() });
        if !checks.iter().all(|check| check.met) {
            continue;
        }
        decision.matched.push((rule.id, reason(&checks)));
        for action in &rule.actions {
            apply(&mut decision, action, rule.id);
            if let Action::AddTags { tags: more } = action {
                tags.extend(more.iter().cloned());
            }
        }
        if rule.stop {
            break;
        }
    }
    decision
}

fn apply(decision: &mut Decision, action: &Action, rule: RuleId) {
    match action {
        Action::AssignAgent { user_id } => {
            decision.assign.get_or_insert((Assign::Agent(*user_id), rule));
        }
        Action::AssignTeam { team_id } => {
            decision.assign.get_or_insert((Assign::Team(*team_id), rule));
        }
        Action::AddTags { tags } => {
            for tag in tags {
                if !decision.tags.iter().any(|(known, _)| known == tag) {
                    decision.tags.push((tag.clone(), rule));
                }
            }
        }
        Action::SetPriority { priority } => {
            decision.priority.get_or_insert((*priority, rule));
        }
        Action::MarkRead => {
            decision.mark_read.get_or_insert(rule);
        }
        Action::Close => {
            decision.close.get_or_insert(rule);
        }
        Action::AutoReply { text } => {
            decision.reply.get_or_insert((text.clone(), rule));
        }
    }
}

/// Why a rule holds, or does not, in one sentence.
pub fn reason(checks: &[Check]) -> String {
    let missing: Vec<_> = checks.iter().filter(|check| !check.met).collect();
    let told = if missing.is_empty() { checks.iter().collect() } else { missing };
    told.into_iter().map(|check| check.found.as_str()).collect::<Vec<_>>().join("; ")
}

/// Every condition of a rule, and whether it holds.
pub fn checks(conditions: &Conditions, facts: &Facts<'_>) -> Vec<Check> {
    let mut checks = vec![when(conditions.when, facts.event)];
    if !conditions.channel.is_empty() {
        let met = conditions.channel.contains(&facts.channel);
        checks.push(Check { met, found: format!("it came by {}", facts.channel) });
    }
    if !conditions.inbox.is_empty() {
        let met = conditions.inbox.iter().any(|ours| folded(ours.trim()) == folded(facts.inbox));
        checks.push(Check { met, found: format!("it came to {}", facts.inbox) });
    }
    checks.extend(conditions.words.as_ref().map(|words| by_words(words, facts)));
    checks.extend(conditions.subject.as_ref().map(|part| by_subject(part, facts)));
    if !conditions.tag.is_empty() {
        checks.push(by_tag(&conditions.tag, facts));
    }
    checks.extend(conditions.language.as_ref().map(|wanted| by_language(wanted, facts)));
    if let Some(property) = &conditions.property {
        let known = facts.known.get(property.name.trim());
        let met = known.is_some_and(|value| folded(value).contains(&folded(property.contains.trim())));
        let found = match known {
            Some(value) => format!("{} of the customer is “{value}”", property.name),
            None => format!("{} of the customer is not known", property.name),
        };
        checks.push(Check { met, found });
    }
    checks.extend(conditions.hours.map(|hours| {
        let found = if facts.open { "within office hours" } else { "outside office hours" };
        Check { met: facts.open == (hours == Hours::Inside), found: found.into() }
    }));
    checks
}

fn when(when: When, event: Event) -> Check {
    let met = match when {
        When::NewTicket => event == Event::Opened,
        When::Reopened => event == Event::Reopened,
        When::EveryMessage => true,
    };
    let found = match event {
        Event::Opened => "a new ticket",
        Event::Reopened => "it reopened a closed ticket",
        Event::Added => "another message of a ticket",
    };
    Check { met, found: found.into() }
}

fn by_words(words: &Words, facts: &Facts<'_>) -> Check {
    let (text, subject) = (folded(facts.text), folded(facts.subject.unwrap_or_default()));
    let there = |word: &&String| has(&text, word) || has(&subject, word);
    let (Words::Any(all) | Words::All(all)) = words;
    let (found, missing): (Vec<_>, Vec<_>) = all.iter().partition(there);
    match words {
        Words::Any(_) => match found.first() {
            Some(word) => Check { met: true, found: format!("it says “{word}”") },
            None => Check { met: false, found: format!("it says none of {}", quoted(&missing)) },
        },
        Words::All(_) if missing.is_empty() => {
            Check { met: true, found: format!("it says {}", quoted(&found)) }
        }
        Words::All(_) => Check { met: false, found: format!("it does not say {}", quoted(&missing)) },
    }
}

fn quoted(words: &[&String]) -> String {
    words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ")
}

fn by_subject(part: &str, facts: &Facts<'_>) -> Check {
    let Some(subject) = facts.subject else {
        return Check { met: false, found: "it has no subject".into() };
    };
    let met = folded(subject).contains(&folded(part.trim()));
    let says = if met { "has" } else { "does not have" };
    Check { met, found: format!("the subject {says} “{}”", part.trim()) }
}

fn by_language(wanted: &WrittenIn, facts: &Facts<'_>) -> Check {
    let Some(language) = Language::of(facts.text) else {
        return Check { met: false, found: "its language cannot be told".into() };
    };
    let met = match wanted {
        WrittenIn::Is(some) => some.contains(&language),
        WrittenIn::IsNot(some) => !some.contains(&language),
    };
    Check { met, found: format!("it is written in {}", language.name()) }
}

fn by_tag(wanted: &[String], facts: &Facts<'_>) -> Check {
    let wanted: Vec<_> = wanted.iter().map(|tag| folded(tag.trim())).collect();
    match facts.tags.iter().find(|tag| wanted.contains(&folded(tag))) {
        Some(tag) => Check { met: true, found: format!("it has the tag {tag}") },
        None => Check { met: false, found: format!("it has no tag {}", wanted.join(" or ")) },
    }
}
