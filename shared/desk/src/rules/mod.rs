//! Rules (J2): what becomes of what customers write. [`dry_run`] says what one would have done; intake asks them.

use std::sync::{Arc, PoisonError, RwLock};

use bus::Packet;
use domain::{
    RuleId, TeamId, Timestamp,
    audit::AuditNoun,
    event::RoutingPart,
    routing::{Action, Conditions, Rule},
};

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    entropy,
    store::{Tx, accounts, rules as rows, teams as team_rows},
    teams, text,
    tickets::normalised,
};

mod dry_run;
mod known;

pub use dry_run::Tried;
pub(crate) use known::known_of;

/// Most rules.
const MAX_RULES: usize = 100;

/// A rule to make.
#[derive(Clone, Debug)]
pub struct NewRule {
    /// Name.
    pub name: String,
    /// It is asked.
    pub enabled: bool,
    /// What it looks at.
    pub conditions: Conditions,
    /// What it does.
    pub actions: Vec<Action>,
    /// The rules after it are not asked.
    pub stop: bool,
}

/// What changes about a rule; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct RulePatch {
    /// Name.
    pub name: Option<String>,
    /// It is asked.
    pub enabled: Option<bool>,
    /// What it looks at, all of it.
    pub conditions: Option<Conditions>,
    /// What it does, all of it.
    pub actions: Option<Vec<Action>>,
    /// The rules after it are not asked.
    pub stop: Option<bool>,
}

/// The rules as they were read last, by the number of their change.
#[derive(Debug, Default)]
pub(crate) struct RuleCache(RwLock<Option<(i64, Arc<Vec<Rule>>)>>);

impl RuleCache {
    fn of(&self, version: i64) -> Option<Arc<Vec<Rule>>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(known, _)| *known == version).map(|(_, rules)| rules.clone())
    }

    fn keep(&self, version: i64, rules: &Arc<Vec<Rule>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some((version, rules.clone()));
    }
}

impl NewRule {
    fn with_id(self, id: RuleId) -> Rule {
        let Self { name, enabled, conditions, actions, stop } = self;
        Rule { id, name, enabled, conditions, actions, stop }
    }
}

impl Desk {
    /// Every rule, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn rules(&self) -> Result<Vec<Rule>, DeskError> {
        let mut connection = self.store.reader().acquire().await?;
        rows::all(&mut *connection).await
    }

    /// Adds a rule after all others.
    ///
    /// # Errors
    /// `too_many_rules`; a rule that makes no sense, with the field that does not.
    pub async fn create_rule(&self, new: NewRule, actor: &Actor) -> Result<Rule, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let all = self.hold_rules(&mut tx).await?;
        if all.len() >= MAX_RULES {
            return Err(DeskError::conflict(
                "too_many_rules",
                format!("there are {MAX_RULES} rules already"),
            ));
        }
        let rule = checked(&mut tx, new.with_id(RuleId::new(now, &entropy()))).await?;
        rows::save(&mut tx, &rule, all.len(), now).await?;
        audit::record(&mut tx, actor, Deed::saved(None, &rule), now).await?;
        self.tell_of_rules(tx, now).await?;
        tracing::info!(rule = rule.name, by = %actor.id, "a rule was added");
        Ok(rule)
    }

    /// Changes a rule.
    ///
    /// # Errors
    /// There is no such rule; it would make no sense, with the field that does not.
    pub async fn change_rule(&self, id: RuleId, patch: RulePatch, actor: &Actor) -> Result<Rule, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let all = self.hold_rules(&mut tx).await?;
        let (place, before) = placed(&all, id)?;
        let rule = Rule {
            id,
            name: patch.name.unwrap_or_else(|| before.name.clone()),
            enabled: patch.enabled.unwrap_or(before.enabled),
            conditions: patch.conditions.unwrap_or_else(|| before.conditions.clone()),
            actions: patch.actions.unwrap_or_else(|| before.actions.clone()),
            stop: patch.stop.unwrap_or(before.stop),
        };
        // one whose team or person is gone can still be switched off
        let rule =
            if rule.enabled || rule.actions != before.actions { checked(&mut tx, rule).await? } else { rule };
        rows::save(&mut tx, &rule, place, now).await?;
        audit::record(&mut tx, actor, Deed::saved(Some(before), &rule), now).await?;
        self.tell_of_rules(tx, now).await?;
        tracing::info!(rule = rule.name, by = %actor.id, "a rule was changed");
        Ok(rule)
    }

    /// Takes a rule away.
    ///
    /// # Errors
    /// There is no such rule.
    pub async fn delete_rule(&self, id: RuleId, actor: &Actor) -> Result<(), DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let all = self.hold_rules(&mut tx).await?;
        let (_, rule) = placed(&all, id)?;
        rows::delete(&mut tx, id).await?;
        audit::record(&mut tx, actor, Deed::removed(rule), now).await?;
        let rest = all.iter().filter(|rule| rule.id != id);
        for (place, rule) in rest.enumerate() {
            rows::save(&mut tx, rule, place, now).await?;
        }
        self.tell_of_rules(tx, now).await?;
        tracing::info!(rule = rule.name, by = %actor.id, "a rule was deleted");
        Ok(())
    }

    /// Puts the rules into an order.
    ///
    /// # Errors
    /// It does not name every rule once.
    pub async fn order_rules(&self, order: &[RuleId], actor: &Actor) -> Result<Vec<Rule>, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let all = self.hold_rules(&mut tx).await?;
        let (mut asked, mut known) = (order.to_vec(), all.iter().map(|rule| rule.id).collect::<Vec<_>>());
        asked.sort_unstable();
        known.sort_unstable();
        if asked != known {
            return Err(DeskError::invalid("ids", "an order names every rule once: load them again"));
        }
        let mut ordered = Vec::with_capacity(all.len());
        for (place, id) in order.iter().enumerate() {
            let (_, rule) = placed(&all, *id)?;
            rows::save(&mut tx, rule, place, now).await?;
            ordered.push(rule.clone());
        }
        let order: Vec<&str> = ordered.iter().map(|rule| rule.name.as_str()).collect();
        audit::record(&mut tx, actor, Deed::reordered(AuditNoun::Rule, &order), now).await?;
        self.tell_of_rules(tx, now).await?;
        tracing::info!(by = %actor.id, "the rules were put into another order");
        Ok(ordered)
    }

    /// The rules as a transaction sees them: read only when they were changed since they were read last.
    pub(crate) async fn rules_in(&self, tx: &mut Tx) -> Result<Arc<Vec<Rule>>, DeskError> {
        let version = rows::version(&mut **tx, "").await?;
        if let Some(kept) = self.rules.of(version) {
            return Ok(kept);
        }
        let rules = Arc::new(rows::all(&mut **tx).await?);
        self.rules.keep(version, &rules);
        Ok(rules)
    }

    /// A tag is called otherwise, also in the rules; `None` if none names it.
    pub(crate) async fn rename_tag_in_rules(
        &self,
        tx: &mut Tx,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Option<Packet>, DeskError> {
        let all = self.hold_rules(tx).await?;
        let mut renamed = false;
        for (place, mut rule) in all.into_iter().enumerate() {
            if rule.names_tag(from) {
                rule.rename_tag(from, to);
                rows::save(tx, &rule, place, now).await?;
                renamed = true;
            }
        }
        if !renamed {
            return Ok(None);
        }
        rows::count(tx).await?;
        teams::told(tx, RoutingPart::Rules, now).await.map(Some)
    }

    /// The rules, held so that nobody else changes them until the transaction ends.
    async fn hold_rules(&self, tx: &mut Tx) -> Result<Vec<Rule>, DeskError> {
        rows::version(&mut **tx, self.store.dialect.for_update).await?;
        rows::all(&mut **tx).await
    }

    async fn tell_of_rules(&self, mut tx: Tx, now: Timestamp) -> Result<(), DeskError> {
        rows::count(&mut tx).await?;
        let packet = teams::told(&mut tx, RoutingPart::Rules, now).await?;
        self.commit(tx, vec![packet]).await
    }
}

/// The names of the rules that give tickets to a team.
pub(crate) async fn naming(tx: &mut Tx, team: TeamId) -> Result<Vec<String>, DeskError> {
    let names = |rule: Rule| {
        let gives = |action: &Action| matches!(action, Action::AssignTeam { team_id } if *team_id == team);
        rule.actions.iter().any(gives).then_some(rule.name)
    };
    Ok(rows::all(&mut **tx).await?.into_iter().filter_map(names).collect())
}

/// The names of the rules that look at a tag or give it.
pub(crate) async fn naming_tag(tx: &mut Tx, tag: &str) -> Result<Vec<String>, DeskError> {
    let all = rows::all(&mut **tx).await?;
    Ok(all.into_iter().filter(|rule| rule.names_tag(tag)).map(|rule| rule.name).collect())
}

fn placed(all: &[Rule], id: RuleId) -> Result<(usize, &Rule), DeskError> {
    all.iter().enumerate().find(|(_, rule)| rule.id == id).ok_or(DeskError::NotFound("rule"))
}

/// A rule that makes sense, as it is kept.
async fn checked(tx: &mut Tx, mut rule: Rule) -> Result<Rule, DeskError> {
    rule.name = text::line(&rule.name).split_whitespace().collect::<Vec<_>>().join(" ");
    rule.check().map_err(|(field, reason)| DeskError::invalid(field, reason))?;
    for action in &mut rule.actions {
        match action {
            Action::AssignAgent { user_id } => {
                let user = accounts::user_in(tx, *user_id).await?;
                if user.is_none_or(|user| user.disabled) {
                    return Err(DeskError::invalid("actions", "there is no such user to give tickets to"));
                }
            }
            Action::AssignTeam { team_id } => {
                let there = team_rows::exists(tx, *team_id).await?;
                if !there {
                    return Err(DeskError::invalid("actions", "there is no such team to give tickets to"));
                }
            }
            Action::AddTags { tags } => *tags = normalised(tags)?,
            _ => {}
        }
    }
    Ok(rule)
}
