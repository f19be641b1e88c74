//! From an address to a session that is signed in: encrypted, unless that was said not to matter.

use std::{sync::Arc, time::Duration};

use async_imap::{Authenticator, Client, Session, error::Error};
use host::{RefreshTokens, Secret, config::Imap};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use web::oauth::{NoToken, Tokens};

use super::wire::{Allowance, Io, Wire};

/// A server answers within this time, or is as good as away.
pub const WITHIN: Duration = Duration::from_secs(30);
/// What a server may say to a command without mails in its answer.
pub const SMALL: usize = 4 * 1024 * 1024;

/// Why a mailbox cannot be read, for people.
#[derive(Debug)]
pub struct Trouble {
    /// In one sentence.
    pub what: String,
    /// Trying again soon makes it worse.
    pub is_sign_in: bool,
}

/// A session that is signed in.
pub struct Open {
    /// The session.
    pub session: Session<Wire>,
    /// How much it may still say.
    pub allowance: Allowance,
    /// It tells by itself when mail comes.
    pub idles: bool,
    /// It can move mails.
    pub moves: bool,
}

/// With what we sign in: a password, or tokens.
pub fn tokens(imap: &Imap, refresh_tokens: &RefreshTokens) -> anyhow::Result<Option<Tokens>> {
    imap.oauth.as_ref().map(|oauth| refresh_tokens.of(oauth.grant())).transpose()
}

/// What XOAUTH2 says: user and token once, and nothing to the reasons of a refusal.
struct Xoauth2(Option<String>);

impl Authenticator for Xoauth2 {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

/// Connects and signs in. A token that was kept and is not taken any more is followed by a new one at once.
pub async fn open(imap: &Imap, tokens: Option<&Tokens>) -> Result<Open, Trouble> {
    let kept = match tokens {
        Some(tokens) => tokens.keeps().await,
        None => false,
    };
    match once(imap, tokens).await {
        Err(trouble) if kept && trouble.is_sign_in => once(imap, tokens).await,
        done => done,
    }
}

async fn once(imap: &Imap, tokens: Option<&Tokens>) -> Result<Open, Trouble> {
    let allowance = Allowance::default();
    allowance.set(SMALL);
    let client = within(connect(imap, &allowance)).await?;
    let signing_in = async {
        let mut session = sign_in(imap, tokens, client).await?;
        let capabilities = session.capabilities().await.map_err(|error| trouble(&error))?;
        let (idles, moves) = (capabilities.has_str("IDLE"), capabilities.has_str("MOVE"));
        Ok(Open { session, allowance, idles, moves })
    };
    within(signing_in).await
}

async fn sign_in(
    imap: &Imap,
    tokens: Option<&Tokens>,
    client: Client<Wire>,
) -> Result<Session<Wire>, Trouble> {
    let refused = |error: Error| match error {
        Error::No(_) | Error::Bad(_) => Trouble {
            what: format!("{} refuses the sign-in of {}: {}", imap.host(), imap.user, words(&error)),
            is_sign_in: true,
        },
        other => trouble(&other),
    };
    let Some(tokens) = tokens else {
        let password = imap.password.as_ref().map_or("", Secret::expose);
        return client.login(&imap.user, password).await.map_err(|(error, _)| refused(error));
    };
    let no_token = |error: NoToken| Trouble {
        is_sign_in: matches!(error, NoToken::Refused(_)),
        what: format!("{} cannot sign in at {}: {error}", imap.user, imap.host()),
    };
    let token = tokens.token().await.map_err(no_token)?;
    let says = Xoauth2(Some(format!("user={}\x01auth=Bearer {token}\x01\x01", imap.user)));
    match client.authenticate("XOAUTH2", says).await {
        Ok(session) => Ok(session),
        Err((error, _)) => {
            tokens.refused(&token).await;
            Err(refused(error))
        }
    }
}

async fn connect(imap: &Imap, allowance: &Allowance) -> Result<Client<Wire>, Trouble> {
    let (host, port) = (imap.host(), imap.port());
    let unreachable = |why: String| simple(format!("{host}:{port} cannot be reached: {why}"));
    let tcp = TcpStream::connect((host, port)).await.map_err(|error| unreachable(error.to_string()))?;
    // It only saves waiting.
    let _ = tcp.set_nodelay(true);
    if imap.is_encrypted() {
        let mut client = Client::new(Wire::new(encrypted(imap, tcp).await?, allowance.clone()));
        greeting(&mut client).await?;
        return Ok(client);
    }
    let mut client = Client::new(Wire::new(Box::new(tcp), allowance.clone()));
    greeting(&mut client).await?;
    match client.run_command_and_check_ok("STARTTLS", None).await {
        Ok(()) => {
            // What came behind the answer was not encrypted: it is dropped with the client.
            let tls = encrypted(imap, client.into_inner().into_inner()).await?;
            Ok(Client::new(Wire::new(tls, allowance.clone())))
        }
        Err(Error::No(_) | Error::Bad(_)) if imap.may_be_plain() => Ok(client),
        Err(Error::No(_) | Error::Bad(_)) => Err(simple(format!(
            "{host}:{port} offers no encryption: use imaps://, or say allow_plain = true"
        ))),
        Err(error) => Err(trouble(&error)),
    }
}

async fn greeting(client: &mut Client<Wire>) -> Result<(), Trouble> {
    let greeting = client.read_response().await.map_err(|error| trouble(&Error::Io(error)))?;
    greeting.map(drop).ok_or_else(|| simple("the server closes the connection without a word".into()))
}

async fn encrypted<S: Io + 'static>(imap: &Imap, io: S) -> Result<Box<dyn Io>, Trouble> {
    let host = imap.host().to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|error| simple(format!("{host:?}: {error}")))?;
    let config = tls(imap).await.map_err(|error| simple(format!("TLS cannot be used: {error:#}")))?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, io).await;
    let refused = |error| {
        simple(format!(
            "{host} is not believed: {error} (tls_ca names a certificate that is believed besides)"
        ))
    };
    Ok(Box::new(connected.map_err(refused)?))
}

async fn tls(imap: &Imap) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = &imap.tls_ca {
        for certificate in CertificateDer::pem_slice_iter(&tokio::fs::read(path).await?) {
            roots.add(certificate?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The same, unless it takes too long.
pub async fn within<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    timeout(WITHIN, work).await.unwrap_or_else(|_| Err(too_slow()))
}

/// It took too long.
pub fn too_slow() -> Trouble {
    simple(format!("the server does not answer within {} seconds", WITHIN.as_secs()))
}

/// Mails are to be moved, and cannot be.
pub fn cannot_move() -> Trouble {
    simple("the server cannot move mails (it has no MOVE): leave move_to out".into())
}

/// The folder cannot be opened.
pub fn folder_trouble(imap: &Imap, error: &Error) -> Trouble {
    simple(format!("the folder {:?} cannot be opened: {}", imap.folder, words(error)))
}

/// Something went wrong.
pub fn trouble(error: &Error) -> Trouble {
    simple(words(error))
}

/// Something that may pass.
pub fn simple(what: String) -> Trouble {
    Trouble { what, is_sign_in: false }
}

/// What a server said, without what the library puts around it.
fn words(error: &Error) -> String {
    let (Error::No(said) | Error::Bad(said)) = error else { return error.to_string() };
    let quoted = said.split_once("info: Some(\"").and_then(|(_, rest)| rest.rsplit_once("\")"));
    quoted.map_or_else(|| said.clone(), |(words, _)| words.to_owned())
}
