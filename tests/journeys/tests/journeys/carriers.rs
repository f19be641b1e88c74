//! Every carrier both ways, at one product that has a number at each of them: texts and their proof, what becomes of
//! answers, and what carriers say when they will not have them (B1, B2, D2, D3).

use std::time::Duration;

use futures::future::join_all;
use harness::{
    carriers::{self, Carrier, Mishap, Refusal, Taken, Text, Webhook, Word, digits},
    frontdesk::Shape,
};
use serde_json::{Value, json};

use crate::{
    in_both_shapes,
    world::{World, customer_texts},
};

/// The product with a number at every carrier; nothing answers by itself.
async fn house(shape: Shape) -> (World, Vec<Carrier>) {
    let carriers = carriers::all().await;
    let numbers: String = carriers.iter().map(Carrier::config).collect();
    let world = World::start_among(shape, Vec::new(), &numbers).await;
    let quiet = json!({"sms": {"auto_responder": {"mode": "off"}}});
    world.agent().patch("/settings", quiet).await.expect(200);
    (world, carriers)
}

/// A customer at one carrier.
struct Line<'a> {
    world: &'a World,
    carrier: &'a Carrier,
    phone: String,
}

impl<'a> Line<'a> {
    fn each(world: &'a World, carriers: &'a [Carrier]) -> Vec<Self> {
        let line = |(i, carrier)| Self { world, carrier, phone: format!("+155570{i:02}{:04}", 1234) };
        carriers.iter().enumerate().map(line).collect()
    }

    fn name(&self) -> &'static str {
        self.carrier.provider()
    }

    async fn post(&self, webhook: &Webhook) -> u16 {
        self.carrier.post(&self.world.product.url("sms-ingest"), webhook).await.as_u16()
    }

    /// The customer texts, and the carrier is told yes.
    async fn texts(&self, body: &str) {
        let text = Text { from: &self.phone, body, id: &carriers::id() };
        assert_eq!(self.post(&self.carrier.text(text)).await, 200, "{}: {body}", self.name());
    }

    /// The customer texts and agrees to be texted.
    async fn subscribes(&self) -> Value {
        let hello = format!("Hello from {}", self.name());
        self.texts(&hello).await;
        let ticket = self.world.ticket_with("channel=sms", &hello).await;
        self.texts("JOIN").await;
        self.takes("subscribed").await;
        ticket
    }

    /// The text of ours that the carrier took, once it did.
    async fn takes(&self, text: &str) -> Taken {
        let what = format!("{} takes {text:?}", self.name());
        self.world.product.eventually(&what, async || self.carrier.taken_with(text).pop()).await
    }

    /// An agent answers, and the carrier takes it, under the right numbers.
    async fn answers(&self, ticket: &Value, text: &str) -> (Value, Taken) {
        let message = self.world.reply(ticket, text).await;
        let taken = self.takes(text).await;
        assert_eq!(digits(&taken.to), digits(&self.phone), "{}", self.name());
        assert_eq!(digits(&taken.from), digits(&self.carrier.number), "{}", self.name());
        (message, taken)
    }

    /// The carrier says what became of a text, and hears yes.
    async fn tells(&self, taken: &Taken, word: Word) {
        let receipts = self.carrier.receipts(taken, word);
        assert!(!receipts.is_empty(), "{} has a word for {word:?}", self.name());
        for receipt in receipts {
            assert_eq!(self.post(&receipt).await, 200, "{}: {word:?}", self.name());
        }
    }

    async fn is(&self, ticket: &Value, message: &Value, status: &str) -> Value {
        self.world.message_is(ticket, message, status).await;
        let all = self.world.messages(ticket).await;
        all.into_iter().find(|one| one["id"] == message["id"]).expect("the message")
    }

    /// Whether a webhook lies in the ledger as held.
    async fn is_held(&self, webhook: &Webhook) {
        let what = format!("{}'s webhook is held", self.name());
        let found = async || {
            let held = self.world.agent().get("/ledger?state=held&channel=sms&limit=200").await.expect(200);
            let ids = held["data"].as_array()?.iter().filter_map(|row| row["external_id"].as_str());
            ids.into_iter().any(|id| webhook.body.contains(id)).then_some(())
        };
        self.world.product.eventually(&what, found).await;
    }
}

async fn a_proven_text_is_one_message_and_a_changed_one_is_held(shape: Shape) {
    let (world, carriers) = house(shape).await;
    join_all(Line::each(&world, &carriers).iter().map(hears)).await;
}

async fn hears(line: &Line<'_>) {
    let (carrier, name) = (line.carrier, line.name());
    if let Some(greeting) = carrier.greeting() {
        assert_eq!(line.post(&greeting).await, 200, "{name}: a subscription");
        let asked = carrier.asked();
        assert!(asked.iter().any(|asked| asked.contains("ConfirmSubscription")), "{name}: {asked:?}");
    }
    let body = format!("Where is my order? It's #12 & 50% late, {name}");
    let id = carriers::id();
    let text = Text { from: &line.phone, body: &body, id: &id };
    // what carriers do when an answer is slow: the same bytes again, and the same text with a proof of its own
    let same = carrier.text(text);
    let again = carrier.text(text);
    for status in join_all([&same, &same, &again, &same, &again].map(|webhook| line.post(webhook))).await {
        assert_eq!(status, 200, "{name}: a text, or the same again");
    }
    let ticket = line.world.ticket_with("channel=sms", &body).await;
    assert_eq!(ticket["inbox"], carrier.number.as_str(), "{name}");
    assert_eq!(ticket["profile"]["address"], line.phone.as_str(), "{name}");

    let changed = carrier.tampered(Text { from: &line.phone, body: "Let my friend in", id: &carriers::id() });
    assert_eq!(line.post(&changed).await, 403, "{name}: a changed text");
    line.is_held(&changed).await;

    line.texts("and then this").await;
    line.world.ticket_with("channel=sms", "and then this").await;
    let has_both = async || {
        let texts = customer_texts(&line.world.messages(&ticket).await);
        texts.contains(&"and then this".to_owned()).then_some(texts)
    };
    let texts = line.world.product.eventually(&format!("{name}'s second text"), has_both).await;
    assert_eq!(texts, [body.as_str(), "and then this"], "{name}");
}

async fn an_answer_goes_out_once_and_receipts_move_it(shape: Shape) {
    let (world, carriers) = house(shape).await;
    join_all(Line::each(&world, &carriers).iter().map(speaks)).await;
    let (code, said, errors) = world.product.run(&["doctor"]).await;
    for carrier in &carriers {
        for part in ["carrier", "webhooks"] {
            let well = format!("ok   {part} of {}", carrier.number);
            assert!(said.contains(&well), "{}: {said}{errors}", carrier.provider());
        }
    }
    assert_eq!(code, 0, "{said}{errors}");
}

async fn speaks(line: &Line<'_>) {
    let ticket = line.subscribes().await;
    let answer = format!("It left our warehouse – 50% off & more, {}", line.name());
    let (message, taken) = line.answers(&ticket, &answer).await;
    line.is(&ticket, &message, "sent").await;
    // in any order, and more than once
    for word in [Word::Sent, Word::Delivered, Word::Sent, Word::Delivered] {
        line.tells(&taken, word).await;
    }
    line.is(&ticket, &message, "delivered").await;

    let (message, taken) = line.answers(&ticket, "To a landline").await;
    line.tells(&taken, Word::Failed).await;
    let failed = line.is(&ticket, &message, "failed").await;
    let reason = failed["error"]["reason"].as_str().unwrap_or_default();
    assert!(reason.len() > 10, "{}: {failed}", line.name());
    assert_eq!(line.carrier.taken_with(&answer).len(), 1, "{}: sent once", line.name());
}

async fn what_a_carrier_refuses_is_said_in_words_and_nothing_is_sent_twice(shape: Shape) {
    let (world, carriers) = house(shape).await;
    join_all(Line::each(&world, &carriers).iter().map(stumbles)).await;
}

async fn stumbles(line: &Line<'_>) {
    let (carrier, name) = (line.carrier, line.name());
    let ticket = line.subscribes().await;

    carrier.next(Mishap::Refuse(Refusal::BadNumber));
    let message = line.world.reply(&ticket, "To a number that is none").await;
    let failed = line.is(&ticket, &message, "failed").await;
    let reason = failed["error"]["reason"].as_str().unwrap_or_default();
    let words = ["valid", "number", "recipient", "stand-in"];
    assert!(words.iter().any(|word| reason.contains(word)), "{name}: {failed}");
    assert!(carrier.taken_with("a number that is none").is_empty(), "{name}");

    carrier.next(Mishap::TooMany(1));
    let before = carrier.calls().len();
    let (message, _) = line.answers(&ticket, "Not so fast").await;
    line.is(&ticket, &message, "sent").await;
    assert_eq!(carrier.calls().len() - before, 2, "{name}: tried again");
    assert_eq!(carrier.taken_with("Not so fast").len(), 1, "{name}: sent once");

    carrier.next(Mishap::DropAfterStoring);
    let (message, taken) = line.answers(&ticket, "Nobody knows").await;
    line.is(&ticket, &message, "uncertain").await;
    line.tells(&taken, Word::Delivered).await;
    line.is(&ticket, &message, "delivered").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(carrier.taken_with("Nobody knows").len(), 1, "{name}: sent once");
}

async fn an_opt_out_at_the_carrier_is_one_here(shape: Shape) {
    let (world, carriers) = house(shape).await;
    let lines = Line::each(&world, &carriers);
    let able: Vec<_> = lines.iter().filter(|line| line.carrier.refuses(Refusal::OptedOut)).collect();
    assert!(able.len() >= 3, "only {} carriers refuse for an opt-out", able.len());
    join_all(able.into_iter().map(loses_consent)).await;
}

async fn loses_consent(line: &Line<'_>) {
    let (carrier, name) = (line.carrier, line.name());
    let ticket = line.subscribes().await;
    carrier.next(Mishap::Refuse(Refusal::OptedOut));
    let message = line.world.reply(&ticket, "One more thing").await;
    let failed = line.is(&ticket, &message, "failed").await;
    let reason = failed["error"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("opted out"), "{name}: {failed}");
    let locked = async || {
        let can_reply = line.world.ticket(&ticket).await["can_reply"].clone();
        (can_reply["allowed"] == false).then_some(can_reply)
    };
    let locked = line.world.product.eventually(&format!("{name}'s composer is locked"), locked).await;
    assert_eq!(locked["code"], "sms_no_consent", "{name}: {locked}");
    let refused = line.world.try_reply(&ticket, "And another").await;
    assert_eq!((refused.status, refused.code()), (409, "sms_no_consent"), "{name}");
}

in_both_shapes!(
    a_proven_text_is_one_message_and_a_changed_one_is_held,
    an_answer_goes_out_once_and_receipts_move_it,
    what_a_carrier_refuses_is_said_in_words_and_nothing_is_sent_twice,
    an_opt_out_at_the_carrier_is_one_here,
);
