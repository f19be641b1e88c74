//! The carriers: whether they can be reached and know us.

use std::time::Duration;

use host::config::{Provider, SmsNumber};
use reqwest::StatusCode;
use url::Url;

use super::{Finding, complaint};

const WITHIN: Duration = Duration::from_secs(10);
const TWILIO: &str = "https://api.twilio.com";

/// Whether the carrier of a number can be used.
pub async fn check(number: &SmsNumber) -> Finding {
    match (number.provider, &number.api_base) {
        (Provider::Sandbox, None) => Ok("the built-in sandbox (no text leaves this machine)".into()),
        (Provider::Sandbox, Some(base)) => {
            reach(base.as_str(), None).await.map(|_| format!("{base} answers"))
        }
        (Provider::Twilio, base) => twilio(number, base.as_ref()).await,
    }
}

/// Asks for the account itself, which needs the same credentials as sending
/// (<https://www.twilio.com/docs/iam/api/account>).
async fn twilio(number: &SmsNumber, base: Option<&Url>) -> Finding {
    let credential = |name| number.credentials.get(name).map(host::Secret::expose).unwrap_or_default();
    let (account, token) = (credential("account_sid"), credential("auth_token"));
    if !account.starts_with("AC") {
        let mend = "copy the Account SID, which begins with AC, from the Twilio console into credentials.account_sid";
        return Err(complaint("credentials.account_sid is no Twilio account", mend));
    }
    let base = base.map_or(TWILIO, Url::as_str).trim_end_matches('/');
    let status = reach(&format!("{base}/2010-04-01/Accounts/{account}.json"), Some((account, token))).await?;
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        let mend =
            "correct credentials.account_sid and credentials.auth_token: copy both from the Twilio console";
        return Err(complaint(format!("{base} refuses the credentials ({status})"), mend));
    }
    Ok(format!("{base} answers ({status})"))
}

async fn reach(url: &str, account: Option<(&str, &str)>) -> Result<StatusCode, super::Complaint> {
    let mend = "check the network and api_base; leave api_base out unless it points at a stand-in";
    let client =
        reqwest::Client::builder().timeout(WITHIN).redirect(reqwest::redirect::Policy::none()).build();
    let failed = |error: reqwest::Error| {
        let reason = std::iter::successors(std::error::Error::source(&error), |inner| inner.source()).last();
        let reason = reason.map_or_else(|| "no answer".to_owned(), ToString::to_string);
        complaint(format!("{url} cannot be reached: {reason}"), mend)
    };
    let mut request = client.map_err(failed)?.get(url);
    if let Some((name, password)) = account {
        request = request.basic_auth(name, Some(password));
    }
    Ok(request.send().await.map_err(failed)?.status())
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::HeaderMap, routing::get};

    use super::*;

    /// Knows `AC1` with the token `right`.
    async fn stand_in() -> String {
        let answer = async |headers: HeaderMap| {
            let right = headers.get("authorization").is_some_and(|given| given == "Basic QUMxOnJpZ2h0");
            if right { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/2010-04-01/Accounts/AC1.json", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn number(base: &str, account: &str, token: &str) -> SmsNumber {
        let text = format!(
            "[[sms.numbers]]\nnumber = \"+15550001111\"\nprovider = \"twilio\"\napi_base = {base:?}\n\
             credentials = {{ account_sid = {account:?}, auth_token = {token:?} }}"
        );
        host::Configuration::parse(&text).unwrap().sms.numbers.remove(0)
    }

    #[tokio::test]
    async fn wrong_credentials_are_told_from_right_ones_and_from_no_network() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = stand_in().await;
        assert!(check(&number(&base, "AC1", "right")).await.unwrap().contains("answers"));
        let wrong = check(&number(&base, "AC1", "wrong")).await.unwrap_err();
        assert!(
            wrong.what.contains("refuses the credentials") && wrong.mend.contains("auth_token"),
            "{wrong:?}"
        );
        let odd = check(&number(&base, "SK1", "right")).await.unwrap_err();
        assert!(odd.mend.contains("begins with AC"), "{odd:?}");
        let nobody = check(&number("http://127.0.0.1:1", "AC1", "right")).await.unwrap_err();
        assert!(nobody.what.contains("cannot be reached") && nobody.mend.contains("api_base"), "{nobody:?}");
    }
}
