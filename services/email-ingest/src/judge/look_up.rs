//! Single look-ups, for who wants to know what the DNS says of the organisation's own domains.

use std::net::IpAddr;

use mail_auth::{
    DnsError, Error,
    hickory_resolver::{net::NetError, proto::rr::RData},
    spf::verify::SpfParameters,
};

use super::{
    dns::{Resolver, spf_said},
    verdict::Said,
};

/// The name servers gave no answer: neither that there is something, nor that there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name servers do not answer: {0}")]
pub struct NoAnswer(String);

impl Resolver {
    /// Every text of a name; none where there is no such name.
    ///
    /// # Errors
    /// No answer.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let found = match self.servers().txt_lookup(fully(name)).await {
            Ok(found) => found,
            Err(error) => return nothing_or_no_answer(error).map(|()| Vec::new()),
        };
        let text = |data: &RData| match data {
            RData::TXT(text) => {
                let parts = text.txt_data.iter().map(|part| String::from_utf8_lossy(part));
                Some(parts.collect::<String>())
            }
            _ => None,
        };
        Ok(found.answers().iter().filter_map(|record| text(&record.data)).collect())
    }

    /// The addresses of a host.
    ///
    /// # Errors
    /// No answer.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, NoAnswer> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        match self.servers().lookup_ip(fully(host)).await {
            Ok(found) => Ok(found.iter().collect()),
            Err(error) => nothing_or_no_answer(error).map(|()| Vec::new()),
        }
    }

    /// What a domain's SPF says of mail from this address.
    pub async fn spf_of(&self, domain: &str, address: IpAddr) -> Said {
        let sender = format!("postmaster@{domain}");
        let question = SpfParameters::verify_mail_from(address, domain, "localhost", &sender);
        spf_said(self.authenticator().verify_spf(question).await.result())
    }
}

fn fully(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn nothing_or_no_answer(error: NetError) -> Result<(), NoAnswer> {
    match Error::from(error) {
        Error::Dns(DnsError::RecordNotFound(_)) => Ok(()),
        other => Err(NoAnswer(other.to_string())),
    }
}
