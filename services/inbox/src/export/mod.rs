//! Everything that is kept of a person as one zip: `person.json`, and the files beside it. It is read and written at
//! the same time, some of it at a time: first the files, so that `person.json` can say where each is.

use std::io;

use desk::{Desk, export::Export};
use domain::TicketId;
use futures::Stream;
use host::Blobs;
use tokio::sync::OwnedSemaphorePermit;
use tokio_stream::wrappers::ReceiverStream;

mod archive;
mod document;
mod files;
mod names;

use archive::{Archive, PATIENCE, Piece};
use files::Files;

/// How many are made at a time, in one process.
pub(crate) const AT_A_TIME: usize = 3;

/// The pieces of the zip; it ends with an error where it could not be written to its end.
pub(crate) fn of(
    desk: Desk,
    blobs: Blobs,
    export: Export,
    turn: OwnedSemaphorePermit,
) -> impl Stream<Item = Piece> + use<> {
    let (archive, pieces) = Archive::new();
    let reader = archive.reader();
    tokio::spawn(async move {
        let _turn = turn;
        if let Err(error) = pack(&desk, blobs, &export, archive).await {
            let error = format!("{error:#}");
            tracing::warn!(profile = %export.profile.id, error, "an export broke off");
            // whoever went does not hear it
            let _ = reader.send_timeout(Err(io::Error::other("the export broke off")), PATIENCE).await;
        }
    });
    ReceiverStream::new(pieces)
}

async fn pack(desk: &Desk, blobs: Blobs, export: &Export, mut archive: Archive) -> anyhow::Result<()> {
    let mut files = Files::of(blobs);
    let mut after = None;
    loop {
        let tickets = desk.exported_tickets(export, after).await?;
        let Some(last) = tickets.last() else { break };
        after = Some(last.number);
        for ticket in tickets {
            let folder = format!("ticket-{}", ticket.number);
            pack_messages(desk, export, Some(ticket.id), &folder, &mut files, &mut archive).await?;
        }
    }
    pack_messages(desk, export, None, "without-ticket", &mut files, &mut archive).await?;
    pack_kept(desk, export, &mut files, &mut archive).await?;
    document::write(desk, export, &files, &mut archive).await?;
    archive.finish().await
}

async fn pack_messages(
    desk: &Desk,
    export: &Export,
    ticket: Option<TicketId>,
    folder: &str,
    files: &mut Files,
    archive: &mut Archive,
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let (messages, last) = desk.exported_messages(export, ticket, after).await?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
        for message in &messages {
            files.pack_message(archive, folder, message).await?;
        }
    }
}

async fn pack_kept(
    desk: &Desk,
    export: &Export,
    files: &mut Files,
    archive: &mut Archive,
) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let kept = desk.exported_kept(export, after.as_deref()).await?;
        let Some(last) = kept.last() else { break };
        after = Some(last.id.clone());
        for one in &kept {
            files.pack_kept(archive, one).await?;
        }
    }
    let mut after: Option<String> = None;
    loop {
        let (kept, next) = desk.exported_strays(export, after.as_deref()).await?;
        for one in &kept {
            files.pack_kept(archive, one).await?;
        }
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}
