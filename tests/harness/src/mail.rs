//! Plays a mail server that forwards mail to the product over SMTP, with its hands on every byte.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// A reply that does not come within this time is an error.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the product said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits; 0 when the connection was closed without a word.
    pub code: u16,
    /// The text of all lines.
    pub text: String,
}

/// A forwarding mail server.
#[derive(Clone, Copy, Debug)]
pub struct MailServer {
    addr: SocketAddr,
}

impl MailServer {
    /// Forwards to the receiver at this address.
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr }
    }

    /// Sends one mail in a session of its own; the reply that decided: to `DATA`'s end, or the first refusal.
    ///
    /// # Errors
    /// No connection, or no reply.
    pub async fn send(&self, from: &str, recipient: &str, raw: &[u8]) -> io::Result<Reply> {
        let mut session = self.session().await?;
        let reply = session.deliver(from, &[recipient], raw).await?;
        session.command("QUIT").await.ok();
        Ok(reply)
    }

    /// Opens a session and reads the greeting.
    ///
    /// # Errors
    /// No connection, or no greeting.
    pub async fn session(&self) -> io::Result<Session> {
        self.session_after(b"").await
    }

    /// Opens a session with these bytes first, such as the header of a proxy.
    ///
    /// # Errors
    /// No connection.
    pub async fn session_after(&self, bytes: &[u8]) -> io::Result<Session> {
        let stream = TcpStream::connect(self.addr).await?;
        let mut session = Session::over(Box::new(stream));
        session.write_raw(bytes).await?;
        session.greeting = session.reply().await?;
        Ok(session)
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// An open SMTP session.
pub struct Session {
    stream: BufReader<Box<dyn Stream>>,
    /// The first reply.
    pub greeting: Reply,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("greeting", &self.greeting).finish_non_exhaustive()
    }
}

impl Session {
    fn over(stream: Box<dyn Stream>) -> Self {
        Self { stream: BufReader::new(stream), greeting: Reply { code: 0, text: String::new() } }
    }

    /// The handshake after STARTTLS was answered; the server must be `name` and have this very certificate.
    ///
    /// # Errors
    /// It has another one, or does not speak TLS.
    pub async fn encrypt(self, name: &str, certificate: CertificateDer<'static>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
        let name = name.to_owned().try_into().map_err(io::Error::other)?;
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, self.stream.into_inner());
        let stream = timeout(PATIENCE, handshake).await??;
        Ok(Self { greeting: self.greeting, ..Self::over(Box::new(stream)) })
    }

    /// The same with the certificate in PEM.
    ///
    /// # Errors
    /// As there, or there is no certificate in it.
    pub async fn encrypt_pem(self, name: &str, pem: &[u8]) -> io::Result<Self> {
        let certificate = CertificateDer::from_pem_slice(pem).map_err(io::Error::other)?;
        self.encrypt(name, certificate).await
    }

    /// Says one command and hears the reply.
    ///
    /// # Errors
    /// No reply.
    pub async fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.write_raw(format!("{line}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Sends one mail: EHLO, MAIL, RCPT, DATA; the reply that decided.
    ///
    /// # Errors
    /// No reply.
    pub async fn deliver(&mut self, from: &str, recipients: &[&str], raw: &[u8]) -> io::Result<Reply> {
        let mut lines = vec!["EHLO forwarder.example.net".to_owned(), format!("MAIL FROM:<{from}>")];
        lines.extend(recipients.iter().map(|recipient| format!("RCPT TO:<{recipient}>")));
        lines.push("DATA".to_owned());
        for line in lines {
            let reply = self.command(&line).await?;
            if !(200..400).contains(&reply.code) {
                return Ok(reply);
            }
        }
        self.write_raw(&stuffed(raw)).await?;
        self.reply().await
    }

    /// Writes these very bytes.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Reads the next reply; code 0 when the connection is closed.
    ///
    /// # Errors
    /// It did not come in time.
    pub async fn reply(&mut self) -> io::Result<Reply> {
        let mut reply = Reply { code: 0, text: String::new() };
        loop {
            let mut line = String::new();
            let read = timeout(PATIENCE, self.stream.read_line(&mut line)).await?;
            if !matches!(read, Ok(length) if length > 3) {
                return Ok(reply);
            }
            reply.code = line[..3].parse().unwrap_or_default();
            reply.text.push_str(line[4..].trim_end());
            reply.text.push('\n');
            if line.as_bytes()[3] == b' ' {
                return Ok(reply);
            }
        }
    }
}

/// The mail as it goes over the wire: line breaks CRLF, dots stuffed, the end at the end (RFC 5321 §4.5.2).
fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(raw.len() + 5);
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            sent.push(b'.');
        }
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        sent.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(b".\r\n");
    sent
}

/// A simple mail. `headers` are further ones, such as `("In-Reply-To", "<1@example.org>")`.
pub fn compose(from: &str, to: &str, subject: &str, text: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut mail = format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\n");
    for (name, value) in headers {
        mail.push_str(&format!("{name}: {value}\r\n"));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("message-id")) {
        mail.push_str(&format!("Message-ID: <{}@forwarder.example.net>\r\n", uuid::Uuid::new_v4()));
    }
    mail.push_str("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    mail.push_str(&text.replace("\r\n", "\n").replace('\n', "\r\n"));
    mail.push_str("\r\n");
    mail.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_stuffed_for_the_wire() {
        assert_eq!(stuffed(b".a\n..\r\nb"), b"..a\r\n...\r\nb\r\n.\r\n");
        assert_eq!(stuffed(b""), b".\r\n");
    }

    #[test]
    fn a_composed_mail_has_an_id_of_its_own_unless_it_is_given() {
        let mail = String::from_utf8(compose("a@b", "c@d", "s", "x\ny", &[])).unwrap();
        assert!(mail.contains("Message-ID: <") && mail.ends_with("\r\n\r\nx\r\ny\r\n"), "{mail}");
        let mail = String::from_utf8(compose("a@b", "c@d", "s", "x", &[("Message-ID", "<1@b>")])).unwrap();
        assert_eq!(mail.matches("Message-ID").count(), 1);
    }
}
