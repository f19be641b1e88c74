//! The configured sites, and which origins may speak for them. Pure.

use std::{collections::HashMap, sync::Arc};

use axum::http::{HeaderMap, header};
use host::{Secret, config};
use url::{Origin, Url};
use web::Problem;

/// One site with the widget.
#[derive(Debug)]
pub struct Site {
    /// Its id.
    pub id: String,
    /// Origins of its pages, as browsers write them.
    pub origins: Vec<String>,
    /// Signs its visitors.
    pub identity_secret: Option<Secret>,
}

/// All sites of this installation.
#[derive(Debug)]
pub struct Sites {
    by_id: HashMap<String, Arc<Site>>,
    /// Origins this installation itself is reached at: the panel's own.
    own: Vec<String>,
    /// Where the panel's socket is, as the public address says it.
    socket: String,
}

impl Sites {
    /// Reads the configured sites. `own` are the addresses this installation is reached at, the public one first.
    ///
    /// # Errors
    /// A site is named twice, or an origin is none.
    pub fn read(sites: &[config::Site], own: &[&Url]) -> anyhow::Result<Self> {
        let mut by_id = HashMap::new();
        for site in sites {
            let origins =
                site.allowed_origins.iter().map(|text| origin(&site.id, text)).collect::<Result<_, _>>()?;
            let identity_secret = site.identity_secret.clone();
            let read = Arc::new(Site { id: site.id.clone(), origins, identity_secret });
            anyhow::ensure!(
                by_id.insert(site.id.clone(), read).is_none(),
                "chat site {:?} is there twice",
                site.id
            );
        }
        let own: Vec<String> = own.iter().map(|url| url.origin().ascii_serialization()).collect();
        let socket = own.first().map(|own| own.replacen("http", "ws", 1)).unwrap_or_default();
        Ok(Self { by_id, own, socket })
    }

    /// The site of that id.
    pub fn get(&self, id: &str) -> Option<&Arc<Site>> {
        self.by_id.get(id)
    }

    /// The origin of our WebSocket, as the public address says it.
    pub fn socket_origin(&self) -> &str {
        &self.socket
    }

    /// Whether a request may speak for the site, by its `Origin`.
    ///
    /// # Errors
    /// It is of another origin, or of none.
    pub fn check(&self, site: &Site, headers: &HeaderMap) -> Result<(), Problem> {
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
        if self.allows(site, origin) {
            return Ok(());
        }
        tracing::info!(site = %site.id, %origin, "refused: its origin is not allowed for the site");
        Err(Problem::forbidden("pages of this origin may not use this chat site"))
    }

    /// Whether an address is of a page of the site, or of our own.
    pub fn is_page_of(&self, site: &Site, page: &str) -> bool {
        Url::parse(page).is_ok_and(|page| self.allows(site, &page.origin().ascii_serialization()))
    }

    /// Whether a socket with this `Origin` may speak for the site: our own panel, or a page of the site.
    pub fn allows(&self, site: &Site, origin: &str) -> bool {
        self.own.iter().chain(&site.origins).any(|allowed| allowed == origin)
    }
}

impl Site {
    /// The `frame-ancestors` of this site's panel: its pages, and our own sandbox page.
    pub fn frame_ancestors(&self) -> String {
        ["'self'"].into_iter().chain(self.origins.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }
}

/// An origin as browsers write it: `https://shop.example.com`, without path or default port.
fn origin(site: &str, text: &str) -> anyhow::Result<String> {
    let bad =
        || anyhow::anyhow!("chat site {site:?}: {text:?} is not an origin like https://shop.example.com");
    let url = Url::parse(text.trim()).map_err(|_| bad())?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let origin = url.origin();
    let web = matches!(&origin, Origin::Tuple(scheme, ..) if scheme == "https" || scheme == "http");
    anyhow::ensure!(web && bare && url.username().is_empty(), bad());
    Ok(origin.ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(origins: &[&str]) -> anyhow::Result<Sites> {
        let allowed_origins = origins.iter().map(ToString::to_string).collect();
        let site = config::Site { id: "main".into(), allowed_origins, identity_secret: None };
        Sites::read(&[site], &[&Url::parse("https://desk.example.com/").unwrap()])
    }

    #[test]
    fn only_the_exact_origins_of_the_site_and_our_own_are_let_in() {
        let sites = sites(&["https://shop.example.com/", "http://LOCALHOST:3000"]).unwrap();
        let main = sites.get("main").unwrap();
        for good in ["https://shop.example.com", "http://localhost:3000", "https://desk.example.com"] {
            assert!(sites.allows(main, good), "{good}");
        }
        for bad in [
            "http://shop.example.com",
            "https://shop.example.com:8443",
            "https://shop.example.com.evil.example",
            "https://evil.example",
            "null",
            "",
        ] {
            assert!(!sites.allows(main, bad), "{bad}");
        }
        assert!(sites.is_page_of(main, "https://shop.example.com/mugs?size=2"));
        for elsewhere in
            ["https://evil.example/", "javascript:alert(1)", "https://shop.example.com@evil.example/", ""]
        {
            assert!(!sites.is_page_of(main, elsewhere), "{elsewhere}");
        }
        assert_eq!(main.frame_ancestors(), "'self' https://shop.example.com http://localhost:3000");
    }

    #[test]
    fn what_is_no_origin_stops_the_start_and_is_named() {
        for odd in
            ["shop.example.com", "https://shop.example.com/path", "*", "ftp://x", "https://u@x.example"]
        {
            let error = sites(&[odd]).unwrap_err().to_string();
            assert!(error.contains(odd), "{error}");
        }
    }
}
