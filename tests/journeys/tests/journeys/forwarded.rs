//! Mail as it comes from real mail servers and clients: Postfix that forwards a mailbox, swaks, smtp-source (B4, Beyond 4).

use std::process::{Command, Output};

use harness::{
    frontdesk::Shape,
    mail::{MailServer, compose},
    postfix::{ALIAS, DOMAIN, PERSON, Postfix, tool},
};
use serde_json::Value;

use crate::{
    in_both_shapes,
    world::{INBOUND, MAILBOX, World},
};

const ANNA: &str = "anna@customer.example";
/// The name in our certificate.
const NAME: &str = "localhost";

/// A certificate in a folder, made by openssl as people make theirs.
pub fn certificate() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = "[req]\ndistinguished_name = name\nx509_extensions = more\n[name]\n[more]\n\
                    basicConstraints = critical,CA:FALSE\nsubjectAltName = DNS:localhost\n";
    std::fs::write(folder.path().join("settings"), settings).expect("settings");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args([
            "-config",
            "settings",
            "-days",
            "7",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "key",
            "-out",
            "crt",
        ])
        .current_dir(folder.path())
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

fn with_tls(folder: &tempfile::TempDir, require: bool) -> Vec<(String, String)> {
    let path = |name| folder.path().join(name).display().to_string();
    [
        ("FRONTDESK_SMTP__TLS_CERTIFICATE", path("crt")),
        ("FRONTDESK_SMTP__TLS_KEY", path("key")),
        ("FRONTDESK_SMTP__REQUIRE_TLS", require.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn is_of_anna(ticket: &Value) {
    assert_eq!(ticket["profile"]["address"], ANNA, "the customer, not the forwarding server");
}

/// Anna writes to a mailbox of the company's own mail server, which forwards it over TLS.
async fn mails_forwarded_by_postfix_are_tickets_of_who_wrote_them(shape: Shape) {
    let certificate = certificate();
    let world = World::start_with(shape, with_tls(&certificate, true)).await;
    let smtp = world.product.smtp().parse().expect("an address");
    let file = certificate.path().join("crt").display().to_string();
    let tls = [
        ("smtp_tls_security_level", "verify"),
        ("smtp_tls_verify_cert_match", NAME),
        ("smtp_tls_CAfile", &file),
    ];
    let Some(postfix) = Postfix::start(smtp, INBOUND, &tls).await else { return };
    for (to, text) in
        [(PERSON, "by a person's forward"), (ALIAS, "by an alias"), (PERSON, "ünïcode über alles")]
    {
        let raw = compose(&format!("Anna <{ANNA}>"), to, text, text, &[]);
        let reply = MailServer::new(postfix.address()).send(ANNA, to, &raw).await.expect("a reply");
        assert_eq!(reply.code, 250, "{reply:?}");
        let ticket = world.ticket_with("channel=email", text).await;
        is_of_anna(&ticket);
    }
    postfix.drained().await;
    postfix.said(&format!("from=<SRS0=46Xk=7D=customer.example=anna@{DOMAIN}>")).await;
    assert_eq!(world.tickets("channel=email").await.len(), 3);
}

/// A bounce has no sender; it comes through the forward all the same.
async fn a_mail_without_sender_is_forwarded_too(shape: Shape) {
    let world = World::start(shape).await;
    let smtp = world.product.smtp().parse().expect("an address");
    let Some(postfix) = Postfix::start(smtp, INBOUND, &[]).await else { return };
    let raw = compose(ANNA, PERSON, "From nowhere", "no sender in the envelope", &[]);
    let reply = MailServer::new(postfix.address()).send("", PERSON, &raw).await.expect("a reply");
    assert_eq!(reply.code, 250, "{reply:?}");
    is_of_anna(&world.ticket_with("channel=email", "no sender in the envelope").await);
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("the program runs")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// swaks, the SMTP tester's tool: with TLS, pipelined, over LMTP, and what it shall not get through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaks_delivers_with_tls_pipelined_and_by_lmtp() {
    let certificate = certificate();
    let mut env = with_tls(&certificate, false);
    env.push(("FRONTDESK_SMTP__LMTP_LISTEN".into(), "127.0.0.1:0".into()));
    let world = World::start_with(Shape::Embedded, env).await;
    let (smtp, lmtp) = (world.product.smtp(), world.product.lmtp());
    if tool("usr/bin/swaks").is_none() {
        return;
    }
    let swaks = |server: &str, more: &[&str]| {
        let mut swaks = tool("usr/bin/swaks").expect("it was there");
        swaks.args(["--server", server, "--from", ANNA, "--to", INBOUND, "--h-From", ANNA]).args(more);
        run(swaks)
    };
    let file = certificate.path().join("crt").display().to_string();
    for (server, more, said) in [
        (
            &smtp,
            vec!["--tls", "--tls-verify", "--tls-ca-path", &file, "--body", "swaks with TLS"],
            "swaks with TLS",
        ),
        (&smtp, vec!["--tls", "--pipeline", "--body", "swaks pipelined"], "swaks pipelined"),
        (&lmtp, vec!["--protocol", "LMTP", "--body", "swaks by LMTP"], "swaks by LMTP"),
        (&lmtp, vec!["--protocol", "LMTP", "--tls", "--body", "swaks by LMTPS"], "swaks by LMTPS"),
    ] {
        let output = swaks(server, &more).await;
        assert!(output.status.success(), "{said}: {}", text(&output));
        assert!(!more.contains(&"--tls") || text(&output).contains("TLS started"), "{}", text(&output));
        is_of_anna(&world.ticket_with("channel=email", said).await);
    }
    let refused = swaks(&smtp, &["--to", "nobody@in.acme.example"]).await;
    assert_eq!(refused.status.code(), Some(24), "550 for every recipient: {}", text(&refused));
}

/// smtp-source, Postfix's load generator, which knows no TLS: many mails on few connections, a connection for each, and
/// through a Postfix that brings them over TLS.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn smtp_source_delivers_all_its_mails() {
    const MAILS: usize = 30;
    let certificate = certificate();
    let world = World::start_with(Shape::Embedded, with_tls(&certificate, false)).await;
    let smtp = world.product.smtp();
    let by_tls = [("smtp_tls_security_level", "encrypt")];
    let postfix = Postfix::start(smtp.parse().expect("an address"), INBOUND, &by_tls).await;
    let forwarding = postfix.as_ref().map(|postfix| postfix.address().to_string());
    let ways = [
        ("kept connections", &["-d"][..], Some(&smtp), INBOUND),
        ("new connections", &[], Some(&smtp), INBOUND),
        ("over TLS", &[], forwarding.as_ref(), ALIAS),
    ];
    let mut sent = 0;
    for (subject, more, server, to) in ways {
        let (Some(mut source), Some(server)) = (tool("usr/sbin/smtp-source"), server) else { continue };
        source.args(["-s", "5", "-l", "5000", "-m", &MAILS.to_string()]).args(more);
        source.args(["-S", subject, "-f", ANNA, "-t", to]).arg(format!("inet:{server}"));
        let output = run(source).await;
        assert!(output.status.success(), "{}", text(&output));
        sent += MAILS;
    }
    world
        .product
        .eventually("a ticket for each mail", async || {
            (world.tickets("channel=email").await.len() == sent).then_some(())
        })
        .await;
}

/// A mail in chunks over TLS, as Exim and Exchange send it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_in_chunks_over_tls_is_a_ticket() {
    let certificate = certificate();
    let world = World::start_with(Shape::Embedded, with_tls(&certificate, true)).await;
    let pem = std::fs::read(certificate.path().join("crt")).expect("a certificate");
    let mut session = world.mail_server().session().await.expect("a session");
    for line in ["EHLO exim.example.net", "STARTTLS"] {
        let reply = session.command(line).await.expect("a reply");
        assert!(matches!(reply.code, 220 | 250), "{reply:?}");
    }
    let mut session = session.encrypt_pem(NAME, &pem).await.expect("TLS");
    let hello = session.command("EHLO exim.example.net").await.expect("a reply");
    assert!(hello.text.contains("CHUNKING"), "{hello:?}");
    let raw = compose(ANNA, MAILBOX, "In chunks", "a dot\n.\nends nothing here", &[]);
    let (first, second) = raw.split_at(raw.len() / 2);
    let mut sent =
        format!("MAIL FROM:<{ANNA}>\r\nRCPT TO:<{INBOUND}>\r\nBDAT {}\r\n", first.len()).into_bytes();
    sent.extend_from_slice(first);
    sent.extend_from_slice(format!("BDAT {} LAST\r\n", second.len()).as_bytes());
    sent.extend_from_slice(second);
    session.write_raw(&sent).await.expect("written");
    for _ in 0..4 {
        assert_eq!(session.reply().await.expect("a reply").code, 250);
    }
    is_of_anna(&world.ticket_with("channel=email", "a dot\n.\nends nothing here").await);
}

in_both_shapes!(
    mails_forwarded_by_postfix_are_tickets_of_who_wrote_them,
    a_mail_without_sender_is_forwarded_too,
);
