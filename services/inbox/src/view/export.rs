//! `person.json` of an export. It is for the person it is about and no part of the API.

use std::collections::BTreeMap;

use desk::{
    availability::Decided,
    export::{Export, GivenCoupon},
};
use domain::{Channel, Priority, event::TicketView};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Time,
    profile::{Consent, Profile},
    ticket::{Attribution, Chat, Rating},
};

/// What the file says of itself.
const FORMAT: &str = "frontdesk person 1";
const LEFT_OUT: [&str; 4] = [
    "Drafts of answers, and answers that were taken back before they left: nobody was told them.",
    "What this person wrote in tickets of other customers, and what others sent in which they are only named.",
    "The audit log, backups, and copies of messages that are on their way to other programs.",
    "Anything newer than the moment of exported_at.",
];

/// What is there once. The lists of tickets, messages without one, visits and kept events follow it.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The kind of file this is, with its version.
    pub format: &'static str,
    /// The moment it is true of.
    pub exported_at: Time,
    /// Files that are not in the zip; each says why.
    pub missing_files: usize,
    /// What is not in it, in words.
    pub left_out: [&'static str; 4],
    /// The person.
    pub profile: Profile,
    /// Who was merged into them, with what is known under that profile alone.
    pub merged: Vec<Profile>,
    /// Every word on consent to texts, newest first.
    pub consent: Vec<Consent>,
    /// Addresses that asked for no more mails about chats.
    pub no_mails_about_chats: Vec<NoMails>,
    /// Coupons they were given.
    pub coupons: Vec<Coupon>,
}

/// An address that asked for no more mails about chats.
#[derive(Clone, Debug, Serialize)]
pub struct NoMails {
    /// The address.
    pub address: String,
    /// When.
    pub since: Time,
}

/// A coupon they were given.
#[derive(Clone, Debug, Serialize)]
pub struct Coupon {
    /// Its name.
    pub name: String,
    /// The code.
    pub code: String,
    /// The ticket it was given in.
    pub ticket_id: Uuid,
    /// By whom.
    pub given_by: String,
    /// When.
    pub given_at: Time,
}

/// A ticket. Its notes and messages follow it.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedTicket {
    /// Id.
    pub id: Uuid,
    /// Its number for people.
    pub number: i64,
    /// Channel.
    pub channel: Channel,
    /// The organisation's number, mailbox or chat site.
    pub inbox: String,
    /// Their address on this channel.
    pub address: String,
    /// `open`, `snoozed`, `closed`.
    pub status: String,
    /// Subject, for mail.
    pub subject: Option<String>,
    /// Whose it is.
    pub assignee: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// Tags.
    pub tags: Vec<String>,
    /// Opened.
    pub created_at: Time,
    /// Last change of any kind.
    pub updated_at: Time,
    /// Newest message.
    pub last_message_at: Time,
    /// First answer by a person.
    pub first_response_at: Option<Time>,
    /// When a snoozed one comes back.
    pub snoozed_until: Option<Time>,
    /// Closed.
    pub closed_at: Option<Time>,
    /// The campaign or flow message that led here.
    pub attribution: Option<Attribution>,
    /// What only a chat has.
    pub chat: Option<ExportedChat>,
    /// What was decided about it without a person, oldest first.
    pub decisions: Vec<Decision>,
}

/// What only a chat has.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedChat {
    /// The page it began on.
    pub page: Option<String>,
    /// What they filled in before it.
    pub form: BTreeMap<String, String>,
    /// How it was for them.
    pub rating: Option<Rating>,
}

/// What was decided without a person.
#[derive(Clone, Debug, Serialize)]
pub struct Decision {
    /// The rule's name, where it was one.
    pub rule: Option<String>,
    /// Why.
    pub why: String,
    /// What was done.
    pub did: Vec<String>,
    /// When.
    pub at: Time,
}

/// A note of somebody who works here.
#[derive(Clone, Debug, Serialize)]
pub struct ExportedNote {
    /// Id.
    pub id: Uuid,
    /// Who wrote it.
    pub author: String,
    /// The text.
    pub text: String,
    /// When.
    pub created_at: Time,
}

impl Person {
    /// What is there once of an export.
    pub fn of(export: &Export, missing_files: usize) -> Self {
        let no_mails = export.no_mails_since.iter();
        Self {
            format: FORMAT,
            exported_at: Time(export.begun_at),
            missing_files,
            left_out: LEFT_OUT,
            profile: export.profile.clone().into(),
            merged: export.merged.iter().cloned().map(Into::into).collect(),
            consent: export.consents.iter().cloned().map(Into::into).collect(),
            no_mails_about_chats: no_mails
                .map(|(address, since)| NoMails { address: address.clone(), since: Time(*since) })
                .collect(),
            coupons: export.coupons.iter().map(Coupon::from).collect(),
        }
    }
}

impl From<&GivenCoupon> for Coupon {
    fn from(coupon: &GivenCoupon) -> Self {
        Self {
            name: coupon.name.clone(),
            code: coupon.code.clone(),
            ticket_id: coupon.ticket.0,
            given_by: coupon.given_by.clone(),
            given_at: Time(coupon.given_at),
        }
    }
}

impl ExportedTicket {
    /// A ticket with what was decided about it.
    pub fn of(view: TicketView, decisions: Vec<Decided>) -> Self {
        Self {
            id: view.id.0,
            number: view.number,
            channel: view.channel,
            inbox: view.inbox,
            address: view.profile.address,
            status: view.status,
            subject: view.subject,
            assignee: view.assignee.map(|assignee| assignee.name),
            priority: view.priority,
            tags: view.tags,
            created_at: Time(view.created_at),
            updated_at: Time(view.updated_at),
            last_message_at: Time(view.last_message_at),
            first_response_at: view.first_response_at.map(Time),
            snoozed_until: view.snoozed_until.map(Time),
            closed_at: view.closed_at.map(Time),
            attribution: view.attribution.map(Into::into),
            chat: view.chat.map(|chat| {
                let chat = Chat::from(*chat);
                ExportedChat { page: chat.page, form: chat.form, rating: chat.rating }
            }),
            decisions: decisions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Decided> for Decision {
    fn from(decided: Decided) -> Self {
        let Decided { rule, why, did, at } = decided;
        Self { rule: rule.map(|(_, name)| name), why, did, at: Time(at) }
    }
}

impl From<domain::event::Note> for ExportedNote {
    fn from(note: domain::event::Note) -> Self {
        let (id, created_at) = (note.id.0, Time(note.created_at));
        Self { id, author: note.author.name, text: note.text, created_at }
    }
}
