//! A change of the settings: merged in, and refused as a whole when it makes no sense.

use serde_json::{Map, Value};
use thiserror::Error;

use super::{EmailSettings, Keywords, Replies, Settings};
use crate::{
    keyword::{self, KeywordFamily},
    template,
};

/// Longest template of a text, in characters.
const LONGEST_TEXT: usize = 1_000;
/// Longest template of a chat message, in characters.
const LONGEST_CHAT: usize = 2_000;
/// Longest signature, in characters, and longest display name.
const LONGEST_SIGNATURE: usize = 1_000;
const LONGEST_NAME: usize = 80;
/// Most subscribe words in one list.
const MOST_WORDS: usize = 100;

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
        settings.check_templates(self)?;
        settings.chat.check(&self.chat).map_err(SettingsError)?;
        settings.email.check()?;
        settings.privacy.check().map_err(SettingsError)?;
        settings.sms.keywords.check(&self.sms.keywords)?;
        Ok(settings)
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
        let longest = Replies::LONGEST_UNDO;
        if self.replies.undo_seconds > longest {
            return Err(SettingsError(format!("replies.undo_seconds: 0 to {longest} seconds")));
        }
        Ok(())
    }

    /// Only what changed: a template that was taken once must not be in the way of every other change.
    fn check_templates(&self, before: &Self) -> Result<(), SettingsError> {
        for ((key, template, longest, known), (_, old, ..)) in
            self.templates().into_iter().zip(before.templates())
        {
            if template == old {
                continue;
            }
            if template.chars().count() > longest {
                return Err(SettingsError(format!("{key}: at most {longest} characters")));
            }
            check_variables(key, template, known)?;
        }
        Ok(())
    }

    /// Key, template, the most characters it may have, and the variables it may use.
    fn templates(&self) -> [(&'static str, &str, usize, &'static [&'static str]); 9] {
        let (responder, keywords) = (&self.sms.auto_responder, &self.sms.keywords);
        fn text<'t>(
            key: &'static str,
            template: &'t str,
        ) -> (&'static str, &'t str, usize, &'static [&'static str]) {
            (key, template, LONGEST_TEXT, template::CUSTOMER)
        }
        fn chat<'t>(
            key: &'static str,
            template: &'t str,
        ) -> (&'static str, &'t str, usize, &'static [&'static str]) {
            (key, template, LONGEST_CHAT, template::ORGANIZATION)
        }
        [
            text("sms.auto_responder.text_all", &responder.text_all),
            text("sms.auto_responder.text_non_consented", &responder.text_non_consented),
            text("sms.keywords.answer_subscribe", &keywords.answer_subscribe),
            text("sms.keywords.answer_help", &keywords.answer_help),
            text("sms.keywords.answer_stop", &keywords.answer_stop),
            chat("chat.welcome_message", &self.chat.welcome_message),
            chat("chat.office_hours.text_inside", &self.chat.office_hours.text_inside),
            chat("chat.office_hours.text_outside", &self.chat.office_hours.text_outside),
            chat("chat.office_hours.text_nobody", &self.chat.office_hours.text_nobody),
        ]
    }
}

impl EmailSettings {
    fn check(&self) -> Result<(), SettingsError> {
        let everywhere = [("email.signature".to_owned(), Some(&self.signature))];
        let own = self
            .mailboxes
            .iter()
            .map(|(mailbox, own)| (format!("email.mailboxes.{mailbox}.signature"), own.signature.as_ref()));
        for (key, signature) in everywhere.into_iter().chain(own) {
            let Some(signature) = signature else { continue };
            check_signature(&key, signature, template::SIGNATURE)?;
        }
        for (mailbox, own) in &self.mailboxes {
            if own.name.chars().count() > LONGEST_NAME || own.name.chars().any(char::is_control) {
                let key = format!("email.mailboxes.{mailbox}.name");
                return Err(SettingsError(format!("{key}: one line of at most {LONGEST_NAME} characters")));
            }
        }
        Ok(())
    }
}

/// Whether a signature can be one.
///
/// # Errors
/// It is too long, or has a variable that nobody knows.
pub(crate) fn check_signature(key: &str, signature: &str, known: &[&str]) -> Result<(), SettingsError> {
    if signature.chars().count() > LONGEST_SIGNATURE {
        return Err(SettingsError(format!("{key}: at most {LONGEST_SIGNATURE} characters")));
    }
    check_variables(key, signature, known)
}

fn check_variables(key: &str, template: &str, known: &[&str]) -> Result<(), SettingsError> {
    if let Some(odd) = template::unknown(template, known) {
        let known = known.iter().map(|word| format!("{{{{{word}}}}}")).collect::<Vec<_>>().join(", ");
        return Err(SettingsError(format!("{key}: there is no {{{{{odd}}}}}; the variables are {known}")));
    }
    if let Some(word) = template::unclosed(template, known) {
        return Err(SettingsError(format!("{key}: close the braces: {{{{{word}}}}}")));
    }
    Ok(())
}

impl Keywords {
    /// Only what changed, as with templates.
    fn check(&self, before: &Self) -> Result<(), SettingsError> {
        let lists = [("sms.keywords.subscribe".to_owned(), &self.subscribe, Some(&before.subscribe))];
        let of_numbers = self.by_number.iter().map(|(number, words)| {
            let old = before.by_number.get(number).map(|words| &words.subscribe);
            (format!("sms.keywords.by_number.{number}.subscribe"), &words.subscribe, old)
        });
        let changed = lists.into_iter().chain(of_numbers).filter(|(_, words, old)| Some(*words) != *old);
        for (key, words, _) in changed {
            check_words(words).map_err(|reason| SettingsError(format!("{key}: {reason}")))?;
        }
        Ok(())
    }
}

fn check_words(words: &[String]) -> Result<(), String> {
    if words.len() > MOST_WORDS {
        return Err(format!("at most {MOST_WORDS} words"));
    }
    for word in words {
        if !keyword::can_be_own(word) {
            let longest = keyword::LONGEST_OWN;
            return Err(format!("{word:?}: a word has letters or digits, and at most {longest} characters"));
        }
        if let Some(family) = keyword::taken(word).filter(|family| *family != KeywordFamily::Subscribe) {
            let means = match family {
                KeywordFamily::Stop => "an opt-out",
                KeywordFamily::Help => "a request for help",
                KeywordFamily::Start | KeywordFamily::Subscribe => "an opt-in of its own",
            };
            return Err(format!("{word:?} is {means} already and cannot be a subscribe word"));
        }
    }
    Ok(())
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
    use crate::{EmailAddress, PhoneNumber, keyword::Language};

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
            (json!({"replies": {"undo_seconds": 61}}), "replies.undo_seconds: 0 to 60"),
            (json!({"sms": {"auto_responder": {"mode": "sometimes"}}}), "sometimes"),
            (json!({"sms": {"auto_responder": {"text_all": "{{discount}}"}}}), "there is no {{discount}}"),
            (json!({"sms": {"auto_responder": {"text_all": "{{discount}}"}}}), "{{first_name}}"),
            (json!({"sms": {"keywords": {"answer_stop": "x".repeat(1_001)}}}), "at most 1000 characters"),
            (
                json!({"chat": {"welcome_message": "Hi {{name}}"}}),
                "chat.welcome_message: there is no {{name}}",
            ),
            (json!({"sms": {"keywords": {"subscribe": ["VIP", "Cancel!"]}}}), "is an opt-out already"),
            (json!({"sms": {"keywords": {"subscribe": ["!?"]}}}), "sms.keywords.subscribe"),
            (
                json!({"sms": {"keywords": {"by_number": {"+15550001111": {"subscribe": ["help"]}}}}}),
                "+15550001111",
            ),
            (json!({"sms": {"keywords": {"by_number": {"ACME": {}}}}}), "alphanumeric"),
            (json!({"sms": {"keywords": {"languages": ["en", "sv"]}}}), "sv"),
        ] {
            let error = Settings::default().patched(&patch).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn what_was_taken_once_is_not_in_the_way_of_other_changes() {
        let mut old = Settings::default();
        old.sms.auto_responder.text_all = "{{from_an_older_version}}".into();
        old.sms.keywords.subscribe = vec!["STOP".into()];
        assert!(old.patched(&json!({"badge": false})).is_ok());
        assert!(old.patched(&json!({"sms": {"auto_responder": {"text_all": "{{other}}"}}})).is_err());
    }

    #[test]
    fn b2_subscribe_words_count_on_every_number_or_on_one() {
        let patch = json!({"sms": {"keywords": {"subscribe": ["SUMMER"], "languages": ["en", "fr"],
            "by_number": {"+1 555 000 1111": {"subscribe": ["VIP"]}}}}});
        let settings = Settings::default().patched(&patch).unwrap();
        let keywords = &settings.sms.keywords;
        let words = |number: &str| keywords.subscribe_words(&PhoneNumber::parse(number).unwrap());
        assert_eq!(words("+15550001111"), ["SUMMER", "VIP"]);
        assert_eq!(words("+15550003333"), ["SUMMER"]);
        assert_eq!(keywords.languages, [Language::En, Language::Fr]);
        let none = json!({"sms": {"keywords": {"by_number": {"+15550001111": null}, "answer_stop": " "}}});
        let settings = settings.patched(&none).unwrap();
        assert!(settings.sms.keywords.by_number.is_empty());
        assert!(
            settings.sms.keywords.stop_answer().contains("unsubscribed"),
            "an opt-out is always confirmed"
        );
    }
}
