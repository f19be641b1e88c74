//! What must hold between values.

use std::collections::HashSet;

use url::Url;

use super::{
    Configuration, SmsNumber, Smtp,
    fault::{Fault, Layer},
};

/// Rules over the whole configuration.
pub(super) fn whole(config: &Configuration, faults: &mut Vec<Fault>) {
    let mut fault = |key: String, what: String| faults.push(Layer::Whole.fault(&key, what));
    let mut numbers = HashSet::new();
    for (index, number) in config.sms.numbers.iter().enumerate() {
        let here = format!("sms.numbers[{index}]");
        if !numbers.insert(&number.number) {
            fault(format!("{here}.number"), format!("{} stands here twice", number.number));
        }
        for name in missing(number) {
            fault(format!("{here}.credentials.{name}"), format!("{} needs it", number.provider.as_str()));
        }
    }
    let (mut addresses, mut inbounds) = (HashSet::new(), HashSet::new());
    for (index, mailbox) in config.email.mailboxes.iter().enumerate() {
        if !addresses.insert(&mailbox.address) {
            fault(
                format!("email.mailboxes[{index}].address"),
                format!("{} stands here twice", mailbox.address),
            );
        }
        if !inbounds.insert(&mailbox.inbound) {
            fault(
                format!("email.mailboxes[{index}].inbound"),
                format!("{} stands here twice", mailbox.inbound),
            );
        }
    }
    for (key, what) in sign_ins(config) {
        fault(key, what.into());
    }
    let mut sites = HashSet::new();
    for (index, site) in config.chat.sites.iter().enumerate() {
        if !sites.insert(&site.id) {
            fault(format!("chat.sites[{index}].id"), format!("{:?} stands here twice", site.id));
        }
    }
    for (key, what) in mail_doors(&config.smtp) {
        fault(key.into(), what.into());
    }
    for (key, what) in config.oidc.faults() {
        fault(format!("oidc.{key}"), what.into());
    }
    if config.owner.password.is_some() && config.owner.email.is_none() {
        fault("owner.password".into(), "an account needs an address too: give owner.email".into());
    }
}

/// How we sign in at mail servers elsewhere: with a password, or with access tokens.
fn sign_ins(config: &Configuration) -> Vec<(String, &'static str)> {
    let mut wrong = Vec::new();
    for (index, mailbox) in config.email.mailboxes.iter().enumerate() {
        let Some(imap) = &mailbox.imap else { continue };
        let here = format!("email.mailboxes[{index}].imap.password");
        match (&imap.password, &imap.oauth) {
            (None, None) => {
                wrong.push((here, "is missing: give it, or imap.oauth where the server takes tokens"))
            }
            (Some(_), Some(_)) => wrong.push((here, "is given beside imap.oauth: keep one of the two")),
            _ => {}
        }
    }
    if config.relay.oauth.is_some() {
        let url = config.relay.url.as_ref().and_then(|url| Url::parse(url.expose()).ok());
        let key = || "relay.oauth".to_owned();
        match url {
            None => wrong.push((key(), "needs relay.url")),
            Some(url) if url.password().is_some() => {
                wrong.push((key(), "is given beside a password in relay.url: keep one of the two"));
            }
            Some(url) if url.username().is_empty() => {
                wrong.push((
                    key(),
                    "needs to know who signs in: write relay.url as smtp://user@host:587?tls=required",
                ));
            }
            Some(url)
                if url.scheme() == "smtp"
                    && !url.query().is_some_and(|query| query.contains("tls=required")) =>
            {
                wrong.push((key(), "is told to nobody without encryption: add ?tls=required to relay.url"));
            }
            Some(_) => {}
        }
    }
    wrong
}

fn mail_doors(smtp: &Smtp) -> Vec<(&'static str, &'static str)> {
    let mut wrong = Vec::new();
    match (&smtp.tls_certificate, &smtp.tls_key) {
        (Some(_), None) => wrong.push(("smtp.tls_key", "is missing: the certificate needs its private key")),
        (None, Some(_)) => wrong.push(("smtp.tls_certificate", "is missing: the key needs its certificate")),
        (None, None) if smtp.require_tls => {
            wrong.push((
                "smtp.require_tls",
                "needs a certificate: give smtp.tls_certificate and smtp.tls_key",
            ));
        }
        _ => {}
    }
    if smtp.proxy_protocol && smtp.trusted_peers.is_empty() {
        wrong.push(("smtp.proxy_protocol", "needs to know the proxies: give smtp.trusted_peers"));
    }
    wrong
}

fn missing(number: &SmsNumber) -> impl Iterator<Item = &'static str> {
    number.provider.needs().iter().copied().filter(|name| number.credentials.get(name).is_none())
}
