//! Where a customer, or the organisation, can be reached.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// Why an address was not accepted. The text is for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// A sender name such as `ACME`: it can send but never receive (B5).
    #[error("{0:?} is an alphanumeric sender id: it cannot receive texts, so it cannot be an inbox number")]
    Alphanumeric(String),
    /// Neither E.164 nor a short code.
    #[error("{0:?} is not a phone number: write it as +15550001111, or as a short code of 3 to 8 digits")]
    NotANumber(String),
    /// No usable `local@domain`.
    #[error("{0:?} is not an email address")]
    NotAnEmail(String),
}

/// A phone number in E.164 (`+` and 7 to 15 digits) or a short code (3 to 8 digits).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number as people and carriers write it: spaces, dashes, dots and brackets are dropped, `00` is `+`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.chars().any(|c| c.is_alphabetic()) {
            return Err(AddressError::Alphanumeric(text.to_owned()));
        }
        let mut kept: String =
            text.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect();
        if let Some(rest) = kept.strip_prefix("00") {
            kept = format!("+{rest}");
        }
        let (digits, fits) = match kept.strip_prefix('+') {
            Some(digits) => (digits, (7..=15).contains(&digits.len()) && !digits.starts_with('0')),
            None => (kept.as_str(), (3..=8).contains(&kept.len())),
        };
        if fits && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(kept))
        } else {
            Err(AddressError::NotANumber(text.to_owned()))
        }
    }

    /// `+15550001111` or `12345`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a short code, which no E.164 number is.
    pub fn is_short_code(&self) -> bool {
        !self.0.starts_with('+')
    }
}

/// An email address, lower-cased as a whole: mail systems in practice do not tell case apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Accepts `local@domain` without spaces, controls or angle brackets, at most 254 bytes (RFC 5321 §4.5.3.1.3).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refuse = || AddressError::NotAnEmail(text.to_owned());
        let kept = text.trim().to_lowercase();
        let (local, domain) = kept.rsplit_once('@').ok_or_else(refuse)?;
        let odd = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')')
        };
        let labels = domain.split('.').all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
        let at_again = local.contains('@') || domain.contains('@');
        if local.is_empty()
            || local.len() > 64
            || kept.len() > 254
            || !labels
            || at_again
            || kept.chars().any(odd)
        {
            return Err(refuse());
        }
        Ok(Self(kept))
    }

    /// `anna@example.com`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `example.com`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// `anna` of `anna+shop@example.com`, and `shop`.
    pub fn local_and_tag(&self) -> (&str, Option<&str>) {
        let local = self.0.rsplit_once('@').map_or("", |(local, _)| local);
        local.split_once('+').map_or((local, None), |(name, tag)| (name, Some(tag)))
    }

    /// The same mailbox without its `+tag`.
    #[must_use]
    pub fn without_tag(&self) -> Self {
        Self(format!("{}@{}", self.local_and_tag().0, self.domain()))
    }
}

macro_rules! textual {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = AddressError;
            fn from_str(text: &str) -> Result<Self, AddressError> {
                Self::parse(text)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}
textual!(PhoneNumber);
textual!(EmailAddress);

/// A mail address with the name that stood beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NamedAddress {
    /// The address.
    pub address: EmailAddress,
    /// The display name, cleaned.
    #[serde(default)]
    pub name: Option<String>,
}

impl From<EmailAddress> for NamedAddress {
    fn from(address: EmailAddress) -> Self {
        Self { address, name: None }
    }
}

/// One way to know a profile (A2). `sms` senders that are no number (an alphanumeric sender) are [`Address::Sender`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Address {
    /// A phone number or short code.
    Phone(PhoneNumber),
    /// An alphanumeric SMS sender: readable, never answerable.
    Sender(String),
    /// A mail address.
    Email(EmailAddress),
    /// A visitor of the chat widget, as the browser knows itself.
    Visitor(String),
    /// The id another system has for this customer.
    External(String),
}

impl Address {
    /// The stable word for the kind, as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Phone(_) => "phone",
            Self::Sender(_) => "sender",
            Self::Email(_) => "email",
            Self::Visitor(_) => "visitor",
            Self::External(_) => "external",
        }
    }

    /// The address as text, as stored.
    pub fn value(&self) -> &str {
        match self {
            Self::Phone(number) => number.as_str(),
            Self::Email(address) => address.as_str(),
            Self::Sender(text) | Self::Visitor(text) | Self::External(text) => text,
        }
    }

    /// The sender of a text: a number where it is one.
    pub fn of_sms_sender(from: &str) -> Self {
        PhoneNumber::parse(from).map_or_else(|_| Self::Sender(from.trim().to_owned()), Self::Phone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (written, read) in [
            ("+1 (555) 000-1111", "+15550001111"),
            ("0049 30 123456", "+4930123456"),
            ("12345", "12345"),
            ("+351 912 345 678", "+351912345678"),
        ] {
            assert_eq!(PhoneNumber::parse(written).unwrap().as_str(), read);
        }
    }

    #[test]
    fn an_alphanumeric_sender_is_no_inbox_number_and_the_error_says_so() {
        let error = PhoneNumber::parse("ACME").unwrap_err();
        assert!(error.to_string().contains("alphanumeric"), "{error}");
        for odd in ["", "+", "12", "+0123456789", "+1234567890123456", "123456789"] {
            assert!(PhoneNumber::parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn email_addresses() {
        let address = EmailAddress::parse(" Anna+Shop@Example.COM ").unwrap();
        assert_eq!(address.as_str(), "anna+shop@example.com");
        assert_eq!(address.without_tag().as_str(), "anna@example.com");
        for odd in ["", "anna", "@x.com", "a b@x.com", "a@x..com", "a@b@c.com", "a\r\n@x.com", "<a@x.com>"] {
            assert!(EmailAddress::parse(odd).is_err(), "{odd}");
        }
    }
}
