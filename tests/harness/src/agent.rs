//! An agent, or a program with an API key, who works through the agents' API.

use std::{collections::VecDeque, time::Duration};

use futures::StreamExt;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take to be seen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How an agent proves who they are.
#[derive(Clone)]
enum Proof {
    Nothing,
    Key(String),
    Session { cookie: String, csrf: String },
}

/// Somebody who uses the agents' API.
#[derive(Clone)]
pub struct Agent {
    client: Client,
    base: String,
    proof: Proof,
}

/// What a call answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON body; `Null` where there is none.
    pub body: Value,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// The stable code of a problem, or nothing.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The body, if the status is that; else says what came.
    ///
    /// # Panics
    /// The status is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Agent {
    /// Nobody in particular. `base` is the address of the public listener, such as `http://127.0.0.1:8080`.
    pub fn nobody(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { client: Client::new(), base: base.trim_end_matches('/').to_owned(), proof: Proof::Nothing }
    }

    /// With an API key.
    pub fn with_key(base: &str, key: &str) -> Self {
        Self { proof: Proof::Key(key.to_owned()), ..Self::nobody(base) }
    }

    /// Signs in with a password.
    ///
    /// # Panics
    /// It is refused.
    pub async fn sign_in(base: &str, email: &str, password: &str) -> Self {
        let nobody = Self::nobody(base);
        let answer = nobody.post("/session", json!({"email": email, "password": password})).await;
        let cookie = session_cookie(&answer).expect("a session cookie");
        let csrf = answer.expect(201)["csrf_token"].as_str().expect("a csrf_token").to_owned();
        Self { proof: Proof::Session { cookie, csrf }, ..nobody }
    }

    /// With the session of a cookie.
    ///
    /// # Panics
    /// It is none.
    pub async fn with_session(base: &str, token: &str) -> Self {
        let nobody = Self::nobody(base);
        let cookie = format!("frontdesk_session={token}");
        let shown =
            Self { proof: Proof::Session { cookie: cookie.clone(), csrf: String::new() }, ..nobody.clone() };
        let session = shown.get("/session").await.expect(200);
        let csrf = session["csrf_token"].as_str().expect("a csrf_token").to_owned();
        Self { proof: Proof::Session { cookie, csrf }, ..nobody }
    }

    /// The same session without its `x-csrf-token`, as another site's page would send it.
    ///
    /// # Panics
    /// This is no session.
    pub fn without_csrf(&self) -> Self {
        let Proof::Session { cookie, .. } = &self.proof else { panic!("this is no session") };
        let proof = Proof::Session { cookie: cookie.clone(), csrf: String::new() };
        Self { proof, ..self.clone() }
    }

    /// A request to `/api/v1{path}`, to be sent with more headers or another body.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        match &self.proof {
            Proof::Nothing => request,
            Proof::Key(key) => request.bearer_auth(key),
            Proof::Session { cookie, csrf } => request.header("cookie", cookie).header("x-csrf-token", csrf),
        }
    }

    /// Sends a request.
    ///
    /// # Panics
    /// Nobody answers.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole answer");
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The tickets of a query such as `status=open&channel=sms`.
    pub async fn tickets(&self, query: &str) -> Vec<Value> {
        let body = self.get(&format!("/tickets?{query}")).await.expect(200);
        body["data"].as_array().expect("a list").clone()
    }

    /// One ticket.
    pub async fn ticket(&self, id: &str) -> Value {
        self.get(&format!("/tickets/{id}")).await.expect(200)
    }

    /// The conversation of a ticket, oldest first.
    pub async fn messages(&self, ticket: &str) -> Vec<Value> {
        let body = self.get(&format!("/tickets/{ticket}/messages?limit=200")).await.expect(200);
        body["data"].as_array().expect("a list").clone()
    }

    /// Answers a ticket.
    pub async fn reply(&self, ticket: &str, text: &str) -> Answer {
        self.post(&format!("/tickets/{ticket}/messages"), json!({ "text": text })).await
    }

    /// Changes a ticket.
    pub async fn change(&self, ticket: &str, patch: Value) -> Value {
        self.patch(&format!("/tickets/{ticket}"), patch).await.expect(200)
    }

    /// Records SMS consent of a profile.
    pub async fn consent(&self, profile: &str, kind: &str, state: &str) -> Value {
        let body =
            json!({"channel": "sms", "kind": kind, "state": state, "source": "test", "text": "agreed"});
        self.post(&format!("/profiles/{profile}/consent"), body).await.expect(201)
    }

    /// Waits until a ticket of that query fits.
    ///
    /// # Panics
    /// None does in time.
    pub async fn wait_for_ticket(&self, query: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let tickets = self.tickets(query).await;
            if let Some(found) = tickets.iter().find(|ticket| fits(ticket)) {
                return found.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "no such ticket among {tickets:#?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a message of a ticket fits.
    ///
    /// # Panics
    /// None does in time.
    pub async fn wait_for_message(&self, ticket: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let messages = self.messages(ticket).await;
            if let Some(found) = messages.iter().find(|message| fits(message)) {
                return found.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "no such message among {messages:#?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Opens the live stream, from now on or after a number seen before.
    ///
    /// # Panics
    /// It is refused.
    pub async fn live(&self, last_event_id: Option<u64>) -> Live {
        let mut request = self.request(Method::GET, "/live");
        if let Some(seen) = last_event_id {
            request = request.header("last-event-id", seen.to_string());
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        Live::over(response)
    }
}

fn session_cookie(answer: &Answer) -> Option<String> {
    let line = answer.headers.get("set-cookie")?.to_str().ok()?;
    line.split(';').next().map(str::to_owned)
}

/// One event of the live stream.
#[derive(Clone, Debug, Default)]
pub struct LiveEvent {
    /// Its number, where it has one.
    pub id: Option<u64>,
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

/// A reader of the live stream.
pub struct Live {
    bytes: futures::stream::BoxStream<'static, Vec<u8>>,
    buffer: Vec<u8>,
    events: VecDeque<LiveEvent>,
}

impl Live {
    fn over(response: Response) -> Self {
        let bytes = response.bytes_stream().take_while(|chunk| std::future::ready(chunk.is_ok()));
        let bytes = bytes.map(|chunk| chunk.map(|chunk| chunk.to_vec()).unwrap_or_default()).boxed();
        Self { bytes, buffer: Vec::new(), events: VecDeque::new() }
    }

    /// The next event; `None` when the stream has ended.
    ///
    /// # Panics
    /// Nothing comes in time.
    pub async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let chunk =
                timeout(PATIENCE, self.bytes.next()).await.expect("an event, or the end of the stream")?;
            self.buffer.extend_from_slice(&chunk);
            self.read();
        }
    }

    /// The next event of that name; others are passed over.
    ///
    /// # Panics
    /// The stream ends, or none comes in time.
    pub async fn next_named(&mut self, name: &str) -> LiveEvent {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }

    /// Whether nothing comes for that long.
    pub async fn is_quiet_for(&mut self, time: Duration) -> bool {
        timeout(time, self.next()).await.is_err()
    }

    /// Whole events of the buffer: blocks of `field: value` lines, ended by an empty line.
    fn read(&mut self) {
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
            let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let mut event = LiveEvent::default();
            let mut told = false;
            for line in String::from_utf8_lossy(&block).lines() {
                let Some((field, value)) = line.split_once(':') else { continue };
                let value = value.strip_prefix(' ').unwrap_or(value);
                match field {
                    "id" => event.id = value.parse().ok(),
                    "event" => event.name = value.to_owned(),
                    "data" => {
                        event.data = serde_json::from_str(value).unwrap_or_default();
                        told = true;
                    }
                    _ => {}
                }
            }
            if told {
                self.events.push_back(event);
            }
        }
    }
}
