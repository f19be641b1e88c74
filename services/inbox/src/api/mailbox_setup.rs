//! Mailboxes that are set up in the console.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use domain::EmailAddress;
use host::config::ChannelKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use web::Json;

use super::{
    Id, Named,
    mailboxes::{Mailbox, shown},
    nullable, only_if_new,
};
use crate::{Shared, auth::Admin, refusal::Answer, setup::Which};

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
    /// With what. Goes beside no `oauth`: what was set up of it goes then.
    password: Option<String>,
    /// Where the server takes access tokens instead; `null`: it takes passwords.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<SetUpTokens>)]
    oauth: Option<Option<SetUpTokens>>,
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

/// How access tokens are had (OAuth 2). What is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpTokens {
    /// Where they are asked for, such as `https://oauth2.googleapis.com/token`.
    token_url: String,
    /// What the provider knows this installation by.
    client_id: String,
    /// Its secret; `null`: the provider gave none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<Option<String>>,
    /// What somebody agreed to once.
    refresh_token: Option<String>,
    /// What for; `null`: the provider does not ask.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    scope: Option<Option<String>>,
}

/// Sets a mailbox up, or changes it. All services take it over within seconds. `given_by_file`: `frontdesk.toml` owns it.
#[utoipa::path(put, path = "/mailboxes/{id}", tag = "settings", request_body = SetUpMailbox,
    params(("id" = String, Path, description = "Address of the mailbox"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: one that is there already is not changed (412)")),
    responses((status = 200, body = Mailbox), (status = 412, description = "`already_set_up`")))]
pub async fn set_up(
    State(app): State<Shared>,
    Admin(actor): Admin,
    Named(address): Named<EmailAddress>,
    headers: HeaderMap,
    Json(wanted): Json<SetUpMailbox>,
) -> Answer<Json<Mailbox>> {
    let which =
        Which { kind: ChannelKind::Mailbox, name: address.as_str(), only_if_new: only_if_new(&headers) };
    let standing = app.setup.save(&app.desk, &actor, which, |entry| wanted.apply(&address, entry)).await?;
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
        // A password is for one server and one user, and so is what somebody agreed to.
        if differs(imap, [("url", &self.url), ("user", &self.user)]) {
            imap.remove("password");
            imap.remove("oauth");
        }
        let password = self.password.filter(|given| !given.is_empty());
        match self.oauth {
            Some(Some(tokens)) => {
                imap.remove("password");
                let oauth = imap.entry("oauth").or_insert_with(|| json!({}));
                if let Some(oauth) = oauth.as_object_mut() {
                    tokens.apply(oauth);
                }
            }
            Some(None) => drop(imap.remove("oauth")),
            None if password.is_some() => drop(imap.remove("oauth")),
            None => {}
        }
        for (name, value) in [
            ("url", Some(json!(self.url))),
            ("user", Some(json!(self.user))),
            ("password", password.map(Value::String)),
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

impl SetUpTokens {
    fn apply(self, oauth: &mut Map<String, Value>) {
        // Secrets are for one provider, and for what it knows us by.
        if differs(oauth, [("token_url", &self.token_url), ("client_id", &self.client_id)]) {
            oauth.remove("client_secret");
            oauth.remove("refresh_token");
        }
        for (name, value) in [
            ("token_url", Some(json!(self.token_url))),
            ("client_id", Some(json!(self.client_id))),
            ("client_secret", self.client_secret.map(|secret| json!(secret))),
            ("refresh_token", self.refresh_token.filter(|given| !given.is_empty()).map(Value::String)),
            ("scope", self.scope.map(|scope| json!(scope))),
        ] {
            if let Some(value) = value {
                oauth.insert(name.into(), value);
            }
        }
        oauth.retain(|_, value| !value.is_null());
    }
}

/// Whether one of these is set up, and other than wanted.
fn differs(entry: &Map<String, Value>, wanted: [(&str, &String); 2]) -> bool {
    wanted.into_iter().any(|(name, wanted)| entry.get(name).is_some_and(|before| before != wanted.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(entry: &Value, wanted: Value) -> Value {
        let wanted: SetUpPolling = serde_json::from_value(wanted).unwrap();
        let mut entry = entry.as_object().unwrap().clone();
        wanted.apply(&mut entry);
        Value::Object(entry)
    }

    #[test]
    fn secrets_stay_with_who_they_are_for() {
        let (url, user) = ("imaps://mail.example", "help");
        let by_password = json!({"url": url, "user": user, "password": "p"});
        let oauth = json!({"token_url": "https://id.example/token", "client_id": "us", "client_secret": "s",
            "refresh_token": "r", "scope": "mail"});
        let by_token = json!({"url": url, "user": user, "oauth": oauth});

        assert_eq!(changed(&by_password, json!({"url": url, "user": user})), by_password);
        assert_eq!(changed(&by_token, json!({"url": url, "user": user})), by_token);
        assert_eq!(changed(&by_password, json!({"url": url, "user": user, "oauth": oauth})), by_token);
        assert_eq!(changed(&by_token, json!({"url": url, "user": user, "password": "p"})), by_password);
        assert_eq!(
            changed(&by_token, json!({"url": url, "user": "other"})),
            json!({"url": url, "user": "other"})
        );

        let kept = json!({"token_url": "https://id.example/token", "client_id": "us"});
        assert_eq!(changed(&by_token, json!({"url": url, "user": user, "oauth": kept})), by_token);
        let less = json!({"token_url": "https://id.example/token", "client_id": "us", "client_secret": null, "scope": null});
        let fewer = json!({"token_url": "https://id.example/token", "client_id": "us", "refresh_token": "r"});
        assert_eq!(changed(&by_token, json!({"url": url, "user": user, "oauth": less}))["oauth"], fewer);
        let elsewhere = json!({"token_url": "https://evil.example/token", "client_id": "us"});
        let without = json!({"token_url": "https://evil.example/token", "client_id": "us", "scope": "mail"});
        assert_eq!(
            changed(&by_token, json!({"url": url, "user": user, "oauth": elsewhere}))["oauth"],
            without,
            "a secret is never sent to another provider"
        );
    }
}
