//! A small mail server that keeps what it is given, or goes wrong when told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;

use crate::oauth::Provider;

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Header and body with CRLF line ends, dots unstuffed.
    pub raw: Vec<u8>,
}

impl Mail {
    /// The mail as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// A header, unfolded but not decoded.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let head =
            text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        let found = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let mut found = found.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim().to_owned())
    }
}

/// A moment of an SMTP exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The connection was made.
    Greeting,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The whole mail was read.
    Content,
}

/// What goes wrong with one exchange.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// This reply, such as `451 4.3.0 later`; nothing is kept.
    Reply(At, &'static str),
    /// The connection is cut; at [`At::Content`] the mail was kept before.
    Drop(At),
}

/// The server. It ends when this is dropped.
pub struct SmtpSink {
    url: String,
    shared: Arc<Shared>,
    _server: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Shared {
    mails: Mutex<Vec<Mail>>,
    mishaps: Mutex<VecDeque<Mishap>>,
    /// Who is let in; anybody, where that is not said.
    provider: Option<Provider>,
}

impl SmtpSink {
    /// Listens on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(Shared::default()).await
    }

    /// The same, for those alone who come with a token of that provider.
    pub async fn start_for(provider: Provider) -> anyhow::Result<Self> {
        Self::start_with(Shared { provider: Some(provider), ..Shared::default() }).await
    }

    async fn start_with(shared: Shared) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("smtp://{}", listener.local_addr()?);
        let shared = Arc::new(shared);
        let server = tokio::spawn(serve(listener, shared.clone()));
        Ok(Self { url, shared, _server: AbortOnDropHandle::new(server) })
    }

    /// For `relay.url` of the configuration.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next exchange that comes to that moment goes wrong so. Several wait in a row.
    pub fn next(&self, mishap: Mishap) {
        self.shared.mishaps.lock().expect("not poisoned").push_back(mishap);
    }

    /// The mails kept so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails.lock().expect("not poisoned").clone()
    }

    /// The first mail that contains `text`, waiting for it up to `within`.
    pub async fn mail_with(&self, text: &str, within: Duration) -> Option<Mail> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            if let Some(mail) = self.mails().into_iter().find(|mail| mail.text().contains(text)) {
                return Some(mail);
            }
            if tokio::time::Instant::now() >= deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Shared {
    /// The mishap waiting first, if this is its moment.
    fn mishap(&self, moment: At) -> Option<Mishap> {
        let mut mishaps = self.mishaps.lock().expect("not poisoned");
        let is_now =
            |mishap: &Mishap| matches!(mishap, Mishap::Reply(at, _) | Mishap::Drop(at) if *at == moment);
        mishaps.front().is_some_and(is_now).then(|| mishaps.pop_front()).flatten()
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let session =
            Session { stream: BufReader::new(stream), shared: shared.clone(), mail: None, is_in: false };
        connections.spawn(session.run());
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    shared: Arc<Shared>,
    mail: Option<Mail>,
    is_in: bool,
}

/// The client is gone, or is meant to believe so.
struct Gone;

impl<E: std::error::Error> From<E> for Gone {
    fn from(_: E) -> Self {
        Self
    }
}

impl Session {
    async fn run(mut self) -> Result<(), Gone> {
        self.answer(At::Greeting, "220 sink.test ESMTP").await?;
        loop {
            let line = self.line().await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" | "HELO" => {
                    let auth = if self.shared.provider.is_some() { "250-AUTH XOAUTH2\r\n" } else { "" };
                    let can =
                        format!("250-sink.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n{auth}250 SIZE 52428800");
                    self.say(&can).await?
                }
                "AUTH" => {
                    let answer = line.rsplit(' ').next().unwrap_or_default();
                    self.is_in =
                        self.shared.provider.as_ref().is_some_and(|provider| provider.lets_in(answer));
                    self.say(if self.is_in { "235 2.7.0 welcome" } else { "535 5.7.8 no" }).await?
                }
                "MAIL" if self.shared.provider.is_some() && !self.is_in => {
                    self.say("530 5.7.0 who are you?").await?
                }
                "MAIL" => {
                    self.mail = Some(Mail { from: address(&line), to: Vec::new(), raw: Vec::new() });
                    self.say("250 2.1.0 ok").await?;
                }
                "RCPT" => {
                    if self.answer(At::Recipient, "250 2.1.5 ok").await?
                        && let Some(mail) = &mut self.mail
                    {
                        mail.to.push(address(&line));
                    }
                }
                "DATA" => {
                    if self.answer(At::Data, "354 go ahead").await? {
                        self.content().await?;
                    }
                }
                "RSET" | "NOOP" => self.say("250 2.0.0 ok").await?,
                "QUIT" => return self.say("221 2.0.0 bye").await,
                _ => self.say("502 5.5.1 what?").await?,
            }
        }
    }

    async fn content(&mut self) -> Result<(), Gone> {
        let mut mail = self.mail.take().ok_or(Gone)?;
        loop {
            let line = self.line().await?;
            if line == b".\r\n" {
                break;
            }
            mail.raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let keep = |mail| self.shared.mails.lock().expect("not poisoned").push(mail);
        match self.shared.mishap(At::Content) {
            Some(Mishap::Reply(_, reply)) => self.say(reply).await,
            Some(Mishap::Drop(_)) => {
                keep(mail);
                Err(Gone)
            }
            None => {
                keep(mail);
                self.say("250 2.0.0 kept").await
            }
        }
    }

    /// Says this unless something is to go wrong now; whether it was said.
    async fn answer(&mut self, moment: At, usual: &str) -> Result<bool, Gone> {
        match self.shared.mishap(moment) {
            Some(Mishap::Reply(_, reply)) => self.say(reply).await.map(|()| false),
            Some(Mishap::Drop(_)) => Err(Gone),
            None => self.say(usual).await.map(|()| true),
        }
    }

    async fn say(&mut self, reply: &str) -> Result<(), Gone> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        Ok(self.stream.flush().await?)
    }

    async fn line(&mut self) -> Result<Vec<u8>, Gone> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 { Err(Gone) } else { Ok(line) }
    }
}

fn address(line: &str) -> String {
    let start = line.find('<').map_or(0, |at| at + 1);
    line[start..].split('>').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn speak(sink: &SmtpSink, lines: &str) -> String {
        let mut stream = TcpStream::connect(sink.url().trim_start_matches("smtp://")).await.unwrap();
        stream.write_all(lines.replace('\n', "\r\n").as_bytes()).await.unwrap();
        let mut heard = String::new();
        let _ = stream.read_to_string(&mut heard).await;
        heard
    }

    const MAIL: &str =
        "EHLO me\nMAIL FROM:<a@x.test>\nRCPT TO:<b@y.test>\nDATA\nSubject: hi\n  there\n\n..dot\n.\nQUIT\n";

    #[tokio::test]
    async fn a_mail_is_kept_as_it_was_meant() {
        let sink = SmtpSink::start().await.unwrap();
        assert!(speak(&sink, MAIL).await.contains("250 2.0.0 kept"));
        let mail = &sink.mails()[0];
        assert_eq!((mail.from.as_str(), mail.to.join(",")), ("a@x.test", "b@y.test".to_owned()));
        assert_eq!(mail.header("subject").as_deref(), Some("hi  there"));
        assert!(mail.raw.ends_with(b"\r\n\r\n.dot\r\n"));
    }

    #[tokio::test]
    async fn it_goes_wrong_when_told() {
        let sink = SmtpSink::start().await.unwrap();
        sink.next(Mishap::Reply(At::Content, "451 4.3.0 later"));
        sink.next(Mishap::Drop(At::Content));
        assert!(speak(&sink, MAIL).await.contains("451 4.3.0 later"));
        assert_eq!(sink.mails().len(), 0);
        assert!(!speak(&sink, MAIL).await.contains("kept"));
        assert_eq!(sink.mails().len(), 1);
    }
}
