//! The carriers: whether they can be reached and know us. Each is asked for something that costs nothing and needs the
//! same credentials as sending.

use std::time::Duration;

use host::{
    Secret,
    config::{Provider, SmsNumber},
};
use reqwest::StatusCode;
use url::Url;

use super::{Complaint, Finding, complaint};

const WITHIN: Duration = Duration::from_secs(10);

/// Whether the carrier of a number can be used.
pub async fn check(number: &SmsNumber) -> Finding {
    match question(number)? {
        Some(question) => ask(question).await,
        None if number.provider == Provider::AwsSns => aws(number).await,
        None => sandbox(number).await,
    }
}

/// What a carrier is asked, always by GET.
struct Question {
    url: Url,
    proof: Proof,
    /// The credentials that must be right for a good answer.
    rests_on: &'static [&'static str],
}

enum Proof {
    Basic(String, Secret),
    Bearer(Secret),
    /// `Authorization: {scheme} {secret}`.
    Scheme(&'static str, Secret),
    None,
}

/// The account or its balance, where there is such a thing; else a list. None where nothing can be asked.
fn question(number: &SmsNumber) -> Result<Option<Question>, Complaint> {
    let secret = |name| credential(number, name);
    let text = |name| secret(name).map(|secret| secret.expose().to_owned());
    let ask = |url, proof, rests_on| Ok(Some(Question { url, proof, rests_on }));
    match number.provider {
        Provider::Twilio => twilio(number).map(Some),
        Provider::Vonage => ask(
            at(number, "https://rest.nexmo.com", &["account", "get-balance"])?,
            Proof::Basic(text("api_key")?, secret("api_secret")?),
            &["api_key", "api_secret"],
        ),
        Provider::Telnyx => ask(
            at(number, "https://api.telnyx.com", &["v2", "balance"])?,
            Proof::Bearer(secret("api_key")?),
            &["api_key"],
        ),
        Provider::Plivo => ask(
            at(number, "https://api.plivo.com", &["v1", "Account", &text("auth_id")?, ""])?,
            Proof::Basic(text("auth_id")?, secret("auth_token")?),
            &["auth_id", "auth_token"],
        ),
        Provider::Messagebird => ask(
            at(number, "https://rest.messagebird.com", &["balance"])?,
            Proof::Scheme("AccessKey", secret("api_key")?),
            &["api_key"],
        ),
        Provider::Infobip => {
            ask(infobip_balance(number)?, Proof::Scheme("App", secret("api_key")?), &["api_key"])
        }
        Provider::Sinch => {
            let region = number.credentials.get("region").map_or("us", Secret::expose);
            let usual = format!("https://{region}.sms.api.sinch.com");
            let path = ["xms", "v1", &text("service_plan_id")?, "batches"];
            let mut url = at(number, &usual, &path)?;
            url.set_query(Some("page_size=1"));
            ask(url, Proof::Bearer(secret("api_token")?), &["service_plan_id", "api_token", "region"])
        }
        Provider::Bandwidth => ask(
            at(
                number,
                "https://messaging.bandwidth.com",
                &["api", "v2", "users", &text("account_id")?, "media"],
            )?,
            Proof::Basic(text("api_user")?, secret("api_password")?),
            &["account_id", "api_user", "api_password"],
        ),
        Provider::AwsSns | Provider::Sandbox => Ok(None),
    }
}

async fn ask(question: Question) -> Finding {
    let Question { url, proof, rests_on } = question;
    let names: Vec<_> = rests_on.iter().map(|name| format!("credentials.{name}")).collect();
    let mend = format!("correct {}: copy them from the carrier's console", names.join(", "));
    let base = url.origin().ascii_serialization();
    match reach(url, proof).await? {
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(complaint(format!("{base} refuses the credentials ({status})"), mend))
        }
        status @ StatusCode::NOT_FOUND => {
            Err(complaint(format!("{base} does not know this account ({status})"), mend))
        }
        status => Ok(format!("{base} answers ({status})")),
    }
}

fn credential(number: &SmsNumber, name: &str) -> Result<Secret, Complaint> {
    let given = number.credentials.get(name).filter(|secret| !secret.expose().is_empty()).cloned();
    given.ok_or_else(|| {
        complaint(format!("credentials.{name} is missing"), "copy it from the carrier's console")
    })
}

/// An address of the carrier: at its usual place, unless the number names another.
fn at(number: &SmsNumber, usual: &str, path: &[&str]) -> Result<Url, Complaint> {
    let base = number.api_base.clone().map_or_else(|| Url::parse(usual), Ok);
    let wrong = |_| complaint(format!("{usual} is no address"), "correct credentials.region");
    let mut url = base.map_err(wrong)?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    Ok(url)
}

/// The account itself (<https://www.twilio.com/docs/iam/api/account>).
fn twilio(number: &SmsNumber) -> Result<Question, Complaint> {
    let account = credential(number, "account_sid")?.expose().to_owned();
    if !account.starts_with("AC") {
        let mend = "copy the Account SID, which begins with AC, from the Twilio console into credentials.account_sid";
        return Err(complaint("credentials.account_sid is no Twilio account", mend));
    }
    let path = ["2010-04-01", "Accounts", &format!("{account}.json")];
    let url = at(number, "https://api.twilio.com", &path)?;
    let key = (number.credentials.get("api_key"), number.credentials.get("api_secret"));
    let (user, password, rests_on): (_, _, &[_]) = match key {
        (Some(key), Some(secret)) => {
            (key.expose().to_owned(), secret.clone(), &["account_sid", "api_key", "api_secret"])
        }
        _ => (account, credential(number, "auth_token")?, &["account_sid", "auth_token"]),
    };
    Ok(Question { url, proof: Proof::Basic(user, password), rests_on })
}

fn infobip_balance(number: &SmsNumber) -> Result<Url, Complaint> {
    if number.api_base.is_none() {
        let mend =
            "set api_base to the address Infobip gave the account, such as https://abc123.api.infobip.com";
        return Err(complaint("api_base is missing: every account at Infobip has its own", mend));
    }
    at(number, "", &["account", "1", "balance"])
}

/// Nothing of AWS can be asked without a right of its own, so only the shape of what is configured is looked at, and
/// whether the region answers.
async fn aws(number: &SmsNumber) -> Finding {
    let (key, region) = (credential(number, "access_key_id")?, credential(number, "region")?);
    let topic = credential(number, "topic_arn")?;
    credential(number, "secret_access_key")?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(16..=128).contains(&key.expose().len()) || !plain(key.expose()) {
        let mend =
            "copy the id of the access key, such as AKIAIOSFODNN7EXAMPLE, into credentials.access_key_id";
        return Err(complaint("credentials.access_key_id is no access key of AWS", mend));
    }
    let is_topic =
        |arn: &str| matches!(arn.trim().split(':').collect::<Vec<_>>()[..], ["arn", _, "sns", _, _, _]);
    if !topic.expose().split(',').all(is_topic) {
        let mend = "copy the ARN of the topic, such as arn:aws:sns:eu-west-1:123456789012:texts, into credentials.topic_arn";
        return Err(complaint(
            "credentials.topic_arn names no topic of SNS, or something else besides",
            mend,
        ));
    }
    let url = at(number, &format!("https://sms-voice.{}.amazonaws.com", region.expose()), &[])?;
    let base = url.origin().ascii_serialization();
    reach(url, Proof::None).await?;
    Ok(format!("{base} answers (the access key was not tried)"))
}

async fn sandbox(number: &SmsNumber) -> Finding {
    match &number.api_base {
        None => Ok("the built-in sandbox (no text leaves this machine)".into()),
        Some(base) => reach(base.clone(), Proof::None).await.map(|_| format!("{base} answers")),
    }
}

async fn reach(url: Url, proof: Proof) -> Result<StatusCode, Complaint> {
    let mend = "check the network and api_base; leave api_base out unless the carrier gave you one or it points at a stand-in";
    let client =
        reqwest::Client::builder().timeout(WITHIN).redirect(reqwest::redirect::Policy::none()).build();
    let base = url.origin().ascii_serialization();
    let failed = |error: reqwest::Error| {
        let reason = std::iter::successors(std::error::Error::source(&error), |inner| inner.source()).last();
        let reason = reason.map_or_else(|| "no answer".to_owned(), ToString::to_string);
        complaint(format!("{base} cannot be reached: {reason}"), mend)
    };
    let request = client.map_err(failed)?.get(url);
    let request = match proof {
        Proof::Basic(user, password) => request.basic_auth(user, Some(password.expose())),
        Proof::Bearer(token) => request.bearer_auth(token.expose()),
        Proof::Scheme(scheme, secret) => {
            request.header("authorization", format!("{scheme} {}", secret.expose()))
        }
        Proof::None => request,
    };
    Ok(request.send().await.map_err(failed)?.status())
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        http::{HeaderMap, Uri},
    };
    use serde_json::{Value, json};

    use super::*;

    /// Knows one address, and one authorization for it.
    async fn stand_in(path: &'static str, authorization: &'static str) -> String {
        let answer = async move |uri: Uri, headers: HeaderMap| {
            let known = uri.path_and_query().is_some_and(|asked| asked.as_str() == path);
            let right = headers.get("authorization").is_some_and(|given| given == authorization);
            match (known, right) {
                (false, _) => StatusCode::NOT_FOUND,
                (true, true) => StatusCode::OK,
                (true, false) => StatusCode::UNAUTHORIZED,
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        format!("http://{address}")
    }

    fn number(provider: &str, base: Option<&str>, credentials: &Value) -> SmsNumber {
        let number = json!({"number": "+15550001111", "provider": provider, "api_base": base,
            "credentials": credentials});
        serde_json::from_value(number).unwrap()
    }

    fn install() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }

    #[tokio::test]
    async fn wrong_credentials_are_told_from_right_ones_from_a_wrong_account_and_from_no_network() {
        install();
        for (provider, path, authorization, credentials, wrong, named) in [
            (
                "twilio",
                "/2010-04-01/Accounts/AC1.json",
                "Basic QUMxOnJpZ2h0",
                json!({"account_sid": "AC1", "auth_token": "right"}),
                "auth_token",
                "credentials.auth_token",
            ),
            (
                "twilio",
                "/2010-04-01/Accounts/AC1.json",
                "Basic U0sxOnJpZ2h0",
                json!({"account_sid": "AC1", "auth_token": "t", "api_key": "SK1", "api_secret": "right"}),
                "api_secret",
                "credentials.api_secret",
            ),
            (
                "vonage",
                "/account/get-balance",
                "Basic azE6cmlnaHQ=",
                json!({"api_key": "k1", "api_secret": "right"}),
                "api_secret",
                "credentials.api_key",
            ),
            (
                "telnyx",
                "/v2/balance",
                "Bearer right",
                json!({"api_key": "right"}),
                "api_key",
                "credentials.api_key",
            ),
            (
                "plivo",
                "/v1/Account/MA1/",
                "Basic TUExOnJpZ2h0",
                json!({"auth_id": "MA1", "auth_token": "right"}),
                "auth_token",
                "credentials.auth_id",
            ),
            (
                "messagebird",
                "/balance",
                "AccessKey right",
                json!({"api_key": "right"}),
                "api_key",
                "credentials.api_key",
            ),
            (
                "infobip",
                "/account/1/balance",
                "App right",
                json!({"api_key": "right"}),
                "api_key",
                "credentials.api_key",
            ),
            (
                "sinch",
                "/xms/v1/plan1/batches?page_size=1",
                "Bearer right",
                json!({"service_plan_id": "plan1", "api_token": "right"}),
                "api_token",
                "credentials.service_plan_id",
            ),
            (
                "bandwidth",
                "/api/v2/users/99/media",
                "Basic dTpyaWdodA==",
                json!({"account_id": "99", "api_user": "u", "api_password": "right", "application_id": "a"}),
                "api_password",
                "credentials.api_password",
            ),
        ] {
            let base = stand_in(path, authorization).await;
            let well = check(&number(provider, Some(&base), &credentials)).await;
            assert!(
                well.as_ref().is_ok_and(|said| said.contains("answers (200 OK)")),
                "{provider}: {well:?}"
            );
            let mut other = credentials.clone();
            other[wrong] = json!("wrong");
            let refused = check(&number(provider, Some(&base), &other)).await.unwrap_err();
            assert!(refused.what.contains("refuses the credentials"), "{provider}: {refused:?}");
            assert!(refused.mend.contains(named), "{provider}: {refused:?}");
            let elsewhere = stand_in("/elsewhere", authorization).await;
            let unknown = check(&number(provider, Some(&elsewhere), &credentials)).await.unwrap_err();
            assert!(unknown.what.contains("does not know this account"), "{provider}: {unknown:?}");
            let nobody =
                check(&number(provider, Some("http://127.0.0.1:1"), &credentials)).await.unwrap_err();
            assert!(
                nobody.what.contains("cannot be reached") && nobody.mend.contains("api_base"),
                "{nobody:?}"
            );
            other[wrong] = json!("");
            let missing = check(&number(provider, Some(&base), &other)).await;
            assert!(missing.is_err(), "{provider}: {missing:?}");
        }
    }

    #[tokio::test]
    async fn what_is_oddly_shaped_is_not_even_tried() {
        install();
        let keys = json!({"account_sid": "SK1", "auth_token": "right"});
        let odd = check(&number("twilio", None, &keys)).await.unwrap_err();
        assert!(odd.mend.contains("begins with AC"), "{odd:?}");
        let odd = check(&number("infobip", None, &json!({"api_key": "k"}))).await.unwrap_err();
        assert!(odd.what.contains("api_base is missing") && odd.mend.contains("api.infobip.com"), "{odd:?}");
    }

    #[tokio::test]
    async fn of_aws_only_the_shape_is_checked() {
        install();
        let base = stand_in("/", "").await;
        let right = json!({"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "s", "region": "eu-west-1",
            "topic_arn": "arn:aws:sns:eu-west-1:123456789012:texts"});
        let well = check(&number("aws_sns", Some(&base), &right)).await.unwrap();
        assert!(well.contains("was not tried"), "{well}");
        for (name, value) in [("access_key_id", "my key"), ("topic_arn", "texts"), ("region", "")] {
            let mut wrong = right.clone();
            wrong[name] = json!(value);
            let odd = check(&number("aws_sns", Some(&base), &wrong)).await.unwrap_err();
            assert!(odd.what.contains(name), "{odd:?}");
        }
        let mut two = right.clone();
        two["topic_arn"] =
            json!("arn:aws:sns:eu-west-1:123456789012:texts, arn:aws:sns:eu-west-1:123456789012:events");
        assert!(
            check(&number("aws_sns", Some(&base), &two)).await.is_ok(),
            "texts and events may have a topic each"
        );
        let nobody = check(&number("aws_sns", Some("http://127.0.0.1:1"), &right)).await.unwrap_err();
        assert!(nobody.what.contains("cannot be reached"), "{nobody:?}");
    }
}
