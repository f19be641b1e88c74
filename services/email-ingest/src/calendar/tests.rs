use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// As Outlook sends it.
const OUTLOOK: &str = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nPRODID:Microsoft Exchange Server 2010\r\nVERSION:2.0\r\n\
    BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\n\
    TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
    DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\n\
    END:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nORGANIZER;CN=Anna Lee:mailto:anna@kunde.example\r\n\
    ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=Support:mailto\r\n :support@example.com\r\n\
    ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;CN=\"Roy, Ben\":MAILTO:Ben@kunde.example\r\n\
    DESCRIPTION;LANGUAGE=de-DE:Wir sprechen über die Bestellung.\\n\r\nRRULE:FREQ=WEEKLY;UNTIL=20261229T090000Z;INTERVAL=1;BYDAY=TU\r\n\
    UID:040000008200E00074C5B7101A82E008\r\nSUMMARY;LANGUAGE=de-DE:Bestellung 4711\\, Übergabe\r\n\
    DTSTART;TZID=W. Europe Standard Time:20261201T100000\r\nDTEND;TZID=W. Europe Standard Time:20261201T103000\r\n\
    CLASS:PUBLIC\r\nPRIORITY:5\r\nDTSTAMP:20261120T081500Z\r\nTRANSP:OPAQUE\r\nSTATUS:CONFIRMED\r\nSEQUENCE:2\r\n\
    LOCATION;LANGUAGE=de-DE:Raum 3\\; Hof\r\nBEGIN:VALARM\r\nDESCRIPTION:REMINDER\r\nTRIGGER;RELATED=START:-PT15M\r\n\
    ACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn file() -> AttachmentId {
    AttachmentId(Uuid::from_u128(7))
}

fn one(event: &str, method: &str) -> Appointment {
    let file = format!(
        "BEGIN:VCALENDAR\nMETHOD:{method}\nBEGIN:VEVENT\nUID:1\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    let mut all = read(file.as_bytes(), super::tests::file());
    assert_eq!(all.len(), 1, "{event}");
    all.remove(0)
}

#[test]
fn an_invitation_of_outlook_is_read_whole() {
    let found = read(OUTLOOK.as_bytes(), file());
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        serde_json::json!([{
            "kind": "request", "uid": "040000008200E00074C5B7101A82E008", "sequence": 2,
            "title": "Bestellung 4711, Übergabe", "place": "Raum 3; Hof",
            "starts": {"local": "2026-12-01T10:00", "zone": "Europe/Berlin", "at": "2026-12-01T09:00:00.000Z"},
            "ends": {"local": "2026-12-01T10:30", "zone": "Europe/Berlin", "at": "2026-12-01T09:30:00.000Z"},
            "organizer": {"address": "anna@kunde.example", "name": "Anna Lee", "attendance": "unknown"},
            "guests": [
                {"address": "support@example.com", "name": "Support", "attendance": "unknown"},
                {"address": "ben@kunde.example", "name": "Roy, Ben", "attendance": "accepted", "optional": true},
            ],
            "repeats": {"every": "week", "interval": 1, "days": ["tue"], "until": "2026-12-29"},
            "file": file(),
        }])
    );
}

#[test]
fn a_file_says_what_it_is_for() {
    for (method, event, kind) in [
        ("REQUEST", "SUMMARY:a", AppointmentKind::Request),
        ("CANCEL", "SUMMARY:a", AppointmentKind::Cancel),
        ("REQUEST", "SUMMARY:a\nSTATUS:CANCELLED", AppointmentKind::Cancel),
        ("reply", "SUMMARY:a", AppointmentKind::Reply),
        ("COUNTER", "SUMMARY:a", AppointmentKind::Counter),
        ("DECLINECOUNTER", "SUMMARY:a", AppointmentKind::DeclineCounter),
        ("SURPRISE", "SUMMARY:a", AppointmentKind::Publish),
    ] {
        assert_eq!(one(event, method).kind, kind, "{method} {event}");
    }
    let answer = one(
        "DTSTART:20261201T090000Z\nATTENDEE;PARTSTAT=DECLINED:mailto:ben@kunde.example\nCOMMENT:ill\\, sorry",
        "REPLY",
    );
    assert_eq!(answer.guests[0].attendance, Attendance::Declined);
    assert_eq!(answer.comment.as_deref(), Some("ill, sorry"));
    let moved = one("SUMMARY:a\nDTSTART:20261202T090000Z\nRECURRENCE-ID:20261201T090000Z", "REQUEST");
    assert_eq!(moved.only.unwrap().local, "2026-12-01T09:00");
}

#[test]
fn of_a_repeated_event_its_rule_is_told_and_of_many_events_the_first() {
    let event =
        |uid: u32, more: &str| format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:event {uid}{more}\nEND:VEVENT\n");
    let all = format!(
        "BEGIN:VCALENDAR\n{}{}{}END:VCALENDAR",
        event(1, " moved\nRECURRENCE-ID:20261201"),
        event(1, "\nRRULE:FREQ=DAILY"),
        (2..40).map(|uid| event(uid, "")).collect::<String>()
    );
    let found = read(all.as_bytes(), file());
    assert_eq!(found.len(), MOST_EVENTS);
    assert_eq!((found[0].title.as_str(), found[1].title.as_str()), ("event 1", "event 2"));
    assert!(found[0].repeats.is_some() && found[0].only.is_none());
}

#[test]
fn what_is_no_calendar_stays_a_file() {
    for text in [
        "",
        "hello",
        "BEGIN:VCALENDAR\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR",
    ] {
        assert_eq!(read(text.as_bytes(), file()), Vec::new(), "{text}");
    }
    assert_eq!(read(&vec![b'x'; LARGEST + 1], file()), Vec::new());
    let latin =
        read(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:\xdcbergabe\nEND:VEVENT\nEND:VCALENDAR", file());
    assert_eq!(latin[0].title, "\u{dc}bergabe", "not UTF-8, and read all the same");
    for (kind, name, is) in [
        ("text/calendar", "a", true),
        ("application/octet-stream", "Invite.ICS", true),
        ("application/pdf", "ics", false),
    ] {
        assert_eq!(is_calendar(kind, name), is, "{kind} {name}");
    }
}

#[test]
fn many_guests_are_counted() {
    let guests = (0..400).map(|n| format!("ATTENDEE:mailto:a{n}@b.example\n")).collect::<String>();
    let found = one(&format!("SUMMARY:party\n{guests}"), "REQUEST");
    assert_eq!((found.guests.len(), found.more_guests), (MOST_GUESTS, 350));
}

proptest! {
    #[test]
    fn whatever_comes_is_read_without_harm(
        lines in prop::collection::vec("(BEGIN|END|DTSTART|DTEND|DURATION|RRULE|TZID|TZOFFSETTO|ATTENDEE|SUMMARY)[;:=A-Z0-9\"+/,-]{0,20}[:;]\\PC{0,20}", 0..30)
    ) {
        let file = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}\nEND:VEVENT\nEND:VCALENDAR", lines.join("\n"));
        for found in read(file.as_bytes(), super::tests::file()) {
            prop_assert!(found.title.chars().count() <= LONGEST);
            prop_assert!(!found.title.contains('\n'));
        }
    }
}
