//! Customers: what is known of them (F3), and blocking (G2).

use bus::Packet;
use domain::{
    Address, Channel, EmailAddress, ProfileId, Timestamp, audit::AuditAction, consent::ConsentKind,
    ticket::State, zone::Zone,
};

use crate::{
    Actor, Desk, DeskError, Page, PageRequest,
    audit::{self, Customer, Deed},
    store::{Tx, people as rows, rows::TicketRow, ticket_write},
    timers,
};

/// One way a customer is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAddress {
    /// The address.
    pub address: Address,
    /// Somebody vouches for it: a carrier, a mail that came from it, a signed visitor.
    pub verified: bool,
}

/// A customer as agents see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileView {
    /// Id.
    pub id: ProfileId,
    /// Name, where known.
    pub name: Option<String>,
    /// How they are known.
    pub addresses: Vec<KnownAddress>,
    /// What an unverified visitor said; never a way to know them.
    pub claimed_email: Option<EmailAddress>,
    /// The kinds of texts they agreed to.
    pub sms_kinds: Vec<ConsentKind>,
    /// Number of their tickets.
    pub tickets: i64,
    /// Blocked (G2).
    pub blocked: bool,
    /// IANA time zone, where known.
    pub time_zone: Option<String>,
    /// Place, where known.
    pub location: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// What changes about a customer; `None` leaves it, `Some(None)` forgets it.
#[derive(Clone, Debug, Default)]
pub struct ProfilePatch {
    /// Name.
    pub name: Option<Option<String>>,
    /// IANA time zone.
    pub time_zone: Option<Option<String>>,
    /// Place.
    pub location: Option<Option<String>>,
}

impl Desk {
    /// A customer. One that was merged into another is that one.
    ///
    /// # Errors
    /// There is no such profile.
    pub async fn profile(&self, id: ProfileId) -> Result<ProfileView, DeskError> {
        let id = self.standing_profile(id).await?;
        rows::profile(&self.store, id).await?.ok_or(DeskError::NotFound("profile"))
    }

    /// A page of customers, newest first; `q` looks into names and addresses.
    ///
    /// # Errors
    /// A search, limit or cursor that makes no sense.
    pub async fn profiles(
        &self,
        q: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<ProfileView>, DeskError> {
        let q = q.map(str::trim).filter(|q| !q.is_empty());
        if q.is_some_and(|q| q.chars().count() > 200) {
            return Err(DeskError::invalid("q", "a search may have at most 200 characters"));
        }
        let limit = page.limit()?;
        let found = rows::page(&self.store, q, page.after()?, limit + 1).await?;
        Ok(Page::cut(found, limit, |profile: &ProfileView| {
            (profile.created_at.millis(), profile.id.to_string())
        }))
    }

    /// Changes what is known of a customer.
    ///
    /// # Errors
    /// There is no such profile; a value that makes no sense.
    pub async fn change_profile(
        &self,
        id: ProfileId,
        patch: ProfilePatch,
        actor: &Actor,
    ) -> Result<ProfileView, DeskError> {
        let patch = checked(patch)?;
        let id = self.standing_profile(id).await?;
        let mut tx = self.store.begin().await?;
        if !rows::change(&mut tx, id, &patch, self.now()).await? {
            return Err(DeskError::NotFound("profile"));
        }
        let packets = if patch.name.is_some() {
            self.touch_tickets(&mut tx, id, None, |_| {}).await?
        } else {
            Vec::new()
        };
        self.commit(tx, packets).await?;
        tracing::debug!(profile = %id, by = %actor.id, "a profile was changed");
        self.profile(id).await
    }

    /// Blocks a customer (G2): their open tickets close; what they write from now on waits in quarantine.
    ///
    /// # Errors
    /// There is no such profile.
    pub async fn block(&self, id: ProfileId, actor: &Actor) -> Result<ProfileView, DeskError> {
        let now = self.now();
        let id = self.standing_profile(id).await?;
        let mut tx = self.store.begin().await?;
        if rows::set_blocked(&mut tx, id, Some(now)).await? {
            let close = |ticket: &mut TicketRow| {
                ticket.set_state(ticket.state.close(now));
                ticket.view.unread = false;
            };
            let packets = self.touch_tickets(&mut tx, id, None, close).await?;
            audit::record(&mut tx, actor, Deed::of(AuditAction::Blocked, &Customer(id)), now).await?;
            self.commit(tx, packets).await?;
            tracing::info!(profile = %id, by = %actor.id, "a profile was blocked");
        }
        self.profile(id).await
    }

    /// Unblocks a customer and takes in what waited in quarantine.
    ///
    /// # Errors
    /// There is no such profile.
    pub async fn unblock(&self, id: ProfileId, actor: &Actor) -> Result<ProfileView, DeskError> {
        let id = self.standing_profile(id).await?;
        let mut tx = self.store.begin().await?;
        if rows::set_blocked(&mut tx, id, None).await? {
            let packets = self.touch_tickets(&mut tx, id, None, |_| {}).await?;
            let deed = Deed::of(AuditAction::Unblocked, &Customer(id));
            audit::record(&mut tx, actor, deed, self.now()).await?;
            self.commit(tx, packets).await?;
            tracing::info!(profile = %id, by = %actor.id, "a profile was unblocked");
        }
        let profile = self.profile(id).await?;
        self.replay_blocked(id, actor).await?;
        Ok(profile)
    }

    /// Something about the customer changed that their tickets show: changes each of them, counts it and tells it.
    /// Those that are open or snoozed, and the newest closed ones.
    pub(crate) async fn touch_tickets(
        &self,
        tx: &mut Tx,
        profile: ProfileId,
        channel: Option<Channel>,
        change: impl Fn(&mut TicketRow),
    ) -> Result<Vec<Packet>, DeskError> {
        let now = self.now();
        let mut packets = Vec::new();
        for id in rows::tickets_to_touch(tx, profile, channel).await? {
            let Some(mut ticket) = ticket_write::lock(&self.store, tx, id).await? else { continue };
            change(&mut ticket);
            if matches!(ticket.state, State::Closed { .. }) {
                timers::clear_wake(tx, id).await?;
            }
            ticket_write::save(tx, &mut ticket, now).await?;
            packets.push(ticket_write::changed(tx, &ticket, now).await?);
        }
        Ok(packets)
    }
}

fn checked(patch: ProfilePatch) -> Result<ProfilePatch, DeskError> {
    let time_zone = text("time_zone", patch.time_zone, 64)?;
    if let Some(Some(zone)) = &time_zone
        && Zone::find(zone).is_none()
    {
        return Err(DeskError::invalid("time_zone", "time_zone must be an IANA name such as Europe/Berlin"));
    }
    let (name, location) = (text("name", patch.name, 100)?, text("location", patch.location, 100)?);
    Ok(ProfilePatch { name, time_zone, location })
}

/// Trimmed; empty is the same as forgotten.
fn text(
    field: &'static str,
    given: Option<Option<String>>,
    longest: usize,
) -> Result<Option<Option<String>>, DeskError> {
    let Some(Some(text)) = given else { return Ok(given) };
    let text = text.trim();
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        return Err(DeskError::invalid(field, format!("{field} may have at most {longest} characters")));
    }
    Ok(Some((!text.is_empty()).then(|| text.to_owned())))
}
