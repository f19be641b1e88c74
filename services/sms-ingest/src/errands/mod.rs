//! What a carrier has us fetch before it can be believed or heard: its certificate, and the address that confirms a
//! subscription. The carrier's rules have said that the address is its own; here it must also be encrypted (or be the
//! stand-in that is configured), redirects are not followed, and everything has an end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use reqwest::{Client, redirect::Policy};
use tokio::time::Instant;
use url::Url;

use crate::providers::Lines;

/// The whole exchange.
const WITHIN: Duration = Duration::from_secs(4);
/// Largest answer, in bytes. A certificate has two to four kilobytes.
const LARGEST: usize = 64 * 1024;
/// Certificates change about once a year; one that is withdrawn is believed this long.
const KEPT: Duration = Duration::from_secs(6 * 3600);
/// Most certificates kept. A carrier has one for each region.
const MOST: usize = 16;
/// An address that failed is not asked again so soon: who calls is not proven yet.
const PAUSE: Duration = Duration::from_secs(5);

type Fetched = (Instant, Result<Arc<[u8]>, String>);

/// Fetches for the edge.
pub struct Errands {
    client: Client,
    certificates: Mutex<BTreeMap<Url, Fetched>>,
    /// Only one certificate is fetched at a time: a stranger cannot make us knock a thousand times.
    turn: tokio::sync::Mutex<()>,
}

impl Errands {
    /// With nothing fetched yet.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new() -> anyhow::Result<Self> {
        let client = Client::builder()
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .timeout(WITHIN)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .context("no HTTP client")?;
        Ok(Self { client, certificates: Mutex::default(), turn: tokio::sync::Mutex::default() })
    }

    /// The bytes at [`crate::providers::Carrier::certificate`]; fetched once, then kept for hours.
    ///
    /// # Errors
    /// They cannot be had now; for people.
    pub async fn certificate(&self, url: &Url, lines: &Lines) -> Result<Arc<[u8]>, String> {
        may_be_called(url, lines)?;
        if let Some(known) = self.known(url) {
            return known;
        }
        let Ok(_turn) = tokio::time::timeout(WITHIN, self.turn.lock()).await else {
            return Err("too many certificates are being fetched".to_owned());
        };
        if let Some(known) = self.known(url) {
            return known;
        }
        let fetched = self.get(url).await.map(Arc::from);
        self.keep(url, fetched.clone());
        fetched
    }

    /// One GET; any 2xx is a yes. Only the place is logged: the rest of such an address is a token.
    ///
    /// # Errors
    /// It could not be confirmed; for people.
    pub async fn confirm(&self, url: &Url, lines: &Lines) -> Result<(), String> {
        may_be_called(url, lines)?;
        self.get(url).await?;
        tracing::info!(
            at = place(url),
            "a subscription of a carrier is confirmed: its webhooks come from now on"
        );
        Ok(())
    }

    fn known(&self, url: &Url) -> Option<Result<Arc<[u8]>, String>> {
        let certificates = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, fetched) = certificates.get(url)?;
        let fresh = at.elapsed() < if fetched.is_ok() { KEPT } else { PAUSE };
        fresh.then(|| fetched.clone())
    }

    /// The oldest gives way, failures first.
    fn keep(&self, url: &Url, fetched: Result<Arc<[u8]>, String>) {
        let mut certificates = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        certificates.insert(url.clone(), (Instant::now(), fetched));
        while certificates.len() > MOST {
            let oldest = certificates.iter().min_by_key(|(_, (at, fetched))| (fetched.is_ok(), *at));
            let Some(oldest) = oldest.map(|(url, _)| url.clone()) else { return };
            certificates.remove(&oldest);
        }
    }

    async fn get(&self, url: &Url) -> Result<Vec<u8>, String> {
        let failed = |error: reqwest::Error| format!("{}: {}", place(url), error.without_url());
        let mut answer = self.client.get(url.clone()).send().await.map_err(failed)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("{} answers {status}", place(url)));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(format!("{} answers more than {LARGEST} bytes", place(url)));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Encrypted, or the stand-in that the configuration names.
fn may_be_called(url: &Url, lines: &Lines) -> Result<(), String> {
    let bases = || lines.numbers.iter().filter_map(|number| number.api_base.as_ref());
    let standard = url.scheme() == "https" && url.port().is_none();
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    let named = bases().any(|base| base.origin() == url.origin());
    if plain && (standard || named) { Ok(()) } else { Err(format!("{} may not be called", place(url))) }
}

/// Where, without what may be a secret.
fn place(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[cfg(test)]
mod tests;
