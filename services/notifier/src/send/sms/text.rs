//! One text on its way out: what the file of a carrier needs to know about it, and how it says what became of it.

use std::fmt::Display;

use domain::{
    Timestamp,
    event::{DeliveryOutcome, OutboundSms},
    message::DeliveryError,
    segments,
};
use host::{Secret, config::SmsNumber};
use url::Url;

use super::{
    super::{Attempt, http::Answer, shown},
    Here, below, words,
};

/// What every carrier takes as a picture.
const PICTURES: [&str; 3] = ["image/jpeg", "image/png", "image/gif"];

/// One text on its way out.
pub struct Text<'a> {
    /// What and to whom.
    pub sms: &'a OutboundSms,
    /// The number it goes out from.
    pub line: &'a SmsNumber,
    /// This installation.
    pub here: &'a Here,
    /// The present moment, for signatures.
    pub now: Timestamp,
}

impl Text<'_> {
    /// A credential that the carrier needs.
    pub fn credential(&self, name: &'static str) -> Result<&Secret, DeliveryError> {
        self.line.credentials.get(name).ok_or_else(|| not_configured(name))
    }

    /// The carrier's address: its usual one, unless the number names a stand-in.
    pub fn base(&self, usual: &str) -> Result<Url, DeliveryError> {
        let base = self.line.api_base.clone().map_or_else(|| Url::parse(usual), Ok);
        base.map_err(|_| not_configured("usable api_base"))
    }

    /// Our number without `+`.
    pub fn our_digits(&self) -> &str {
        self.sms.from.as_str().trim_start_matches('+')
    }

    /// The customer's number without `+`.
    pub fn their_digits(&self) -> &str {
        self.sms.to.as_str().trim_start_matches('+')
    }

    /// Whether it needs an alphabet beyond GSM-7.
    pub fn is_unicode(&self) -> bool {
        segments::count(&self.sms.text).ucs2_because.is_some()
    }

    /// Our id of it.
    pub fn id(&self) -> String {
        self.sms.message_id.to_string()
    }

    /// Where the carrier reports what becomes of it, with our id; with a `webhook_secret` that address proves who
    /// calls. None where the carrier cannot reach us, since some refuse the whole text for such an address
    /// (Twilio 21609).
    pub fn callback(&self) -> Option<String> {
        let ours = &self.here.public_url;
        self.line.is_reached_at(ours).then(|| self.callback_at(ours))
    }

    /// The same below another address of ours.
    pub fn callback_at(&self, base: &Url) -> String {
        let mut path = vec!["webhooks", "sms", self.line.provider.as_str()];
        path.extend(self.line.credentials.get("webhook_secret").map(Secret::expose));
        let mut url = below(base, &path);
        url.query_pairs_mut().append_pair("message_id", &self.id());
        url.into()
    }

    /// The addresses of its pictures, at most `most`.
    pub fn pictures(&self, most: usize) -> Result<Vec<&str>, DeliveryError> {
        let refused = |code: &str, reason: String| DeliveryError { code: code.to_owned(), reason };
        if self.sms.media.len() > most {
            let reason = format!("this carrier takes at most {most} pictures with one text");
            return Err(refused("too_many_pictures", reason));
        }
        let odd = self.sms.media.iter().find(|one| !PICTURES.contains(&one.content_type.as_str()));
        if let Some(odd) = odd {
            let reason = format!("{} cannot be texted: only JPEG, PNG and GIF can", shown(&odd.content_type));
            return Err(refused("media_not_supported", reason));
        }
        Ok(self.sms.media.iter().map(|one| one.url.as_str()).collect())
    }

    /// The carrier took it under that id.
    pub fn sent(&self, id: impl Into<String>) -> Attempt {
        self.sent_in_parts(id, Vec::new())
    }

    /// The carrier took it, and named each part.
    pub fn sent_in_parts(&self, id: impl Into<String>, more_ids: Vec<String>) -> Attempt {
        Attempt::Done(DeliveryOutcome::Sent {
            external_id: id.into(),
            more_ids,
            account: self.line.account().to_owned(),
            provider: self.line.provider.as_str().to_owned(),
        })
    }
}

fn not_configured(what: &str) -> DeliveryError {
    DeliveryError {
        code: "not_configured".to_owned(),
        reason: format!("this number has no {what} configured"),
    }
}

/// The carrier refused it: under this code, which means that, or else in its own words.
pub fn refused(code: impl Display + Copy, means: Option<&str>, said: &str) -> Attempt {
    let (code, said) = (code.to_string(), shown(said));
    let reason = match means {
        Some(words) => words.to_owned(),
        None if said.is_empty() => format!("the carrier refused it ({code})"),
        None => format!("the carrier refused it ({code}): {said}"),
    };
    Attempt::failed(code, reason)
}

/// The carrier refused it by its status alone; `credentials` are what it did not accept, if it was that.
pub fn refused_by_status(answer: &Answer, credentials: &str, said: &str) -> Attempt {
    let status = answer.status.as_u16();
    let words = match status {
        401 | 403 => Some(bad_credentials(credentials)),
        402 => Some(words::NO_CREDIT.to_owned()),
        _ => None,
    };
    refused(format!("http_{status}").as_str(), words.as_deref(), said)
}

/// The carrier says that the customer opted out there.
pub fn opted_out(code: impl Display + Copy) -> Attempt {
    let error = DeliveryError { code: code.to_string(), reason: words::OPTED_OUT.to_owned() };
    Attempt::Done(DeliveryOutcome::Failed { error, opted_out: true })
}

/// This carrier does not take pictures from us, and why.
pub fn mms_not_supported(why: &str) -> DeliveryError {
    DeliveryError { code: "mms_not_supported".to_owned(), reason: why.to_owned() }
}

/// What to check when the carrier does not know us.
pub fn bad_credentials(names: &str) -> String {
    format!("the carrier does not accept our credentials: check {names}")
}

#[cfg(test)]
mod tests {
    use super::super::trial::{Trial, message_id};

    #[test]
    fn the_callback_carries_our_id_and_the_secret_of_the_number() {
        let trial = Trial::new("bandwidth", &[]);
        let plain = format!("https://desk.example.com/webhooks/sms/bandwidth?message_id={}", message_id());
        assert_eq!(trial.text().callback(), Some(plain));
        let trial = Trial::new("bandwidth", &[("webhook_secret", "a b/c")]);
        let secret =
            format!("https://desk.example.com/webhooks/sms/bandwidth/a%20b%2Fc?message_id={}", message_id());
        assert_eq!(trial.text().callback(), Some(secret));
    }

    #[test]
    fn a_carrier_is_never_given_a_callback_it_cannot_reach() {
        let mut trial = Trial::new("twilio", &[]);
        trial.here.public_url = "http://localhost:8080".parse().unwrap();
        assert_eq!(trial.text().callback(), None);
        trial.line.api_base = Some("http://127.0.0.1:9".parse().unwrap());
        assert!(trial.text().callback().is_some(), "a stand-in may know this machine");
    }

    #[test]
    fn only_pictures_that_every_phone_shows_are_sent() {
        let trial = Trial::new("twilio", &[]).with_pictures(&["image/jpeg", "image/gif", "image/png"]);
        assert_eq!(trial.text().pictures(10).unwrap().len(), 3);
        assert_eq!(trial.text().pictures(2).unwrap_err().code, "too_many_pictures");
        let trial = Trial::new("twilio", &[]).with_pictures(&["image/svg+xml"]);
        assert_eq!(trial.text().pictures(10).unwrap_err().code, "media_not_supported");
    }
}
