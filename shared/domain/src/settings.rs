//! The organisation's settings: one document, merged by PATCH (RFC 7396), every value with a default.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{address::EmailAddress, message::Channel};

/// H2: what everybody is told in mode `all`.
pub const DEFAULT_TEXT_ALL: &str = "{{organization_prefix}}: this inbox is not monitored. For help write to \
    {{support_email}}. Msg & data rates may apply. Reply STOP to opt out.";
/// H2: what somebody without consent is told in mode `non_consented`.
pub const DEFAULT_TEXT_NON_CONSENTED: &str = "{{organization_prefix}}: we cannot answer by text because you have not \
    agreed to receive texts. Please write to {{support_email}}.";

/// All settings. Unknown keys are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Name, prefix, addresses (H10).
    pub organization: Organization,
    /// Unread badge (E2).
    pub badge: Badge,
    /// Texts.
    pub sms: SmsSettings,
    /// The widget.
    pub chat: ChatSettings,
    /// H4.
    pub notifications: Notifications,
}

/// Name, prefix, addresses (H10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organization {
    /// Name.
    pub name: String,
    /// What automatic texts begin with.
    pub prefix: String,
    /// Where people are sent for help.
    pub support_email: String,
    /// From of automatic mail.
    pub sender_email: String,
    /// Logo.
    pub logo_url: String,
    /// Privacy policy.
    pub privacy_url: String,
    /// Terms.
    pub terms_url: String,
}

impl Default for Organization {
    fn default() -> Self {
        Self {
            name: "Frontdesk".into(),
            prefix: "Frontdesk".into(),
            support_email: String::new(),
            sender_email: String::new(),
            logo_url: String::new(),
            privacy_url: String::new(),
            terms_url: String::new(),
        }
    }
}

/// Unread badge (E2): `true` unless switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Badge(pub bool);

impl Default for Badge {
    fn default() -> Self {
        Self(true)
    }
}

/// Texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmsSettings {
    /// H1.
    pub auto_responder: AutoResponder,
    /// B2.
    pub keywords: Keywords,
    /// H3.
    pub shorten_links: bool,
    /// I1, in hours.
    pub attribution_window_hours: u32,
    /// D6.
    pub quiet_hours: QuietHours,
}

impl Default for SmsSettings {
    fn default() -> Self {
        Self {
            auto_responder: AutoResponder::default(),
            keywords: Keywords::default(),
            shorten_links: true,
            attribution_window_hours: 24,
            quiet_hours: QuietHours::default(),
        }
    }
}

/// When the auto-responder answers (H1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoResponderMode {
    /// Every text without a keyword.
    #[default]
    All,
    /// Only those who did not agree to texts.
    NonConsented,
    /// Never.
    Off,
}

/// H1, H2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoResponder {
    /// When.
    pub mode: AutoResponderMode,
    /// Text of mode `all`.
    pub text_all: String,
    /// Text of mode `non_consented`.
    pub text_non_consented: String,
}

impl Default for AutoResponder {
    fn default() -> Self {
        Self {
            mode: AutoResponderMode::default(),
            text_all: DEFAULT_TEXT_ALL.into(),
            text_non_consented: DEFAULT_TEXT_NON_CONSENTED.into(),
        }
    }
}

/// The organisation's words and the keyword answers (B2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keywords {
    /// Subscribe words besides JOIN.
    pub subscribe: Vec<String>,
    /// Answer to a subscribe or START word.
    pub answer_subscribe: String,
    /// Answer to HELP.
    pub answer_help: String,
    /// Answer to STOP; an opt-out is always confirmed once.
    pub answer_stop: String,
}

impl Default for Keywords {
    fn default() -> Self {
        Self {
            subscribe: Vec::new(),
            answer_subscribe:
                "{{organization_prefix}}: you are subscribed and can text with us here. Msg & data rates \
                may apply. Reply HELP for help, STOP to opt out."
                    .into(),
            answer_help:
                "{{organization_prefix}}: for help write to {{support_email}}. Msg & data rates may apply. \
                Reply STOP to opt out."
                    .into(),
            answer_stop:
                "{{organization_prefix}}: you are unsubscribed and will get no more texts. Reply START to \
                subscribe again."
                    .into(),
        }
    }
}

/// D6, local times of the recipient as `HH:MM`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuietHours {
    /// Start.
    pub from: String,
    /// End.
    pub to: String,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self { from: "20:00".into(), to: "08:00".into() }
    }
}

/// The widget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatSettings {
    /// H6; empty for none.
    pub welcome_message: String,
    /// H7.
    pub office_hours: OfficeHours,
    /// H8.
    pub follow_up: FollowUp,
    /// Colours, font, launcher.
    pub branding: Branding,
}

/// H7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfficeHours {
    /// IANA name.
    pub time_zone: String,
    /// Spans by weekday (`mon` … `sun`), each `[from, to]` as `HH:MM`; no key at all means always open.
    pub days: Map<String, Value>,
    /// Dates (`YYYY-MM-DD`) without office hours.
    pub holidays: Vec<String>,
    /// Automatic answer inside.
    pub text_inside: String,
    /// Automatic answer outside.
    pub text_outside: String,
}

impl Default for OfficeHours {
    fn default() -> Self {
        Self {
            time_zone: "UTC".into(),
            days: Map::new(),
            holidays: Vec::new(),
            text_inside: String::new(),
            text_outside: String::new(),
        }
    }
}

/// H8, H9.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FollowUp {
    /// On or off.
    pub enabled: bool,
    /// How long after.
    pub delay_seconds: u32,
    /// From; empty for the support address.
    pub from: String,
    /// Reply-To; empty for From.
    pub reply_to: String,
}

impl Default for FollowUp {
    fn default() -> Self {
        Self { enabled: true, delay_seconds: 180, from: String::new(), reply_to: String::new() }
    }
}

/// Colours and words of the widget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Branding {
    /// Accent colour, `#rrggbb`.
    pub color: String,
    /// Title of the panel; empty for the organisation's name.
    pub title: String,
    /// Line under the title.
    pub subtitle: String,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            color: "#2f5bd7".into(),
            title: String::new(),
            subtitle: "We usually reply in a few minutes".into(),
        }
    }
}

/// H4: mail to agents about new messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifications {
    /// To whom; none means off.
    pub recipients: Vec<EmailAddress>,
    /// For which channels.
    pub channels: Vec<Channel>,
}

/// Why a PATCH was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

impl Settings {
    /// These settings with `patch` merged in (RFC 7396: objects merge, `null` restores the default).
    ///
    /// # Errors
    /// An unknown key, a value of the wrong type, or one that makes no sense.
    pub fn patched(&self, patch: &Value) -> Result<Self, SettingsError> {
        let refuse = |error: &dyn std::fmt::Display| SettingsError(error.to_string());
        let mut document = serde_json::to_value(self).map_err(|e| refuse(&e))?;
        merge(&mut document, patch);
        let settings: Self = serde_json::from_value(document).map_err(|e| refuse(&e))?;
        settings.check()?;
        Ok(settings)
    }

    /// These settings with a support address: the organisation's first mailbox, as long as none is set, so that no
    /// automatic text sends people nowhere.
    #[must_use]
    pub fn with_support_email(mut self, mailbox: Option<&EmailAddress>) -> Self {
        if let (true, Some(mailbox)) = (self.organization.support_email.is_empty(), mailbox) {
            self.organization.support_email = mailbox.to_string();
        }
        self
    }

    fn check(&self) -> Result<(), SettingsError> {
        let clock = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (h, m) = (hour.parse::<u8>().ok()?, minute.parse::<u8>().ok()?);
            (hour.len() == 2 && minute.len() == 2 && h < 24 && m < 60).then_some(())
        };
        for (key, value) in [
            ("sms.quiet_hours.from", &self.sms.quiet_hours.from),
            ("sms.quiet_hours.to", &self.sms.quiet_hours.to),
        ] {
            clock(value)
                .ok_or_else(|| SettingsError(format!("{key}: {value:?} is not a time like 20:00")))?;
        }
        let color = &self.chat.branding.color;
        let hex =
            color.strip_prefix('#').is_some_and(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()));
        if !hex {
            return Err(SettingsError(format!(
                "chat.branding.color: {color:?} is not a colour like #2f5bd7"
            )));
        }
        if self.organization.name.trim().is_empty() {
            return Err(SettingsError("organization.name: must not be empty".into()));
        }
        Ok(())
    }

    /// Fills `{{organization_prefix}}`, `{{support_email}}` and `{{sender_email}}` into a template.
    pub fn fill(&self, template: &str) -> String {
        template
            .replace("{{organization_prefix}}", &self.organization.prefix)
            .replace("{{support_email}}", &self.organization.support_email)
            .replace("{{sender_email}}", &self.organization.sender_email)
    }
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(map) = target {
        for (key, change) in changes {
            if change.is_null() {
                map.remove(key);
            } else {
                merge(map.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let before = Settings::default();
        let after = before.patched(&json!({"organization": {"name": "Acme"}, "badge": false})).unwrap();
        assert_eq!(after.organization.name, "Acme");
        assert!(!after.badge.0);
        assert_eq!(after.sms, before.sms);
        let back = after.patched(&json!({"organization": {"name": null}, "badge": null})).unwrap();
        assert_eq!(back, before, "null restores the default");
    }

    #[test]
    fn h10_without_a_support_address_people_are_sent_to_the_first_mailbox() {
        let mailbox = EmailAddress::parse("help@acme.example").unwrap();
        let settings = Settings::default().with_support_email(Some(&mailbox));
        assert_eq!(settings.fill("write to {{support_email}}"), "write to help@acme.example");
        let own = Settings::default()
            .patched(&json!({"organization": {"support_email": "care@acme.example"}}))
            .unwrap();
        assert_eq!(own.clone().with_support_email(Some(&mailbox)), own);
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_named() {
        for (patch, word) in [
            (json!({"organisation": {}}), "organisation"),
            (json!({"sms": {"quiet_hours": {"from": "25:00"}}}), "quiet_hours.from"),
            (json!({"chat": {"branding": {"color": "red"}}}), "color"),
            (json!({"organization": {"name": " "}}), "organization.name"),
            (json!({"sms": {"auto_responder": {"mode": "sometimes"}}}), "sometimes"),
        ] {
            let error = Settings::default().patched(&patch).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
