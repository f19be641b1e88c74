//! The rows of `texts.md`, and any text at all.

use proptest::prelude::*;

use super::*;

const TEXTS: &str = include_str!("texts.md");

fn meaning(text: &str, opted_out: bool) -> Meaning {
    read(text, &Vocabulary { languages: &Language::ALL, subscribe: &["SUMMER"], opted_out })
}

/// A meaning in the words of `texts.md`.
fn in_words(meaning: &Meaning) -> String {
    let (family, also_text) = match meaning {
        Meaning::Text => return "ticket".into(),
        Meaning::OptOut { .. } => return "inferred opt-out".into(),
        Meaning::Keyword { family, also_text, .. } => (family, also_text),
    };
    let family = match family {
        KeywordFamily::Stop => "opt-out",
        KeywordFamily::Start => "opt-in",
        KeywordFamily::Help => "help",
        KeywordFamily::Subscribe => "subscribe",
    };
    if *also_text { format!("{family} and ticket") } else { family.into() }
}

/// Text, language, what happens.
fn rows() -> Vec<(String, String, String)> {
    let table = TEXTS.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    table
        .map(|line| {
            let cells: Vec<_> =
                line.trim_matches('|').split(" | ").map(|cell| cell.trim_matches(' ')).collect();
            let [text, language, happens] = cells[..] else { panic!("{line}") };
            (unescaped(text), language.to_owned(), happens.to_owned())
        })
        .collect()
}

/// `\u{200b}` as the character.
fn unescaped(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("\\u{") {
        let (code, tail) = after.split_once('}').unwrap();
        plain.push_str(before);
        plain.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        rest = tail;
    }
    plain + rest
}

#[test]
fn b2_every_row_of_the_table_says_what_happens() {
    let rows = rows();
    assert!(rows.len() >= 150, "only {} rows", rows.len());
    let mut wrong = Vec::new();
    for (text, language, happens) in &rows {
        let (usually, opted_out) = happens.split_once("; while opted out: ").unwrap_or((happens, happens));
        for (said, expected) in
            [(in_words(&meaning(text, false)), usually), (in_words(&meaning(text, true)), opted_out)]
        {
            if said != expected {
                wrong.push(format!("{language} {text:?}: {said}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_language_that_is_switched_off_has_no_words() {
    for (text, language, happens) in rows().into_iter().filter(|row| row.1 != "en") {
        let all_but_english = read(&text, &Vocabulary { languages: &[], subscribe: &[], opted_out: true });
        if happens != "ticket" && all_but_english != Meaning::Text {
            let universal = ["STOP", "TD"].iter().any(|word| text.to_uppercase().contains(word));
            assert!(universal, "{language} {text:?}: {all_but_english:?}");
        }
    }
}

#[test]
fn the_words_of_an_opt_out_are_kept_as_evidence() {
    for (text, phrase) in [
        ("Wrong number. Stop texting me!", "stop texting me"),
        ("PLEASE STOP", "please stop"),
        ("Désabonnez-moi", "desabonnez moi"),
    ] {
        assert_eq!(meaning(text, false), Meaning::OptOut { phrase: phrase.into() });
    }
}

#[test]
fn subscribe_words_that_mean_something_already_are_known() {
    assert_eq!(taken("Stop"), Some(KeywordFamily::Stop));
    assert_eq!(taken("yes"), Some(KeywordFamily::Start));
    assert_eq!(taken("VIP"), None);
    assert!(can_be_own("VIP 10") && !can_be_own("!!") && !can_be_own(&"x".repeat(41)));
    assert!(is_conditional("Yes!", &Language::ALL) && !is_conditional("start", &Language::ALL));
}

/// What keyboards, signatures and copying put around a word.
fn decoration() -> impl Strategy<Value = String> {
    let unseen = prop::sample::select(vec![" ", "\u{a0}", "\u{200b}", "\u{fe0f}", "\u{202e}", "\n", "\t"]);
    let seen = prop::sample::select(vec!["!", ".", "\"", "“", "(", "🛑", "👍🏽", "❤️", "*", "—", "…", "¡"]);
    prop::collection::vec(prop_oneof![unseen, seen], 0..8).prop_map(|all| all.concat())
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in any::<String>(), own in any::<String>(), opted_out in any::<bool>()) {
        read(&text, &Vocabulary { languages: &Language::ALL, subscribe: &[&own], opted_out });
    }

    #[test]
    fn no_pile_of_marks_and_words_is_too_odd(text in "[a-zé \u{300}-\u{36f}\u{200b}-\u{200f}\u{fe00}-\u{fe0f}🛑👨👩'’,.-]{0,500}") {
        meaning(&text, true);
    }

    #[test]
    fn a_stop_is_a_stop_whatever_is_around_it(before in decoration(), after in decoration(), upper in any::<bool>()) {
        let word = if upper { "STOP" } else { "stop" };
        let read = meaning(&format!("{before}{word}{after}"), false);
        prop_assert_eq!(in_words(&read), "opt-out");
    }
}
