//! The layers together: what is accepted, what wins, and what is said when something is wrong.

use super::*;

const FULL: &str = r#"
data_dir = "/var/lib/frontdesk"
listen = "0.0.0.0:8080"
admin_listen = "0.0.0.0:9090"
public_url = "https://desk.example.com"
secret_key = "0123456789abcdef0123456789abcdef"
nats.url = "nats://frontdesk:hunter2@broker:4222"
database.url = "postgres://desk:hunter2@db/desk"
blobs.url = "file:///var/lib/frontdesk/blobs"
smtp = { listen = "0.0.0.0:25", max_size = 1000000, lmtp_listen = "127.0.0.1:24", tls_certificate = "/tls/crt", tls_key = "/tls/key", require_tls = true, trusted_peers = ["10.0.0.0/8"], proxy_protocol = true }
webhooks = { inside_hosts = ["crm.internal"] }
dns = { servers = ["192.0.2.53:53"], timeout_seconds = 3 }
relay = { url = "smtps://u@mail.example.com", oauth = { token_url = "https://id.example.com/token", client_id = "us", client_secret = "hunter2", refresh_token = "hunter2", scope = "send" } }
owner = { email = "owner@example.com", password = "hunter2hunter2", api_key = "hunter2key" }

[sms]
spool_max_bytes = 1048576
[[sms.numbers]]
number = "+1 555 000 1111"
provider = "twilio"
api_base = "http://127.0.0.1:9"
segments_per_second = 1
carrier_confirms_opt_out = true
[sms.numbers.credentials]
account_sid = "AC1"
account_id = "hunter2"
auth_id = "hunter2"
auth_token = "hunter2"
auth_token_previous = "hunter2"
messaging_service_sid = "hunter2"
messaging_profile_id = "hunter2"
application_id = "hunter2"
service_plan_id = "hunter2"
project_id = "hunter2"
workspace_id = "hunter2"
channel_id = "hunter2"
api_key = "hunter2"
api_secret = "hunter2"
api_token = "hunter2"
api_user = "hunter2"
api_password = "hunter2"
access_key_id = "hunter2"
secret_access_key = "hunter2"
region = "hunter2"
topic_arn = "hunter2"
configuration_set = "hunter2"
signing_certificate = "hunter2"
public_key = "hunter2"
public_key_previous = "hunter2"
signing_key = "hunter2"
signing_key_previous = "hunter2"
signature_method = "hunter2"
secret = "hunter2"
webhook_user = "hunter2"
webhook_password = "hunter2"
webhook_secret = "hunter2"
webhook_secret_previous = "hunter2"

[oidc]
issuer = "https://id.example.com"
client_id = "desk"
client_secret = "hunter2"
name = "Acme ID"
scopes = "openid email"
allowed_domains = ["example.com"]
create_users = true
default_role = "manager"
password_sign_in = false
assume_email_verified = true

[email]
webhook_key = "hunter2"
envelope_sender = "mailbox"
trusted_forwarders = ["mail.example.org"]
[[email.dkim]]
domain = "example.com"
selector = "s1"
key = "hunter2"
[[email.mailboxes]]
address = "Support@Example.com"
inbound = "support@in.example.net"
imap = { url = "imaps://mail.example.com", user = "support", password = "hunter2", folder = "INBOX", move_to = "Done", poll_seconds = 60, allow_plain = false, plus_addresses = true, tls_ca = "/tls/ca" }
[[email.mailboxes]]
address = "sales@example.com"
inbound = "sales@example.com"
[email.mailboxes.imap]
url = "imaps://mail.example.com"
user = "sales"
oauth = { token_url = "http://localhost:1/token", client_id = "us", client_secret = "hunter2", refresh_token = "hunter2", scope = "read" }

[chat]
clamav = "127.0.0.1:3310"

[[chat.sites]]
id = "main"
allowed_origins = ["https://shop.example.com"]
identity_secret = "hunter2"
"#;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn faults(file: &str, variables: &[(&str, &str)]) -> String {
    match Configuration::of_layers(Some(("desk.toml", file)), &env(variables)) {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn every_key_of_the_schema_is_read_and_shown_and_no_secret_is() {
    let config = Configuration::parse(FULL).unwrap();
    assert_eq!(config.sms.numbers[0].number.as_str(), "+15550001111");
    assert_eq!(config.sms.numbers[0].credentials.get("auth_token").unwrap().expose(), "hunter2");
    let shown = config.to_toml();
    assert!(!shown.contains("hunter2") && !shown.contains("0123456789"), "{shown}");
    assert!(shown.contains("postgres://desk:***@db/desk"), "{shown}");
    let mut faults = Vec::new();
    schema::vet(&mut shown.parse().unwrap(), KEYS, "", &Layer::Whole, &mut faults);
    let unknown: Vec<_> = faults.iter().filter(|fault| fault.what.contains("unknown")).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    fn assert_given(keys: &[Key], table: &Table) {
        for key in keys {
            match (&key.kind, table.get(key.name)) {
                (_, None) => panic!("{} is in the schema but not in the sample", key.name),
                (Kind::Table(keys), Some(Value::Table(inner))) => assert_given(keys, inner),
                (Kind::Tables(keys), Some(Value::Array(items))) => {
                    let mut all = Table::new();
                    items.iter().for_each(|item| merge(&mut all, item.as_table().unwrap().clone()));
                    assert_given(keys, &all)
                }
                _ => {}
            }
        }
    }
    assert_given(KEYS, &FULL.parse().unwrap());
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = Configuration::of_layers(None, &[]).unwrap();
    assert_eq!(config.data_dir, Path::new("./data"));
    assert_eq!(config.listen, "127.0.0.1:8080");
    assert_eq!(config.admin_listen, "127.0.0.1:9090");
    assert_eq!(config.public_url.as_str(), "http://localhost:8080/");
    assert_eq!(config.smtp.listen, "127.0.0.1:2525");
    assert!(config.nats.url.is_none() && config.database.url.is_none() && config.relay.url.is_none());
}

#[test]
fn the_environment_wins_over_the_file_and_an_empty_variable_is_none() {
    let variables = env(&[
        ("FRONTDESK_LISTEN", "127.0.0.1:0"),
        ("FRONTDESK_OWNER__PASSWORD", "12345678"),
        ("FRONTDESK_SMTP__MAX_SIZE", "500000"),
        ("FRONTDESK_DATABASE__URL", ""),
        ("FRONTDESK_SMS__NUMBERS", r#"[{number="+15550002222", provider="sandbox"}]"#),
        ("FRONTDESK_EMAIL__MAILBOXES", r#"[{"address": "a@example.com", "inbound": "b@example.net"}]"#),
        ("FRONTDESK_LOG", "debug"),
        ("FRONTDESK_SERVICE_HOST", "10.0.0.1"),
        ("FRONTDESK_INBOX_PORT", "tcp://10.0.0.1:80"),
        ("FRONTDESK_INBOX_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("UNRELATED", "x"),
    ]);
    let config = Configuration::of_layers(Some(("desk.toml", FULL)), &variables).unwrap();
    assert_eq!(config.listen, "127.0.0.1:0");
    assert_eq!(config.owner.email.as_ref().unwrap().as_str(), "owner@example.com");
    assert_eq!(config.owner.password.as_ref().unwrap().expose(), "12345678");
    assert_eq!(config.smtp.max_size, 500_000);
    assert_eq!(config.database.url.as_ref().unwrap().expose(), "postgres://desk:hunter2@db/desk");
    assert_eq!(config.sms.numbers.len(), 1);
    assert_eq!(config.sms.numbers[0].provider, Provider::Sandbox);
    assert_eq!(config.email.mailboxes[0].address.as_str(), "a@example.com");
}

#[test]
fn a_fault_names_the_whole_key_what_is_wrong_and_where_it_stands() {
    let sms = |rest: &str| format!("[[sms.numbers]]\nnumber = \"+15550001111\"\n{rest}\n");
    let site = |origins: &str| format!("[[chat.sites]]\nid = \"a\"\nallowed_origins = {origins}\n");
    let mailbox = "[[email.mailboxes]]\naddress = \"a@b.example\"\ninbound = \"in@b.example\"\n";
    for (file, said) in [
        ("listne = \"x\"".to_owned(), "listne: unknown key, did you mean \"listen\"? (desk.toml)"),
        (
            sms("provder = \"twilio\""),
            "sms.numbers[0].provder: unknown key, did you mean \"provider\"? (desk.toml)",
        ),
        (sms("provder = \"twilio\""), "sms.numbers[0].provider: is missing"),
        (sms("provider = \"pigeon\""), "sms.numbers[0].provider: \"pigeon\" is not a carrier known here"),
        (
            sms("provider = \"twilio\"\ncredentials.account_sid = \"AC1\""),
            "sms.numbers[0].credentials.auth_token: twilio needs it",
        ),
        (
            sms("provider = \"sandbox\"\ncredentials.auth_tokn = \"x\""),
            "sms.numbers[0].credentials.auth_tokn: unknown key, did you mean \"auth_token\"?",
        ),
        (
            sms("provider = \"sandbox\"").replace("+15550001111", "ACME"),
            "sms.numbers[0].number: \"ACME\" is an alphanumeric sender id",
        ),
        (sms("provider = \"sandbox\"").repeat(2), "sms.numbers[1].number: +15550001111 stands here twice"),
        (mailbox.repeat(2), "email.mailboxes[1].address: a@b.example stands here twice"),
        (
            site("[\"https://x.example/shop\"]"),
            "chat.sites[0].allowed_origins[0]: \"https://x.example/shop\"",
        ),
        (site("[]"), "chat.sites[0].allowed_origins: is empty"),
        (site("[\"https://x.example\"]").repeat(2), "chat.sites[1].id: \"a\" stands here twice"),
        ("listen = 8080".to_owned(), "listen: must be a text in quotes"),
        ("smtp.max_size = 0".to_owned(), "smtp.max_size: must be a whole number from 1 on"),
        ("[nats]\nurl = \"http://x\"".to_owned(), "nats.url: the address must begin with one of nats://"),
        ("owner.password = \"x\"".to_owned(), "owner.password: an account needs an address too"),
        ("smtp.tls_key = \"/a\"".to_owned(), "smtp.tls_certificate: is missing"),
        ("smtp.tls_certificate = \"/a\"".to_owned(), "smtp.tls_key: is missing"),
        ("smtp.require_tls = true".to_owned(), "smtp.require_tls: needs a certificate"),
        ("smtp.proxy_protocol = true".to_owned(), "smtp.proxy_protocol: needs to know the proxies"),
        ("smtp.trusted_peers = [\"x\"]".to_owned(), "smtp.trusted_peers[0]: \"x\" is not a network"),
        ("sms = 1".to_owned(), "sms: must be a section"),
        ("sms.numbers = [1]".to_owned(), "sms.numbers[0]: must be a section"),
        ("a = 1\nb = = \"hunter2\"".to_owned(), "line 2 is not TOML"),
    ] {
        let text = faults(&file, &[]);
        assert!(
            text.lines().any(|line| line.starts_with(&format!("frontdesk: configuration: {said}"))),
            "{file}\n{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_wrong_variable_is_named_as_a_variable() {
    for ((name, value), said) in [
        (
            ("FRONTDESK_NAST__URL", "x"),
            "FRONTDESK_NAST__URL: unknown variable, did you mean FRONTDESK_NATS__URL? (environment)",
        ),
        (("FRONTDESK_LISTEN__X", "x"), "FRONTDESK_LISTEN__X: unknown variable"),
        (("FRONTDESK_OWNER", "{}"), "FRONTDESK_OWNER: unknown variable"),
        (
            ("FRONTDESK_LISTEN", "8080"),
            "listen: \"8080\" is not an address to listen on: write it as 127.0.0.1:8080 (environment, FRONTDESK_LISTEN)",
        ),
        (("FRONTDESK_SMTP__MAX_SIZE", "25MB"), "smtp.max_size: must be a whole number"),
        (("FRONTDESK_SMS__NUMBERS", "[{number="), "sms.numbers: cannot be read"),
        (
            ("FRONTDESK_SMS__NUMBERS", "[{number=\"1\"}]"),
            "sms.numbers[0].number: \"1\" is not a phone number",
        ),
    ] {
        let text = faults("", &[(name, value)]);
        assert!(text.contains(&format!("frontdesk: configuration: {said}")), "{name}={value}\n{text}");
    }
}

#[test]
fn every_secret_may_be_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "hunter2 with spaces \n").unwrap();
    let path = path.to_str().unwrap();
    let file = format!(
        "owner = {{ email = \"o@example.com\", password_file = {path:?} }}\n[[sms.numbers]]\nnumber = \"12345\"\n\
         provider = \"sandbox\"\ncredentials.secret_file = {path:?}\n"
    );
    let variables = env(&[("FRONTDESK_OWNER__API_KEY_FILE", path)]);
    let config = Configuration::of_layers(Some(("desk.toml", &file)), &variables).unwrap();
    for secret in [
        config.owner.password.as_ref(),
        config.owner.api_key.as_ref(),
        config.sms.numbers[0].credentials.get("secret"),
    ] {
        assert_eq!(secret.unwrap().expose(), "hunter2 with spaces ");
    }
    let both = faults(&format!("owner = {{ api_key = \"x\", api_key_file = {path:?} }}"), &[]);
    assert!(both.contains("owner.api_key_file: api_key is given too"), "{both}");
    let missing = faults("", &[("FRONTDESK_RELAY__URL_FILE", "/nowhere/at/all")]);
    assert!(missing.contains("relay.url_file: cannot read \"/nowhere/at/all\""), "{missing}");
    assert!(faults(&format!("listen_file = {path:?}"), &[]).contains("listen_file: unknown key"));
}

#[test]
fn every_variable_of_the_contract_is_known() {
    let names = Configuration::env_names();
    for name in [
        "FRONTDESK_DATA_DIR",
        "FRONTDESK_LISTEN",
        "FRONTDESK_ADMIN_LISTEN",
        "FRONTDESK_PUBLIC_URL",
        "FRONTDESK_NATS__URL",
        "FRONTDESK_NATS__URL_FILE",
        "FRONTDESK_DATABASE__URL",
        "FRONTDESK_BLOBS__URL",
        "FRONTDESK_SMTP__LISTEN",
        "FRONTDESK_RELAY__URL",
        "FRONTDESK_OWNER__EMAIL",
        "FRONTDESK_OWNER__PASSWORD",
        "FRONTDESK_OWNER__API_KEY",
        "FRONTDESK_SMS__NUMBERS",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
}

#[test]
fn a_sign_in_has_a_password_or_tokens() {
    let mailbox = |how: &str| {
        format!(
            "[[email.mailboxes]]\naddress = \"a@x.org\"\ninbound = \"a@x.org\"\n\
             imap = {{ url = \"imaps://x.org\", user = \"a\"{how} }}\n"
        )
    };
    let oauth = "oauth = { token_url = \"https://id.x.org\", client_id = \"us\", refresh_token = \"r\" }";
    let relay = |url: &str| format!("[relay]\nurl = \"{url}\"\n{oauth}\n");
    for (file, said) in [
        (mailbox(""), "imap.password: is missing"),
        (mailbox(&format!(", password = \"p\", {oauth}")), "imap.password: is given beside imap.oauth"),
        (
            mailbox(&format!(", {}", oauth.replace("https", "http"))),
            "imap.oauth.token_url: \"http://id.x.org\" must",
        ),
        (format!("[relay]\n{oauth}\n"), "relay.oauth: needs relay.url"),
        (relay("smtp://x.org?tls=required"), "relay.oauth: needs to know who signs in"),
        (relay("smtps://u:p@x.org"), "relay.oauth: is given beside a password"),
        (relay("smtp://u@x.org:587"), "relay.oauth: is told to nobody without encryption"),
        (relay("smtp://u@x.org:587?tls=required"), ""),
        (mailbox(&format!(", {oauth}")), ""),
        (mailbox(", password = \"p\""), ""),
    ] {
        let found = faults(&file, &[]);
        assert!(found.contains(said) && found.is_empty() == said.is_empty(), "{file}: {found}");
    }
}

/// What people read to know what can be set says all of it.
#[test]
fn the_file_of_examples_names_every_key() {
    fn names(keys: &[schema::Key], found: &mut Vec<&'static str>) {
        for key in keys {
            found.push(key.name);
            if let schema::Kind::Table(inner) | schema::Kind::Tables(inner) = key.kind {
                names(inner, found);
            }
        }
    }
    let file = include_str!("../../../../deploy/frontdesk.toml");
    let words: Vec<&str> = file.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let mut keys = Vec::new();
    names(KEYS, &mut keys);
    let is_there = |key: &&str| words.iter().any(|word| word.strip_suffix("_file").unwrap_or(word) == *key);
    let missing: Vec<&str> = keys.into_iter().filter(|key| !is_there(key)).collect();
    assert!(missing.is_empty(), "deploy/frontdesk.toml does not name {missing:?}");
}

#[test]
fn mail_over_http_is_let_in_by_its_own_key_else_by_that_of_the_owner() {
    let key = |text: &str| Configuration::parse(text).unwrap().mail_key().map(|key| key.expose().to_owned());
    assert_eq!(key(""), None);
    assert_eq!(key("owner.api_key = \"the owner's\"").as_deref(), Some("the owner's"));
    let both = "owner.api_key = \"the owner's\"\nemail.webhook_key = \"its own\"";
    assert_eq!(key(both).as_deref(), Some("its own"));
}

#[test]
fn a_provider_is_whole_or_not_there() {
    let here = "[oidc]\nissuer = \"https://id.example.com\"\n";
    for (file, said) in [
        (here.to_owned(), "oidc.client_id"),
        ("[oidc]\nclient_id = \"desk\"".into(), "oidc.issuer"),
        ("[oidc]\npassword_sign_in = false".into(), "oidc.password_sign_in"),
        (format!("{here}client_id = \"desk\"\ncreate_users = true"), "oidc.create_users"),
        (format!("{here}client_id = \"desk\"\ndefault_role = \"owner\""), "oidc.default_role"),
        (format!("{here}client_id = \"desk\"\nclient_secret = 7"), "oidc.client_secret"),
    ] {
        let found = faults(&file, &[]);
        assert!(found.contains(said), "{file}: {found}");
    }
    assert_eq!(faults(&format!("{here}client_id = \"desk\""), &[]), "");
    let provider = Configuration::parse(FULL).unwrap().oidc;
    for (email, allowed) in [("a@example.com", true), ("a@Example.com", true), ("a@sub.example.com", false)] {
        assert_eq!(provider.allows(&email.parse().unwrap()), allowed, "{email}");
    }
}
