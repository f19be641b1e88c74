//! What the DNS says of the domains mail goes out from: whether receivers will believe it. Asked only where name servers are
//! configured.

use std::{collections::BTreeSet, net::IpAddr};

use email_ingest::judge::{dns::Resolver, look_up::NoAnswer, verdict::Said};
use host::{
    Configuration,
    config::{DkimKey, EmailChannels},
};
use notifier::dkim::Signer;
use url::Url;

use super::{Finding, complaint};

/// One line each, named by what it is about. Nothing where nobody may be asked.
pub async fn check(config: &Configuration) -> Vec<(String, Finding)> {
    let resolver = match Resolver::new(&config.dns) {
        Ok(Some(resolver)) => resolver,
        Ok(None) => return Vec::new(),
        Err(error) => {
            let wrong = complaint(format!("{error:#}"), "correct dns.servers");
            return vec![("DNS".into(), Err(wrong))];
        }
    };
    let relay = relay(config);
    let mut lines = Vec::new();
    for domain in domains(&config.email) {
        let found = spf(&resolver, &domain, relay.as_deref()).await;
        lines.push((format!("SPF of {domain}"), found.unwrap_or_else(|error| away(&error))));
        lines.push((
            format!("DMARC of {domain}"),
            dmarc(&resolver, &domain).await.unwrap_or_else(|error| away(&error)),
        ));
    }
    for key in &config.email.dkim {
        let found = dkim(&resolver, key).await;
        lines
            .push((format!("DKIM in the DNS of {}", key.domain), found.unwrap_or_else(|error| away(&error))));
    }
    lines
}

fn away(error: &NoAnswer) -> Finding {
    Err(complaint(error.to_string(), "name servers that answer in dns.servers, or leave it out"))
}

/// The domains of all mailboxes, each once.
fn domains(email: &EmailChannels) -> BTreeSet<String> {
    email.mailboxes.iter().map(|mailbox| mailbox.address.domain().to_owned()).collect()
}

/// The host of the relay, if there is one.
fn relay(config: &Configuration) -> Option<String> {
    let url = config.relay.url.as_ref().and_then(|url| Url::parse(url.expose()).ok())?;
    url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned())
}

async fn spf(resolver: &Resolver, domain: &str, relay: Option<&str>) -> Result<Finding, NoAnswer> {
    let texts = resolver.texts(domain).await?;
    let mut said = Vec::new();
    if let Some(host) = relay {
        for address in resolver.addresses(host).await? {
            said.push((address, resolver.spf_of(domain, address).await));
        }
    }
    Ok(judge_spf(domain, &texts, relay, &said))
}

/// `said` is what SPF says of each address of the relay.
fn judge_spf(domain: &str, texts: &[String], relay: Option<&str>, said: &[(IpAddr, Said)]) -> Finding {
    let records: Vec<_> = texts.iter().filter(|text| is_of(text, "v=spf1")).collect();
    let example = "v=spf1 include:<what your relay's provider names> ~all";
    let record = match records.as_slice() {
        [] => {
            let mend = format!("publish TXT {domain} = {example:?}");
            return Err(complaint("there is none: receivers cannot tell which servers are yours", mend));
        }
        [record] => record,
        _ => {
            return Err(complaint("there is more than one, so none counts", "join them into one TXT record"));
        }
    };
    let Some(host) = relay else {
        return Ok(format!("{record:?}; no relay is set, so nothing is compared"));
    };
    if said.iter().any(|(_, said)| *said == Said::PermError) {
        return Err(complaint(
            format!("{record:?} cannot be read"),
            "correct it; it may name at most 10 others",
        ));
    }
    if said.iter().any(|(address, _)| !is_public(*address)) {
        return Ok(format!(
            "{record:?}; {host} is in your own network: see that the record names the address it sends from"
        ));
    }
    match said {
        [] => Err(complaint(format!("{host} has no address"), "correct relay.url")),
        said if said.iter().all(|(_, said)| *said == Said::Pass) => Ok(format!("{record:?} names {host}")),
        _ => Ok(format!(
            "{record:?} does not name {host} itself: see that it names the servers that relay sends from \
             (its provider says which include: to add)"
        )),
    }
}

fn is_public(address: IpAddr) -> bool {
    web::reach::is_public(address)
}

async fn dmarc(resolver: &Resolver, domain: &str) -> Result<Finding, NoAnswer> {
    let own = resolver.texts(&format!("_dmarc.{domain}")).await?;
    let above = match domain.split_once('.').filter(|(_, above)| above.contains('.')) {
        Some((_, above)) => resolver.texts(&format!("_dmarc.{above}")).await?,
        None => Vec::new(),
    };
    let record = own.iter().chain(&above).find(|text| is_of(text, "v=DMARC1"));
    Ok(Ok(match record {
        Some(record) => format!("{record:?}"),
        None => format!(
            "none; large receivers ask for one: TXT _dmarc.{domain} = \"v=DMARC1; p=none\" is a start"
        ),
    }))
}

async fn dkim(resolver: &Resolver, key: &DkimKey) -> Result<Finding, NoAnswer> {
    let signer = match Signer::new(key) {
        Ok(signer) => signer,
        // told with the key itself
        Err(_) => return Ok(Err(complaint("there is no key to compare with", "correct email.dkim"))),
    };
    let texts = resolver.texts(&signer.record_name()).await?;
    Ok(judge_dkim(&signer.record_name(), &signer.record(), &texts))
}

fn judge_dkim(name: &str, wanted: &str, texts: &[String]) -> Finding {
    let mend = format!("publish TXT {name} = {wanted:?}");
    let key = |record: &str| tag(record, "p").filter(|key| !key.is_empty());
    let published: Vec<String> = texts.iter().filter_map(|text| key(text)).collect();
    match published.as_slice() {
        [] => Err(complaint(format!("there is no key at {name}: signatures are worth nothing"), mend)),
        keys if keys.iter().any(|found| Some(found) == key(wanted).as_ref()) => {
            Ok(format!("the key at {name} is ours"))
        }
        _ => Err(complaint(format!("the key at {name} is another one: signatures fail"), mend)),
    }
}

/// A tag of a record such as `v=DKIM1; k=rsa; p=…`, without white space.
fn tag(record: &str, name: &str) -> Option<String> {
    let tags = record.split(';').filter_map(|tag| tag.split_once('='));
    let value = tags.into_iter().find(|(found, _)| found.trim() == name)?.1;
    Some(value.chars().filter(|c| !c.is_whitespace()).collect())
}

fn is_of(text: &str, version: &str) -> bool {
    let start = text.trim_start().get(..version.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of: &[&str]) -> Vec<String> {
        of.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn spf_is_compared_with_the_relay() {
        let far: IpAddr = "8.8.4.4".parse().unwrap();
        let near: IpAddr = "10.0.0.5".parse().unwrap();
        let spf = |of: &[&str], relay: Option<&str>, said: &[(IpAddr, Said)]| {
            judge_spf("acme.example", &texts(of), relay, said)
        };
        let relay = Some("smtp.example");
        let good = spf(&["hello", "v=spf1 ip4:8.8.4.4 -all"], relay, &[(far, Said::Pass)]).unwrap();
        assert!(good.contains("names smtp.example"), "{good}");
        let other = spf(&["v=spf1 -all"], relay, &[(far, Said::Fail)]).unwrap();
        assert!(other.contains("does not name smtp.example itself"), "{other}");
        let inside = spf(&["v=spf1 mx -all"], relay, &[(near, Said::Fail)]).unwrap();
        assert!(inside.contains("own network"), "{inside}");
        assert!(spf(&["v=spf1 -all"], None, &[]).unwrap().contains("no relay"));
        for (of, said, word) in [
            (&["hello"][..], vec![], "there is none"),
            (&["v=spf1 -all", "v=spf1 mx"], vec![], "more than one"),
            (&["v=spf1 include:a"], vec![(far, Said::PermError)], "cannot be read"),
            (&["v=spf1 -all"], vec![], "no address"),
        ] {
            let wrong = spf(of, relay, &said).unwrap_err();
            assert!(wrong.what.contains(word), "{wrong:?}");
        }
    }

    #[test]
    fn the_published_key_must_be_ours() {
        let (name, wanted) = ("s1._domainkey.acme.example", "v=DKIM1; k=rsa; p=MIIB");
        assert!(judge_dkim(name, wanted, &texts(&["v=DKIM1; p=MI IB; k=rsa"])).is_ok());
        for (of, word) in
            [(&[][..], "no key"), (&["v=DKIM1; p="], "no key"), (&["v=DKIM1; k=rsa; p=OTHER"], "another one")]
        {
            let wrong = judge_dkim(name, wanted, &texts(of)).unwrap_err();
            assert!(wrong.what.contains(word) && wrong.mend.contains("p=MIIB"), "{wrong:?}");
        }
    }
}
