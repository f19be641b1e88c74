//! Web addresses in texts, and short ones in their place (H3). Pure: what a short address is called is the caller's.

use std::ops::Range;

/// Letters of a code; its length makes `62^11`, more than 2^65.
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Letters in a code.
const CODE_LENGTH: usize = 11;
/// Longest address that is shortened, in bytes; browsers take no longer ones in practice.
const LONGEST: usize = 2_048;

/// The code of a short link from random bits: 65 of them count.
pub fn code(random: u128) -> String {
    let mut rest = random;
    let letter = |_| {
        let letter = LETTERS[usize::try_from(rest % 62).unwrap_or(0)];
        rest /= 62;
        char::from(letter)
    };
    (0..CODE_LENGTH).map(letter).collect()
}

/// Whether a text can be a code at all.
pub fn is_code(text: &str) -> bool {
    text.len() == CODE_LENGTH && text.bytes().all(|byte| LETTERS.contains(&byte))
}

/// Where `http` and `https` addresses stand in a text, in their order. What punctuates the sentence around one is not
/// part of it; a closing bracket is if its opening one is.
pub fn find(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(scheme_at).map(|at| from + at) {
        let standing_alone = !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let end = at + address_length(&text[at..]);
        if standing_alone && has_host(&text[at..end]) {
            found.push(at..end);
            from = end;
        } else {
            from = at + "http".len();
        }
    }
    found
}

/// The text with a short address in place of each one that gets shorter by it; what `shorten` answers `None` to stays.
pub fn replace(text: &str, mut shorten: impl FnMut(&str) -> Option<String>) -> String {
    let mut short = String::with_capacity(text.len());
    let mut from = 0;
    for place in find(text) {
        let address = &text[place.clone()];
        short.push_str(&text[from..place.start]);
        match shorten(address) {
            Some(other) => short.push_str(&other),
            None => short.push_str(address),
        }
        from = place.end;
    }
    short.push_str(&text[from..]);
    short
}

/// Whether this address is to be replaced by one below `prefix`, which is as long as that and a code: only if it gets
/// shorter, and never one that is short already.
pub fn gets_shorter(address: &str, prefix: &str) -> bool {
    let short = prefix.chars().count() + CODE_LENGTH;
    address.len() <= LONGEST && !address.starts_with(prefix) && address.chars().count() > short
}

fn scheme_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let begins = |at: usize, word: &[u8]| {
        bytes.get(at..at + word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word))
    };
    (0..bytes.len()).find(|at| begins(*at, b"http://") || begins(*at, b"https://"))
}

/// Bytes of the address that a text begins with.
fn address_length(text: &str) -> usize {
    let ends = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(
                c,
                '<' | '>'
                    | '"'
                    | '`'
                    | '{'
                    | '}'
                    | '|'
                    | '\\'
                    | '^'
                    | '«'
                    | '»'
                    | '‹'
                    | '›'
                    | '“'
                    | '”'
                    | '„'
                    | '‘'
                    | '’'
                    | '‚'
                    | '。'
                    | '，'
                    | '、'
                    | '！'
                    | '？'
                    | '；'
                    | '：'
                    | '（'
                    | '）'
                    | '「'
                    | '」'
                    | '『'
                    | '』'
                    | '【'
                    | '】'
                    | '《'
                    | '》'
                    | '…'
                    | '\u{200b}'
                    | '\u{feff}'
            )
    };
    let mut address = &text[..text.find(ends).unwrap_or(text.len())];
    while let Some(last) = address.chars().next_back() {
        let count = |c: char| address.chars().filter(|other| *other == c).count();
        let around = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => true,
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            _ => false,
        };
        if !around {
            break;
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address.len()
}

/// Whether something that can be a host follows the scheme.
fn has_host(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.starts_with(|c: char| c.is_alphanumeric() || c == '[')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text).into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn h3_an_address_ends_where_people_see_its_end() {
        for (text, addresses) in [
            ("see https://acme.example/a", vec!["https://acme.example/a"]),
            ("https://acme.example/a.", vec!["https://acme.example/a"]),
            ("Really? https://acme.example/?q=1!!!", vec!["https://acme.example/?q=1"]),
            ("(https://acme.example/a)", vec!["https://acme.example/a"]),
            (
                "https://en.wikipedia.org/wiki/Bread_(food)",
                vec!["https://en.wikipedia.org/wiki/Bread_(food)"],
            ),
            ("(see https://x.example/Bread_(food)).", vec!["https://x.example/Bread_(food)"]),
            ("[https://x.example/a[1]]", vec!["https://x.example/a[1]"]),
            ("<https://x.example/a>, ok", vec!["https://x.example/a"]),
            ("“https://x.example/a”", vec!["https://x.example/a"]),
            ("*https://x.example/a* _http://y.example_", vec!["https://x.example/a", "http://y.example"]),
            ("HTTPS://X.example/A", vec!["HTTPS://X.example/A"]),
            ("https://bücher.example/straße", vec!["https://bücher.example/straße"]),
            ("购买：https://例子.测试/页。谢谢", vec!["https://例子.测试/页"]),
            ("https://user:pw@x.example:8443/a#b", vec!["https://user:pw@x.example:8443/a#b"]),
            ("http://[2001:db8::1]/a", vec!["http://[2001:db8::1]/a"]),
            (
                "https://x.example/r?to=https://y.example/b",
                vec!["https://x.example/r?to=https://y.example/b"],
            ),
            ("https://x.example/a,https://y.example", vec!["https://x.example/a,https://y.example"]),
            ("https://x.example/a\nhttps://y.example", vec!["https://x.example/a", "https://y.example"]),
            ("https://x.example/🎉", vec!["https://x.example/🎉"]),
            // no addresses
            ("acme.example", vec![]),
            ("http:// https:///a https://.", vec![]),
            ("seehttps://x.example", vec![]),
            ("ftp://x.example javascript:alert(1) mailto:a@x.example", vec![]),
            ("https", vec![]),
        ] {
            assert_eq!(found(text), addresses, "{text}");
        }
    }

    #[test]
    fn only_what_gets_shorter_is_replaced() {
        let prefix = "https://acme.example/l/";
        let shorten = |address: &str| gets_shorter(address, prefix).then(|| "SHORT".to_owned());
        for (text, short) in [
            ("a https://shop.example/products/blue-shoes?size=42 b.", "a SHORT b."),
            ("https://shop.example/a", "https://shop.example/a"),
            (
                "https://acme.example/l/0123456789A?utm_source=a-long-newsletter",
                "https://acme.example/l/0123456789A?utm_source=a-long-newsletter",
            ),
            ("no address", "no address"),
            ("", ""),
        ] {
            assert_eq!(replace(text, shorten), short);
        }
        let exactly =
            |more: usize| format!("https://x.example/{}", "a".repeat(prefix.len() + CODE_LENGTH - 18 + more));
        assert!(!gets_shorter(&exactly(0), prefix) && gets_shorter(&exactly(1), prefix));
        assert!(!gets_shorter(&exactly(LONGEST), prefix));
    }

    #[test]
    fn a_code_uses_all_its_letters_and_hardly_ever_comes_twice() {
        let of = |n: u128| code(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let codes: std::collections::BTreeSet<_> = (1..5_000).map(of).collect();
        assert_eq!(codes.len(), 4_999);
        assert!(codes.iter().all(|code| is_code(code)));
        for letter in LETTERS {
            assert!(codes.iter().any(|code| code.contains(char::from(*letter))));
        }
        for odd in ["", "0123456789", "0123456789AB", "0123456789-", "0123456789ä"] {
            assert!(!is_code(odd), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_around_it_stays(before in "[a-z .,(]{0,9}[ (]", after in "[ ,.!)]{0,9}", path in "[a-z0-9]{1,20}") {
            let address = format!("https://x.example/{path}");
            let text = format!("{before}{address}{after}");
            prop_assert_eq!(found(&text), [address.as_str()]);
            prop_assert_eq!(replace(&text, |_| Some("S".into())), format!("{before}S{after}"));
        }

        #[test]
        fn no_text_makes_it_stumble(text in "\\PC{0,60}", odd in "(http://|https://|[()\\[\\].,@:/é🎉 ]){0,12}") {
            for text in [text, odd] {
                let places = find(&text);
                prop_assert!(places.windows(2).all(|pair| pair[0].end <= pair[1].start));
                prop_assert_eq!(replace(&text, |address| Some(address.to_owned())), text);
            }
        }
    }
}
