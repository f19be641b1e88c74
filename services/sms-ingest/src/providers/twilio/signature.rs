//! `X-Twilio-Signature`: base64(HMAC-SHA1(auth token, address + sorted parameters)).
//!
//! Source: Twilio's "Security" guide and the request validators of its own libraries, which differ in the port and in
//! how the query is written; the address is therefore tried in each of their ways.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;
use web::signature::{hex, hmac_sha1, is_base64_of, same, sha256};

use super::super::params::Params;

/// What a request carries besides its address.
pub enum Signed<'a> {
    /// A form: its parameters are signed.
    Form(&'a Params),
    /// Anything else: the address is signed, and names the hash of these bytes.
    Raw(&'a [u8]),
}

/// Whether one of the tokens made this signature.
pub fn is_valid(signature: &str, url: &str, signed: &Signed<'_>, tokens: &BTreeSet<&str>) -> bool {
    let tail = match signed {
        Signed::Form(params) => sorted(params),
        Signed::Raw(body) if names_hash_of(url, body) => Vec::new(),
        Signed::Raw(_) => return false,
    };
    let ways = ways_to_write(url);
    let made = |token: &&str, url: &String| hmac_sha1(token.as_bytes(), &[url.as_bytes(), &tail]);
    tokens.iter().any(|token| ways.iter().any(|way| is_base64_of(signature, made(token, way))))
}

/// Names in byte order, each before each of its values; a repeated name's values once each, sorted.
fn sorted(params: &Params) -> Vec<u8> {
    let mut by_name: BTreeMap<&[u8], BTreeSet<&[u8]>> = BTreeMap::new();
    for (name, value) in params.pairs() {
        by_name.entry(name).or_default().insert(value);
    }
    let pairs = by_name.iter().flat_map(|(name, values)| values.iter().flat_map(|value| [*name, *value]));
    pairs.collect::<Vec<_>>().concat()
}

/// A body that is no form is signed through `bodySHA256` in the query; without a body there is nothing to name.
fn names_hash_of(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    match Params::parse(query.as_bytes()).text("bodySHA256") {
        Some(hash) => same(hash.to_ascii_lowercase(), hex(sha256(body))),
        None => body.is_empty(),
    }
}

/// As given first; then without its port, with the scheme's port; then the same once more as a browser would write it
/// (an apostrophe in the query becomes `%27`).
fn ways_to_write(url: &str) -> Vec<String> {
    let given = url.split('#').next().unwrap_or(url).to_owned();
    let bare = without_port(&given);
    let as_browser = Url::parse(&bare).map(String::from).unwrap_or_default();
    let mut ways = vec![given.clone(), bare, with_port(&given), as_browser.clone(), with_port(&as_browser)];
    ways.retain(|way| !way.is_empty());
    ways.dedup();
    ways
}

fn without_port(url: &str) -> String {
    let Some((start, end)) = port_of(url) else { return url.to_owned() };
    format!("{}{}", &url[..start], &url[end..])
}

fn with_port(url: &str) -> String {
    let (None, Some((_, end))) = (port_of(url), authority_of(url)) else { return url.to_owned() };
    let port = if url.starts_with("https:") { "443" } else { "80" };
    format!("{}:{port}{}", &url[..end], &url[end..])
}

/// Where `:1234` stands.
fn port_of(url: &str) -> Option<(usize, usize)> {
    let (start, end) = authority_of(url)?;
    let host = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    let colon = host + url[host..end].rfind(':')?;
    url[colon + 1..end].bytes().all(|b| b.is_ascii_digit()).then_some((colon, end))
}

/// Where `user@host:1234` stands.
fn authority_of(url: &str) -> Option<(usize, usize)> {
    let start = url.find("://")? + 3;
    let length = url[start..].find(['/', '?']).unwrap_or(url.len() - start);
    Some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::vectors;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const FORM: &str =
        "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309";

    fn valid(signature: &str, url: &str, form: &str, token: &str) -> bool {
        let params = Params::parse(form.as_bytes());
        is_valid(signature, url, &Signed::Form(&params), &BTreeSet::from([token]))
    }

    #[test]
    fn the_examples_of_twilios_own_libraries() {
        assert!(valid("RSOYDt4T1cUTdK1PDd93/VVr8B8=", URL, FORM, "12345"));
        assert!(!valid("RSOYDt4T1cUTdK1PDd93/VVr8B8=", URL, FORM, "54321"));
        let repeated = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
        assert!(valid("IK+Dwps556ElfBT0I3Rgjkr1wJU=", URL, repeated, "12345"));
        let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let url = format!("{URL}&bodySHA256={hash}");
        let json = |body: &str| {
            let signed = Signed::Raw(body.as_bytes());
            is_valid("a9nBmqA0ju/hNViExpshrM61xv4=", &url, &signed, &BTreeSet::from(["12345"]))
        };
        assert!(json("{\"property\": \"value\", \"boolean\": true}"));
        assert!(!json("{\"property\": \"value\", \"boolean\": false}"));
    }

    #[test]
    fn a_rotated_token_still_counts_while_it_is_configured() {
        let params = Params::parse(FORM.as_bytes());
        let tokens = BTreeSet::from(["new", "12345"]);
        assert!(is_valid("RSOYDt4T1cUTdK1PDd93/VVr8B8=", URL, &Signed::Form(&params), &tokens));
    }

    #[test]
    fn a_body_that_no_hash_names_is_never_valid() {
        let signature = web::signature::base64(hmac_sha1(b"12345", &[URL.as_bytes()]));
        let signed =
            |body: &'static [u8]| is_valid(&signature, URL, &Signed::Raw(body), &BTreeSet::from(["12345"]));
        assert!(signed(b""), "a GET has no body");
        assert!(!signed(b"{}"));
    }

    #[test]
    fn an_address_is_tried_in_each_way_it_may_have_been_signed() {
        for (url, bare, ported) in [
            ("https://a.b/x?y", "https://a.b/x?y", "https://a.b:443/x?y"),
            ("http://a.b:8080/x", "http://a.b/x", "http://a.b:8080/x"),
            ("https://u:1@a.b/x:1", "https://u:1@a.b/x:1", "https://u:1@a.b:443/x:1"),
            ("http://[::1]/x", "http://[::1]/x", "http://[::1]:80/x"),
            ("http://[::1]:81?q=1", "http://[::1]?q=1", "http://[::1]:81?q=1"),
        ] {
            assert_eq!((without_port(url).as_str(), with_port(url).as_str()), (bare, ported));
        }
    }

    #[test]
    fn every_vector_of_twilios_libraries_is_judged_as_they_do() {
        for vector in vectors::of("twilio-hmac-sha1", 34) {
            vector.judge(|request| {
                let params = Params::parse(request.body);
                let is_form = request.header("content-type").is_none_or(|kind| kind.contains("form"));
                let signed = if is_form { Signed::Form(&params) } else { Signed::Raw(request.body) };
                let given = request.header("x-twilio-signature").unwrap_or_default();
                is_valid(given, request.url, &signed, &BTreeSet::from([vector.secret.as_str()]))
            });
        }
    }
}
