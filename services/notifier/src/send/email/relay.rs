//! The mail relay, step by step: as long as the content has not begun, nothing was taken and the mail may go again;
//! once it has, only a reply tells. lettre's own transport keeps the two apart no better than its pool keeps
//! connections of abandoned sends apart from good ones, hence its parts are used here instead.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use domain::event::DeliveryOutcome;
use host::Secret;
use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters, TlsParametersBuilder},
        commands::{Data, Mail, Rcpt, Rset},
        extension::ClientId,
    },
};
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, timeout};
use url::Url;
use web::oauth::Tokens;

use super::{
    super::{Attempt, shown},
    compose::Composed,
};

/// Longest time for everything before the content.
const BEGIN_WITHIN: Duration = Duration::from_secs(30);
/// Longest time for the content and the reply to it; some relays look at a mail before they take it.
const FINISH_WITHIN: Duration = Duration::from_secs(120);
/// A connection rests at most this long: relays close theirs after minutes.
const REST: Duration = Duration::from_secs(20);
/// Connections at rest.
const MOST_AT_REST: usize = 4;

/// A relay.
pub struct Relay {
    host: String,
    port: u16,
    tls: Tls,
    who: Who,
    me: ClientId,
    resting: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// How the relay knows us.
enum Who {
    Anybody,
    Password(Credentials),
    /// A user, with tokens instead of a password.
    Token(String, Box<Tokens>),
}

enum Tls {
    Never,
    IfOffered(TlsParameters),
    Required(TlsParameters),
    FromTheStart(TlsParameters),
}

impl Relay {
    /// Reads `smtp://user:pass@host:port` (STARTTLS where the relay offers it; `?tls=required` insists, `?tls=none`
    /// does without) or `smtps://…`. A path, if any, is the name for EHLO. Without a port: 25 or 465.
    ///
    /// # Errors
    /// It is no such address. The error does not show it.
    pub fn new(address: &Secret, tokens: Option<Tokens>) -> anyhow::Result<Self> {
        let url =
            Url::parse(address.expose()).context("relay.url is not an address such as smtp://host:port")?;
        let host = url.host_str().context("relay.url names no host")?.trim_matches(['[', ']']).to_owned();
        let who = match tokens {
            Some(tokens) => Who::Token(user(&url)?, Box::new(tokens)),
            None => credentials(&url)?.map_or(Who::Anybody, Who::Password),
        };
        let tells_secret = !matches!(who, Who::Anybody);
        let wish = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let tls = match (url.scheme(), wish.as_deref()) {
            ("smtps", None) => Tls::FromTheStart(TlsParameters::new(host.clone())?),
            ("smtp", None | Some("opportunistic")) => Tls::IfOffered(if_offered(&host, tells_secret)?),
            ("smtp", Some("required")) => Tls::Required(TlsParameters::new(host.clone())?),
            ("smtp", Some("none")) => Tls::Never,
            _ => bail!(
                "relay.url must begin with smtp:// or smtps://; ?tls= may be required, opportunistic or none"
            ),
        };
        let usual = if matches!(tls, Tls::FromTheStart(_)) { 465 } else { 25 };
        let me = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let port = url.port().unwrap_or(usual);
        Ok(Self { host, port, tls, who, me, resting: Mutex::new(Vec::new()) })
    }

    /// Hands the mail over. `Ok` once the relay took it.
    ///
    /// # Errors
    /// What is known instead.
    pub async fn send(&self, mail: &Composed) -> Result<(), Attempt> {
        let late = |_| Attempt::not_taken("the mail server did not answer in time");
        let mut connection = timeout(BEGIN_WITHIN, self.begin(mail)).await.map_err(late)??;
        match timeout(FINISH_WITHIN, connection.message(&mail.raw)).await {
            Ok(Ok(_)) => {
                self.rest(connection);
                Ok(())
            }
            Ok(Err(error)) if error.status().is_some() => Err(judged(&error)),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the mail server went silent after the content: nobody knows");
                Err(Attempt::uncertain())
            }
            Err(_) => {
                tracing::warn!("the mail server did not answer to the content in time: nobody knows");
                Err(Attempt::uncertain())
            }
        }
    }

    /// Everything up to the 354.
    async fn begin(&self, mail: &Composed) -> Result<AsyncSmtpConnection, Attempt> {
        let mut connection = match self.rested().await {
            Some(connection) => connection,
            None => self.signed_in().await?,
        };
        connection
            .command(Mail::new(mail.envelope.from().cloned(), vec![]))
            .await
            .map_err(|error| judged(&error))?;
        for to in mail.envelope.to() {
            let said = connection.command(Rcpt::new(to.clone(), vec![])).await;
            said.map_err(|error| of(to, mail.envelope.to().len(), judged(&error)))?;
        }
        connection.command(Data).await.map_err(|error| judged(&error))?;
        Ok(connection)
    }

    async fn signed_in(&self) -> Result<AsyncSmtpConnection, Attempt> {
        let mut connection = self.connect().await.map_err(|error| unreached(&error))?;
        match &self.who {
            Who::Anybody => {}
            Who::Password(credentials) => {
                let said = connection.auth(DEFAULT_MECHANISMS, credentials).await;
                said.map_err(|error| unreached(&error))?;
            }
            Who::Token(user, tokens) => {
                let token = tokens.token().await;
                let token = token.map_err(|error| Attempt::not_taken(shown(&error.to_string())))?;
                let credentials = Credentials::new(user.clone(), token.clone());
                if let Err(error) = connection.auth(&[Mechanism::Xoauth2], &credentials).await {
                    tokens.refused(&token).await;
                    return Err(unreached(&error));
                }
            }
        }
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let wrapper = match &self.tls {
            Tls::FromTheStart(parameters) => Some(parameters.clone()),
            Tls::Never | Tls::IfOffered(_) | Tls::Required(_) => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(BEGIN_WITHIN / 3), &self.me, wrapper, None)
                .await?;
        match &self.tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), &self.me).await?,
            Tls::IfOffered(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), &self.me).await?;
            }
            Tls::Never | Tls::IfOffered(_) | Tls::FromTheStart(_) => {}
        }
        Ok(connection)
    }

    fn rest(&self, connection: AsyncSmtpConnection) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() < MOST_AT_REST && !connection.has_broken() {
            resting.push((connection, Instant::now()));
        }
    }

    /// A connection at rest that still answers.
    async fn rested(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let (mut connection, since) =
                self.resting.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() > REST {
                continue;
            }
            let answer = timeout(Duration::from_secs(5), connection.command(Rset)).await;
            if matches!(answer, Ok(Ok(_))) {
                return Some(connection);
            }
        }
    }
}

fn credentials(url: &Url) -> anyhow::Result<Option<Credentials>> {
    let Some(password) = url.password() else { return Ok(None) };
    let decoded = |text| percent_decode_str(text).decode_utf8().map(String::from);
    let both = decoded(url.username()).and_then(|user| Ok((user, decoded(password)?)));
    let (user, password) = both.ok().context("user or password in relay.url is not UTF-8")?;
    Ok(Some(Credentials::new(user, password)))
}

fn user(url: &Url) -> anyhow::Result<String> {
    let user = percent_decode_str(url.username()).decode_utf8().map(String::from).ok();
    user.filter(|user| !user.is_empty()).context("relay.url names no user, which relay.oauth needs")
}

/// Where encryption is only welcome, a relay's own certificate is better than none (RFC 7435), as long as no password
/// is to be told.
fn if_offered(host: &str, has_password: bool) -> Result<TlsParameters, Error> {
    TlsParametersBuilder::new(host.to_owned()).dangerous_accept_invalid_certs(!has_password).build()
}

/// No mail was begun, so this is about the relay and not about the mail.
fn unreached(error: &Error) -> Attempt {
    Attempt::not_taken(shown(&format!("the mail server cannot be used: {error}")))
}

/// A reply to a mail: 4yz later, 5yz never (RFC 5321 §4.2.1). Without a reply before the content: later.
fn judged(error: &Error) -> Attempt {
    match error.status() {
        Some(code) if error.is_permanent() => {
            let said = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
            let reason = format!("the mail server refused it ({code}): {}", shown(&said));
            Attempt::failed(code.to_string(), reason)
        }
        _ => Attempt::not_taken(shown(&format!("the mail server did not take it: {error}"))),
    }
}

/// Which of several it is about: nobody gets the mail then, so that the agent may send it anew without that one.
fn of(to: &Address, number: usize, attempt: Attempt) -> Attempt {
    match attempt {
        Attempt::Done(DeliveryOutcome::Failed { mut error, opted_out }) if number > 1 => {
            error.reason = format!("{to}: {}; nobody was sent it", error.reason);
            Attempt::Done(DeliveryOutcome::Failed { error, opted_out })
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(address: &str) -> anyhow::Result<Relay> {
        Relay::new(&Secret::new(address), None)
    }

    #[test]
    fn addresses_of_relays_are_read() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        for (address, port) in [
            ("smtp://mail.example.com", 25),
            ("smtp://u:p@mail.example.com:587", 587),
            ("smtp://mail.example.com:1025?tls=none", 1025),
            ("smtp://mail.example.com?tls=required", 25),
            ("smtps://u%40x:p%2Fq@mail.example.com", 465),
            ("smtp://[::1]:2525", 2525),
        ] {
            assert_eq!(relay(address).unwrap().port, port, "{address}");
        }
        assert_eq!(relay("smtp://[::1]:2525").unwrap().host, "::1");
    }

    #[test]
    fn a_wrong_address_is_refused_without_showing_its_password() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        for address in ["http://u:hunter2@x", "smtp://u:hunter2@", "hunter2", "smtp://u:hunter2@x?tls=maybe"]
        {
            let error = relay(address).err().map(|error| format!("{error:#}")).unwrap();
            assert!(error.contains("relay.url") && !error.contains("hunter2"), "{error}");
        }
    }
}
