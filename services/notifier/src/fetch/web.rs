//! One file from the web: redirects followed by hand, so that credentials stay with the carrier, and no address inside
//! this network is ever asked.

use bytes::{Bytes, BytesMut};
use host::config::SmsNumber;
use reqwest::{
    Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, LOCATION},
};
use url::Url;
use web::reach::NotPublic;

use super::{credentials, reach::Reach};

/// Largest file, in bytes.
pub(super) const LARGEST: usize = 10 * 1024 * 1024;
/// Most redirects.
const HOPS: usize = 5;

/// A file as it came.
pub(super) struct Got {
    pub bytes: Bytes,
    /// What the server calls it.
    pub content_type: String,
}

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It may be there later.
    Later(String),
    /// It never will.
    Never(String),
}

/// Gets the file at an address that a carrier named for one of its texts.
pub(super) async fn get(reach: &Reach, line: Option<&SmsNumber>, address: &str) -> Result<Got, Trouble> {
    let never = |reason: &str| Trouble::Never(reason.to_owned());
    let mut url = Url::parse(address).map_err(|_| never("its address makes no sense"))?;
    let mut proof = line.and_then(|line| credentials::of(line, &url));
    for _ in 0..=HOPS {
        let client = reach.client(line, &url).map_err(|NotPublic| inside())?;
        let mut request = client.get(url.clone());
        if let Some(proof) = &proof {
            request = request.header(AUTHORIZATION, proof.clone());
        }
        let response = request.send().await.map_err(unanswered)?;
        if !response.status().is_redirection() {
            return read(response).await;
        }
        let next = response.headers().get(LOCATION).and_then(|place| url.join(place.to_str().ok()?).ok());
        let next = next.ok_or_else(|| never("it was moved to nowhere"))?;
        if !credentials::is_same_place(&url, &next) {
            proof = None;
        }
        url = next;
    }
    Err(never("it was moved too often"))
}

fn inside() -> Trouble {
    Trouble::Never("its address is not on the public internet".to_owned())
}

fn unanswered(error: reqwest::Error) -> Trouble {
    let error = error.without_url();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(one) = cause {
        if one.is::<NotPublic>() {
            return inside();
        }
        cause = one.source();
    }
    if error.is_builder() {
        return Trouble::Never("its address cannot be asked".to_owned());
    }
    Trouble::Later(format!("{:#}", anyhow::Error::new(error)))
}

async fn read(mut response: Response) -> Result<Got, Trouble> {
    let status = response.status();
    match status {
        StatusCode::OK => {}
        // a carrier may tell of a file a moment before it has it
        StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            return Err(Trouble::Later(format!("the answer was {status}")));
        }
        _ if status.is_server_error() => return Err(Trouble::Later(format!("the answer was {status}"))),
        _ => return Err(Trouble::Never(format!("the answer was {status}"))),
    }
    let too_large = || Trouble::Never(format!("it is larger than {} MiB", LARGEST / 1024 / 1024));
    if response.content_length().is_some_and(|length| length > LARGEST as u64) {
        return Err(too_large());
    }
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    if bytes.is_empty() {
        return Err(Trouble::Never("it is empty".to_owned()));
    }
    Ok(Got { bytes: bytes.freeze(), content_type })
}
