//! The words and rules of Frontdesk, pure: no async, no I/O, no clock, no dice.
//!
//! Time and random bits are arguments. What travels on the bus is in [`event`], the ticket's state machine in
//! [`ticket`], who may be answered in [`consent`] and [`ticket::may_reply`].

pub mod address;
pub mod consent;
pub mod event;
pub mod id;
pub mod keyword;
pub mod message;
pub mod role;
pub mod segments;
pub mod settings;
pub mod ticket;
pub mod time;

pub use address::{Address, AddressError, EmailAddress, PhoneNumber};
pub use id::{AttachmentId, MessageId, ProfileId, SessionId, TicketId, UserId};
pub use message::{Author, AuthorKind, Channel, Direction, Message, MessageStatus};
pub use role::Role;
pub use settings::Settings;
pub use time::{Clock, Timestamp};
