//! What mail programs write around a quoted or forwarded mail, in the languages they speak.

mod fields;
mod marks;
mod wrote;

pub use fields::{Field, field};
pub use marks::{FORWARDED, LEAD, ORIGINAL, SENT_FROM};
pub use wrote::{WROTE, WROTE_INSIDE};

/// Lower case, in which a Turkish `İ` is an `i`.
pub fn lower(text: &str) -> String {
    text.to_lowercase().replace('\u{307}', "")
}

/// What a subject of a forwarded mail begins with, in lower case, without its colon.
pub const FORWARD_PREFIX: &[&str] = &[
    "fw",
    "fwd",
    "wg",
    "rv",
    "tr",
    "vs",
    "vl",
    "i",
    "pd",
    "vb",
    "vd",
    "videresend",
    "enc",
    "res",
    "redir",
    "redir.",
    "továbbítás",
    "továbbítva",
    "doorst",
    "ynt",
    "ilt",
    "i̇lt",
    "pr",
    "prel",
    "preposlané",
    "předáno",
    "fs",
    "转发",
    "轉寄",
    "転送",
    "전달",
    "προωθ",
    "πρθ",
    "rvs",
    "rif",
    "tf",
    "edasi",
];
/// What a subject of an answer begins with, in lower case, without its colon.
pub const REPLY_PREFIX: &[&str] = &[
    "re", "aw", "antw", "antwort", "sv", "r", "odp", "réf", "ref", "ynt", "yanıt", "atb", "bls", "vá",
    "válasz", "答复", "回复", "回覆", "返信", "답장", "от", "отв", "відп", "απ", "σχετ", "rép", "rif", "ha",
    "resp",
];
