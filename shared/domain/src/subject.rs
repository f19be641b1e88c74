//! Subjects of mails as they are compared: without the marks that mail programs of the world put before them. Pure.

/// Marks of an answer, in lower case.
const REPLY: &[&str] = &[
    "re",
    "aw",
    "antw",
    "antwort",
    "sv",
    "vs",
    "ref",
    "r",
    "rif",
    "odp",
    "ynt",
    "res",
    "vá",
    "atb",
    "bls",
    "nir",
    "απ",
    "σχετ",
    "ответ",
    "на",
    "回复",
    "回覆",
    "答复",
    "答覆",
    "返信",
    "회신",
    "تنبيه",
    "رد",
    "תגובה",
];
/// Marks of a mail passed on, in lower case.
const FORWARD: &[&str] = &[
    "fwd",
    "fw",
    "wg",
    "tr",
    "rv",
    "i",
    "pd",
    "vl",
    "vb",
    "enc",
    "doorst",
    "ilt",
    "továbbítás",
    "tov",
    "πρθ",
    "fs",
    "videre",
    "vidaresänt",
    "转发",
    "轉寄",
    "転送",
    "전달",
    "הועבר",
    "пересл",
];
/// Longest mark, in characters, so that no sentence is taken for one.
const LONGEST_MARK: usize = 12;

/// The subject without leading marks such as `Re:`, `AW[2]:`, `回复：`, in whatever number, and without a list's `[name]`
/// between or before them.
pub fn bare(subject: &str) -> &str {
    let mut rest = subject.trim();
    loop {
        if let Some((_, after)) = mark(rest) {
            rest = after;
        } else if let Some(after) = list_tag(rest).filter(|after| mark(after).is_some()) {
            rest = after;
        } else {
            return rest;
        }
    }
}

/// The subject as it is compared: bare, in lower case, single spaces. Two mails of a thread share it.
pub fn base(subject: &str) -> String {
    let mut rest = bare(subject);
    // `[list] Order` is answered as `Re: [list] Order` and as `[list] Re: Order`
    while let Some(after) = list_tag(rest).filter(|after| !after.is_empty()) {
        rest = bare(after);
    }
    rest.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether the subject says that this is an answer.
pub fn is_answer(subject: &str) -> bool {
    let subject = subject.trim();
    let outer = mark(subject).or_else(|| mark(list_tag(subject)?));
    outer.is_some_and(|(word, _)| REPLY.contains(&word.as_str()))
}

/// The number of a ticket that a subject names: `[#1234]`, as our mails may carry it.
pub fn ticket_number(subject: &str) -> Option<i64> {
    let (_, rest) = subject.split_once("[#")?;
    let (digits, _) = rest.split_once(']')?;
    let fits = (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| digits.parse().ok()).flatten()
}

/// The first mark, in lower case, and what follows it.
fn mark(subject: &str) -> Option<(String, &str)> {
    let (before, after) = subject.split_once([':', '：'])?;
    let word = before
        .trim()
        .trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')' | '^' | '*'))
        .trim_end();
    if word.chars().count() > LONGEST_MARK {
        return None;
    }
    let word = word.to_lowercase();
    (REPLY.contains(&word.as_str()) || FORWARD.contains(&word.as_str())).then(|| (word, after.trim_start()))
}

/// What follows a list's name in brackets; a ticket's number is none.
fn list_tag(subject: &str) -> Option<&str> {
    let (name, after) = subject.strip_prefix('[')?.split_once(']')?;
    (!name.starts_with('#') && name.chars().count() <= 40).then(|| after.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_all_tongues_and_in_any_number_are_left_out() {
        for (subject, bared, based) in [
            ("My order", "My order", "my order"),
            ("RE: AW: Re[2]: Fwd: My  order", "My  order", "my order"),
            ("回复：您的订单", "您的订单", "您的订单"),
            ("Order 12: late", "Order 12: late", "order 12: late"),
            ("Rebate: 10 %", "Rebate: 10 %", "rebate: 10 %"),
            ("SV: VS: TR: R: I: Odp: PD: x", "x", "x"),
            ("Re (3): Re^4: x", "x", "x"),
            ("Re: [list] Order", "[list] Order", "order"),
            ("[list] Re: Order", "Order", "order"),
            ("[#17] Order", "[#17] Order", "[#17] order"),
            ("[urgent]", "[urgent]", "[urgent]"),
            ("Re:", "", ""),
            ("", "", ""),
        ] {
            assert_eq!((bare(subject), base(subject).as_str()), (bared, based), "{subject}");
        }
    }

    #[test]
    fn an_answer_says_so_and_a_mail_passed_on_does_not() {
        for subject in ["Re: x", "aw: x", "Re[2]: x", "[list] Re: x", "答复: x", "RE : x", "Re: Fwd: x"] {
            assert!(is_answer(subject), "{subject}");
        }
        for subject in ["x", "Fwd: x", "WG: x", "Fwd: Re: x", "Regarding: x", "", "Re", "I: x"] {
            assert!(!is_answer(subject), "{subject}");
        }
    }

    #[test]
    fn a_number_is_only_a_number() {
        for (subject, number) in [
            ("Re: [#1234] Order", Some(1234)),
            ("[#7]", Some(7)),
            ("#1234", None),
            ("[# 1]", None),
            ("[#-1]", None),
            ("[#9999999999999999999]", None),
            ("[#12a]", None),
        ] {
            assert_eq!(ticket_number(subject), number, "{subject}");
        }
    }
}
