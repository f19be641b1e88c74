use domain::event::QuotedMail;
use mail_parser::{HeaderName as Name, MessageParser, MimeHeaders};

use super::*;

fn mail() -> OutboundEmail {
    OutboundEmail {
        message_id: "0199e0aa-0000-7000-8000-000000000001".parse().unwrap(),
        from: EmailAddress::parse("support@example.com").unwrap(),
        from_name: Some("Müller & Söhne, \"Support\"".into()),
        to: EmailAddress::parse("anna@kunde.example").unwrap(),
        to_name: Some("Anna".into()),
        more_to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        bounces_to: None,
        signature: None,
        quote: None,
        subject: "Re: Bestellung 4711 – wo bleibt sie?".into(),
        text: "Guten Tag,\n\nsie ist unterwegs.\n.\nViele Grüße 👋\n".into(),
        mail_id: "c.1.2.mac@example.com".into(),
        in_reply_to: Some("CAF+x@mail.kunde.example".into()),
        references: vec!["first@kunde.example".into(), "CAF+x@mail.kunde.example".into()],
        automatic: false,
        attachments: Vec::new(),
        html: None,
        unsubscribe: None,
    }
}

fn raw(mail: &OutboundEmail, files: Vec<(Attachment, Bytes)>) -> String {
    let composed = compose(mail, files, Timestamp::from_millis(1_763_700_000_000)).unwrap();
    assert!(composed.raw.is_ascii(), "no relay needs 8BITMIME for it");
    String::from_utf8(composed.raw.to_vec()).unwrap()
}

fn file(name: &str, content_type: &str) -> Attachment {
    Attachment {
        id: "0199e0aa-0000-7000-8000-000000000002".parse().unwrap(),
        name: name.into(),
        content_type: content_type.into(),
        size: 4,
        url: String::new(),
        blob: Some("att/1".into()),
    }
}

#[test]
fn an_answer_reads_as_it_was_written_and_lands_in_its_thread() {
    let raw = raw(&mail(), Vec::new());
    let read = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let from = read.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Müller & Söhne, \"Support\""));
    assert_eq!(from.address(), Some("support@example.com"));
    assert_eq!(read.to().unwrap().first().unwrap().address(), Some("anna@kunde.example"));
    assert_eq!(read.subject(), Some("Re: Bestellung 4711 – wo bleibt sie?"));
    assert_eq!(read.message_id(), Some("c.1.2.mac@example.com"));
    assert_eq!(read.in_reply_to().as_text(), Some("CAF+x@mail.kunde.example"));
    assert_eq!(
        read.references().as_text_list().unwrap(),
        ["first@kunde.example", "CAF+x@mail.kunde.example"]
    );
    assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), mail().text.trim_end());
    assert_eq!(read.date().unwrap().to_timestamp(), 1_763_700_000);
    for automatic in ["Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"] {
        assert!(read.header(Name::Other(automatic.into())).is_none(), "a person wrote it: {automatic}");
    }
}

#[test]
fn only_a_robots_mail_says_it_is_one() {
    let mut mail = mail();
    mail.automatic = true;
    let reply = raw(&mail, Vec::new());
    assert!(reply.contains("\r\nAuto-Submitted: auto-replied\r\n"), "{reply}");
    assert!(reply.contains("\r\nX-Auto-Response-Suppress: All\r\n"));
    assert!(reply.contains("\r\nPrecedence: auto_reply\r\n"));
    mail.in_reply_to = None;
    assert!(raw(&mail, Vec::new()).contains("\r\nAuto-Submitted: auto-generated\r\n"));
}

#[test]
fn nothing_anybody_wrote_can_add_a_header_or_end_the_head() {
    let evil = "x\r\nBcc: all@victims.example\r\n\r\nhello\n\0\u{2028}Bcc: b@c.d\rBcc: e";
    let mut mail = mail();
    let named = |address: &str| NamedAddress { address: address.parse().unwrap(), name: Some(evil.into()) };
    mail.from_name = Some(evil.into());
    mail.to_name = Some(evil.into());
    mail.more_to = vec![named("ben@kunde.example")];
    mail.cc = vec![named("carla@kunde.example")];
    mail.reply_to = Some("support+tabc@in.example.net".parse().unwrap());
    mail.signature = Some(evil.into());
    mail.quote = Some(QuotedMail { by: evil.into(), at: Timestamp::from_millis(0), text: evil.into() });
    mail.text = format!("{evil}\r\n--boundary--\r\n.\r\n");
    mail.subject = evil.into();
    mail.in_reply_to = Some(evil.into());
    mail.references = vec![evil.into(), "ok@x.example".into(), "a> <b".into()];
    let raw = raw(&mail, vec![(file(evil, evil), Bytes::from_static(b"data"))]);
    let read = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let head = raw.split("\r\n\r\n").next().unwrap_or_default().to_lowercase();
    assert!(read.bcc().is_none() && !head.contains("\nbcc:"), "{raw}");
    assert!(!raw.contains("\n.\r\n") || raw.contains("\r\n.\r\n"), "no bare line ends");
    assert_eq!(raw.matches('\n').count(), raw.matches("\r\n").count(), "no bare line ends");
    assert_eq!(read.references().as_text(), Some("ok@x.example"));
    assert!(read.header("In-Reply-To").is_none());
    assert_eq!(read.attachment_count(), 1);
    let names: Vec<_> = read.headers().iter().map(|header| header.name().to_lowercase()).collect();
    let known = [
        "date",
        "from",
        "to",
        "cc",
        "reply-to",
        "subject",
        "message-id",
        "references",
        "mime-version",
        "content-type",
    ];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
}

#[test]
fn an_id_of_ours_that_cannot_be_written_stops_the_mail() {
    let mut mail = mail();
    mail.mail_id = "a\r\nBcc: x@y.z".into();
    assert_eq!(compose(&mail, Vec::new(), Timestamp::from_millis(0)).unwrap_err().code, "unusable");
}

#[test]
fn a_long_thread_keeps_its_first_and_its_newest_ids_on_folded_lines() {
    let mut mail = mail();
    mail.references = (0..60).map(|n| format!("a-rather-long-id-number-{n}@mail.kunde.example")).collect();
    let raw = raw(&mail, Vec::new());
    let read = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let ids = read.references().as_text_list().unwrap().to_vec();
    assert_eq!(ids.len(), MOST_REFERENCES);
    assert_eq!(
        (ids[0].as_ref(), ids[1].as_ref()),
        (mail.references[0].as_str(), mail.references[41].as_str())
    );
    assert!(raw.lines().all(|line| line.len() <= 120), "{raw}");
}

#[test]
fn files_travel_under_their_names() {
    let files = vec![
        (file("Rechnung Nº 5 – Müller.pdf", "application/pdf"), Bytes::from_static(b"%PDF")),
        (file("mail.eml", "message/rfc822"), Bytes::from_static(b"Subject: x\n\nhi")),
    ];
    let raw = raw(&mail(), files);
    let read = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let pdf = read.attachment(0).unwrap();
    assert_eq!(pdf.attachment_name(), Some("Rechnung Nº 5 – Müller.pdf"));
    assert_eq!((pdf.content_type().unwrap().ctype(), pdf.contents()), ("application", &b"%PDF"[..]));
    assert_eq!(read.attachment(1).unwrap().contents(), b"Subject: x\n\nhi");
}

#[test]
fn an_address_is_written_as_relays_take_it() {
    let mut mail = mail();
    mail.to = EmailAddress::parse("anna@bücher.example").unwrap();
    let composed = compose(&mail, Vec::new(), Timestamp::from_millis(0)).unwrap();
    assert_eq!(composed.envelope.to()[0].to_string(), "anna@xn--bcher-kva.example");
    mail.to = EmailAddress::parse("jürgen@example.com").unwrap();
    assert_eq!(compose(&mail, Vec::new(), Timestamp::from_millis(0)).unwrap_err().code, "unusable");
}

#[test]
fn h9_a_mail_may_be_a_page_beside_its_text_and_say_how_to_get_no_more() {
    let mail = OutboundEmail {
        html: Some("<p>Grüße</p>".into()),
        unsubscribe: Some("https://desk.example/u/abc".into()),
        reply_to: Some(EmailAddress::parse("support@acme.example").unwrap()),
        ..mail()
    };
    let composed = compose(&mail, Vec::new(), Timestamp::from_millis(0)).unwrap();
    let raw = String::from_utf8(composed.raw.to_vec()).unwrap();
    for part in [
        "multipart/alternative",
        "Content-Type: text/html; charset=utf-8",
        "Content-Type: text/plain; charset=utf-8",
        "List-Unsubscribe: <https://desk.example/u/abc>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "<support@acme.example>",
    ] {
        assert!(raw.contains(part), "{part} in {raw}");
    }
    let odd = OutboundEmail { unsubscribe: Some("https://x/>\r\nBcc: y".into()), ..mail };
    let raw = compose(&odd, Vec::new(), Timestamp::from_millis(0)).unwrap().raw;
    assert!(!String::from_utf8_lossy(&raw).contains("Bcc"));
}

#[test]
fn everybody_gets_it_once_and_bcc_stands_nowhere() {
    let mut mail = mail();
    let one = |text: &str| NamedAddress::from(EmailAddress::parse(text).unwrap());
    mail.more_to = vec![one("ben@kunde.example")];
    mail.cc = vec![NamedAddress { name: Some("Carla, C.".into()), ..one("carla@kunde.example") }];
    mail.bcc = vec![one("boss@example.com").address, mail.to.clone()];
    mail.reply_to = Some("support+tabc@in.example.net".parse().unwrap());
    mail.bounces_to = Some("support+bxyz@in.example.net".parse().unwrap());
    let composed = compose(&mail, Vec::new(), Timestamp::from_millis(0)).unwrap();
    let to: Vec<_> = composed.envelope.to().iter().map(ToString::to_string).collect();
    assert_eq!(to, ["anna@kunde.example", "ben@kunde.example", "carla@kunde.example", "boss@example.com"]);
    assert_eq!(composed.envelope.from().unwrap().to_string(), "support+bxyz@in.example.net");
    let read = MessageParser::default().parse(composed.raw.as_ref()).unwrap();
    let to: Vec<_> = read.to().unwrap().iter().filter_map(|one| one.address()).collect();
    assert_eq!(to, ["anna@kunde.example", "ben@kunde.example"]);
    let cc = read.cc().unwrap().first().unwrap();
    assert_eq!((cc.address(), cc.name()), (Some("carla@kunde.example"), Some("Carla, C.")));
    let reply_to = read.reply_to().unwrap().first().unwrap();
    assert_eq!(reply_to.address(), Some("support+tabc@in.example.net"));
    assert!(!String::from_utf8_lossy(&composed.raw).contains("boss@"));
}

#[test]
fn text_and_html_say_the_same_with_signature_and_quote() {
    let mut mail = mail();
    mail.signature = Some("Kim\nMüller & Söhne".into());
    mail.quote = Some(QuotedMail {
        by: "Anna <anna@kunde.example>".into(),
        at: Timestamp::from_millis(1_763_700_000_000),
        text: "Wo bleibt sie?".into(),
    });
    let raw = raw(&mail, vec![(file("a.txt", "text/plain"), Bytes::from_static(b"data"))]);
    let read = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let (plain, html) = (read.body_text(0).unwrap(), read.body_html(0).unwrap());
    for words in ["sie ist unterwegs.", "Kim", "Wo bleibt sie?", "wrote:"] {
        assert!(plain.contains(words) && html.contains(words), "{words}");
    }
    assert!(plain.replace("\r\n", "\n").contains("\n-- \nKim\nMüller & Söhne\n"), "{plain}");
    assert!(html.contains("Müller &amp; Söhne") && html.contains("<blockquote"), "{html}");
    assert_eq!(read.attachment_count(), 1);
    assert!(raw.lines().all(|line| line.len() <= 998), "RFC 5322 §2.1.1");
}
