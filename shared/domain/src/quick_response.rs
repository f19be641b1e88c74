//! Answers at hand (H5): which variables they may have, and what they say in a ticket. Pure.

use crate::{settings::Organization, template};

/// Variables of a quick response.
pub const VARIABLES: &[&str] = &[
    "name",
    "first_name",
    "phone",
    "email",
    "ticket_number",
    "agent_name",
    "organization_name",
    "organization_prefix",
    "support_email",
    "sender_email",
];

/// What a quick response can say about the ticket it is put into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The customer's name.
    pub name: Option<String>,
    /// Their number.
    pub phone: Option<String>,
    /// Their mail address.
    pub email: Option<String>,
    /// The ticket's number.
    pub ticket_number: String,
    /// Who answers.
    pub agent_name: String,
}

/// Fills a quick response in. `{{first_name|there}}` says what stands where nothing is known; without it nothing does.
pub fn fill(text: &str, organization: &Organization, facts: &Facts) -> String {
    let known = |fact: &'_ Option<String>| fact.clone().unwrap_or_default();
    template::fill_or(text, |word| {
        Some(match word {
            "name" => known(&facts.name),
            "first_name" => known(&facts.name).split_whitespace().next().unwrap_or_default().to_owned(),
            "phone" => known(&facts.phone),
            "email" => known(&facts.email),
            "ticket_number" => facts.ticket_number.clone(),
            "agent_name" => facts.agent_name.clone(),
            "organization_name" => organization.name.clone(),
            "organization_prefix" => organization.prefix.clone(),
            "support_email" => organization.support_email.clone(),
            "sender_email" => organization.sender_email.clone(),
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h5_variables_say_what_is_known_or_what_stands_in() {
        let organization = Organization { name: "Acme".into(), ..Organization::default() };
        let anna = Facts {
            name: Some("Anna Lee".into()),
            phone: Some("+15550002222".into()),
            email: None,
            ticket_number: "42".into(),
            agent_name: "Maya".into(),
        };
        for (text, said) in [
            ("Hi {{first_name}}, this is {{agent_name}}.", "Hi Anna, this is Maya."),
            ("Hi {{ first_name | there }}!", "Hi Anna!"),
            ("We wrote to {{email|your address}}.", "We wrote to your address."),
            ("We wrote to {{email}}.", "We wrote to ."),
            ("Ticket {{ticket_number}} at {{organization_name}}", "Ticket 42 at Acme"),
            ("{{coupon}} and {{ braces", "{{coupon}} and {{ braces"),
        ] {
            assert_eq!(fill(text, &organization, &anna), said);
        }
        let nobody = Facts { ticket_number: "1".into(), ..Facts::default() };
        assert_eq!(fill("Hi {{first_name|there}}!", &organization, &nobody), "Hi there!");
        let odd = Facts { name: Some("{{phone}}".into()), ..anna };
        assert_eq!(fill("Hi {{name}}", &organization, &odd), "Hi {{phone}}", "their words are no template");
        assert_eq!(template::unknown("{{email|x}} {{ coupon|none }}", VARIABLES), Some("coupon"));
    }
}
