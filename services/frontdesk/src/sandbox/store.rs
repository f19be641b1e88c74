//! What happened outside, one JSON line each, appended and synced: it survives a crash. The newest are kept in memory.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// How many happenings are kept.
const KEPT: usize = 2_000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// A text, either way.
    Text(Text),
    /// The organisation was told what became of its text.
    Receipt {
        /// The carrier's id of the text.
        id: String,
    },
    /// A mail, either way.
    Mail(Mail),
}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The carrier's id.
    pub id: String,
    /// Sender.
    pub from: String,
    /// Receiver.
    pub to: String,
    /// Words.
    pub text: String,
    /// By the organisation.
    pub outbound: bool,
    /// The query of the address where the organisation wants its receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_query: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// `Message-ID`, without brackets.
    pub id: String,
    /// Sender.
    pub from: String,
    /// Display name of the sender.
    pub from_name: Option<String>,
    /// Receiver.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Names of the files in it.
    pub files: Vec<String>,
    /// Ids this mail answers, without brackets.
    pub in_reply_to: Vec<String>,
    /// `References`, oldest first, without brackets.
    pub references: Vec<String>,
    /// By the organisation.
    pub outbound: bool,
    /// When.
    pub at: Timestamp,
}

/// A happening with its number, which only grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// From 1.
    pub number: u64,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

/// The memory of the outside world.
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    file: Mutex<File>,
    kept: Mutex<Kept>,
    news: broadcast::Sender<Arc<Numbered>>,
}

struct Kept {
    newest: VecDeque<Arc<Numbered>>,
    last: u64,
}

impl Store {
    /// Reads what happened before. Forgets all but the newest.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join("happenings.jsonl");
        let before = read(&path)?;
        write_whole(&path, &before)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        let last = before.back().map_or(0, |happening| happening.number);
        let inner = Inner {
            file: Mutex::new(file),
            kept: Mutex::new(Kept { newest: before, last }),
            news: broadcast::channel(256).0,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Remembers; back only once it is on the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn add(&self, happening: Happening) -> anyhow::Result<()> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.add(happening)).await??;
        Ok(())
    }

    /// What happened after that number, oldest first, and what will happen.
    pub fn follow(&self, after: u64) -> (Vec<Arc<Numbered>>, broadcast::Receiver<Arc<Numbered>>) {
        let kept = lock(&self.inner.kept);
        let past = kept.newest.iter().filter(|happening| happening.number > after).cloned().collect();
        (past, self.inner.news.subscribe())
    }

    /// The mail of that id.
    pub fn mail(&self, id: &str) -> Option<Mail> {
        let kept = lock(&self.inner.kept);
        kept.newest.iter().rev().find_map(|happening| match &happening.happening {
            Happening::Mail(mail) if mail.id == id => Some(mail.clone()),
            _ => None,
        })
    }

    /// The organisation's texts whose receipt was not told.
    pub fn owed(&self) -> Vec<Text> {
        let kept = lock(&self.inner.kept);
        let told = |id: &str| {
            kept.newest.iter().any(|h| matches!(&h.happening, Happening::Receipt { id: told } if told == id))
        };
        let texts = kept.newest.iter().filter_map(|happening| match &happening.happening {
            Happening::Text(text) if text.receipt_query.is_some() && !told(&text.id) => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }
}

impl Inner {
    /// The file's lock is held throughout, so that lines stand in the order of their numbers.
    fn add(&self, happening: Happening) -> io::Result<()> {
        let mut file = lock(&self.file);
        let number = lock(&self.kept).last + 1;
        let numbered = Arc::new(Numbered { number, happening });
        file.write_all(&line(&numbered)?)?;
        file.sync_data()?;
        let mut kept = lock(&self.kept);
        kept.last = number;
        kept.newest.push_back(numbered.clone());
        while kept.newest.len() > KEPT {
            kept.newest.pop_front();
        }
        // Nobody looking is no error.
        let _ = self.news.send(numbered);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn line(happening: &Numbered) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(happening)?;
    line.push(b'\n');
    Ok(line)
}

/// The newest happenings of the file. A crash may have cut the last line short; it was never answered for.
fn read(path: &PathBuf) -> io::Result<VecDeque<Arc<Numbered>>> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut found: VecDeque<_> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).map(Arc::new).collect();
    let too_many = found.len().saturating_sub(KEPT);
    found.drain(..too_many);
    Ok(found)
}

/// Replaces the file at once, so that a crash leaves the old or the new one.
fn write_whole(path: &Path, happenings: &VecDeque<Arc<Numbered>>) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    let mut bytes = Vec::new();
    for happening in happenings {
        bytes.extend(line(happening)?);
    }
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: &str, receipt: bool) -> Happening {
        Happening::Text(Text {
            id: id.into(),
            from: "+15550001111".into(),
            to: "+15550107788".into(),
            text: "schön 🙂".into(),
            outbound: receipt,
            receipt_query: receipt.then(|| "message_id=x".into()),
            at: Timestamp::from_millis(7),
        })
    }

    #[tokio::test]
    async fn everything_is_still_there_after_a_restart_and_numbers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for id in ["a", "b"] {
            store.add(text(id, false)).await.unwrap();
        }
        let before = store.follow(0).0;
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.follow(0).0, before);
        store.add(text("c", false)).await.unwrap();
        assert_eq!(store.follow(2).0.iter().map(|h| h.number).collect::<Vec<_>>(), [3]);
    }

    #[tokio::test]
    async fn a_line_cut_short_by_a_crash_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.add(text("a", false)).await.unwrap();
        drop(store);
        let path = folder.path().join("happenings.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"number\":2,\"ki").unwrap();
        drop(file);
        let store = Store::open(folder.path()).unwrap();
        store.add(text("b", false)).await.unwrap();
        drop(store);
        assert_eq!(Store::open(folder.path()).unwrap().follow(0).0.len(), 2);
    }

    #[tokio::test]
    async fn only_the_newest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<u8> = (1..=KEPT as u64 + 5)
            .flat_map(|number| line(&Numbered { number, happening: text("x", false) }).unwrap())
            .collect();
        fs::write(folder.path().join("happenings.jsonl"), lines).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let kept = store.follow(0).0;
        assert_eq!((kept.len(), kept[0].number), (KEPT, 6));
    }

    #[tokio::test]
    async fn a_receipt_that_was_not_told_is_owed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for happening in
            [text("a", true), text("b", true), text("c", false), Happening::Receipt { id: "a".into() }]
        {
            store.add(happening).await.unwrap();
        }
        assert_eq!(store.owed().iter().map(|text| text.id.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
