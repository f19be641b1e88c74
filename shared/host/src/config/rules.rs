//! What a single value must look like. Each rule answers what is wrong, for people.

use domain::{EmailAddress, PhoneNumber, Role};
use url::{Host, Url};

use super::{channels::Provider, smtp::Network};

/// A rule for one text.
pub(super) type Rule = fn(&str) -> Result<(), String>;

pub(super) fn any(_: &str) -> Result<(), String> {
    Ok(())
}

pub(super) fn phone_number(text: &str) -> Result<(), String> {
    PhoneNumber::parse(text).map(drop).map_err(|error| error.to_string())
}

pub(super) fn email_address(text: &str) -> Result<(), String> {
    EmailAddress::parse(text).map(drop).map_err(|error| error.to_string())
}

pub(super) fn untagged_address(text: &str) -> Result<(), String> {
    let address = EmailAddress::parse(text).map_err(|error| error.to_string())?;
    match address.local_and_tag() {
        (_, None) => Ok(()),
        (_, Some(_)) => Err(format!("leave the +tag out: {:?} takes any", address.without_tag().as_str())),
    }
}

pub(super) fn envelope_sender(text: &str) -> Result<(), String> {
    let known = matches!(text, "bounces" | "mailbox");
    known.then_some(()).ok_or_else(|| format!("{text:?}: choose bounces or mailbox"))
}

/// A domain as it stands in the DNS: in ASCII, without a dot at its end.
pub(super) fn domain(text: &str) -> Result<(), String> {
    let wrong = || format!("{text:?} is not a domain: write it as example.com");
    match Host::parse(text) {
        Ok(Host::Domain(name)) if name == text && !name.ends_with('.') => Ok(()),
        Ok(Host::Domain(name)) => Err(format!("write {text:?} as the DNS does: {name:?}")),
        _ => Err(wrong()),
    }
}

pub(super) fn selector(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = (1..=63).contains(&text.len()) && text.chars().all(plain);
    fits.then_some(()).ok_or_else(|| format!("{text:?} is not a selector: letters, digits, - and ."))
}

pub(super) fn provider(text: &str) -> Result<(), String> {
    let known = Provider::ALL.map(Provider::as_str);
    if known.contains(&text) {
        return Ok(());
    }
    let choice = known.join(", ");
    Err(format!("{text:?} is not a carrier known here: choose one of {choice}"))
}

/// `host:port`, where the host may be a name.
pub(super) fn listen(text: &str) -> Result<(), String> {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let host = Host::parse(host).map_err(drop);
    match (host, port.parse::<u16>()) {
        (Ok(_), Ok(_)) => Ok(()),
        _ => Err(format!("{text:?} is not an address to listen on: write it as 127.0.0.1:8080")),
    }
}

pub(super) fn network(text: &str) -> Result<(), String> {
    let form = "write it as 10.0.0.0/8 or 192.0.2.7, with nothing after the network's own bits";
    Network::parse(text).map(drop).ok_or_else(|| format!("{text:?} is not a network: {form}"))
}

/// `address:port`; a name would have to be looked up first.
pub(super) fn name_server(text: &str) -> Result<(), String> {
    let wrong = |_| format!("{text:?} is not a name server: write it as 9.9.9.9:53 or [2620:fe::fe]:53");
    text.parse::<std::net::SocketAddr>().map(drop).map_err(wrong)
}

pub(super) fn http_url(text: &str) -> Result<(), String> {
    let wrong = || format!("{text:?} is not a web address: write it as https://desk.example.com");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    (web && url.query().is_none() && url.fragment().is_none()).then_some(()).ok_or_else(wrong)
}

/// Secrets are told there: encrypted, or on this machine.
pub(super) fn token_url(text: &str) -> Result<(), String> {
    http_url(text)?;
    let is_safe = Url::parse(text).is_ok_and(|url| {
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        url.scheme() == "https" || here
    });
    is_safe.then_some(()).ok_or_else(|| format!("{text:?} must begin with https://: secrets are told there"))
}

/// An issuer is compared to the letter: it is kept as it is written.
pub(super) fn issuer(text: &str) -> Result<(), String> {
    token_url(text)?;
    if text.ends_with("/.well-known/openid-configuration") {
        return Err(format!("{text:?} is where the provider describes itself: leave /.well-known/… out"));
    }
    Ok(())
}

pub(super) fn provider_name(text: &str) -> Result<(), String> {
    let fits = text.chars().count() <= 60 && !text.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| "must fit on a button: at most 60 characters".into())
}

/// RFC 6749 §3.3, and OpenID Connect Core §3.1.2.1.
pub(super) fn scopes(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    if !text.split(' ').all(|scope| !scope.is_empty() && scope.chars().all(plain)) {
        return Err(format!("{text:?} are no scopes: write them as \"openid email profile\""));
    }
    let has = text.split(' ').any(|scope| scope == "openid");
    has.then_some(()).ok_or_else(|| format!("{text:?} lacks openid"))
}

/// Owners are made by owners.
pub(super) fn default_role(text: &str) -> Result<(), String> {
    let given = matches!(text.parse(), Ok(Role::Admin | Role::Manager | Role::Support));
    given.then_some(()).ok_or_else(|| format!("{text:?}: choose admin, manager or support"))
}

/// The text of these rules never repeats the address: it may hold a password.
pub(super) fn nats_url(text: &str) -> Result<(), String> {
    text.split(',').try_for_each(|one| with_host(one.trim(), &["nats", "tls"], "nats://broker:4222"))
}

pub(super) fn relay_url(text: &str) -> Result<(), String> {
    with_host(text, &["smtp", "smtps"], "smtp://user:password@mail.example.com:587")
}

/// Without user and password: those have keys of their own.
pub(super) fn imap_url(text: &str) -> Result<(), String> {
    let form = "imaps://mail.example.com";
    with_host(text, &["imaps", "imap"], form)?;
    let plain = Url::parse(text).is_ok_and(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
    });
    plain.then_some(()).ok_or_else(|| {
        format!("only scheme, host and port stand here, as in {form}; user, password and folder have keys")
    })
}

pub(super) fn database_url(text: &str) -> Result<(), String> {
    if scheme(text) == "sqlite" {
        return Ok(());
    }
    let form = "postgres://user:password@database:5432/frontdesk, or sqlite:///folder/frontdesk.db";
    with_host(text, &["postgres", "postgresql"], form)
}

pub(super) fn blobs_url(text: &str) -> Result<(), String> {
    match scheme(text) {
        "file" => match Url::parse(text).map(|url| url.to_file_path()) {
            Ok(Ok(_)) => Ok(()),
            _ => Err("a file address needs a whole path: write it as file:///var/lib/frontdesk/blobs".into()),
        },
        "s3" => Err("s3 is not supported in this build yet: use file:///path, or leave it empty".into()),
        _ => Err("the address must begin with file://".into()),
    }
}

/// `scheme://host[:port]`, exactly as browsers send it.
pub(super) fn origin(text: &str) -> Result<(), String> {
    let wrong = || format!("{text:?} is not an origin: write it as https://shop.example.com");
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong());
    }
    let written = url.origin().ascii_serialization();
    if written == text {
        Ok(())
    } else {
        Err(format!("{text:?} is not how browsers write it: write {written:?}"))
    }
}

pub(super) fn site_id(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fits = (1..=64).contains(&text.len()) && text.chars().all(plain);
    fits.then_some(())
        .ok_or_else(|| format!("{text:?} is no name for a site: letters, digits, - and _, at most 64"))
}

pub(super) fn long_secret(text: &str) -> Result<(), String> {
    (text.len() >= 32).then_some(()).ok_or_else(|| "too short: 32 characters or more".into())
}

fn scheme(text: &str) -> &str {
    text.split_once(':').map_or("", |(scheme, _)| scheme)
}

fn with_host(text: &str, schemes: &[&str], form: &str) -> Result<(), String> {
    let choice = schemes.join("://, ");
    if !schemes.contains(&scheme(text)) {
        return Err(format!("the address must begin with one of {choice}://, as in {form}"));
    }
    let host = Url::parse(text).is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    host.then_some(()).ok_or_else(|| format!("the address cannot be read: write it as {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_fine() {
        let fine: &[(Rule, &[&str])] = &[
            (listen, &["127.0.0.1:0", "[::1]:8080", "localhost:8080", "0.0.0.0:80"]),
            (nats_url, &["nats://127.0.0.1:4222", "tls://a, nats://user:p@b:4222", "nats://token@host"]),
            (
                database_url,
                &["postgres://u:p@h/d", "postgresql://h/d", "sqlite:///x.db", "sqlite://data/x.db?mode=rwc"],
            ),
            (origin, &["https://shop.example.com", "http://localhost:8080"]),
            (imap_url, &["imaps://mail.example.com", "imap://127.0.0.1:1143", "imaps://[::1]:993/"]),
            (relay_url, &["smtp://127.0.0.1:1025", "smtps://u:p@mail.example.com"]),
            (http_url, &["http://localhost:8080", "https://a.example/base"]),
            (
                issuer,
                &["https://id.example.com", "https://id.example.com/realms/acme/", "http://127.0.0.1:9000"],
            ),
            (scopes, &["openid", "openid email profile"]),
        ];
        for (rule, texts) in fine {
            for text in *texts {
                assert_eq!(rule(text), Ok(()), "{text}");
            }
        }
    }

    #[test]
    fn values_that_are_refused_and_what_is_said() {
        let refused: &[(Rule, &str, &str)] = &[
            (listen, "8080", "127.0.0.1:8080"),
            (listen, ":8080", "127.0.0.1:8080"),
            (listen, "localhost:99999", "127.0.0.1:8080"),
            (network, "10.0.0.1/8", "10.0.0.0/8"),
            (phone_number, "ACME", "alphanumeric"),
            (provider, "pigeon", "not a carrier known here"),
            (provider, "twillio", "choose one of twilio, vonage, telnyx"),
            (nats_url, "http://broker", "nats://"),
            (database_url, "mysql://h/d", "postgres://"),
            (blobs_url, "s3://bucket", "not supported in this build"),
            (origin, "https://shop.example.com/", "write \"https://shop.example.com\""),
            (origin, "https://Shop.Example.com:443", "write \"https://shop.example.com\""),
            (origin, "shop.example.com", "not an origin"),
            (origin, "*", "not an origin"),
            (untagged_address, "in+x@example.com", "\"in@example.com\""),
            (name_server, "dns.example.com", "9.9.9.9:53"),
            (issuer, "http://id.example.com", "https://"),
            (issuer, "id.example.com", "not a web address"),
            (issuer, "https://id.example.com/.well-known/openid-configuration", "leave"),
            (scopes, "email profile", "lacks openid"),
            (scopes, "openid, email", "lacks openid"),
            (scopes, "openid  email", "no scopes"),
            (default_role, "owner", "choose admin"),
            (default_role, "agent", "choose admin"),
            (imap_url, "imaps://u:p@mail.example.com", "have keys"),
            (imap_url, "imaps://mail.example.com/INBOX", "have keys"),
            (imap_url, "pop3://mail.example.com", "imaps://"),
            (site_id, "my shop", "no name for a site"),
        ];
        for (rule, text, said) in refused {
            let error = rule(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_refused_address_with_a_password_is_not_repeated() {
        for rule in [nats_url, database_url, relay_url, blobs_url, imap_url] {
            assert!(!rule("mongo://u:hunter2@host").unwrap_err().contains("hunter2"));
        }
    }
}
