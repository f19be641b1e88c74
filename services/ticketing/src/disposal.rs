//! Deletes the bytes of files that the desk gave up: the one place that deletes blobs.

use std::time::Duration;

use desk::{Desk, DeskError};
use host::Blobs;
use tokio_util::sync::CancellationToken;

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(60);

/// Gives up and deletes until the stop, at once after the start: a crash may have left some.
pub(crate) async fn run(desk: Desk, blobs: Blobs, stopping: CancellationToken) -> anyhow::Result<()> {
    loop {
        if let Err(error) = round(&desk, &blobs).await {
            tracing::warn!(%error, "files that nobody needs have to wait");
        }
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// One round; a crash anywhere in it is the next one's work.
async fn round(desk: &Desk, blobs: &Blobs) -> Result<(), DeskError> {
    let given_up = desk.give_up_files().await?;
    if given_up > 0 {
        tracing::info!(given_up, "files that were put up and never sent are deleted");
    }
    let mut gone = Vec::new();
    for blob in desk.doomed_blobs().await? {
        match blobs.delete(&blob).await {
            Ok(()) => gone.push(blob),
            Err(error) => tracing::warn!(blob, error = format!("{error:#}"), "a file cannot be deleted yet"),
        }
    }
    desk.blobs_are_gone(&gone).await
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use bus::embedded;
    use desk::{Actor, Channels, Options, attachments::NewAttachment};
    use domain::{Clock, Role, Timestamp};

    use super::*;

    #[derive(Default)]
    struct Hands(AtomicI64);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_763_700_000_000 + self.0.load(Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn a_file_that_nobody_sent_is_gone_after_a_day_also_from_the_disk() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Hands::default()));
        let bus = embedded::open(None, clock.clone()).await.unwrap();
        let options = Options {
            database_url: format!("sqlite://{}", folder.path().join("desk.db").display()),
            bus: Some(bus),
            clock: clock.clone(),
            channels: Channels::default(),
        };
        let desk = Desk::open(options).await.unwrap();
        desk.migrate().await.unwrap();
        let blobs = Blobs::in_folder(folder.path().join("blobs")).unwrap();
        blobs.put("attachments/1", b"bytes".as_slice().into()).await.unwrap();
        let new = NewAttachment {
            name: "offer.pdf".into(),
            content_type: "application/pdf".into(),
            size: 5,
            blob: "attachments/1".into(),
        };
        let kim = Actor {
            id: domain::TicketId::new(clock.now(), &[7; 10]).0,
            name: "Kim".into(),
            role: Role::Owner,
            user: None,
            from: None,
        };
        desk.add_attachment(new, &kim).await.unwrap();
        round(&desk, &blobs).await.unwrap();
        assert!(blobs.get("attachments/1").await.unwrap().is_some());
        clock.0.store(26 * 60 * 60 * 1000, Ordering::SeqCst);
        round(&desk, &blobs).await.unwrap();
        assert!(blobs.get("attachments/1").await.unwrap().is_none());
        assert!(desk.doomed_blobs().await.unwrap().is_empty());
    }
}
