//! Attachments and raw mail: write once, read by key.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};

/// Where files are kept. Cheap to clone.
#[derive(Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// Over a store.
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }

    /// Writes; returns once it is durable.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn put(&self, key: &str, bytes: Bytes) -> anyhow::Result<()> {
        self.0.put(&Path::from(key), bytes.into()).await?;
        Ok(())
    }

    /// Reads; `None` where there is nothing under that key.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn get(&self, key: &str) -> anyhow::Result<Option<Bytes>> {
        match self.0.get(&Path::from(key)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
