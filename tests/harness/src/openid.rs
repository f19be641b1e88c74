//! An identity provider that speaks OpenID Connect to the letter, lets in whomever a test says, and can be made to lie.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    digest, hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// What the provider knows the application by.
pub const CLIENT: &str = "front desk";
/// Its secret: both need to be encoded in a header.
pub const SECRET: &str = "a secret: nobody prints+it";

/// How the provider lies, or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The id token is for another sign-in.
    Nonce,
    /// The id token is for another application.
    Audience,
    /// The id token is for several applications and was given to another one.
    AuthorizedParty,
    /// The id token has expired.
    Expired,
    /// The id token is of another issuer.
    Issuer,
    /// The id token says that it is not signed.
    AlgNone,
    /// The id token is signed with what both know.
    Hs256,
    /// The id token has no signature.
    Unsigned,
    /// The id token is signed with a key that the provider does not show.
    OtherKey,
    /// What it says of itself names another issuer.
    OtherProvider,
    /// The way back names another issuer (RFC 9207).
    WayBack,
    /// The person does not want to.
    Denied,
    /// No answer from the token endpoint but 500.
    Broken,
    /// No answer within the patience of anybody.
    Slow,
    /// Userinfo is about somebody else.
    OtherPerson,
}

enum Signer {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

struct Desk {
    signer: Signer,
    kid: String,
    person: Value,
    /// What only userinfo says.
    more: Option<Value>,
    fault: Option<Fault>,
    now: i64,
    codes: HashMap<String, HashMap<String, String>>,
    key_looks: usize,
}

/// The provider. It ends when the last one who holds it is gone.
#[derive(Clone)]
pub struct OpenId {
    shared: Arc<Shared>,
    _server: Arc<AbortOnDropHandle<()>>,
}

struct Shared {
    url: String,
    desk: Mutex<Desk>,
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenId {
    /// Listens on a free port and signs with ES256; `now` in seconds of Unix time.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start(now: i64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let desk = Desk {
            signer: es256(),
            kid: Uuid::new_v4().to_string(),
            person: json!({}),
            more: None,
            fault: None,
            now,
            codes: HashMap::new(),
            key_looks: 0,
        };
        let shared = Arc::new(Shared { url, desk: Mutex::new(desk) });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/keys", get(keys))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { shared, _server: Arc::new(AbortOnDropHandle::new(server)) }
    }

    /// Who it is.
    pub fn issuer(&self) -> String {
        self.shared.url.clone()
    }

    /// From now on this person sits at the browser, who has these claims (`sub` among them).
    pub fn person(&self, claims: Value) {
        let mut desk = self.shared.desk();
        (desk.person, desk.more) = (claims, None);
    }

    /// What is said about them by userinfo alone.
    pub fn says_elsewhere(&self, claims: Value) {
        self.shared.desk().more = Some(claims);
    }

    /// From now on it lies or fails so; with `None` it is honest again.
    pub fn fails(&self, fault: Option<Fault>) {
        self.shared.desk().fault = fault;
    }

    /// Another key, by another name and of another kind; the one before is forgotten.
    pub fn rotate(&self) {
        let mut desk = self.shared.desk();
        desk.signer = match &desk.signer {
            Signer::Es256(_) => eddsa(),
            Signer::EdDsa(_) => es256(),
        };
        desk.kid = Uuid::new_v4().to_string();
    }

    /// Its clock.
    pub fn set_time(&self, now: i64) {
        self.shared.desk().now = now;
    }

    /// How often its keys were asked for.
    pub fn key_looks(&self) -> usize {
        self.shared.desk().key_looks
    }
}

#[expect(clippy::expect_used, reason = "the system has random numbers")]
fn es256() -> Signer {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random);
    Signer::Es256(key.expect("a key"))
}

#[expect(clippy::expect_used, reason = "the system has random numbers")]
fn eddsa() -> Signer {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    Signer::EdDsa(Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key"))
}

async fn describe(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let slow = shared.desk().fault == Some(Fault::Slow);
    if slow {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let url = &shared.url;
    let other = shared.desk().fault == Some(Fault::OtherProvider);
    Json(json!({
        "issuer": if other { "https://id.example.com" } else { url },
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn authorize(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let said = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let fits = said("response_type") == "code"
        && said("client_id") == CLIENT
        && said("scope").split(' ').any(|scope| scope == "openid")
        && said("code_challenge_method") == "S256"
        && said("code_challenge").len() == 43
        && !said("state").is_empty()
        && !said("nonce").is_empty();
    if !fits {
        return (StatusCode::BAD_REQUEST, "no").into_response();
    }
    let mut desk = shared.desk();
    let code = Uuid::new_v4().to_string();
    let way_back = desk.fault == Some(Fault::WayBack);
    let issuer = if way_back { "https://id.example.com" } else { &shared.url };
    let given = match desk.fault {
        Some(Fault::Denied) => "error=access_denied".to_owned(),
        _ => format!("code={code}"),
    };
    let (back, state) = (said("redirect_uri").to_owned(), said("state").to_owned());
    let issuer = issuer.replace(':', "%3A").replace('/', "%2F");
    desk.codes.insert(code, asked);
    Redirect::to(&format!("{back}?{given}&state={state}&iss={issuer}&session_state=1")).into_response()
}

async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut desk = shared.desk();
    if desk.fault == Some(Fault::Broken) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    // RFC 6749 §2.3.1: both are encoded as in a form
    let basic = STANDARD.encode("front+desk:a+secret%3A+nobody+prints%2Bit");
    let proof = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if proof != Some(&format!("Basic {basic}")) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"}))).into_response();
    }
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if said("grant_type") != "authorization_code" {
        return refused("unsupported_grant_type");
    }
    let Some(asked) = desk.codes.remove(said("code")) else { return refused("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, said("code_verifier").as_bytes()));
    if asked.get("code_challenge") != Some(&challenge)
        || asked.get("redirect_uri").map(String::as_str) != Some(said("redirect_uri"))
    {
        return refused("invalid_grant");
    }
    let nonce = asked.get("nonce").map(String::as_str).unwrap_or_default();
    let id_token = desk.id_token(&shared.url, nonce);
    Json(json!({"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": id_token}))
        .into_response()
}

impl Desk {
    fn id_token(&self, issuer: &str, nonce: &str) -> String {
        let mut claims = json!({"iss": issuer, "aud": CLIENT, "nonce": nonce, "iat": self.now,
            "exp": self.now + 300});
        if let (Some(claims), Some(person)) = (claims.as_object_mut(), self.person.as_object()) {
            claims.extend(person.clone());
        }
        let (mut alg, mut signer) = (self.signer.name(), &self.signer);
        let other = es256();
        match self.fault {
            Some(Fault::Nonce) => claims["nonce"] = json!("another"),
            Some(Fault::Audience) => claims["aud"] = json!("another"),
            Some(Fault::AuthorizedParty) => {
                claims["aud"] = json!([CLIENT, "another"]);
                claims["azp"] = json!("another");
            }
            Some(Fault::Expired) => claims["exp"] = json!(self.now - 300),
            Some(Fault::Issuer) => claims["iss"] = json!("https://id.example.com"),
            Some(Fault::AlgNone) => alg = "none",
            Some(Fault::Hs256) => alg = "HS256",
            Some(Fault::OtherKey) => (alg, signer) = (other.name(), &other),
            _ => {}
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": alg, "typ": "JWT", "kid": self.kid});
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = match self.fault {
            Some(Fault::AlgNone | Fault::Unsigned) => Vec::new(),
            Some(Fault::Hs256) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            _ => signer.sign(message.as_bytes()),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Signer {
    fn name(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    #[expect(clippy::expect_used, reason = "the system has random numbers")]
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(key) => {
                key.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
            }
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    fn shown(&self, kid: &str) -> Value {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
                    "x": part(&point[1..33]), "y": part(&point[33..])})
            }
            Self::EdDsa(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": part(key.public_key().as_ref())})
            }
        }
    }
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let mut desk = shared.desk();
    desk.key_looks += 1;
    let strange = json!({"kty": "AKP", "kid": "of tomorrow"});
    Json(json!({"keys": [strange, desk.signer.shown(&desk.kid)]}))
}

async fn userinfo(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let proof = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if proof != Some("Bearer access") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let desk = shared.desk();
    let mut said = desk.more.clone().unwrap_or_else(|| desk.person.clone());
    said["sub"] = desk.person["sub"].clone();
    if desk.fault == Some(Fault::OtherPerson) {
        said["sub"] = json!("somebody else");
    }
    Json(said).into_response()
}
