//! Values that all processes of an installation have in common, kept in a key-value bucket.

use anyhow::Context;
use async_nats::jetstream::kv::{Config, CreateErrorKind, Store};

use super::connection::Link;

const BUCKET: &str = "frontdesk";
/// Room for a few small values.
const MAX_BYTES: i64 = 1 << 20;

/// The value under a name; the first proposal stays.
pub(super) async fn agree_on(link: &Link, name: &'static str, proposal: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let bucket = bucket(link).await.context("the broker's bucket \"frontdesk\" cannot be opened")?;
    match bucket.create(name, proposal.clone().into()).await {
        Ok(_) => return Ok(proposal),
        Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).context("the broker does not keep a value"),
    }
    let kept = bucket.get(name).await.context("the broker does not give a value")?;
    Ok(kept.with_context(|| format!("the broker has lost {name}"))?.to_vec())
}

/// The value under a name, if there is one.
pub(super) async fn kept(link: &Link, name: &'static str) -> anyhow::Result<Option<Vec<u8>>> {
    let bucket = bucket(link).await.context("the broker's bucket \"frontdesk\" cannot be opened")?;
    let kept = bucket.get(name).await.context("the broker does not give a value")?;
    Ok(kept.map(Vec::from))
}

/// Keeps a value under a name.
pub(super) async fn keep(link: &Link, name: &'static str, value: Vec<u8>) -> anyhow::Result<()> {
    let bucket = bucket(link).await.context("the broker's bucket \"frontdesk\" cannot be opened")?;
    bucket.put(name, value.into()).await.context("the broker does not keep a value")?;
    Ok(())
}

async fn bucket(link: &Link) -> anyhow::Result<Store> {
    if let Ok(bucket) = link.context.get_key_value(BUCKET).await {
        return Ok(bucket);
    }
    let config = Config {
        bucket: BUCKET.into(),
        description: "what all processes agree on".into(),
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
