//! Mails that are made to cost more than they weigh: each is a ticket with its subject, soon, and for little memory.
//! (Beyond 4; `cargo nextest run -p journeys hostile --no-capture` prints what each took.)

use std::{
    fs,
    time::{Duration, Instant},
};

use harness::{frontdesk::Shape, mail::compose};

use crate::world::{INBOUND, MAILBOX, World};

const ANNA: &str = "anna@customer.example";
/// From the connection to the 250, in a debug build on a busy machine.
const SLOWEST: Duration = Duration::from_secs(10);
/// Memory of the whole process at its highest, in MB: of which it has 60 by itself, and a mail of 25 MB several times.
const LARGEST: u64 = 300;

/// A mail with a subject, further headers, and what follows the headers.
fn mail(subject: &str, headers: &str, body: &str) -> Vec<u8> {
    let id = uuid::Uuid::new_v4();
    let head = format!("From: {ANNA}\r\nMessage-ID: <{id}@x>\r\n{headers}");
    format!("{head}To: {MAILBOX}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n{body}").into_bytes()
}

const MIXED: &str = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";

fn mails() -> Vec<Vec<u8>> {
    let line = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5eiAgIA==\r\n";
    let file = format!(
        "--x\r\n\r\nsee the file\r\n--x\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}--x--\r\n",
        line.repeat(25_000_000 / line.len())
    );
    let parts: String = (0..10_000)
        .map(|n| format!("--x\r\nContent-Type: text/x-{n}; name=\"{n}.txt\"\r\n\r\npart {n}\r\n"))
        .collect();
    let divs = format!("{}deep{}", "<div>".repeat(20_000), "</div>".repeat(20_000));
    let forwards: String =
        (1..50).map(|_| "Subject: inner\r\nContent-Type: message/rfc822\r\n\r\n").collect();
    let quoted: String = (0..50)
        .map(|depth| {
            let marks = "> ".repeat(depth);
            let lines = [
                "---------- Forwarded message ---------",
                "From: Bert <bert@x.org>",
                "Date: Mon, 2 Nov 2026",
                "Subject: once more",
                "To: Carl <carl@x.org>",
                "",
                "please read",
            ];
            lines.map(|line| format!("{marks}{line}\r\n")).concat()
        })
        .collect();
    let nested: String = (0..5_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    let addresses: String = (0..100_000).map(|n| format!("u{n}@customer.example,\r\n ")).collect();
    let answers = "yes\r\n".to_owned() + &"> q\r\na@b.cd 2020:\r\n".repeat(9_000) + "no\r\n";
    let failures: String = (0..20_000)
        .map(|n| format!("Final-Recipient: rfc822; u{n}@x.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"))
        .collect();
    let words: String = (0..20_000).map(|n| format!("u{n}@x.org: user unknown\r\n")).collect();
    vec![
        mail("a file of 25 MB", "", &format!("{MIXED}{file}")),
        mail("10,000 parts", "", &format!("{MIXED}{parts}--x--\r\n")),
        mail("200 KB of nested div", "", &format!("Content-Type: text/html\r\n\r\n{divs}")),
        mail(
            "50 mails within mails",
            "",
            &format!("Content-Type: message/rfc822\r\n\r\n{forwards}Subject: core\r\n\r\nhello\r\n"),
        ),
        mail("passed on 50 times", "", &format!("Content-Type: text/plain\r\n\r\n{quoted}")),
        mail(
            "5,000 multiparts deep",
            "",
            &format!("{nested}{}", "filler of the innermost part\r\n".repeat(100_000)),
        ),
        mail("a header of 1 MB", &format!("X-Long: {}\r\n", "word ".repeat(200_000)), "\r\nhello\r\n"),
        mail("100,000 addresses", &format!("Cc: {addresses}last@customer.example\r\n"), "\r\nhello\r\n"),
        mail("20,000 lines of answers", "", &format!("\r\n{answers}")),
        mail(
            "20,000 failures",
            "",
            &format!(
                "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\n{words}--x\r\n\
                 Content-Type: message/delivery-status\r\n\r\n{failures}--x--\r\n"
            ),
        ),
    ]
}

/// The highest resident memory since the last call, in MB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the mark is set back");
    kilobytes / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_that_are_made_to_cost_are_tickets_for_little_time_and_memory() {
    let mut world = World::start(Shape::Embedded).await;
    let pid = world.product.process("email-ingest", 0).pid();
    println!("{:<26}{:>8}{:>10}{:>14}", "mail", "KB", "seconds", "highest MB");
    println!("{:<26}{:>8}{:>10}{:>14}", "none", "", "", peak(pid));
    for raw in mails() {
        let text = String::from_utf8_lossy(&raw);
        let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject");
        let begun = Instant::now();
        let reply = world.mail_server().send(ANNA, INBOUND, &raw).await.expect("a reply");
        let took = begun.elapsed();
        assert_eq!(reply.code, 250, "{subject}: {reply:?}");
        // the failures are an event of their own mail, not a ticket
        if subject != "20,000 failures" {
            world
                .product
                .eventually(&format!("a ticket of {subject}"), async || {
                    let tickets = world.tickets("channel=email").await;
                    tickets.into_iter().find(|ticket| ticket["subject"] == subject)
                })
                .await;
        }
        let peak = peak(pid);
        println!("{subject:<26}{:>8}{:>10.2}{peak:>14}", raw.len() / 1024, took.as_secs_f64());
        assert!(took < SLOWEST, "{subject} took {took:?}");
        assert!(peak < LARGEST, "{subject} took {peak} MB");
    }
    // and the door still takes an ordinary one at once
    let raw = compose(ANNA, MAILBOX, "an ordinary mail", "hello", &[]);
    let begun = Instant::now();
    let reply = world.mail_server().send(ANNA, INBOUND, &raw).await.expect("a reply");
    assert!(reply.code == 250 && begun.elapsed() < Duration::from_secs(5), "{reply:?} {:?}", begun.elapsed());
}
