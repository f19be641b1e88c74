//! `frontdesk mail-pipe`: a mail from stdin, for a mail server's alias or pipe. It goes through the door
//! `POST /webhooks/email`, and the exit code (sysexits(3)) tells the mail server what became of it: 0 only when the mail is
//! durable, 75 when it must be kept and brought again. A mail that only the configuration is to blame for is kept too.

use std::{
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use host::{Configuration, LogFormat};
use reqwest::StatusCode;
use url::Url;

use crate::cli::complain;

/// The whole of it: mail servers wait far longer for a pipe.
const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes of an answer that are told on.
const MAX_TOLD: usize = 300;

/// What a mail server hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Told {
    /// It is durable.
    Ok = 0,
    /// `EX_USAGE`.
    Usage = 64,
    /// `EX_DATAERR`: no mail at all, too large, or a loop; it never gets better.
    Data = 65,
    /// `EX_NOUSER`: no mailbox forwards to this recipient.
    NoUser = 67,
    /// `EX_TEMPFAIL`: keep it.
    Later = 75,
}

/// What the command is told.
#[derive(Args, Debug)]
pub struct Options {
    /// Envelope recipient: the `inbound` address of a mailbox, also with +token
    #[arg(long, value_name = "ADDRESS")]
    rcpt: String,
    /// Envelope sender; empty for a bounce. Postfix tells it in the environment
    #[arg(long, value_name = "ADDRESS", env = "SENDER")]
    from: Option<String>,
    /// Where email-ingest listens; without it the address in `listen`
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

/// The exit code where the command line is wrong.
pub fn wrong_usage() -> ExitCode {
    ExitCode::from(Told::Usage as u8)
}

/// The exit code where something of ours is wrong, such as the configuration: the mail is not to blame.
pub fn put_off() -> ExitCode {
    ExitCode::from(Told::Later as u8)
}

/// Brings the mail. Also where there is no runtime, or in a panic, the mail server is told to keep it.
pub fn run(config: &Configuration, options: Options, log_format: LogFormat) -> ExitCode {
    let mut told = Told::Later;
    let work = async {
        told = match bring(config, options).await {
            Ok(()) => Told::Ok,
            Err((told, why)) => {
                complain(format_args!("frontdesk mail-pipe: {why}"));
                told
            }
        };
        ExitCode::SUCCESS
    };
    let ended = catch_unwind(AssertUnwindSafe(|| host::command("mail-pipe", log_format, work)));
    if ended.is_ok() { ExitCode::from(told as u8) } else { put_off() }
}

async fn bring(config: &Configuration, options: Options) -> Result<(), (Told, String)> {
    let later = |why: String| (Told::Later, why);
    let Some(key) = config.mail_key() else {
        return Err(later("set email.webhook_key or owner.api_key, here and where email-ingest runs".into()));
    };
    let url = door(config, &options).map_err(later)?;
    let mail = read(config.smtp.max_size).await?;
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    // It is our own service: a proxy for the web has no part in it.
    let client = client.no_proxy().build().map_err(|error| later(error.to_string()))?;
    let request = client.post(url.clone()).bearer_auth(key.expose());
    let request = request.header("content-type", "message/rfc822").body(mail);
    let answer = request.send().await.map_err(|error| later(format!("{}: {error}", url.path())))?;
    let status = answer.status();
    if status == StatusCode::ACCEPTED {
        return Ok(());
    }
    let text = answer.text().await.unwrap_or_default();
    let words: String = text.chars().take(MAX_TOLD).collect();
    Err((told(&text), format!("{status}: {words}")))
}

/// What a refusal of the door says of the mail. A wrong key or address is nothing the sender can help, nor is what another
/// server says.
fn told(problem: &str) -> Told {
    let problem: serde_json::Value = serde_json::from_str(problem).unwrap_or_default();
    match problem["code"].as_str() {
        Some("no_mailbox") => Told::NoUser,
        Some("empty" | "mail_loop" | "too_large") => Told::Data,
        _ => Told::Later,
    }
}

fn door(config: &Configuration, options: &Options) -> Result<Url, String> {
    let base = match &options.url {
        Some(url) => url.clone(),
        None => {
            let address = config.listen.replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
            Url::parse(&format!("http://{address}")).map_err(|error| format!("listen: {error}"))?
        }
    };
    let mut url = base.join("/webhooks/email").map_err(|error| format!("--url: {error}"))?;
    url.query_pairs_mut().append_pair("rcpt", &options.rcpt);
    if let Some(from) = &options.from {
        let from = from.trim_matches(['<', '>']);
        // What Postfix says for a mail without one.
        let from = if from == "MAILER-DAEMON" { "" } else { from };
        url.query_pairs_mut().append_pair("from", from);
    }
    Ok(url)
}

/// The mail, without the line `From …` that stands before it in a mailbox file.
async fn read(max_size: u64) -> Result<Vec<u8>, (Told, String)> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut mail = Vec::new();
        std::io::stdin().take(max_size + 1).read_to_end(&mut mail).map(|_| mail)
    });
    let mut mail = match reading.await.map_err(std::io::Error::other).and_then(|read| read) {
        Ok(mail) => mail,
        Err(error) => return Err((Told::Later, format!("stdin: {error}"))),
    };
    if mail.len() as u64 > max_size {
        return Err((Told::Data, format!("the mail is larger than {max_size} bytes")));
    }
    if mail.starts_with(b"From ")
        && let Some(end) = mail.iter().position(|byte| *byte == b'\n')
    {
        mail.drain(..=end);
    }
    Ok(mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sender_cannot_help_is_kept() {
        for (problem, code) in [
            (r#"{"code":"no_mailbox"}"#, 67),
            (r#"{"code":"empty"}"#, 65),
            (r#"{"code":"mail_loop"}"#, 65),
            (r#"{"code":"too_large"}"#, 65),
            (r#"{"code":"not_found"}"#, 75),
            (r#"{"code":"forbidden"}"#, 75),
            (r#"{"code":"unavailable"}"#, 75),
            ("<html>no such page</html>", 75),
            ("", 75),
        ] {
            assert_eq!(told(problem) as u8, code, "{problem}");
        }
    }
}
