//! What the settings mean for the panel: its looks, and whether somebody is there.

use domain::settings::Settings;

use crate::frames::{Branding, Office};

/// Looks and words of the panel (H6, H10).
pub fn branding(settings: &Settings) -> Branding {
    let looks = &settings.chat.branding;
    let title = if looks.title.trim().is_empty() { &settings.organization.name } else { &looks.title };
    Branding {
        color: looks.color.clone(),
        title: title.clone(),
        subtitle: looks.subtitle.clone(),
        welcome_message: settings.fill(&settings.chat.welcome_message),
    }
}

/// Whether somebody is there (H7): without office hours always; with them it is not worked out here, so it is not
/// claimed either way.
pub fn office(settings: &Settings) -> Office {
    let always = settings.chat.office_hours.days.is_empty();
    Office { open: always.then_some(true), next_open_at: None }
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
    fn without_office_hours_somebody_is_always_there() {
        assert_eq!(office(&Settings::default()).open, Some(true));
        let hours = json!({"chat": {"office_hours": {"days": {"mon": [["09:00", "17:00"]]}}}});
        assert_eq!(
            office(&Settings::default().patched(&hours).unwrap()).open,
            None,
            "not known, so not claimed"
        );
    }
}
