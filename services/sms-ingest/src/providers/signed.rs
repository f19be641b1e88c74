//! Who sent a call, for carriers that sign. A number with its carrier's signing credential believes signatures alone;
//! one without it may be proven as in [`proof`]; one with neither believes nobody.

use host::config::SmsNumber;

use super::{
    Lines, Refusal, Request,
    proof::{self, Proven},
};

/// What a key says that did not make the signature.
pub const MISMATCH: &str = "the signature does not match";
/// There is nothing to check.
pub const MISSING: &str = "the signature is missing";

/// The numbers that a call may speak for. `check` judges one key, on behalf of a number that has it; what it says
/// besides [`MISMATCH`] tells more and wins.
///
/// # Errors
/// [`Refusal::Unproven`], with why, or with the credential that is missing.
pub fn by<'a>(
    request: &Request<'_>,
    lines: &'a Lines,
    external_id: Option<String>,
    check: impl Fn(&SmsNumber, &str) -> Result<(), &'static str>,
) -> Result<Proven<'a>, Refusal> {
    let mut reason = None;
    let mut tried: Vec<&str> = Vec::new();
    for (number, key) in lines.numbers.iter().flat_map(|number| keys(number).map(move |key| (number, key))) {
        if tried.contains(&key) {
            continue;
        }
        tried.push(key);
        match check(number, key) {
            Ok(()) => {
                let proven = Proven::by(lines, |number| keys(number).any(|own| own == key));
                return proven.ok_or_else(|| unproven(MISMATCH, external_id));
            }
            Err(why) if reason.is_none_or(|known| known == MISMATCH) => reason = Some(why),
            Err(_) => {}
        }
    }
    let proven =
        Proven::by(lines, |number| keys(number).next().is_none() && proof::is_given(request, number));
    proven.ok_or_else(|| unproven(&reason.map_or_else(|| without_keys(lines), str::to_owned), external_id))
}

fn unproven(reason: &str, external_id: Option<String>) -> Refusal {
    Refusal::Unproven { reason: reason.to_owned(), external_id }
}

/// What the carrier may have signed with: the credential and, while it is being changed, the one before.
fn keys(number: &SmsNumber) -> impl Iterator<Item = &str> {
    let secrets = number.provider.signs_with().map(|name| number.credentials.current_and_previous(name));
    secrets.into_iter().flatten().map(|secret| secret.expose()).filter(|key| !key.is_empty())
}

fn without_keys(lines: &Lines) -> String {
    if lines.numbers.iter().any(proof::is_configured) {
        return "neither the webhook_secret of a number is in the address, nor its webhook_user and \
                webhook_password in the authorization"
            .to_owned();
    }
    let name = lines.numbers.first().and_then(|number| number.provider.signs_with()).unwrap_or_default();
    format!("nothing is configured to check it with: a number needs its {name}, or a webhook_secret")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use serde_json::{Value, json};

    use super::*;

    fn lines(credentials: &[Value]) -> Lines {
        let number = |(i, credentials)| json!({"number": format!("+1555000111{i}"), "provider": "vonage", "credentials": credentials});
        let numbers: Value = credentials.iter().enumerate().map(number).collect();
        Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
    }

    fn judged(lines: &Lines, signed_with: &str, path_secret: Option<&str>) -> Result<Vec<String>, String> {
        let url = "https://desk.example.com/webhooks/sms/vonage";
        let headers = HeaderMap::new();
        let request =
            Request { method: "POST", url, headers: &headers, body: b"", path_secret, certificate: None };
        let check = |_: &SmsNumber, key: &str| match key {
            key if key == signed_with => Ok(()),
            "stale" => Err("it is too old"),
            _ => Err(MISMATCH),
        };
        match by(&request, lines, Some("m1".into()), check) {
            Ok(proven) => {
                let all = lines.numbers.iter().map(|number| number.number.to_string());
                Ok(all.filter(|number| proven.line(number, None).is_ok()).collect())
            }
            Err(Refusal::Unproven { reason, external_id: Some(id) }) if id == "m1" => Err(reason),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_speaks_for_the_numbers_that_have_it_and_a_previous_one_still_does() {
        let lines = lines(&[
            json!({"signing_key": "a"}),
            json!({"signing_key": "b", "signing_key_previous": "a"}),
            json!({"signing_key": "c"}),
        ]);
        assert_eq!(judged(&lines, "a", None).unwrap(), ["+15550001110", "+15550001111"]);
        assert_eq!(judged(&lines, "c", None).unwrap(), ["+15550001112"]);
        assert_eq!(judged(&lines, "d", None).unwrap_err(), MISMATCH);
    }

    #[test]
    fn the_reason_that_tells_most_is_given() {
        let stale = lines(&[
            json!({"signing_key": "a"}),
            json!({"signing_key": "stale"}),
            json!({"signing_key": "b"}),
        ]);
        assert_eq!(judged(&stale, "d", None).unwrap_err(), "it is too old");
        let bare = judged(&lines(&[json!({})]), "", None).unwrap_err();
        assert!(bare.contains("signing_key") && bare.contains("webhook_secret"), "{bare}");
        let secret = judged(&lines(&[json!({"webhook_secret": "s"})]), "", None).unwrap_err();
        assert!(secret.contains("is in the address"), "{secret}");
    }

    #[test]
    fn a_secret_address_proves_only_numbers_without_a_signing_key() {
        let lines = lines(&[
            json!({"signing_key": "a", "webhook_secret": "s"}),
            json!({"signing_key": "", "webhook_secret": "s"}),
        ]);
        assert_eq!(judged(&lines, "", Some("s")).unwrap(), ["+15550001111"]);
        assert_eq!(judged(&lines, "", Some("x")).unwrap_err(), MISMATCH);
    }
}
