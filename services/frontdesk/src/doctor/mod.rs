//! `frontdesk doctor`: one line per part, saying what is wrong and how to mend it.

mod carriers;
mod dns;
mod mailboxes;
mod oidc;
mod places;
mod relay;
mod webhooks;

use std::process::ExitCode;

use host::{Configuration, HostParts, LogFormat, config::Faults};

use crate::cli::say;

/// What a check found.
type Finding = Result<String, Complaint>;

/// What is wrong, and the mend.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    what: String,
    mend: String,
}

fn complaint(what: impl Into<String>, mend: impl Into<String>) -> Complaint {
    Complaint { what: what.into(), mend: mend.into() }
}

/// Runs every check; 1 if one of them fails.
pub fn run(config: Result<Configuration, Faults>, log_format: LogFormat) -> ExitCode {
    match config {
        Err(faults) => {
            for fault in &faults.0 {
                let mend = "correct that key; `frontdesk config` prints what is in effect";
                tell("configuration", &Err(complaint(fault.to_string(), mend)));
            }
            ExitCode::FAILURE
        }
        Ok(config) => host::command("doctor", log_format, examine(config)),
    }
}

async fn examine(config: Configuration) -> ExitCode {
    let given = channels(&config);
    let mut fine = tell("configuration", &Ok(given));
    let parts = match HostParts::new(config.clone()) {
        Ok(parts) => parts,
        Err(error) => {
            let mend = "give this user the right to write there, or set data_dir to another folder";
            tell("files", &Err(complaint(format!("{error:#}"), mend)));
            return ExitCode::FAILURE;
        }
    };
    fine &= tell("files", &places::blobs(&parts).await);
    fine &= tell("broker", &places::broker(&config).await);
    fine &= tell("database", &places::database(&config).await);
    let (parts, of_the_console) = set_up_in_the_console(parts).await;
    fine &= tell("channels of the console", &of_the_console);
    let config = parts.config().clone();
    fine &= tell("mail relay", &relay::check(config.relay.url.as_ref()).await);
    if let Some(finding) = oidc::check(&config).await {
        fine &= tell("identity provider", &finding);
    }
    for key in &config.email.dkim {
        fine &= tell(&format!("DKIM of {}", key.domain), &relay::dkim(key));
    }
    let refresh_tokens = mailboxes::refresh_tokens(&parts).await;
    for mailbox in &config.email.mailboxes {
        if let Some(imap) = &mailbox.imap {
            let finding = mailboxes::check(imap, &refresh_tokens).await;
            fine &= tell(&format!("mailbox {}", mailbox.address), &finding);
        }
    }
    for (part, finding) in dns::check(&config).await {
        fine &= tell(&part, &finding);
    }
    for number in &config.sms.numbers {
        fine &= tell(&format!("carrier of {}", number.number), &carriers::check(number).await);
        fine &= tell(&format!("webhooks of {}", number.number), &webhooks::check(number, &config.public_url));
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The same with what is set up in the console, which is examined like what the file gives.
async fn set_up_in_the_console(parts: HostParts) -> (HostParts, Finding) {
    match parts.with_console_channels().await {
        Ok(whole) => {
            let names: Vec<String> = whole.console_channels().into_iter().map(|(_, name)| name).collect();
            let told = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            (whole, Ok(told))
        }
        Err(error) => {
            let mend = "mend the broker first, and run this in the data_dir of a service; what is in the console is not lost";
            (parts, Err(complaint(format!("{error:#}"), mend)))
        }
    }
}

fn channels(config: &Configuration) -> String {
    let (numbers, mailboxes) = (config.sms.numbers.len(), config.email.mailboxes.len());
    format!("numbers: {numbers}, mailboxes: {mailboxes}, chat sites: {}", config.chat.sites.len())
}

fn tell(part: &str, finding: &Finding) -> bool {
    say(line(part, finding));
    finding.is_ok()
}

fn line(part: &str, finding: &Finding) -> String {
    match finding {
        Ok(state) => format!("ok   {part}: {state}"),
        Err(Complaint { what, mend }) => format!("FAIL {part}: {what} → {mend}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_wrong_and_how_to_mend_it() {
        assert_eq!(line("broker", &Ok("NATS 2.12.8".into())), "ok   broker: NATS 2.12.8");
        let wrong = Err(complaint("nobody answers at b:4222", "start the server"));
        assert_eq!(line("broker", &wrong), "FAIL broker: nobody answers at b:4222 → start the server");
    }
}
