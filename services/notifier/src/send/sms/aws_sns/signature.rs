//! AWS Signature Version 4 of a POST, with the time as an argument. Source: AWS's "Create a signed AWS API request".

use domain::Timestamp;
use web::signature::{hex, hmac_sha256, sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Who signs.
pub struct Keys<'a> {
    /// The id of the access key.
    pub id: &'a str,
    /// The access key's secret.
    pub secret: &'a str,
}

/// What is signed: a POST without query.
pub struct Signed<'a> {
    /// The path, encoded.
    pub path: &'a str,
    /// The headers that are signed, by lower-case name, sorted; `host` and `x-amz-date` among them.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// A moment as `20150830T123600Z`.
pub fn basic_time(now: Timestamp) -> String {
    let text = now.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

/// The `Authorization` header.
pub fn authorization(
    request: &Signed<'_>,
    keys: &Keys<'_>,
    region: &str,
    service: &str,
    time: &str,
) -> String {
    let day = time.get(..8).unwrap_or_default();
    let names = request.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let headers: String =
        request.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let body = hex(sha256(request.body));
    let canonical = format!("POST\n{}\n\n{headers}\n{names}\n{body}", request.path);
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(sha256(canonical.as_bytes())));
    let first = hmac_sha256(format!("AWS4{}", keys.secret).as_bytes(), &[day.as_bytes()]);
    let key = [region, service, "aws4_request"]
        .iter()
        .fold(first, |key, part| hmac_sha256(&key, &[part.as_bytes()]));
    let signature = hex(hmac_sha256(&key, &[to_sign.as_bytes()]));
    format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", keys.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys<'_> = Keys { id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
    const TIME: &str = "20150830T123600Z";

    /// Amazon's own examples: `post-vanilla` and `post-x-www-form-urlencoded` of its test suite.
    #[test]
    fn the_signature_is_that_of_amazons_examples() {
        let host = ("host", "example.amazonaws.com");
        let date = ("x-amz-date", TIME);
        let kind = ("content-type", "application/x-www-form-urlencoded");
        for (headers, body, names, signature) in [
            (
                &[host, date][..],
                "",
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                &[kind, host, date],
                "Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            let request = Signed { path: "/", headers, body: body.as_bytes() };
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            );
            assert_eq!(authorization(&request, &KEYS, "us-east-1", "service", TIME), expected);
        }
    }

    #[test]
    fn a_moment_is_written_without_punctuation() {
        assert_eq!(basic_time(Timestamp::from_millis(1_440_938_160_123)), TIME);
    }
}
