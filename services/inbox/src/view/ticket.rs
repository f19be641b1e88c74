//! Tickets.

use domain::{
    Channel,
    event::{Attribution as CreditedTo, CanReply as MayReply, TicketView},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// A ticket: one conversation with one customer on one channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// Id.
    pub id: Uuid,
    /// Its number for people, from 1.
    pub number: i64,
    /// Channel.
    #[schema(value_type = word::Channel)]
    pub channel: Channel,
    /// Our number, mailbox or chat site.
    pub inbox: String,
    /// Status.
    #[schema(value_type = word::TicketStatus)]
    pub status: String,
    /// When a snoozed one comes back.
    #[schema(required = true)]
    pub snoozed_until: Option<Time>,
    /// Subject, for mail.
    #[schema(required = true)]
    pub subject: Option<String>,
    /// The newest message, shortened.
    pub preview: String,
    /// The customer.
    pub profile: TicketProfile,
    /// Whose it is.
    #[schema(required = true)]
    pub assignee: Option<Assignee>,
    /// Which team's it is.
    #[schema(required = true)]
    pub team: Option<String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Unread dot.
    pub unread: bool,
    /// Opened.
    pub created_at: Time,
    /// Last change of any kind.
    pub updated_at: Time,
    /// Newest message.
    pub last_message_at: Time,
    /// First answer by a person.
    #[schema(required = true)]
    pub first_response_at: Option<Time>,
    /// Closed.
    #[schema(required = true)]
    pub closed_at: Option<Time>,
    /// The campaign or flow message that led here.
    #[schema(required = true)]
    pub attribution: Option<Attribution>,
    /// Whether the customer may be answered.
    pub can_reply: CanReply,
    /// Chat: the visitor has the widget open.
    pub visitor_online: bool,
    /// Counts every change; give the one you saw as `seen_version` or `If-Match`.
    pub version: i64,
}

/// The customer, as a ticket shows them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketProfile {
    /// Id.
    pub id: Uuid,
    /// Name, where known.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Their address on the ticket's channel.
    pub address: String,
    /// Blocked.
    pub blocked: bool,
}

/// Who a ticket is assigned to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Assignee {
    /// Id of the user.
    pub id: Uuid,
    /// Name.
    pub name: String,
}

/// The campaign or flow message that led to a ticket.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attribution {
    /// `campaign` or `flow`.
    #[schema(value_type = word::AuthorKind)]
    pub kind: domain::AuthorKind,
    /// Its id outside.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The message that is credited.
    pub message_id: Uuid,
}

/// Whether the customer may be answered, and if not, why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CanReply {
    /// Yes or no.
    pub allowed: bool,
    /// Stable code of the reason, such as `sms_no_consent`.
    #[schema(required = true)]
    pub code: Option<String>,
    /// The reason, for people.
    #[schema(required = true)]
    pub reason: Option<String>,
}

impl From<TicketView> for Ticket {
    fn from(view: TicketView) -> Self {
        Self {
            id: view.id.0,
            number: view.number,
            channel: view.channel,
            inbox: view.inbox,
            status: view.status,
            snoozed_until: view.snoozed_until.map(Time),
            subject: view.subject,
            preview: view.preview,
            profile: TicketProfile {
                id: view.profile.id.0,
                name: view.profile.name,
                address: view.profile.address,
                blocked: view.profile.blocked,
            },
            assignee: view.assignee.map(|assignee| Assignee { id: assignee.id.0, name: assignee.name }),
            team: view.team,
            tags: view.tags,
            unread: view.unread,
            created_at: Time(view.created_at),
            updated_at: Time(view.updated_at),
            last_message_at: Time(view.last_message_at),
            first_response_at: view.first_response_at.map(Time),
            closed_at: view.closed_at.map(Time),
            attribution: view.attribution.map(Into::into),
            can_reply: view.can_reply.into(),
            visitor_online: view.visitor_online,
            version: view.version,
        }
    }
}

impl From<CreditedTo> for Attribution {
    fn from(credited: CreditedTo) -> Self {
        let CreditedTo { kind, id, name, message_id } = credited;
        Self { kind, id, name, message_id: message_id.0 }
    }
}

impl From<MayReply> for CanReply {
    fn from(may: MayReply) -> Self {
        let MayReply { allowed, code, reason } = may;
        Self { allowed, code, reason }
    }
}
