//! What an agent wrote in a ticket and did not send yet: an answer, a note to colleagues, or both. Pure.

use serde::{Deserialize, Serialize};

use crate::id::AttachmentId;

/// Longest answer, in characters: as a mail may have.
const LONGEST_TEXT: usize = 100_000;
/// Longest note, in characters.
const LONGEST_NOTE: usize = 10_000;
/// Most files.
const MOST_FILES: usize = 10;
/// Most addresses of one field of a mail.
const MOST_ADDRESSES: usize = 50;
/// Longest name, address or subject, in characters.
const LONGEST_WORD: usize = 1_000;

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// The answer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Files put up for the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
    /// To whom a mail goes, where that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<DraftMail>,
    /// A note to colleagues.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// To whom a mail that is being written goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftMail {
    /// `To`.
    pub to: Vec<DraftAddress>,
    /// `Cc`.
    pub cc: Vec<DraftAddress>,
    /// Get it without standing in it.
    pub bcc: Vec<DraftAddress>,
    /// Its subject.
    pub subject: String,
    /// No signature is to stand under it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub without_signature: bool,
}

/// An address as it was typed; whether it is one is asked when the mail is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftAddress {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

impl Draft {
    /// Nothing worth keeping.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Without the answer: what is left once that was sent.
    #[must_use]
    pub fn without_answer(self) -> Self {
        Self { note: self.note, ..Self::default() }
    }

    /// With an answer that was taken back in front of what was written since.
    #[must_use]
    pub fn with_answer(self, text: &str, attachments: Vec<AttachmentId>, mail: Option<DraftMail>) -> Self {
        let parts = [text, self.text.as_str()].into_iter().filter(|part| !part.is_empty());
        let text = parts.collect::<Vec<_>>().join("\n");
        let attachments = attachments.into_iter().chain(self.attachments).collect();
        Self { text, attachments, mail: self.mail.or(mail), note: self.note }
    }

    /// Whether it fits.
    ///
    /// # Errors
    /// The field that does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let long = |text: &str, most: usize| text.chars().count() > most;
        if long(&self.text, LONGEST_TEXT) {
            return Err(("text", format!("an answer may have at most {LONGEST_TEXT} characters")));
        }
        if long(&self.note, LONGEST_NOTE) {
            return Err(("note", format!("a note may have at most {LONGEST_NOTE} characters")));
        }
        if self.attachments.len() > MOST_FILES {
            return Err(("attachments", format!("an answer may have at most {MOST_FILES} files")));
        }
        let Some(mail) = &self.mail else { return Ok(()) };
        if long(&mail.subject, LONGEST_WORD) {
            return Err(("mail", format!("a subject may have at most {LONGEST_WORD} characters")));
        }
        for list in [&mail.to, &mail.cc, &mail.bcc] {
            let too_long = |one: &DraftAddress| {
                long(&one.address, LONGEST_WORD)
                    || long(one.name.as_deref().unwrap_or_default(), LONGEST_WORD)
            };
            if list.len() > MOST_ADDRESSES || list.iter().any(too_long) {
                return Err(("mail", format!("at most {MOST_ADDRESSES} addresses, none of endless length")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_taken_back_stands_in_front_of_what_was_written_since() {
        let now = Draft { text: "and more".into(), note: "n".into(), ..Draft::default() };
        let file = AttachmentId(uuid::Uuid::from_u128(1));
        let back = now.with_answer("Hello", vec![file], None);
        assert_eq!((back.text.as_str(), back.note.as_str()), ("Hello\nand more", "n"));
        assert_eq!(back.attachments, [file]);
        assert_eq!(Draft::default().with_answer("Hello", Vec::new(), None).text, "Hello");
        assert!(Draft { text: "sent".into(), ..Draft::default() }.without_answer().is_empty());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(Draft::default().check(), Ok(()));
        let field = |draft: Draft| draft.check().unwrap_err().0;
        assert_eq!(field(Draft { text: "ä".repeat(100_001), ..Draft::default() }), "text");
        assert_eq!(field(Draft { note: "x".repeat(10_001), ..Draft::default() }), "note");
        let one = DraftAddress { name: None, address: "a@b.example".into() };
        let mail = DraftMail { cc: vec![one; 51], ..DraftMail::default() };
        assert_eq!(field(Draft { mail: Some(mail), ..Draft::default() }), "mail");
    }
}
