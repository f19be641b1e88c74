//! The doctor names what is wrong and how to mend it; a broken configuration stops the start (contract §2).

use std::process::Output;

use harness::{dns::Mood, nats, process::executable};
use tokio::process::Command;

use crate::trust;

async fn frontdesk(arguments: &[&str], env: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(executable());
    command.args(arguments).current_dir(folder.path()).env("FRONTDESK_DATA_DIR", folder.path().join("data"));
    command.envs(env.iter().copied()).output().await.expect("the executable runs")
}

fn all(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn the_doctor_names_a_wrong_nats_address_with_the_mend() {
    let output = frontdesk(&["doctor"], &[("FRONTDESK_NATS__URL", "nats://127.0.0.1:1")]).await;
    let said = all(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("127.0.0.1:1") && said.contains("nats.url"), "{said}");
}

#[tokio::test]
async fn the_doctor_names_a_wrong_database_address_with_the_mend() {
    let url = "postgres://nobody:secret-word@127.0.0.1:1/desk";
    let output = frontdesk(&["doctor"], &[("FRONTDESK_DATABASE__URL", url)]).await;
    let said = all(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("database.url"), "{said}");
    assert!(!said.contains("secret-word"), "the password is printed: {said}");
}

#[tokio::test]
async fn the_doctor_names_a_nats_server_that_is_too_old() {
    let url = nats::fake_old_server("2.9.10");
    let output = frontdesk(&["doctor"], &[("FRONTDESK_NATS__URL", &url)]).await;
    let said = all(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("2.9.10") && said.contains("2.12"), "{said}");
}

#[tokio::test]
async fn the_doctor_asks_the_dns_what_receivers_will_think() {
    let dns = trust::dns().await;
    let servers = format!("[\"{}\"]", dns.address());
    let key = "[{domain = \"customer.example\", selector = \"s1\", key_file = \"KEY\"}]";
    let key = key.replace(
        "KEY",
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../services/notifier/fixtures/dkim/rsa-pkcs8.pem"),
    );
    let mailboxes = "[{address = \"anna@customer.example\", inbound = \"anna@in.example\"}]";
    let doctor = async || {
        let env = [
            ("FRONTDESK_DNS__SERVERS", servers.as_str()),
            ("FRONTDESK_DNS__TIMEOUT_SECONDS", "1"),
            ("FRONTDESK_EMAIL__DKIM", &key),
            ("FRONTDESK_EMAIL__MAILBOXES", mailboxes),
        ];
        all(&frontdesk(&["doctor"], &env).await)
    };
    let said = doctor().await;
    for line in [
        "ok   SPF of customer.example: \"v=spf1 ip4:192.0.2.1 -all\"",
        "ok   DMARC of customer.example: \"v=DMARC1; p=reject\"",
        "ok   DKIM in the DNS of customer.example: the key at s1._domainkey.customer.example is ours",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    dns.remove("s1._domainkey.customer.example");
    dns.txt("s1._domainkey.customer.example", "v=DKIM1; k=rsa; p=AAAA");
    let said = doctor().await;
    assert!(
        said.contains("FAIL DKIM in the DNS of customer.example") && said.contains("another one"),
        "{said}"
    );
    dns.set(Mood::Failing);
    let said = doctor().await;
    assert!(said.contains("FAIL SPF of customer.example: the name servers do not answer"), "{said}");
}

#[tokio::test]
async fn a_broken_configuration_stops_the_start_with_2_and_names_the_key() {
    for (name, value, words) in [
        ("FRONTDESK_LISTN", "127.0.0.1:0", &["FRONTDESK_LISTN", "FRONTDESK_LISTEN"][..]),
        (
            "FRONTDESK_SMS__NUMBERS",
            "[{number=\"ACME\",provider=\"sandbox\"}]",
            &["sms.numbers[0].number", "alphanumeric"],
        ),
        ("FRONTDESK_LISTEN", "nowhere", &["listen"]),
    ] {
        let output = frontdesk(&["up"], &[(name, value)]).await;
        let said = all(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }
    let output = frontdesk(&["upp"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "a command that is none");
}
