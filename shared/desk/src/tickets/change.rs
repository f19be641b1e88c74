//! What an agent changes about a ticket: status (G1), assignee, tags, the unread dot (E1).

use bus::Packet;
use domain::{
    Priority, TeamId, TicketId, Timestamp, UserId,
    event::{Assignee, TicketView},
    routing::Placed,
    ticket::State,
};

use crate::{
    Actor, Desk, DeskError, availability,
    store::{Store, Tx, accounts, rows::TicketRow, tags, teams, ticket_write},
    timers,
};

/// Most tags of a ticket.
pub const MAX_TAGS: usize = 20;
/// Longest tag, in characters.
const MAX_TAG: usize = 40;

/// What changes about a ticket; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct TicketPatch {
    /// `open`, `snoozed`, `closed`.
    pub status: Option<String>,
    /// With `snoozed`: when it comes back.
    pub snoozed_until: Option<Timestamp>,
    /// Whose it is; `Some(None)` for nobody's.
    pub assignee_id: Option<Option<UserId>>,
    /// Which team's it is; `Some(None)` for none.
    pub team_id: Option<Option<String>>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
    /// The dot.
    pub unread: Option<bool>,
    /// Only if this is still its version.
    pub version: Option<i64>,
}

impl Desk {
    /// Changes a ticket. A patch that changes nothing counts no change and tells nobody.
    ///
    /// # Errors
    /// There is no such ticket or assignee; the state machine forbids it; `version_mismatch`; tags that make no sense.
    pub async fn change_ticket(
        &self,
        id: TicketId,
        patch: TicketPatch,
        actor: &Actor,
    ) -> Result<TicketView, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let before =
            ticket_write::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("ticket"))?;
        let after = changed_by(&mut tx, &before, &patch, now).await?;
        if after.view == before.view {
            return Ok(before.view);
        }
        let (after, packet) = write(&self.store, &mut tx, &before, after, now).await?;
        let mut packets = vec![packet];
        if let Some(user) = freed(&before, &after) {
            packets.extend(availability::hand_out(self, &mut tx, user, now).await?);
        }
        self.commit(tx, packets).await?;
        tracing::debug!(ticket = %id, by = %actor.id, "a ticket was changed");
        Ok(after.view)
    }
}

/// A locked ticket as a patch makes it; nothing is written yet.
pub(crate) async fn changed_by(
    tx: &mut Tx,
    before: &TicketRow,
    patch: &TicketPatch,
    now: Timestamp,
) -> Result<TicketRow, DeskError> {
    let wanted_tags = patch.tags.as_deref().map(normalised).transpose()?;
    let mut after = before.clone();
    apply(&mut after, patch, now)?;
    if let Some(wanted) = patch.assignee_id {
        after.view.assignee = assignee(tx, wanted).await?;
    }
    if let Some(wanted) = &patch.team_id {
        after.view.team = team(tx, wanted.as_deref()).await?;
    }
    if (&after.view.assignee, &after.view.team) != (&before.view.assignee, &before.view.team) {
        after.placed = Placed::ByHand;
    }
    if let Some(wanted) = wanted_tags {
        after.view.tags = wanted;
    }
    Ok(after)
}

/// Writes a locked ticket that is not what it was, and what follows from that.
pub(crate) async fn write(
    store: &Store,
    tx: &mut Tx,
    before: &TicketRow,
    mut after: TicketRow,
    now: Timestamp,
) -> Result<(TicketRow, Packet), DeskError> {
    let id = after.view.id;
    if after.view.tags != before.view.tags {
        let fresh = after.view.tags.iter().filter(|tag| !before.view.tags.contains(tag));
        tags::learn(store, tx, &fresh.cloned().collect::<Vec<_>>(), now).await?;
        tags::replace(store, tx, id, &after.view.tags).await?;
    }
    follow_state(tx, &after).await?;
    ticket_write::save(tx, &mut after, now).await?;
    let packet = ticket_write::changed(tx, &after, now).await?;
    Ok((after, packet))
}

/// Sets or takes away what wakes a ticket, as its state asks.
pub(crate) async fn follow_state(tx: &mut Tx, row: &TicketRow) -> Result<(), DeskError> {
    match row.state {
        State::Snoozed { until } => timers::set_wake(tx, row.view.id, until).await,
        State::Open | State::Closed { .. } => timers::clear_wake(tx, row.view.id).await,
    }
}

/// Who has one open ticket less.
pub(crate) fn freed(before: &TicketRow, after: &TicketRow) -> Option<UserId> {
    let busy =
        |row: &TicketRow| row.view.assignee.as_ref().filter(|_| row.state == State::Open).map(|one| one.id);
    busy(before).filter(|user| busy(after) != Some(*user))
}

/// Status, priority and dot; the state machine decides about the status.
fn apply(row: &mut TicketRow, patch: &TicketPatch, now: Timestamp) -> Result<(), DeskError> {
    if patch.version.is_some_and(|seen| seen != row.view.version) {
        return Err(DeskError::conflict(
            "version_mismatch",
            "somebody changed this ticket meanwhile: load it again",
        ));
    }
    let state = next_state(row, patch, now)?;
    if state != row.state {
        row.set_state(state);
    }
    row.view.priority = patch.priority.unwrap_or(row.view.priority);
    row.view.unread = patch.unread.unwrap_or(row.view.unread);
    Ok(())
}

/// Which state a patch asks for; the state machine may forbid it.
pub(crate) fn next_state(row: &TicketRow, patch: &TicketPatch, now: Timestamp) -> Result<State, DeskError> {
    let until = || {
        let missing = || DeskError::invalid("snoozed_until", "snoozing needs snoozed_until, a time ahead");
        patch.snoozed_until.ok_or_else(missing)
    };
    let unfit = || DeskError::invalid("snoozed_until", "snoozed_until goes with the status snoozed");
    Ok(match patch.status.as_deref() {
        Some("open" | "closed") if patch.snoozed_until.is_some() => return Err(unfit()),
        Some("open") => row.state.reopen(row.view.channel)?,
        Some("closed") => row.state.close(now),
        Some("snoozed") => row.state.snooze(until()?, now)?,
        None if patch.snoozed_until.is_none() => row.state,
        None if matches!(row.state, State::Snoozed { .. }) => row.state.snooze(until()?, now)?,
        None => return Err(unfit()),
        Some(odd) => {
            return Err(DeskError::invalid("status", format!("{odd:?} is none of: open, snoozed, closed")));
        }
    })
}

/// Somebody who may get tickets.
pub(crate) async fn assignee(tx: &mut Tx, wanted: Option<UserId>) -> Result<Option<Assignee>, DeskError> {
    let Some(id) = wanted else { return Ok(None) };
    match accounts::user_in(tx, id).await? {
        None => Err(DeskError::invalid("assignee_id", "there is no such user")),
        Some(user) if user.disabled => {
            Err(DeskError::invalid("assignee_id", format!("{} is disabled", user.name)))
        }
        Some(user) => Ok(Some(Assignee { id, name: user.name })),
    }
}

async fn team(tx: &mut Tx, wanted: Option<&str>) -> Result<Option<String>, DeskError> {
    let Some(text) = wanted else { return Ok(None) };
    let none = || DeskError::invalid("team_id", "there is no such team");
    let id: TeamId = text.parse().map_err(|_| none())?;
    let there = teams::exists(tx, id).await?;
    if there { Ok(Some(id.to_string())) } else { Err(none()) }
}

/// Tags as they are kept: trimmed, lower case, single spaces, each once, sorted.
pub(crate) fn normalised(tags: &[String]) -> Result<Vec<String>, DeskError> {
    let mut kept = Vec::new();
    for tag in tags {
        let words: Vec<_> = tag.split_whitespace().collect();
        let tag = words.join(" ").to_lowercase();
        if tag.is_empty() || tag.chars().count() > MAX_TAG || tag.chars().any(char::is_control) {
            return Err(DeskError::invalid("tags", format!("a tag must have 1 to {MAX_TAG} characters")));
        }
        kept.push(tag);
    }
    kept.sort_unstable();
    kept.dedup();
    if kept.len() > MAX_TAGS {
        return Err(DeskError::invalid("tags", format!("a ticket may have at most {MAX_TAGS} tags")));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_lowered_sorted_and_each_kept_once() {
        let given = ["  Late  Delivery ", "vip", "VIP"].map(String::from);
        assert_eq!(normalised(&given).unwrap(), ["late delivery", "vip"]);
        assert!(normalised(&["x".repeat(41)]).is_err());
        assert!(normalised(&[" ".into()]).is_err());
        let many: Vec<_> = (0..=MAX_TAGS).map(|n| n.to_string()).collect();
        assert!(normalised(&many).is_err());
    }
}
