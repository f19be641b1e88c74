//! Asks the DNS about a mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC and ARC (RFC 8617).

use std::{net::IpAddr, time::Duration};

use domain::event::MailClient;
use host::config::Dns;
use mail_auth::{
    ArcOutput, AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, MessageAuthenticator, SpfOutput,
    SpfResult,
    dkim::Signature,
    dmarc::{Policy, verify::DmarcParameters},
    hickory_resolver::{
        TokioResolver,
        config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    },
    spf::verify::SpfParameters,
};

use super::{
    results::vouch_for,
    verdict::{Proofs, Said, Sealed, Signed},
};

/// One question is asked anew after this long.
const ONE_QUESTION: Duration = Duration::from_secs(2);

/// The name servers. Cheap to clone.
#[derive(Clone)]
pub struct Resolver {
    asked: MessageAuthenticator,
    patience: Duration,
}

impl Resolver {
    /// Those configured; `None` where there are none.
    ///
    /// # Errors
    /// The resolver cannot be set up.
    pub fn new(dns: &Dns) -> anyhow::Result<Option<Self>> {
        if !dns.is_asked() {
            return Ok(None);
        }
        let server = |address: &std::net::SocketAddr| {
            let mut ways = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            ways.iter_mut().for_each(|way| way.port = address.port());
            NameServerConfig::new(address.ip(), true, ways.to_vec())
        };
        let servers = dns.servers.iter().map(server).collect();
        let mut options = ResolverOpts::default();
        options.timeout = ONE_QUESTION.min(dns.timeout());
        options.attempts = 1;
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        Ok(Some(Self { asked: MessageAuthenticator::new(config, options)?, patience: dns.timeout() }))
    }

    pub(super) fn authenticator(&self) -> &MessageAuthenticator {
        &self.asked
    }

    pub(super) fn servers(&self) -> &TokioResolver {
        &self.asked.0
    }

    /// Everything that can be found out about a mail; `None` where that takes too long.
    pub async fn proofs(
        &self,
        raw: &[u8],
        client: Option<&MailClient>,
        envelope_from: &str,
    ) -> Option<Proofs> {
        tokio::time::timeout(self.patience, self.ask(raw, client, envelope_from)).await.ok()
    }

    async fn ask(&self, raw: &[u8], client: Option<&MailClient>, envelope_from: &str) -> Proofs {
        let Some(message) = AuthenticatedMessage::parse(raw) else { return Proofs::default() };
        let spf = self.spf(client, envelope_from).await;
        let mut dkim = self.asked.verify_dkim(&message).await;
        // A signature must cover who wrote it (RFC 6376 section 5.4).
        let covers_from =
            |signature: &Signature| signature.h.iter().any(|name| name.eq_ignore_ascii_case("from"));
        dkim.retain(|one| one.signature().is_none_or(covers_from));
        let arc = self.asked.verify_arc(&message).await;
        let sender = envelope_from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let sender = if sender.is_empty() { spf.domain() } else { sender };
        let dmarc = self.asked.verify_dmarc(DmarcParameters::new(&message, &dkim, sender, &spf)).await;
        let author = author(&message.from);
        Proofs {
            arc: sealed(&arc, author.as_deref().unwrap_or_default()),
            author,
            spf: (spf_said(spf.result()), sender.to_ascii_lowercase()),
            dkim: dkim.iter().map(signed).collect(),
            dmarc: dmarc_said(&dmarc.result()),
            strict: matches!(dmarc.policy(), Policy::Quarantine | Policy::Reject),
            spam: None,
        }
    }

    /// Without knowing who handed the mail over, nothing can be said.
    async fn spf(&self, client: Option<&MailClient>, envelope_from: &str) -> SpfOutput {
        let known = client.and_then(|client| Some((client.address.parse::<IpAddr>().ok()?, &client.hello)));
        let Some((address, hello)) = known else {
            return SpfOutput::new(String::new()).with_result(SpfResult::None);
        };
        let (address, us) = (address.to_canonical(), "localhost");
        let question = if envelope_from.is_empty() {
            SpfParameters::verify_ehlo(address, hello, us)
        } else {
            SpfParameters::verify_mail_from(address, hello, us, envelope_from)
        };
        self.asked.verify_spf(question).await
    }
}

/// The domain of `From`, where all its addresses share one.
fn author(from: &[String]) -> Option<String> {
    let mut domains = from.iter().filter_map(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    let first = domains.next()?;
    domains.all(|other| other.eq_ignore_ascii_case(first)).then(|| first.to_ascii_lowercase())
}

fn signed(one: &DkimOutput<'_>) -> Signed {
    let by = one.signature().map(|signature| signature.d.to_ascii_lowercase());
    Signed { said: dkim_said(one.result()), by: by.unwrap_or_default() }
}

fn sealed(arc: &ArcOutput<'_>, author: &str) -> Sealed {
    let by = arc.sets().iter().map(|set| set.seal.header.d.to_ascii_lowercase()).collect();
    let first = arc.sets().first().map(|set| String::from_utf8_lossy(set.results.value).into_owned());
    let vouched = first.is_some_and(|found| vouch_for(&found, author));
    Sealed { said: dkim_said(arc.result()), by, vouched }
}

pub(super) fn spf_said(result: SpfResult) -> Said {
    match result {
        SpfResult::Pass => Said::Pass,
        SpfResult::Fail => Said::Fail,
        SpfResult::SoftFail => Said::SoftFail,
        SpfResult::Neutral => Said::Neutral,
        SpfResult::TempError => Said::TempError,
        SpfResult::PermError => Said::PermError,
        SpfResult::None => Said::None,
    }
}

fn dkim_said(result: &DkimResult) -> Said {
    match result {
        DkimResult::Pass => Said::Pass,
        DkimResult::Fail(_) => Said::Fail,
        DkimResult::Neutral(_) => Said::Neutral,
        DkimResult::PermError(_) => Said::PermError,
        DkimResult::TempError(_) => Said::TempError,
        DkimResult::None => Said::None,
    }
}

fn dmarc_said(result: &DmarcResult) -> Said {
    match result {
        DmarcResult::Pass => Said::Pass,
        DmarcResult::Fail(_) => Said::Fail,
        DmarcResult::TempError(_) => Said::TempError,
        DmarcResult::PermError(_) => Said::PermError,
        DmarcResult::None => Said::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_is_one_domain_or_nobody() {
        let of = |from: &[&str]| author(&from.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["anna@Acme.example", "bo@acme.example"]).as_deref(), Some("acme.example"));
        assert_eq!(of(&["anna@acme.example", "bo@evil.example"]), None);
        assert_eq!(of(&["anna"]), None);
        assert_eq!(of(&[]), None);
    }
}
