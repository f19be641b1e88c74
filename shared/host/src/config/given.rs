//! Numbers, mailboxes and sites that are given elsewhere than in the file: in the console. They keep the file's rules.

use domain::{EmailAddress, PhoneNumber};
use toml::Value;

use super::{
    Configuration, Fault, Faults, Mailbox, Site, SmsNumber, channels, check,
    fault::Layer,
    mailboxes,
    schema::{self, Key},
};

/// What customers write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// A number: `[[sms.numbers]]`.
    Number,
    /// A mailbox: `[[email.mailboxes]]`.
    Mailbox,
    /// A chat site: `[[chat.sites]]`.
    Site,
}

impl ChannelKind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Number, Self::Mailbox, Self::Site];

    /// `number`, `mailbox`, `site`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Mailbox => "mailbox",
            Self::Site => "site",
        }
    }

    fn keys(self) -> &'static [Key] {
        match self {
            Self::Number => channels::NUMBER,
            Self::Mailbox => mailboxes::MAILBOX,
            Self::Site => channels::SITE,
        }
    }

    /// Where the first of them stands in a configuration.
    fn path(self) -> &'static str {
        match self {
            Self::Number => "sms.numbers[0].",
            Self::Mailbox => "email.mailboxes[0].",
            Self::Site => "chat.sites[0].",
        }
    }
}

/// A number, a mailbox or a site.
#[derive(Clone, Debug)]
pub enum Channel {
    /// A number.
    Number(SmsNumber),
    /// A mailbox.
    Mailbox(Box<Mailbox>),
    /// A chat site.
    Site(Site),
}

impl Channel {
    /// Reads one that is written as in the file, as JSON. What names a file of this machine is refused: only who writes the
    /// configuration may read there.
    ///
    /// # Errors
    /// Everything that is wrong in it; the faults' keys begin at the channel, such as `credentials.auth_token`.
    pub fn read(kind: ChannelKind, entry: &serde_json::Value) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        names_files(entry, "", &mut faults);
        let Some(Value::Table(mut table)) = toml_of(entry) else {
            return Err(Faults::one("", "must be an object"));
        };
        if faults.is_empty() {
            schema::vet(&mut table, kind.keys(), "", &Layer::Whole, &mut faults);
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let wrong = |error: toml::de::Error| Faults::one("", error.message());
        let channel = match kind {
            ChannelKind::Number => Self::Number(table.try_into().map_err(wrong)?),
            ChannelKind::Mailbox => Self::Mailbox(Box::new(table.try_into().map_err(wrong)?)),
            ChannelKind::Site => Self::Site(table.try_into().map_err(wrong)?),
        };
        let mut alone = Configuration::default();
        channel.clone().add_to(&mut alone);
        check::whole(&alone, &mut faults);
        for fault in &mut faults {
            fault.key = fault.key.strip_prefix(kind.path()).unwrap_or(&fault.key).to_owned();
        }
        if faults.is_empty() { Ok(channel) } else { Err(Faults(faults)) }
    }

    /// What it is.
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::Number(_) => ChannelKind::Number,
            Self::Mailbox(_) => ChannelKind::Mailbox,
            Self::Site(_) => ChannelKind::Site,
        }
    }

    /// What it is known by: the number, the address, the id.
    pub fn name(&self) -> &str {
        match self {
            Self::Number(number) => number.number.as_str(),
            Self::Mailbox(mailbox) => mailbox.address.as_str(),
            Self::Site(site) => &site.id,
        }
    }

    fn add_to(self, config: &mut Configuration) {
        match self {
            Self::Number(number) => config.sms.numbers.push(number),
            Self::Mailbox(mailbox) => config.email.mailboxes.push(*mailbox),
            Self::Site(site) => config.chat.sites.push(site),
        }
    }
}

impl Configuration {
    /// Why a channel cannot stand beside those that are here; `None`: it can.
    pub fn collides(&self, channel: &Channel) -> Option<Fault> {
        let taken = |key: &str, what: String| Some(Layer::Whole.fault(key, what));
        match channel {
            Channel::Number(number) if self.has_number(&number.number) => {
                taken("number", format!("{} is there already", number.number))
            }
            Channel::Mailbox(mailbox) if self.has_mailbox(&mailbox.address) => {
                taken("address", format!("{} is there already", mailbox.address))
            }
            Channel::Mailbox(mailbox)
                if self.email.mailboxes.iter().any(|other| other.inbound == mailbox.inbound) =>
            {
                taken("inbound", format!("{} belongs to another mailbox", mailbox.inbound))
            }
            Channel::Site(site) if self.has_site(&site.id) => {
                taken("id", format!("{:?} is there already", site.id))
            }
            _ => None,
        }
    }

    /// Adds a channel.
    ///
    /// # Errors
    /// It [collides](Self::collides) with one that is here.
    pub fn add_channel(&mut self, channel: Channel) -> Result<(), Fault> {
        if let Some(fault) = self.collides(&channel) {
            return Err(fault);
        }
        channel.add_to(self);
        Ok(())
    }

    /// Whether a channel of that name is here.
    pub fn has_channel(&self, kind: ChannelKind, name: &str) -> bool {
        match kind {
            ChannelKind::Number => self.sms.numbers.iter().any(|number| number.number.as_str() == name),
            ChannelKind::Mailbox => {
                self.email.mailboxes.iter().any(|mailbox| mailbox.address.as_str() == name)
            }
            ChannelKind::Site => self.has_site(name),
        }
    }

    /// All channels, by what they are known by.
    pub fn channels(&self) -> Vec<(ChannelKind, String)> {
        let numbers = self.sms.numbers.iter().map(|it| (ChannelKind::Number, it.number.as_str().to_owned()));
        let mailboxes =
            self.email.mailboxes.iter().map(|it| (ChannelKind::Mailbox, it.address.as_str().to_owned()));
        let sites = self.chat.sites.iter().map(|it| (ChannelKind::Site, it.id.clone()));
        numbers.chain(mailboxes).chain(sites).collect()
    }

    fn has_number(&self, number: &PhoneNumber) -> bool {
        self.sms.numbers.iter().any(|other| other.number == *number)
    }

    fn has_mailbox(&self, address: &EmailAddress) -> bool {
        self.email.mailboxes.iter().any(|other| other.address == *address)
    }

    fn has_site(&self, id: &str) -> bool {
        self.chat.sites.iter().any(|other| other.id == id)
    }
}

/// Keys whose value is the path of a file.
fn names_files(entry: &serde_json::Value, path: &str, faults: &mut Vec<Fault>) {
    let Some(object) = entry.as_object() else { return };
    for (name, value) in object {
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if name.ends_with("_file") || name == "tls_ca" {
            faults.push(
                Layer::Whole.fault(&here, "names a file: that is only possible in frontdesk.toml".into()),
            );
        } else {
            names_files(value, &here, faults);
        }
    }
}

/// As TOML, without what is `null`.
fn toml_of(value: &serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::Bool(flag) => Some(Value::Boolean(*flag)),
        // What is no whole number stays wrong: as a text it is told to be one.
        serde_json::Value::Number(number) => {
            Some(number.as_i64().map_or_else(|| Value::String(number.to_string()), Value::Integer))
        }
        serde_json::Value::String(text) => Some(Value::String(text.clone())),
        serde_json::Value::Array(items) => Some(Value::Array(items.iter().filter_map(toml_of).collect())),
        serde_json::Value::Object(object) => {
            let named = object.iter().filter_map(|(name, value)| Some((name.clone(), toml_of(value)?)));
            Some(Value::Table(named.collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(kind: ChannelKind, entry: &serde_json::Value) -> Vec<(String, String)> {
        let Err(faults) = Channel::read(kind, entry) else { return Vec::new() };
        faults.0.into_iter().map(|fault| (fault.key, fault.what)).collect()
    }

    #[test]
    fn a_channel_is_read_by_the_rules_of_the_file() {
        let number = json!({"number": "+15550001111", "provider": "twilio", "segments_per_second": null,
            "credentials": {"account_sid": "AC1", "auth_token": "t"}});
        let read = Channel::read(ChannelKind::Number, &number).unwrap();
        assert_eq!((read.kind(), read.name()), (ChannelKind::Number, "+15550001111"));
        for (kind, entry, key, what) in [
            (
                ChannelKind::Number,
                json!({"number": "+15550001111", "provider": "twilio"}),
                "credentials.account_sid",
                "twilio needs it",
            ),
            (ChannelKind::Number, json!({"number": "12", "provider": "sandbox"}), "number", ""),
            (ChannelKind::Number, json!({"number": "+15550001111", "provider": "pigeon"}), "provider", ""),
            (
                ChannelKind::Number,
                json!({"number": "+15550001111", "provider": "sandbox", "colour": "red"}),
                "colour",
                "unknown key",
            ),
            (
                ChannelKind::Number,
                json!({"number": "+15550001111", "provider": "sandbox", "segments_per_second": 1.5}),
                "segments_per_second",
                "must be a whole number from 1 on",
            ),
            (ChannelKind::Number, json!("+15550001111"), "", "must be an object"),
            (ChannelKind::Mailbox, json!({"address": "help@acme.example"}), "inbound", "is missing"),
            (
                ChannelKind::Mailbox,
                json!({"address": "help@acme.example", "inbound": "help@in.acme.example",
                "imap": {"url": "imaps://mail.acme.example", "user": "help"}}),
                "imap.password",
                "",
            ),
            (
                ChannelKind::Site,
                json!({"id": "shop", "allowed_origins": ["shop.example"]}),
                "allowed_origins[0]",
                "",
            ),
            (ChannelKind::Site, json!({"id": "shop", "allowed_origins": []}), "allowed_origins", ""),
        ] {
            let found = faults(kind, &entry);
            assert!(found.iter().any(|(k, w)| k == key && w.contains(what)), "{entry}: {found:?}");
        }
    }

    #[test]
    fn the_console_reads_no_files() {
        for (kind, entry, key) in [
            (
                ChannelKind::Number,
                json!({"number": "+15550001111", "provider": "sandbox",
                "credentials": {"webhook_secret_file": "/etc/passwd"}}),
                "credentials.webhook_secret_file",
            ),
            (
                ChannelKind::Site,
                json!({"id": "a", "allowed_origins": ["https://a.example"],
                "identity_secret_file": "/etc/hostname"}),
                "identity_secret_file",
            ),
            (
                ChannelKind::Mailbox,
                json!({"address": "a@a.example", "inbound": "a@in.a.example",
                "imap": {"url": "imaps://a.example", "user": "a", "password": "p", "tls_ca": "/etc/x"}}),
                "imap.tls_ca",
            ),
        ] {
            let found = faults(kind, &entry);
            assert!(found.iter().any(|(k, what)| k == key && what.contains("names a file")), "{found:?}");
        }
    }

    #[test]
    fn what_the_file_gives_is_not_given_again() {
        let mut config = Configuration::parse(
            "[[sms.numbers]]\nnumber = \"+15550001111\"\nprovider = \"sandbox\"\n\
             [[email.mailboxes]]\naddress = \"a@a.example\"\ninbound = \"a@in.a.example\"\n",
        )
        .unwrap();
        let mailbox = json!({"address": "b@a.example", "inbound": "a@in.a.example"});
        let collided =
            config.add_channel(Channel::read(ChannelKind::Mailbox, &mailbox).unwrap()).unwrap_err();
        assert_eq!(collided.key, "inbound");
        let number = |text: &str| {
            Channel::read(ChannelKind::Number, &json!({"number": text, "provider": "sandbox"})).unwrap()
        };
        assert!(config.add_channel(number("+15550001111")).is_err());
        config.add_channel(number("+15550002222")).unwrap();
        assert!(config.has_channel(ChannelKind::Number, "+15550002222"));
    }
}
