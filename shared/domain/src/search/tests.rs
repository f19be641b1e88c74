use proptest::prelude::*;

use super::*;

fn phrase(words: &[&str], begins: bool) -> Phrase {
    Phrase { words: words.iter().map(|&word| word.to_owned()).collect(), begins }
}

fn of(text: &str) -> Search {
    parse(text).unwrap()
}

#[test]
fn words_are_found_anywhere_and_the_last_one_may_be_a_beginning() {
    for (text, terms) in [
        ("refund", vec![vec![phrase(&["refund"], true)]]),
        ("late refund", vec![vec![phrase(&["late"], false)], vec![phrase(&["refund"], true)]]),
        ("refund tag:vip", vec![vec![phrase(&["refund"], true)]]),
        ("\"where is\" it", vec![vec![phrase(&["where", "is"], false)], vec![phrase(&["it"], true)]]),
        ("it \"where is", vec![vec![phrase(&["it"], false)], vec![phrase(&["where", "is"], false)]]),
        ("anna@example.com", vec![vec![phrase(&["anna", "example", "com"], true)]]),
        ("Café-Tür", vec![vec![phrase(&["cafe", "tur"], true)]]),
        ("re:fund 10:30", vec![vec![phrase(&["re", "fund"], false)], vec![phrase(&["10", "30"], true)]]),
        ("order 10023", vec![vec![phrase(&["order"], false)], vec![phrase(&["10023"], true)]]),
        ("", vec![]),
    ] {
        assert_eq!(of(text).terms, terms, "{text}");
    }
}

#[test]
fn a_number_is_one_however_it_is_written() {
    for text in ["(555) 000-2222", "555 000 2222", "555.000.2222"] {
        let term = &of(text).terms[0];
        assert_eq!(term[0], phrase(&["5550002222"], true), "{text}");
        assert_eq!(term[1], phrase(&["555", "000", "2222"], true), "or so in a message: {text}");
    }
    assert_eq!(of("+15550002222").terms, [vec![phrase(&["15550002222"], true)]]);
    assert_eq!(of("2222").terms, [vec![phrase(&["2222"], true)]]);
    assert_eq!((of("#12").number, of("#12 x").number), (Some(12), None));
}

#[test]
fn operators_say_where_and_what() {
    let search = of(
        "from:\"Anna Lee\" subject:invoice tag:VIP channel:mail is:unread is:open assignee:kim after:2026-11-01 before:2026-11-02T12:00:00Z refund",
    );
    assert_eq!(search.from, [vec![phrase(&["anna", "lee"], false)]]);
    assert_eq!(search.subject, [vec![phrase(&["invoice"], true)]]);
    assert_eq!((search.tags, search.assignee), (vec!["vip".to_owned()], Some("kim".into())));
    assert_eq!(search.filter.channel, [Channel::Email]);
    assert_eq!((search.filter.unread, search.filter.status), (Some(true), vec!["open".to_owned()]));
    assert_eq!(search.after.unwrap().to_string(), "2026-11-01T00:00:00.000Z");
    assert_eq!(search.before.unwrap().to_string(), "2026-11-02T12:00:00.000Z");
    assert_eq!(search.terms, [vec![phrase(&["refund"], true)]]);
    assert_eq!(of("assignee:me").filter.assignee, Some(AssigneeFilter::Me));
    assert_eq!(of("team:\"Late Orders\"").team, Some("late orders".into()));
    assert_eq!((of("team:none").filter.team, of("team:none").team), (Some(TeamFilter::None), None));
    assert_eq!(of("is:unassigned").filter.assignee, Some(AssigneeFilter::None));
    assert_eq!(of("from:+1-555-0002222").from, [vec![phrase(&["15550002222"], true)]]);
    assert_eq!(of("IS:Blocked").filter.blocked, Some(true));
}

#[test]
fn what_means_nothing_is_said() {
    for (text, says) in [
        ("is:purple", "is:purple is none of: unread"),
        ("channel:fax", "sms, email, chat"),
        ("before:yesterday", "before:yesterday is not a day, such as before:2026-11-01"),
    ] {
        assert!(parse(text).unwrap_err().contains(says), "{text}");
    }
    assert_eq!(of("is: tag:"), Search::default(), "somebody is still writing");
    assert!(of("???").nothing, "something was asked for that nothing can match");
    assert!(!of("  ").nothing && !of("is:open").nothing);
}

#[test]
fn every_operator_of_the_help_is_one() {
    for (example, says) in OPERATORS {
        let search = of(example);
        assert!(search != Search::default() && !search.nothing && !says.is_empty(), "{example}");
    }
}

#[test]
fn a_snippet_shows_the_words_where_they_are() {
    let search = of("päckchen angekommen");
    let phrases: Vec<_> = search.shown().collect();
    let text = format!(
        "{} Das\r\n<b>PÄCKCHEN</b> ist nicht angekommen. {}",
        "Vorher. ".repeat(40),
        "Nachher. ".repeat(40)
    );
    let parts = snippet(&text, &phrases).unwrap();
    let hits: Vec<_> = parts.iter().filter(|part| part.hit).map(|part| part.text.as_str()).collect();
    assert_eq!(hits, ["PÄCKCHEN", "angekommen"]);
    let whole: String = parts.iter().map(|part| part.text.as_str()).collect();
    assert!(whole.contains("Das <b>PÄCKCHEN</b> ist"), "on one line, and as it was written: {whole}");
    assert!(whole.starts_with('…') && whole.ends_with('…') && whole.chars().count() < 220, "{whole}");
    assert!(snippet("nothing here", &phrases).is_none());
    let one = of("\"ist nicht\"");
    let phrases: Vec<_> = one.shown().collect();
    let parts = highlighted("nicht ist, ist nicht", &phrases);
    assert_eq!(
        parts.iter().map(|part| (part.text.as_str(), part.hit)).collect::<Vec<_>>(),
        [("nicht ist, ", false), ("ist nicht", true)]
    );
}

proptest! {
    #[test]
    fn nothing_that_is_written_breaks_it(text in "\\PC{0,80}", search in "[a-zä\":# .]{0,20}") {
        let _ = parse(&text);
        if let Ok(found) = parse(&search) {
            let phrases: Vec<_> = found.shown().collect();
            let parts = highlighted(&text, &phrases);
            prop_assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), text.clone());
            let _ = snippet(&text, &phrases);
        }
    }
}
