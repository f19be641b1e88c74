//! The organisation that every story plays in, and the people around it.

use harness::{
    agent::{Agent, Answer},
    frontdesk::{API_KEY, Frontdesk, Options, PUBLIC_URL, Shape},
    mail::MailServer,
    smtp_sink::SmtpSink,
    twilio::Twilio,
    visitor::Page,
};
use serde_json::Value;

/// The organisation's number.
pub const NUMBER: &str = "+15550001111";
/// What customers mail to.
pub const MAILBOX: &str = "support@acme.example";
/// Where that forwards to.
pub const INBOUND: &str = "support@in.acme.example";
/// The shop with the widget.
pub const SHOP: &str = "https://shop.acme.example";
/// The organisation's account at Twilio.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";

/// The product with its carriers, mail servers, visitors and one agent.
pub struct World {
    /// The product.
    pub product: Frontdesk,
    /// The carrier.
    pub twilio: Twilio,
    /// The outgoing mail server.
    pub relay: SmtpSink,
}

impl World {
    /// Starts everything.
    pub async fn start(shape: Shape) -> Self {
        Self::start_with(shape, Vec::new()).await
    }

    /// Starts everything, with more environment for the product.
    pub async fn start_with(shape: Shape, env: Vec<(String, String)>) -> Self {
        Self::start_as(shape, env, "", "").await
    }

    /// Starts everything, with more numbers or chat sites than the usual ones.
    pub async fn start_among(shape: Shape, env: Vec<(String, String)>, others: &str) -> Self {
        Self::start_as(shape, env, "", others).await
    }

    /// Starts everything, with a number that sends at most that many segments a second.
    pub async fn start_paced(shape: Shape, segments_per_second: u32) -> Self {
        let pace = format!("segments_per_second = {segments_per_second}\n");
        Self::start_as(shape, Vec::new(), &pace, "").await
    }

    async fn start_as(shape: Shape, env: Vec<(String, String)>, of_number: &str, others: &str) -> Self {
        let twilio = Twilio::start(ACCOUNT, "the auth token").await.expect("a carrier");
        let relay = SmtpSink::start().await.expect("a relay");
        let config = format!(
            "[relay]\nurl = \"{}\"\n\
             [[sms.numbers]]\nnumber = \"{NUMBER}\"\nprovider = \"twilio\"\napi_base = \"{}\"\n{of_number}\
             [sms.numbers.credentials]\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"the auth token\"\n\
             {others}\
             [[email.mailboxes]]\naddress = \"{MAILBOX}\"\ninbound = \"{INBOUND}\"\n\
             [[chat.sites]]\nid = \"main\"\nallowed_origins = [\"{SHOP}\"]\n",
            relay.url(),
            twilio.api_base(),
        );
        let product = Frontdesk::start(shape, Options { config, env }).await;
        Self { product, twilio, relay }
    }

    /// An agent with the owner's key, at one of the inbox replicas.
    pub fn agent(&self) -> Agent {
        Agent::with_key(&self.product.url("inbox"), API_KEY)
    }

    /// The forwarding mail server of the organisation.
    pub fn mail_server(&self) -> MailServer {
        MailServer::new(self.product.smtp().parse().expect("an address"))
    }

    /// The shop's page, whose widget connects to one of the web-chat replicas.
    pub fn page(&self) -> Page {
        Page { base: self.product.url("web-chat"), site: "main".into(), origin: SHOP.into() }
    }

    /// A customer texts; the carrier must get its 200.
    pub async fn text(&self, from: &str, body: &str, sid: &str) {
        let base = self.product.url("sms-ingest");
        let status = self.twilio.text(&base, PUBLIC_URL, from, NUMBER, body, sid).await.expect("an answer");
        assert_eq!(status, 200, "the carrier is told yes");
    }

    /// A customer mails: forwarded to us, it must get its 250. Gives the Message-ID.
    pub async fn mail(&self, from: &str, subject: &str, body: &str, refers_to: &[&str]) -> String {
        let id = format!("{}@mail.example", uuid::Uuid::new_v4());
        let mut raw = format!(
            "From: Anna Example <{from}>\r\nTo: {MAILBOX}\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\
             Date: Sat, 21 Nov 2026 08:00:00 +0000\r\n"
        );
        if let Some(last) = refers_to.last() {
            let all: Vec<_> = refers_to.iter().map(|id| format!("<{id}>")).collect();
            raw.push_str(&format!("In-Reply-To: <{last}>\r\nReferences: {}\r\n", all.join(" ")));
        }
        raw.push_str(&format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"));
        let reply = self.mail_server().send(from, INBOUND, raw.as_bytes()).await.expect("an SMTP reply");
        assert_eq!(reply.code, 250, "{reply:?}");
        id
    }

    /// All tickets of a query such as `channel=sms`, newest first.
    pub async fn tickets(&self, query: &str) -> Vec<Value> {
        self.agent().tickets(&format!("limit=200&{query}")).await
    }

    /// The newest 200 messages of a ticket.
    pub async fn messages(&self, ticket: &Value) -> Vec<Value> {
        let id = ticket["id"].as_str().expect("an id");
        let page = self.agent().get(&format!("/tickets/{id}/messages?limit=200")).await.expect(200);
        page["data"].as_array().expect("messages").clone()
    }

    /// The one ticket of a query, once it has a message with that text.
    pub async fn ticket_with(&self, query: &str, text: &str) -> Value {
        self.product
            .eventually(&format!("a ticket ({query}) with {text:?}"), async || {
                for ticket in self.tickets(query).await {
                    // a ticket shows its person's messages of other tickets, too (F1)
                    let is_it = |m: &Value| m["text"] == text && m["ticket_id"] == ticket["id"];
                    if self.messages(&ticket).await.iter().any(is_it) {
                        return Some(ticket);
                    }
                }
                None
            })
            .await
    }

    /// The ticket as it is now.
    pub async fn ticket(&self, ticket: &Value) -> Value {
        self.agent().ticket(ticket["id"].as_str().expect("an id")).await
    }

    /// Changes a ticket; it must be allowed.
    pub async fn change(&self, ticket: &Value, patch: Value) -> Value {
        self.agent().change(ticket["id"].as_str().expect("an id"), patch).await
    }

    /// Answers a ticket; it must be allowed.
    pub async fn reply(&self, ticket: &Value, text: &str) -> Value {
        self.try_reply(ticket, text).await.expect(201)
    }

    /// Answers a ticket, if that is allowed.
    pub async fn try_reply(&self, ticket: &Value, text: &str) -> Answer {
        self.agent().reply(ticket["id"].as_str().expect("an id"), text).await
    }

    /// Waits until a message of a ticket has that status.
    pub async fn message_is(&self, ticket: &Value, message: &Value, status: &str) {
        self.product
            .eventually(&format!("message {} is {status}", message["id"]), async || {
                let all = self.messages(ticket).await;
                all.iter().find(|m| m["id"] == message["id"] && m["status"] == status).map(|_| ())
            })
            .await;
    }
}

/// The texts that came from the customer, in order.
pub fn customer_texts(messages: &[Value]) -> Vec<String> {
    messages
        .iter()
        .filter(|m| m["direction"] == "in")
        .map(|m| m["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}
