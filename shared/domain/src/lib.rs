//! The words and rules of Frontdesk, pure: no async, no I/O, no clock, no dice.
//!
//! Time and random bits are arguments. What travels on the bus is in [`event`], the ticket's state machine in
//! [`ticket`], who may be answered in [`consent`] and [`ticket::may_reply`].

pub mod account_mail;
pub mod address;
pub mod agents;
pub mod attribution;
pub mod audit;
pub mod auto_responder;
pub mod calendar;
pub mod consent;
pub mod coupon;
pub mod draft;
pub mod event;
pub mod filter;
pub mod follow_up;
pub mod id;
pub mod identity;
pub mod keyword;
pub mod language;
pub mod links;
pub mod mail;
pub mod mail_answer;
pub mod mail_place;
pub mod mention;
pub mod message;
pub mod notice;
pub mod office_hours;
pub mod pace;
pub mod parts;
pub mod passkey;
pub mod picture;
pub mod preferences;
pub mod priority;
pub mod quick_response;
pub mod quiet_hours;
pub mod role;
pub mod routing;
pub mod search;
pub mod segments;
pub mod settings;
pub mod sign_in;
pub mod subject;
pub mod tag;
pub mod template;
pub mod ticket;
pub mod time;
pub mod webhook;
mod word;
pub mod zone;

pub use address::{Address, AddressError, EmailAddress, NamedAddress, PhoneNumber};
pub use id::{
    AttachmentId, AuditId, BulkId, CouponId, DeliveryId, ErasureId, InvitationId, MergeId, MessageId, NoteId,
    PasskeyId, ProfileId, QuickResponseId, RuleId, SessionId, TagId, TeamId, TicketId, UserId, ViewId,
    WebhookId,
};
pub use message::{Author, AuthorKind, Channel, Direction, Message, MessageStatus};
pub use priority::Priority;
pub use role::Role;
pub use settings::Settings;
pub use time::{Clock, Timestamp};
