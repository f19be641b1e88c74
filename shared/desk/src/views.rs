//! Custom views (E4): filters under a name, one's own or shared with everybody.

use bus::{Packet, topic::VIEW_CHANGED};
use domain::{
    Timestamp, ViewId,
    event::ViewChanged,
    filter::{BuiltIn, TicketFilter, ViewName},
    role::Permission,
    tag,
};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    entropy,
    store::{Tx, outbox, ticket_list, views as rows},
    text,
    tickets::list,
};

/// Longest name, in characters.
const MAX_NAME: usize = 60;
/// Most views of one person, and most shared ones.
const MAX_VIEWS: i64 = 100;

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Id.
    pub id: ViewId,
    /// Who made it: a person or an API key.
    pub owner: Uuid,
    /// Everybody sees it.
    pub shared: bool,
    /// Name.
    pub name: String,
    /// What it shows.
    pub filters: TicketFilter,
    /// Its place among the shared ones, or among its owner's.
    pub position: i64,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// A view to save.
#[derive(Clone, Debug)]
pub struct NewView {
    /// Name.
    pub name: String,
    /// Everybody sees it.
    pub shared: bool,
    /// What it shows.
    pub filters: TicketFilter,
    /// Its place; after the last one where there is none.
    pub position: Option<i64>,
}

/// What changes about a view; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct ViewPatch {
    /// Name.
    pub name: Option<String>,
    /// Everybody sees it.
    pub shared: Option<bool>,
    /// What it shows, all of it.
    pub filters: Option<TicketFilter>,
    /// Its place.
    pub position: Option<i64>,
}

/// How many open tickets the views of somebody have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewCounts {
    /// Of the views that everybody has: those a person works through.
    pub built_in: Vec<(BuiltIn, i64)>,
    /// Of the saved ones.
    pub saved: Vec<(ViewId, i64)>,
}

impl Desk {
    /// The shared views and one's own, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn views(&self, actor: &Actor) -> Result<Vec<View>, DeskError> {
        rows::seen_by(&self.store, actor.id).await
    }

    /// Saves a view.
    ///
    /// # Errors
    /// `view_name_taken`; a name or filters that make no sense; sharing is not for this role.
    pub async fn create_view(&self, new: NewView, actor: &Actor) -> Result<View, DeskError> {
        let now = self.now();
        check_sharing(new.shared, actor)?;
        let mut view = View {
            id: ViewId::new(now, &entropy()),
            owner: actor.id,
            shared: new.shared,
            name: checked_name(&new.name)?,
            filters: new.filters,
            position: 0,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.store.begin().await?;
        let (there, next) = rows::beside(&mut tx, &view).await?;
        if there >= MAX_VIEWS {
            return Err(DeskError::conflict(
                "too_many_views",
                format!("there are {MAX_VIEWS} views already"),
            ));
        }
        view.position = new.position.unwrap_or(next);
        self.save_view(tx, None, view, actor).await
    }

    /// Changes a view.
    ///
    /// # Errors
    /// There is no such view; `view_name_taken`; it is shared, or to be shared, and that is not for this role.
    pub async fn change_view(&self, id: ViewId, patch: ViewPatch, actor: &Actor) -> Result<View, DeskError> {
        let mut tx = self.store.begin().await?;
        let before = self.view_to_change(&mut tx, id, actor).await?;
        let mut view = before.clone();
        view.shared = patch.shared.unwrap_or(view.shared);
        check_sharing(view.shared, actor)?;
        if let Some(name) = &patch.name {
            view.name = checked_name(name)?;
        }
        view.filters = patch.filters.unwrap_or(view.filters);
        view.position = patch.position.unwrap_or(view.position);
        view.updated_at = self.now();
        self.save_view(tx, Some(before), view, actor).await
    }

    async fn save_view(
        &self,
        mut tx: Tx,
        before: Option<View>,
        view: View,
        actor: &Actor,
    ) -> Result<View, DeskError> {
        let was_shared = before.as_ref().is_some_and(|view| view.shared);
        list::check(&view.filters)?;
        if !rows::save(&mut tx, &view, &name_key(&view.name)).await? {
            let whose = if view.shared { "a shared view" } else { "a view of yours" };
            return Err(DeskError::conflict("view_name_taken", format!("{whose} is called {:?}", view.name)));
        }
        if view.shared || was_shared {
            audit::record(&mut tx, actor, Deed::saved(before.as_ref(), &view), view.updated_at).await?;
        }
        self.tell_of_view(tx, &view, was_shared, false).await?;
        Ok(view)
    }

    /// Deletes a view.
    ///
    /// # Errors
    /// There is no such view; it is shared, and that is not for this role.
    pub async fn delete_view(&self, id: ViewId, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let view = self.view_to_change(&mut tx, id, actor).await?;
        rows::delete(&mut tx, id).await?;
        if view.shared {
            audit::record(&mut tx, actor, Deed::removed(&view), self.now()).await?;
        }
        self.tell_of_view(tx, &view, view.shared, true).await
    }

    /// The filters of a view by its name or id.
    ///
    /// # Errors
    /// There is no such view, or it is somebody else's.
    pub async fn filter_of_view(&self, name: ViewName, actor: &Actor) -> Result<TicketFilter, DeskError> {
        match name {
            ViewName::BuiltIn(view) => Ok(view.filter()),
            ViewName::Saved(id) => {
                let view = rows::find(&self.store, ViewId(id)).await?;
                let view = view.filter(|view| view.shared || view.owner == actor.id);
                Ok(view.ok_or(DeskError::NotFound("view"))?.filters)
            }
        }
    }

    /// How many tickets the views of somebody have, each counted to [`COUNTED`] and one: of saved views the open
    /// ones, unless the view asks for others.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn view_counts(&self, actor: &Actor) -> Result<ViewCounts, DeskError> {
        let mut counts = ViewCounts::default();
        for view in [BuiltIn::Mine, BuiltIn::Unassigned, BuiltIn::Snoozed] {
            counts.built_in.push((view, ticket_list::count(&self.store, &view.filter(), actor).await?));
        }
        for view in rows::seen_by(&self.store, actor.id).await? {
            let open = TicketFilter { status: vec!["open".into()], ..TicketFilter::default() };
            let filter = if view.filters.status.is_empty() { open.over(view.filters) } else { view.filters };
            counts.saved.push((view.id, ticket_list::count(&self.store, &filter, actor).await?));
        }
        Ok(counts)
    }

    /// Another's own view is not there for anybody else.
    async fn view_to_change(&self, tx: &mut Tx, id: ViewId, actor: &Actor) -> Result<View, DeskError> {
        let view = rows::lock(&self.store, tx, id).await?;
        let view = view.filter(|view| view.shared || view.owner == actor.id);
        let view = view.ok_or(DeskError::NotFound("view"))?;
        check_sharing(view.shared, actor)?;
        Ok(view)
    }

    async fn tell_of_view(
        &self,
        mut tx: Tx,
        view: &View,
        was_shared: bool,
        deleted: bool,
    ) -> Result<(), DeskError> {
        let event =
            ViewChanged { view_id: view.id, owner: view.owner, shared: view.shared || was_shared, deleted };
        let packet = told(&mut tx, &event, self.now()).await?;
        self.commit(tx, vec![packet]).await
    }
}

async fn told(tx: &mut Tx, event: &ViewChanged, now: Timestamp) -> Result<Packet, DeskError> {
    let key = format!("view:{}", Uuid::new_v4());
    outbox::add(tx, VIEW_CHANGED, &key, now, event).await
}

/// A tag is called otherwise, also in the views that ask for it.
pub(crate) async fn rename_tag(
    tx: &mut Tx,
    from: &str,
    to: &str,
    now: Timestamp,
) -> Result<Vec<Packet>, DeskError> {
    let mut packets = Vec::new();
    for mut view in rows::all(tx).await? {
        if !tag::rename(&mut view.filters.tag, from, to) {
            continue;
        }
        view.updated_at = now;
        rows::save(tx, &view, &name_key(&view.name)).await?;
        let event = ViewChanged { view_id: view.id, owner: view.owner, shared: view.shared, deleted: false };
        packets.push(told(tx, &event, now).await?);
    }
    Ok(packets)
}

fn check_sharing(shared: bool, actor: &Actor) -> Result<(), DeskError> {
    if shared && !actor.role.may(Permission::ManageInbox) {
        return Err(DeskError::Forbidden("shared views are made and changed by managers".into()));
    }
    Ok(())
}

fn checked_name(name: &str) -> Result<String, DeskError> {
    let name = text::line(name).split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(DeskError::invalid(
            "name",
            format!("a view's name must have 1 to {MAX_NAME} characters"),
        ));
    }
    Ok(name)
}

/// A name as names are compared: "Late orders" and "late  ORDERS" are the same.
fn name_key(name: &str) -> String {
    name.to_lowercase()
}
