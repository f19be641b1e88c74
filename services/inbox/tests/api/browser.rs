//! A browser on its way to the identity provider and back, step by step.

use reqwest::{Client, header::HeaderMap, redirect::Policy};
use serde_json::Value;

use crate::world::{PUBLIC_URL, World};

/// A browser that follows nothing by itself.
pub struct Browser {
    client: Client,
    base: String,
    /// Name and value of what it was given and still has.
    pub cookies: Vec<(String, String)>,
}

impl Browser {
    /// One that was nowhere yet.
    pub fn new(world: &World) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, base: world.base.clone(), cookies: Vec::new() }
    }

    /// Opens an address; where it leads.
    pub async fn open(&mut self, address: &str) -> String {
        let here = address.strip_prefix(PUBLIC_URL);
        let address = here.map_or_else(|| address.to_owned(), |place| format!("{}{place}", self.base));
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.get(address);
        let request = if here.is_some() { request.header("cookie", cookies.join("; ")) } else { request };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303, "{answer:?}");
        if here.is_some() {
            self.keep(answer.headers());
        }
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(line.contains(part), "{line}");
            }
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Goes to the provider and comes back: the address of the way back.
    pub async fn way_back(&mut self) -> String {
        let door = self.open(&format!("{PUBLIC_URL}/api/v1/session/oidc")).await;
        self.open(&door).await
    }

    /// The whole way; where it ends.
    pub async fn sign_in(&mut self) -> String {
        let back = self.way_back().await;
        self.open(&back).await
    }

    /// The token of its session, if it has one.
    pub fn session(&self) -> Option<&str> {
        let found = self.cookies.iter().find(|(name, _)| name == "frontdesk_session");
        found.map(|(_, value)| value.as_str())
    }

    /// Who is signed in here.
    pub async fn user(&self) -> Value {
        let cookie = format!("frontdesk_session={}", self.session().expect("a session"));
        let request = self.client.get(format!("{}/api/v1/session", self.base)).header("cookie", cookie);
        request.send().await.unwrap().json::<Value>().await.unwrap()["user"].clone()
    }
}
