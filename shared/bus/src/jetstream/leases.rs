//! Leases, kept in a key-value bucket whose values the server forgets by itself: no clock of ours has to be right.

use anyhow::Context;
use async_nats::jetstream::kv::{Config, CreateErrorKind, Store, UpdateErrorKind};

use super::connection::Link;
use crate::LEASE_LASTS;

const BUCKET: &str = "frontdesk_leases";
/// Room for many small values.
const MAX_BYTES: i64 = 1 << 20;

/// Takes a lease, or renews the one of that revision; `None` while another has it.
pub(super) async fn take(link: &Link, name: String, held: Option<u64>) -> anyhow::Result<Option<u64>> {
    let bucket = bucket(link).await.context("the broker's bucket \"frontdesk_leases\" cannot be opened")?;
    let taken = match held {
        Some(revision) => match bucket.update(&name, "held".into(), revision).await {
            Ok(revision) => return Ok(Some(revision)),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(None),
            Err(error) => Err(error.into()),
        },
        None => match bucket.create(&name, "held".into()).await {
            Ok(revision) => return Ok(Some(revision)),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(anyhow::Error::from(error)),
        },
    };
    taken.context("the broker does not keep a lease")
}

/// Gives it back, unless another has it by now.
pub(super) async fn release(link: &Link, name: String, held: u64) {
    let given_back = async {
        bucket(link).await?.delete_expect_revision(&name, Some(held)).await.map_err(anyhow::Error::from)
    };
    if let Err(error) = given_back.await {
        tracing::debug!(%error, name, "a lease was not given back; it ends by itself");
    }
}

async fn bucket(link: &Link) -> anyhow::Result<Store> {
    if let Ok(bucket) = link.context.get_key_value(BUCKET).await {
        return Ok(bucket);
    }
    let config = Config {
        bucket: BUCKET.into(),
        description: "work that one process at a time does".into(),
        max_age: LEASE_LASTS,
        max_bytes: MAX_BYTES,
        num_replicas: link.options.replicas,
        ..Config::default()
    };
    match link.context.create_key_value(config).await {
        Ok(bucket) => Ok(bucket),
        // another process made it in between
        Err(_) => Ok(link.context.get_key_value(BUCKET).await?),
    }
}
