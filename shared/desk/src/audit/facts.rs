//! What the audit log may say of each kind of thing: never a secret, never what customers or agents wrote, and of a
//! customer only the id.

use domain::{EmailAddress, ProfileId, Settings, audit::AuditNoun, routing::Rule};
use serde_json::{Value, json};
use url::Url;

use crate::{
    accounts::{ApiKey, User},
    coupons::Coupon,
    quick_responses::QuickResponse,
    tags::Tag,
    teams::Team,
    views::View,
    webhooks::Webhook,
};

/// A kind of thing whose changes are in the log.
pub(crate) trait Audited {
    /// What it is called there.
    const NOUN: AuditNoun;
    /// Which one.
    fn id(&self) -> String;
    /// Its name, for people.
    fn name(&self) -> String {
        String::new()
    }
    /// What differs between before and after is told of these.
    fn facts(&self) -> Value {
        Value::Null
    }
}

/// A customer: the name stays where it is kept, so that it can be forgotten.
pub(crate) struct Customer(pub ProfileId);

/// A mailbox.
pub(crate) struct Mailbox<'a>(pub &'a EmailAddress);

macro_rules! audited {
    ($($noun:ident: $type:ty, |$it:ident| $id:expr, $name:expr, $facts:expr;)+) => {
        $(impl Audited for $type {
            const NOUN: AuditNoun = AuditNoun::$noun;

            fn id(&self) -> String {
                let $it = self;
                $id
            }

            fn name(&self) -> String {
                let $it = self;
                $name
            }

            fn facts(&self) -> Value {
                let $it = self;
                $facts
            }
        })+
    };
}

audited! {
    User: User, |it| it.id.to_string(), it.name.clone(),
        json!({"email": it.email, "name": it.name, "role": it.role, "disabled": it.disabled});
    ApiKey: ApiKey, |it| it.id.clone(), it.name.clone(), json!({"name": it.name, "role": it.role});
    Team: Team, |it| it.id.to_string(), it.name.clone(), json!({"name": it.name, "members": it.members});
    Tag: Tag, |it| it.id.to_string(), it.name.clone(), json!({"name": it.name, "colour": it.colour});
    QuickResponse: QuickResponse, |it| it.id.to_string(), it.title.clone(),
        json!({"title": it.title, "text": it.text});
    View: View, |it| it.id.to_string(), it.name.clone(),
        json!({"name": it.name, "shared": it.shared, "filters": plain(&it.filters), "position": it.position});
    // a code is worth money: it is not told
    Coupon: Coupon, |it| it.id.to_string(), it.name.clone(),
        json!({"name": it.name, "for_everybody": it.shared_code.is_some(), "expires_at": it.expires_at});
    Webhook: Webhook, |it| it.id.to_string(), it.name.clone(),
        json!({"name": it.name, "kind": it.kind, "host": host(&it.url), "events": it.events, "active": it.active});
}

impl Audited for Customer {
    const NOUN: AuditNoun = AuditNoun::Profile;

    fn id(&self) -> String {
        self.0.to_string()
    }
}

impl Audited for Mailbox<'_> {
    const NOUN: AuditNoun = AuditNoun::Mailbox;

    fn id(&self) -> String {
        self.0.to_string()
    }

    fn name(&self) -> String {
        self.0.to_string()
    }
}

impl Audited for Settings {
    const NOUN: AuditNoun = AuditNoun::Settings;

    fn id(&self) -> String {
        "organization".into()
    }

    fn facts(&self) -> Value {
        plain(self)
    }
}

impl Audited for Rule {
    const NOUN: AuditNoun = AuditNoun::Rule;

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn facts(&self) -> Value {
        let mut facts = plain(self);
        if let Some(facts) = facts.as_object_mut() {
            facts.remove("id");
        }
        facts
    }
}

fn plain<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Where a webhook goes: the rest of its address may be a secret.
fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}
