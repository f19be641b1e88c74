//! Teams: people who share tickets.

use bus::topic::ROUTING_CHANGED;
use domain::{
    TeamId, Timestamp, UserId,
    event::{RoutingChanged, RoutingPart},
    routing::Placed,
};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    entropy, rules,
    store::{Tx, accounts, outbox, teams as rows, ticket_write},
    text,
};

/// Longest name, in characters.
const MAX_NAME: usize = 60;
/// Most teams.
const MAX_TEAMS: i64 = 100;
/// Most members of a team.
const MAX_MEMBERS: usize = 500;

/// People who share tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Id.
    pub id: TeamId,
    /// Name.
    pub name: String,
    /// Who is in it, by name.
    pub members: Vec<UserId>,
    /// Made.
    pub created_at: Timestamp,
    /// Last changed.
    pub updated_at: Timestamp,
}

/// What changes about a team; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct TeamPatch {
    /// Name.
    pub name: Option<String>,
    /// All its members.
    pub members: Option<Vec<UserId>>,
}

impl Desk {
    /// Every team, by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn teams(&self) -> Result<Vec<Team>, DeskError> {
        rows::all(&self.store).await
    }

    /// Makes a team.
    ///
    /// # Errors
    /// `team_name_taken`, `too_many_teams`; a name that makes no sense, a member who is not there.
    pub async fn create_team(
        &self,
        name: &str,
        members: Vec<UserId>,
        actor: &Actor,
    ) -> Result<Team, DeskError> {
        let now = self.now();
        let team = Team {
            id: TeamId::new(now, &entropy()),
            name: checked_name(name)?,
            members,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.store.begin().await?;
        if rows::count(&mut tx).await? >= MAX_TEAMS {
            return Err(DeskError::conflict(
                "too_many_teams",
                format!("there are {MAX_TEAMS} teams already"),
            ));
        }
        self.save_team(tx, None, team, actor).await
    }

    /// Changes a team.
    ///
    /// # Errors
    /// There is no such team; `team_name_taken`; a name that makes no sense, a member who is not there.
    pub async fn change_team(&self, id: TeamId, patch: TeamPatch, actor: &Actor) -> Result<Team, DeskError> {
        let mut tx = self.store.begin().await?;
        let before = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("team"))?;
        let mut team = before.clone();
        if let Some(name) = &patch.name {
            team.name = checked_name(name)?;
        }
        team.members = patch.members.unwrap_or(team.members);
        team.updated_at = self.now();
        self.save_team(tx, Some(before), team, actor).await
    }

    /// Takes a team away. Its tickets stay, without a team.
    ///
    /// # Errors
    /// There is no such team; `team_in_rules`.
    pub async fn delete_team(&self, id: TeamId, actor: &Actor) -> Result<(), DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let mut packets = Vec::new();
        for ticket in rows::unclosed(&mut tx, id).await? {
            let row = ticket_write::lock(&self.store, &mut tx, ticket).await?;
            let of_team = row.filter(|row| row.view.team.as_deref() == Some(id.to_string().as_str()));
            let Some(mut row) = of_team else { continue };
            row.view.team = None;
            if row.placed == Placed::Waiting {
                row.placed = Placed::Nowhere;
            }
            ticket_write::save(&mut tx, &mut row, now).await?;
            packets.push(ticket_write::changed(&mut tx, &row, now).await?);
        }
        let team = rows::lock(&self.store, &mut tx, id).await?.ok_or(DeskError::NotFound("team"))?;
        let named = rules::naming(&mut tx, id).await?;
        if !named.is_empty() {
            let names = named.join(", ");
            return Err(DeskError::conflict(
                "team_in_rules",
                format!("these rules give tickets to this team, change them first: {names}"),
            ));
        }
        rows::delete(&mut tx, id).await?;
        audit::record(&mut tx, actor, Deed::removed(&team), now).await?;
        packets.push(told(&mut tx, RoutingPart::Teams, now).await?);
        self.commit(tx, packets).await?;
        tracing::info!(team = team.name, by = %actor.id, "a team was deleted");
        Ok(())
    }

    async fn save_team(
        &self,
        mut tx: Tx,
        before: Option<Team>,
        mut team: Team,
        actor: &Actor,
    ) -> Result<Team, DeskError> {
        team.members.sort_unstable();
        team.members.dedup();
        if team.members.len() > MAX_MEMBERS {
            return Err(DeskError::invalid(
                "members",
                format!("a team may have at most {MAX_MEMBERS} members"),
            ));
        }
        for member in &team.members {
            let there = accounts::user_in(&mut tx, *member).await?.is_some();
            if !there {
                return Err(DeskError::invalid("members", format!("there is no user {member}")));
            }
        }
        if !rows::save(&self.store, &mut tx, &team, &team.name.to_lowercase()).await? {
            return Err(DeskError::conflict("team_name_taken", format!("a team is called {:?}", team.name)));
        }
        let team = rows::lock(&self.store, &mut tx, team.id).await?.ok_or(DeskError::NotFound("team"))?;
        audit::record(&mut tx, actor, Deed::saved(before.as_ref(), &team), team.updated_at).await?;
        let packet = told(&mut tx, RoutingPart::Teams, team.updated_at).await?;
        self.commit(tx, vec![packet]).await?;
        tracing::info!(team = team.name, by = %actor.id, "a team was saved");
        Ok(team)
    }
}

/// Tells everybody that a part of the routing is not what it was.
pub(crate) async fn told(tx: &mut Tx, what: RoutingPart, now: Timestamp) -> Result<bus::Packet, DeskError> {
    let key = format!("routing:{}", Uuid::new_v4());
    outbox::add(tx, ROUTING_CHANGED, &key, now, &RoutingChanged { what }).await
}

fn checked_name(name: &str) -> Result<String, DeskError> {
    let name = text::line(name).split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(DeskError::invalid(
            "name",
            format!("a team's name must have 1 to {MAX_NAME} characters"),
        ));
    }
    Ok(name)
}
