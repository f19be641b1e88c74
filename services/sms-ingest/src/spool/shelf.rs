//! What lies in the folder: files of parcels, oldest first, and how far they are published. Files are deleted whole;
//! after a restart the oldest one is published again from its beginning, which is harmless.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use domain::Timestamp;

use super::record::{self, Found};
use crate::packing::Parcel;

/// Ending of the files' names, after a number of 20 digits.
const ENDING: &str = "parcels";
/// A file with damage in it is kept under this ending for whoever may want to mend it.
const DAMAGED: &str = "damaged";

/// One file.
struct Volume {
    number: u64,
    /// Bytes that are on the disk for certain.
    bytes: u64,
    /// Parcels in them.
    parcels: u64,
    is_damaged: bool,
}

/// The files.
pub struct Shelf {
    folder: PathBuf,
    volumes: VecDeque<Volume>,
    /// Bytes and parcels of the first file that are published.
    done: (u64, u64),
    /// The file that is being written to, while it is.
    busy: Option<u64>,
    /// When the oldest waiting parcel came.
    oldest: Option<Timestamp>,
    /// No file had a higher number.
    highest: u64,
}

/// What waits in the first file.
pub struct Front {
    path: PathBuf,
    volume: u64,
    done: (u64, u64),
    all: (u64, u64),
}

/// The next parcels to publish.
pub struct Batch {
    /// They.
    pub parcels: Vec<Parcel>,
    volume: u64,
    /// Up to where the file is published with them; records that are damaged count.
    done: (u64, u64),
    is_damaged: bool,
}

impl Shelf {
    /// Whether files of parcels lie in a folder.
    pub fn holds_something(folder: &Path) -> bool {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.path().extension().is_some_and(|ending| ending == ENDING))
    }

    /// Reads what an earlier process left.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (mut numbers, mut highest) = (Vec::new(), 0);
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let named = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            highest = highest.max(named.unwrap_or(0));
            numbers.extend(named.filter(|_| path.extension().is_some_and(|ending| ending == ENDING)));
        }
        numbers.sort_unstable();
        let (folder, volumes) = (folder.to_owned(), VecDeque::new());
        let mut shelf = Self { folder, volumes, done: (0, 0), busy: None, oldest: None, highest };
        for number in numbers {
            let volume = shelf.survey(number)?;
            shelf.volumes.push_back(volume);
            shelf.drop_finished();
        }
        let first = shelf.front().map(|front| front.read(1, 1)).transpose()?;
        shelf.oldest = first.and_then(|batch| batch.oldest());
        Ok(shelf)
    }

    /// Counts a file's records up to the torn one.
    fn survey(&self, number: u64) -> io::Result<Volume> {
        let bytes = fs::read(self.path(number))?;
        let mut volume = Volume { number, bytes: 0, parcels: 0, is_damaged: false };
        let mut rest = bytes.as_slice();
        loop {
            let taken = match record::read(rest) {
                Found::Parcel(_, taken) => taken,
                Found::Damaged(taken) => {
                    volume.is_damaged = true;
                    taken
                }
                Found::Torn => break,
            };
            volume.bytes += taken as u64;
            volume.parcels += 1;
            rest = &rest[taken..];
        }
        if !rest.is_empty() {
            tracing::warn!(
                bytes = rest.len(),
                "the last record of the spool is torn: nobody was told it is kept"
            );
        }
        if volume.is_damaged {
            tracing::error!(file = %self.path(number).display(), "the spool is damaged: not all of it can be read");
        }
        Ok(volume)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.{ENDING}"))
    }

    /// Parcels that wait.
    pub fn parcels(&self) -> u64 {
        self.volumes.iter().map(|volume| volume.parcels).sum::<u64>() - self.done.1
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> u64 {
        self.used() - self.done.0
    }

    /// Bytes on the disk.
    pub fn used(&self) -> u64 {
        self.volumes.iter().map(|volume| volume.bytes).sum()
    }

    /// When the oldest waiting parcel came.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// The writer wants to go on in file `current`, unless it is full or gone: which file, and from which byte on. Until [`Shelf::written`] or [`Shelf::not_written`] that file stays.
    pub fn begin(&mut self, current: Option<u64>, full_from: u64) -> (u64, u64, PathBuf) {
        let is_open = |volume: &&Volume| Some(volume.number) == current && volume.bytes < full_from;
        let (number, at) = match self.volumes.back().filter(is_open) {
            Some(volume) => (volume.number, volume.bytes),
            None => {
                self.highest += 1;
                (self.highest, 0)
            }
        };
        self.busy = Some(number);
        (number, at, self.path(number))
    }

    /// These bytes are on the disk.
    pub fn written(&mut self, number: u64, bytes: u64, parcels: u64, now: Timestamp) {
        self.busy = None;
        if self.volumes.back().is_none_or(|volume| volume.number != number) {
            self.volumes.push_back(Volume { number, bytes: 0, parcels: 0, is_damaged: false });
        }
        if let Some(volume) = self.volumes.back_mut() {
            volume.bytes += bytes;
            volume.parcels += parcels;
        }
        self.oldest.get_or_insert(now);
    }

    /// Nothing came of it.
    pub fn not_written(&mut self) {
        self.busy = None;
    }

    /// Where the next parcels are; `None` when nothing waits.
    pub fn front(&self) -> Option<Front> {
        let first = self.volumes.front().filter(|first| first.bytes > self.done.0)?;
        let (path, all) = (self.path(first.number), (first.bytes, first.parcels));
        Some(Front { path, volume: first.number, done: self.done, all })
    }

    /// All of the batch is published.
    pub fn done(&mut self, batch: &Batch) {
        if let Some(first) = self.volumes.front_mut().filter(|first| first.number == batch.volume) {
            first.is_damaged |= batch.is_damaged;
            self.done = batch.done;
        }
        self.drop_finished();
        if self.bytes() == 0 {
            self.oldest = None;
        }
    }

    /// What is known of the first parcel that waits.
    pub fn oldest_is(&mut self, at: Timestamp) {
        self.oldest = Some(at);
    }

    /// Keeps a parcel beside the spool, for people.
    pub fn set_aside(&self, parcel: &Parcel) -> io::Result<()> {
        let mut bytes = Vec::new();
        record::write(parcel, &mut bytes).map_err(io::Error::other)?;
        let path = self.folder.join(format!("refused.{ENDING}"));
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        file.write_all(&bytes)?;
        file.sync_all()
    }

    /// A file that cannot be deleted is published once more at the next start: that is harmless.
    fn drop_finished(&mut self) {
        while let Some(first) = self.volumes.front().filter(|first| first.bytes <= self.done.0) {
            if self.busy == Some(first.number) {
                return;
            }
            let path = self.path(first.number);
            let gone = match first.is_damaged {
                true => fs::rename(&path, path.with_extension(DAMAGED)),
                false => fs::remove_file(&path),
            };
            if let Err(error) = gone {
                tracing::error!(%error, file = %path.display(), "a finished file of the spool stays");
            }
            self.volumes.pop_front();
            self.done = (0, 0);
        }
    }
}

impl Front {
    /// Reads at most that many parcels, and about so many bytes.
    pub fn read(self, parcels: usize, bytes: u64) -> io::Result<Batch> {
        let Self { path, volume, done, all } = self;
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(done.0))?;
        let mut content = Vec::new();
        // Never less than the longest record.
        let most = bytes.max(record::LONGEST as u64).min(all.0 - done.0);
        file.take(most).read_to_end(&mut content)?;
        let mut batch = Batch { parcels: Vec::new(), volume, done, is_damaged: false };
        let mut rest = content.as_slice();
        while batch.parcels.len() < parcels {
            let taken = match record::read(rest) {
                Found::Parcel(parcel, taken) => {
                    batch.parcels.push(*parcel);
                    taken
                }
                Found::Damaged(taken) => {
                    batch.is_damaged = true;
                    taken
                }
                Found::Torn => break,
            };
            batch.done = (batch.done.0 + taken as u64, batch.done.1 + 1);
            rest = &rest[taken..];
        }
        if batch.done == done {
            // What was certain is not there any more: the rest of the file is passed over, and the file is kept.
            (batch.done, batch.is_damaged) = (all, true);
        }
        if batch.is_damaged {
            tracing::error!(volume, "a part of the spool cannot be read: its file is kept");
        }
        Ok(batch)
    }
}

impl Batch {
    /// When its first parcel came.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.parcels.first().map(|parcel| parcel.packet.envelope.at)
    }
}
