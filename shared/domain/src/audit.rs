//! What was done by whom (the audit log): its words, and how what was before differs from what is now. Pure.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::word::words;

/// Longest text that is kept of a value, in characters.
const LONGEST: usize = 500;
/// Most differences that are kept of one change.
const MOST: usize = 100;
/// Most lines of a minute on what strangers did from one network.
const MOST_OF_NETWORK: usize = 10;
/// Most lines of a minute on what strangers did at all.
pub const MOST_STRANGERS: usize = 200;

words!(
    /// What was done.
    AuditAction: 36 {
        /// It is new.
        Added = "added",
        /// It is otherwise.
        Changed = "changed",
        /// It is no more.
        Removed = "removed",
        /// It has another order.
        Reordered = "reordered",
        /// A customer was blocked.
        Blocked = "blocked",
        /// A customer was unblocked.
        Unblocked = "unblocked",
        /// Another customer was merged into this one.
        Merged = "merged",
        /// A merge was undone.
        Unmerged = "unmerged",
        /// A word on consent was recorded by hand.
        ConsentRecorded = "consent_recorded",
        /// Words on consent were brought in from elsewhere.
        ConsentImported = "consent_imported",
        /// Somebody signed in.
        SignedIn = "signed_in",
        /// Somebody was refused.
        SignInFailed = "sign_in_failed",
        /// Somebody signed out.
        SignedOut = "signed_out",
        /// Sessions were ended.
        SessionsEnded = "sessions_ended",
        /// A password was set.
        PasswordChanged = "password_changed",
        /// A way to choose a new password was asked for.
        PasswordForgotten = "password_forgotten",
        /// A link that signs in once was made.
        SignInLinkMade = "sign_in_link_made",
        /// A secret was changed.
        SecretChanged = "secret_changed",
        /// It was tried out.
        Tried = "tried",
        /// Somebody was invited again.
        InvitedAgain = "invited_again",
        /// Somebody took an invitation up.
        Accepted = "accepted",
        /// Codes were added to a coupon.
        CodesAdded = "codes_added",
        /// Something that came in was sent through again.
        Replayed = "replayed",
        /// It was erased, with everything that belongs to it.
        Erased = "erased",
        /// Everything that is kept of a customer was given out.
        Exported = "exported",
        /// A second step at sign-in was set up.
        SecondStepOn = "second_step_on",
        /// A second step at sign-in was taken away by who had it.
        SecondStepOff = "second_step_off",
        /// A second step at sign-in was taken away by somebody else.
        SecondStepReset = "second_step_reset",
        /// New recovery codes were made.
        RecoveryCodesMade = "recovery_codes_made",
        /// Somebody signed in with a recovery code.
        RecoveryCodeUsed = "recovery_code_used",
        /// A passkey was added.
        PasskeyAdded = "passkey_added",
        /// A passkey has another name.
        PasskeyRenamed = "passkey_renamed",
        /// A passkey was removed.
        PasskeyRemoved = "passkey_removed",
        /// A passkey was refused whose counter went backwards: there may be a copy of it.
        PasskeyCopied = "passkey_copied",
        /// Somebody came in through the identity provider for the first time.
        IdentityLinked = "identity_linked",
        /// The tie to the identity provider was taken away.
        IdentityUnlinked = "identity_unlinked",
    }
);

words!(
    /// What it was done to.
    AuditNoun: 16 {
        /// The settings.
        Settings = "settings",
        /// Somebody who works here.
        User = "user",
        /// An invitation.
        Invitation = "invitation",
        /// A key for a program.
        ApiKey = "api_key",
        /// A team.
        Team = "team",
        /// A rule.
        Rule = "rule",
        /// A view that everybody has.
        View = "view",
        /// A tag.
        Tag = "tag",
        /// A quick response.
        QuickResponse = "quick_response",
        /// A webhook.
        Webhook = "webhook",
        /// A mailbox.
        Mailbox = "mailbox",
        /// A customer.
        Profile = "profile",
        /// A coupon.
        Coupon = "coupon",
        /// A line of the ledger.
        Ledger = "ledger",
        /// A number customers text to.
        Number = "number",
        /// A site with the chat on its pages.
        ChatSite = "chat_site",
    }
);

words!(
    /// What kind of somebody did it.
    AuditBy: 4 {
        /// A person.
        User = "user",
        /// A program with an API key.
        ApiKey = "api_key",
        /// Frontdesk itself, or its command line.
        System = "system",
        /// Somebody who was not let in.
        Nobody = "nobody",
    }
);

/// Whether there are lines enough about strangers from there, given where those of the last minute were.
pub fn is_noted(from: Option<IpAddr>, lines: &[Option<IpAddr>]) -> bool {
    let network = from.map(network);
    let same = lines.iter().filter(|line| line.map(self::network) == network).count();
    lines.len() >= MOST_STRANGERS || same >= MOST_OF_NETWORK
}

/// What one customer of an access provider has: an IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(four) => u128::from(four.to_bits()),
        IpAddr::V6(six) => six.to_bits() >> 64 << 64,
    }
}

/// One value that is otherwise than it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which, with dots: `sms.quiet_hours.from`.
    pub field: String,
    /// As it was; `null` where there was none.
    pub before: Value,
    /// As it is; `null` where there is none.
    pub after: Value,
}

/// Every value that differs, objects taken apart, in the order of their names.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found.truncate(MOST);
    found
}

fn compare(field: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let whole = (object(before), object(after));
    let (Some(old), Some(new)) = whole else {
        let (before, after) = (shortened(before), shortened(after));
        found.push(Difference { field: field.to_owned(), before, after });
        return;
    };
    let mut names: Vec<&String> = old.iter().chain(&new).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let inner = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
        let value = |of: &[(String, Value)]| {
            of.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
        };
        compare(&inner, &value(&old), &value(&new), found);
    }
}

/// The parts of an object; what is not there has none.
fn object(value: &Value) -> Option<Vec<(String, Value)>> {
    match value {
        Value::Object(parts) => {
            Some(parts.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

/// Texts, also those within lists, without what is too long of them.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > LONGEST => {
            Value::String(text.chars().take(LONGEST).chain(['…']).collect())
        }
        Value::Array(list) => Value::Array(list.iter().take(MOST).map(shortened).collect()),
        Value::Object(parts) => {
            Value::Object(parts.iter().map(|(name, value)| (name.clone(), shortened(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn difference(field: &str, before: Value, after: Value) -> Difference {
        Difference { field: field.into(), before, after }
    }

    #[test]
    fn only_what_differs_is_told_with_its_whole_name() {
        let before = json!({"sms": {"quiet_hours": {"from": "20:00", "to": "08:00"}}, "badge": true});
        let after = json!({"sms": {"quiet_hours": {"from": "21:00", "to": "08:00"}}, "badge": false});
        let told = differences(&before, &after);
        let from = difference("sms.quiet_hours.from", json!("20:00"), json!("21:00"));
        assert_eq!(told, [difference("badge", json!(true), json!(false)), from]);
        assert_eq!(differences(&before, &before), []);
    }

    #[test]
    fn what_is_new_and_what_is_gone_has_nothing_on_the_other_side() {
        let team = json!({"name": "Night", "members": ["a"]});
        let members = difference("members", Value::Null, json!(["a"]));
        let name = difference("name", Value::Null, json!("Night"));
        assert_eq!(differences(&Value::Null, &team), [members, name]);
        let gone =
            differences(&json!({"by_number": {"+1": {"subscribe": ["HI"]}}}), &json!({"by_number": {}}));
        assert_eq!(gone, [difference("by_number.+1.subscribe", json!(["HI"]), Value::Null)]);
    }

    #[test]
    fn lists_are_told_whole_and_long_texts_are_cut() {
        let told = differences(&json!({"a": [1, 2]}), &json!({"a": [2]}));
        assert_eq!(told, [difference("a", json!([1, 2]), json!([2]))]);
        let long = differences(&json!({"a": "é".repeat(501)}), &json!({"a": ""}));
        assert_eq!(long[0].before.as_str().unwrap().chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_network_fills_no_log_and_neither_do_many() {
        let at = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let lines = |count, text: &str| vec![at(text); count];
        assert!(!is_noted(at("203.0.113.9"), &lines(MOST_OF_NETWORK - 1, "203.0.113.9")));
        assert!(is_noted(at("203.0.113.9"), &lines(MOST_OF_NETWORK, "::ffff:203.0.113.9")));
        assert!(!is_noted(at("203.0.113.8"), &lines(MOST_OF_NETWORK, "203.0.113.9")));
        assert!(is_noted(at("2001:db8::1"), &lines(MOST_OF_NETWORK, "2001:db8::ffff:2")));
        assert!(!is_noted(at("2001:db8:0:1::1"), &lines(MOST_OF_NETWORK, "2001:db8::1")));
        assert!(is_noted(None, &[None; MOST_OF_NETWORK]));
        let many: Vec<_> =
            (0..MOST_STRANGERS).map(|n| at(&format!("10.0.{}.{}", n / 250, n % 250))).collect();
        assert!(is_noted(at("192.0.2.1"), &many), "whatever network it is");
    }

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for action in AuditAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
        }
        assert!("done".parse::<AuditAction>().is_err());
    }
}
