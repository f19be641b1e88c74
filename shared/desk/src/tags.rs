//! The list of tags. Whatever is typed on a ticket, or given by a rule, is in it; here tags are made beforehand, renamed,
//! coloured and taken away from all tickets at once.

use domain::{
    TagId, Timestamp,
    event::RoutingPart,
    filter::TicketFilter,
    tag::{self, TagColour},
};

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    bulk::{Action, Job, Which},
    entropy, rules,
    store::{Tx, tags as rows, ticket_write},
    teams::told,
    tickets::normalised,
    views,
};

/// Most tags that are made beforehand.
const MOST: i64 = 1_000;

/// A tag of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Id; it stays when the name changes.
    pub id: TagId,
    /// As it stands on tickets: lower case, single spaces.
    pub name: String,
    /// How it is drawn.
    pub colour: TagColour,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// What changes about a tag; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct TagPatch {
    /// Name.
    pub name: Option<String>,
    /// Colour.
    pub colour: Option<TagColour>,
}

impl Desk {
    /// The list by name, each with how many tickets have it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn tags(&self) -> Result<Vec<(Tag, i64)>, DeskError> {
        rows::all(&self.store).await
    }

    /// Puts a tag into the list.
    ///
    /// # Errors
    /// A name that makes no sense; `tag_name_taken`, `too_many_tags`.
    pub async fn create_tag(
        &self,
        name: &str,
        colour: TagColour,
        actor: &Actor,
    ) -> Result<(Tag, i64), DeskError> {
        let now = self.now();
        let new = Tag {
            id: TagId::new(now, &entropy()),
            name: checked(name)?,
            colour,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.store.begin().await?;
        if rows::count(&mut tx).await? >= MOST {
            let reason = format!("there are {MOST} tags already: delete some before you add more");
            return Err(DeskError::conflict("too_many_tags", reason));
        }
        let added = rows::add(&mut tx, &new).await?.ok_or_else(|| taken(&new.name))?;
        audit::record(&mut tx, actor, Deed::saved(None, &added), now).await?;
        let used = rows::used(&mut tx, &added.name).await?;
        let packet = told(&mut tx, RoutingPart::Tags, now).await?;
        self.commit(tx, vec![packet]).await?;
        tracing::info!(tag = added.name, by = %actor.id, "a tag was added");
        Ok((added, used))
    }

    /// Renames or colours a tag. On tickets, in rules and in saved views it has its new name at once.
    ///
    /// # Errors
    /// There is no such tag; a name that makes no sense; `tag_name_taken`.
    pub async fn change_tag(
        &self,
        id: TagId,
        patch: TagPatch,
        actor: &Actor,
    ) -> Result<(Tag, i64), DeskError> {
        let now = self.now();
        let name = patch.name.as_deref().map(checked).transpose()?;
        let mut tx = self.store.begin().await?;
        let before = rows::find(&mut tx, id).await?.ok_or(DeskError::NotFound("tag"))?;
        let after = Tag {
            name: name.unwrap_or_else(|| before.name.clone()),
            colour: patch.colour.unwrap_or(before.colour),
            updated_at: now,
            ..before.clone()
        };
        let mut packets = Vec::new();
        if after.name != before.name {
            packets = self.rename_tag(&mut tx, &before.name, &after.name, now).await?;
        }
        // after the tickets: who tags one holds it before the tag
        let held = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("tag"))?;
        if held.name != before.name {
            return Err(DeskError::Busy(format!("the tag {:?} was renamed meanwhile", before.name)));
        }
        if !rows::save(&mut tx, &after).await? {
            return Err(taken(&after.name));
        }
        audit::record(&mut tx, actor, Deed::saved(Some(&before), &after), now).await?;
        let used = rows::used(&mut tx, &after.name).await?;
        packets.push(told(&mut tx, RoutingPart::Tags, now).await?);
        self.commit(tx, packets).await?;
        tracing::info!(tag = after.name, by = %actor.id, "a tag was changed");
        Ok((after, used))
    }

    /// Takes a tag out of the list and off every ticket, as a change of many tickets that can be undone.
    ///
    /// # Errors
    /// There is no such tag; `tag_in_rules`; more tickets have it than one change may be about.
    pub async fn delete_tag(&self, id: TagId, actor: &Actor) -> Result<Job, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let tag = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("tag"))?;
        let named = rules::naming_tag(&mut tx, &tag.name).await?;
        if !named.is_empty() {
            let names = named.join(", ");
            let reason = format!("these rules look at this tag or give it, change them first: {names}");
            return Err(DeskError::conflict("tag_in_rules", reason));
        }
        rows::remove(&mut tx, id, now).await?;
        audit::record(&mut tx, actor, Deed::removed(&tag), now).await?;
        let with = TicketFilter { tag: vec![tag.name.clone()], ..TicketFilter::default() };
        let off = Action::Untag { tags: vec![tag.name.clone()] };
        let job = self.begin_bulk_in(&mut tx, Which::Matching(Box::new(with)), off, actor).await?;
        let packet = told(&mut tx, RoutingPart::Tags, now).await?;
        self.commit(tx, vec![packet]).await?;
        tracing::info!(tag = tag.name, tickets = job.total, by = %actor.id, "a tag was deleted");
        Ok(job)
    }

    async fn rename_tag(
        &self,
        tx: &mut Tx,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Vec<bus::Packet>, DeskError> {
        let mut packets = Vec::new();
        for ticket in rows::unclosed(tx, from).await? {
            let Some(mut row) = ticket_write::lock(&self.store, tx, ticket).await? else { continue };
            if !tag::rename(&mut row.view.tags, from, to) {
                continue;
            }
            rows::replace(&self.store, tx, ticket, &row.view.tags).await?;
            ticket_write::save(tx, &mut row, now).await?;
            packets.push(ticket_write::changed(tx, &row, now).await?);
        }
        rows::rename(tx, from, to).await?;
        packets.extend(self.rename_tag_in_rules(tx, from, to, now).await?);
        packets.extend(views::rename_tag(tx, from, to, now).await?);
        Ok(packets)
    }
}

fn checked(name: &str) -> Result<String, DeskError> {
    let one = normalised(&[name.to_owned()]).map_err(|error| match error {
        DeskError::Invalid { reason, .. } => DeskError::invalid("name", reason),
        other => other,
    })?;
    one.into_iter().next().ok_or_else(|| DeskError::invalid("name", "a tag needs a name"))
}

fn taken(name: &str) -> DeskError {
    DeskError::conflict("tag_name_taken", format!("there is a tag {name:?} already"))
}
