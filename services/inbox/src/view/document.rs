//! Documents described for OpenAPI only: the settings (whose rules live in the domain) and problems.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Time, word};

/// Why a call was refused (RFC 9457).
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`.
    pub r#type: String,
    /// HTTP status.
    pub status: u16,
    /// Stable, for programs.
    pub code: String,
    /// The status in words.
    pub title: String,
    /// What is wrong here, for people.
    pub detail: Option<String>,
    /// `quiet_hours`: when the text would be taken.
    pub send_at: Option<Time>,
    /// `quiet_hours`: what the customer's clocks show then, such as `21:14`.
    pub local_time: Option<String>,
    /// `quiet_hours`: the customer's time zone.
    pub time_zone: Option<String>,
}

/// A form with one file.
#[derive(ToSchema)]
pub struct FileForm {
    /// The file, at most 25 MiB.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

macro_rules! document {
    ($(#[doc = $doc:literal] $name:ident { $($(#[doc = $field_doc:literal])+ $(#[$with:meta])* $field:ident: $type:ty),+ $(,)? })+) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                $($(#[doc = $field_doc])+ $(#[$with])* pub $field: $type),+
            }
        )+
    };
}

document! {
    #[doc = "The organisation's settings."]
    Settings {
        /// Name, prefix, addresses.
        organization: Organization,
        /// Unread badge.
        badge: bool,
        /// Texts.
        sms: SmsSettings,
        /// Mails to customers.
        email: EmailSettings,
        /// The widget.
        chat: ChatSettings,
        /// Mail to agents about new messages.
        notifications: Notifications,
        /// Answers from the composer.
        replies: Replies,
        /// How long things are kept.
        privacy: Privacy,
        /// How people sign in.
        security: Security,
    }
    #[doc = "How people sign in."]
    Security {
        /// Everybody must have a second step: who has none sets one up at the next sign-in.
        second_step_required: bool,
    }
    #[doc = "Answers from the composer."]
    Replies {
        /// How long a text or mail waits, in seconds, so that it can be taken back: 0 to 60.
        undo_seconds: u32,
    }
    #[doc = "How long things are kept."]
    Privacy {
        /// The audit log, in days: 30 to 3650.
        audit_days: u32,
        /// Closed tickets of texts, in days after they were closed: 1 to 3650, or 0 for ever.
        sms_days: u32,
        /// Closed tickets of mails, likewise.
        email_days: u32,
        /// Closed chats, likewise.
        chat_days: u32,
    }
    #[doc = "Name, prefix, addresses."]
    Organization {
        /// Name.
        name: String,
        /// What automatic texts begin with.
        prefix: String,
        /// Where people are sent for help.
        support_email: String,
        /// From of automatic mail.
        sender_email: String,
        /// Logo.
        logo_url: String,
        /// Privacy policy.
        privacy_url: String,
        /// Terms.
        terms_url: String,
    }
    #[doc = "Texts."]
    SmsSettings {
        /// Automatic answers.
        auto_responder: AutoResponder,
        /// Keywords and their answers.
        keywords: Keywords,
        /// Shorten links in texts.
        shorten_links: bool,
        /// How long a campaign or flow message is credited, in hours.
        attribution_window_hours: u32,
        /// When not to text, in the recipient's time.
        quiet_hours: QuietHours,
    }
    #[doc = "Mails to customers."]
    EmailSettings {
        /// Stands under what agents write, with `{{agent_name}}` and `{{organization_name}}`; empty for none.
        signature: String,
        /// Agents may have one of their own instead.
        own_signatures: bool,
        /// Show the mail that is answered beneath the answer.
        quote: bool,
        /// What is different for one mailbox, by its address.
        mailboxes: BTreeMap<String, MailboxSettings>,
    }
    #[doc = "What is different for one mailbox."]
    MailboxSettings {
        /// Display name of its From; empty for the organisation's name.
        name: String,
        /// Its own signature; `null` for the one of all mailboxes.
        #[schema(required = true)] signature: Option<String>,
    }
    #[doc = "Automatic answers to texts."]
    AutoResponder {
        /// `all`, `non_consented` or `off`.
        #[schema(value_type = AutoResponderMode)]
        mode: String,
        /// Text of mode `all`.
        text_all: String,
        /// Text of mode `non_consented`.
        text_non_consented: String,
    }
    #[doc = "Keywords and their answers."]
    Keywords {
        /// Subscribe words besides JOIN, on every number.
        subscribe: Vec<String>,
        /// What goes for one number only, by number.
        by_number: BTreeMap<String, NumberKeywords>,
        /// The languages whose words count, besides those that count everywhere.
        #[schema(value_type = Vec<Language>)]
        languages: Vec<String>,
        /// Answer to a subscribe or START word.
        answer_subscribe: String,
        /// Answer to HELP.
        answer_help: String,
        /// Answer to STOP; empty for the usual one: an opt-out is always confirmed.
        answer_stop: String,
    }
    #[doc = "Keywords of one number."]
    NumberKeywords {
        /// Subscribe words on this number, besides those on every number.
        subscribe: Vec<String>,
    }
    #[doc = "Local times of the recipient."]
    QuietHours {
        /// Start, `HH:MM`.
        from: String,
        /// End, `HH:MM`.
        to: String,
    }
    #[doc = "The widget."]
    ChatSettings {
        /// Greeting; empty for none.
        welcome_message: String,
        /// When somebody is there.
        office_hours: OfficeHours,
        /// The mail after a left chat.
        follow_up: FollowUp,
        /// Colours and words.
        branding: Branding,
        /// What is asked before a chat.
        form: ChatForm,
        /// The widget's languages (BCP 47), the first for visitors of any other; none for all it has.
        languages: Vec<String>,
        /// A chat in which nobody wrote for so many hours is closed; 0 for never.
        close_after_hours: u32,
    }
    #[doc = "What is asked before a chat."]
    ChatForm {
        /// On or off.
        enabled: bool,
        /// The fields, in their order.
        fields: Vec<FormField>,
    }
    #[doc = "A field of the form. `name` and `email` say who the visitor is; others are shown beside the ticket."]
    FormField {
        /// Its stable name: letters, digits and `_`.
        name: String,
        /// What the visitor reads.
        label: String,
        /// `text`, `email`, `phone` or `textarea`.
        #[serde(rename = "type")] #[schema(value_type = FieldKind)]
        kind: String,
        /// Must be filled in.
        required: bool,
    }
    #[doc = "When somebody is there."]
    OfficeHours {
        /// IANA name.
        time_zone: String,
        /// Spans `[from, to]` as `HH:MM` by weekday (`mon` … `sun`); none at all means always.
        days: BTreeMap<String, Vec<(String, String)>>,
        /// Dates (`YYYY-MM-DD`) without office hours.
        holidays: Vec<String>,
        /// Automatic answer inside.
        text_inside: String,
        /// Automatic answer outside.
        text_outside: String,
        /// Automatic answer inside while no agent is online; empty for the one inside.
        text_nobody: String,
    }
    #[doc = "The mail after a left chat."]
    FollowUp {
        /// On or off.
        enabled: bool,
        /// How long after.
        delay_seconds: u32,
        /// From; empty for the support address.
        from: String,
        /// Reply-To; empty for From.
        reply_to: String,
    }
    #[doc = "Colours and words of the widget."]
    Branding {
        /// Accent colour, `#rrggbb`.
        color: String,
        /// Title of the panel.
        title: String,
        /// Line under the title.
        subtitle: String,
        /// `right` or `left`.
        #[schema(value_type = Position)]
        position: String,
        /// `system`, `rounded`, `serif` or `mono`.
        #[schema(value_type = Font)]
        font: String,
        /// `rounded`, `pill` or `square`.
        #[schema(value_type = ButtonShape)]
        button_shape: String,
    }
    #[doc = "Mail to agents about new messages."]
    Notifications {
        /// To whom; none means off.
        recipients: Vec<String>,
        /// For which channels.
        #[schema(value_type = Vec<word::Channel>)]
        channels: Vec<String>,
    }
}

/// A language with keywords of its own (ISO 639-1).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(missing_docs, reason = "names of languages")]
pub enum Language {
    En,
    Es,
    Fr,
    It,
    Pt,
    De,
    Nl,
}

/// What a field takes.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum FieldKind {
    Text,
    Email,
    Phone,
    Textarea,
}

/// Where the launcher is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Position {
    Right,
    Left,
}

/// A font that every system has.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Font {
    System,
    Rounded,
    Serif,
    Mono,
}

/// Shape of buttons.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum ButtonShape {
    Rounded,
    Pill,
    Square,
}

/// When the auto-responder answers.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AutoResponderMode {
    /// Every text without a keyword.
    All,
    /// Only those who did not agree to texts.
    NonConsented,
    /// Never.
    Off,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, to_value};

    use super::*;

    #[test]
    fn the_described_settings_are_those_of_the_domain() {
        let settings = domain::Settings::default();
        let document = to_value(&settings).unwrap();
        let described: Settings = from_value(document.clone()).expect("every key of the domain is described");
        assert_eq!(to_value(&described).unwrap(), document, "nothing else is described");
    }
}
