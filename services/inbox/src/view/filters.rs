//! Filters of tickets as JSON: what a view keeps, and what a change of many tickets is done to.

use desk::tickets::{AssigneeFilter, Sort, TeamFilter, TicketFilter};
use domain::{Channel, ProfileId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// Which tickets (E5). What is not named, or empty, does not filter.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// One of these.
    #[schema(value_type = Vec<word::TicketStatus>)]
    pub status: Vec<String>,
    /// One of these.
    #[schema(value_type = Vec<word::Channel>)]
    pub channel: Vec<Channel>,
    /// `me` (whoever looks), `none`, or the id of a user.
    #[schema(value_type = Option<String>)]
    pub assignee: Option<AssigneeFilter>,
    /// `none`, or the id of a team.
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamFilter>,
    /// With or without the dot.
    pub unread: Option<bool>,
    /// With one of these tags.
    pub tag: Vec<String>,
    /// Of this customer.
    pub profile: Option<Uuid>,
    /// With a text attributed to the campaign or flow of this id.
    pub campaign: Option<String>,
    /// Attributed to any `campaign`, to any `flow`.
    pub attribution: Vec<String>,
    /// With a note that means, or with none that means, the one who asks.
    pub mentioned: Option<bool>,
    /// Of a customer who is, or is not, blocked.
    pub blocked: Option<bool>,
    /// What is searched for, as in `q` of the list.
    pub q: Option<String>,
    /// Opened at or after this time.
    pub created_from: Option<Time>,
    /// Opened before this time.
    pub created_to: Option<Time>,
    /// Last changed at or after this time.
    pub updated_from: Option<Time>,
    /// Last changed before this time.
    pub updated_to: Option<Time>,
    /// Order, as in `sort` of the list.
    #[schema(value_type = Option<String>)]
    pub sort: Option<Sort>,
}

impl From<Filters> for TicketFilter {
    fn from(given: Filters) -> Self {
        Self {
            status: given.status,
            channel: given.channel,
            assignee: given.assignee,
            team: given.team,
            unread: given.unread,
            tag: given.tag,
            profile: given.profile.map(ProfileId),
            campaign: given.campaign,
            attribution: given.attribution,
            blocked: given.blocked,
            mentioned: given.mentioned,
            q: given.q,
            created_from: given.created_from.map(|time| time.0),
            created_to: given.created_to.map(|time| time.0),
            updated_from: given.updated_from.map(|time| time.0),
            updated_to: given.updated_to.map(|time| time.0),
            sort: given.sort.unwrap_or_default(),
        }
    }
}

impl From<TicketFilter> for Filters {
    fn from(kept: TicketFilter) -> Self {
        Self {
            status: kept.status,
            channel: kept.channel,
            assignee: kept.assignee,
            team: kept.team,
            unread: kept.unread,
            tag: kept.tag,
            profile: kept.profile.map(|id| id.0),
            campaign: kept.campaign,
            attribution: kept.attribution,
            blocked: kept.blocked,
            mentioned: kept.mentioned,
            q: kept.q,
            created_from: kept.created_from.map(Time),
            created_to: kept.created_to.map(Time),
            updated_from: kept.updated_from.map(Time),
            updated_to: kept.updated_to.map(Time),
            sort: Some(kept.sort),
        }
    }
}
