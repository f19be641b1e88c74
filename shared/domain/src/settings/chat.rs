//! The widget's settings: words, looks, hours, the form before a chat, the mail after one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{address::EmailAddress, office_hours};

/// Most fields of the form.
const MOST_FIELDS: usize = 10;
/// Most languages.
const MOST_LANGUAGES: usize = 40;
/// Longest wait before a mail after a chat, in seconds.
const LONGEST_DELAY: u32 = 24 * 60 * 60;

/// The widget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What is asked before a chat.
    pub form: ChatForm,
    /// The widget's languages (BCP 47), the first for visitors of any other; none for all it has.
    pub languages: Vec<String>,
    /// A chat in which nobody wrote for so many hours is closed (C-W); 0 for never.
    pub close_after_hours: u32,
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            welcome_message: String::new(),
            office_hours: OfficeHours::default(),
            follow_up: FollowUp::default(),
            branding: Branding::default(),
            form: ChatForm::default(),
            languages: Vec::new(),
            close_after_hours: 7 * 24,
        }
    }
}

impl ChatSettings {
    /// Only what changed: a value that was taken once must not be in the way of every other change.
    pub(super) fn check(&self, before: &Self) -> Result<(), String> {
        if self.office_hours != before.office_hours {
            let hours = office_hours::OfficeHours::of(&self.office_hours);
            hours.map_err(|fault| format!("chat.office_hours.{fault}"))?;
        }
        if self.form != before.form {
            self.form.check().map_err(|fault| format!("chat.form.fields: {fault}"))?;
        }
        if self.follow_up != before.follow_up {
            self.follow_up.check().map_err(|fault| format!("chat.follow_up.{fault}"))?;
        }
        let is_language = |text: &String| {
            (2..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if self.languages.len() > MOST_LANGUAGES {
            return Err(format!("chat.languages: at most {MOST_LANGUAGES}"));
        }
        match self.languages.iter().find(|text| !is_language(text)) {
            Some(odd) => Err(format!("chat.languages: {odd:?} is not a language like en or pt-BR")),
            None => Ok(()),
        }
    }
}

/// What is asked before a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatForm {
    /// On or off.
    pub enabled: bool,
    /// The fields, in their order.
    pub fields: Vec<FormField>,
}

impl Default for ChatForm {
    fn default() -> Self {
        let field = |name: &str, label: &str, kind, required| FormField {
            name: name.into(),
            label: label.into(),
            kind,
            required,
        };
        let fields = vec![
            field("name", "Name", FieldKind::Text, false),
            field("email", "Email", FieldKind::Email, true),
        ];
        Self { enabled: false, fields }
    }
}

/// A field of the form. `name` and `email` say who the visitor is; others are shown beside the ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// Its stable name: letters, digits and `_`.
    pub name: String,
    /// What the visitor reads.
    pub label: String,
    /// What it takes.
    #[serde(rename = "type", default)]
    pub kind: FieldKind,
    /// Must be filled in.
    #[serde(default)]
    pub required: bool,
}

impl ChatForm {
    fn check(&self) -> Result<(), String> {
        if self.fields.len() > MOST_FIELDS {
            return Err(format!("at most {MOST_FIELDS} fields"));
        }
        for (index, field) in self.fields.iter().enumerate() {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if field.name.is_empty() || field.name.len() > 40 || !field.name.bytes().all(plain) {
                return Err(format!("{:?} is not a name of letters, digits and _", field.name));
            }
            if field.label.trim().is_empty() || field.label.chars().count() > 120 {
                return Err(format!("{}: a label has 1 to 120 characters", field.name));
            }
            if self.fields[..index].iter().any(|other| other.name == field.name) {
                return Err(format!("{} is there twice", field.name));
            }
        }
        Ok(())
    }
}

impl FollowUp {
    fn check(&self) -> Result<(), String> {
        if self.delay_seconds > LONGEST_DELAY {
            return Err(format!("delay_seconds: at most {LONGEST_DELAY}"));
        }
        for (key, address) in [("from", &self.from), ("reply_to", &self.reply_to)] {
            if !address.is_empty() && EmailAddress::parse(address).is_err() {
                return Err(format!("{key}: {address:?} is not an email address"));
            }
        }
        Ok(())
    }
}

/// What a field takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum FieldKind {
    #[default]
    Text,
    Email,
    Phone,
    Textarea,
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
    /// Automatic answer inside while no agent is online; empty for the one inside.
    pub text_nobody: String,
}

impl Default for OfficeHours {
    fn default() -> Self {
        Self {
            time_zone: "UTC".into(),
            days: Map::new(),
            holidays: Vec::new(),
            text_inside: String::new(),
            text_outside: String::new(),
            text_nobody: String::new(),
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
    /// Where the launcher is.
    pub position: Position,
    /// Font of the panel and of mails.
    pub font: Font,
    /// Shape of buttons, in the panel and in mails.
    pub button_shape: ButtonShape,
}

impl Default for Branding {
    fn default() -> Self {
        Self {
            color: "#2f5bd7".into(),
            title: String::new(),
            subtitle: "We usually reply in a few minutes".into(),
            position: Position::default(),
            font: Font::default(),
            button_shape: ButtonShape::default(),
        }
    }
}

/// Where the launcher is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Position {
    #[default]
    Right,
    Left,
}

/// A font that every system has: pages and mails load none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Font {
    #[default]
    System,
    Rounded,
    Serif,
    Mono,
}

impl Font {
    /// As CSS writes it.
    pub fn css(self) -> &'static str {
        match self {
            Self::System => "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif",
            Self::Rounded => "ui-rounded,'SF Pro Rounded','Nunito',Verdana,sans-serif",
            Self::Serif => "Georgia,'Times New Roman',serif",
            Self::Mono => "ui-monospace,Menlo,Consolas,monospace",
        }
    }
}

/// Shape of buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum ButtonShape {
    #[default]
    Rounded,
    Pill,
    Square,
}

impl ButtonShape {
    /// Radius of its corners, in pixels.
    pub fn radius(self) -> u32 {
        match self {
            Self::Rounded => 8,
            Self::Pill => 999,
            Self::Square => 0,
        }
    }
}
