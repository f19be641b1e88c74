//! What the settings mean for the panel: its looks, and whether somebody is there.

use domain::{Timestamp, office_hours::OfficeHours, settings::Settings};

use crate::frames::{Branding, Form, Office};

/// Looks and words of the panel (H6, H10).
pub fn branding(settings: &Settings) -> Branding {
    let looks = &settings.chat.branding;
    let title = if looks.title.trim().is_empty() { &settings.organization.name } else { &looks.title };
    Branding {
        color: looks.color.clone(),
        title: title.clone(),
        subtitle: looks.subtitle.clone(),
        welcome_message: settings.fill(&settings.chat.welcome_message),
        position: looks.position,
        font: looks.font,
        button_shape: looks.button_shape,
    }
}

/// What to ask before a chat.
pub fn form(settings: &Settings) -> Option<Form> {
    let form = &settings.chat.form;
    (form.enabled && !form.fields.is_empty()).then(|| Form { fields: form.fields.clone() })
}

/// Whether somebody is there (H7): without office hours always. Hours that make no sense are not claimed either way.
pub fn office(settings: &Settings, now: Timestamp) -> Office {
    match OfficeHours::of(&settings.chat.office_hours) {
        Ok(None) => Office { open: Some(true), next_open_at: None },
        Ok(Some(hours)) if hours.is_open(now) => Office { open: Some(true), next_open_at: None },
        Ok(Some(hours)) => Office { open: Some(false), next_open_at: hours.next_open(now) },
        Err(fault) => {
            tracing::warn!(fault, "the office hours make no sense");
            Office { open: None, next_open_at: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_title_is_the_organisation_unless_one_is_set() {
        let plain = Settings::default().patched(&json!({"organization": {"name": "Acme"}})).unwrap();
        assert_eq!(branding(&plain).title, "Acme");
        let set = plain.patched(&json!({"chat": {"branding": {"title": "Acme Care"}}})).unwrap();
        assert_eq!(branding(&set).title, "Acme Care");
    }

    #[test]
    fn h7_the_panel_is_told_whether_somebody_is_there_and_when_somebody_is_back() {
        let at = |text| Timestamp::parse(text).unwrap();
        let monday = at("2026-11-30T18:00:00Z");
        assert_eq!(office(&Settings::default(), monday).open, Some(true), "without office hours always");
        let hours = json!({"chat": {"office_hours": {"days": {"mon": [["09:00", "17:00"]], "tue": [["10:00", "12:00"]]}}}});
        let settings = Settings::default().patched(&hours).unwrap();
        let back = Some(at("2026-12-01T10:00:00Z"));
        assert_eq!(office(&settings, monday), Office { open: Some(false), next_open_at: back });
        assert_eq!(office(&settings, monday.plus(-2 * 3_600_000)).open, Some(true));
    }
}
