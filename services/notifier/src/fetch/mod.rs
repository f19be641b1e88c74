//! Files of texts, fetched from the carrier they lie at (MMS). The notifier has the carriers' credentials and the blob
//! store; the desk has the text already and waits.

use std::{pin::Pin, sync::Arc, time::Duration};

use bus::{Bus, Delivery, Failure, Handler, MAX_DELIVERIES, topic};
use bytes::Bytes;
use domain::{
    AttachmentId, Clock,
    event::{CarrierMedia, FetchMedia, LostMedia, MediaFetched},
    message::Attachment,
    picture,
};
use futures::{StreamExt, stream};
use host::{Blobs, config::SmsNumber, metrics::Metrics};

mod credentials;
mod reach;
#[cfg(test)]
mod tests;
mod web;

use reach::Reach;
use web::Trouble;

/// Files of one text fetched side by side.
const SIDE_BY_SIDE: usize = 3;
/// All tries of one file together within this, redirects too.
const ONE_FILE: Duration = Duration::from_secs(20);

/// Fetches files.
pub struct Files {
    bus: Bus,
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    lines: Vec<SmsNumber>,
    reach: Reach,
    patience: Duration,
}

impl Files {
    /// For these numbers.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(
        bus: Bus,
        blobs: Blobs,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        lines: Vec<SmsNumber>,
    ) -> anyhow::Result<Self> {
        Ok(Self { bus, blobs, clock, metrics, lines, reach: Reach::new()?, patience: ONE_FILE })
    }

    async fn one(&self, delivery: &Delivery) -> Result<(), Failure> {
        let work = delivery.read(topic::OUTBOUND_MEDIA)?;
        let line = self.lines.iter().find(|line| line.number == work.number);
        let mut fetching = Vec::new();
        for (position, file) in work.media.iter().enumerate() {
            fetching.push(self.file(&work, line, position, file));
        }
        let fetched: Vec<_> = stream::iter(fetching).buffered(SIDE_BY_SIDE).collect().await;
        let (mut files, mut lost) = (Vec::new(), Vec::new());
        for (file, outcome) in work.media.iter().zip(fetched) {
            match outcome {
                Ok(attachment) => files.push(attachment),
                Err(Trouble::Later(reason)) if delivery.attempt < MAX_DELIVERIES => {
                    tracing::warn!(message = %work.message_id, reason, "a file is fetched again later");
                    return Err(Failure::retry(reason));
                }
                Err(Trouble::Later(reason) | Trouble::Never(reason)) => {
                    tracing::warn!(message = %work.message_id, reason, "a file cannot be fetched");
                    lost.push(LostMedia { url: file.url.clone(), reason });
                }
            }
        }
        self.count("fetched", files.len());
        self.count("lost", lost.len());
        let report = MediaFetched { message_id: work.message_id, files, lost, at: self.clock.now() };
        let id = format!("media:{}", work.message_id);
        self.bus.publish(topic::MEDIA_FETCHED, &id, &report).await.map(drop).map_err(Failure::retry)
    }

    /// Named by the message and its place in it: fetched again, it is the same file.
    async fn file(
        &self,
        work: &FetchMedia,
        line: Option<&SmsNumber>,
        position: usize,
        file: &CarrierMedia,
    ) -> Result<Attachment, Trouble> {
        let slow = |_| Trouble::Later(format!("it took longer than {:?}", self.patience));
        let got = tokio::time::timeout(self.patience, web::get(&self.reach, line, &file.url))
            .await
            .map_err(slow)??;
        let called = if file.content_type.is_empty() { &got.content_type } else { &file.content_type };
        let content_type = picture::content_type(&got.bytes, called);
        let id = AttachmentId::named(work.message_id.0, &format!("media:{position}"));
        let name = format!("file-{}.{}", position + 1, picture::ending(&content_type));
        let (size, blob) = (got.bytes.len() as u64, format!("media/{id}"));
        self.keep(&blob, got.bytes).await?;
        let url = format!("/api/v1/attachments/{id}");
        Ok(Attachment { id, name, content_type, size, url, blob: Some(blob) })
    }

    async fn keep(&self, blob: &str, bytes: Bytes) -> Result<(), Trouble> {
        self.blobs
            .put(blob, bytes)
            .await
            .map_err(|error| Trouble::Later(format!("it cannot be stored: {error:#}")))
    }

    fn count(&self, outcome: &str, files: usize) {
        for _ in 0..files {
            self.metrics.counter("frontdesk_files_total", &[("outcome", outcome)]).increment();
        }
    }
}

impl Handler for Files {
    fn handle<'a>(
        &'a self,
        batch: &'a [Delivery],
    ) -> Pin<Box<dyn Future<Output = Vec<Result<(), Failure>>> + Send + 'a>> {
        bus::each(batch, |delivery| self.one(delivery))
    }
}
