//! Sign-in through a provider of OpenID Connect (Core 1.0, Discovery 1.0): the authorization code flow with PKCE
//! (RFC 7636), seen from the client. [`jws`] says whether the provider signed an id token, [`claims`] whether it was made for
//! us, now, and for this sign-in; both are pure. What is kept here is only a cache: each process can do without it.

use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, Url};
use serde::{Deserialize, de::DeserializeOwned};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::{
    provider::{self, Answer},
    signature,
};

mod attempt;
mod claims;
mod jws;
mod metadata;

pub use crate::provider::one_line;
pub use attempt::Attempt;
pub use claims::Claims;
pub use metadata::Metadata;

use claims::{Expected, Wrong};
use jws::{Keys, NotSigned, Signed};

/// A provider answers within this time, or is as good as away.
const WITHIN: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const LARGEST: usize = 512 * 1024;
/// Where things are, and which keys there are, is asked again after this time.
const KNOWN_FOR: Duration = Duration::from_secs(60 * 60);

/// What a provider knows this installation by. Not to be printed.
#[derive(Clone)]
pub struct Registration {
    /// Who the provider is, to the letter.
    pub issuer: String,
    /// Who we are.
    pub client_id: String,
    /// With what we prove it, where the provider gave something.
    pub client_secret: Option<String>,
    /// What is asked for, divided by spaces.
    pub scopes: String,
    /// Where the provider sends people back to.
    pub redirect_uri: Url,
}

/// Why somebody could not be recognised.
#[derive(Debug, Error)]
pub enum Failed {
    /// The provider cannot be asked now: it may pass.
    #[error("the provider cannot be asked: {0}")]
    Away(String),
    /// The provider says no.
    #[error("the provider says no: {0}")]
    Refused(String),
    /// What it said is not to be trusted.
    #[error("the provider's answer is not to be trusted: {0}")]
    Untrusted(String),
}

impl From<Wrong> for Failed {
    fn from(wrong: Wrong) -> Self {
        Self::Untrusted(wrong.to_string())
    }
}

impl From<NotSigned> for Failed {
    fn from(wrong: NotSigned) -> Self {
        Self::Untrusted(wrong.to_string())
    }
}

/// A provider.
pub struct Provider {
    registration: Registration,
    client: Client,
    metadata: Mutex<Option<(Metadata, Instant)>>,
    keys: Mutex<Option<(Keys, Instant)>>,
}

/// RFC 6749 §5.1 and Core §3.1.3.3.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

impl Provider {
    /// For a registration.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(registration: Registration) -> anyhow::Result<Self> {
        let client = provider::client(WITHIN)?;
        Ok(Self { registration, client, metadata: Mutex::default(), keys: Mutex::default() })
    }

    /// Who the provider is.
    pub fn issuer(&self) -> &str {
        &self.registration.issuer
    }

    /// Where somebody goes to sign in.
    ///
    /// # Errors
    /// The provider is away, or is another one.
    pub async fn door(&self, attempt: &Attempt) -> Result<Url, Failed> {
        let mut door = self.metadata().await?.authorization_endpoint;
        let Registration { client_id, scopes, redirect_uri, .. } = &self.registration;
        door.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("scope", scopes)
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(door)
    }

    /// Who came back with this code; `issuer` is what the address named (RFC 9207), `now` in seconds of Unix time.
    ///
    /// # Errors
    /// See [`Failed`].
    pub async fn recognise(
        &self,
        code: &str,
        issuer: Option<&str>,
        attempt: &Attempt,
        now: i64,
    ) -> Result<Claims, Failed> {
        let metadata = self.metadata().await?;
        // RFC 9207 §2.4: a provider that says it names itself always does
        let named = issuer.map_or(!metadata.names_itself, |issuer| issuer == self.registration.issuer);
        if !named {
            return Err(Failed::Untrusted("the answer came by another provider".into()));
        }
        let tokens = self.exchange(&metadata, code, attempt).await?;
        let mut claims: Claims = self.opened(&metadata, &tokens.id_token).await?;
        let nonce = attempt.nonce();
        let Registration { issuer, client_id, .. } = &self.registration;
        claims.check(&Expected { issuer, client_id, nonce: &nonce }, now)?;
        if claims.email.is_none()
            && let (Some(endpoint), Some(access)) = (metadata.userinfo_endpoint, tokens.access_token)
        {
            let more: Claims = self.answer(self.client.get(endpoint).bearer_auth(access)).await?;
            claims.complete(more)?;
        }
        Ok(claims)
    }

    /// What the provider says of itself.
    ///
    /// # Errors
    /// It cannot be asked, or is another one.
    pub async fn metadata(&self) -> Result<Metadata, Failed> {
        let mut known = self.metadata.lock().await;
        if let Some((metadata, since)) = &*known
            && since.elapsed() < KNOWN_FOR
        {
            return Ok(metadata.clone());
        }
        let address = metadata::address(&self.registration.issuer)?;
        let metadata: Metadata = self.answer(self.client.get(address)).await?;
        metadata.check(&self.registration.issuer)?;
        *known = Some((metadata.clone(), Instant::now()));
        Ok(metadata)
    }

    /// How many keys the provider signs with.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn key_count(&self) -> Result<usize, Failed> {
        Ok(self.keys(&self.metadata().await?, true).await?.len())
    }

    async fn keys(&self, metadata: &Metadata, anew: bool) -> Result<Keys, Failed> {
        let mut known = self.keys.lock().await;
        if let Some((keys, since)) = &*known
            && !anew
            && since.elapsed() < KNOWN_FOR
        {
            return Ok(keys.clone());
        }
        let keys: Keys = self.answer(self.client.get(metadata.jwks_uri.clone())).await?;
        *known = Some((keys.clone(), Instant::now()));
        Ok(keys)
    }

    /// What an id token says, once it is sure that the provider signed it. A key that is not known is asked for: providers
    /// change them without a word. Only who came with a good code gets here, so nobody makes us ask again and again.
    async fn opened(&self, metadata: &Metadata, token: &str) -> Result<Claims, Failed> {
        let signed = Signed::read(token)?;
        let allowed = metadata.algorithms();
        let keys = self.keys(metadata, false).await?;
        let said = match signed.verify(&keys, &allowed) {
            Err(NotSigned::UnknownKey | NotSigned::WrongSignature) => {
                signed.verify(&self.keys(metadata, true).await?, &allowed)
            }
            said => said,
        }?;
        serde_json::from_slice(&said)
            .map_err(|_| Failed::Untrusted("its id token lacks what it must say".into()))
    }

    async fn exchange(&self, metadata: &Metadata, code: &str, attempt: &Attempt) -> Result<Tokens, Failed> {
        let Registration { client_id, client_secret, redirect_uri, .. } = &self.registration;
        let verifier = attempt.verifier();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri.as_str()),
            ("code_verifier", verifier.as_str()),
        ];
        let mut request = self.client.post(metadata.token_endpoint.clone());
        match client_secret {
            Some(secret) if metadata.takes_basic() => {
                request = request.basic_auth(encoded(client_id), Some(encoded(secret)));
            }
            Some(secret) => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", secret.as_str())])
            }
            None => form.push(("client_id", client_id.as_str())),
        }
        self.answer(request.form(&form)).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failed> {
        match provider::ask(request, LARGEST).await.map_err(Failed::Away)? {
            Answer::Given(body) => {
                // what it is instead is not shown: a token may be in it
                let unread = |_| Failed::Away("its answer is not what OpenID Connect says".into());
                serde_json::from_slice(&body).map_err(unread)
            }
            Answer::Refused(status, Some(said)) if status.is_client_error() => Err(Failed::Refused(said)),
            Answer::Refused(status, _) => Err(Failed::Away(format!("it answers {status}"))),
        }
    }
}

/// RFC 6749 §2.3.1: in `Authorization: Basic` both halves are written as in a form.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Whether two secrets are the same, in the same time wherever they differ.
fn same(given: &str, expected: &str) -> bool {
    signature::same(given, expected)
}
