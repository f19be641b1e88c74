//! The spool over real files, published to the embedded bus.

use std::{fs, path::PathBuf, time::Instant as Now};

use bus::{Bus, Packet, Stream, Topic};
use domain::Timestamp;
use futures::{StreamExt, future::join_all};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::*;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(10_000)
    }
}

/// An event with its number as its id, that came in the second second.
pub fn parcel(number: u64, order: u64) -> Parcel {
    let topic = Topic::<u64>::new("inbound.sms");
    let packet = bus::pack(topic, &format!("sms:{number}"), Timestamp::from_millis(2_000), &number).unwrap();
    Parcel { packet, order }
}

struct Desk {
    folder: tempfile::TempDir,
    metrics: Metrics,
    bus: Bus,
}

impl Desk {
    async fn open() -> Self {
        let bus = bus::embedded::open(None, Arc::new(Still)).await.unwrap();
        Self { folder: tempfile::tempdir().unwrap(), metrics: Metrics::default(), bus }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sms")
    }

    fn spool(&self, max_bytes: u64) -> Spool {
        // The thread of the one before may still be ending.
        (0..100)
            .find_map(|_| {
                let opened = Spool::open(&self.path(), max_bytes, Arc::new(Still), &self.metrics);
                opened.inspect_err(|_| std::thread::sleep(Duration::from_millis(10))).ok()
            })
            .unwrap()
    }

    fn drain(&self, spool: &Spool) -> AbortOnDropHandle<()> {
        let draining = drain(spool.clone(), self.bus.clone(), CancellationToken::new());
        AbortOnDropHandle::new(tokio::spawn(draining))
    }

    /// What was published, in its order.
    async fn published(&self, count: usize) -> Vec<u64> {
        let stream = self.bus.follow(Stream::Inbound, 0).await.unwrap();
        let topic = Topic::<u64>::new("inbound.sms");
        stream.take(count).map(|stored| stored.envelope.read(topic).unwrap()).collect().await
    }

    fn files(&self, ending: &str) -> usize {
        let all = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.extension().is_some_and(|found| found == ending)).count()
    }

    fn shows(&self, line: &str) -> bool {
        self.metrics.text().lines().any(|written| written == line)
    }
}

async fn emptied(spool: &Spool) {
    let begun = Now::now();
    while spool.is_in_use() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it is not empty");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const MUCH: u64 = 1 << 30;

#[tokio::test(flavor = "multi_thread")]
async fn what_many_keep_at_once_is_published_once_and_in_order_after_a_restart() {
    let desk = Desk::open().await;
    let spool = desk.spool(MUCH);
    for number in 0..10 {
        spool.keep(&[parcel(number, 7)]).await.unwrap();
    }
    let many: Vec<_> = (10..500).map(|number| [parcel(number, number)]).collect();
    let kept = join_all(many.iter().map(|one| spool.keep(one))).await;
    assert!(kept.iter().all(Result::is_ok));
    assert!(spool.is_in_use() && desk.shows("frontdesk_sms_spool_waiting 500"));
    assert!(desk.shows("frontdesk_sms_spooled_total 500"), "{}", desk.metrics.text());
    drop(spool);
    let spool = desk.spool(MUCH);
    assert!(spool.is_in_use());
    assert!(desk.shows("frontdesk_sms_spool_oldest_seconds 8"), "{}", desk.metrics.text());
    let draining = desk.drain(&spool);
    emptied(&spool).await;
    let numbers = desk.published(500).await;
    let own: Vec<_> = numbers.iter().copied().filter(|number| *number < 10).collect();
    assert_eq!(own, (0..10).collect::<Vec<_>>());
    assert_eq!(numbers.iter().collect::<std::collections::BTreeSet<_>>().len(), 500);
    assert_eq!(desk.files("parcels"), 0);
    assert!(desk.shows("frontdesk_sms_spool_waiting 0") && desk.shows("frontdesk_sms_spool_bytes 0"));
    assert!(desk.shows("frontdesk_sms_spool_oldest_seconds 0"));
    spool.keep(&[parcel(500, 7)]).await.unwrap();
    emptied(&spool).await;
    assert_eq!(desk.published(501).await[500], 500);
    drop(draining);
}

#[tokio::test]
async fn a_torn_end_is_passed_over_and_a_damaged_file_is_kept() {
    let desk = Desk::open().await;
    let spool = desk.spool(MUCH);
    for number in 0..3 {
        spool.keep(&[parcel(number, number)]).await.unwrap();
    }
    drop(spool);
    let file = desk.path().join(format!("{:020}.parcels", 1));
    let mut bytes = fs::read(&file).unwrap();
    let one = bytes.len() / 3;
    bytes[one + 20] ^= 1;
    bytes.extend_from_within(..one / 2);
    fs::write(&file, &bytes).unwrap();
    let spool = desk.spool(MUCH);
    let _draining = desk.drain(&spool);
    emptied(&spool).await;
    assert_eq!(desk.published(2).await, [0, 2]);
    assert_eq!((desk.files("parcels"), desk.files("damaged")), (0, 1));
    assert_eq!(fs::read(file.with_extension("damaged")).unwrap(), bytes);
    spool.keep(&[parcel(3, 3)]).await.unwrap();
    emptied(&spool).await;
    assert_eq!((desk.published(3).await[2], desk.files("damaged")), (3, 1));
}

#[tokio::test]
async fn a_full_spool_says_no_and_takes_again_when_it_is_published() {
    let desk = Desk::open().await;
    let spool = desk.spool(4_000);
    let mut taken = 0;
    let full = loop {
        match spool.keep(&[parcel(taken, 1)]).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Unspooled::Full) && taken > 10, "{full} after {taken}");
    let size: u64 =
        fs::read_dir(desk.path()).unwrap().map(|one| one.unwrap().metadata().unwrap().len()).sum();
    assert!(size <= 4_000 && desk.files("parcels") > 4, "{size}");
    assert_eq!(spool.ready(), Err("the spool is full".to_owned()));
    let second = Spool::open(&desk.path(), MUCH, Arc::new(Still), &desk.metrics).err().unwrap();
    assert!(format!("{second:#}").contains("another process uses it"), "{second:#}");
    let _draining = desk.drain(&spool);
    emptied(&spool).await;
    assert_eq!(desk.published(usize::try_from(taken).unwrap()).await, (0..taken).collect::<Vec<_>>());
    spool.keep(&[parcel(taken, 1)]).await.unwrap();
    assert_eq!(spool.ready(), Ok(()));
}

#[tokio::test]
async fn replicas_with_one_data_folder_have_a_spool_each_and_what_was_left_comes_first() {
    let desk = Desk::open().await;
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let any = || Spool::open_any(&desk.path(), MUCH, &clock, &desk.metrics).unwrap();
    let (first, second) = (any(), any());
    first.keep(&[parcel(1, 1)]).await.unwrap();
    second.keep(&[parcel(2, 1)]).await.unwrap();
    let _draining = desk.drain(&first);
    emptied(&first).await;
    drop(second);
    let left = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        Some(any()).filter(Spool::is_in_use)
    });
    let _more = desk.drain(&left.unwrap());
    assert_eq!(desk.published(2).await, [1, 2]);
}

#[tokio::test]
async fn a_disk_that_fails_pretends_nothing_and_is_used_again_when_it_works() {
    let desk = Desk::open().await;
    let spool = desk.spool(MUCH);
    fs::rename(desk.path(), desk.path().with_extension("gone")).unwrap();
    let error = spool.keep(&[parcel(1, 1)]).await.unwrap_err();
    assert!(matches!(error, Unspooled::Disk(_)), "{error}");
    assert!(!spool.is_in_use() && spool.ready().is_err());
    fs::create_dir_all(desk.path()).unwrap();
    spool.keep(&[parcel(2, 1)]).await.unwrap();
    assert_eq!(spool.ready(), Ok(()));
    let _draining = desk.drain(&spool);
    emptied(&spool).await;
    assert_eq!(desk.published(1).await, [2]);
}

#[tokio::test]
async fn what_the_bus_would_never_take_is_refused_at_once() {
    let desk = Desk::open().await;
    let spool = desk.spool(MUCH);
    let mut odd = parcel(1, 1);
    odd.packet = Packet { subject: "nowhere".into(), ..odd.packet };
    assert!(matches!(spool.keep(&[parcel(0, 1), odd]).await, Err(Unspooled::Refused(_))));
    assert!(!spool.is_in_use());
}

#[tokio::test]
async fn what_waits_at_the_stop_stays_for_the_next_start() {
    let desk = Desk::open().await;
    let spool = desk.spool(MUCH);
    spool.keep(&[parcel(1, 1)]).await.unwrap();
    let away = bus::embedded::open(None, Arc::new(Still)).await.unwrap();
    away.close().await;
    let stopping = CancellationToken::new();
    let draining = tokio::spawn(drain(spool.clone(), away, stopping.clone()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    stopping.cancel();
    draining.await.unwrap();
    assert!(spool.is_in_use());
    drop(spool);
    let spool = desk.spool(MUCH);
    let _draining = desk.drain(&spool);
    emptied(&spool).await;
    assert_eq!(desk.published(1).await, [1]);
}
