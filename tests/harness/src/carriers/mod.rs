//! Stand-ins for carriers. Each takes texts over its API as that carrier does, and posts texts and receipts with that
//! carrier's proof, computed here on its own, so that a mistake in the product cannot hide. What all carriers share is
//! here; the file of a carrier has its [`Manners`].

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::StatusCode;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub mod aws_sns;
pub mod bandwidth;
pub mod infobip;
mod manners;
pub mod messagebird;
pub mod plivo;
pub mod sandbox;
pub mod sign;
pub mod sinch;
pub mod telnyx;
pub mod twilio;
pub mod vonage;
pub mod wire;

pub use manners::{
    Answer, Manners, Refusal, Taken, Text, Webhook, Word, digits, id, is_digits, is_e164, now, path_of,
    text_of,
};
use wire::{End, Request};

/// One call of the carrier's API.
#[derive(Clone, Debug)]
pub struct Call {
    /// As it came.
    pub request: Request,
    /// `None` when it was not taken.
    pub taken: Option<Taken>,
}

/// What goes wrong with the next call.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// Refused in the carrier's own way; nothing is stored.
    Refuse(Refusal),
    /// Refused with 429 and `Retry-After` in seconds; nothing is stored.
    TooMany(u32),
    /// The call is read and nothing is ever answered; nothing is stored.
    Hang,
    /// The text is stored, then the connection is cut without an answer.
    DropAfterStoring,
}

/// A carrier. It ends when this is dropped.
pub struct Carrier {
    /// Our number there, in E.164.
    pub number: String,
    manners: Arc<dyn Manners>,
    api_base: String,
    shared: Arc<Shared>,
    client: reqwest::Client,
    _server: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Shared {
    calls: Mutex<Vec<Call>>,
    asked: Mutex<Vec<String>>,
    mishaps: Mutex<VecDeque<Mishap>>,
}

impl Carrier {
    /// Listens on a free port. The manners are made for the address and the number.
    pub async fn start<M: Manners>(number: &str, manners: impl FnOnce(&str, &str) -> M) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let api_base = format!("http://{}", listener.local_addr().expect("an address"));
        let manners: Arc<dyn Manners> = Arc::new(manners(&api_base, number));
        let shared = Arc::new(Shared::default());
        let (to, by) = (shared.clone(), manners.clone());
        let server = tokio::spawn(wire::serve(listener, Arc::new(move |request| to.answer(&*by, request))));
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(15)).build();
        Self {
            number: number.to_owned(),
            manners,
            api_base,
            shared,
            client: client.expect("a client"),
            _server: AbortOnDropHandle::new(server),
        }
    }

    /// As in the configuration.
    pub fn provider(&self) -> &'static str {
        self.manners.provider()
    }

    /// Where its API is.
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// The number in `frontdesk.toml`.
    pub fn config(&self) -> String {
        let credentials = self.manners.credentials();
        let credentials: String =
            credentials.iter().map(|(name, value)| format!("{name} = {value:?}\n")).collect();
        format!(
            "[[sms.numbers]]\nnumber = {:?}\nprovider = {:?}\napi_base = {:?}\n[sms.numbers.credentials]\n{credentials}",
            self.number,
            self.provider(),
            self.api_base
        )
    }

    /// Whether this carrier refuses so at once.
    pub fn refuses(&self, why: Refusal) -> bool {
        self.manners.refusal(why).is_some()
    }

    /// The next call not yet spoken for goes wrong so. Several wait in a row.
    pub fn next(&self, mishap: Mishap) {
        self.shared.mishaps.lock().expect("not poisoned").push_back(mishap);
    }

    /// Every call that wanted to send, refused ones too.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().expect("not poisoned").clone()
    }

    /// What was asked for by GET: paths and queries.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().expect("not poisoned").clone()
    }

    /// The texts taken so far whose text contains `text`.
    pub fn taken_with(&self, text: &str) -> Vec<Taken> {
        let taken = self.calls().into_iter().filter_map(|call| call.taken);
        taken.filter(|taken| taken.text.contains(text)).collect()
    }

    /// What it sends once, when our address is entered there, proven.
    pub fn greeting(&self) -> Option<Webhook> {
        self.manners.greeting().map(|webhook| self.manners.prove(webhook))
    }

    /// A text from a customer, proven.
    pub fn text(&self, text: Text<'_>) -> Webhook {
        self.manners.prove(self.manners.text(text))
    }

    /// The same, changed on its way.
    pub fn tampered(&self, text: Text<'_>) -> Webhook {
        self.manners.tamper(self.text(text))
    }

    /// What becomes of a text, proven.
    pub fn receipts(&self, taken: &Taken, word: Word) -> Vec<Webhook> {
        let unproven = self.manners.receipts(taken, word);
        unproven.into_iter().map(|webhook| self.manners.prove(webhook)).collect()
    }

    /// Calls the product at `base_url`.
    pub async fn post(&self, base_url: &str, webhook: &Webhook) -> StatusCode {
        let url = format!("{}{}", base_url.trim_end_matches('/'), webhook.path);
        let request = self.client.request(webhook.method.clone(), url).body(webhook.body.clone());
        let request =
            webhook.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        request.send().await.expect("an answer").status()
    }
}

impl Shared {
    fn answer(&self, manners: &dyn Manners, request: Request) -> End {
        if request.method == "GET" {
            self.asked.lock().expect("not poisoned").push(request.target.clone());
            return get(manners, &request);
        }
        let mishap = self.mishaps.lock().expect("not poisoned").pop_front();
        let (taken, (status, body)) = match &mishap {
            Some(Mishap::Refuse(why)) => (None, manners.refusal(*why).expect("a refusal of this carrier")),
            Some(Mishap::TooMany(_)) => (
                None,
                manners.refusal(Refusal::SlowDown).map_or_else(Default::default, |(_, body)| (429, body)),
            ),
            Some(Mishap::Hang) => (None, Answer::default()),
            Some(Mishap::DropAfterStoring) | None => take(manners, &request),
        };
        self.calls.lock().expect("not poisoned").push(Call { request, taken });
        let headers = match &mishap {
            Some(Mishap::TooMany(seconds)) => vec![("Retry-After", seconds.to_string())],
            _ => Vec::new(),
        };
        match mishap {
            Some(Mishap::Hang) => End::Silence,
            Some(Mishap::DropAfterStoring) => End::Cut,
            _ => End::Answer(status, headers, body.to_string()),
        }
    }
}

fn take(manners: &dyn Manners, request: &Request) -> (Option<Taken>, Answer) {
    let taken = manners.authorize(request).and_then(|()| manners.take(request));
    taken.map_or_else(|refusal| (None, refusal), |(taken, answer)| (Some(taken), answer))
}

fn get(manners: &dyn Manners, request: &Request) -> End {
    if let Some(body) = manners.get(request) {
        return End::Answer(200, Vec::new(), body);
    }
    let (status, body) = match manners.authorize(request) {
        Err(refusal) => refusal,
        Ok(()) if request.target == manners.account() => (200, serde_json::json!({})),
        Ok(()) => (404, serde_json::json!({})),
    };
    End::Answer(status, Vec::new(), body.to_string())
}

/// Every carrier the product knows, each with a number of its own.
pub async fn all() -> Vec<Carrier> {
    vec![
        Carrier::start("+15550002201", twilio::Twilio::new).await,
        Carrier::start("+15550002202", vonage::Vonage::new).await,
        Carrier::start("+15550002203", telnyx::Telnyx::new).await,
        Carrier::start("+15550002204", plivo::Plivo::new).await,
        Carrier::start("+15550002205", messagebird::MessageBird::new).await,
        Carrier::start("+15550002206", infobip::Infobip::new).await,
        Carrier::start("+15550002207", sinch::Sinch::new).await,
        Carrier::start("+15550002208", bandwidth::Bandwidth::new).await,
        Carrier::start("+15550002209", aws_sns::Aws::new).await,
        Carrier::start("+15550002210", sandbox::Sandbox::new).await,
    ]
}
