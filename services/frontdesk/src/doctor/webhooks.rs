//! What proves that a webhook of a number comes from its carrier. Without any proof every one of them is refused.

use host::config::{SmsNumber, WebhookProof};
use url::Url;

use super::{Finding, complaint};

/// Whether webhooks of a number can be believed, and where the carrier has to send them.
pub fn check(number: &SmsNumber, public_url: &Url) -> Finding {
    let has = |name: &str| number.credentials.get(name).is_some_and(|secret| !secret.expose().is_empty());
    let provider = number.provider.as_str();
    let address = format!("{}/webhooks/sms/{provider}", public_url.as_str().trim_end_matches('/'));
    if !number.is_reached_at(public_url) {
        let mend = "set public_url to the address under which the outside reaches this machine";
        return Err(complaint(format!("the carrier cannot call {address}"), mend));
    }
    match number.proof() {
        WebhookProof::WebhookSecret => Ok(format!("proven by webhook_secret at {address}/<webhook_secret>")),
        WebhookProof::Signature => {
            let signed = number.provider.signs_with().filter(|name| has(name));
            let name = signed.unwrap_or("a secret of the house");
            Ok(format!("signed, checked with {name}, at {address}"))
        }
        WebhookProof::Basic => Ok(format!("proven by webhook_password at {address}")),
        WebhookProof::None => {
            let ways = number
                .provider
                .signs_with()
                .map_or_else(String::new, |name| format!("credentials.{name}, or "));
            let mend = format!(
                "give {ways}credentials.webhook_secret (and {address}/<webhook_secret> as the address at the \
                 carrier), or credentials.webhook_user and credentials.webhook_password"
            );
            Err(complaint(
                "webhooks of this number will all be refused: nothing proves that they come from the carrier",
                mend,
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use host::config::Provider;
    use serde_json::{Value, json};

    use super::*;

    fn found(provider: Provider, credentials: &Value) -> Finding {
        let number = json!({"number": "+15550001111", "provider": provider, "credentials": credentials});
        check(&serde_json::from_value(number).unwrap(), &"https://desk.example.com".parse().unwrap())
    }

    #[test]
    fn a_number_without_any_proof_is_complained_about_and_the_mend_names_the_credential() {
        for (provider, name) in [
            (Provider::Vonage, "credentials.signing_key"),
            (Provider::Telnyx, "credentials.public_key"),
            (Provider::Infobip, "credentials.webhook_secret"),
            (Provider::Bandwidth, "credentials.webhook_password"),
        ] {
            let complaint = found(provider, &json!({"api_key": "k"})).unwrap_err();
            assert!(complaint.what.contains("will all be refused"), "{complaint:?}");
            assert!(complaint.mend.contains(name), "{complaint:?}");
        }
    }

    #[test]
    fn an_address_of_this_machine_alone_is_complained_about() {
        let number =
            json!({"number": "+15550001111", "provider": "twilio", "credentials": {"auth_token": "t"}});
        let found =
            check(&serde_json::from_value(number).unwrap(), &"http://localhost:8080".parse().unwrap());
        let complaint = found.unwrap_err();
        assert!(
            complaint.what.contains("cannot call") && complaint.mend.contains("public_url"),
            "{complaint:?}"
        );
    }

    #[test]
    fn any_proof_will_do_and_no_secret_is_shown() {
        for (provider, credentials, word) in [
            (Provider::Twilio, json!({"auth_token": "hunter2"}), "auth_token"),
            (Provider::AwsSns, json!({"topic_arn": "arn:hunter2"}), "topic_arn"),
            (
                Provider::Infobip,
                json!({"webhook_secret": "hunter2"}),
                "/webhooks/sms/infobip/<webhook_secret>",
            ),
            (
                Provider::Bandwidth,
                json!({"webhook_user": "u", "webhook_password": "hunter2"}),
                "webhook_password",
            ),
            (Provider::Sandbox, json!({}), "house"),
        ] {
            let said = found(provider, &credentials).unwrap();
            assert!(said.contains(word) && !said.contains("hunter2"), "{said}");
        }
    }
}
