//! Notes: what agents tell each other about a ticket. They lie apart from messages, so that nothing which sends or shows
//! messages to customers can ever reach them.

use bus::topic::{NOTE_ADDED, NOTE_REMOVED};
use domain::{
    NoteId, Role, TicketId, UserId,
    event::{Assignee, Note, NoteAdded, NoteRemoved},
    mention,
};

use crate::{
    Actor, Desk, DeskError, entropy,
    store::{accounts, notes as rows, outbox, rows::ticket_by_id},
    text,
};

/// Longest note, in characters.
const MAX_TEXT: usize = 10_000;
/// Notes shown beside a thread.
const SHOWN: i64 = 200;

impl Desk {
    /// Writes a note. Who is named behind an `@` is meant; whoever is shut out cannot be.
    ///
    /// # Errors
    /// There is no such ticket; a text that makes no sense.
    pub async fn add_note(&self, ticket: TicketId, words: &str, actor: &Actor) -> Result<Note, DeskError> {
        let words = text::clean(words).trim().to_owned();
        if words.is_empty() {
            return Err(DeskError::invalid("text", "a note needs a text"));
        }
        if words.chars().count() > MAX_TEXT {
            return Err(DeskError::invalid("text", format!("a note may have at most {MAX_TEXT} characters")));
        }
        let people = accounts::users(&self.store).await?;
        let here = people.iter().filter(|user| !user.disabled);
        let mentions = mention::mentioned(&words, here.map(|user| (user.id, user.name.as_str())));
        let mut tx = self.store.begin().await?;
        let view =
            ticket_by_id(&self.store, &mut *tx, ticket).await?.ok_or(DeskError::NotFound("ticket"))?.view;
        let now = self.now();
        let note = Note {
            id: NoteId::new(now, &entropy()),
            ticket_id: ticket,
            author: Assignee { id: UserId(actor.id), name: actor.name.clone() },
            text: words,
            mentions,
            created_at: now,
        };
        rows::insert(&self.store, &mut tx, &note).await?;
        let added = NoteAdded { note: note.clone(), ticket_number: view.number };
        let packet = outbox::add(&mut tx, NOTE_ADDED, &format!("note:{}", note.id), now, &added).await?;
        self.commit(tx, vec![packet]).await?;
        Ok(note)
    }

    /// The newest notes about this customer on this channel, oldest first: as far as a thread shows messages.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn notes(&self, ticket: TicketId) -> Result<Vec<Note>, DeskError> {
        let view = self.ticket(ticket).await?;
        rows::newest(&self.store, view.profile.id, view.channel, SHOWN).await
    }

    /// Takes a note back.
    ///
    /// # Errors
    /// There is no such note; it is somebody else's, and the actor manages nothing.
    pub async fn remove_note(&self, id: NoteId, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let note = rows::one(&mut tx, id).await?.ok_or(DeskError::NotFound("note"))?;
        if note.author.id.0 != actor.id && actor.role == Role::Support {
            return Err(DeskError::Forbidden("only its writer or a manager takes a note back".into()));
        }
        rows::remove(&mut tx, id).await?;
        let removed = NoteRemoved { ticket_id: note.ticket_id, note_id: id };
        let key = format!("note:{id}:removed");
        let packet = outbox::add(&mut tx, NOTE_REMOVED, &key, self.now(), &removed).await?;
        self.commit(tx, vec![packet]).await
    }
}
