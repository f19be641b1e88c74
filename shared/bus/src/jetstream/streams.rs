//! The streams: made when missing, brought up to date when there, by any number of replicas at the same time.

use std::time::Duration;

use anyhow::{anyhow, bail};
use async_nats::jetstream::{
    ErrorCode,
    context::{CreateStreamError, CreateStreamErrorKind},
    stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType},
};
use tokio::time::{Instant, sleep};

use super::{Options, connection::Link};
use crate::Stream;

/// How long EVENTS are kept.
const KEPT: Duration = Duration::from_secs(72 * 3600);

/// How long the server remembers ids; the desk's own rows are the guarantee beyond that.
const REMEMBERED: Duration = Duration::from_secs(600);

const PAUSE: Duration = Duration::from_millis(250);

/// A stream as it should be.
fn wanted(stream: Stream, options: &Options) -> Config {
    let percent = match stream {
        Stream::Inbound => 35,
        Stream::Outbound => 15,
        Stream::Events => 40,
        Stream::Dead => 10,
    };
    let queue = stream.is_work_queue();
    Config {
        name: stream.name().into(),
        subjects: stream.subjects().iter().map(|subject| (*subject).into()).collect(),
        retention: if queue { RetentionPolicy::WorkQueue } else { RetentionPolicy::Limits },
        // A work queue that is full refuses: nothing unhandled is ever dropped.
        discard: if queue { DiscardPolicy::New } else { DiscardPolicy::Old },
        max_age: if queue { Duration::ZERO } else { KEPT },
        max_bytes: options.storage / 100 * percent,
        duplicate_window: REMEMBERED,
        storage: StorageType::File,
        num_replicas: options.replicas,
        allow_atomic_publish: true,
        allow_direct: true,
        ..Config::default()
    }
}

/// What an existing stream has to become; `None` when it is good as it is. Size and copies are the operator's, and
/// subjects only grow, so that an old and a new release do not undo each other's work.
fn reconciled(present: &Config, wanted: &Config) -> Result<Option<Config>, String> {
    let name = &present.name;
    if present.retention != wanted.retention || present.storage != wanted.storage {
        return Err(format!(
            "the stream {name} exists with retention {:?} and storage {:?}; it has to have {:?} and {:?}",
            present.retention, present.storage, wanted.retention, wanted.storage
        ));
    }
    let mut next = present.clone();
    let missing = wanted.subjects.iter().filter(|subject| !present.subjects.contains(subject));
    next.subjects.extend(missing.cloned());
    next.discard = wanted.discard;
    next.max_age = wanted.max_age;
    next.duplicate_window = present.duplicate_window.max(wanted.duplicate_window);
    next.allow_atomic_publish = true;
    Ok((next != *present).then_some(next))
}

/// Makes or updates all streams; tries again until `deadline` while the server cannot.
pub(super) async fn ensure(link: &Link, deadline: Instant) -> anyhow::Result<()> {
    for stream in Stream::ALL {
        let wanted = wanted(stream, &link.options);
        while let Err(error) = make(link, &wanted).await {
            if !may_pass(&error) || Instant::now() >= deadline {
                return Err(explained(&error, &wanted));
            }
            tracing::warn!(stream = stream.name(), %error, "waiting for JetStream");
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

async fn make(link: &Link, wanted: &Config) -> Result<(), CreateStreamError> {
    let name_taken = match link.context.create_stream(wanted.clone()).await {
        // Made now, or there already exactly so.
        Ok(_) => return Ok(()),
        Err(error) if code(&error) == Some(ErrorCode::STREAM_NAME_EXIST) => error,
        Err(error) => return Err(error),
    };
    let Ok(stream) = link.context.get_stream(&wanted.name).await else { return Err(name_taken) };
    match reconciled(&stream.cached_info().config, wanted) {
        Ok(None) => Ok(()),
        Ok(Some(next)) => link.context.update_stream(next).await.map(drop),
        Err(reason) => Err(CreateStreamError::with_source(CreateStreamErrorKind::Response, reason)),
    }
}

fn code(error: &CreateStreamError) -> Option<ErrorCode> {
    match error.kind() {
        CreateStreamErrorKind::JetStream(error) => Some(error.error_code()),
        _ => None,
    }
}

fn may_pass(error: &CreateStreamError) -> bool {
    match error.kind() {
        CreateStreamErrorKind::TimedOut | CreateStreamErrorKind::JetStreamUnavailable => true,
        CreateStreamErrorKind::JetStream(error) => {
            error.code() == 503 || error.error_code() == ErrorCode::CLUSTER_NO_PEERS
        }
        _ => false,
    }
}

fn explained(error: &CreateStreamError, wanted: &Config) -> anyhow::Error {
    match code(error) {
        Some(ErrorCode::STORAGE_RESOURCES_EXCEEDED) => {
            let megabytes = wanted.max_bytes >> 20;
            anyhow!("the server has too little JetStream storage left for {} ({megabytes} MiB)", wanted.name)
        }
        _ => anyhow!("stream {}: {error}", wanted.name),
    }
}

/// A stream as it is now.
pub(super) async fn info(link: &Link, stream: Stream) -> anyhow::Result<Info> {
    if !link.is_connected() {
        bail!("no connection to the NATS server");
    }
    Ok(link.context.get_stream(stream.name()).await?.cached_info().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_as_it_should_be_is_left_alone() {
        for stream in Stream::ALL {
            let config = wanted(stream, &Options::default());
            assert_eq!(reconciled(&config, &config), Ok(None));
        }
    }

    #[test]
    fn the_operators_size_and_copies_stay_and_subjects_only_grow() {
        let wanted = wanted(Stream::Inbound, &Options::default());
        let mut present = wanted.clone();
        (present.max_bytes, present.num_replicas) = (1 << 40, 3);
        present.subjects = vec!["inbound.>".into(), "later.>".into()];
        let next = reconciled(&present, &wanted).unwrap().unwrap();
        assert_eq!((next.max_bytes, next.num_replicas), (1 << 40, 3));
        assert!(
            next.subjects.contains(&"later.>".to_owned()) && next.subjects.contains(&"delivery.>".to_owned())
        );
        assert_eq!(reconciled(&next, &wanted), Ok(None));
    }

    #[test]
    fn a_queue_that_would_drop_unhandled_events_is_corrected() {
        let wanted = wanted(Stream::Inbound, &Options::default());
        let present = Config { discard: DiscardPolicy::Old, max_age: KEPT, ..wanted.clone() };
        assert_eq!(reconciled(&present, &wanted).unwrap().unwrap(), wanted);
    }

    #[test]
    fn a_stream_of_another_kind_is_refused() {
        let wanted = wanted(Stream::Inbound, &Options::default());
        let present = Config { retention: RetentionPolicy::Limits, ..wanted.clone() };
        assert!(reconciled(&present, &wanted).unwrap_err().contains("INBOUND"));
    }
}
