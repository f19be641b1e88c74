//! Numbers, mailboxes and chat sites that are set up in the console. What is set up is the host's business and lies here
//! sealed; here are the list, its order, and the log of who changed what.

use domain::audit::AuditNoun;
use serde_json::Value;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    store::channels as rows,
};

/// Most of them: all travel together to every service.
const MOST: i64 = 500;

/// One of them, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSetup {
    /// `number`, `mailbox` or `site`.
    pub kind: String,
    /// The number, the address, the id.
    pub name: String,
    /// What is set up, sealed.
    pub sealed: String,
}

/// A change, with what the audit log may say of it: no secret.
#[derive(Clone, Debug)]
pub struct ChannelChange {
    /// What it was, sealed; `None`: it is new.
    pub before: Option<String>,
    /// What it is from now on.
    pub after: ChannelSetup,
    /// What may be told of what was before.
    pub facts_before: Value,
    /// And of what is now.
    pub facts_after: Value,
}

impl Desk {
    /// All of them, in an order that stays.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn channel_setups(&self) -> Result<Vec<ChannelSetup>, DeskError> {
        rows::all(&self.store).await
    }

    /// Adds or changes one.
    ///
    /// # Errors
    /// `channel_changed` if somebody else changed it meanwhile, `too_many_channels`.
    pub async fn set_up_channel(&self, change: &ChannelChange, actor: &Actor) -> Result<(), DeskError> {
        let (now, after) = (self.now(), &change.after);
        let mut tx = self.store.begin().await?;
        let is_kept = match &change.before {
            Some(before) => rows::change(&mut tx, before, after, now).await?,
            None if rows::count(&mut tx).await? >= MOST => {
                let reason = format!("there are {MOST} numbers, mailboxes and sites already");
                return Err(DeskError::conflict("too_many_channels", reason));
            }
            None => rows::add(&mut tx, after, now).await?,
        };
        if !is_kept {
            let reason = format!("{} was changed by somebody else meanwhile: look at it again", after.name);
            return Err(DeskError::conflict("channel_changed", reason));
        }
        let deed =
            Deed::on_channel(noun(&after.kind), &after.name, &change.facts_before, &change.facts_after);
        audit::record(&mut tx, actor, deed, now).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(kind = after.kind, name = after.name, by = %actor.id, "a channel was set up");
        Ok(())
    }

    /// Removes one. Its tickets stay.
    ///
    /// # Errors
    /// There is none.
    pub async fn remove_channel(
        &self,
        kind: &str,
        name: &str,
        facts: &Value,
        actor: &Actor,
    ) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        if !rows::remove(&mut tx, kind, name).await? {
            return Err(DeskError::NotFound("channel"));
        }
        let deed = Deed::on_channel(noun(kind), name, facts, &Value::Null);
        audit::record(&mut tx, actor, deed, self.now()).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(kind, name, by = %actor.id, "a channel was removed");
        Ok(())
    }
}

fn noun(kind: &str) -> AuditNoun {
    match kind {
        "number" => AuditNoun::Number,
        "site" => AuditNoun::ChatSite,
        _ => AuditNoun::Mailbox,
    }
}
