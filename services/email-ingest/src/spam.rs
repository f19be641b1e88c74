//! What a mail server before us thought of a mail. Anybody can write such headers: they only ever count against it. Pure.

use crate::headers::Headers;

/// From this confidence on, Microsoft calls a mail spam.
const SPAM_CONFIDENCE: i64 = 5;
/// Longest score that is shown, in characters.
const LONGEST_SCORE: usize = 12;

/// In one sentence, that somebody called it spam; `None` where nobody did.
pub fn called(headers: &Headers<'_>) -> Option<String> {
    let says_yes = |name: &str| {
        headers.get(name).is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("yes"))
    };
    let confident = headers
        .get("x-ms-exchange-organization-scl")
        .and_then(|value| value.trim().parse::<i64>().ok())
        .is_some_and(|level| level >= SPAM_CONFIDENCE);
    let is_spam = confident || ["x-spam-flag", "x-spam-status", "x-spam"].into_iter().any(says_yes);
    is_spam.then(|| match score(headers) {
        Some(score) => format!("a mail server before us called it spam (score {score})"),
        None => "a mail server before us called it spam".to_owned(),
    })
}

/// `8.1` of `X-Spam-Status: Yes, score=8.1 required=5.0`, or of `X-Spam-Score`.
fn score(headers: &Headers<'_>) -> Option<String> {
    let in_status = headers.get("x-spam-status").and_then(|status| {
        status.split([' ', ',']).find_map(|word| word.strip_prefix("score=").or(word.strip_prefix("hits=")))
    });
    let given = in_status.or_else(|| headers.get("x-spam-score")?.split_whitespace().next())?;
    let is_number = given.len() <= LONGEST_SCORE && given.parse::<f64>().is_ok_and(f64::is_finite);
    is_number.then(|| given.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_word_counts_and_a_score_is_shown() {
        let plain = "a mail server before us called it spam";
        let scored = "a mail server before us called it spam (score 8.1)";
        for (head, said) in [
            ("X-Spam-Flag: YES", Some(plain)),
            ("X-Spam-Status: Yes, score=8.1 required=5.0 tests=X", Some(scored)),
            ("X-Spam-Flag: yes\r\nX-Spam-Score: 8.1", Some(scored)),
            ("X-Spam: Yes\r\nX-Spam-Score: <b>8</b>", Some(plain)),
            ("X-MS-Exchange-Organization-SCL: 6", Some(plain)),
            ("X-MS-Exchange-Organization-SCL: 1", None),
            ("X-Spam-Status: No, score=-2.1 required=5.0", None),
            ("X-Spam-Score: 99", None),
            ("Subject: yes", None),
        ] {
            let raw = format!("{head}\r\n\r\n");
            assert_eq!(called(&Headers::read(raw.as_bytes())).as_deref(), said, "{head}");
        }
    }
}
