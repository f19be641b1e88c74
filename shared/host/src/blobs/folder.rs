//! Files in a folder, durable before anybody is told so, at the price of one sync for all that are written together.
//!
//! A thread does the writing. Whatever came while it synced goes into the next round, which does three things: files
//! whose bytes are on the disk get their names; new files are written under temporary names; one sync makes both last.
//! So each file takes two rounds, and is under its name whole or not at all, also after a power failure.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

/// Files and bytes of a round.
const MAX_FILES: usize = 512;
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// From so many files and folders on, the whole file system is synced at once.
const SYNC_ALL_FROM: usize = 4;

/// A file to write.
struct Order {
    path: PathBuf,
    bytes: Bytes,
    done: oneshot::Sender<io::Result<()>>,
}

/// A file that is written under a temporary name.
struct Draft {
    temporary: PathBuf,
    order: Order,
}

/// Writes files into a folder and below it. Cheap to clone; its thread ends with the last clone.
#[derive(Clone)]
pub(super) struct Folder {
    root: Arc<Path>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Folder {
    /// Over a folder that is there.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        let (root, (orders, taken)) = (Arc::<Path>::from(root), mpsc::unbounded_channel());
        let writer = Writer { handle: File::open(&root)?, root: root.clone(), taken };
        thread::Builder::new().name("blobs".into()).spawn(move || writer.run())?;
        Ok(Self { root, orders })
    }

    /// Where a file of that name lies.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file; returns once it is durable.
    pub(super) async fn write(&self, name: &str, bytes: Bytes) -> io::Result<()> {
        let (done, told) = oneshot::channel();
        let gone = || io::Error::other("the thread that writes files is gone");
        self.orders.send(Order { path: self.path(name), bytes, done }).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }
}

struct Writer {
    root: Arc<Path>,
    /// The open folder: through it an error in writing back is told, whichever file it was of.
    handle: File,
    taken: mpsc::UnboundedReceiver<Order>,
}

impl Writer {
    fn run(mut self) {
        let mut drafts = Vec::new();
        loop {
            let orders = self.next(drafts.is_empty());
            if orders.is_empty() && drafts.is_empty() {
                return;
            }
            drafts = self.round(drafts, orders);
        }
    }

    /// What has come; waits for it where there is nothing else to do.
    fn next(&mut self, may_wait: bool) -> Vec<Order> {
        let mut orders = Vec::new();
        if may_wait {
            orders.extend(self.taken.blocking_recv());
        }
        let mut bytes: usize = orders.iter().map(|order| order.bytes.len()).sum();
        while orders.len() < MAX_FILES
            && bytes < MAX_BYTES
            && let Ok(order) = self.taken.try_recv()
        {
            bytes += order.bytes.len();
            orders.push(order);
        }
        orders
    }

    /// Names the drafts, writes the orders, syncs both. The orders' drafts.
    fn round(&self, drafts: Vec<Draft>, orders: Vec<Order>) -> Vec<Draft> {
        let mut touched = BTreeSet::new();
        let mut named = Vec::new();
        for Draft { temporary, order } in drafts {
            match fs::rename(&temporary, &order.path) {
                Ok(()) => {
                    touched.extend(order.path.parent().map(Path::to_owned));
                    named.push(order.done);
                }
                Err(error) => give_up(&temporary, order.done, error),
            }
        }
        let (mut files, mut written) = (Vec::new(), Vec::new());
        for order in orders {
            let temporary = temporary_for(&order.path);
            match self.make_folder(&order.path, &mut touched).and_then(|()| write(&temporary, &order.bytes)) {
                Ok(file) => {
                    files.push(file);
                    written.push(Draft { temporary, order });
                }
                Err(error) => give_up(&temporary, order.done, error),
            }
        }
        match self.sync(&files, &touched) {
            Ok(()) => {
                for done in named {
                    // Nobody waits any more: the file is there all the same.
                    let _ = done.send(Ok(()));
                }
                written
            }
            Err(error) => {
                let again = || io::Error::new(error.kind(), error.to_string());
                for done in named {
                    let _ = done.send(Err(again()));
                }
                for Draft { temporary, order } in written {
                    give_up(&temporary, order.done, again());
                }
                Vec::new()
            }
        }
    }

    /// Makes the folder of a file, and says which folders have changed.
    fn make_folder(&self, path: &Path, touched: &mut BTreeSet<PathBuf>) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.root);
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.root));
            touched.extend(above.map(Path::to_owned));
        }
        Ok(())
    }

    fn sync(&self, files: &[File], folders: &BTreeSet<PathBuf>) -> io::Result<()> {
        if files.len() + folders.len() >= SYNC_ALL_FROM && sync_all(&self.handle)? {
            return Ok(());
        }
        files.iter().try_for_each(File::sync_all)?;
        folders.iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }
}

/// Syncs the whole file system; false where the operating system has no such call.
#[cfg(target_os = "linux")]
fn sync_all(handle: &File) -> io::Result<bool> {
    rustix::fs::syncfs(handle)?;
    Ok(true)
}

#[cfg(not(target_os = "linux"))]
fn sync_all(_: &File) -> io::Result<bool> {
    Ok(false)
}

fn give_up(temporary: &Path, done: oneshot::Sender<io::Result<()>>, error: io::Error) {
    // The first error matters more than a file left behind.
    let _ = fs::remove_file(temporary);
    let _ = done.send(Err(error));
}

fn temporary_for(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.tmp", uuid::Uuid::new_v4()))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

/// Puts a file in place of another at once, durably.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = temporary_for(path);
    let written = write(&temporary, bytes).and_then(|file| file.sync_all());
    let placed =
        written.and_then(|()| fs::rename(&temporary, path)).and_then(|()| File::open(folder)?.sync_all());
    if placed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_files_at_once_are_all_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let files = Folder::open(folder.path().to_owned()).unwrap();
        let all = (0..1000).map(|n| {
            let files = files.clone();
            async move { files.write(&format!("a/{}/{n}", n % 3), Bytes::from(format!("file {n}"))).await }
        });
        let done = futures::future::join_all(all).await;
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        for n in 0..1000 {
            let text = fs::read_to_string(folder.path().join(format!("a/{}/{n}", n % 3))).unwrap();
            assert_eq!(text, format!("file {n}"));
        }
        let entries = |n| fs::read_dir(folder.path().join(format!("a/{n}"))).unwrap().count();
        assert_eq!((0..3).map(entries).sum::<usize>(), 1000, "nothing temporary is left");
    }

    #[tokio::test]
    async fn one_that_cannot_be_written_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        fs::create_dir_all(folder.path().join("taken/x")).unwrap();
        let files = Folder::open(folder.path().to_owned()).unwrap();
        let write = |name: &'static str| files.write(name, Bytes::from_static(b"x"));
        let (under_a_file, over_a_folder, fine) =
            tokio::join!(write("file/a"), write("taken"), write("b/fine"));
        assert!(under_a_file.is_err() && over_a_folder.is_err() && fine.is_ok());
        assert_eq!(fs::read(folder.path().join("b/fine")).unwrap(), b"x");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing temporary is left");
    }
}
