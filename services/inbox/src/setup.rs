//! Numbers, mailboxes and sites: those of `frontdesk.toml` and those that are set up here, which of the two owns one, and
//! how one is changed. A change is kept in the database, then told to every process, which starts its services anew with it.

use std::sync::Arc;

use axum::http::StatusCode;
use desk::{
    Actor, Desk,
    channel_setups::{ChannelChange, ChannelSetup},
};
use host::{
    Configuration, ConsoleChannels, SealedChannel,
    config::{Channel, ChannelKind, Fault, Faults},
};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use web::Problem;

use crate::refusal::{Answer, Refusal};

/// Keys of which only their names are told.
const SECRETS: [&str; 5] = ["credentials", "password", "identity_secret", "client_secret", "refresh_token"];

/// Where channels come from.
#[derive(Clone)]
pub struct Setup {
    /// As the file and the environment give it.
    pub given: Arc<Configuration>,
    /// What is set up here.
    pub channels: ConsoleChannels,
}

/// Which channel is meant.
#[derive(Clone, Copy)]
pub(crate) struct Which<'a> {
    pub(crate) kind: ChannelKind,
    pub(crate) name: &'a str,
    /// One that is there already is not changed.
    pub(crate) only_if_new: bool,
}

/// A channel there is.
pub(crate) struct Standing {
    pub(crate) channel: Channel,
    /// `frontdesk.toml` or `console`.
    pub(crate) owner: &'static str,
    /// All services of this process have it.
    pub(crate) is_live: bool,
}

impl Setup {
    /// Those of a kind: the file's, then those that are set up here.
    pub(crate) async fn all(&self, desk: &Desk, kind: ChannelKind) -> Answer<Vec<Standing>> {
        let rows = self.rows(desk).await?;
        let is_live = self.channels.are_live(&rows);
        let here = rows.iter().filter(|row| row.kind == kind).filter_map(|row| self.open(row));
        let here = here.map(|channel| Standing { channel, owner: "console", is_live });
        let file = given(&self.given, kind).map(|channel| Standing {
            channel,
            owner: "frontdesk.toml",
            is_live: true,
        });
        Ok(file.chain(here).collect())
    }

    /// Sets one up, or changes it: `change` gets what is set up so far.
    pub(crate) async fn save(
        &self,
        desk: &Desk,
        actor: &Actor,
        Which { kind, name, only_if_new }: Which<'_>,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Answer<Standing> {
        self.is_ours(kind, name)?;
        let rows = self.rows(desk).await?;
        let row = rows.iter().find(|row| row.kind == kind && row.name == name);
        if only_if_new && row.is_some() {
            return Err(is_there(name));
        }
        let before = row.and_then(|row| self.channels.unseal(row)).unwrap_or(Value::Null);
        let mut after = before.as_object().cloned().unwrap_or_default();
        change(&mut after);
        let after = Value::Object(after);
        let channel = Channel::read(kind, &after).map_err(refused)?;
        let others = rows.iter().filter(|other| Some(*other) != row);
        if let Some(fault) = self.beside(others).collides(&channel) {
            return Err(refused(Faults(vec![fault])));
        }
        let sealed = self.channels.seal(kind, name, &after)?;
        let change = ChannelChange {
            before: row.map(|row| row.sealed.clone()),
            after: setup(&sealed),
            facts_before: row.map(|_| facts(&before, None)).unwrap_or_default(),
            facts_after: facts(&after, row.map(|_| &before)),
        };
        desk.set_up_channel(&change, actor).await?;
        self.tell(desk).await?;
        Ok(Standing { channel, owner: "console", is_live: false })
    }

    /// Removes one.
    pub(crate) async fn remove(
        &self,
        desk: &Desk,
        actor: &Actor,
        (kind, name): (ChannelKind, &str),
    ) -> Answer<StatusCode> {
        self.is_ours(kind, name)?;
        let rows = self.rows(desk).await?;
        let row = rows.iter().find(|row| row.kind == kind && row.name == name);
        let entry = row.and_then(|row| self.channels.unseal(row)).unwrap_or_else(|| json!({}));
        desk.remove_channel(kind.as_str(), name, &facts(&entry, None), actor).await?;
        self.tell(desk).await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// At the start, and whenever the broker is back: all processes have what the database has, also after a backup was
    /// brought back or a change could not be told.
    pub(crate) async fn keep_told(
        self,
        desk: Desk,
        bus: bus::Bus,
        stopping: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut connections = bus.connections();
        loop {
            if let Err(Refusal(problem)) = self.tell_others(&desk).await {
                tracing::warn!(
                    code = problem.code(),
                    "what is set up could not be told to the other services"
                );
            }
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                Ok(()) = connections.changed() => {}
            }
        }
    }

    async fn tell_others(&self, desk: &Desk) -> Answer<()> {
        match self.channels.are_live(&self.rows(desk).await?) {
            true => Ok(()),
            false => self.tell(desk).await,
        }
    }

    async fn tell(&self, desk: &Desk) -> Answer<()> {
        loop {
            let rows = self.rows(desk).await?;
            self.publish(&rows).await?;
            // Of two replicas that tell at once the slower must not leave what was before the other's change.
            if self.rows(desk).await? == rows {
                return Ok(());
            }
        }
    }

    async fn publish(&self, rows: &[SealedChannel]) -> Answer<()> {
        self.channels.publish(rows).await.map_err(|error| {
            tracing::warn!(%error, "what is set up is kept, but could not be told");
            let detail = "it is kept, but the other services cannot be told now: they hear of it when the broker is back";
            Refusal(Problem::unavailable(detail))
        })
    }

    async fn rows(&self, desk: &Desk) -> Answer<Vec<SealedChannel>> {
        let rows = desk.channel_setups().await?;
        let kind = |text: &str| ChannelKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        let sealed = rows.into_iter().filter_map(|row| {
            Some(SealedChannel { kind: kind(&row.kind)?, name: row.name, sealed: row.sealed })
        });
        Ok(sealed.collect())
    }

    fn open(&self, row: &SealedChannel) -> Option<Channel> {
        Channel::read(row.kind, &self.channels.unseal(row)?).ok()
    }

    /// The configuration with these.
    fn beside<'a>(&self, rows: impl Iterator<Item = &'a SealedChannel>) -> Configuration {
        let mut config = Configuration::clone(&self.given);
        for channel in rows.filter_map(|row| self.open(row)) {
            // One that does not fit is not used either.
            let _ = config.add_channel(channel);
        }
        config
    }

    fn is_ours(&self, kind: ChannelKind, name: &str) -> Answer<()> {
        if !self.given.has_channel(kind, name) {
            return Ok(());
        }
        let detail = format!("{name} is given by frontdesk.toml: change it there");
        Err(Problem::conflict("given_by_file", detail).into())
    }
}

fn is_there(name: &str) -> Refusal {
    let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "already_set_up");
    problem.detail(format!("{name} is set up already: change that one")).into()
}

fn given(config: &Configuration, kind: ChannelKind) -> Box<dyn Iterator<Item = Channel> + Send + '_> {
    match kind {
        ChannelKind::Number => Box::new(config.sms.numbers.iter().cloned().map(Channel::Number)),
        ChannelKind::Mailbox => {
            Box::new(config.email.mailboxes.iter().cloned().map(Box::new).map(Channel::Mailbox))
        }
        ChannelKind::Site => Box::new(config.chat.sites.iter().cloned().map(Channel::Site)),
    }
}

fn setup(sealed: &SealedChannel) -> ChannelSetup {
    ChannelSetup {
        kind: sealed.kind.as_str().to_owned(),
        name: sealed.name.clone(),
        sealed: sealed.sealed.clone(),
    }
}

/// What is wrong, by field, and the first of it as the sentence.
fn refused(Faults(faults): Faults) -> Refusal {
    let sentence = faults.first().map(Fault::to_string).unwrap_or_default();
    let fields = faults.into_iter().map(|fault| (fault.key, Value::String(fault.what)));
    Problem::invalid(sentence).member("fields", fields.collect::<Map<_, _>>()).into()
}

/// What the audit log may say of what is set up: of secrets their names, and that one is another than `before`.
fn facts(entry: &Value, before: Option<&Value>) -> Value {
    let mut facts = told(entry);
    if let (Some(before), Some(facts)) = (before, facts.as_object_mut())
        && told(before) == told(entry)
        && before != entry
    {
        facts.insert("secrets".into(), "changed".into());
    }
    facts
}

fn told(entry: &Value) -> Value {
    let Value::Object(object) = entry else { return entry.clone() };
    let shown = object.iter().map(|(name, value)| {
        let shown = match value {
            Value::Object(named) if SECRETS.contains(&name.as_str()) => {
                json!(named.keys().collect::<Vec<_>>())
            }
            Value::String(_) if SECRETS.contains(&name.as_str()) => json!("set"),
            other => told(other),
        };
        (name.clone(), shown)
    });
    Value::Object(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_log_is_told_no_secret() {
        let before = json!({"number": "+15550001111", "credentials": {"auth_token": "old"},
            "imap": {"user": "help", "password": "hunter2", "oauth": {"client_id": "us", "refresh_token": "r"}},
            "identity_secret": "x"});
        let shown = json!({"number": "+15550001111", "credentials": ["auth_token"],
            "imap": {"user": "help", "password": "set", "oauth": {"client_id": "us", "refresh_token": "set"}},
            "identity_secret": "set"});
        assert_eq!(facts(&before, None), shown);
        let mut after = before.clone();
        after["credentials"]["auth_token"] = "new".into();
        assert_eq!(facts(&after, Some(&before))["secrets"], "changed");
        assert_eq!(facts(&before, Some(&before)), shown);
    }
}
