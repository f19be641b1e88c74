//! Mails whose bytes are kept, and which were refused all the same, as the bus was away: they come again, often, and are not
//! kept once more each time.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use host::Blobs;

/// So many are remembered; the oldest are forgotten.
const MOST: usize = 10_000;

/// Where they lie. Cheap to clone.
#[derive(Clone, Default)]
pub struct Unpublished(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// A hash nobody outside can aim at; what lies there is compared before it is used.
    hasher: RandomState,
    keys: HashMap<u64, String>,
    order: VecDeque<u64>,
}

/// A mail that is kept and not published yet. Dropped without [`Pending::published`], it is remembered.
pub struct Pending<'a> {
    memory: &'a Unpublished,
    raw: Bytes,
    /// Where it lies.
    pub key: String,
    is_published: bool,
}

impl Unpublished {
    /// The key of these bytes, if they lie there already from an earlier try.
    pub async fn find(&self, raw: &Bytes, blobs: &Blobs) -> Option<String> {
        let key = {
            let known = self.known();
            // Nearly always.
            if known.keys.is_empty() {
                return None;
            }
            known.keys.get(&known.hasher.hash_one(raw))?.clone()
        };
        let there = blobs.get(&key).await.ok().flatten();
        there.filter(|bytes| bytes == raw).map(|_| key)
    }

    /// These bytes lie there.
    pub fn pending(&self, raw: Bytes, key: String) -> Pending<'_> {
        Pending { memory: self, raw, key, is_published: false }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending<'_> {
    /// It is somebody else's now.
    pub fn published(mut self) {
        self.is_published = true;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut known = self.memory.known();
        if self.is_published {
            if !known.keys.is_empty() {
                let hash = known.hasher.hash_one(&self.raw);
                known.keys.remove(&hash);
                if known.keys.is_empty() {
                    known.order.clear();
                }
            }
            return;
        }
        let hash = known.hasher.hash_one(&self.raw);
        if known.keys.insert(hash, self.key.clone()).is_none() {
            known.order.push_back(hash);
        }
        while known.order.len() > MOST {
            let oldest = known.order.pop_front();
            oldest.and_then(|hash| known.keys.remove(&hash));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_refused_is_found_again_until_it_is_published() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::in_folder(folder.path().to_owned()).unwrap();
        let (memory, raw) = (Unpublished::default(), Bytes::from_static(b"a mail"));
        let key = blobs.keep(raw.clone(), || unreachable!()).await.unwrap();
        assert_eq!(memory.find(&raw, &blobs).await, None);
        drop(memory.pending(raw.clone(), key.clone()));
        assert_eq!(memory.find(&raw, &blobs).await, Some(key.clone()));
        assert_eq!(memory.find(&Bytes::from_static(b"another"), &blobs).await, None);
        memory.pending(raw.clone(), key.clone()).published();
        assert_eq!(memory.find(&raw, &blobs).await, None);
        drop(memory.pending(raw.clone(), key.clone()));
        blobs.delete(&key).await.unwrap();
        assert_eq!(memory.find(&raw, &blobs).await, None, "it is not there any more");
    }

    #[test]
    fn no_more_than_the_limit_is_remembered() {
        let memory = Unpublished::default();
        for number in 0..MOST + 10 {
            drop(memory.pending(Bytes::from(number.to_string()), String::new()));
        }
        let known = memory.known();
        assert_eq!((known.keys.len(), known.order.len()), (MOST, MOST));
    }
}
