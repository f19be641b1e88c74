//! What a calendar file says (RFC 5545, RFC 5546, RFC 6047): pure. Nothing here fails: a file that says nothing stays a file.

use domain::{
    AttachmentId, EmailAddress,
    calendar::{Appointment, AppointmentKind, Attendance, Guest},
};

use crate::mail::clean;
use lines::{Component, Line};
use zones::Zones;

mod lines;
mod repeats;
mod times;
mod windows;
mod zones;

/// Larger files are not looked into, in bytes.
const LARGEST: usize = 1024 * 1024;
/// Events of one file that are shown.
const MOST_EVENTS: usize = 5;
/// Guests that are named.
const MOST_GUESTS: usize = 50;
/// Longest title, place, comment and name of an event, in characters.
const LONGEST: usize = 300;
const LONGEST_COMMENT: usize = 1_000;

/// Whether a file may be one of a calendar, by what its sender says of it.
pub fn is_calendar(content_type: &str, name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    matches!(content_type, "text/calendar" | "application/ics" | "application/calendar")
        || matches!(extension.as_deref(), Some("ics" | "ical" | "ifb"))
}

/// The events of a file, as far as people care. Times that were changed of a repeated event are not told one by one.
pub fn read(file: &[u8], id: AttachmentId) -> Vec<Appointment> {
    if file.len() > LARGEST {
        return Vec::new();
    }
    let text = match std::str::from_utf8(file) {
        Ok(text) => text.to_owned(),
        Err(_) => file.iter().copied().map(char::from).collect(),
    };
    let file = Component::read(text.trim_start_matches('\u{feff}'));
    let mut found: Vec<Appointment> = Vec::new();
    for calendar in file.all("VCALENDAR").take(MOST_EVENTS) {
        let zones = Zones::of(calendar);
        let method = calendar.text("METHOD");
        // those that stand for all of their times come first
        let (changed, whole): (Vec<_>, Vec<_>) =
            calendar.all("VEVENT").partition(|event| event.line("RECURRENCE-ID").is_some());
        for event in whole.into_iter().chain(changed) {
            let Some(one) = appointment(event, method.as_deref(), &zones, id) else { continue };
            if found.len() < MOST_EVENTS && found.iter().all(|known| known.uid != one.uid) {
                found.push(one);
            }
        }
    }
    found
}

/// An event without beginning and title says nothing.
fn appointment(
    event: &Component,
    method: Option<&str>,
    zones: &Zones<'_>,
    file: AttachmentId,
) -> Option<Appointment> {
    let line =
        |name: &str| event.text(name).map(|text| clean::line(&text, LONGEST)).filter(|text| !text.is_empty());
    let (starts, ends) = times::span(event, zones);
    let title = line("SUMMARY").unwrap_or_default();
    if starts.is_none() && title.is_empty() {
        return None;
    }
    let all = || event.lines.iter().filter(|line| line.name == "ATTENDEE");
    let count = u32::try_from(all().count()).unwrap_or(u32::MAX);
    let guests: Vec<Guest> = all().take(MOST_GUESTS).map(guest).collect();
    let comment = event.text("COMMENT").map(|text| clean::text(&text, LONGEST_COMMENT));
    Some(Appointment {
        kind: kind(event, method),
        uid: line("UID").unwrap_or_default(),
        sequence: line("SEQUENCE").and_then(|text| text.trim().parse().ok()).unwrap_or(0),
        only: event.line("RECURRENCE-ID").and_then(|line| times::moment(line, zones)),
        title,
        starts,
        ends,
        place: line("LOCATION"),
        organizer: event.line("ORGANIZER").map(guest),
        more_guests: count.saturating_sub(u32::try_from(guests.len()).unwrap_or(u32::MAX)),
        guests,
        repeats: event.line("RRULE").and_then(|line| repeats::repeats(&line.value)),
        comment: comment.filter(|comment| !comment.trim().is_empty()),
        file,
    })
}

/// An event that is called off is, whatever the file is for.
fn kind(event: &Component, method: Option<&str>) -> AppointmentKind {
    let cancelled =
        event.text("STATUS").is_some_and(|status| status.trim().eq_ignore_ascii_case("CANCELLED"));
    let method = method.map(|method| method.trim().to_ascii_uppercase());
    match method.as_deref() {
        Some("REPLY") => AppointmentKind::Reply,
        Some("COUNTER") => AppointmentKind::Counter,
        Some("DECLINECOUNTER") => AppointmentKind::DeclineCounter,
        Some("REFRESH") => AppointmentKind::Refresh,
        Some("CANCEL") => AppointmentKind::Cancel,
        _ if cancelled => AppointmentKind::Cancel,
        Some("REQUEST") => AppointmentKind::Request,
        Some("ADD") => AppointmentKind::Add,
        _ => AppointmentKind::Publish,
    }
}

fn guest(line: &Line) -> Guest {
    let value = line.value.trim();
    let mailto = value.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map(|_| &value[7..]);
    let address = mailto.or(line.param("EMAIL")).unwrap_or(value);
    let address: Option<EmailAddress> = address.trim().parse().ok();
    let name = line.param("CN").and_then(clean::display_name);
    let attendance = match line.param("PARTSTAT").map(str::to_ascii_uppercase).as_deref() {
        Some("ACCEPTED") => Attendance::Accepted,
        Some("DECLINED") => Attendance::Declined,
        Some("TENTATIVE") => Attendance::Tentative,
        Some("DELEGATED") => Attendance::Delegated,
        _ => Attendance::Unknown,
    };
    let role = line.param("ROLE").unwrap_or_default();
    let optional = ["OPT-PARTICIPANT", "NON-PARTICIPANT"].iter().any(|word| role.eq_ignore_ascii_case(word));
    Guest { address, name, attendance, optional }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
