//! Texts with variables, such as `{{support_email}}`: the one way they are filled in. Pure.

use crate::settings::Organization;

/// Variables of the organisation, good in every template.
pub const ORGANIZATION: &[&str] = &["organization_prefix", "support_email", "sender_email"];
/// Variables of the organisation and of the customer, good in every text to a customer we know.
pub const CUSTOMER: &[&str] =
    &["organization_prefix", "support_email", "sender_email", "name", "first_name", "phone"];

/// Variables of a signature.
pub const SIGNATURE: &[&str] =
    &["agent_name", "organization_name", "organization_prefix", "support_email", "sender_email"];
/// Variables of somebody's own signature: with that of the mailbox, so that it can stand beneath theirs.
pub const OWN_SIGNATURE: &[&str] = &[
    "agent_name",
    "mailbox_signature",
    "organization_name",
    "organization_prefix",
    "support_email",
    "sender_email",
];

/// The customer a text is for.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    /// Their name, where known.
    pub name: Option<&'a str>,
    /// Their number.
    pub phone: &'a str,
}

/// Fills a template in, in one pass: a customer called `{{phone}}` stays that. A variable that is not known, or of a
/// customer who is not, stays as it stands. Spaces within the braces do not matter.
pub fn fill(template: &str, organization: &Organization, customer: Option<Customer<'_>>) -> String {
    fill_with(template, |word| value(word, organization, customer))
}

/// Fills a signature in for its writer; `mailbox` is what stands for `{{mailbox_signature}}`, filled in already. A line of
/// which nothing is left goes: a robot has no name.
pub fn fill_signature(
    template: &str,
    organization: &Organization,
    agent: Option<&str>,
    mailbox: Option<&str>,
) -> String {
    let filled = |line: &str| {
        fill_with(line, |word| match word {
            "agent_name" => Some(agent.unwrap_or_default()),
            "mailbox_signature" => mailbox,
            "organization_name" => Some(&organization.name),
            _ => value(word, organization, None),
        })
    };
    let lines = template.trim().lines().map(|line| (line.trim().is_empty(), filled(line)));
    let kept = lines.filter(|(was_empty, line)| *was_empty || !line.trim().is_empty());
    kept.map(|(_, line)| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn fill_with<'v>(template: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    fill_or(template, |word| value(word).map(str::to_owned))
}

/// Fills a template in from `value`; what stands behind a `|` in the braces is said where the value is empty.
pub(crate) fn fill_or(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let known = after.split_once("}}").and_then(|(inside, tail)| {
            let (word, instead) = inside.split_once('|').unwrap_or((inside, ""));
            let value = value(word.trim())?;
            Some((if value.trim().is_empty() { instead.trim().to_owned() } else { value }, tail))
        });
        if let Some((value, tail)) = known {
            text.push_str(&value);
            rest = tail;
        } else {
            text.push_str("{{");
            rest = after;
        }
    }
    text + rest
}

fn value<'a>(word: &str, organization: &'a Organization, customer: Option<Customer<'a>>) -> Option<&'a str> {
    let name = |customer: Customer<'a>| customer.name.unwrap_or_default();
    match word {
        "organization_prefix" => Some(&organization.prefix),
        "support_email" => Some(&organization.support_email),
        "sender_email" => Some(&organization.sender_email),
        "name" => customer.map(name),
        "first_name" => customer.map(|c| name(c).split_whitespace().next().unwrap_or_default()),
        "phone" => customer.map(|customer| customer.phone),
        _ => None,
    }
}

/// The first variable of a template that is none of `known`.
pub fn unknown<'t>(template: &'t str, known: &[&str]) -> Option<&'t str> {
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("{{") {
        let (word, tail) = after.split_once("}}")?;
        // of `{{ {{name}}` the inner one is the variable
        let word = word.rsplit("{{").next().unwrap_or(word);
        let word = word.split('|').next().unwrap_or(word).trim();
        if !known.contains(&word) {
            return Some(word);
        }
        rest = tail;
    }
    None
}

/// The first of `known` whose braces are opened and not closed: customers would read the braces.
pub fn unclosed<'t>(template: &'t str, known: &[&str]) -> Option<&'t str> {
    let open = template.split("{{").skip(1).filter(|after| !after.contains("}}"));
    let mut words = open.map(|after| {
        let after = after.trim_start();
        after.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or(after)
    });
    words.find(|word| known.contains(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn acme() -> Organization {
        Organization {
            prefix: "Acme".into(),
            support_email: "help@acme.example".into(),
            ..Organization::default()
        }
    }

    #[test]
    fn h1_variables_are_filled_in_and_the_customers_words_are_not_a_template() {
        let anna = Customer { name: Some("Anna Lee"), phone: "+15550002222" };
        for (template, text) in [
            ("{{organization_prefix}}: write to {{support_email}}", "Acme: write to help@acme.example"),
            ("Hi {{first_name}} ({{ phone }}), {{unknown}} {{", "Hi Anna (+15550002222), {{unknown}} {{"),
            ("{{name}}{{sender_email}}.", "Anna Lee."),
            ("{{ {{phone}}", "{{ +15550002222"),
            ("", ""),
        ] {
            assert_eq!(fill(template, &acme(), Some(anna)), text);
        }
        let odd = Customer { name: Some("{{phone}}"), ..anna };
        assert_eq!(fill("Hi {{name}}", &acme(), Some(odd)), "Hi {{phone}}");
        assert_eq!(fill("Hi {{name}}", &acme(), None), "Hi {{name}}");
        assert_eq!(fill("Hi {{first_name}}!", &acme(), Some(Customer { name: None, ..anna })), "Hi !");
    }

    #[test]
    fn an_unknown_variable_is_found() {
        assert_eq!(unknown("{{phone}} {{ discount }}", CUSTOMER), Some("discount"));
        assert_eq!(unknown("{{phone}}", ORGANIZATION), Some("phone"));
        for fine in ["", "{{phone}}", "{{ {{ phone }}", "no {{ end", "}} {{name}}"] {
            assert_eq!(unknown(fine, CUSTOMER), None, "{fine}");
        }
    }

    #[test]
    fn h1_a_variable_whose_braces_are_not_closed_is_found() {
        for (template, word) in [
            ("{{phone", Some("phone")),
            ("Hi {{ first_name} it is us", Some("first_name")),
            ("{{name|there} and {{phone}}", Some("name")),
            ("{{phone}} {{name}}", None),
            ("no {{ end", None),
            ("{{ {{phone}}", None),
        ] {
            assert_eq!(unclosed(template, CUSTOMER), word, "{template}");
        }
    }

    proptest! {
        #[test]
        fn no_template_is_too_odd(template in "[{} a-z_é]{0,60}") {
            let customer = Some(Customer { name: Some("A"), phone: "+1" });
            fill(&template, &acme(), customer);
            unknown(&template, CUSTOMER);
            unclosed(&template, CUSTOMER);
        }

        #[test]
        fn what_has_no_unknown_variable_is_filled_completely(words in prop::collection::vec(prop::sample::select(CUSTOMER), 0..5)) {
            let template: String = words.iter().map(|word| format!("x {{{{{word}}}}} ")).collect();
            prop_assert_eq!(unknown(&template, CUSTOMER), None);
            let filled = fill(&template, &acme(), Some(Customer { name: Some("A"), phone: "+1" }));
            prop_assert!(!filled.contains("{{"));
        }
    }
}
