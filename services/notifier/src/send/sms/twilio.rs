//! Twilio's `Messages` resource. Source: Twilio's API reference and error dictionary.

use domain::{
    event::{DeliveryOutcome, OutboundSms},
    message::DeliveryError,
};
use host::config::{Provider, SmsNumber};
use url::{Host, Url};

use super::{
    super::{
        Attempt,
        http::{Answer, Auth, Body, Call},
        shown,
    },
    Carrier, Here, below, callback, not_configured,
};

/// Twilio's API.
pub struct Twilio;

impl Carrier for Twilio {
    fn call(&self, line: &SmsNumber, here: &Here, sms: &OutboundSms) -> Result<Call, DeliveryError> {
        let secret = |name| line.credentials.get(name).ok_or_else(|| not_configured(name));
        let account = secret("account_sid")?.expose();
        let base = match &line.api_base {
            Some(base) => base.clone(),
            None => Url::parse("https://api.twilio.com").map_err(|_| not_configured("usable api_base"))?,
        };
        let sender = match line.credentials.get("messaging_service_sid") {
            Some(service) => ("MessagingServiceSid", service.expose().to_owned()),
            None => ("From", sms.from.to_string()),
        };
        let mut form = vec![("To", sms.to.to_string()), sender, ("Body", sms.text.clone())];
        if line.api_base.is_some() || is_public(&here.public_url) {
            form.push(("StatusCallback", callback(&here.public_url, Provider::Twilio, sms)));
        }
        Ok(Call {
            url: below(&base, &["2010-04-01", "Accounts", account, "Messages.json"]),
            auth: Auth::Basic(account.to_owned(), secret("auth_token")?.clone()),
            body: Body::Form(form),
        })
    }

    fn read(&self, line: &SmsNumber, _sms: &OutboundSms, answer: &Answer) -> Attempt {
        let said = answer.json();
        if answer.status.is_success() {
            let account =
                line.credentials.get("account_sid").map_or_else(String::new, |sid| sid.expose().to_owned());
            return match said["sid"].as_str() {
                Some(sid) => Attempt::Done(DeliveryOutcome::Sent {
                    external_id: sid.to_owned(),
                    account,
                    provider: Provider::Twilio.as_str().to_owned(),
                }),
                // taken, but under an id we do not know: the status callback will tell
                None => Attempt::uncertain(),
            };
        }
        let code = said["code"].as_u64().unwrap_or_default();
        match code {
            // too many requests; the number's queue is full: not processed
            20429 | 21611 => answer.later(format!("the carrier's queue is full ({code})")),
            0 => Attempt::failed(
                format!("http_{}", answer.status.as_u16()),
                format!("the carrier refused it ({})", answer.status),
            ),
            _ => refused(code, said["message"].as_str().unwrap_or_default()),
        }
    }
}

/// Twilio refuses the whole message for a callback address it cannot reach (error 21609).
fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => !ip.is_loopback() && !ip.is_private(),
        Some(Host::Ipv6(ip)) => !ip.is_loopback(),
        None => false,
    }
}

fn refused(code: u64, message: &str) -> Attempt {
    let reason = match words(code) {
        Some(words) => words.to_owned(),
        None => format!("the carrier refused it ({code}): {}", shown(message)),
    };
    let error = DeliveryError { code: code.to_string(), reason };
    Attempt::Done(DeliveryOutcome::Failed { error, opted_out: code == 21610 })
}

fn words(code: u64) -> Option<&'static str> {
    Some(match code {
        20003 => "the carrier does not accept our credentials: check account_sid and auth_token",
        20404 => "the carrier does not know our account: check account_sid and api_base",
        21211 => "this is not a valid phone number",
        21408 => "texts to this country are not switched on at the carrier",
        21602 => "a text needs some words",
        21606 | 21659 | 21660 => "our number cannot send texts: it does not belong to this carrier account",
        21609 => {
            "the carrier does not accept our public_url for status reports: it must be reachable from outside"
        }
        21610 => "the customer has opted out of texts from this number",
        21612 => "our number cannot send texts to this customer's number",
        21614 => "this number cannot receive texts: it is not a mobile number",
        21617 => "the text is too long: 1,600 characters at most",
        21703..=21705 => "the messaging service at the carrier has no number that can send this",
        30007 => "the network filtered it as unwanted or against its rules",
        30034 => "our number is not registered for business texts in the United States (A2P 10DLC)",
        63038 => "the carrier account has reached its limit of texts for today",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use host::Secret;
    use reqwest::StatusCode;
    use serde_json::{Value, json};

    use super::*;

    fn line(more: &Value) -> SmsNumber {
        let mut line = json!({"number": "+15550001111", "provider": "twilio",
            "credentials": {"account_sid": "AC1", "auth_token": "secret"}});
        for (key, value) in more.as_object().unwrap() {
            if let (Some(old), Some(new)) = (line[key].as_object_mut(), value.as_object()) {
                old.extend(new.clone());
            } else {
                line[key] = value.clone();
            }
        }
        serde_json::from_value(line).unwrap()
    }

    fn sms() -> OutboundSms {
        OutboundSms {
            message_id: "0199e0aa-0000-7000-8000-000000000001".parse().unwrap(),
            from: "+15550001111".parse().unwrap(),
            to: "+15557654321".parse().unwrap(),
            text: "Grüße & bis bald".into(),
        }
    }

    fn call(line: &SmsNumber, public_url: &str) -> (String, Vec<(&'static str, String)>) {
        let here = Here {
            public_url: public_url.parse().unwrap(),
            local_url: "http://127.0.0.1:1".parse().unwrap(),
            house_secret: Secret::new("x"),
        };
        let call = Twilio.call(line, &here, &sms()).unwrap();
        let Auth::Basic(user, password) = &call.auth else { panic!("{:?}", call.auth) };
        assert_eq!((user.as_str(), password.expose()), ("AC1", "secret"));
        let Body::Form(form) = call.body else { panic!("{:?}", call.body) };
        (call.url.into(), form)
    }

    fn field<'a>(form: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
        form.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_text_goes_to_the_accounts_messages_with_a_callback_that_carries_our_id() {
        let (url, form) = call(&line(&json!({})), "https://desk.example.com/");
        assert_eq!(url, "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
        assert_eq!(field(&form, "To"), Some("+15557654321"));
        assert_eq!(field(&form, "From"), Some("+15550001111"));
        assert_eq!(field(&form, "Body"), Some("Grüße & bis bald"));
        let callback =
            "https://desk.example.com/webhooks/sms/twilio?message_id=0199e0aa-0000-7000-8000-000000000001";
        assert_eq!(field(&form, "StatusCallback"), Some(callback));
    }

    #[test]
    fn a_messaging_service_takes_the_place_of_the_sender() {
        let line = line(
            &json!({"credentials": {"messaging_service_sid": "MG1"}, "api_base": "http://127.0.0.1:9/x/"}),
        );
        let (url, form) = call(&line, "http://localhost:8080");
        assert_eq!(url, "http://127.0.0.1:9/x/2010-04-01/Accounts/AC1/Messages.json");
        assert_eq!((field(&form, "MessagingServiceSid"), field(&form, "From")), (Some("MG1"), None));
        assert!(field(&form, "StatusCallback").is_some(), "a stand-in may know this machine");
    }

    #[test]
    fn twilio_itself_is_never_given_a_callback_it_would_refuse() {
        for (public_url, given) in [
            ("http://localhost:8080", false),
            ("http://127.0.0.1:8080", false),
            ("http://frontdesk:8080", false),
            ("https://desk.example.com", true),
        ] {
            let (_, form) = call(&line(&json!({})), public_url);
            assert_eq!(field(&form, "StatusCallback").is_some(), given, "{public_url}");
        }
    }

    fn read(status: u16, body: &Value) -> Attempt {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, retry_after: None, body: Bytes::from(body.to_string()) };
        Twilio.read(&line(&json!({})), &sms(), &answer)
    }

    #[test]
    fn answers_are_understood() {
        let sent = read(201, &json!({"sid": "SM1", "status": "queued"}));
        let expected = DeliveryOutcome::Sent {
            external_id: "SM1".into(),
            account: "AC1".into(),
            provider: "twilio".into(),
        };
        assert_eq!(sent, Attempt::Done(expected));
        assert_eq!(read(201, &Value::Null), Attempt::uncertain());
        assert!(matches!(read(400, &json!({"code": 21611})), Attempt::NotTaken { .. }));
        for (code, opted_out, word) in [
            (21610, true, "opted out"),
            (21211, false, "valid"),
            (21614, false, "mobile"),
            (99999, false, "Oh no"),
        ] {
            let found =
                read(400, &json!({"code": code, "message": "Oh\r\nno".replace("\r\n", " "), "status": 400}));
            let Attempt::Done(DeliveryOutcome::Failed { error, opted_out: out }) = found else {
                panic!("{found:?}")
            };
            assert_eq!((error.code, out), (code.to_string(), opted_out));
            assert!(error.reason.contains(word), "{}", error.reason);
        }
        assert!(
            matches!(read(404, &Value::Null), Attempt::Done(DeliveryOutcome::Failed { error, .. }) if error.code == "http_404")
        );
    }
}
