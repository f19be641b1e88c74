//! A provider that gives access tokens for a refresh token (OAuth 2), and tells a mail server which are good (RFC 7662).

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Form, Json, Router, extract::State, http::StatusCode, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// What somebody agreed to once.
pub const REFRESH_TOKEN: &str = "a refresh token nobody prints";

/// The provider. It ends when the last one who holds it is gone.
#[derive(Clone)]
pub struct Provider {
    url: String,
    shared: Arc<Shared>,
    _server: Arc<AbortOnDropHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    good: HashSet<String>,
    given: usize,
    fails: Option<(u16, &'static str)>,
    /// With each access token comes another refresh token: the last one.
    rotating: Option<String>,
    is_taken_back: bool,
}

impl Tokens {
    /// Another refresh token, where they change. One that was used before takes the whole grant back (RFC 9700 §4.14.2).
    fn rotate(&mut self, form: &[(String, String)]) -> Result<Option<String>, (u16, &'static str)> {
        let has = |name: &str, value: &str| form.iter().any(|(known, given)| known == name && given == value);
        let last = self.rotating.as_deref().unwrap_or(REFRESH_TOKEN);
        if !has("grant_type", "refresh_token") || !has("refresh_token", last) || self.is_taken_back {
            self.is_taken_back |= self.rotating.is_some();
            return Err((400, "invalid_grant"));
        }
        if self.rotating.is_some() {
            self.rotating = Some(Uuid::new_v4().to_string());
        }
        Ok(self.rotating.clone())
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, Tokens> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider {
    /// Listens on a free port.
    ///
    /// # Panics
    /// There is none.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/token", post(token))
            .route("/introspect", post(introspect))
            .with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { url, shared, _server: Arc::new(AbortOnDropHandle::new(server)) }
    }

    /// Where tokens are asked for.
    pub fn token_url(&self) -> String {
        format!("{}/token", self.url)
    }

    /// Where mail servers ask whether a token is good.
    pub fn introspection_url(&self) -> String {
        format!("{}/introspect", self.url)
    }

    /// From now on it answers so, with that status and error; with `None` it gives tokens again.
    pub fn fails(&self, how: Option<(u16, &'static str)>) {
        self.shared.state().fails = how;
    }

    /// From now on a refresh token is good once, and the next one comes with each access token.
    pub fn rotates(&self) {
        self.shared.state().rotating = Some(REFRESH_TOKEN.into());
    }

    /// No token that was given so far is good any more.
    pub fn revoke(&self) {
        self.shared.state().good.clear();
    }

    /// How many tokens it gave.
    pub fn given(&self) -> usize {
        self.shared.state().given
    }

    /// Whether an XOAUTH2 answer, in base64, holds a good token.
    pub fn lets_in(&self, answer: &str) -> bool {
        let said = STANDARD.decode(answer.trim()).ok().and_then(|said| String::from_utf8(said).ok());
        let token = said.as_deref().and_then(|said| said.split_once("auth=Bearer ")).map(|(_, token)| token);
        token.is_some_and(|token| self.shared.state().good.contains(token.trim_end_matches('\x01')))
    }
}

async fn token(
    State(shared): State<Arc<Shared>>,
    Form(form): Form<Vec<(String, String)>>,
) -> (StatusCode, Json<Value>) {
    let mut state = shared.state();
    let next = match state.fails {
        Some(fault) => Err(fault),
        None => state.rotate(&form),
    };
    let next = match next {
        Ok(next) => next,
        Err((status, error)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return (status, Json(json!({"error": error})));
        }
    };
    let token = Uuid::new_v4().to_string();
    state.good.insert(token.clone());
    state.given += 1;
    let mut answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
    if let Some(next) = next {
        answer["refresh_token"] = json!(next);
    }
    (StatusCode::OK, Json(answer))
}

async fn introspect(
    State(shared): State<Arc<Shared>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Json<Value> {
    let token = form.iter().find(|(name, _)| name == "token").map(|(_, token)| token.as_str());
    let active = token.is_some_and(|token| shared.state().good.contains(token));
    Json(json!({"active": active, "username": crate::dovecot::USER}))
}
