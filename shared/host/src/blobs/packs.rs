//! Small files together in large ones: a sync is what a file costs, and here many share one.
//!
//! A process writes packs of its own, `packs/{uuid}.pack`, one after the other, only ever at the end. A key says where
//! its bytes lie, `packs/{uuid}/{offset}-{length}`, so that any process finds them without an index. Before the bytes
//! stands a CRC-32 of them: a key that was made up, or a place whose bytes were deleted, gives nothing.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Larger files stand alone.
pub(super) const MAX_PACKED: usize = 128 * 1024;
/// From this size on the next pack is begun.
const PACK: u64 = 64 * 1024 * 1024;
/// Bytes of a round.
const MAX_ROUND: usize = 8 * 1024 * 1024;
/// The check sum before the bytes.
const HEAD: usize = 4;
const FOLDER: &str = "packs";

/// Bytes to keep, and who waits for their key.
struct Order {
    bytes: Bytes,
    done: oneshot::Sender<io::Result<String>>,
}

/// The packs below a folder. Cheap to clone; its thread ends with the last clone.
#[derive(Clone)]
pub(super) struct Packs {
    folder: Arc<Path>,
    orders: mpsc::UnboundedSender<Order>,
}

/// Where bytes lie in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    pack: Uuid,
    offset: u64,
    length: usize,
}

impl Packs {
    /// Below a folder that is there.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let (folder, (orders, taken)) = (Arc::<Path>::from(root.join(FOLDER)), mpsc::unbounded_channel());
        let writer = Writer { folder: folder.clone(), pack: None, taken };
        thread::Builder::new().name("packs".into()).spawn(move || writer.run())?;
        Ok(Self { folder, orders })
    }

    /// Whether a key is one of a pack.
    pub(super) fn has(key: &str) -> bool {
        key.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Writes bytes, at most [`MAX_PACKED`]; returns their key once they are durable.
    pub(super) async fn write(&self, bytes: Bytes) -> io::Result<String> {
        let (done, told) = oneshot::channel();
        let gone = || io::Error::other("the thread that writes packs is gone");
        self.orders.send(Order { bytes, done }).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }

    /// Reads; "not found" where nothing lies.
    pub(super) fn read(&self, key: &str) -> io::Result<Bytes> {
        let place = Place::read(key).ok_or(io::ErrorKind::NotFound)?;
        let pack = File::open(path_of(&self.folder, place.pack))?;
        let mut record = vec![0; HEAD + place.length];
        match pack.read_exact_at(&mut record, place.offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(error),
            Ok(()) if record[..HEAD] != sum(&record[HEAD..]) => Err(io::ErrorKind::NotFound.into()),
            Ok(()) => Ok(Bytes::from(record).split_off(HEAD)),
        }
    }

    /// Deletes for good: where the bytes were are zeros, and the check sum is none of theirs.
    pub(super) fn delete(&self, key: &str) -> io::Result<()> {
        self.read(key)?;
        let place = Place::read(key).ok_or(io::ErrorKind::NotFound)?;
        let pack = File::options().write(true).open(path_of(&self.folder, place.pack))?;
        let mut nothing = vec![0; HEAD + place.length];
        let wrong = sum(&nothing[HEAD..]).map(|byte| !byte);
        nothing[..HEAD].copy_from_slice(&wrong);
        pack.write_all_at(&nothing, place.offset)?;
        pack.sync_data()
    }
}

impl Place {
    fn read(key: &str) -> Option<Self> {
        let (pack, at) = key.strip_prefix(FOLDER)?.strip_prefix('/')?.split_once('/')?;
        let (offset, length) = at.split_once('-')?;
        let place = Self {
            pack: Uuid::try_parse(pack).ok()?,
            offset: offset.parse().ok()?,
            length: length.parse().ok()?,
        };
        let can_be = place.length <= MAX_PACKED && place.offset < 2 * PACK;
        (can_be && place.key() == key).then_some(place)
    }

    fn key(&self) -> String {
        format!("{FOLDER}/{}/{}-{}", self.pack, self.offset, self.length)
    }
}

fn path_of(folder: &Path, pack: Uuid) -> PathBuf {
    folder.join(format!("{pack}.pack"))
}

fn sum(bytes: &[u8]) -> [u8; HEAD] {
    crc32fast::hash(bytes).to_le_bytes()
}

/// The pack that is being written.
struct Pack {
    id: Uuid,
    file: File,
    length: u64,
}

struct Writer {
    folder: Arc<Path>,
    pack: Option<Pack>,
    taken: mpsc::UnboundedReceiver<Order>,
}

impl Writer {
    fn run(mut self) {
        while let Some(first) = self.taken.blocking_recv() {
            let mut size = first.bytes.len();
            let mut orders = vec![first];
            while size < MAX_ROUND
                && let Ok(order) = self.taken.try_recv()
            {
                size += order.bytes.len();
                orders.push(order);
            }
            self.round(orders);
        }
    }

    /// Writes all of it, with one sync.
    fn round(&mut self, orders: Vec<Order>) {
        match self.append(&orders) {
            Ok(keys) => {
                for (order, key) in orders.into_iter().zip(keys) {
                    // Nobody waits any more: the bytes are kept, and nobody knows where.
                    let _ = order.done.send(Ok(key));
                }
            }
            Err(error) => {
                // What lies at its end now is not known: nothing is written behind it.
                self.pack = None;
                for order in orders {
                    let _ = order.done.send(Err(io::Error::new(error.kind(), error.to_string())));
                }
            }
        }
    }

    fn append(&mut self, orders: &[Order]) -> io::Result<Vec<String>> {
        let mut pack = match self.pack.take().filter(|pack| pack.length < PACK) {
            Some(pack) => pack,
            None => begin(&self.folder)?,
        };
        let mut round = Vec::with_capacity(orders.iter().map(|order| HEAD + order.bytes.len()).sum());
        let keys = orders.iter().map(|Order { bytes, .. }| {
            let offset = pack.length + round.len() as u64;
            round.extend_from_slice(&sum(bytes));
            round.extend_from_slice(bytes);
            Place { pack: pack.id, offset, length: bytes.len() }.key()
        });
        let keys = keys.collect();
        if let Err(error) = pack.file.write_all(&round).and_then(|()| pack.file.sync_data()) {
            // Nobody knows a key behind this place: a full disk gets its bytes back.
            let _ = pack.file.set_len(pack.length);
            return Err(error);
        }
        pack.length += round.len() as u64;
        self.pack = Some(pack);
        Ok(keys)
    }
}

/// A new pack whose name is durable.
fn begin(folder: &Path) -> io::Result<Pack> {
    fs::create_dir_all(folder)?;
    // Another process may have made it a moment ago, and not synced yet.
    File::open(folder.parent().unwrap_or(folder))?.sync_all()?;
    let id = Uuid::new_v4();
    let file = File::create_new(path_of(folder, id))?;
    File::open(folder)?.sync_all()?;
    Ok(Pack { id, file, length: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs() -> (tempfile::TempDir, Packs) {
        let folder = tempfile::tempdir().unwrap();
        let packs = Packs::open(folder.path()).unwrap();
        (folder, packs)
    }

    #[tokio::test]
    async fn many_at_once_lie_in_one_file_and_are_found_by_another_process() {
        let (folder, packs) = packs();
        let all = (0..1000).map(|n| packs.write(Bytes::from(format!("mail {n}").repeat(n % 50))));
        let keys = futures::future::try_join_all(all).await.unwrap();
        let other = Packs::open(folder.path()).unwrap();
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(other.read(key).unwrap(), format!("mail {n}").repeat(n % 50), "{key}");
        }
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 1);
        let theirs = other.write(Bytes::from_static(b"theirs")).await.unwrap();
        assert_eq!(packs.read(&theirs).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 2, "each writes its own");
    }

    #[tokio::test]
    async fn what_is_deleted_is_not_in_the_file_any_more_and_its_neighbours_are() {
        let (folder, packs) = packs();
        let mut keys = Vec::new();
        for text in ["before", "a secret", "", "after"] {
            keys.push(packs.write(Bytes::from(text)).await.unwrap());
        }
        packs.delete(&keys[1]).unwrap();
        packs.delete(&keys[2]).unwrap();
        for gone in &keys[1..3] {
            assert_eq!(packs.read(gone).unwrap_err().kind(), io::ErrorKind::NotFound);
            assert_eq!(packs.delete(gone).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
        assert_eq!(
            (packs.read(&keys[0]).unwrap(), packs.read(&keys[3]).unwrap()),
            ("before".into(), "after".into())
        );
        let pack = fs::read_dir(folder.path().join(FOLDER)).unwrap().next().unwrap().unwrap();
        let bytes = fs::read(pack.path()).unwrap();
        assert!(!bytes.windows(8).any(|bytes| bytes == b"a secret"));
    }

    #[tokio::test]
    async fn keys_that_nobody_gave_find_nothing() {
        let (_folder, packs) = packs();
        let key = packs.write(Bytes::from_static(b"something")).await.unwrap();
        let (pack, _) = key.rsplit_once('/').unwrap();
        for odd in [
            format!("{pack}/1-9"),
            format!("{pack}/0-8"),
            format!("{pack}/0-9999"),
            format!("{pack}/+0-9"),
            format!("{pack}/0-99999999999"),
            format!("{pack}/18446744073709551615-9"),
            format!("{FOLDER}/{}/0-9", Uuid::new_v4()),
            format!("{FOLDER}/..x/0-9"),
            FOLDER.to_owned(),
        ] {
            assert_eq!(packs.read(&odd).unwrap_err().kind(), io::ErrorKind::NotFound, "{odd}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_said_and_the_next_goes_to_a_new_file() {
        let (folder, packs) = packs();
        fs::write(folder.path().join(FOLDER), "in the way").unwrap();
        packs.write(Bytes::from_static(b"x")).await.unwrap_err();
        fs::remove_file(folder.path().join(FOLDER)).unwrap();
        let key = packs.write(Bytes::from_static(b"y")).await.unwrap();
        assert_eq!(packs.read(&key).unwrap(), "y");
    }
}
