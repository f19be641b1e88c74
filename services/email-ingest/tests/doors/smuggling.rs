//! Every sequence by which a mail has been known to end on one server and not on another (CVE-2023-51764 and its kin),
//! at every way a mail can come: none lets a second mail in.

use harness::mail::Session;

use super::{INBOUND, desk, extensions::Tls};

/// What follows a mail that was cut short.
fn smuggled() -> String {
    format!("MAIL FROM:<e@b.c>\r\nRCPT TO:<{INBOUND}>\r\nDATA\r\nSubject: evil\r\n\r\n.\r\nQUIT\r\n")
}

/// All ends but the real one, from the dot's both sides; and whether there is a line break that is none.
fn ends() -> Vec<(String, bool)> {
    let breaks = ["\n", "\r", "\r\n", "\r\r\n"];
    let pairs = breaks.iter().flat_map(|before| breaks.map(|after| format!("{before}.{after}")));
    let mut ends: Vec<_> = pairs.filter(|end| end != "\r\n.\r\n").map(|end| (end, true)).collect();
    let more = ["\n\n.\r\n", "\r\n\r.\r\n", "\n\r\n.\n", "\r\0\n.\r\n", "\r\n.\r\0\n", "\0\n.\n"];
    ends.extend(more.map(|end| (end.to_owned(), true)));
    ends.extend(["\r\n\0.\r\n", "\r\n.\0\r\n", "\r\n.\0", "\0.\0"].map(|end| (end.to_owned(), false)));
    ends
}

async fn begin(session: &mut Session) {
    for line in ["EHLO x", "MAIL FROM:<a@b.c>", &format!("RCPT TO:<{INBOUND}>")] {
        assert_eq!(session.command(line).await.unwrap().code, 250);
    }
}

#[test]
fn there_are_as_many_sequences_as_the_public_probes_have() {
    assert!(ends().len() >= 19, "{}", ends().len());
}

#[tokio::test]
async fn by_data_nothing_gets_in_in_the_clear_or_over_tls() {
    let tls = Tls::new();
    let desk = tls.desk(false).await;
    let mut mails = 0;
    for encrypted in [false, true] {
        for (end, is_bare) in ends() {
            let mut session = desk.mail_server().session().await.unwrap();
            if encrypted {
                session = tls.begin(session).await;
            }
            begin(&mut session).await;
            assert_eq!(session.command("DATA").await.unwrap().code, 354);
            let text = format!("Subject: {mails}\r\n\r\nhi{end}{}", smuggled());
            session.write_raw(text.as_bytes()).await.unwrap();
            let code = session.reply().await.unwrap().code;
            assert_eq!(code, if is_bare { 521 } else { 250 }, "{end:?} {encrypted}");
            if !is_bare {
                // The commands were text; the mail ended with the dot behind them, and QUIT was a command.
                mails += 1;
                assert_eq!(session.reply().await.unwrap().code, 221, "{end:?} {encrypted}");
            }
            assert_eq!(session.reply().await.unwrap().code, 0, "{end:?} {encrypted}: closed");
        }
    }
    let got = desk.mails().await;
    assert!(got.iter().all(|mail| mail.subject != "evil"), "{got:?}");
    assert_eq!(got.len(), mails);
}

#[tokio::test]
async fn by_chunks_nothing_gets_in_wherever_they_are_cut() {
    let desk = desk().await;
    let mut mails = 0;
    for cut_at_dot in [false, true] {
        for (end, is_bare) in ends() {
            let mut session = desk.mail_server().session().await.unwrap();
            begin(&mut session).await;
            let text = format!("Subject: {mails} {cut_at_dot}\r\n\r\nhi{end}{}", smuggled());
            let cut = if cut_at_dot { text.find(&end).unwrap() + end.find('.').unwrap() } else { 0 };
            let (first, second) = text.as_bytes().split_at(cut);
            let mut sent = format!("BDAT {}\r\n", first.len()).into_bytes();
            sent.extend_from_slice(first);
            sent.extend_from_slice(format!("BDAT {} LAST\r\n", second.len()).as_bytes());
            sent.extend_from_slice(second);
            sent.extend_from_slice(b"QUIT\r\n");
            session.write_raw(&sent).await.unwrap();
            let mut codes = Vec::new();
            while let Ok(reply) = session.reply().await
                && reply.code != 0
            {
                codes.push(reply.code);
            }
            if is_bare {
                assert!(matches!(codes.as_slice(), [521] | [250, 521]), "{end:?} {codes:?}");
            } else {
                mails += 1;
                assert_eq!(codes, [250, 250, 221], "{end:?}");
            }
        }
    }
    let got = desk.mails().await;
    assert!(got.iter().all(|mail| mail.subject != "evil"), "{got:?}");
    assert_eq!(got.len(), mails);
}

#[tokio::test]
async fn a_command_with_a_bare_line_break_closes_too() {
    let desk = desk().await;
    for line in ["NOOP\nMAIL FROM:<e@b.c>\r\n", "NOOP\rNOOP\r\n", "\n", "NOOP\r\r\n"] {
        let mut session = desk.mail_server().session().await.unwrap();
        session.write_raw(line.as_bytes()).await.unwrap();
        assert_eq!(session.reply().await.unwrap().code, 521, "{line:?}");
        assert_eq!(session.reply().await.unwrap().code, 0, "{line:?}: closed");
    }
}
