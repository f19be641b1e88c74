use host::config::Mailbox;

use super::*;

fn session() -> Session {
    session_with(|_| ())
}

fn session_with(change: impl FnOnce(&mut Terms)) -> Session {
    let routes = Routes::new(vec![Mailbox {
        address: "support@example.com".parse().unwrap(),
        inbound: "support@in.example.net".parse().unwrap(),
        imap: None,
    }]);
    let host = "desk.example.com".into();
    let mut terms = Terms {
        host,
        max_size: 1000,
        lmtp: false,
        tls: Tls::Absent,
        peer: [192, 0, 2, 9].into(),
        is_trusted: false,
    };
    change(&mut terms);
    Session::new(Arc::new(routes), terms)
}

/// Says the lines; the codes that came back.
fn talk(session: &mut Session, lines: &[&str]) -> Vec<u16> {
    lines.iter().map(|line| session.command(line.as_bytes()).reply.code).collect()
}

#[test]
fn a_mail_goes_from_ehlo_to_data() {
    let mut session = session();
    let codes =
        talk(&mut session, &["EHLO mx.example.org", "MAIL FROM:<anna@example.org> SIZE=1000 BODY=8BITMIME"]);
    assert_eq!(codes, [250, 250]);
    assert_eq!(session.command(b"RCPT TO:<Support+x@in.example.net>\r\n").reply.code, 250);
    let answer = session.command(b"DATA\r\n");
    assert_eq!((answer.reply.code, answer.next), (354, Next::Data));
    let taken = session.take();
    assert_eq!(taken.from, "anna@example.org");
    assert_eq!(taken.recipients, ["Support+x@in.example.net"]);
    assert_eq!(session.data_ended(Outcome::Kept).reply.code, 250);
    assert_eq!(talk(&mut session, &["DATA", "MAIL FROM:<>", "QUIT"]), [503, 250, 221]);
}

#[test]
fn commands_out_of_order_are_refused_and_change_nothing() {
    let mut session = session();
    assert_eq!(
        talk(&mut session, &["MAIL FROM:<a@b.c>", "RCPT TO:<support@in.example.net>", "DATA"]),
        [503; 3]
    );
    assert_eq!(
        talk(&mut session, &["HELO x", "MAIL FROM:<a@b.c>", "MAIL FROM:<d@e.f>", "DATA"]),
        [250, 250, 503, 554]
    );
    assert_eq!(
        talk(&mut session, &["RSET", "DATA", "MAIL FROM:<a@b.c>", "EHLO x", "DATA"]),
        [250, 503, 250, 250, 503]
    );
}

#[test]
fn only_our_recipients_are_accepted() {
    let mut session = session();
    talk(&mut session, &["EHLO x", "MAIL FROM:<a@b.c>"]);
    for stranger in
        ["<anna@example.org>", "<support@example.com>", "<@in.example.net:a@example.org>", "<postmaster>"]
    {
        assert_eq!(talk(&mut session, &[&format!("RCPT TO:{stranger}")]), [550], "{stranger}");
    }
    assert_eq!(
        talk(&mut session, &["RCPT TO:<>", "RCPT TO:<a b>", "RCPT TO:support@in.example.net"]),
        [550, 501, 501]
    );
}

#[test]
fn more_than_a_hundred_recipients_wait_for_another_mail() {
    let mut session = session();
    talk(&mut session, &["EHLO x", "MAIL FROM:<a@b.c>"]);
    for at in 0..MAX_RECIPIENTS {
        assert_eq!(talk(&mut session, &[&format!("RCPT TO:<support+{at}@in.example.net>")]), [250]);
    }
    assert_eq!(talk(&mut session, &["RCPT TO:<support@in.example.net>"]), [452]);
}

#[test]
fn sizes_and_parameters_that_cannot_be_are_refused() {
    let mut session = session();
    talk(&mut session, &["EHLO x"]);
    for (line, code) in [
        ("MAIL FROM:<a@b.c> SIZE=1001", 552),
        ("MAIL FROM:<a@b.c> SIZE=99999999999999999999999999", 552),
        ("MAIL FROM:<a@b.c> SIZE=x", 501),
        ("MAIL FROM:<a@b.c> BODY=BINARYMIME", 555),
        ("MAIL FROM:<a@b.c> REQUIRETLS", 555),
        ("MAIL FROM:<a@b.c> FOO=1", 555),
        ("MAIL FROM:<a b@c>", 501),
        ("MAIL FROM:<\u{fc}@example.org> SMTPUTF8", 250),
    ] {
        assert_eq!(talk(&mut session, &[line]), [code], "{line}");
    }
}

#[test]
fn the_offers_are_those_that_are_kept() {
    let mut out = Vec::new();
    session().command(b"EHLO x").reply.write(&mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("250-desk.example.com\r\n"), "{text}");
    for offer in [
        "250-PIPELINING",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-SIZE 1000",
        "250-CHUNKING",
        "250 ENHANCEDSTATUSCODES",
    ] {
        assert!(text.contains(&format!("{offer}\r\n")), "{text}");
    }
    assert!(!text.contains("STARTTLS") && !text.contains("XCLIENT"), "{text}");
}

#[test]
fn what_is_not_offered_is_refused_and_a_chunk_of_no_known_size_closes() {
    let mut session = session();
    assert_eq!(
        talk(
            &mut session,
            &["VRFY a", "STARTTLS", "AUTH PLAIN x", "EXPN a", "HELP", "NOOP", "LHLO x", "XYZ", ""]
        ),
        [252, 502, 502, 502, 214, 250, 500, 500, 500]
    );
    assert_eq!(session.command(b"BDAT 100 LOST").next, Next::Close);
    assert_eq!(session.command(b"POST / HTTP/1.1").next, Next::Close);
}

#[test]
fn a_mail_in_chunks_cannot_be_mixed_with_data() {
    let mut session = session();
    let skipped = session.command(b"BDAT 10");
    assert_eq!((skipped.reply.code, skipped.next), (503, Next::Skip(10)));
    talk(&mut session, &["EHLO x", "MAIL FROM:<a@b.c>"]);
    let skipped = session.command(b"BDAT 10 LAST");
    assert_eq!((skipped.reply.code, skipped.next), (554, Next::Skip(10)));
    talk(&mut session, &["RCPT TO:<support@in.example.net>"]);
    assert_eq!(session.command(b"BDAT 5").next, Next::Chunk { size: 5, last: false });
    assert!(session.is_in_chunks());
    assert_eq!(talk(&mut session, &["DATA", "RCPT TO:<support@in.example.net>", "NOOP"]), [503, 503, 250]);
    assert_eq!(session.command(b"BDAT 0 LAST").next, Next::Chunk { size: 0, last: true });
    assert_eq!(session.data_ended(Outcome::Kept).reply.code, 250);
    assert!(!session.is_in_chunks());
    assert_eq!(session.command(b"BDAT 7").next, Next::Skip(7));
}

#[test]
fn tls_is_offered_perhaps_required_and_forgets_what_was_said() {
    let mut open = session_with(|terms| terms.tls = Tls::Offered);
    talk(&mut open, &["EHLO x", "MAIL FROM:<a@b.c>", "RCPT TO:<support@in.example.net>"]);
    let begun = open.command(b"STARTTLS");
    assert_eq!((begun.reply.code, begun.next), (220, Next::Tls));
    open.is_encrypted_now();
    assert_eq!(talk(&mut open, &["DATA", "MAIL FROM:<a@b.c>", "EHLO x", "STARTTLS"]), [503, 503, 250, 503]);

    let mut strict = session_with(|terms| terms.tls = Tls::Required);
    let mail = ["MAIL FROM:<a@b.c>", "RCPT TO:<support@in.example.net>", "DATA"];
    assert_eq!(talk(&mut strict, &["EHLO x", "NOOP"]), [250; 2]);
    assert_eq!(talk(&mut strict, &mail), [530; 3]);
    assert_eq!(strict.command(b"BDAT 5 LAST").next, Next::Skip(5));
    assert_eq!(strict.command(b"STARTTLS").next, Next::Tls);
    strict.is_encrypted_now();
    assert_eq!(talk(&mut strict, &["EHLO x"]), [250]);
    assert_eq!(talk(&mut strict, &mail), [250, 250, 354]);
}

#[test]
fn lmtp_is_greeted_with_lhlo_and_answers_for_each_recipient() {
    let mut session = session_with(|terms| terms.lmtp = true);
    assert_eq!(talk(&mut session, &["EHLO x", "HELO x", "MAIL FROM:<>", "LHLO x"]), [500, 500, 503, 250]);
    assert_eq!(talk(&mut session, &["MAIL FROM:<>", "RCPT TO:<a@b.c>", "DATA"]), [250, 550, 503]);
    talk(&mut session, &["RCPT TO:<support@in.example.net>", "RCPT TO:<support+x@in.example.net>"]);
    assert_eq!((session.replies(), session.command(b"DATA").next), (2, Next::Data));
}

#[test]
fn only_our_own_relay_says_for_whom_it_speaks() {
    let line = b"XCLIENT ADDR=192.0.2.1 NAME=mx.example.org";
    assert_eq!(session().command(line).reply.code, 500);
    let mut relay = session_with(|terms| terms.is_trusted = true);
    talk(&mut relay, &["EHLO x", "MAIL FROM:<a@b.c>"]);
    assert_eq!(relay.command(line).reply.code, 503);
    talk(&mut relay, &["RSET"]);
    let renamed = relay.command(line);
    assert_eq!((renamed.reply.code, renamed.next), (220, Next::Client([192, 0, 2, 1].into())));
    assert_eq!(talk(&mut relay, &["MAIL FROM:<a@b.c>", "XCLIENT ADDR=x", "EHLO x"]), [503, 501, 250]);
}

#[test]
fn twenty_errors_end_the_session() {
    let mut session = session();
    let codes: Vec<u16> = (0..20).map(|_| session.command(b"NONSENSE").reply.code).collect();
    assert_eq!(codes[..19], [500; 19]);
    assert_eq!(codes[19], 421);
}

#[test]
fn the_final_reply_tells_what_became_of_the_mail() {
    for (outcome, code, next) in [
        (Outcome::Kept, 250, Next::Command),
        (Outcome::NotDurable, 451, Next::Command),
        (Outcome::NoRoom, 452, Next::Command),
        (Outcome::TooLarge, 552, Next::Command),
        (Outcome::FarTooLarge, 552, Next::Close),
        (Outcome::Loop, 554, Next::Command),
        (Outcome::BareLineBreak, 521, Next::Close),
        (Outcome::TooSlow, 421, Next::Close),
    ] {
        let answer = session().data_ended(outcome);
        assert_eq!((answer.reply.code, answer.next), (code, next), "{outcome:?}");
    }
}

#[test]
fn no_bytes_upset_a_session() {
    use proptest::prelude::*;
    proptest!(|(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..8))| {
        let mut session = session();
        for line in lines {
            let line: Vec<u8> = line.into_iter().filter(|b| *b != b'\n').collect();
            let code = session.command(&line).reply.code;
            prop_assert!((200..600).contains(&code));
        }
    });
}
