//! Attachments and raw mail: write once, read by key.

use std::{fs, io, path::PathBuf, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt};

mod folder;
mod packs;

use folder::Folder;
pub(crate) use folder::replace;
use packs::{MAX_PACKED, Packs};

/// Where files are kept. Cheap to clone.
#[derive(Clone)]
pub struct Blobs(Place);

#[derive(Clone)]
enum Place {
    /// A folder, written with a sync: `object_store`'s own file system does not ask for one.
    Folder(Folder, Packs),
    /// Any other store.
    Store(Arc<dyn ObjectStore>),
}

impl Blobs {
    /// In a folder, which is made if it is missing.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn in_folder(folder: PathBuf) -> anyhow::Result<Self> {
        let failed = format!("cannot make the folder {}", folder.display());
        let open = || {
            fs::create_dir_all(&folder)?;
            let packs = Packs::open(&folder)?;
            Ok::<_, io::Error>(Place::Folder(Folder::open(folder)?, packs))
        };
        Ok(Self(open().context(failed)?))
    }

    /// Over a store.
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self(Place::Store(store))
    }

    /// Writes; returns once it is durable. Keys are names with `/` between, of letters, digits, `.`, `-` and `_`.
    ///
    /// # Errors
    /// The store cannot be written, or the key is none.
    pub async fn put(&self, key: &str, bytes: Bytes) -> anyhow::Result<()> {
        check(key)?;
        match &self.0 {
            Place::Folder(folder, _) => {
                folder.write(key, bytes).await.with_context(|| format!("cannot write blob {key}"))
            }
            Place::Store(store) => {
                store.put(&object_store::path::Path::from(key), bytes.into()).await?;
                Ok(())
            }
        }
    }

    /// Writes bytes of which only their key need be known, small ones together with others; returns the key once they
    /// are durable: `name`'s, or another.
    ///
    /// # Errors
    /// The store cannot be written, or the name is no key.
    pub async fn keep(&self, bytes: Bytes, name: impl FnOnce() -> String) -> anyhow::Result<String> {
        match &self.0 {
            Place::Folder(_, packs) if bytes.len() <= MAX_PACKED => {
                packs.write(bytes).await.context("cannot write a blob into a pack")
            }
            Place::Folder(..) | Place::Store(_) => {
                let key = name();
                self.put(&key, bytes).await?;
                Ok(key)
            }
        }
    }

    /// Reads; `None` where there is nothing under that key.
    ///
    /// # Errors
    /// The store cannot be read, or the key is none.
    pub async fn get(&self, key: &str) -> anyhow::Result<Option<Bytes>> {
        check(key)?;
        match &self.0 {
            Place::Folder(_, packs) if Packs::has(key) => {
                let (packs, key) = (packs.clone(), key.to_owned());
                found(tokio::task::spawn_blocking(move || packs.read(&key)).await?)
            }
            Place::Folder(folder, _) => found(tokio::fs::read(folder.path(key)).await.map(Bytes::from)),
            Place::Store(store) => match store.get(&object_store::path::Path::from(key)).await {
                Ok(object) => Ok(Some(object.bytes().await?)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Deletes; nothing under that key is fine.
    ///
    /// # Errors
    /// The store cannot be written, or the key is none.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        check(key)?;
        match &self.0 {
            Place::Folder(_, packs) if Packs::has(key) => {
                let (packs, key) = (packs.clone(), key.to_owned());
                found(tokio::task::spawn_blocking(move || packs.delete(&key)).await?).map(drop)
            }
            Place::Folder(folder, _) => found(tokio::fs::remove_file(folder.path(key)).await).map(drop),
            Place::Store(store) => match store.delete(&object_store::path::Path::from(key)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            },
        }
    }
}

fn check(key: &str) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name = |name: &str| !name.is_empty() && !name.starts_with('.') && name.chars().all(plain);
    anyhow::ensure!(key.len() <= 512 && key.split('/').all(name), "{key:?} is no key of a blob");
    Ok(())
}

fn found<T>(outcome: io::Result<T>) -> anyhow::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_is_there_until_it_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::in_folder(folder.path().join("blobs")).unwrap();
        assert_eq!(blobs.get("mail/a.eml").await.unwrap(), None);
        blobs.put("mail/a.eml", Bytes::from_static(b"one")).await.unwrap();
        blobs.put("mail/a.eml", Bytes::from_static(b"two")).await.unwrap();
        let again = Blobs::in_folder(folder.path().join("blobs")).unwrap();
        assert_eq!(again.get("mail/a.eml").await.unwrap().unwrap(), "two");
        assert_eq!(
            fs::read_dir(folder.path().join("blobs/mail")).unwrap().count(),
            1,
            "nothing temporary is left"
        );
        blobs.delete("mail/a.eml").await.unwrap();
        blobs.delete("mail/a.eml").await.unwrap();
        assert_eq!(blobs.get("mail/a.eml").await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_kept_has_its_own_name_only_where_it_is_large() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::in_folder(folder.path().join("blobs")).unwrap();
        for (length, is_named) in [(0, false), (MAX_PACKED, false), (MAX_PACKED + 1, true)] {
            let bytes = Bytes::from(vec![7; length]);
            let key = blobs.keep(bytes.clone(), || "mail/a.eml".into()).await.unwrap();
            assert_eq!(key == "mail/a.eml", is_named, "{key}");
            assert_eq!(blobs.get(&key).await.unwrap().unwrap(), bytes);
            blobs.delete(&key).await.unwrap();
            blobs.delete(&key).await.unwrap();
            assert_eq!(blobs.get(&key).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_key_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::in_folder(folder.path().to_owned()).unwrap();
        for key in
            ["", "/etc/passwd", "../x", "mail/../../x", "mail//x", ".hidden", "a b", "a\\b", "packs/../x"]
        {
            assert!(blobs.put(key, Bytes::new()).await.is_err(), "{key}");
            assert!(blobs.get(key).await.is_err(), "{key}");
        }
    }
}
