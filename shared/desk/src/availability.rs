//! Who can be given tickets, and giving them: when a ticket comes for a team, and when somebody of it comes back.

use bus::Packet;
use domain::{
    RuleId, TeamId, TicketId, Timestamp, UserId,
    event::{Assignee, RoutingPart},
    role::Permission,
    routing::{
        Placed,
        share::{self, State},
    },
};

use crate::{
    Actor, Desk, DeskError,
    store::{Tx, accounts, availability as rows, decisions, ticket_write},
    teams,
};

/// Somebody who was seen so lately needs not be noted again, in milliseconds.
const LATELY: i64 = 60 * 1000;
/// Largest capacity.
const MAX_CAPACITY: i64 = 10_000;
/// Most tickets that somebody is given at once; the rest a minute later.
const AT_ONCE: i64 = 200;
/// Most decisions of a ticket that are shown.
const SHOWN: i64 = 50;

/// Whether somebody can be given tickets, and how much they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// Who.
    pub user: UserId,
    /// Whether they can be given tickets now.
    pub state: State,
    /// Open tickets at most; `None` for as many as come.
    pub capacity: Option<i64>,
    /// Open tickets of theirs.
    pub open: i64,
}

/// What changes about somebody; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct AvailabilityPatch {
    /// They take no tickets for now.
    pub away: Option<bool>,
    /// Open tickets at most; `Some(None)` for as many as come.
    pub capacity: Option<Option<i64>>,
}

/// Something that was decided about a ticket without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// By which rule, and its name then; `None`: somebody of its team became available.
    pub rule: Option<(RuleId, String)>,
    /// Why, for people.
    pub why: String,
    /// What was done, for people.
    pub did: Vec<String>,
    /// When.
    pub at: Timestamp,
}

impl Desk {
    /// Everybody who may sign in, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn availabilities(&self) -> Result<Vec<Availability>, DeskError> {
        rows::all(&self.store, self.now()).await
    }

    /// Changes whether somebody is away, or how much they take. Who says that they are available is here, and gets
    /// what waited for them.
    ///
    /// # Errors
    /// There is no such person; only a manager changes others, and capacities; a capacity that makes no sense.
    pub async fn change_availability(
        &self,
        user: UserId,
        patch: AvailabilityPatch,
        actor: &Actor,
    ) -> Result<Availability, DeskError> {
        let own = actor.user == Some(user);
        if (!own || patch.capacity.is_some()) && !actor.role.may(Permission::ManageInbox) {
            return Err(DeskError::Forbidden("capacities, and others, are changed by managers".into()));
        }
        if patch.capacity.flatten().is_some_and(|most| !(0..=MAX_CAPACITY).contains(&most)) {
            return Err(DeskError::invalid(
                "capacity",
                format!("a capacity is a number from 0 to {MAX_CAPACITY}"),
            ));
        }
        let now = self.now();
        let mut tx = self.store.begin().await?;
        accounts::user_in(&mut tx, user)
            .await?
            .filter(|user| !user.disabled)
            .ok_or(DeskError::NotFound("user"))?;
        let (mut attendance, capacity) = rows::lock(&self.store, &mut tx, user).await?;
        attendance.away = patch.away.unwrap_or(attendance.away);
        if own && patch.away == Some(false) {
            attendance.seen_at = now;
        }
        rows::save(&mut tx, user, attendance, patch.capacity.unwrap_or(capacity)).await?;
        let mut packets = vec![teams::told(&mut tx, RoutingPart::Availability, now).await?];
        packets.extend(hand_out(self, &mut tx, user, now).await?);
        self.commit(tx, packets).await?;
        let all = self.availabilities().await?;
        all.into_iter().find(|one| one.user == user).ok_or(DeskError::NotFound("user"))
    }

    /// Notes that somebody's console is open, at most once a minute. Who comes back gets what waited for them.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn was_seen(&self, user: UserId) -> Result<(), DeskError> {
        let now = self.now();
        if rows::seen_at(&self.store, user).await?.plus(LATELY) > now {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let (mut attendance, capacity) = rows::lock(&self.store, &mut tx, user).await?;
        let before = attendance.state(now);
        attendance.seen_at = now;
        rows::save(&mut tx, user, attendance, capacity).await?;
        let mut packets = hand_out(self, &mut tx, user, now).await?;
        if attendance.state(now) != before {
            packets.push(teams::told(&mut tx, RoutingPart::Availability, now).await?);
        }
        self.commit(tx, packets).await
    }

    /// What was decided about a ticket without a person, newest first.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn decisions(&self, ticket: TicketId) -> Result<Vec<Decided>, DeskError> {
        self.ticket(ticket).await?;
        decisions::of_ticket(&self.store, ticket, SHOWN).await
    }
}

/// Somebody signed out.
pub(crate) async fn left(tx: &mut Tx, user: UserId) -> Result<(), DeskError> {
    rows::left(tx, user).await
}

/// Who of a team gets a ticket now; they are held until the transaction ends, so that nobody is given too many.
pub(crate) async fn next_of(
    desk: &Desk,
    tx: &mut Tx,
    team: TeamId,
    now: Timestamp,
) -> Result<Option<Assignee>, DeskError> {
    let there = rows::of_team(&desk.store, tx, team, now).await?;
    let candidates: Vec<_> = there.iter().map(|(candidate, _)| *candidate).collect();
    let Some(id) = share::next(&candidates) else { return Ok(None) };
    let name = there.into_iter().find(|(candidate, _)| candidate.id == id).map(|(_, name)| name);
    let next = Assignee { id, name: name.unwrap_or_default() };
    rows::given(tx, &next, now).await?;
    Ok(Some(next))
}

/// Gives somebody what waits for their teams, as far as they have room. Never waits for anybody: whoever is at one of
/// those tickets, or just gives this person one, goes first, and the rest is given out a minute later.
pub(crate) async fn hand_out(
    desk: &Desk,
    tx: &mut Tx,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Packet>, DeskError> {
    let Some((candidate, name)) = rows::if_there(&desk.store, tx, user, now).await? else {
        return Ok(Vec::new());
    };
    let room = candidate.capacity.map_or(AT_ONCE, |most| (most - candidate.open).clamp(0, AT_ONCE));
    let mut packets = Vec::new();
    for ticket in rows::waiting_for(&desk.store, tx, user, room).await? {
        let Some(mut row) = ticket_write::lock(&desk.store, tx, ticket).await? else { continue };
        let assignee = Assignee { id: user, name: name.clone() };
        let decided = Decided {
            rule: None,
            why: "it waited for somebody of its team".into(),
            did: vec![format!("assigned to {name}, who became available")],
            at: now,
        };
        rows::given(tx, &assignee, now).await?;
        (row.view.assignee, row.placed) = (Some(assignee), Placed::Nowhere);
        ticket_write::save(tx, &mut row, now).await?;
        decisions::add(tx, ticket, None, &decided).await?;
        packets.push(ticket_write::changed(tx, &row, now).await?);
    }
    Ok(packets)
}
