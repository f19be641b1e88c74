use host::config::Mailbox;

use super::*;

fn session() -> Session {
    let routes = Routes::new(vec![Mailbox {
        address: "support@example.com".parse().unwrap(),
        inbound: "support@in.example.net".parse().unwrap(),
    }]);
    Session::new(Arc::new(routes), "desk.example.com".into(), 1000)
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
    for offer in
        ["250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", "250-SIZE 1000", "250 ENHANCEDSTATUSCODES"]
    {
        assert!(text.contains(&format!("{offer}\r\n")), "{text}");
    }
}

#[test]
fn what_is_not_offered_is_refused_and_a_data_chunk_closes() {
    let mut session = session();
    assert_eq!(
        talk(
            &mut session,
            &["VRFY a", "STARTTLS", "AUTH PLAIN x", "EXPN a", "HELP", "NOOP", "LHLO x", "XYZ", ""]
        ),
        [252, 502, 502, 502, 214, 250, 500, 500, 500]
    );
    assert_eq!(session.command(b"BDAT 100 LAST").next, Next::Close);
    assert_eq!(session.command(b"POST / HTTP/1.1").next, Next::Close);
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
