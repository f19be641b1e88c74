//! Access tokens of OAuth 2, had for a refresh token (RFC 6749 §6). They are kept in memory while they last, asked for by
//! one at a time, and never printed. A refresh token that a provider gives instead of the last one outlives the process.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    provider::{self, Answer},
    signature::{hex, sha256},
};

/// A provider answers within this time, or is as good as away.
const WITHIN: Duration = Duration::from_secs(20);
/// Largest answer, in bytes.
const LARGEST: usize = 64 * 1024;
/// A token is not used in its last minute: it must last while somebody signs in.
const EARLY: Duration = Duration::from_secs(60);
/// What a token lasts for that does not say it.
const USUALLY: u64 = 5 * 60;

/// What is shown for a token. Not to be printed.
#[derive(Clone)]
pub struct Grant {
    /// Where to ask.
    pub token_url: Url,
    /// Who asks.
    pub client_id: String,
    /// With what, where the provider wants it.
    pub client_secret: Option<String>,
    /// What somebody agreed to.
    pub refresh_token: String,
    /// What for, where the provider wants it.
    pub scope: Option<String>,
}

impl Grant {
    /// What it is known by where the token is kept that came instead of its own: another agreement is another grant.
    pub fn id(&self) -> String {
        hex(sha256(format!("{}\n{}\n{}", self.token_url, self.client_id, self.refresh_token).as_bytes()))
    }
}

/// What a [`Keeper`] gives.
pub type Kept<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// Where the last refresh token of a grant lies, for all who use that grant.
pub trait Keeper: Send + Sync {
    /// The last one that was kept, if one was.
    fn kept(&self) -> Kept<'_, Option<String>>;
    /// From now on this one. Done means durable.
    fn keep<'a>(&'a self, refresh_token: &'a str) -> Kept<'a, ()>;
}

/// Why there is no token.
#[derive(Debug, Error)]
pub enum NoToken {
    /// The provider says no, and would again: somebody has to agree anew, or the configuration is wrong.
    #[error("the provider gives no access token: {0}")]
    Refused(String),
    /// It may pass.
    #[error("the provider cannot be asked for an access token: {0}")]
    Away(String),
}

/// Gives tokens.
pub struct Tokens {
    grant: Grant,
    client: Client,
    keeper: Arc<dyn Keeper>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    token: Option<(String, Instant)>,
    /// Some providers give another refresh token with each token: this one is not kept yet.
    unkept: Option<String>,
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<Number>,
    refresh_token: Option<String>,
}

/// Some providers write it in quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u64),
    Quoted(String),
}

impl Tokens {
    /// For a grant, whose last refresh token lies there.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(grant: Grant, keeper: Arc<dyn Keeper>) -> anyhow::Result<Self> {
        let client = provider::client(WITHIN)?;
        Ok(Self { grant, client, keeper, held: Mutex::default() })
    }

    /// A token that is good for now.
    ///
    /// # Errors
    /// There is none.
    pub async fn token(&self) -> Result<String, NoToken> {
        let mut held = self.held.lock().await;
        if let Some((token, until)) = &held.token
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let given = self.given(held.unkept.as_deref()).await?;
        let lasts = match given.expires_in {
            Some(Number::Plain(seconds)) => seconds,
            Some(Number::Quoted(text)) => text.trim().parse().unwrap_or(USUALLY),
            None => USUALLY,
        };
        let lasts = Duration::from_secs(lasts.min(24 * 60 * 60)).saturating_sub(EARLY);
        held.unkept = given.refresh_token.filter(|token| !token.is_empty()).or(held.unkept.take());
        held.token = Some((given.access_token.clone(), Instant::now() + lasts));
        self.keep(&mut held.unkept).await;
        Ok(given.access_token)
    }

    /// Asks with the last refresh token there is. Where another process was faster, the provider may have given that one
    /// another: then once more.
    async fn given(&self, unkept: Option<&str>) -> Result<Given, NoToken> {
        let known = match unkept {
            Some(token) => token.to_owned(),
            None => self.last().await?,
        };
        match self.ask(&known).await {
            Err(NoToken::Refused(why)) => match self.last().await? {
                newer if unkept.is_none() && newer != known => self.ask(&newer).await,
                _ => Err(NoToken::Refused(why)),
            },
            outcome => outcome,
        }
    }

    /// With an older one than the last a provider may take the whole grant back: while the last is not known, none is used.
    async fn last(&self) -> Result<String, NoToken> {
        let kept = self.keeper.kept().await;
        let kept =
            kept.map_err(|error| NoToken::Away(format!("the last refresh token is not known: {error:#}")))?;
        Ok(kept.unwrap_or_else(|| self.grant.refresh_token.clone()))
    }

    /// Where that does not work now, it is tried again with the next token.
    async fn keep(&self, unkept: &mut Option<String>) {
        let Some(token) = unkept.as_deref() else { return };
        match self.keeper.keep(token).await {
            Ok(()) => *unkept = None,
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "the refresh token that a provider gave lies in this process alone: if it stops now, somebody may have to agree anew"
            ),
        }
    }

    /// Whether a token is kept from before: it may have been taken back meanwhile.
    pub async fn keeps(&self) -> bool {
        self.held.lock().await.token.is_some()
    }

    /// A server did not take this token: the next one is asked for anew.
    pub async fn refused(&self, token: &str) {
        let mut held = self.held.lock().await;
        if held.token.as_ref().is_some_and(|(known, _)| known == token) {
            held.token = None;
        }
    }

    async fn ask(&self, refresh_token: &str) -> Result<Given, NoToken> {
        let Grant { token_url, client_id, client_secret, scope, .. } = &self.grant;
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", client_id.as_str()),
        ];
        form.extend(client_secret.as_deref().map(|secret| ("client_secret", secret)));
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let request = self.client.post(token_url.clone()).form(&form);
        match provider::ask(request, LARGEST).await.map_err(NoToken::Away)? {
            Answer::Given(body) => {
                // what it is instead is not shown: a token may be in it
                let given = serde_json::from_slice::<Given>(&body).ok();
                let given = given.filter(|given| is_token(&given.access_token));
                given.ok_or_else(|| NoToken::Away("its answer holds no access token".into()))
            }
            Answer::Refused(status, said) => {
                let said = said.unwrap_or_else(|| format!("it answers {status}"));
                let passes = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
                Err(if passes { NoToken::Away(said) } else { NoToken::Refused(said) })
            }
        }
    }
}

/// RFC 6750 §2.1; nothing else can get into what is said to a mail server.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{Form, Json, Router, extract::State, http::StatusCode, routing::post};
    use serde_json::json;

    use super::*;

    type Answers = Vec<(StatusCode, serde_json::Value)>;

    /// Keeps it in memory, for several.
    #[derive(Default)]
    struct Place {
        last: std::sync::Mutex<Option<String>>,
        away: std::sync::atomic::AtomicBool,
    }

    impl Place {
        fn there(&self) -> anyhow::Result<std::sync::MutexGuard<'_, Option<String>>> {
            anyhow::ensure!(!self.away.load(Ordering::SeqCst), "nobody answers");
            Ok(self.last.lock().unwrap())
        }
    }

    impl Keeper for Place {
        fn kept(&self) -> Kept<'_, Option<String>> {
            Box::pin(async { Ok(self.there()?.clone()) })
        }

        fn keep<'a>(&'a self, refresh_token: &'a str) -> Kept<'a, ()> {
            Box::pin(async {
                *self.there()? = Some(refresh_token.to_owned());
                Ok(())
            })
        }
    }

    #[derive(Clone)]
    struct Stand {
        asked: Arc<AtomicUsize>,
        answers: Arc<Answers>,
    }

    async fn answer(
        State(stand): State<Stand>,
        Form(form): Form<Vec<(String, String)>>,
    ) -> (StatusCode, Json<serde_json::Value>) {
        let asked = stand.asked.fetch_add(1, Ordering::SeqCst);
        let (status, mut body) = stand.answers[asked.min(stand.answers.len() - 1)].clone();
        let said = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(said("grant_type"), Some("refresh_token"));
        if body["echo"] == true {
            body["access_token"] = json!(said("refresh_token"));
        }
        (status, Json(body))
    }

    /// Answers so, one after the other, and the last one from then on.
    async fn provider(answers: Answers) -> (Tokens, Arc<AtomicUsize>) {
        provider_and(answers, Arc::new(Place::default())).await
    }

    async fn provider_and(answers: Answers, place: Arc<dyn Keeper>) -> (Tokens, Arc<AtomicUsize>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let stand = Stand { asked: Arc::default(), answers: Arc::new(answers) };
        let asked = stand.asked.clone();
        let router = Router::new().route("/token", post(answer)).with_state(stand);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let token_url = format!("http://{}/token", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let grant = Grant {
            token_url,
            client_id: "us".into(),
            client_secret: Some("s3cret".into()),
            refresh_token: "first".into(),
            scope: None,
        };
        (Tokens::new(grant, place).unwrap(), asked)
    }

    #[tokio::test]
    async fn a_token_is_kept_while_it_lasts_and_a_new_refresh_token_counts() {
        let long = json!({"access_token": "one", "expires_in": "3600", "refresh_token": "second"});
        let (tokens, asked) = provider(vec![
            (StatusCode::OK, long),
            (StatusCode::OK, json!({"access_token": "", "echo": true})),
        ])
        .await;
        assert_eq!(tokens.token().await.unwrap(), "one");
        assert_eq!(tokens.token().await.unwrap(), "one");
        tokens.refused("another").await;
        assert_eq!((tokens.token().await.unwrap().as_str(), asked.load(Ordering::SeqCst)), ("one", 1));
        tokens.refused("one").await;
        assert_eq!(tokens.token().await.unwrap(), "second", "it was asked with what the provider gave");
    }

    fn echoing(next: &str) -> (StatusCode, serde_json::Value) {
        (StatusCode::OK, json!({"access_token": "", "echo": true, "refresh_token": next}))
    }

    #[tokio::test]
    async fn the_last_refresh_token_outlives_the_process_that_was_given_it() {
        let place = Arc::new(Place::default());
        let (tokens, _) = provider_and(vec![echoing("second")], place.clone()).await;
        assert_eq!(tokens.token().await.unwrap(), "first");
        drop(tokens);
        let (tokens, _) = provider_and(vec![echoing("third")], place.clone()).await;
        assert_eq!(tokens.token().await.unwrap(), "second");

        place.away.store(true, Ordering::SeqCst);
        let (other, asked) = provider_and(vec![echoing("fourth")], place.clone()).await;
        let error = other.token().await.unwrap_err().to_string();
        assert!(error.contains("not known: nobody answers"), "{error}");
        assert_eq!(asked.load(Ordering::SeqCst), 0, "an older one is never used");
        place.away.store(false, Ordering::SeqCst);
        assert_eq!(other.token().await.unwrap(), "third");
    }

    #[tokio::test]
    async fn what_could_not_be_kept_is_used_and_kept_the_next_time() {
        let place = Arc::new(Place::default());
        let (tokens, _) = provider_and(vec![echoing("second"), echoing("")], place.clone()).await;
        // it goes away between the two questions: here, as it is known before
        let given = tokens.ask("first").await.unwrap();
        tokens.held.lock().await.unkept = given.refresh_token;
        place.away.store(true, Ordering::SeqCst);
        assert_eq!(tokens.token().await.unwrap(), "second");
        tokens.refused("second").await;
        place.away.store(false, Ordering::SeqCst);
        assert_eq!(tokens.token().await.unwrap(), "second");
        assert_eq!(place.there().unwrap().as_deref(), Some("second"));
    }

    /// Another process is given a token between the first look and the second.
    #[derive(Default)]
    struct Race(AtomicUsize);

    impl Keeper for Race {
        fn kept(&self) -> Kept<'_, Option<String>> {
            let is_first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move { Ok((!is_first).then(|| "the-other's".to_owned())) })
        }

        fn keep<'a>(&'a self, _: &'a str) -> Kept<'a, ()> {
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn where_another_was_faster_its_refresh_token_is_tried_and_the_same_one_never_twice() {
        let no = (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}));
        let (tokens, asked) = provider_and(vec![no.clone(), echoing("")], Arc::new(Race::default())).await;
        assert_eq!(tokens.token().await.unwrap(), "the-other's");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        let (tokens, asked) = provider(vec![no]).await;
        tokens.token().await.unwrap_err();
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_words_of_the_provider_and_shows_no_secret() {
        let no = json!({"error": "invalid_grant", "error_description": "revoked\r\nby its owner"});
        for (status, body, said) in [
            (StatusCode::BAD_REQUEST, no, "gives no access token: invalid_grant: revoked  by its owner"),
            (
                StatusCode::SERVICE_UNAVAILABLE,
                json!("x"),
                "cannot be asked for an access token: it answers 503",
            ),
            (StatusCode::OK, json!({"access_token": "two words"}), "holds no access token"),
            (StatusCode::OK, json!({}), "holds no access token"),
        ] {
            let (tokens, _) = provider(vec![(status, body)]).await;
            let error = tokens.token().await.unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("s3cret") && !error.contains("two"), "{error}");
        }
    }
}
