//! Every carrier, against a stand-in that speaks that carrier's API and checks each call.

use harness::carriers::{self, Carrier, Mishap, Refusal, digits};

use super::*;

/// A number of each carrier, and a notifier that may send from all of them.
async fn world() -> (World, Vec<Carrier>) {
    let mut world = World::open().await;
    let carriers = carriers::all().await;
    let config: String = carriers.iter().map(Carrier::config).collect();
    let lines = host::Configuration::parse(&config).unwrap().sms.numbers;
    world.texts_from(http::client().unwrap(), lines);
    (world, carriers)
}

impl World {
    /// What became of the newest text.
    async fn outcome(&self, reports: &mut usize) -> DeliveryOutcome {
        *reports += 1;
        self.reports(*reports).await.pop().unwrap()
    }
}

fn failure(outcome: DeliveryOutcome) -> (DeliveryError, bool) {
    match outcome {
        DeliveryOutcome::Failed { error, opted_out } => (error, opted_out),
        other => panic!("not failed: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_carrier_takes_a_text_and_its_ids_are_reported() {
    let (world, carriers) = world().await;
    let mut reports = 0;
    for carrier in &carriers {
        let name = carrier.provider();
        // long enough for two parts in UCS-2
        let text = format!("Grüße & bis bald 👋 = {}", "привет ".repeat(10));
        let message_id = world.text_from(&carrier.number, &text, Vec::new()).await;
        let DeliveryOutcome::Sent { external_id, more_ids, provider, .. } = world.outcome(&mut reports).await
        else {
            panic!("{name}: not sent: {:?}", carrier.calls());
        };
        let taken = carrier.taken_with("Grüße").pop().unwrap_or_else(|| panic!("{name}: not taken"));
        assert_eq!((provider.as_str(), taken.text.as_str()), (name, text.as_str()));
        let ids: Vec<_> = std::iter::once(external_id).chain(more_ids).collect();
        assert_eq!(taken.ids, ids, "{name}");
        assert_eq!(ids.len(), if name == "vonage" { 2 } else { 1 }, "{name}");
        assert_eq!(digits(&taken.to), "15557654321", "{name}");
        let ours = message_id.to_string();
        let told = taken.callback.as_deref().is_some_and(|callback| {
            callback.starts_with(&format!("https://desk.example.com/webhooks/sms/{name}"))
                && callback.ends_with(&format!("message_id={ours}"))
        });
        assert!(told || taken.reference.as_deref() == Some(&ours), "{name}: {taken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_out_where_the_carrier_takes_one() {
    let (world, carriers) = world().await;
    let mut reports = 0;
    for carrier in &carriers {
        let name = carrier.provider();
        let url = format!("https://desk.example.com/media/{name}");
        let picture = SmsMedia { url: url.clone(), content_type: "image/png".into() };
        world.text_from(&carrier.number, "Look", vec![picture]).await;
        let outcome = world.outcome(&mut reports).await;
        if name == "aws_sns" {
            let (error, _) = failure(outcome);
            assert_eq!(error.code, "mms_not_supported");
            assert!(carrier.calls().is_empty());
            continue;
        }
        assert!(matches!(outcome, DeliveryOutcome::Sent { .. }), "{name}: {outcome:?} {:?}", carrier.calls());
        let taken = carrier.taken_with("Look").pop().unwrap_or_else(|| panic!("{name}: not taken"));
        assert_eq!(taken.pictures, [url], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_reported_in_words_and_an_opt_out_as_one() {
    let (world, carriers) = world().await;
    let mut reports = 0;
    for carrier in &carriers {
        let name = carrier.provider();
        carrier.next(Mishap::Refuse(Refusal::BadNumber));
        world.text_from(&carrier.number, "hi", Vec::new()).await;
        let (error, opted_out) = failure(world.outcome(&mut reports).await);
        assert!(!error.code.is_empty() && !opted_out, "{name}: {error:?}");
        let words = ["valid", "number", "recipient", "stand-in"];
        assert!(words.iter().any(|word| error.reason.contains(word)), "{name}: {error:?}");
        if carrier.refuses(Refusal::OptedOut) {
            carrier.next(Mishap::Refuse(Refusal::OptedOut));
            world.text_from(&carrier.number, "hi", Vec::new()).await;
            let (error, opted_out) = failure(world.outcome(&mut reports).await);
            assert!(opted_out && error.reason.contains("opted out"), "{name}: {error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_says_slow_down_in_its_own_way_gets_the_text_later_and_once() {
    let (world, carriers) = world().await;
    for carrier in &carriers {
        carrier.next(Mishap::Refuse(Refusal::SlowDown));
        carrier.next(Mishap::TooMany(1));
        world.text_from(&carrier.number, "patience", Vec::new()).await;
    }
    for outcome in world.reports(carriers.len()).await {
        assert!(matches!(outcome, DeliveryOutcome::Sent { .. }), "{outcome:?}");
    }
    for carrier in &carriers {
        let calls = (carrier.calls().len(), carrier.taken_with("patience").len());
        assert_eq!(calls, (3, 1), "{}", carrier.provider());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_after_a_carrier_took_the_text_is_uncertain_and_not_repeated() {
    let (world, carriers) = world().await;
    let mut reports = 0;
    for carrier in &carriers {
        carrier.next(Mishap::DropAfterStoring);
        world.text_from(&carrier.number, "once", Vec::new()).await;
        let outcome = world.outcome(&mut reports).await;
        assert_eq!(outcome, DeliveryOutcome::Uncertain, "{}", carrier.provider());
    }
    world.at_rest().await;
    for carrier in &carriers {
        assert_eq!(carrier.taken_with("once").len(), 1, "{}", carrier.provider());
    }
}
