//! Proof for carriers that do not sign: a secret in the address, or basic authorization. Both are compared in constant
//! time, and both may be given twice while one is being changed (`webhook_secret_previous`).

use std::iter;

use base64::{Engine, engine::general_purpose::STANDARD};
use host::config::SmsNumber;
use web::signature::same;

use super::{Lines, Refusal, Request, by_number};

/// The numbers whose secret a request carried. It may speak for these, and for no others.
pub struct Proven<'a> {
    first: &'a SmsNumber,
    others: Vec<&'a SmsNumber>,
}

impl<'a> Proven<'a> {
    /// Those of `lines` for which the request is proven; `None` if it proves nothing.
    pub fn by(lines: &'a Lines, proves: impl Fn(&SmsNumber) -> bool) -> Option<Self> {
        let mut proven = lines.numbers.iter().filter(|number| proves(number));
        Some(Self { first: proven.next()?, others: proven.collect() })
    }

    /// All of them.
    pub fn lines(&self) -> impl Iterator<Item = &'a SmsNumber> {
        iter::once(self.first).chain(self.others.iter().copied())
    }

    /// One of them, where it does not matter which: they share the secret, hence the account.
    pub fn any(&self) -> &'a SmsNumber {
        self.first
    }

    /// The one that a text came for.
    ///
    /// # Errors
    /// [`Refusal::UnknownNumber`] if it is none of them.
    pub fn line(&self, given: &str, id: Option<&str>) -> Result<&'a SmsNumber, Refusal> {
        let unknown =
            || Refusal::UnknownNumber { number: given.to_owned(), external_id: id.map(str::to_owned) };
        self.named(given).ok_or_else(unknown)
    }

    /// The one that is named, or any: a receipt is not refused for the sender it names.
    pub fn line_or_any(&self, given: Option<&str>) -> &'a SmsNumber {
        given.and_then(|given| self.named(given)).unwrap_or(self.first)
    }

    fn named(&self, given: &str) -> Option<&'a SmsNumber> {
        by_number(self.lines(), given)
    }
}

/// The numbers proven by a secret in the address or by basic authorization.
///
/// # Errors
/// [`Refusal::Unproven`], with why.
pub fn proven<'a>(
    request: &Request<'_>,
    lines: &'a Lines,
    external_id: Option<String>,
) -> Result<Proven<'a>, Refusal> {
    Proven::by(lines, |number| is_given(request, number)).ok_or_else(|| {
        let has_way = lines.numbers.iter().any(is_configured);
        let came = request.path_secret.is_some() || request.header("authorization").is_some();
        let reason = match (has_way, came) {
            (false, _) => {
                "no number of this carrier has a webhook_secret or a webhook_password to be believed by"
            }
            (true, false) => "neither the secret address nor basic authorization was used",
            (true, true) => "the secret of the address, or the basic authorization, does not match",
        };
        Refusal::Unproven { reason: reason.to_owned(), external_id }
    })
}

/// Whether the request carries the number's `webhook_secret` in its address, or its `webhook_user` and
/// `webhook_password` (RFC 7617).
pub fn is_given(request: &Request<'_>, number: &SmsNumber) -> bool {
    by_address(request, number) || by_password(request, number)
}

/// Whether the number has a proof of this kind at all.
pub fn is_configured(number: &SmsNumber) -> bool {
    number.credentials.get("webhook_secret").is_some() || number.credentials.get("webhook_password").is_some()
}

fn by_address(request: &Request<'_>, number: &SmsNumber) -> bool {
    let Some(given) = request.path_secret.filter(|given| !given.is_empty()) else { return false };
    number.credentials.current_and_previous("webhook_secret").any(|secret| same(given, secret.expose()))
}

fn by_password(request: &Request<'_>, number: &SmsNumber) -> bool {
    let Some(password) = number.credentials.get("webhook_password") else { return false };
    let user = number.credentials.get("webhook_user").map_or("", |user| user.expose());
    let given = request.header("authorization").and_then(|value| {
        let (scheme, encoded) = value.split_once(' ')?;
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        scheme.eq_ignore_ascii_case("basic").then_some(decoded)
    });
    given.is_some_and(|given| same(given, format!("{user}:{}", password.expose())))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use serde_json::json;

    use super::*;

    fn proven(path_secret: Option<&str>, authorization: Option<&str>) -> bool {
        let number = serde_json::from_value(json!({
            "number": "+15550001111", "provider": "bandwidth",
            "credentials": {"webhook_secret": "long", "webhook_secret_previous": "old",
                "webhook_user": "fd", "webhook_password": "pä:ss"},
        }))
        .unwrap();
        let headers = authorization.map(|value| ("authorization".parse().unwrap(), value.parse().unwrap()));
        let headers = headers.into_iter().collect::<HeaderMap>();
        let url = "https://desk.example.com/webhooks/sms/bandwidth";
        let request =
            Request { method: "POST", url, headers: &headers, body: b"", path_secret, certificate: None };
        is_given(&request, &number)
    }

    #[test]
    fn a_secret_in_the_address_or_basic_authorization_proves_who_calls() {
        assert!(proven(Some("long"), None) && proven(Some("old"), None));
        assert!(!proven(Some("short"), None) && !proven(Some(""), None) && !proven(None, None));
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert!(proven(None, Some(&basic("fd:pä:ss"))));
        for wrong in [basic("fd:pass"), basic("x:pä:ss"), basic("pä:ss"), "Bearer x".into(), "Basic §".into()]
        {
            assert!(!proven(None, wrong.is_ascii().then_some(wrong.as_str())), "{wrong}");
        }
    }
}
