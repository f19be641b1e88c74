//! The fields of a delivery report (RFC 3464 §2.3), wherever they stand.

use super::codes::Status;

/// What a report says of one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// `Final-Recipient`, else `Original-Recipient`.
    pub recipient: String,
    /// `failed`, `delayed`, …, in lower case.
    pub action: String,
    /// `Status`.
    pub status: Option<Status>,
    /// `Diagnostic-Code`, or what stands in for it.
    pub diagnostic: String,
}

/// Every recipient that a report names and that did not get the mail.
pub fn recipients(text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let mut current = Found::default();
    let mut original = String::new();
    for (key, value) in fields(text) {
        match key.as_str() {
            "final-recipient" => {
                if !current.recipient.is_empty() {
                    all.push(std::mem::take(&mut current));
                }
                current.recipient = address(&value);
            }
            "original-recipient" | "x-actual-recipient" => original = address(&value),
            "action" => current.action = value.split_whitespace().next().unwrap_or_default().to_lowercase(),
            "status" => current.status = value.split([' ', '(']).next().and_then(Status::parse),
            "diagnostic-code" | "x-supplementary-info" => {
                let told = value.split_once(';').map_or(value.as_str(), |(_, rest)| rest).trim();
                if current.diagnostic.is_empty() || key == "diagnostic-code" {
                    current.diagnostic = told.to_owned();
                }
            }
            "" if !current.recipient.is_empty() => all.push(std::mem::take(&mut current)),
            "" => {
                if !original.is_empty() && current.status.is_some() {
                    current.recipient = std::mem::take(&mut original);
                    all.push(std::mem::take(&mut current));
                }
                current = Found::default();
            }
            _ => {}
        }
    }
    if current.recipient.is_empty() && current.status.is_some() {
        current.recipient = original;
    }
    if !current.recipient.is_empty() {
        all.push(current);
    }
    all.retain(|found| !matches!(found.action.as_str(), "delivered" | "relayed" | "expanded"));
    all
}

/// Fields with their folded values; a blank line is an empty key.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() {
            fields.push((String::new(), String::new()));
        } else if line.starts_with([' ', '\t']) && fields.last().is_some_and(|(key, _)| !key.is_empty()) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            fields.push((key.trim().to_lowercase(), value.trim().to_owned()));
        }
    }
    fields.push((String::new(), String::new()));
    fields
}

/// `rfc822; <a@x.org>`.
fn address(value: &str) -> String {
    let value = value.split_once(';').map_or(value, |(_, rest)| rest);
    value.trim().trim_matches(['<', '>', '"', ' ']).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recipient_with_its_own_words() {
        let text = "Reporting-MTA: dns; mx.x.org\n\nFinal-Recipient: rfc822; <A@x.org>\nAction: failed\nStatus: 5.1.1 (bad)\n\
            Diagnostic-Code: smtp; 550 5.1.1\n no such user\n\nFinal-Recipient: rfc822; b@x.org\nAction: delivered\nStatus: 2.0.0\n";
        let found = recipients(text);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].recipient.as_str(), found[0].diagnostic.as_str()),
            ("a@x.org", "550 5.1.1 no such user")
        );
    }
}
