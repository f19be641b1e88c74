//! What a rule looks at and what it does, and whether it makes sense (J2). Pure.

use serde::{Deserialize, Serialize};

use super::words;
use crate::{
    id::{RuleId, TeamId, UserId},
    language::Language,
    message::Channel,
    priority::Priority,
    tag,
};

/// Longest name of a rule, in characters.
const MAX_NAME: usize = 80;
/// Most words of a condition, tags, places of ours.
const MAX_LIST: usize = 100;
/// Longest word, tag or value, in characters.
const MAX_WORD: usize = 200;
/// Most things a rule does.
const MAX_ACTIONS: usize = 10;
/// Longest automatic answer, in characters.
const MAX_REPLY: usize = 1600;

/// Says what becomes of what customers write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Id.
    pub id: RuleId,
    /// Name.
    pub name: String,
    /// It is asked.
    pub enabled: bool,
    /// All of these must hold.
    pub conditions: Conditions,
    /// What it does then.
    pub actions: Vec<Action>,
    /// The rules after it are not asked then.
    pub stop: bool,
}

/// What a rule looks at. What is empty or not there is not looked at; everything else must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// When it is asked.
    pub when: When,
    /// One of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel: Vec<Channel>,
    /// One of these numbers, mailboxes and chat sites of ours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inbox: Vec<String>,
    /// Words of the message, or of a mail's subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
    /// A part of the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The ticket has one of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag: Vec<String>,
    /// The language of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<WrittenIn>,
    /// Something known of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<Property>,
    /// During office hours, or outside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// When a rule is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A message opened the ticket.
    #[default]
    NewTicket,
    /// A message reopened a closed ticket.
    Reopened,
    /// Any message of the customer.
    EveryMessage,
}

/// Words to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    /// One of them is enough.
    Any(Vec<String>),
    /// All of them.
    All(Vec<String>),
}

/// The language a message is written in. Of one that cannot be told (see [`Language::of`]) neither holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrittenIn {
    /// One of these.
    Is(Vec<Language>),
    /// Another than these.
    IsNot(Vec<Language>),
}

/// Something known of the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// `name`, `address`, `location`, `time_zone`, or a field of the form before a chat.
    pub name: String,
    /// Its value, or a part of it, whatever the case.
    pub contains: String,
}

/// Office hours (H7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// During them.
    Inside,
    /// Outside them.
    Outside,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Gives the ticket to a person, if it is nobody's.
    AssignAgent {
        /// Whom.
        user_id: UserId,
    },
    /// Gives the ticket to a team and, in turn, to somebody of it who is there, if it is nobody's.
    AssignTeam {
        /// Which.
        team_id: TeamId,
    },
    /// Adds tags.
    AddTags {
        /// Which.
        tags: Vec<String>,
    },
    /// Says how urgent it is.
    SetPriority {
        /// How.
        priority: Priority,
    },
    /// Takes the dot away.
    MarkRead,
    /// Closes the ticket.
    Close,
    /// Answers, as far as an automatic answer may be sent.
    AutoReply {
        /// With what; variables are filled in.
        text: String,
    },
}

impl Rule {
    /// Whether a rule makes sense; people, teams and tags are the caller's.
    ///
    /// # Errors
    /// The field that does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let length = self.name.chars().count();
        if self.name.trim().is_empty() || length > MAX_NAME {
            return Err(("name", format!("a rule's name must have 1 to {MAX_NAME} characters")));
        }
        self.conditions.check()?;
        check_actions(&self.actions)
    }

    /// Whether it looks at a tag, or gives it.
    pub fn names_tag(&self, tag: &str) -> bool {
        let gives =
            |action: &Action| matches!(action, Action::AddTags { tags } if tags.iter().any(|one| one == tag));
        self.conditions.tag.iter().any(|one| one == tag) || self.actions.iter().any(gives)
    }

    /// A tag it may name is called otherwise.
    pub fn rename_tag(&mut self, from: &str, to: &str) {
        tag::rename(&mut self.conditions.tag, from, to);
        for action in &mut self.actions {
            if let Action::AddTags { tags } = action {
                tag::rename(tags, from, to);
            }
        }
    }

    /// Whether this is the only rule that needs to know of the customer.
    pub fn looks_at_profile(&self) -> bool {
        self.conditions.property.is_some()
    }
}

impl Conditions {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if let Some(Words::Any(words) | Words::All(words)) = &self.words {
            if words.is_empty() || words.len() > MAX_LIST {
                return Err(("conditions.words", format!("there must be 1 to {MAX_LIST} words to look for")));
            }
            if let Some(odd) = words.iter().find(|word| !words::says_something(word) || is_long(word)) {
                return Err((
                    "conditions.words",
                    format!("{odd:?} is no word to look for: it needs a letter or digit"),
                ));
            }
        }
        for (field, list) in [("conditions.inbox", &self.inbox), ("conditions.tag", &self.tag)] {
            if list.len() > MAX_LIST || list.iter().any(|one| one.trim().is_empty() || is_long(one)) {
                return Err((field, format!("at most {MAX_LIST}, none of them empty")));
            }
        }
        if self.subject.as_ref().is_some_and(|part| part.trim().is_empty() || is_long(part)) {
            return Err((
                "conditions.subject",
                format!("a part of a subject has 1 to {MAX_WORD} characters"),
            ));
        }
        if let Some(WrittenIn::Is(some) | WrittenIn::IsNot(some)) = &self.language
            && (some.is_empty() || some.len() > Language::ALL.len())
        {
            return Err(("conditions.language", "name the languages to look for, each once".into()));
        }
        let odd = |text: &String| text.trim().is_empty() || is_long(text);
        if self.property.as_ref().is_some_and(|property| odd(&property.name) || odd(&property.contains)) {
            return Err(("conditions.property", "a property needs a name and a value to look for".into()));
        }
        Ok(())
    }
}

fn is_long(text: &str) -> bool {
    text.chars().count() > MAX_WORD
}

fn check_actions(actions: &[Action]) -> Result<(), (&'static str, String)> {
    if actions.is_empty() || actions.len() > MAX_ACTIONS {
        return Err(("actions", format!("a rule does 1 to {MAX_ACTIONS} things")));
    }
    let kind = std::mem::discriminant::<Action>;
    for (index, action) in actions.iter().enumerate() {
        if actions.iter().take(index).any(|earlier| kind(earlier) == kind(action)) {
            return Err(("actions", "a rule does each thing once".into()));
        }
        match action {
            Action::AddTags { tags } if tags.is_empty() => {
                return Err(("actions", "name at least one tag to add".into()));
            }
            Action::AutoReply { text } if text.trim().is_empty() || text.chars().count() > MAX_REPLY => {
                return Err(("actions", format!("an automatic answer has 1 to {MAX_REPLY} characters")));
            }
            _ => {}
        }
    }
    let assigns = |action: &&Action| matches!(action, Action::AssignAgent { .. } | Action::AssignTeam { .. });
    if actions.iter().filter(assigns).count() > 1 {
        return Err(("actions", "a rule gives a ticket to a person or to a team, not to both".into()));
    }
    Ok(())
}
