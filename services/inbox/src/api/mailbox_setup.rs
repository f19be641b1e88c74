//! Mailboxes that are set up in the console.

use axum::{extract::State, http::StatusCode};
use domain::EmailAddress;
use host::config::ChannelKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use web::Json;

use super::{
    Id, Named,
    mailboxes::{Mailbox, shown},
    nullable,
};
use crate::{Shared, auth::Admin, refusal::Answer};

/// What is set up of a mailbox.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpMailbox {
    /// Where it forwards to; with `imap`, the address itself where it knows no other.
    inbound: String,
    /// How it is read, where it cannot forward; `null`: it forwards. Not named: as it is.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<SetUpPolling>)]
    imap: Option<Option<SetUpPolling>>,
}

/// How a mailbox is read that cannot forward. What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpPolling {
    /// `imaps://host`, or `imap://host`, which becomes encrypted by STARTTLS.
    url: String,
    /// Who signs in there.
    user: String,
    /// With what.
    password: Option<String>,
    /// The folder that is read; `INBOX` unless said.
    folder: Option<String>,
    /// Where mails go that were taken in; `null`: they stay.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    move_to: Option<Option<String>>,
    /// How often is looked where the server does not tell by itself, in seconds.
    poll_seconds: Option<u64>,
    /// The password may cross a network without encryption.
    allow_plain: Option<bool>,
    /// Mail to `user+anything@…` comes in as well.
    plus_addresses: Option<bool>,
}

/// Sets a mailbox up, or changes it. All services take it over within seconds. `given_by_file`: `frontdesk.toml` owns it.
#[utoipa::path(put, path = "/mailboxes/{id}", tag = "settings", request_body = SetUpMailbox,
    params(("id" = String, Path, description = "Address of the mailbox")), responses((status = 200, body = Mailbox)))]
pub async fn set_up(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Named(address): Named<EmailAddress>,
    Json(wanted): Json<SetUpMailbox>,
) -> Answer<Json<Mailbox>> {
    let this = (ChannelKind::Mailbox, address.as_str());
    let standing = app.setup.save(&app.desk, &actor, this, |entry| wanted.apply(&address, entry)).await?;
    let shown = shown(&app, &standing, None, None);
    Ok(Json(shown.ok_or_else(|| anyhow::anyhow!("what was set up is no mailbox"))?))
}

/// Removes a mailbox: mail to it is refused from then on, its tickets stay.
#[utoipa::path(delete, path = "/mailboxes/{id}", tag = "settings",
    params(("id" = String, Path, description = "Address of the mailbox")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Id(address): Id<EmailAddress>,
) -> Answer<StatusCode> {
    app.setup.remove(&app.desk, &actor, (ChannelKind::Mailbox, address.as_str())).await
}

impl SetUpMailbox {
    fn apply(self, address: &EmailAddress, entry: &mut Map<String, Value>) {
        entry.insert("address".into(), json!(address));
        entry.insert("inbound".into(), json!(self.inbound));
        match self.imap {
            None => {}
            Some(None) => {
                entry.remove("imap");
            }
            Some(Some(polling)) => {
                let imap = entry.entry("imap").or_insert_with(|| json!({}));
                if let Some(imap) = imap.as_object_mut() {
                    polling.apply(imap);
                }
            }
        }
    }
}

impl SetUpPolling {
    fn apply(self, imap: &mut Map<String, Value>) {
        // A password is for one server and one user.
        let is_other = ["url", "user"]
            .into_iter()
            .zip([&self.url, &self.user])
            .any(|(name, wanted)| imap.get(name).is_some_and(|before| before != wanted.as_str()));
        if is_other {
            imap.remove("password");
        }
        for (name, value) in [
            ("url", Some(json!(self.url))),
            ("user", Some(json!(self.user))),
            ("password", self.password.filter(|given| !given.is_empty()).map(Value::String)),
            ("folder", self.folder.map(Value::String)),
            ("move_to", self.move_to.map(|folder| json!(folder))),
            ("poll_seconds", self.poll_seconds.map(|seconds| json!(seconds))),
            ("allow_plain", self.allow_plain.map(Value::Bool)),
            ("plus_addresses", self.plus_addresses.map(Value::Bool)),
        ] {
            if let Some(value) = value {
                imap.insert(name.into(), value);
            }
        }
        imap.retain(|_, value| !value.is_null());
    }
}
