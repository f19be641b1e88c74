//! A storm of texts, retried until each has its 2xx, and the count afterwards.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use harness::{
    agent::Agent,
    frontdesk::{API_KEY, Addresses, Frontdesk, Options, PUBLIC_URL, Shape},
    twilio::Twilio,
};
use tokio::{task::JoinSet, time::sleep};

/// The account at the carrier.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
/// Our number.
pub const NUMBER: &str = "+15550001111";
const PHONES: usize = 40;
const SENDERS: usize = 16;

/// The product and its carrier.
pub struct Storm {
    /// The product.
    pub product: Frontdesk,
    /// The carrier.
    pub twilio: Arc<Twilio>,
    done: Arc<AtomicUsize>,
    posts: JoinSet<()>,
    texts: usize,
}

fn phone(n: usize) -> String {
    format!("+1555777{:04}", n % PHONES)
}

impl Storm {
    /// Starts the product; nothing is posted yet. The auto-responder is silent, so that only texts are counted.
    pub async fn gather(shape: Shape) -> Self {
        Self::gather_with(shape, &[]).await
    }

    /// The same with more environment.
    pub async fn gather_with(shape: Shape, env: &[(&str, &str)]) -> Self {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let twilio = Twilio::start(ACCOUNT, "the auth token").await.expect("a carrier");
        let config = format!(
            "[[sms.numbers]]\nnumber = \"{NUMBER}\"\nprovider = \"twilio\"\napi_base = \"{}\"\n\
             [sms.numbers.credentials]\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"the auth token\"\n",
            twilio.api_base()
        );
        let product = Frontdesk::start(shape, Options { config, env }).await;
        let agent = Agent::with_key(&product.url("inbox"), API_KEY);
        let off = serde_json::json!({"sms": {"auto_responder": {"mode": "off"}}});
        agent.patch("/settings", off).await.expect(200);
        Self { product, twilio: Arc::new(twilio), done: Arc::default(), posts: JoinSet::new(), texts: 0 }
    }

    /// Begins to post `texts` different texts.
    pub fn break_loose(&mut self, texts: usize) {
        self.texts = texts;
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..SENDERS {
            let (twilio, addresses) = (self.twilio.clone(), self.product.addresses());
            let (next, done) = (next.clone(), self.done.clone());
            self.posts.spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= texts {
                        return;
                    }
                    deliver(&twilio, &addresses, n).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    }

    /// Waits until that many texts have their 2xx.
    pub async fn reached(&self, share: usize) {
        while self.done.load(Ordering::Relaxed) < share {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the last 2xx and counts: every text is in exactly one message.
    pub async fn count(mut self) {
        while let Some(ended) = self.posts.join_next().await {
            ended.expect("a sender");
        }
        assert_eq!(self.done.load(Ordering::Relaxed), self.texts);
        let agent = Agent::with_key(&self.product.url("inbox"), API_KEY);
        let mut found = BTreeMap::new();
        for _ in 0..600 {
            found = messages(&agent).await;
            if found.len() >= self.texts {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        let lost: Vec<_> = (0..self.texts).filter(|n| !found.contains_key(&body(*n))).collect();
        let doubled: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
        assert!(
            lost.is_empty() && doubled.is_empty(),
            "lost {lost:?}, doubled {doubled:?}\n{}",
            self.product.logs()
        );
        println!("{} texts, 0 lost, 0 doubled", self.texts);
    }
}

fn body(n: usize) -> String {
    format!("text number {n}")
}

/// Posts one text until it gets a 2xx, as carriers with retries do.
async fn deliver(twilio: &Twilio, addresses: &Addresses, n: usize) {
    loop {
        if let Some(base) = addresses.url("sms-ingest") {
            let answer =
                twilio.text(&base, PUBLIC_URL, &phone(n), NUMBER, &body(n), &format!("SM{n:08}")).await;
            if answer.is_ok_and(|status| status.is_success()) {
                return;
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// How often each text is there.
pub async fn messages(agent: &Agent) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for ticket in agent.tickets("limit=200&channel=sms").await {
        let path = format!("/tickets/{}/messages?limit=200", ticket["id"].as_str().expect("an id"));
        let mut page = agent.get(&path).await.expect(200);
        loop {
            for message in page["data"].as_array().expect("messages") {
                *found.entry(message["text"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            page = agent.get(&format!("{path}&cursor={cursor}")).await.expect(200);
        }
    }
    found
}
