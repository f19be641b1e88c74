//! Outgoing mail: whether a mail server answers at the relay, and whether mails can be signed.

use std::time::Duration;

use host::{
    Secret,
    config::{DkimKey, shown},
};
use notifier::dkim::Signer;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use url::Url;

use super::{Finding, complaint};

const WITHIN: Duration = Duration::from_secs(10);
/// A greeting line is at most this long (RFC 5321 §4.5.3.1.5 says 512).
const LONGEST_LINE: u64 = 1024;

/// Whether mails can be signed with this key, and the record others check them by.
pub fn dkim(key: &DkimKey) -> Finding {
    let mend = "make an RSA key of 2048 bits or an Ed25519 key, and name its PEM file in email.dkim";
    let signer = Signer::new(key).map_err(|error| complaint(format!("{error:#}"), mend))?;
    Ok(format!("the key signs; the DNS needs TXT {} = {:?}", signer.record_name(), signer.record()))
}

/// Connects and, where the connection is not encrypted from the first byte, reads the greeting.
pub async fn check(url: Option<&Secret>) -> Finding {
    let Some(address) = url else {
        return Ok("the sandbox mailbox, as relay.url is empty (no mail leaves this machine)".into());
    };
    let unreadable = |_| complaint("relay.url cannot be read", "write it as smtp://user:password@host:587");
    let url = Url::parse(address.expose()).map_err(unreadable)?;
    let is_encrypted = url.scheme() == "smtps";
    let port = url.port().unwrap_or(if is_encrypted { 465 } else { 25 });
    // An IPv6 address stands in brackets in a URL, not in a socket address's host.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let at = shown(address.expose());
    let mend = "start the mail server, or correct host and port in relay.url";
    match timeout(WITHIN, greeting(&host, port, is_encrypted)).await {
        Ok(Ok(greeting)) if is_encrypted || greeting.starts_with("220") => {
            Ok(format!("{at} answers {greeting:?}"))
        }
        Ok(Ok(greeting)) => Err(complaint(
            format!("{at} greets with {greeting:?}, not with 220"),
            "is it a mail server? correct relay.url",
        )),
        Ok(Err(error)) => Err(complaint(format!("{at} cannot be reached: {error}"), mend)),
        Err(_) => Err(complaint(format!("{at} did not answer within {} seconds", WITHIN.as_secs()), mend)),
    }
}

async fn greeting(host: &str, port: u16, is_encrypted: bool) -> std::io::Result<String> {
    let mut connection = TcpStream::connect((host, port)).await?;
    if is_encrypted {
        return Ok("on an encrypted port".into());
    }
    let (reader, mut writer) = connection.split();
    let mut line = Vec::new();
    BufReader::new(reader.take(LONGEST_LINE)).read_until(b'\n', &mut line).await?;
    // Polite; whether it is heard does not matter.
    let _ = writer.write_all(b"QUIT\r\n").await;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn relay_that_says(greeting: &'static str) -> Secret {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.write_all(greeting.as_bytes()).await.unwrap();
        });
        Secret::new(format!("smtp://u:hunter2@127.0.0.1:{port}"))
    }

    #[tokio::test]
    async fn a_mail_server_is_told_from_something_else_and_from_nothing() {
        let mail = check(Some(&relay_that_says("220 mx ready\r\n").await)).await.unwrap();
        assert!(mail.contains("220 mx ready") && !mail.contains("hunter2"), "{mail}");
        let web = check(Some(&relay_that_says("HTTP/1.1 400\r\n").await)).await.unwrap_err();
        assert!(web.what.contains("not with 220"), "{web:?}");
        let nobody = check(Some(&Secret::new("smtp://127.0.0.1:1"))).await.unwrap_err();
        assert!(nobody.mend.contains("relay.url"), "{nobody:?}");
    }
}
