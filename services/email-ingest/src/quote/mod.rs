//! Mails within a mail, as people's programs write them into the text: quotes under an answer ([`reply_text`]) and
//! mails passed on ([`forward`]). Pure.

pub mod forward;
mod lines;
pub mod reply_text;
mod words;

pub use forward::{Forward, forwarded};
pub use reply_text::reply_text;
