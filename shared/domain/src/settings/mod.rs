//! The organisation's settings: one document, merged by PATCH (RFC 7396, [`change`]), every value with a default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    address::{EmailAddress, PhoneNumber},
    keyword::Language,
    message::Channel,
    template::{self, Customer},
};

mod change;
mod chat;
mod privacy;

pub use change::SettingsError;
pub(crate) use change::check_signature;
pub use chat::{
    Branding, ButtonShape, ChatForm, ChatSettings, FieldKind, FollowUp, Font, FormField, OfficeHours,
    Position,
};

pub use privacy::Privacy;

/// H2: what everybody is told in mode `all`.
pub const DEFAULT_TEXT_ALL: &str = "{{organization_prefix}}: this inbox is not monitored. For help write to \
    {{support_email}}. Msg & data rates may apply. Reply STOP to opt out.";
/// H2: what somebody without consent is told in mode `non_consented`.
pub const DEFAULT_TEXT_NON_CONSENTED: &str = "{{organization_prefix}}: we cannot answer by text because you have not \
    agreed to receive texts. Please write to {{support_email}}.";

/// What an opt-out is confirmed with; an empty setting does not switch the confirmation off.
pub const DEFAULT_ANSWER_STOP: &str = "{{organization_prefix}}: you are unsubscribed and will get no more texts. Reply \
    START to subscribe again.";

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
    /// Mails.
    pub email: EmailSettings,
    /// The widget.
    pub chat: ChatSettings,
    /// H4.
    pub notifications: Notifications,
    /// Answers from the composer.
    pub replies: Replies,
    /// How long things are kept.
    pub privacy: Privacy,
    /// How people sign in.
    pub security: Security,
}

/// How people sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// Everybody must have a second step: who has none sets one up at the next sign-in.
    pub second_step_required: bool,
}

/// Answers from the composer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replies {
    /// How long a text or mail waits, in seconds, so that it can be taken back.
    pub undo_seconds: u32,
}

impl Replies {
    /// Longest wait, in seconds.
    pub const LONGEST_UNDO: u32 = 60;
}

impl Default for Replies {
    fn default() -> Self {
        Self { undo_seconds: 10 }
    }
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
    /// Subscribe words besides JOIN, on every number.
    pub subscribe: Vec<String>,
    /// What goes for one number of the organisation only.
    pub by_number: BTreeMap<PhoneNumber, NumberKeywords>,
    /// The languages whose words count, besides those that count everywhere.
    pub languages: Vec<Language>,
    /// Answer to a subscribe or START word.
    pub answer_subscribe: String,
    /// Answer to HELP.
    pub answer_help: String,
    /// Answer to STOP; an opt-out is always confirmed once, see [`Keywords::stop_answer`].
    pub answer_stop: String,
}

/// Keywords of one number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberKeywords {
    /// Subscribe words on this number, besides those on every number.
    pub subscribe: Vec<String>,
}

impl Keywords {
    /// The organisation's subscribe words on a number.
    pub fn subscribe_words(&self, number: &PhoneNumber) -> Vec<&str> {
        let of_number = self.by_number.get(number).into_iter().flat_map(|number| &number.subscribe);
        self.subscribe.iter().chain(of_number).map(String::as_str).collect()
    }

    /// The answer to STOP: never empty.
    pub fn stop_answer(&self) -> &str {
        if self.answer_stop.trim().is_empty() { DEFAULT_ANSWER_STOP } else { &self.answer_stop }
    }
}

impl Default for Keywords {
    fn default() -> Self {
        Self {
            subscribe: Vec::new(),
            by_number: BTreeMap::new(),
            languages: Language::ALL.to_vec(),
            answer_subscribe:
                "{{organization_prefix}}: you are subscribed and can text with us here. Msg & data rates \
                may apply. Reply HELP for help, STOP to opt out."
                    .into(),
            answer_help:
                "{{organization_prefix}}: for help write to {{support_email}}. Msg & data rates may apply. \
                Reply STOP to opt out."
                    .into(),
            answer_stop: DEFAULT_ANSWER_STOP.into(),
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

/// Mails to customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmailSettings {
    /// Stands under what agents write; empty for none.
    pub signature: String,
    /// Agents may have one of their own instead.
    pub own_signatures: bool,
    /// Show the mail that is answered beneath the answer.
    pub quote: bool,
    /// What is different for one mailbox, by its address.
    pub mailboxes: BTreeMap<EmailAddress, MailboxSettings>,
}

impl Default for EmailSettings {
    fn default() -> Self {
        Self {
            signature: "{{agent_name}}\n{{organization_name}}".into(),
            own_signatures: true,
            quote: true,
            mailboxes: BTreeMap::new(),
        }
    }
}

/// What is different for one mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailboxSettings {
    /// Display name of its From; empty for the organisation's name.
    pub name: String,
    /// Its own signature; `null` for the one of all mailboxes.
    pub signature: Option<String>,
}

/// The person under whose mail a signature stands.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Their name.
    pub name: &'a str,
    /// Their own signature, where they have one; empty: they want none.
    pub own: Option<&'a str>,
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

impl Settings {
    /// These settings with a support address: the organisation's first mailbox, as long as none is set, so that no
    /// automatic text sends people nowhere.
    #[must_use]
    pub fn with_support_email(mut self, mailbox: Option<&EmailAddress>) -> Self {
        if let (true, Some(mailbox)) = (self.organization.support_email.is_empty(), mailbox) {
            self.organization.support_email = mailbox.to_string();
        }
        self
    }

    /// The display name of what a mailbox sends.
    pub fn mail_name(&self, mailbox: &EmailAddress) -> &str {
        let own = self.email.mailboxes.get(mailbox).map(|own| own.name.trim());
        own.filter(|name| !name.is_empty()).unwrap_or(&self.organization.name)
    }

    /// What stands under a mail of this mailbox, written by a person or by a program; `None` for nothing. The person's own
    /// one counts first, as long as people may have one, then that of the mailbox, then that of all mailboxes.
    pub fn signature(&self, mailbox: &EmailAddress, writer: Option<Writer<'_>>) -> Option<String> {
        let of_mailbox = self.email.mailboxes.get(mailbox).and_then(|own| own.signature.as_deref());
        let name = writer.map(|writer| writer.name);
        let fill = |template: &str, within: Option<&str>| {
            template::fill_signature(template, &self.organization, name, within)
        };
        let shared = fill(of_mailbox.unwrap_or(&self.email.signature), None);
        let own = writer.and_then(|writer| writer.own).filter(|_| self.email.own_signatures);
        Some(own.map_or(shared.clone(), |own| fill(own, Some(&shared)))).filter(|text| !text.is_empty())
    }

    /// Fills the variables of the organisation into a template.
    pub fn fill(&self, template: &str) -> String {
        template::fill(template, &self.organization, None)
    }

    /// Fills the variables of the organisation and of a customer into a template.
    pub fn fill_for(&self, template: &str, customer: Customer<'_>) -> String {
        template::fill(template, &self.organization, Some(customer))
    }
}
