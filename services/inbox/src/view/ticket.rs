//! Tickets.

use std::collections::BTreeMap;

use domain::{
    Channel, Priority,
    event::{CanReply as MayReply, ChatFacts, TicketView},
    message::Attribution as CreditedTo,
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
    /// Which team's it is: the id of the team.
    #[schema(required = true)]
    pub team: Option<String>,
    /// How urgent it is.
    #[schema(value_type = word::Priority)]
    pub priority: Priority,
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
    /// Since when the customer waits for an answer; `null` when nobody does.
    #[schema(required = true)]
    pub waiting_since: Option<Time>,
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
    /// What only a chat has.
    #[schema(required = true)]
    pub chat: Option<Chat>,
    /// Counts every change; give the one you saw as `seen_version` or `If-Match`.
    pub version: i64,
}

/// What only a chat has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Chat {
    /// The visitor has the widget open.
    pub online: bool,
    /// When they left, while they are gone.
    #[schema(required = true)]
    pub left_at: Option<Time>,
    /// The page the chat began on.
    #[schema(required = true)]
    pub page: Option<String>,
    /// What they filled in before the chat, besides who they are, by the names of the fields.
    pub form: BTreeMap<String, String>,
    /// The mail about answers they have not seen.
    pub follow_up: FollowUpState,
    /// How it was for them.
    #[schema(required = true)]
    pub rating: Option<Rating>,
}

/// The mail after a left chat.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FollowUpState {
    /// `off`; `here`: the visitor is; `waiting`: they left, an answer would be mailed; `pending`: a mail leaves at `due_at`;
    /// `sent`, `cancelled`; `no_address`, `unsubscribed`: no mail can be sent.
    #[schema(value_type = word::FollowUpStatus)]
    pub status: String,
    /// When the mail leaves, while it is pending.
    #[schema(required = true)]
    pub due_at: Option<Time>,
}

/// What a visitor says of a chat.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rating {
    /// From 1 (bad) to 5 (good).
    pub score: i64,
    /// In their words.
    #[schema(required = true)]
    pub comment: Option<String>,
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

/// The campaign or flow message that led to a ticket, or to a text.
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
            priority: view.priority,
            tags: view.tags,
            unread: view.unread,
            created_at: Time(view.created_at),
            updated_at: Time(view.updated_at),
            last_message_at: Time(view.last_message_at),
            first_response_at: view.first_response_at.map(Time),
            waiting_since: view.waiting_since.map(Time),
            closed_at: view.closed_at.map(Time),
            attribution: view.attribution.map(Into::into),
            can_reply: view.can_reply.into(),
            visitor_online: view.visitor_online,
            chat: view.chat.map(|chat| (*chat).into()),
            version: view.version,
        }
    }
}

impl From<ChatFacts> for Chat {
    fn from(chat: ChatFacts) -> Self {
        let ChatFacts { online, left_at, page, form, follow_up, rating } = chat;
        Self {
            online,
            left_at: left_at.map(Time),
            page,
            form,
            follow_up: FollowUpState { status: follow_up.status, due_at: follow_up.due_at.map(Time) },
            rating: rating.map(|rating| Rating { score: rating.score, comment: rating.comment }),
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
