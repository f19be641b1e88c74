//! Which tickets a list shows and in which order (E3–E5): what a list asks for, what a view keeps, and what a change of
//! many tickets is done to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    event::TicketView,
    id::{ProfileId, TeamId, UserId},
    message::Channel,
    time::Timestamp,
};

/// The place of tickets in which nobody waits, among those sorted by how long a customer waits: after all others.
pub const NOBODY_WAITS: i64 = 9_007_199_254_740_991;

/// Whose tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// Those of the one who asks, whoever that is.
    Me,
    /// Nobody's.
    None,
    /// Those of one person.
    User(UserId),
}

impl fmt::Display for AssigneeFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::None => f.write_str("none"),
            Self::User(id) => id.fmt(f),
        }
    }
}

impl FromStr for AssigneeFilter {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "me" => Ok(Self::Me),
            "none" => Ok(Self::None),
            id => id
                .parse()
                .map(Self::User)
                .map_err(|_| format!("{text:?} is none of: me, none, the id of a user")),
        }
    }
}

/// Of which team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamFilter {
    /// Of none.
    None,
    /// Of one.
    Team(TeamId),
}

impl fmt::Display for TeamFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Team(id) => id.fmt(f),
        }
    }
}

impl FromStr for TeamFilter {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            id => {
                id.parse().map(Self::Team).map_err(|_| format!("{text:?} is none of: none, the id of a team"))
            }
        }
    }
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// `-last_message_at`: newest message first.
    #[default]
    NewestMessage,
    /// `last_message_at`: longest without a message first.
    OldestMessage,
    /// `-created_at`: newest ticket first.
    Newest,
    /// `created_at`: oldest ticket first.
    Oldest,
    /// `waiting`: whose customer has waited longest for an answer first; then those in which nobody waits.
    LongestWaiting,
}

impl Sort {
    const ALL: [Self; 5] =
        [Self::NewestMessage, Self::OldestMessage, Self::Newest, Self::Oldest, Self::LongestWaiting];

    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewestMessage => "-last_message_at",
            Self::OldestMessage => "last_message_at",
            Self::Newest => "-created_at",
            Self::Oldest => "created_at",
            Self::LongestWaiting => "waiting",
        }
    }

    /// What a ticket is sorted by: milliseconds since 1970.
    pub fn key(self, ticket: &TicketView) -> i64 {
        match self {
            Self::NewestMessage | Self::OldestMessage => ticket.last_message_at.millis(),
            Self::Newest | Self::Oldest => ticket.created_at.millis(),
            Self::LongestWaiting => ticket.waiting_since.map_or(NOBODY_WAITS, Timestamp::millis),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Sort {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let words = Self::ALL.map(Self::as_str);
        let found = Self::ALL.into_iter().find(|sort| sort.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is none of: {}", words.join(", ")))
    }
}

macro_rules! as_text {
    ($($type:ty),+) => {
        $(
            impl Serialize for $type {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }
            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = String::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        )+
    };
}
as_text!(AssigneeFilter, TeamFilter, Sort);

/// Which tickets (E5). What is empty or `None` does not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketFilter {
    /// `open`, `snoozed`, `closed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<String>,
    /// Channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel: Vec<Channel>,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<AssigneeFilter>,
    /// Of which team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamFilter>,
    /// With or without the dot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<bool>,
    /// With one of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag: Vec<String>,
    /// Of this customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileId>,
    /// With a text attributed to the campaign or flow of this id (I1–I3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Attributed to any `campaign`, to any `flow`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attribution: Vec<String>,
    /// Of a customer who is, or is not, blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    /// With a note that means, or with none that means, the one who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentioned: Option<bool>,
    /// What is searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Opened at or after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_from: Option<Timestamp>,
    /// Opened before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_to: Option<Timestamp>,
    /// Last changed at or after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<Timestamp>,
    /// Last changed before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_to: Option<Timestamp>,
    /// Order.
    pub sort: Sort,
}

impl TicketFilter {
    /// These filters, and where they say nothing, those of a view.
    #[must_use]
    pub fn over(self, view: Self) -> Self {
        let list = |own: Vec<String>, views: Vec<String>| if own.is_empty() { views } else { own };
        Self {
            status: list(self.status, view.status),
            channel: if self.channel.is_empty() { view.channel } else { self.channel },
            assignee: self.assignee.or(view.assignee),
            team: self.team.or(view.team),
            unread: self.unread.or(view.unread),
            tag: list(self.tag, view.tag),
            profile: self.profile.or(view.profile),
            campaign: self.campaign.or(view.campaign),
            attribution: list(self.attribution, view.attribution),
            blocked: self.blocked.or(view.blocked),
            mentioned: self.mentioned.or(view.mentioned),
            q: self.q.or(view.q),
            created_from: self.created_from.or(view.created_from),
            created_to: self.created_to.or(view.created_to),
            updated_from: self.updated_from.or(view.updated_from),
            updated_to: self.updated_to.or(view.updated_to),
            sort: if self.sort == Sort::default() { view.sort } else { self.sort },
        }
    }
}

/// The views that everybody has (E3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// Open and mine.
    Mine,
    /// Open and nobody's.
    Unassigned,
    /// In which a note means the one who asks.
    Mentions,
    /// Snoozed, whoever's.
    Snoozed,
    /// Of customers who are blocked.
    Blocked,
    /// Every ticket.
    All,
}

impl BuiltIn {
    /// Every one, in the order of the screen.
    pub const ALL: [Self; 6] =
        [Self::Mine, Self::Unassigned, Self::Mentions, Self::Snoozed, Self::Blocked, Self::All];

    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Unassigned => "unassigned",
            Self::Mentions => "mentions",
            Self::Snoozed => "snoozed",
            Self::Blocked => "blocked",
            Self::All => "all",
        }
    }

    /// Its filters.
    pub fn filter(self) -> TicketFilter {
        let of = |status: &str| TicketFilter { status: vec![status.to_owned()], ..TicketFilter::default() };
        match self {
            Self::Mine => TicketFilter { assignee: Some(AssigneeFilter::Me), ..of("open") },
            Self::Unassigned => TicketFilter { assignee: Some(AssigneeFilter::None), ..of("open") },
            Self::Mentions => TicketFilter { mentioned: Some(true), ..TicketFilter::default() },
            Self::Snoozed => of("snoozed"),
            Self::Blocked => TicketFilter { blocked: Some(true), ..TicketFilter::default() },
            Self::All => TicketFilter::default(),
        }
    }
}

/// A view by what the address of a list calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewName {
    /// One that everybody has.
    BuiltIn(BuiltIn),
    /// A saved one (E4).
    Saved(Uuid),
}

impl FromStr for ViewName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let built_in = BuiltIn::ALL.into_iter().find(|view| view.as_str() == text);
        if let Some(view) = built_in {
            return Ok(Self::BuiltIn(view));
        }
        let words = BuiltIn::ALL.map(BuiltIn::as_str).join(", ");
        text.parse().map(Self::Saved).map_err(|_| format!("{text:?} is none of: {words}, the id of a view"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_written_without_what_it_does_not_ask_for_and_read_back() {
        let filter = TicketFilter {
            status: vec!["open".into()],
            assignee: Some(AssigneeFilter::Me),
            sort: Sort::LongestWaiting,
            ..TicketFilter::default()
        };
        let json = serde_json::to_string(&filter).unwrap();
        assert_eq!(json, r#"{"status":["open"],"assignee":"me","sort":"waiting"}"#);
        assert_eq!(serde_json::from_str::<TicketFilter>(&json).unwrap(), filter);
        assert_eq!(serde_json::from_str::<TicketFilter>("{}").unwrap(), TicketFilter::default());
        assert!(serde_json::from_str::<TicketFilter>(r#"{"assignee":"you"}"#).is_err());
    }

    #[test]
    fn what_a_list_asks_for_counts_more_than_its_view() {
        let view = BuiltIn::Mine.filter();
        let asked =
            TicketFilter { status: vec!["closed".into()], unread: Some(true), ..TicketFilter::default() };
        let both = asked.over(view);
        assert_eq!((both.status, both.unread), (vec!["closed".to_owned()], Some(true)));
        assert_eq!(both.assignee, Some(AssigneeFilter::Me));
    }

    #[test]
    fn views_and_orders_have_names() {
        for view in BuiltIn::ALL {
            assert_eq!(view.as_str().parse(), Ok(ViewName::BuiltIn(view)));
        }
        assert_eq!(Uuid::nil().to_string().parse(), Ok(ViewName::Saved(Uuid::nil())));
        assert!("yours".parse::<ViewName>().is_err());
        for sort in Sort::ALL {
            assert_eq!(sort.as_str().parse(), Ok(sort));
        }
    }
}
