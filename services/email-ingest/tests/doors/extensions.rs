//! STARTTLS, CHUNKING and LMTP.

use std::collections::HashSet;

use email_ingest::{
    budget::Budget,
    smtp::{Limits, tls::Certificates},
};
use harness::mail::Session;
use tempfile::TempDir;

use super::{Desk, INBOUND, MAX_SIZE, desk, desk_at, desk_with, mail};

const HOST: &str = "desk.example.com";
const SALES: &str = "sales@in.example.net";

/// A certificate in a folder.
pub struct Tls {
    made: rcgen::CertifiedKey<rcgen::KeyPair>,
    folder: TempDir,
}

impl Tls {
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("crt"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key"), made.signing_key.serialize_pem()).unwrap();
        Self { made, folder }
    }

    /// A desk with this certificate.
    pub async fn desk(&self, require_tls: bool) -> Desk {
        let path = |name| self.folder.path().join(name);
        let (certificates, _) = Certificates::open(path("crt"), path("key")).await.unwrap();
        let (limits, budget) = (Limits::with_max_size(MAX_SIZE), Budget::new(8 * MAX_SIZE));
        desk_at(limits, budget, |door| {
            door.certificates = Some(certificates);
            door.require_tls = require_tls;
        })
        .await
    }

    /// Says EHLO and STARTTLS, and begins it.
    pub async fn begin(&self, mut session: Session) -> Session {
        let offers = session.command("EHLO x").await.unwrap().text;
        assert!(offers.contains("STARTTLS\n"), "{offers}");
        assert_eq!(session.command("STARTTLS").await.unwrap().code, 220);
        session.encrypt(HOST, self.made.cert.der().clone()).await.unwrap()
    }
}

async fn begin(session: &mut Session, hello: &str, recipients: &[&str]) {
    let mut lines = vec![format!("{hello} x"), "MAIL FROM:<a@b.c>".into()];
    lines.extend(recipients.iter().map(|recipient| format!("RCPT TO:<{recipient}>")));
    for line in lines {
        assert_eq!(session.command(&line).await.unwrap().code, 250, "{line}");
    }
}

async fn lmtp() -> Desk {
    let (limits, budget) = (Limits::with_max_size(MAX_SIZE), Budget::new(8 * MAX_SIZE));
    desk_at(limits, budget, |door| door.lmtp = true).await
}

#[tokio::test]
async fn a_mail_comes_over_tls_and_tls_is_not_offered_twice() {
    let tls = Tls::new();
    let desk = tls.desk(true).await;
    let session = desk.mail_server().session().await.unwrap();
    let mut session = tls.begin(session).await;
    assert_eq!(session.command("MAIL FROM:<a@b.c>").await.unwrap().code, 503, "EHLO is said again");
    let offers = session.command("EHLO x").await.unwrap().text;
    assert!(!offers.contains("STARTTLS"), "{offers}");
    let reply = session.deliver("anna@example.org", &[INBOUND], &mail("secret")).await.unwrap();
    assert_eq!(reply.code, 250, "{reply:?}");
    assert_eq!(desk.mails().await[0].text, "secret");
}

#[tokio::test]
async fn where_tls_is_required_no_mail_comes_in_the_clear() {
    let desk = Tls::new().desk(true).await;
    let reply = desk.send(INBOUND, &mail("x")).await;
    assert_eq!((reply.code, &reply.text[..5]), (530, "5.7.0"));
}

#[tokio::test]
async fn what_is_said_in_the_clear_behind_starttls_is_not_heard() {
    let tls = Tls::new();
    let desk = tls.desk(false).await;
    let mut session = desk.mail_server().session().await.unwrap();
    assert_eq!(session.command("EHLO x").await.unwrap().code, 250);
    let injected = format!("STARTTLS\r\nEHLO evil\r\nMAIL FROM:<e@b.c>\r\nRCPT TO:<{INBOUND}>\r\n");
    session.write_raw(injected.as_bytes()).await.unwrap();
    assert_eq!(session.reply().await.unwrap().code, 220);
    let mut session = session.encrypt(HOST, tls.made.cert.der().clone()).await.unwrap();
    assert_eq!(
        session.command("DATA").await.unwrap().code,
        503,
        "no mail was begun, and this is the first reply"
    );
    assert_eq!(session.command("MAIL FROM:<a@b.c>").await.unwrap().code, 503, "nor was there an EHLO");
}

#[tokio::test]
async fn a_mail_in_chunks_is_taken_as_it_is_also_when_a_line_break_is_cut() {
    let desk = desk().await;
    let mut session = desk.mail_server().session().await.unwrap();
    begin(&mut session, "EHLO", &[INBOUND]).await;
    let pieces: [&[u8]; 4] = [b"From: a@b.c\r\nSubject: s\r", b"\n\r\n.\r\n..", b"", b"\r\nend"];
    let mut sent = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let last = if at == 3 { " LAST" } else { "" };
        sent.extend_from_slice(format!("BDAT {}{last}\r\n", piece.len()).as_bytes());
        sent.extend_from_slice(piece);
    }
    session.write_raw(&sent).await.unwrap();
    for _ in 0..4 {
        assert_eq!(session.reply().await.unwrap().code, 250);
    }
    let mails = desk.mails().await;
    assert_eq!(desk.blobs.get(&mails[0].raw).await.unwrap().unwrap(), pieces.concat());
    assert_eq!(session.deliver("a@b.c", &[INBOUND], &mail("and one by DATA")).await.unwrap().code, 250);
}

#[tokio::test]
async fn a_chunk_that_is_refused_is_read_on_so_that_the_next_is_not_taken_for_commands() {
    let desk = desk().await;
    let mut session = desk.mail_server().session().await.unwrap();
    session.write_raw(b"BDAT 6 LAST\r\nQUIT\r\nEHLO x\r\n").await.unwrap();
    assert_eq!(session.reply().await.unwrap().code, 503);
    assert_eq!(session.reply().await.unwrap().code, 250);
    begin(&mut session, "EHLO", &[INBOUND]).await;
    let half = vec![b'x'; MAX_SIZE / 2 + 1];
    let chunk = [format!("BDAT {}\r\n", half.len()).as_bytes(), &half].concat();
    session.write_raw(&[chunk.as_slice(), &chunk, b"BDAT 5 LAST\r\nQUIT\n"].concat()).await.unwrap();
    for code in [250, 552, 503] {
        assert_eq!(session.reply().await.unwrap().code, code);
    }
    assert_eq!(session.deliver("a@b.c", &[INBOUND], &mail("fits")).await.unwrap().code, 250);
    begin(&mut session, "EHLO", &[INBOUND]).await;
    assert_eq!(session.command(&format!("BDAT {}", MAX_SIZE * 10)).await.unwrap().code, 552);
    assert_eq!(session.reply().await.unwrap().code, 0, "closed: that much is not read on for");
    assert_eq!(desk.mails().await.len(), 1);
}

#[tokio::test]
async fn what_chunks_hold_is_given_back_with_rset_or_after_a_while() {
    let limits = Limits { message: std::time::Duration::from_millis(300), ..Limits::with_max_size(MAX_SIZE) };
    let desk = desk_with(limits, Budget::new(64 * 1024)).await;
    let mut holder = desk.mail_server().session().await.unwrap();
    let chunk = [b"BDAT 9\r\n".as_slice(), b"From: a\r\n"].concat();
    for _ in 0..2 {
        begin(&mut holder, "EHLO", &[INBOUND]).await;
        holder.write_raw(&chunk).await.unwrap();
        assert_eq!(holder.reply().await.unwrap().code, 250);
        assert_eq!(desk.send(INBOUND, &mail("no room")).await.code, 452);
        assert_eq!(holder.command("RSET").await.unwrap().code, 250);
        assert_eq!(desk.send(INBOUND, &mail("room")).await.code, 250);
    }
    begin(&mut holder, "EHLO", &[INBOUND]).await;
    holder.write_raw(&chunk).await.unwrap();
    assert_eq!(holder.reply().await.unwrap().code, 250);
    assert_eq!(holder.reply().await.unwrap().code, 421);
    assert_eq!(desk.send(INBOUND, &mail("room again")).await.code, 250);
}

#[tokio::test]
async fn over_lmtp_each_recipient_is_answered_for() {
    let desk = lmtp().await;
    // each recipient is a mail of its own here: the second one of a mailbox tells where its bytes lie
    let mails = async || desk.mails().await.into_iter().map(|mail| mail.digest).collect::<HashSet<_>>().len();
    let mut session = desk.mail_server().session().await.unwrap();
    assert!(session.greeting.text.contains("LMTP"));
    begin(&mut session, "LHLO", &[INBOUND, SALES, "support+x@in.example.net"]).await;
    assert_eq!(session.command("RCPT TO:<no@x.y>").await.unwrap().code, 550);
    assert_eq!(session.command("DATA").await.unwrap().code, 354);
    session.write_raw(&[mail("by DATA").as_slice(), b".\r\n"].concat()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(session.reply().await.unwrap().code, 250);
    }
    assert_eq!(mails().await, 2, "one per mailbox");
    begin(&mut session, "LHLO", &[INBOUND, SALES]).await;
    let raw = mail("by BDAT");
    session.write_raw(&[format!("BDAT {} LAST\r\n", raw.len()).as_bytes(), &raw].concat()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(session.reply().await.unwrap().code, 250);
    }
    assert_eq!(session.command("NOOP").await.unwrap().code, 250, "and no reply more");
    assert_eq!(mails().await, 4);
}

#[tokio::test]
async fn over_lmtp_a_refusal_is_told_for_each_recipient() {
    let desk = lmtp().await;
    let mut session = desk.mail_server().session().await.unwrap();
    let looped = [b"Received: by x\r\n".repeat(51), mail("x")].concat();
    for (raw, code) in [(looped, 554), (vec![b'x'; MAX_SIZE + 1], 552), (mail("x"), 451)] {
        if code == 451 {
            desk.bus.close().await;
        }
        begin(&mut session, "LHLO", &[INBOUND, SALES]).await;
        assert_eq!(session.command("DATA").await.unwrap().code, 354);
        session.write_raw(&[raw.as_slice(), b"\r\n.\r\n"].concat()).await.unwrap();
        for _ in 0..2 {
            assert_eq!(session.reply().await.unwrap().code, code);
        }
        assert_eq!(session.command("NOOP").await.unwrap().code, 250, "{code}: and no reply more");
    }
}
