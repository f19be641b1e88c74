//! A calendar invitation as people read it (RFC 5545, RFC 5546): what, when, where, who. Made by email-ingest, shown with the
//! mail.

use serde::{Deserialize, Serialize};

use crate::{address::EmailAddress, id::AttachmentId, time::Timestamp, word::words};

words! {
    /// What a calendar file is for (RFC 5546 §1.4).
    AppointmentKind: 8 {
        /// Somebody is invited, or the event is another now.
        Request = "request",
        /// It does not take place.
        Cancel = "cancel",
        /// Somebody answers an invitation.
        Reply = "reply",
        /// Somebody proposes another time or place.
        Counter = "counter",
        /// The proposal is declined.
        DeclineCounter = "decline_counter",
        /// It is told without asking for an answer.
        Publish = "publish",
        /// Further times of an event that is known.
        Add = "add",
        /// Somebody asks for the newest state.
        Refresh = "refresh",
    }
}

words! {
    /// What somebody says to an invitation.
    Attendance: 5 {
        /// Comes.
        Accepted = "accepted",
        /// Does not come.
        Declined = "declined",
        /// Perhaps comes.
        Tentative = "tentative",
        /// Sends somebody else.
        Delegated = "delegated",
        /// Has said nothing.
        Unknown = "unknown",
    }
}

words! {
    /// What an event repeats by.
    Every: 5 {
        /// Days.
        Day = "day",
        /// Weeks.
        Week = "week",
        /// Months.
        Month = "month",
        /// Years.
        Year = "year",
        /// Something shorter than a day.
        Moment = "moment",
    }
}

words! {
    /// A day of the week.
    Day: 7 {
        /// Monday.
        Mon = "mon",
        /// Tuesday.
        Tue = "tue",
        /// Wednesday.
        Wed = "wed",
        /// Thursday.
        Thu = "thu",
        /// Friday.
        Fri = "fri",
        /// Saturday.
        Sat = "sat",
        /// Sunday.
        Sun = "sun",
    }
}

/// An event of a calendar file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// What it is for.
    pub kind: AppointmentKind,
    /// What calendars know the event by; with `sequence` it tells which of two is newer.
    pub uid: String,
    /// How often the event was changed.
    pub sequence: u32,
    /// It is about this one time of a repeated event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Moment>,
    /// What; may be empty.
    pub title: String,
    /// When it begins.
    pub starts: Option<Moment>,
    /// When it ends; of a whole day, the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Moment>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Who invites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<Guest>,
    /// Who is invited; of an answer, who answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<Guest>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_guests: u32,
    /// How it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
    /// What somebody says with their answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The file it was read from.
    pub file: AttachmentId,
}

/// A time of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// As its writer's clocks show it: `2026-12-01` of a whole day, else `2026-12-01T10:00`.
    pub local: String,
    /// The zone of those clocks: an IANA name, else as its writer calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The moment, where that can be told: not of a whole day, nor of a zone that nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Somebody in an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Their address, where it is one of mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<EmailAddress>,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What they say.
    pub attendance: Attendance,
    /// It takes place without them, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// How an event repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// By what.
    pub every: Every,
    /// Each so many of them, at least 1.
    pub interval: u32,
    /// On these days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// The last day it may be on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How often in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// There is more to it than that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}
