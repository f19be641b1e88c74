//! How long things are kept.

use serde::{Deserialize, Serialize};

use crate::{message::Channel, time::Timestamp};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// Fewest and most days that the audit log is kept.
const AUDIT_DAYS: std::ops::RangeInclusive<u32> = 30..=3650;
/// Most days that conversations are kept, where they are not kept for ever.
const MOST_DAYS: u32 = 3650;

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// The audit log, in days.
    pub audit_days: u32,
    /// Closed tickets of texts, in days after they were closed; 0 for ever.
    pub sms_days: u32,
    /// Closed tickets of mails, likewise.
    pub email_days: u32,
    /// Closed chats, likewise.
    pub chat_days: u32,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { audit_days: 730, sms_days: 0, email_days: 0, chat_days: 0 }
    }
}

impl Privacy {
    /// From when on lines of the audit log are kept.
    pub fn audit_from(&self, now: Timestamp) -> Timestamp {
        now.plus(-(i64::from(self.audit_days) * DAY))
    }

    /// From when on conversations of a channel are kept; `None` where they are kept for ever.
    pub fn kept_from(&self, channel: Channel, now: Timestamp) -> Option<Timestamp> {
        let days = match channel {
            Channel::Sms => self.sms_days,
            Channel::Email => self.email_days,
            Channel::Chat => self.chat_days,
        };
        (days > 0).then(|| now.plus(-(i64::from(days) * DAY)))
    }

    /// Whether this makes sense.
    pub(super) fn check(&self) -> Result<(), String> {
        if !AUDIT_DAYS.contains(&self.audit_days) {
            let (fewest, most) = (AUDIT_DAYS.start(), AUDIT_DAYS.end());
            return Err(format!("privacy.audit_days: the audit log is kept for {fewest} to {most} days"));
        }
        let conversations =
            [("sms_days", self.sms_days), ("email_days", self.email_days), ("chat_days", self.chat_days)];
        match conversations.iter().find(|(_, days)| *days > MOST_DAYS) {
            Some((key, _)) => Err(format!(
                "privacy.{key}: conversations are kept for 1 to {MOST_DAYS} days, or for ever with 0"
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_without_days_is_kept_for_ever() {
        let privacy = Privacy { email_days: 2, ..Privacy::default() };
        let now = Timestamp::from_millis(5 * DAY);
        assert_eq!(privacy.kept_from(Channel::Sms, now), None);
        assert_eq!(privacy.kept_from(Channel::Email, now), Some(Timestamp::from_millis(3 * DAY)));
        assert!(privacy.check().is_ok());
        let odd = Privacy { chat_days: 3651, ..privacy };
        assert!(odd.check().unwrap_err().starts_with("privacy.chat_days: "));
    }
}
