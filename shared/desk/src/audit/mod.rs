//! The audit log: who did what, when, from where. A line is written by [`record`] in the transaction of the change
//! itself, so that there is no change without one; [`facts`] says what may stand in it.

use std::net::IpAddr;

use domain::{
    AuditId, EmailAddress, Timestamp,
    audit::{AuditAction, AuditBy, AuditNoun, Difference, differences, is_noted},
};
use serde_json::{Value, json};

use crate::{
    Actor, Desk, DeskError, Page, PageRequest, entropy,
    store::{Tx, audit as rows},
};

mod facts;

pub(crate) use facts::{Audited, Customer, Mailbox};

/// What strangers do is counted over this many milliseconds.
const MINUTE: i64 = 60 * 1000;

/// A line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// Where the request came from.
    pub address: Option<String>,
    /// What.
    pub action: AuditAction,
    /// What kind of thing it was done to.
    pub noun: AuditNoun,
    /// Id of that thing.
    pub object_id: String,
    /// Its name then; of a customer, as far as it is known now.
    pub object_name: Option<String>,
    /// What differs since.
    pub changes: Vec<Difference>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// What kind of somebody.
    pub kind: AuditBy,
    /// Their id.
    pub id: String,
    /// Their name then.
    pub name: String,
}

/// Which lines of the log.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Done by somebody of this id.
    pub by: Option<String>,
    /// What was done.
    pub action: Option<AuditAction>,
    /// To what kind of thing.
    pub noun: Option<AuditNoun>,
    /// To the thing of this id.
    pub object: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// What was done to what.
pub(crate) struct Deed {
    action: AuditAction,
    noun: AuditNoun,
    id: String,
    name: String,
    changes: Vec<Difference>,
}

impl Deed {
    /// Something is new, or otherwise than before.
    pub(crate) fn saved<T: Audited>(before: Option<&T>, after: &T) -> Self {
        let facts = before.map_or(Value::Null, Audited::facts);
        let action = if before.is_some() { AuditAction::Changed } else { AuditAction::Added };
        Self { changes: differences(&facts, &after.facts()), ..Self::of(action, after) }
    }

    /// Something is no more.
    pub(crate) fn removed<T: Audited>(gone: &T) -> Self {
        let changes = differences(&gone.facts(), &Value::Null);
        Self { changes, ..Self::of(AuditAction::Removed, gone) }
    }

    /// Something else was done.
    pub(crate) fn of<T: Audited>(action: AuditAction, thing: &T) -> Self {
        Self { action, noun: T::NOUN, id: thing.id(), name: thing.name(), changes: Vec::new() }
    }

    /// A number, a mailbox or a site is set up, set up otherwise, or no more (`after` is null).
    pub(crate) fn on_channel(noun: AuditNoun, name: &str, before: &Value, after: &Value) -> Self {
        let action = match (before.is_null(), after.is_null()) {
            (true, _) => AuditAction::Added,
            (false, true) => AuditAction::Removed,
            (false, false) => AuditAction::Changed,
        };
        let (id, name) = (name.to_owned(), name.to_owned());
        Self { action, noun, id, name, changes: differences(before, after) }
    }

    /// All of a kind have another order.
    pub(crate) fn reordered(noun: AuditNoun, names: &[&str]) -> Self {
        let (action, id, name) = (AuditAction::Reordered, String::new(), String::new());
        Self { action, noun, id, name, changes: Vec::new() }.with(&json!({"order": names}))
    }

    /// Something was done to many customers.
    pub(crate) fn to_customers(action: AuditAction) -> Self {
        let (noun, id, name) = (AuditNoun::Profile, String::new(), String::new());
        Self { action, noun, id, name, changes: Vec::new() }
    }

    /// Somebody who is not known, by the address they gave, if it is one.
    pub(crate) fn to_nobody(action: AuditAction, given: Option<&EmailAddress>) -> Self {
        let (noun, id) = (AuditNoun::User, String::new());
        let name = given.map(ToString::to_string).unwrap_or_default();
        Self { action, noun, id, name, changes: Vec::new() }
    }

    /// With facts that belong to it.
    pub(crate) fn with(self, facts: &Value) -> Self {
        Self { changes: differences(&Value::Null, facts), ..self }
    }
}

/// Writes a line, unless nothing differs.
pub(crate) async fn record(tx: &mut Tx, actor: &Actor, deed: Deed, now: Timestamp) -> Result<(), DeskError> {
    let by = By { kind: kind_of(actor), id: actor.id.to_string(), name: actor.name.clone() };
    write(tx, by, actor.from, deed, now).await
}

/// Writes what somebody did who was not let in.
pub(crate) async fn stranger(
    tx: &mut Tx,
    from: Option<IpAddr>,
    deed: Deed,
    now: Timestamp,
) -> Result<(), DeskError> {
    let by = By { kind: AuditBy::Nobody, id: String::new(), name: String::new() };
    write(tx, by, from, deed, now).await
}

async fn write(
    tx: &mut Tx,
    by: By,
    from: Option<IpAddr>,
    deed: Deed,
    now: Timestamp,
) -> Result<(), DeskError> {
    let Deed { action, noun, id, name, changes } = deed;
    if action == AuditAction::Changed && changes.is_empty() {
        return Ok(());
    }
    let entry = AuditEntry {
        id: AuditId::new(now, &entropy()),
        at: now,
        by,
        address: from.map(|from| from.to_canonical().to_string()),
        action,
        noun,
        object_id: id,
        object_name: Some(name),
        changes,
    };
    rows::insert(tx, &entry).await
}

fn kind_of(actor: &Actor) -> AuditBy {
    match actor.user {
        Some(_) => AuditBy::User,
        None if actor.id.is_nil() => AuditBy::System,
        None => AuditBy::ApiKey,
    }
}

impl Desk {
    /// Whether the log has enough lines of the last minute on what strangers from there did: what anybody can do as often
    /// as they like must not fill it.
    pub(crate) async fn is_noted(
        &self,
        from: Option<IpAddr>,
        action: AuditAction,
    ) -> Result<bool, DeskError> {
        let addresses = rows::strangers_since(&self.store, action, self.now().plus(-MINUTE)).await?;
        Ok(is_noted(from, &addresses))
    }

    /// A page of the log, newest first.
    ///
    /// # Errors
    /// A limit or cursor that makes no sense.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEntry>, DeskError> {
        let limit = page.limit()?;
        let found = rows::page(&self.store, filter, page.after()?, limit + 1).await?;
        Ok(Page::cut(found, limit, |entry: &AuditEntry| (entry.at.millis(), entry.id.to_string())))
    }
}
