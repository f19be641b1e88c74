//! Where webhooks go while the bus does not confirm: files in `data_dir/spool/sms`, synced before anybody hears
//! "thank you", read again after a crash, and published in order when the bus is back.
//!
//! * [`record`]: a parcel in a file.
//! * [`shelf`]: the files, and what of them waits.
//! * [`writer`]: the thread that writes and syncs.
//! * [`drain`]: the task that publishes.

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use bus::PublishError;
use domain::Clock;
use host::{
    Metrics,
    metrics::{Counter, Gauge},
};
use thiserror::Error;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{Instant, timeout_at},
};

use crate::packing::Parcel;

mod drain;
mod record;
mod shelf;
mod writer;

pub use drain::drain;
use shelf::Shelf;
use writer::Job;

/// How long a disk may take. With the second that the bus had it stays below the two that Telnyx waits.
const WRITTEN_WITHIN: Duration = Duration::from_millis(700);
/// Largest file, unless the whole spool may only have eight of this.
const VOLUME: u64 = 8 << 20;
/// Most replicas that share one data folder.
const MOST_REPLICAS: u32 = 16;
/// A disk that failed, or a spool that was full, is tried again after this.
const DISTRUSTED: Duration = Duration::from_secs(10);

/// Why something is not in the spool.
#[derive(Clone, Debug, Error)]
pub enum Unspooled {
    /// As large as it may be (`sms.spool_max_bytes`).
    #[error("the spool is full")]
    Full,
    /// The disk cannot, or not in time.
    #[error("the disk does not take it: {0}")]
    Disk(String),
    /// The bus would never take it.
    #[error("{0}")]
    Refused(String),
}

impl From<PublishError> for Unspooled {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Refused(why) | PublishError::Unavailable(why) => Self::Refused(why),
        }
    }
}

struct Shared {
    /// Held as long as the process lives: two would publish and delete each other's files.
    _lock: File,
    shelf: Mutex<Shelf>,
    /// Parcels in the spool or on their way into it.
    waiting: AtomicU64,
    /// More was written.
    changed: Notify,
    max_bytes: u64,
    volume_bytes: u64,
    failed: Mutex<Option<(Instant, String)>>,
    clock: Arc<dyn Clock>,
    numbers: Numbers,
}

/// The spool. Cheap to clone; its thread ends with the last one.
#[derive(Clone)]
pub struct Spool {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
}

impl Spool {
    /// Opens the folder, with what an earlier process left in it.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(
        folder: &Path,
        max_bytes: u64,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> anyhow::Result<Self> {
        let lock = lock(folder).with_context(|| format!("the spool in {} is not ours", folder.display()))?;
        let shelf = Shelf::open(folder)
            .with_context(|| format!("the spool in {} cannot be opened", folder.display()))?;
        let waiting = shelf.parcels();
        if waiting > 0 {
            tracing::warn!(waiting, "webhooks of an earlier process wait in the spool");
        }
        let shared = Arc::new(Shared {
            _lock: lock,
            shelf: Mutex::new(shelf),
            waiting: AtomicU64::new(waiting),
            changed: Notify::new(),
            max_bytes,
            volume_bytes: VOLUME.min(max_bytes / 8),
            failed: Mutex::default(),
            clock,
            numbers: Numbers::of(metrics),
        });
        shared.show();
        let (jobs, queue) = mpsc::channel(writer::QUEUE);
        let own = shared.clone();
        std::thread::Builder::new().name("sms-spool".into()).spawn(move || writer::run(&own, queue))?;
        Ok(Self { shared, jobs })
    }

    /// Opens `folder`, or one beside it (`sms-2`, …) where other replicas have the same data folder. One in which an
    /// earlier process left something comes first.
    ///
    /// # Errors
    /// None of them can be made or read.
    pub fn open_any(
        folder: &Path,
        max_bytes: u64,
        clock: &Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> anyhow::Result<Self> {
        let mut places = vec![folder.to_owned()];
        places.extend((2..=MOST_REPLICAS).map(|n| folder.with_file_name(format!("sms-{n}"))));
        places.sort_by_key(|place| !Shelf::holds_something(place));
        let mut refused = anyhow::anyhow!("there is no place for a spool");
        for place in &places {
            match Self::open(place, max_bytes, clock.clone(), metrics) {
                Err(error) => refused = error,
                opened => return opened,
            }
        }
        Err(refused)
    }

    /// Whether something waits, or is about to: then what comes now has to go behind it.
    pub fn is_in_use(&self) -> bool {
        self.shared.waiting.load(Ordering::Acquire) > 0
    }

    /// Keeps the parcels, all or none; returns once they are on the disk.
    ///
    /// # Errors
    /// They are not known to be there.
    pub async fn keep(&self, parcels: &[Parcel]) -> Result<(), Unspooled> {
        let mut bytes = Vec::new();
        for parcel in parcels {
            record::write(parcel, &mut bytes)?;
        }
        let slow = |_| Unspooled::Disk("it takes too long".to_owned());
        let gone = |_| Unspooled::Disk("its thread has ended".to_owned());
        let deadline = Instant::now() + WRITTEN_WITHIN;
        let place = timeout_at(deadline, self.jobs.reserve()).await.map_err(slow)?;
        let place = place.map_err(|_| Unspooled::Disk("its thread has ended".to_owned()))?;
        let (reply, written) = oneshot::channel();
        let count = parcels.len() as u64;
        // From here on nothing may overtake it; the writer takes it back if it cannot.
        self.shared.waiting.fetch_add(count, Ordering::AcqRel);
        place.send(Job { bytes, parcels: count, reply });
        timeout_at(deadline, written).await.map_err(slow)?.map_err(gone)??;
        self.shared.numbers.spooled.add(count);
        self.shared.show();
        Ok(())
    }

    /// Whether it would take something now.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn ready(&self) -> Result<(), String> {
        let failed = self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match failed.as_ref().filter(|(at, _)| at.elapsed() < DISTRUSTED) {
            Some((_, why)) => Err(why.clone()),
            None => Ok(()),
        }
    }
}

fn lock(folder: &Path) -> anyhow::Result<File> {
    std::fs::create_dir_all(folder)?;
    let file = File::create(folder.join("lock"))?;
    file.try_lock().context("another process uses it")?;
    Ok(file)
}

impl Shared {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, failed: Option<&Unspooled>) {
        let mut last = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *last = failed.map(|why| (Instant::now(), why.to_string()));
    }

    /// Brings the numbers up to date.
    fn show(&self) {
        let (parcels, bytes, oldest) = {
            let shelf = self.shelf();
            (shelf.parcels(), shelf.bytes(), shelf.oldest())
        };
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.numbers.waiting.set(whole(parcels));
        self.numbers.bytes.set(whole(bytes));
        let age = oldest.map_or(0, |at| (self.clock.now().millis() - at.millis()).max(0) / 1000);
        self.numbers.oldest.set(age);
    }
}

/// For Prometheus.
struct Numbers {
    spooled: Counter,
    waiting: Gauge,
    bytes: Gauge,
    oldest: Gauge,
}

impl Numbers {
    fn of(metrics: &Metrics) -> Self {
        let names = [
            ("frontdesk_sms_spooled_total", "Events that went into the spool: the bus did not confirm."),
            ("frontdesk_sms_spool_waiting", "Events that wait in the spool."),
            ("frontdesk_sms_spool_bytes", "Bytes that wait in the spool."),
            (
                "frontdesk_sms_spool_oldest_seconds",
                "How long the oldest event has been waiting in the spool.",
            ),
        ];
        names.iter().for_each(|(name, help)| metrics.describe(name, help));
        let [spooled, waiting, bytes, oldest] = names.map(|(name, _)| name);
        let gauge = |name| metrics.gauge(name, &[]);
        let (waiting, bytes, oldest) = (gauge(waiting), gauge(bytes), gauge(oldest));
        Self { spooled: metrics.counter(spooled, &[]), waiting, bytes, oldest }
    }
}

#[cfg(test)]
mod tests;
