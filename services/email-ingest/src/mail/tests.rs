use host::config::Mailbox;

use super::*;

const NOW: i64 = 1_795_200_000_000;

fn routes() -> Routes {
    Routes::new(vec![Mailbox {
        address: "support@example.com".parse().unwrap(),
        inbound: "support@in.example.net".parse().unwrap(),
        imap: None,
    }])
}

fn read_from(envelope_from: Option<&str>, raw: &[u8]) -> Understood {
    let (routes, mailbox) = (routes(), "support@example.com".parse().unwrap());
    let arrival = Arrival {
        envelope_from,
        recipient: "support+x@in.example.net",
        mailbox: &mailbox,
        routes: &routes,
        now: Timestamp::from_millis(NOW),
    };
    understand(raw, &arrival)
}

fn read(raw: impl AsRef<[u8]>) -> InboundEmail {
    read_from(Some("anna@example.org"), raw.as_ref()).event
}

#[test]
fn a_plain_mail_is_read_whole() {
    let event = read(
        "From: Anna <anna@example.org>\r\nTo: support@example.com\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?Q?_an_alle?=\r\n\
         Message-ID: <1@example.org>\r\nIn-Reply-To: <0@desk>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\r\nHallo\r\n\r\nAnna\r\n",
    );
    assert_eq!(event.subject, "Grüße an alle");
    assert_eq!(event.text, "Hallo\n\nAnna");
    assert_eq!((event.html, event.kind), (None, MailKind::Human));
    assert_eq!(event.refers_to, ["0@desk"]);
    assert_eq!(event.sent_at.unwrap().to_string(), "2026-11-20T09:00:00.000Z");
    assert_eq!(event.recipient, "support+x@in.example.net");
}

#[test]
fn a_date_from_the_future_is_now_and_an_absurd_one_is_none() {
    for (date, sent_at) in [
        ("Fri, 20 Nov 2099 10:00:00 +0000", Some(NOW)),
        ("Thu, 1 Jan 1970 00:00:00 +0000", None),
        ("yesterday", None),
    ] {
        let event = read(format!("From: a@b.c\r\nDate: {date}\r\n\r\nx"));
        assert_eq!(event.sent_at.map(Timestamp::millis), sent_at, "{date}");
    }
}

#[test]
fn a_mail_that_breaks_off_before_its_last_boundary_says_what_is_there() {
    let head = "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n";
    let inner = "Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n";
    let plain = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe";
    let event = read([head, plain].concat());
    assert_eq!((event.text.as_str(), event.attachments.len()), ("Grüße", 0));
    let event = read([head, inner, plain, "\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>Hello"].concat());
    assert_eq!((event.text.as_str(), event.attachments.len()), ("Grüße", 0));
    assert!(event.html.unwrap().contains("<p>Hello"));
    let file =
        "\r\n--o\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=";
    let understood = read_from(None, [head, plain, file].concat().as_bytes());
    assert_eq!((understood.event.text.as_str(), &understood.blobs[0].1[..]), ("Grüße", &b"hello"[..]));
}

#[test]
fn words_without_any_header_are_the_text() {
    for said in ["Where is my parcel?", "Where is my parcel?\r\nAnna"] {
        assert_eq!(read(said).text, said.replace('\r', ""));
    }
}

#[test]
fn html_alone_gives_text_and_harmless_html() {
    let event = read(
        "From: a@b.c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <div>Hi <b>there</b></div><div>Bye<script>x()</script><img src=\"http://x.y/z.gif\"></div>",
    );
    assert_eq!(event.text, "Hi there\nBye");
    assert_eq!(
        event.html.unwrap(),
        "<div>Hi <b>there</b></div><div>Bye<img data-remote-src=\"http://x.y/z.gif\"></div>"
    );
}

#[test]
fn an_empty_text_part_does_not_hide_the_html() {
    let event = read(
        "From: a@b.c\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n \r\n\
         --x\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--x--\r\n",
    );
    assert_eq!(event.text, "Hello");
}

#[test]
fn a_picture_of_the_mail_is_shown_from_its_attachment() {
    let understood = read_from(
        None,
        b"From: a@b.c\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n\
          <p>see <img src=\"cid:p1@b\"></p>\r\n--x\r\nContent-Type: image/png\r\nContent-ID: <p1@b>\r\n\r\npng\r\n--x--\r\n",
    );
    let file = &understood.event.attachments[0];
    assert!(understood.event.html.unwrap().contains(&format!("<img src=\"{}\">", file.url)));
    assert_eq!(understood.blobs, [(format!("att/{}", file.id), Bytes::from_static(b"png"))]);
}

#[test]
fn a_mail_that_makes_no_sense_is_taken_in_all_the_same() {
    for raw in [
        &b""[..],
        b"\r\n",
        b"no headers at all",
        b"\xff\xfe\x00\x01: \x80\r\n\r\n\x00\x00",
        b"From: \r\nSubject: \r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n--\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"From: a@b.c\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xe4",
    ] {
        let event = read(raw);
        assert!(!event.digest.is_empty() && !event.text.contains('\0'), "{raw:?}");
    }
    assert_eq!(read_from(Some(""), b"no headers").event.from.as_str(), "unknown@sender.invalid");
}

#[test]
fn an_excessive_mail_is_taken_in_by_its_headers() {
    let head = "From: Anna <anna@example.org>\r\nSubject: bomb\r\nMessage-ID: <1@x>\r\n";
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let pieces: String = (0..100_000).map(|n| format!(" a{n}*1=x;")).collect();
    let parts = "\r\n--x\r\n".repeat(100_000);
    for raw in [
        format!("{head}{nested}x"),
        format!(
            "{head}Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain;{pieces}\r\n\r\nx\r\n--x--"
        ),
        format!("{head}Content-Type: multipart/mixed; boundary=x\r\n\r\n{parts}--x--"),
        format!("{head}{}\r\nhi", "X-Filler: y\r\n".repeat(50_000)),
    ] {
        let started = std::time::Instant::now();
        let event = read(&raw);
        assert_eq!((event.subject.as_str(), event.from.as_str()), ("bomb", "anna@example.org"));
        assert_eq!(event.message_id.as_deref(), Some("1@x"));
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}

#[test]
fn headers_without_end_do_not_hide_the_rest_of_the_mail() {
    let people: String = (0..100_000).map(|n| format!("u{n}@x.org,\r\n ")).collect();
    let event = read(format!(
        "From: Anna <anna@example.org>\r\nTo: {people}z@x.org\r\nX-Long: {}\r\nSubject: hi\r\nContent-Type: multipart/mixed; \
         boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\nContent-Type: image/png\r\n\r\npng\r\n--x--\r\n",
        "y".repeat(1024 * 1024)
    ));
    assert_eq!((event.subject.as_str(), event.text.as_str()), ("hi", "hello"));
    assert_eq!((event.to.len(), event.attachments.len()), (100, 1));
    assert!(event.unreadable.is_some_and(|why| why.contains("headers")));
}

#[test]
fn mails_within_mails_up_to_the_limit_do_not_overflow_the_stack() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(300);
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let event = thread.spawn(move || read(format!("From: a@b.c\r\nSubject: deep\r\n{nested}x"))).unwrap();
    assert_eq!(event.join().unwrap().attachments.len(), 1);
}

#[test]
fn an_event_fits_the_broker_however_large_the_mail() {
    let text = "\u{1}\"\\ü".repeat(400_000);
    let files = "--x\r\nContent-Type: application/x-y; name=\"file.bin\"\r\n\r\nx\r\n".repeat(1000);
    let raw = format!(
        "From: a@b.c\r\nSubject: {}\r\nReferences:{}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--x\r\nContent-Type: text/html\r\n\r\n{}\r\n{files}--x--\r\n",
        "s".repeat(5000),
        format!(" <{}@x>", "r".repeat(400)).repeat(200),
        "<p>\"\\</p>".repeat(30_000),
    );
    let event = read(raw);
    assert!(serde_json::to_vec(&event).unwrap().len() < 900 * 1024);
    assert!(
        event.text.contains("more files are in the original mail"),
        "{}",
        &event.text[event.text.len() - 80..]
    );
    assert_eq!(event.attachments.len(), files::MAX_FILES);
}

/// A `winmail.dat` with this body and a file `note.txt`.
fn winmail(body: &str) -> Vec<u8> {
    let mut out = b"\x78\x9f\x3e\x22\x01\x00".to_vec();
    for (id, data) in [
        (0x0002_800c_u32, body),
        (0x0006_9002, "rendering....."),
        (0x0001_8010, "note.txt"),
        (0x0006_800f, "the note"),
    ] {
        out.push(1);
        out.extend(id.to_le_bytes());
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(data.as_bytes());
        out.extend([0, 0]);
    }
    out
}

#[test]
fn what_outlook_wraps_comes_out() {
    let names = |understood: &Understood| -> Vec<String> {
        understood.event.attachments.iter().map(|file| file.name.clone()).collect()
    };
    for (outer, inner, cut, text, files) in [
        ("hello", "wrapped", 0, "hello", &["note.txt"][..]),
        ("", "wrapped", 0, "wrapped", &["note.txt"]),
        // Words may be in what cannot be read: RTF, or behind a break.
        ("", "", 0, "", &["note.txt", "winmail.dat"]),
        ("hello", "", 3, "hello", &["note.txt", "winmail.dat"]),
    ] {
        let wrapped = winmail(inner);
        let mut raw = format!(
            "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n{outer}\r\n\
             --x\r\nContent-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        )
        .into_bytes();
        raw.extend(&wrapped[..wrapped.len() - cut]);
        raw.extend(b"\r\n--x--\r\n");
        let understood = read_from(None, &raw);
        assert_eq!(understood.event.text, text, "{inner} {cut}");
        assert_eq!(names(&understood), files, "{outer} {inner} {cut}");
        assert_eq!(understood.blobs.len(), files.len());
    }
    let mut alone =
        b"From: a@b.c\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            .to_vec();
    alone.extend(winmail("only wrapped"));
    let understood = read_from(None, &alone);
    assert_eq!(
        (understood.event.text.as_str(), names(&understood)),
        ("only wrapped", vec!["note.txt".to_owned()])
    );
    assert_eq!(&understood.blobs[0].1[..], b"the note");
}

#[test]
fn too_deep_html_leaves_the_text() {
    let html = format!("{}deep{}", "<div>".repeat(5000), "</div>".repeat(5000));
    let event = read(format!("From: a@b.c\r\nContent-Type: text/html\r\n\r\n{html}"));
    assert_eq!((event.text.as_str(), event.html), ("deep", None));
}

#[test]
fn no_mail_makes_it_panic() {
    use proptest::prelude::*;
    let word = prop_oneof![
        Just("From: \"a\" <a@b.c>\r\n".as_bytes().to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=x\r\n".to_vec()),
        Just(b"Content-Type: text/html\r\n".to_vec()),
        Just(b"Content-Type: message/rfc822\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
        Just(b"Content-Disposition: attachment; filename*0*=utf-8''%".to_vec()),
        Just(b"Subject: =?utf-8?Q?=?=".to_vec()),
        Just(b"\r\n--x\r\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"<div a='".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest!(|(words in proptest::collection::vec(word, 0..30))| {
        let raw = words.concat();
        let routes = routes();
        let mailbox = "support@example.com".parse().unwrap();
        let now = Timestamp::from_millis(NOW);
        let arrival = Arrival { envelope_from: None, recipient: "x", mailbox: &mailbox, routes: &routes, now };
        let (whole, minimal) = (understand(&raw, &arrival).event, minimal::understand(&raw, &arrival).event);
        prop_assert!(!whole.text.contains('\0') && !minimal.text.contains('\0'));
        prop_assert_eq!(whole.digest, minimal.digest);
    });
}

#[test]
fn a_calendar_is_told_and_stays_a_file_and_a_broken_one_is_only_a_file() {
    let calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:7\r\nSUMMARY:Lunch\r\nDTSTART:20261201T110000Z\r\n\
        END:VEVENT\r\nEND:VCALENDAR\r\n";
    let whole = read(format!("From: a@b.c\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n{calendar}"));
    assert_eq!((whole.appointments.len(), whole.attachments.len()), (1, 1), "{whole:?}");
    assert_eq!(whole.appointments[0].file, whole.attachments[0].id);
    assert_eq!((whole.appointments[0].title.as_str(), whole.kind), ("Lunch", MailKind::Calendar));
    let mixed = |kind: &str, content: &str| {
        read(format!(
            "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee you\r\n--x\r\nContent-Type: {kind}\r\n\
             Content-Disposition: attachment; filename=\"a.ics\"\r\n\r\n{content}\r\n--x--\r\n"
        ))
    };
    let attached = mixed("application/octet-stream", calendar);
    assert_eq!((attached.appointments.len(), attached.attachments.len()), (1, 1));
    assert_eq!((attached.text.as_str(), attached.kind), ("See you", MailKind::Human));
    for broken in ["BEGIN:VCALENDAR", "\u{0}\u{1}", "not a calendar"] {
        let broken = mixed("text/calendar", broken);
        assert_eq!((broken.appointments.len(), broken.attachments.len()), (0, 1));
    }
}
