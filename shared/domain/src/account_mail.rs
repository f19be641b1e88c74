//! Mails to people who work here, or are to, about their account. Pure.

use crate::{role::Role, time::Timestamp};

/// Subject and words of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Subject.
    pub subject: String,
    /// Words.
    pub text: String,
}

/// Asks somebody to work here.
pub fn invitation(organization: &str, by: &str, role: Role, link: &str, until: Timestamp) -> Letter {
    Letter {
        subject: format!("{by} invites you to the inbox of {organization}"),
        text: format!(
            "{by} invites you to answer customers of {organization} with Frontdesk, as {role}.\n\n\
             Choose a password and begin:\n{link}\n\n\
             The link works once, until {}. If you do not know {by}, do nothing: without you it opens nothing.\n",
            day(until)
        ),
    }
}

/// The way to a new password.
pub fn password_link(organization: &str, link: &str) -> Letter {
    Letter {
        subject: format!("A new password for the inbox of {organization}"),
        text: format!(
            "Somebody, we hope you, asked for a new password for Frontdesk at {organization}.\n\n\
             Choose one:\n{link}\n\n\
             The link works once, for an hour. If it was not you, do nothing: your password stays.\n"
        ),
    }
}

/// A password is not what it was.
pub fn password_changed(
    organization: &str,
    by: Option<&str>,
    address: Option<&str>,
    at: Timestamp,
) -> Letter {
    let whom = by.map(|by| format!(" by {by}")).unwrap_or_default();
    let place = address.map(|address| format!(", from the address {address}")).unwrap_or_default();
    Letter {
        subject: format!("Your password for the inbox of {organization} was changed"),
        text: format!(
            "Your password for Frontdesk at {organization} was changed{whom} on {at}{place}. You are signed out \
             everywhere else.\n\n\
             If you know nothing of this, tell an owner or admin of Frontdesk at once, and ask for a new password on \
             the sign-in page.\n"
        ),
    }
}

/// What became of a second step at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondStepChange {
    /// It is on.
    On,
    /// It is off.
    Off,
    /// Somebody else took it away, and so many passkeys with it.
    Reset {
        /// How many they were.
        passkeys: i64,
    },
    /// There are new recovery codes.
    NewCodes,
    /// A recovery code was used to sign in.
    CodeUsed {
        /// How many there are yet.
        left: i64,
    },
}

/// The second step is not what it was.
pub fn second_step(
    organization: &str,
    change: SecondStepChange,
    by: Option<&str>,
    address: Option<&str>,
    at: Timestamp,
) -> Letter {
    let whom = by.map(|by| format!(" by {by}")).unwrap_or_default();
    let place = address.map(|address| format!(", from the address {address}")).unwrap_or_default();
    let out = "You are signed out everywhere else.";
    let (subject, what, then) = match change {
        SecondStepChange::On => ("You sign in with a second step now", "was switched on", out.to_owned()),
        SecondStepChange::Off => ("Your second step is off", "was switched off", out.to_owned()),
        SecondStepChange::Reset { passkeys } => (
            "Your second step was reset",
            "was taken away",
            format!(
                "{}You are signed out everywhere. Sign in with your password, and set a second step up again.",
                if passkeys > 0 { "So were your passkeys. " } else { "" }
            ),
        ),
        SecondStepChange::NewCodes => (
            "You have new recovery codes",
            "got new recovery codes",
            format!("The ones before are good for nothing any more. {out}"),
        ),
        SecondStepChange::CodeUsed { left } => (
            "A recovery code was used",
            "was passed with a recovery code",
            format!("Recovery codes you have left: {left}."),
        ),
    };
    Letter {
        subject: format!("{subject}: the inbox of {organization}"),
        text: format!(
            "Your second step at sign-in to Frontdesk at {organization} {what}{whom} on {at}{place}. {then}\n\n\
             If you know nothing of this, choose another password and tell an owner or admin of Frontdesk at once.\n"
        ),
    }
}

/// What became of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyChange {
    /// It is new.
    Added,
    /// It is no more.
    Removed,
}

/// Somebody's passkeys are not what they were. `name` is the one that changed.
pub fn passkey(
    organization: &str,
    change: PasskeyChange,
    name: &str,
    address: Option<&str>,
    at: Timestamp,
) -> Letter {
    let place = address.map(|address| format!(", from the address {address}")).unwrap_or_default();
    let (subject, what) = match change {
        PasskeyChange::Added => {
            ("You have a new passkey", "was added. Whoever has it signs in without your password")
        }
        PasskeyChange::Removed => ("A passkey was removed", "was removed, and lets nobody in any more"),
    };
    Letter {
        subject: format!("{subject}: the inbox of {organization}"),
        text: format!(
            "On {at}{place} the passkey “{name}” of your account in Frontdesk at {organization} {what}. You are signed \
             out everywhere else.\n\n\
             If you know nothing of this, remove passkeys that are not yours, choose another password, and tell an owner \
             or admin of Frontdesk at once.\n"
        ),
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take_while(|c| *c != 'T').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_say_who_where_and_until_when() {
        let until = Timestamp::from_millis(1_763_700_000_000);
        let letter = invitation("Acme", "Ana", Role::Manager, "https://d.example/#/x", until);
        assert_eq!(letter.subject, "Ana invites you to the inbox of Acme");
        for part in ["https://d.example/#/x\n", "as manager", "2025-11-21"] {
            assert!(letter.text.contains(part), "{part}: {}", letter.text);
        }
        let changed = password_changed("Acme", None, Some("203.0.113.9"), until);
        assert!(changed.text.contains("2025-11-21T04:40:00"), "{}", changed.text);
        assert!(changed.text.contains("from the address 203.0.113.9"));
        let used =
            second_step("Acme", SecondStepChange::CodeUsed { left: 3 }, None, Some("203.0.113.9"), until);
        assert_eq!(used.subject, "A recovery code was used: the inbox of Acme");
        assert!(used.text.contains("with a recovery code on 2025-11-21T") && used.text.contains("left: 3."));
        let reset = SecondStepChange::Reset { passkeys: 0 };
        let reset = second_step("Acme", reset, Some("Ana"), None, until);
        assert!(reset.text.contains("was taken away by Ana on 2025-11-21T"), "{}", reset.text);
        assert!(!reset.text.contains("passkeys"), "{}", reset.text);
        let reset = second_step("Acme", SecondStepChange::Reset { passkeys: 2 }, Some("Ana"), None, until);
        assert!(reset.text.contains("Z. So were your passkeys. You are"), "{}", reset.text);
        let added = passkey("Acme", PasskeyChange::Added, "My phone", Some("203.0.113.9"), until);
        assert_eq!(added.subject, "You have a new passkey: the inbox of Acme");
        for part in ["On 2025-11-21T", "address 203.0.113.9 the passkey “My phone”", "Acme was added."] {
            assert!(added.text.contains(part), "{part}: {}", added.text);
        }
    }
}
