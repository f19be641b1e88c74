//! Coupons in a text: `{{coupon:NAME}}` stands for a code until the text is sent. Pure.

use crate::template;

/// What a variable of a coupon begins with.
pub const PREFIX: &str = "coupon:";
/// Longest name, in characters.
const LONGEST_NAME: usize = 40;
/// Longest code, in characters.
const LONGEST_CODE: usize = 100;

/// A name that stands in a text: letters, digits, `-` and `_`.
pub fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

/// A code as it is kept: trimmed, in one line; nothing where it is none.
pub fn code(text: &str) -> Option<&str> {
    let code = text.trim();
    let fits = (1..=LONGEST_CODE).contains(&code.chars().count()) && !code.chars().any(char::is_control);
    fits.then_some(code)
}

/// The codes of a pasted list or the first column of a CSV file, each once, in their order. Lines that are no code are
/// counted.
pub fn codes(text: &str) -> (Vec<&str>, usize) {
    let mut seen = std::collections::HashSet::new();
    let (mut found, mut odd) = (Vec::new(), 0);
    for line in text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty()) {
        let first = line.split([',', ';', '\t']).next().unwrap_or_default();
        match code(first.trim().trim_matches('"')) {
            Some(code) if seen.insert(code) => found.push(code),
            Some(_) => {}
            None => odd += 1,
        }
    }
    (found, odd)
}

/// The names a text mentions, each once, in lower case.
pub fn mentioned(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let _ = fill(text, |name| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        None
    });
    names
}

/// The text with codes for names in lower case; a name without one stays as it stands.
pub fn fill(text: &str, mut code: impl FnMut(&str) -> Option<String>) -> String {
    let code = std::cell::RefCell::new(&mut code);
    template::fill_or(text, |word| {
        let name = word.strip_prefix(PREFIX)?.trim().to_lowercase();
        (*code.borrow_mut())(&name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_coupons_and_gets_their_codes() {
        let text = "Take {{coupon:Summer}} or {{ coupon:summer }}, not {{coupon:gone}} or {{name}}.";
        assert_eq!(mentioned(text), ["summer", "gone"]);
        let filled = fill(text, |name| (name == "summer").then(|| "S-1".to_owned()));
        assert_eq!(filled, "Take S-1 or S-1, not {{coupon:gone}} or {{name}}.");
    }

    #[test]
    fn a_list_or_a_table_gives_codes_each_once() {
        let (found, odd) = codes("\u{feff}A-1\r\n\"B 2\",used\n\nA-1\n;x\n");
        assert_eq!((found, odd), (vec!["A-1", "B 2"], 1));
        assert_eq!(codes(&"x".repeat(101)), (Vec::new(), 1));
        for (name, good) in
            [("Summer-26", true), ("été_1", true), ("", false), ("a b", false), ("a}}", false)]
        {
            assert_eq!(is_name(name), good, "{name}");
        }
    }
}
