//! Rules (J2).

use desk::{availability::Decided, rules::Tried};
use domain::{
    Channel,
    routing::{Action, Conditions, Rule as Kept},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// What becomes of what customers write.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rule {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// It is asked.
    pub enabled: bool,
    /// All of these must hold.
    #[schema(value_type = RuleConditions)]
    pub conditions: Conditions,
    /// What it does then.
    #[schema(value_type = Vec<RuleAction>)]
    pub actions: Vec<Action>,
    /// The rules after it are not asked then.
    pub stop: bool,
}

/// What a rule looks at. What is not there is not looked at; everything else must hold.
#[derive(ToSchema)]
pub struct RuleConditions {
    /// When it is asked; `new_ticket` unless something else is said.
    pub when: Option<RuleWhen>,
    /// One of these.
    pub channel: Option<Vec<word::Channel>>,
    /// One of these numbers, mailboxes and chat sites of ours.
    pub inbox: Option<Vec<String>>,
    /// Words of the message or its subject: whole words, whatever their case.
    pub words: Option<RuleWords>,
    /// A part of the subject, whatever its case.
    pub subject: Option<String>,
    /// The ticket has one of these tags.
    pub tag: Option<Vec<String>>,
    /// The language the customer's own words are written in.
    pub language: Option<RuleLanguage>,
    /// Something known of the customer.
    pub property: Option<RuleProperty>,
    /// During office hours, or outside them.
    pub hours: Option<RuleHours>,
}

/// When a rule is asked.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RuleWhen {
    /// A message opened the ticket.
    NewTicket,
    /// A message reopened a closed ticket.
    Reopened,
    /// Any message of the customer.
    EveryMessage,
}

/// Words to look for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleWords {
    /// One of them is enough.
    Any(Vec<String>),
    /// All of them.
    All(Vec<String>),
}

/// The language a message is written in. It can be told from 12 letters on (of Chinese, Japanese and Korean from 4 on);
/// of shorter texts, and of other languages whose letters show that they are, neither holds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleLanguage {
    /// One of these.
    Is(Vec<LanguageCode>),
    /// Another than these.
    IsNot(Vec<LanguageCode>),
}

/// A language that can be told (ISO 639-1).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(rename_all = "snake_case")]
pub enum LanguageCode {
    /// Arabic.
    Ar,
    /// German.
    De,
    /// English.
    En,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Hindi.
    Hi,
    /// Italian.
    It,
    /// Japanese.
    Ja,
    /// Korean.
    Ko,
    /// Dutch.
    Nl,
    /// Portuguese.
    Pt,
    /// Russian.
    Ru,
    /// Swedish.
    Sv,
    /// Turkish.
    Tr,
    /// Vietnamese.
    Vi,
    /// Chinese.
    Zh,
}

/// Something known of the customer.
#[derive(ToSchema)]
pub struct RuleProperty {
    /// `name`, `address`, `location`, `time_zone`, or a field of the form before a chat.
    pub name: String,
    /// Its value, or a part of it, whatever the case.
    pub contains: String,
}

/// Office hours.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RuleHours {
    /// During them.
    Inside,
    /// Outside them.
    Outside,
}

/// What a rule does.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RuleAction {
    /// Gives the ticket to a person, if it is nobody's.
    AssignAgent {
        /// Whom.
        user_id: Uuid,
    },
    /// Gives the ticket to a team, and to whoever of it is there and has least to do, if it is nobody's.
    AssignTeam {
        /// Which.
        team_id: Uuid,
    },
    /// Adds tags.
    AddTags {
        /// Which.
        tags: Vec<String>,
    },
    /// Says how urgent it is.
    SetPriority {
        /// How.
        #[schema(value_type = word::Priority)]
        priority: domain::Priority,
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

/// A ticket a rule was tried on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RuleTrial {
    /// The ticket.
    pub ticket: TriedTicket,
    /// The rule holds.
    pub matched: bool,
    /// Why, or why not.
    pub why: String,
    /// What would have happened.
    pub would: Vec<String>,
    /// When the message came that the rule was tried on.
    pub at: Time,
}

/// A ticket a rule was tried on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TriedTicket {
    /// Id.
    pub id: Uuid,
    /// Its number for people.
    pub number: i64,
    /// Channel.
    #[schema(value_type = word::Channel)]
    pub channel: Channel,
    /// The customer's name or address.
    pub customer: String,
    /// Subject, for mail.
    #[schema(required = true)]
    pub subject: Option<String>,
    /// The newest message, shortened.
    pub preview: String,
}

/// Something that was decided about a ticket without a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Decision {
    /// The rule; `null`: somebody of its team became available.
    #[schema(required = true)]
    pub rule_id: Option<Uuid>,
    /// The rule's name at that time.
    #[schema(required = true)]
    pub rule_name: Option<String>,
    /// Why.
    pub why: String,
    /// What was done.
    pub did: Vec<String>,
    /// When.
    pub at: Time,
}

impl From<Kept> for Rule {
    fn from(rule: Kept) -> Self {
        let Kept { id, name, enabled, conditions, actions, stop } = rule;
        Self { id: id.0, name, enabled, conditions, actions, stop }
    }
}

impl From<Tried> for RuleTrial {
    fn from(tried: Tried) -> Self {
        let Tried { ticket, matched, why, would, at } = tried;
        let ticket = TriedTicket {
            id: ticket.id.0,
            number: ticket.number,
            channel: ticket.channel,
            customer: ticket.profile.name.unwrap_or(ticket.profile.address),
            subject: ticket.subject,
            preview: ticket.preview,
        };
        Self { ticket, matched, why, would, at: Time(at) }
    }
}

impl From<Decided> for Decision {
    fn from(decided: Decided) -> Self {
        let Decided { rule, why, did, at } = decided;
        let (rule_id, rule_name) = rule.map(|(id, name)| (id.0, name)).unzip();
        Self { rule_id, rule_name, why, did, at: Time(at) }
    }
}

#[cfg(test)]
mod tests {
    use domain::language::Language;
    use serde_json::to_value;
    use utoipa::PartialSchema;

    #[test]
    fn j2_the_languages_of_the_api_are_those_that_can_be_told() {
        let schema = to_value(super::LanguageCode::schema()).unwrap();
        assert_eq!(schema["enum"], to_value(Language::ALL).unwrap());
    }
}
