//! Over a plain server, as a stand-in that the configuration names.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Router, http::StatusCode, response::Redirect, routing::get};
use host::Secret;
use serde_json::json;
use tokio_util::task::AbortOnDropHandle;

use super::*;

/// As the executable makes it, with its cryptography; the first one installed stays.
fn errands() -> Errands {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Errands::new().unwrap()
}

struct Carrier {
    base: Url,
    lines: Lines,
    calls: Arc<AtomicUsize>,
    _server: AbortOnDropHandle<()>,
}

impl Carrier {
    async fn open() -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let certificate = async move || {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            "PEM"
        };
        let router = Router::new()
            .route("/cert.pem", get(certificate))
            .route("/large.pem", get(async || "x".repeat(LARGEST + 1)))
            .route("/away.pem", get(async || Redirect::temporary("/cert.pem")))
            .route("/gone.pem", get(async || StatusCode::NOT_FOUND));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let number = json!({"number": "+15550001111", "provider": "sandbox", "api_base": base});
        let lines = Lines {
            numbers: vec![serde_json::from_value(number).unwrap()],
            house_secret: Secret::new("house"),
        };
        Self { base, lines, calls, _server: AbortOnDropHandle::new(server) }
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }
}

#[tokio::test]
async fn a_certificate_is_fetched_once_however_many_ask() {
    let (carrier, errands) = (Carrier::open().await, errands());
    let url = carrier.url("cert.pem");
    let asked = (0..50).map(|_| errands.certificate(&url, &carrier.lines));
    let got = futures::future::join_all(asked).await;
    assert!(got.iter().all(|one| one.as_deref() == Ok(b"PEM")), "{got:?}");
    assert_eq!(carrier.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_fails_is_told_without_secrets_and_not_tried_again_at_once() {
    let (carrier, errands) = (Carrier::open().await, errands());
    for (path, said) in [("gone.pem?Token=s3cret", "404"), ("large.pem", "more than"), ("away.pem", "307")] {
        let why = errands.certificate(&carrier.url(path), &carrier.lines).await.unwrap_err();
        assert!(why.contains(said) && !why.contains("s3cret"), "{why}");
    }
    let nobody: Url = "http://127.0.0.1:1/cert.pem?Token=s3cret".parse().unwrap();
    let mut lines = Lines { numbers: carrier.lines.numbers.clone(), house_secret: Secret::new("house") };
    lines.numbers[0].api_base = Some(nobody.clone());
    let why = errands.certificate(&nobody, &lines).await.unwrap_err();
    assert!(why.starts_with("http://127.0.0.1:1/cert.pem: ") && !why.contains("s3cret"), "{why}");
    assert!(errands.known(&nobody).is_some_and(|known| known.is_err()));
    assert_eq!(carrier.calls.load(Ordering::Relaxed), 0, "no redirect is followed");
}

#[tokio::test]
async fn a_confirmation_is_one_call_each_time() {
    let (carrier, errands) = (Carrier::open().await, errands());
    for _ in 0..2 {
        errands.confirm(&carrier.url("cert.pem?Token=1"), &carrier.lines).await.unwrap();
    }
    assert_eq!(carrier.calls.load(Ordering::Relaxed), 2);
    assert!(errands.confirm(&carrier.url("gone.pem"), &carrier.lines).await.is_err());
}

#[tokio::test]
async fn only_encrypted_addresses_or_the_stand_in_are_called() {
    let carrier = Carrier::open().await;
    let may = |url: &str| may_be_called(&url.parse().unwrap(), &carrier.lines).is_ok();
    assert!(may("https://sns.us-east-1.amazonaws.com/a.pem") && may(carrier.url("x").as_str()));
    for url in [
        "http://sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com:22/a.pem",
        "https://user@sns.us-east-1.amazonaws.com/a.pem",
        "http://127.0.0.1:1/a.pem",
        "file:///etc/passwd",
        "data:text/plain,x",
    ] {
        assert!(!may(url), "{url}");
    }
}

#[tokio::test]
async fn only_so_many_certificates_are_kept_and_failures_go_first() {
    let errands = errands();
    let url = |nth: usize| format!("https://a.example/{nth}").parse::<Url>().unwrap();
    errands.keep(&url(0), Ok(Arc::from(*b"PEM")));
    for nth in 1..100 {
        errands.keep(&url(nth), Err("no".to_owned()));
    }
    assert!(errands.known(&url(0)).is_some_and(|known| known.is_ok()));
    assert!(errands.known(&url(1)).is_none() && errands.known(&url(99)).is_some());
}
