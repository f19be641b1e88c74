//! Who a visitor is, from what the browser and the site say. Pure.

use std::collections::BTreeMap;

use domain::{EmailAddress, event::Visitor};

use crate::{frames::HelloVisitor, resume::Claims};

/// Longest id of a visitor, in bytes.
const LONGEST_ID: usize = 128;
/// Longest name, in characters.
const LONGEST_NAME: usize = 120;
/// Longest address of a page, in bytes.
const LONGEST_PAGE: usize = 2_000;

/// Most fields of a form.
const MOST_FIELDS: usize = 12;
/// Longest value of a field, in characters.
const LONGEST_VALUE: usize = 1_000;

/// What a signature of the site speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    Nothing,
    Id,
    IdAndEmail,
}

/// Who a visitor is.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// The visitor.
    pub visitor: Visitor,
    /// The token's session belongs to somebody else: begin a new one.
    pub is_other: bool,
    /// A signature was given and is wrong: the claimed id was not taken over.
    pub bad_signature: bool,
}

/// Works out who says `hello`. `claims` are those of a resume token, `fresh` is a new random id for a browser that
/// has none, `secret` the site's identity secret.
pub fn recognise(said: &HelloVisitor, claims: Option<&Claims>, secret: Option<&str>, fresh: &str) -> Known {
    let signed = match (said.id.as_deref(), said.signature.as_deref(), secret) {
        (Some(id), Some(signature), Some(secret)) => {
            signed(id, said.email.as_deref().map(str::trim), signature, secret)
        }
        _ => Signed::Nothing,
    };
    let verified = signed != Signed::Nothing;
    let bad_signature = said.signature.is_some() && secret.is_some() && !verified;
    let claimed = said.id.as_deref().filter(|id| fits(id) && (said.signature.is_none() || verified));
    let other = claims.is_some_and(|c| c.verified && verified && Some(c.visitor.as_str()) != claimed);
    let (id, verified) = match claims {
        Some(c) if c.verified && !other => (c.visitor.clone(), true),
        Some(c) if !verified => (c.visitor.clone(), false),
        _ => (claimed.unwrap_or(fresh).to_owned(), verified && claimed.is_some()),
    };
    let email = said.email.as_deref().and_then(|text| EmailAddress::parse(text).ok());
    let email_verified = verified && email.is_some() && signed == Signed::IdAndEmail;
    let visitor = Visitor { id, name: said.name.as_deref().and_then(name), email, verified, email_verified };
    Known { visitor, is_other: other, bad_signature }
}

/// What the site signed, in hex of HMAC-SHA256 under its identity secret. An address counts only if it is part of it:
/// otherwise any customer could be another one by naming their address.
fn signed(id: &str, email: Option<&str>, signature: &str, secret: &str) -> Signed {
    let is_of = |parts: &[&[u8]]| {
        web::signature::is_hex_of(signature, web::signature::hmac_sha256(secret.as_bytes(), parts))
    };
    match email {
        Some(email) if is_of(&[id.as_bytes(), b"\n", email.as_bytes()]) => Signed::IdAndEmail,
        Some(email) if is_of(&[id.as_bytes()]) && email.eq_ignore_ascii_case(id) => Signed::IdAndEmail,
        _ if is_of(&[id.as_bytes()]) => Signed::Id,
        _ => Signed::Nothing,
    }
}

/// Takes a form apart: who the visitor says to be, where they have not said it otherwise, and everything else.
pub fn form(form: &BTreeMap<String, String>, said: &mut HelloVisitor) -> BTreeMap<String, String> {
    let mut rest = BTreeMap::new();
    for (field, value) in form.iter().take(MOST_FIELDS) {
        let value: String = value.replace('\0', "").trim().chars().take(LONGEST_VALUE).collect();
        match field.as_str() {
            _ if value.is_empty() || field.len() > 40 || field.chars().any(char::is_control) => {}
            "name" if said.name.is_none() => said.name = Some(value),
            "email" if said.email.is_none() => said.email = Some(value),
            "name" | "email" => {}
            _ => {
                rest.insert(field.clone(), value);
            }
        }
    }
    rest
}

fn fits(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && !id.chars().any(char::is_control)
}

/// A name as people may see it: one line, not empty, not endless.
pub fn name(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept: String = line.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    (!kept.is_empty()).then_some(kept)
}

/// The page, if it is a web address.
pub fn page(text: &str) -> Option<String> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    (is_web && text.len() <= LONGEST_PAGE && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use domain::SessionId;
    use uuid::Uuid;

    use super::*;

    const SECRET: Option<&str> = Some("a shared secret");

    fn said(id: &str, signature: Option<&str>) -> HelloVisitor {
        HelloVisitor {
            id: Some(id.into()),
            signature: signature.map(str::to_owned),
            ..HelloVisitor::default()
        }
    }

    fn signed(id: &str) -> HelloVisitor {
        let code = web::signature::hmac_sha256(b"a shared secret", &[id.as_bytes()]);
        said(id, Some(&web::signature::hex(code)))
    }

    fn claims(visitor: &str, verified: bool) -> Claims {
        Claims { session: SessionId(Uuid::nil()), site: "main".into(), visitor: visitor.into(), verified }
    }

    #[test]
    fn a_browser_keeps_its_own_id_and_gets_one_if_it_has_none() {
        assert_eq!(recognise(&said("b-1", None), None, None, "fresh").visitor.id, "b-1");
        for odd in ["", "a\nb", &"x".repeat(200)] {
            assert_eq!(recognise(&said(odd, None), None, None, "fresh").visitor.id, "fresh");
        }
    }

    #[test]
    fn only_a_signature_of_the_site_makes_a_visitor_verified() {
        let known = recognise(&signed("customer-42"), None, SECRET, "fresh");
        assert!(known.visitor.verified && !known.bad_signature);
        assert_eq!(known.visitor.id, "customer-42");
        let forged = recognise(&said("customer-42", Some("00")), None, SECRET, "fresh");
        assert!(!forged.visitor.verified && forged.bad_signature);
        assert_eq!(forged.visitor.id, "fresh", "the claimed id is not taken over");
    }

    #[test]
    fn an_address_is_proven_only_if_the_site_signed_it() {
        let sign = |text: &str| {
            web::signature::hex(web::signature::hmac_sha256(b"a shared secret", &[text.as_bytes()]))
        };
        let anna = "anna@example.com";
        for (id, signature, verified, email_verified) in [
            ("customer-42", sign("customer-42\nanna@example.com"), true, true),
            ("customer-42", sign("customer-42"), true, false),
            (anna, sign(anna), true, true),
            ("customer-42", sign("customer-42\nbert@example.com"), false, false),
            ("customer-42", sign("anna@example.com"), false, false),
        ] {
            let said = HelloVisitor { email: Some(anna.into()), ..said(id, Some(&signature)) };
            let visitor = recognise(&said, None, SECRET, "fresh").visitor;
            assert_eq!(
                (visitor.verified, visitor.email_verified),
                (verified, email_verified),
                "{id} {signature}"
            );
        }
    }

    #[test]
    fn a_form_says_who_somebody_is_and_more() {
        let given =
            [("name", "Anna"), ("email", "a@x.example"), ("order", " 10042 "), ("empty", " "), ("a\nb", "x")];
        let given = given.map(|(field, value)| (field.to_owned(), value.to_owned())).into();
        let mut said = HelloVisitor { email: Some("known@x.example".into()), ..HelloVisitor::default() };
        assert_eq!(form(&given, &mut said), [("order".to_owned(), "10042".to_owned())].into());
        assert_eq!((said.name.as_deref(), said.email.as_deref()), (Some("Anna"), Some("known@x.example")));
    }

    #[test]
    fn a_token_says_who_it_was_whatever_the_browser_says() {
        let known = recognise(&said("somebody-else", None), Some(&claims("b-1", false)), SECRET, "fresh");
        assert_eq!((known.visitor.id.as_str(), known.is_other), ("b-1", false));
    }

    #[test]
    fn signing_in_keeps_the_chat_but_another_customer_gets_a_new_one() {
        let same_browser = recognise(&signed("customer-42"), Some(&claims("b-1", false)), SECRET, "fresh");
        assert_eq!((same_browser.visitor.id.as_str(), same_browser.is_other), ("customer-42", false));
        let other = recognise(&signed("customer-43"), Some(&claims("customer-42", true)), SECRET, "fresh");
        assert_eq!((other.visitor.id.as_str(), other.is_other), ("customer-43", true));
    }

    #[test]
    fn names_and_pages_are_cleaned() {
        assert_eq!(name("  Anna \n Maria ").as_deref(), Some("Anna Maria"));
        assert_eq!(name(" \t"), None);
        assert_eq!(page("javascript:alert(1)"), None);
        assert_eq!(page("https://shop.example.com/").as_deref(), Some("https://shop.example.com/"));
    }
}
