//! Where files may be fetched from: the public internet, and the place configured for the number. Never this machine or
//! its network, whatever a name resolves to.

use std::time::Duration;

use host::config::SmsNumber;
use reqwest::{Client, redirect::Policy};
use url::Url;
use web::reach::{NotPublic, Outward, is_public};

use super::credentials::is_own;

/// Clients for both kinds of places.
pub(super) struct Reach {
    own: Client,
    public: Outward,
}

impl Reach {
    pub(super) fn new() -> anyhow::Result<Self> {
        let own = Client::builder()
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .redirect(Policy::none())
            .no_proxy();
        Ok(Self { own: own.build()?, public: Outward::new(is_public)? })
    }

    /// The client that may ask there for a file of this number.
    pub(super) fn client(&self, line: Option<&SmsNumber>, url: &Url) -> Result<&Client, NotPublic> {
        let web = matches!(url.scheme(), "http" | "https");
        if web && line.is_some_and(|line| is_own(line, url)) {
            Ok(&self.own)
        } else {
            self.public.client(url)
        }
    }
}
