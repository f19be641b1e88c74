//! Which addresses of a notification may be called: Amazon's own, or the stand-in that was configured. Anything else
//! would let whoever writes a notification choose where this house sends requests.

use url::Url;

use super::Proven;

/// Where the certificate lies: a `.pem` of SNS.
pub fn certificate(given: &str, topic: &Proven<'_>) -> Option<Url> {
    trusted(given, topic).filter(|url| url.path().ends_with(".pem"))
}

/// What to call to confirm a subscription.
pub fn confirmation(given: &str, topic: &Proven<'_>) -> Option<Url> {
    trusted(given, topic)
}

fn trusted(given: &str, topic: &Proven<'_>) -> Option<Url> {
    let url = Url::parse(given).ok()?;
    let is_stand_in =
        || topic.lines().any(|l| l.api_base.as_ref().is_some_and(|b| b.origin() == url.origin()));
    let is_amazons = url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(is_sns);
    let has_user = !url.username().is_empty() || url.password().is_some();
    (!has_user && (is_amazons || is_stand_in())).then_some(url)
}

/// `^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?$`
fn is_sns(host: &str) -> bool {
    let region = host.strip_prefix("sns.").and_then(|rest| {
        rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
    });
    region.is_some_and(|region| {
        region.len() >= 3 && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::Lines;

    fn lines(api_base: Option<&str>) -> Lines {
        let numbers = json!([{"number": "+15550001111", "provider": "aws_sns", "api_base": api_base}]);
        Lines { numbers: serde_json::from_value(numbers).unwrap(), house_secret: host::Secret::new("") }
    }

    fn fetched(given: &str, api_base: Option<&str>) -> Option<String> {
        let lines = lines(api_base);
        certificate(given, &Proven::by(&lines, |_| true).unwrap()).map(String::from)
    }

    #[test]
    fn only_amazon_is_called() {
        for good in [
            "https://sns.us-east-2.amazonaws.com/SimpleNotificationService-7f.pem",
            "https://SNS.us-east-2.amazonaws.com:443/x.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
        ] {
            assert!(fetched(good, None).is_some(), "{good}");
        }
        for bad in [
            "http://sns.us-east-2.amazonaws.com/x.pem",
            "https://sns.us-east-2.amazonaws.com/x.key",
            "https://sns.us-east-2.amazonaws.com:8443/x.pem",
            "https://sns.us-east-2.amazonaws.com.evil.example/x.pem",
            "https://sns.us-east-2.amazonaws.com@evil.example/x.pem",
            "https://user@sns.us-east-2.amazonaws.com/x.pem",
            "https://evil.example/sns.us-east-2.amazonaws.com/x.pem",
            "https://sns.x.amazonaws.com/x.pem",
            "https://sns.a.b.amazonaws.com/x.pem",
            "https://s3.us-east-2.amazonaws.com/x.pem",
            "https://sns.us-east-2.amazonaws.com/x?y=.pem",
            "https://169.254.169.254/latest/x.pem",
            "file:///etc/x.pem",
            "x.pem",
            "",
        ] {
            assert_eq!(fetched(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn a_stand_in_is_called_only_where_it_was_configured() {
        let base = Some("http://127.0.0.1:4575/base/");
        assert!(fetched("http://127.0.0.1:4575/cert.pem", base).is_some());
        assert!(fetched("https://sns.us-east-2.amazonaws.com/x.pem", base).is_some());
        for bad in
            ["http://127.0.0.1:4576/cert.pem", "https://127.0.0.1:4575/cert.pem", "http://127.0.0.1:4575/x"]
        {
            assert_eq!(fetched(bad, base), None, "{bad}");
        }
        assert_eq!(fetched("http://127.0.0.1:4575/cert.pem", None), None);
    }

    #[test]
    fn a_confirmation_has_no_pem_but_the_same_host() {
        let lines = lines(None);
        let topic = Proven::by(&lines, |_| true).unwrap();
        let url = "https://sns.us-east-2.amazonaws.com/?Action=ConfirmSubscription&Token=2";
        assert!(confirmation(url, &topic).is_some());
        assert_eq!(confirmation("https://evil.example/?Action=ConfirmSubscription", &topic), None);
    }
}
