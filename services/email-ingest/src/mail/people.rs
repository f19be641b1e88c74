//! Everybody in a header of addresses.

use std::collections::HashSet;

use domain::{EmailAddress, NamedAddress};
use mail_parser::{HeaderForm, HeaderValue, Message};

use super::{clean, sender::loose};
use crate::headers::Headers;

/// Most people of one header that are kept.
const MOST: usize = 100;
/// Bytes of a header that is read without a parser.
const LONGEST_LOOSE: usize = 16 * 1024;

/// The people of every header of that name, each once.
pub fn read(headers: &Headers<'_>, message: Option<&Message<'_>>, name: &'static str) -> Vec<NamedAddress> {
    let mut seen = HashSet::new();
    let parsed = message.into_iter().flat_map(|message| message.header_as(name, HeaderForm::Addresses));
    let mut found: Vec<NamedAddress> = Vec::new();
    for value in parsed {
        let HeaderValue::Address(list) = value else { continue };
        for entry in list.iter().take(MOST) {
            let Some(address) = entry.address().and_then(|text| EmailAddress::parse(bare(text)).ok()) else {
                continue;
            };
            if found.len() < MOST && seen.insert(address.clone()) {
                found.push(NamedAddress { address, name: entry.name().and_then(clean::display_name) });
            }
        }
    }
    if found.is_empty() {
        let values = headers.all(name).filter(|value| value.len() <= LONGEST_LOOSE);
        found = values.flat_map(|value| value.split(',')).filter_map(loose).map(Into::into).collect();
        found.retain(|one| seen.insert(one.address.clone()));
        found.truncate(MOST);
    }
    found
}

fn bare(address: &str) -> &str {
    address.trim_matches(['<', '>', '\'', '"'])
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn shown(raw: &str, parsed: bool) -> Vec<String> {
        let raw = format!("{raw}\r\n\r\nhi\r\n");
        let message = MessageParser::default().parse(raw.as_bytes());
        let found = read(&Headers::read(raw.as_bytes()), message.as_ref().filter(|_| parsed), "to");
        found.iter().map(|one| format!("{}={}", one.name.as_deref().unwrap_or("-"), one.address)).collect()
    }

    #[test]
    fn everybody_is_read_once_with_their_names() {
        let raw = "To: =?utf-8?Q?J=C3=BCrgen?= <j@x.org>, b@x.org, Team: c@x.org, \"D, E\" <d@x.org>;, J <J@X.org>\r\nTo: e@x.org";
        assert_eq!(
            shown(raw, true),
            ["Jürgen=j@x.org", "-=b@x.org", "-=c@x.org", "D, E=d@x.org", "-=e@x.org"]
        );
        assert_eq!(shown("To: undisclosed-recipients:;", true), Vec::<String>::new());
    }

    #[test]
    fn without_a_parser_it_is_read_as_far_as_it_goes() {
        assert_eq!(shown("To: A <a@x.org>, nobody, b@x.org", false), ["A=a@x.org", "-=b@x.org"]);
        let many = format!("To: {}", (0..500).map(|n| format!("u{n}@x.org,")).collect::<String>());
        assert_eq!(shown(&many, true).len(), MOST);
    }
}
