//! As much of an SMTP client (RFC 5321) as it takes to bring one mail to the product's own door.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// How long the whole exchange may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Brings a mail with CRLF lines to the door at `address`.
///
/// # Errors
/// Nobody answers there, or what was answered instead of "yes".
pub async fn deliver(address: &str, from: &str, to: &str, raw: &[u8]) -> anyhow::Result<()> {
    timeout(PATIENCE, exchange(address, from, to, raw)).await.context("the mail server took too long")?
}

async fn exchange(address: &str, from: &str, to: &str, raw: &[u8]) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("no mail server at {address}"))?;
    let mut stream = BufReader::new(stream);
    expect(&mut stream, '2').await?;
    for (line, wanted) in [
        ("EHLO sandbox.example".to_owned(), '2'),
        (format!("MAIL FROM:<{from}>"), '2'),
        (format!("RCPT TO:<{to}>"), '2'),
        ("DATA".to_owned(), '3'),
    ] {
        stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await?;
        expect(&mut stream, wanted).await?;
    }
    stream.get_mut().write_all(&stuffed(raw)).await?;
    expect(&mut stream, '2').await?;
    stream.get_mut().write_all(b"QUIT\r\n").await?;
    Ok(())
}

/// Reads one answer, of one or several lines, and wants its first digit to be `wanted`.
async fn expect(stream: &mut BufReader<TcpStream>, wanted: char) -> anyhow::Result<()> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            bail!("the mail server hung up");
        }
        if line.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        if line.starts_with(wanted) {
            return Ok(());
        }
        bail!("{}", line.trim_end());
    }
}

/// A line that begins with a full stop gets another one (RFC 5321 §4.5.2); a line with one alone ends the mail.
fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + 8);
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend(b"\r\n");
    }
    out.extend(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_stops_at_the_beginning_of_a_line_are_doubled() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b\r\n"), b"a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(stuffed(b"a"), b"a\r\n.\r\n");
    }
}
