//! Which carrier shows its files to whom. Credentials go to the carrier's own hosts only. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use host::config::{Provider, SmsNumber};
use reqwest::header::HeaderValue;
use url::Url;

/// The `Authorization` for a file of this number, if that is a place of its carrier's.
pub(super) fn of(line: &SmsNumber, url: &Url) -> Option<HeaderValue> {
    let trusted = is_own(line, url) || (url.scheme() == "https" && is_of(line.provider, url));
    let proof = proof(line).filter(|_| trusted)?;
    let mut value = HeaderValue::from_str(&proof).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether this is the place configured as `api_base`: a stand-in on this machine, or the account's own address.
pub(super) fn is_own(line: &SmsNumber, url: &Url) -> bool {
    line.api_base.as_ref().is_some_and(|base| base.host() == url.host())
}

/// Whether both are the same scheme, host and port.
pub(super) fn is_same_place(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

fn is_of(provider: Provider, url: &Url) -> bool {
    let domains: &[&str] = match provider {
        Provider::Twilio => &["twilio.com"],
        Provider::Vonage => &["nexmo.com", "vonage.com"],
        Provider::Plivo => &["plivo.com"],
        Provider::Messagebird => &["messagebird.com", "bird.com"],
        Provider::Infobip => &["infobip.com"],
        Provider::Bandwidth => &["bandwidth.com"],
        Provider::Telnyx | Provider::Sinch | Provider::AwsSns | Provider::Sandbox => &[],
    };
    let host = url.host_str().unwrap_or_default();
    domains
        .iter()
        .any(|domain| host == *domain || host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')))
}

/// Telnyx and Sinch hand out addresses that open by themselves; SNS has no pictures.
fn proof(line: &SmsNumber) -> Option<String> {
    let get = |name: &str| line.credentials.get(name).map(|secret| secret.expose().to_owned());
    let basic = |user: &str, password: &str| {
        Some(format!("Basic {}", STANDARD.encode(format!("{}:{}", get(user)?, get(password)?))))
    };
    match line.provider {
        Provider::Twilio => basic("account_sid", "auth_token"),
        Provider::Vonage => basic("api_key", "api_secret"),
        Provider::Plivo => basic("auth_id", "auth_token"),
        Provider::Bandwidth => basic("api_user", "api_password"),
        Provider::Messagebird => Some(format!("AccessKey {}", get("api_key")?)),
        Provider::Infobip => Some(format!("App {}", get("api_key")?)),
        Provider::Telnyx | Provider::Sinch | Provider::AwsSns | Provider::Sandbox => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(provider: &str, api_base: Option<&str>) -> SmsNumber {
        let credentials = json!({"account_sid": "AC1", "auth_token": "t", "auth_id": "MA1", "api_key": "k",
            "api_secret": "s", "api_user": "u", "api_password": "p"});
        let line = json!({"number": "+15550001111", "provider": provider, "api_base": api_base,
            "credentials": credentials});
        serde_json::from_value(line).unwrap()
    }

    #[test]
    fn each_carrier_gets_its_own_credentials_at_its_own_hosts_only() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (provider, url, proof) in [
            (
                "twilio",
                "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1",
                Some(basic("AC1:t")),
            ),
            ("twilio", "http://api.twilio.com/x", None),
            ("twilio", "https://twilio.com.evil.example/x", None),
            ("twilio", "https://eviltwilio.com/x", None),
            ("twilio", "https://media.bandwidth.com/x", None),
            ("bandwidth", "https://messaging.bandwidth.com/api/v2/users/1/media/x", Some(basic("u:p"))),
            ("plivo", "https://media.plivo.com/Account/MA1/x", Some(basic("MA1:t"))),
            ("vonage", "https://api.nexmo.com/v3/media/x", Some(basic("k:s"))),
            ("messagebird", "https://messaging.messagebird.com/v1/files/x", Some("AccessKey k".into())),
            ("infobip", "https://xyz.api.infobip.com/mms/1/content/x", Some("App k".into())),
            ("telnyx", "https://media.telnyx.com/x", None),
            ("sandbox", "https://sandbox.example/x", None),
        ] {
            let found = of(&line(provider, None), &Url::parse(url).unwrap());
            assert_eq!(
                found.as_ref().map(|value| value.to_str().unwrap()),
                proof.as_deref(),
                "{provider} {url}"
            );
            assert!(found.is_none_or(|value| value.is_sensitive()), "it stays out of logs");
        }
        let own = line("twilio", Some("http://127.0.0.1:9/base"));
        assert!(of(&own, &Url::parse("http://127.0.0.1:8/media").unwrap()).is_some());
        assert!(of(&own, &Url::parse("http://127.0.0.2:9/media").unwrap()).is_none());
    }
}
