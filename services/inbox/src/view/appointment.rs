//! What calendar files among the files of a mail say.

use domain::calendar::{
    Appointment as Told, AppointmentKind, Attendance, Day, Every, Guest, Moment, Repeats,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// An event of a calendar file: an invitation, its change, or an answer to one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Appointment {
    /// What it is for.
    #[schema(value_type = word::AppointmentKind)]
    pub kind: AppointmentKind,
    /// What calendars know the event by.
    pub uid: String,
    /// How often the event was changed: of two with the same `uid` the higher one is newer.
    pub sequence: u32,
    /// It is about this one time of a repeated event.
    #[schema(required = true)]
    pub only: Option<AppointmentTime>,
    /// What; may be empty.
    pub title: String,
    /// When it begins.
    #[schema(required = true)]
    pub starts: Option<AppointmentTime>,
    /// When it ends; of whole days, the last one.
    #[schema(required = true)]
    pub ends: Option<AppointmentTime>,
    /// Where.
    #[schema(required = true)]
    pub place: Option<String>,
    /// Who invites.
    #[schema(required = true)]
    pub organizer: Option<AppointmentGuest>,
    /// Who is invited; of an answer, who answers.
    pub guests: Vec<AppointmentGuest>,
    /// How many more there are.
    pub more_guests: u32,
    /// How it repeats.
    #[schema(required = true)]
    pub repeats: Option<AppointmentRepeats>,
    /// What somebody says with their answer.
    #[schema(required = true)]
    pub comment: Option<String>,
    /// The attachment it was read from.
    pub attachment_id: Uuid,
}

/// A time of an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppointmentTime {
    /// As its writer's clocks show it: `2026-12-01` of a whole day, else `2026-12-01T10:00`.
    pub local: String,
    /// The zone of those clocks: an IANA name, else as its writer calls it.
    #[schema(required = true)]
    pub zone: Option<String>,
    /// The moment; `null` of a whole day, or where the zone is not known.
    #[schema(required = true)]
    pub at: Option<Time>,
}

/// Somebody in an invitation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppointmentGuest {
    /// Their address.
    #[schema(required = true)]
    pub address: Option<String>,
    /// Their name.
    #[schema(required = true)]
    pub name: Option<String>,
    /// What they say.
    #[schema(value_type = word::Attendance)]
    pub attendance: Attendance,
    /// It takes place without them, too.
    pub optional: bool,
}

/// How an event repeats.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppointmentRepeats {
    /// By what.
    #[schema(value_type = word::RepeatsEvery)]
    pub every: Every,
    /// Each so many of them.
    pub interval: u32,
    /// On these days.
    #[schema(value_type = Vec<word::RepeatsDay>)]
    pub days: Vec<Day>,
    /// The last day it may be on, as `2026-12-31`.
    #[schema(required = true)]
    pub until: Option<String>,
    /// How often in all.
    #[schema(required = true)]
    pub times: Option<u32>,
    /// There is more to it than that.
    pub more: bool,
}

impl From<Told> for Appointment {
    fn from(told: Told) -> Self {
        Self {
            kind: told.kind,
            uid: told.uid,
            sequence: told.sequence,
            only: told.only.map(Into::into),
            title: told.title,
            starts: told.starts.map(Into::into),
            ends: told.ends.map(Into::into),
            place: told.place,
            organizer: told.organizer.map(Into::into),
            guests: told.guests.into_iter().map(Into::into).collect(),
            more_guests: told.more_guests,
            repeats: told.repeats.map(Into::into),
            comment: told.comment,
            attachment_id: told.file.0,
        }
    }
}

impl From<Moment> for AppointmentTime {
    fn from(moment: Moment) -> Self {
        Self { local: moment.local, zone: moment.zone, at: moment.at.map(Time) }
    }
}

impl From<Guest> for AppointmentGuest {
    fn from(guest: Guest) -> Self {
        let Guest { address, name, attendance, optional } = guest;
        Self { address: address.map(|address| address.to_string()), name, attendance, optional }
    }
}

impl From<Repeats> for AppointmentRepeats {
    fn from(repeats: Repeats) -> Self {
        let Repeats { every, interval, days, until, times, more } = repeats;
        Self { every, interval, days, until, times, more }
    }
}
