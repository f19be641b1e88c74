//! `person.json`, written a row at a time.

use desk::{Desk, export::Export};
use domain::event::TicketView;
use serde::Serialize;

use super::{archive::Archive, files::Files};
use crate::view::{
    export::{ExportedNote, ExportedTicket, Person},
    exported_message::{ExportedMessage, KeptEvent, LinkVisit},
};

/// Writes all of it.
pub(crate) async fn write(
    desk: &Desk,
    export: &Export,
    files: &Files,
    archive: &mut Archive,
) -> anyhow::Result<()> {
    archive.begin("person.json", true).await?;
    let mut json = Json { archive, is_first: true };
    json.open(&Person::of(export, files.missing())).await?;
    json.list("tickets").await?;
    let mut after = None;
    loop {
        let tickets = desk.exported_tickets(export, after).await?;
        let Some(last) = tickets.last() else { break };
        after = Some(last.number);
        for ticket in tickets {
            write_ticket(desk, export, files, ticket, &mut json).await?;
        }
    }
    json.end_list().await?;
    json.list("messages_without_ticket").await?;
    write_messages(desk, export, files, None, &mut json).await?;
    json.end_list().await?;
    json.list("link_visits").await?;
    let mut after = None;
    loop {
        let mut visits = desk.exported_visits(export, after.as_ref()).await?;
        for visit in &visits {
            json.item(&LinkVisit::from(visit)).await?;
        }
        let Some(last) = visits.pop() else { break };
        after = Some(last);
    }
    json.end_list().await?;
    json.list("kept").await?;
    write_kept(desk, export, files, &mut json).await?;
    json.end_list().await?;
    json.close().await
}

async fn write_ticket(
    desk: &Desk,
    export: &Export,
    files: &Files,
    ticket: TicketView,
    json: &mut Json<'_>,
) -> anyhow::Result<()> {
    let id = ticket.id;
    let decisions = desk.exported_decisions(export, id).await?;
    json.open_item(&ExportedTicket::of(ticket, decisions)).await?;
    json.list("notes").await?;
    let mut after = None;
    loop {
        let notes = desk.exported_notes(export, id, after).await?;
        let Some(last) = notes.last() else { break };
        after = Some(last.id);
        for note in notes {
            json.item(&ExportedNote::from(note)).await?;
        }
    }
    json.end_list().await?;
    json.list("messages").await?;
    write_messages(desk, export, files, Some(id), json).await?;
    json.end_list().await?;
    json.close().await
}

async fn write_messages(
    desk: &Desk,
    export: &Export,
    files: &Files,
    ticket: Option<domain::TicketId>,
    json: &mut Json<'_>,
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let (messages, last) = desk.exported_messages(export, ticket, after).await?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
        for message in messages {
            json.item(&ExportedMessage::of(message, |blob| files.packed(blob))).await?;
        }
    }
}

async fn write_kept(desk: &Desk, export: &Export, files: &Files, json: &mut Json<'_>) -> anyhow::Result<()> {
    let mut after: Option<String> = None;
    loop {
        let kept = desk.exported_kept(export, after.as_deref()).await?;
        let Some(last) = kept.last() else { break };
        after = Some(last.id.clone());
        for one in kept {
            json.item(&KeptEvent::of(one, |blob| files.packed(blob))).await?;
        }
    }
    let mut after: Option<String> = None;
    loop {
        let (kept, next) = desk.exported_strays(export, after.as_deref()).await?;
        for one in kept {
            json.item(&KeptEvent::of(one, |blob| files.packed(blob))).await?;
        }
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

/// Objects and lists that are written before all of them is known.
struct Json<'a> {
    archive: &'a mut Archive,
    /// Nothing stands in the list yet.
    is_first: bool,
}

impl Json<'_> {
    /// An object that stays open for more.
    async fn open<T: Serialize>(&mut self, object: &T) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec(object)?;
        anyhow::ensure!(bytes.pop() == Some(b'}') && bytes.len() > 1, "no object with something in it");
        self.archive.write(&bytes).await
    }

    async fn open_item<T: Serialize>(&mut self, object: &T) -> anyhow::Result<()> {
        self.between().await?;
        self.open(object).await
    }

    /// A list in the object that is open.
    async fn list(&mut self, name: &str) -> anyhow::Result<()> {
        self.is_first = true;
        self.archive.write(format!(",\n\"{name}\":[").as_bytes()).await
    }

    async fn item<T: Serialize>(&mut self, value: &T) -> anyhow::Result<()> {
        self.between().await?;
        self.archive.write(&serde_json::to_vec(value)?).await
    }

    async fn between(&mut self) -> anyhow::Result<()> {
        let between: &[u8] = if self.is_first { b"\n" } else { b",\n" };
        self.is_first = false;
        self.archive.write(between).await
    }

    async fn end_list(&mut self) -> anyhow::Result<()> {
        self.is_first = false;
        self.archive.write(b"]").await
    }

    async fn close(&mut self) -> anyhow::Result<()> {
        self.archive.write(b"}").await
    }
}
