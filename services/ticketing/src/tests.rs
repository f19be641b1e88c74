//! From the bus into the ledger, with real consumers.

use std::{path::Path, time::Duration};

use bus::{Bus, Packet, Tuning, embedded, topic::INBOUND_SMS};
use desk::{
    Desk, PageRequest,
    ledger::{LedgerEntry, LedgerFilter, LedgerState},
};
use domain::{PhoneNumber, Timestamp, event::InboundSms};
use harness::postgres::Postgres;
use host::{Metrics, SystemClock};
use tokio_util::sync::CancellationToken;

use super::*;

async fn desk(url: String, bus: &Bus) -> Desk {
    let clock = Arc::new(SystemClock);
    let options = Options { database_url: url, bus: Some(bus.clone()), clock, channels: Channels::default() };
    let desk = Desk::open(options).await.unwrap();
    desk.migrate().await.unwrap();
    desk
}

/// A bus that delivers again at once, so that six deliveries are used up in a moment.
async fn hasty_bus() -> Bus {
    let tuning = Tuning { backoff: [Duration::from_millis(5); 5], ..Tuning::default() };
    let options = embedded::Options { tuning, ..embedded::Options::default() };
    embedded::open_with(None::<&Path>, Arc::new(SystemClock), options).await.unwrap()
}

fn run(bus: &Bus, desk: &Desk, stopping: &CancellationToken) {
    let intake = Arc::new(intake::Intake::new(desk.clone(), Metrics::default(), stopping.clone()));
    let burial = Arc::new(intake::Burial::new(desk.clone()));
    for (subscription, handler) in [(INTAKE, intake as Arc<dyn bus::Handler>), (BURIAL, burial)] {
        let (bus, stopping) = (bus.clone(), stopping.clone());
        tokio::spawn(async move { bus.consume(subscription, handler, stopping).await });
    }
}

fn text(id: &str) -> InboundSms {
    InboundSms {
        provider: "sandbox".into(),
        account: "main".into(),
        external_id: id.into(),
        from: "+15550002222".into(),
        to: PhoneNumber::parse("+15550001111").unwrap(),
        text: "hi".into(),
        media: Vec::new(),
        carrier_keyword: None,
        part: None,
        received_at: Timestamp::from_millis(1_763_700_000_000),
    }
}

async fn ledger(desk: &Desk, state: LedgerState) -> Vec<LedgerEntry> {
    let filter = LedgerFilter { state: Some(state), channel: None };
    desk.ledger(&filter, &PageRequest::new(200, None)).await.unwrap().data
}

async fn wait_for(desk: &Desk, state: LedgerState, count: usize) -> Vec<LedgerEntry> {
    for _ in 0..400 {
        let lines = ledger(desk, state).await;
        if lines.len() >= count {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("there never were {count} lines with state {state}");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter_in_the_ledger_and_the_rest_lands() {
    let folder = tempfile::tempdir().unwrap();
    let bus = hasty_bus().await;
    let desk = desk(format!("sqlite://{}", folder.path().join("desk.db").display()), &bus).await;
    for id in ["SM1", "SM2"] {
        bus.publish(INBOUND_SMS, &format!("sms:sandbox:main:{id}"), &text(id)).await.unwrap();
    }
    let nonsense: bus::Topic<u32> = bus::Topic::new("inbound.sms");
    let Packet { envelope, .. } = bus.pack(nonsense, "sms:odd", &7).unwrap();
    bus.publish_all(vec![Packet { subject: "inbound.fax".into(), envelope: envelope.clone() }]).await;
    bus.publish(nonsense, "sms:odd:2", &7).await.unwrap();
    let stopping = CancellationToken::new();
    run(&bus, &desk, &stopping);
    let dead = wait_for(&desk, LedgerState::Dead, 2).await;
    assert!(dead.iter().any(|line| line.reason.contains("inbound.fax")), "{dead:?}");
    assert_eq!(wait_for(&desk, LedgerState::Ticket, 2).await.len(), 2);
    stopping.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_costs_nothing_that_came_in() {
    let mut server = Postgres::start().await;
    let url = server.create_database().await;
    let bus = hasty_bus().await;
    let desk = desk(url, &bus).await;
    let stopping = CancellationToken::new();
    run(&bus, &desk, &stopping);
    bus.publish(INBOUND_SMS, "sms:sandbox:main:SM0", &text("SM0")).await.unwrap();
    wait_for(&desk, LedgerState::Ticket, 1).await;
    server.kill().await;
    for n in 1..=30 {
        let id = format!("SM{n}");
        bus.publish(INBOUND_SMS, &format!("sms:sandbox:main:{id}"), &text(&id)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.restart().await;
    assert_eq!(wait_for(&desk, LedgerState::Ticket, 31).await.len(), 31);
    assert_eq!(ledger(&desk, LedgerState::Dead).await.len(), 0, "waiting used up no deliveries");
    stopping.cancel();
}
