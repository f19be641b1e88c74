//! What must hold between values.

use std::collections::HashSet;

use super::{
    Configuration, SmsNumber,
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
    let mut sites = HashSet::new();
    for (index, site) in config.chat.sites.iter().enumerate() {
        if !sites.insert(&site.id) {
            fault(format!("chat.sites[{index}].id"), format!("{:?} stands here twice", site.id));
        }
    }
    if config.owner.password.is_some() && config.owner.email.is_none() {
        fault("owner.password".into(), "an account needs an address too: give owner.email".into());
    }
}

fn missing(number: &SmsNumber) -> impl Iterator<Item = &'static str> {
    number.provider.needs().iter().copied().filter(|name| number.credentials.get(name).is_none())
}
