//! `GET /mail-images/{signed}`: a picture on the net that a mail shows, fetched by us so that its server learns nothing of
//! who looks. Only what we signed, only from the public internet, only pictures, small and soon.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use domain::picture;
use reqwest::header::LOCATION;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;
use web::{
    Problem,
    reach::{Outward, Permit, is_public},
};

use crate::{Shared, refusal::Answer};

/// Largest picture, in bytes.
const LARGEST: usize = 5 * 1024 * 1024;
/// A picture that is not there by then is not shown.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most redirects.
const HOPS: usize = 4;
/// Pictures fetched at the same time.
const AT_ONCE: usize = 16;

/// Fetches pictures. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MailImages {
    outward: Outward,
    places: Arc<Semaphore>,
}

impl MailImages {
    /// From the public internet.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new() -> anyhow::Result<Self> {
        Self::permitted(is_public)
    }

    /// From these addresses.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn permitted(permit: Permit) -> anyhow::Result<Self> {
        Ok(Self { outward: Outward::new(permit)?, places: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// A picture and its media type, from the public internet, in good time; else why not, for people.
    pub(crate) async fn fetch(&self, address: &str) -> Result<(Bytes, &'static str), String> {
        let fetched = timeout(PATIENCE, self.fetch_at_leisure(address)).await;
        fetched.unwrap_or_else(|_| Err("it took too long".to_owned()))
    }

    async fn fetch_at_leisure(&self, address: &str) -> Result<(Bytes, &'static str), String> {
        let _place = self.places.acquire().await.map_err(|error| error.to_string())?;
        let bytes = self.get(address).await?;
        let kind = picture::sniff(&bytes).ok_or("it is no picture that is shown here")?;
        Ok((bytes, kind))
    }

    async fn get(&self, address: &str) -> Result<Bytes, String> {
        let mut url = Url::parse(address).map_err(|error| error.to_string())?;
        for _ in 0..=HOPS {
            if !url.username().is_empty() || url.password().is_some() {
                return Err("its address holds a password".to_owned());
            }
            let client = self.outward.client(&url).map_err(|error| error.to_string())?;
            let request = client.get(url.clone()).header(header::ACCEPT, "image/*");
            let response = request.send().await.map_err(|error| error.without_url().to_string())?;
            if !response.status().is_redirection() {
                return read(response).await;
            }
            let next = response.headers().get(LOCATION).and_then(|place| url.join(place.to_str().ok()?).ok());
            url = next.ok_or("it was moved to nowhere")?;
        }
        Err("it was moved too often".to_owned())
    }
}

async fn read(mut response: reqwest::Response) -> Result<Bytes, String> {
    if !response.status().is_success() {
        return Err(format!("the answer was {}", response.status()));
    }
    let too_large = || format!("it is larger than {} MiB", LARGEST / 1024 / 1024);
    if response.content_length().is_some_and(|length| length > LARGEST as u64) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Shows it.
pub(super) async fn show(State(app): State<Shared>, Path(token): Path<String>) -> Answer<Response> {
    let unsigned = || Problem::not_found("there is no such picture, or its address is too old");
    let address = app.desk.mail_image(&token).ok_or_else(unsigned)?;
    let (bytes, kind) = app.images.fetch(&address).await.map_err(|reason| {
        tracing::debug!(reason, "a picture of a mail is not shown");
        Problem::not_found(format!("the picture cannot be shown: {reason}"))
    })?;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, [("cross-origin-resource-policy", "same-origin")], bytes).into_response())
}
