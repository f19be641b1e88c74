//! Who is meant by `@Name` in a note. Pure.

use crate::UserId;

/// The people named in a text, each once, in the order of their names' first place. A name counts from an `@` that
/// begins a word to its end, without regard to case; of two names that fit the longer one is meant.
pub fn mentioned<'p>(text: &str, people: impl IntoIterator<Item = (UserId, &'p str)>) -> Vec<UserId> {
    let mut known: Vec<(UserId, String)> = people
        .into_iter()
        .map(|(id, name)| (id, name.trim().to_lowercase()))
        .filter(|(_, name)| !name.is_empty())
        .collect();
    known.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
    let text = text.to_lowercase();
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        if text[..at].chars().next_back().is_some_and(char::is_alphanumeric) {
            continue; // within an address
        }
        let rest = &text[at + 1..];
        let meant = known.iter().find(|(_, name)| {
            rest.strip_prefix(name.as_str())
                .is_some_and(|after| !after.chars().next().is_some_and(char::is_alphanumeric))
        });
        if let Some((id, _)) = meant.filter(|(id, _)| !found.contains(id)) {
            found.push(*id);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_name_behind_an_at_sign_means_its_bearer() {
        let people = [(1, "Maya"), (2, "Maya Lee"), (3, "Jürgen Groß"), (4, "")];
        let people = people.map(|(id, name)| (UserId(Uuid::from_u128(id)), name));
        for (text, meant) in [
            ("@Maya can you look?", &[1][..]),
            ("@maya lee, and @MAYA", &[2, 1]),
            ("ask @jürgen groß.", &[3]),
            ("@Maya @Maya", &[1]),
            ("(@Maya)", &[1]),
            ("maya without the sign", &[]),
            ("write to desk@maya.example", &[]),
            ("@Mayas", &[]),
            ("@", &[]),
            ("", &[]),
        ] {
            let meant: Vec<_> = meant.iter().map(|id| UserId(Uuid::from_u128(*id))).collect();
            assert_eq!(mentioned(text, people), meant, "{text}");
        }
    }
}
