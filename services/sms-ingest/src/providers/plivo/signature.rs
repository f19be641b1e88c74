//! Plivo's signatures, the strongest first: V3 covers address, parameters and nonce; V2, which Plivo sends with messages,
//! covers scheme, host, path and nonce, but neither query nor body; V1 is old and covers address and parameters.
//!
//! Source: Plivo's "Signature validation" page and the validators of its own libraries. A header may list several
//! signatures; `-Ma-` ones are made with the token of the main account, the others with the sub-account's.

use web::signature::{hmac_sha1, hmac_sha256, is_base64_of};

use super::super::{
    Request,
    params::Params,
    signed::{MISMATCH, MISSING},
};

const V3: [&str; 2] = ["x-plivo-signature-v3", "x-plivo-signature-ma-v3"];
const V2: [&str; 2] = ["x-plivo-signature-v2", "x-plivo-signature-ma-v2"];
const V1: &str = "x-plivo-signature";

/// What the signature of a request covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Address and parameters.
    Everything,
    /// The address without its query.
    Address,
}

/// By the strongest signature there is.
pub fn covers(request: &Request<'_>) -> Covers {
    let has = |names: &[&str]| names.iter().any(|name| request.header(name).is_some());
    if has(&V3) || !has(&V2) { Covers::Everything } else { Covers::Address }
}

/// The nonce of V2.
pub fn nonce<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.headers.get("x-plivo-signature-v2-nonce")?.to_str().ok()
}

/// Whether the token made the strongest signature of the request.
///
/// # Errors
/// Why it did not.
pub fn check(request: &Request<'_>, form: &Params, query: &Params, token: &str) -> Result<(), &'static str> {
    let given = |names: &[&str]| -> Vec<String> {
        let values = names.iter().filter_map(|name| request.header(name));
        values.flat_map(|value| value.split(',')).map(|one| one.trim().to_owned()).collect()
    };
    let (v3, v2, v1) = (given(&V3), given(&V2), given(&[V1]));
    let nonce = |name| request.header(name).ok_or("the nonce of the signature is missing");
    let key = token.as_bytes();
    let made = |signatures: &[String], text: &str| {
        let code = hmac_sha256(key, &[text.as_bytes()]);
        signatures.iter().any(|one| is_base64_of(one, code))
    };
    let valid = if !v3.is_empty() {
        let text = v3_text(request, form, query);
        made(&v3, &format!("{text}.{}", nonce("x-plivo-signature-v3-nonce")?))
    } else if !v2.is_empty() {
        let nonce = nonce("x-plivo-signature-v2-nonce")?;
        made(&v2, &format!("{}{nonce}", base(request)))
    } else if !v1.is_empty() {
        let code = hmac_sha1(key, &[request.url.as_bytes(), joined(form).as_bytes()]);
        v1.iter().any(|one| is_base64_of(one, code))
    } else {
        return Err(MISSING);
    };
    if valid { Ok(()) } else { Err(MISMATCH) }
}

/// The address without its query.
fn base<'a>(request: &Request<'a>) -> &'a str {
    request.url.split(['?', '#']).next().unwrap_or_default()
}

/// `base?a=1&b=2.name1value1name2value2`, each part only where there is something to say.
fn v3_text(request: &Request<'_>, form: &Params, query: &Params) -> String {
    let pairs: Vec<_> =
        query.sorted().into_iter().map(|(name, value)| format!("{}={}", lossy(name), lossy(value))).collect();
    let (query, form) = (pairs.join("&"), joined(form));
    let mark = if query.is_empty() && form.is_empty() { "" } else { "?" };
    let dot = if query.is_empty() || form.is_empty() { "" } else { "." };
    format!("{}{mark}{query}{dot}{form}", base(request))
}

fn joined(params: &Params) -> String {
    params.sorted().into_iter().map(|(name, value)| format!("{}{}", lossy(name), lossy(value))).collect()
}

fn lossy(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use url::form_urlencoded::Serializer;

    use super::{
        super::super::vectors::{self, Vector},
        *,
    };

    /// With GET the vectors list what Plivo adds to the query.
    fn as_sent(vector: &Vector) -> Vector {
        let mut sent = vector.clone();
        if vector.method == "GET" {
            let added = Serializer::new(String::new()).extend_pairs(&vector.params).finish();
            let glue = if vector.url.contains('?') { '&' } else { '?' };
            sent.url = format!("{}{glue}{added}", vector.url);
        }
        sent
    }

    #[test]
    fn every_vector_of_plivos_libraries_is_judged_as_they_do() {
        for vector in vectors::of("plivo-", 11) {
            let vector = as_sent(&vector);
            vector.judge(|request| {
                let form = Params::parse(request.body);
                let query = Params::parse(request.query().as_bytes());
                check(request, &form, &query, &vector.secret).is_ok()
            });
        }
    }
}
