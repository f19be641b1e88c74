//! From what was found out about a mail to what is shown of its sender. Mail comes here by way of forwarders, so SPF, which
//! is about the last server, counts least: first a signature of the domain in `From` (DKIM, DMARC), then the word of a
//! forwarder that is trusted (ARC), then SPF. Pure.

use domain::mail::{Trust, TrustMark};

/// What one check said, in the words of RFC 8601.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "RFC 8601 §2.7")]
pub enum Said {
    Pass,
    Fail,
    SoftFail,
    Neutral,
    #[default]
    None,
    TempError,
    PermError,
}

impl Said {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Whether it is good.
    pub said: Said,
    /// Whose it is (`d=`); empty where it cannot be read.
    pub by: String,
}

/// The chain of those who forwarded a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Whether it is unbroken.
    pub said: Said,
    /// Who sealed it, the first first.
    pub by: Vec<String>,
    /// The first found the sender of `From` verified.
    pub vouched: bool,
}

/// Everything that was found out about a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proofs {
    /// The domain of `From`; `None` where it names none, or more than one.
    pub author: Option<String>,
    /// SPF and the domain it is about.
    pub spf: (Said, String),
    /// Every signature.
    pub dkim: Vec<Signed>,
    /// DMARC.
    pub dmarc: Said,
    /// The domain wants mails that fail to be refused or put aside.
    pub strict: bool,
    /// ARC.
    pub arc: Sealed,
    /// What somebody before us said of it, where they called it spam.
    pub spam: Option<String>,
}

/// What to think of it. `trusted` are the domains whose seals count.
pub fn judge(proofs: &Proofs, trusted: &[String]) -> Trust {
    let (mark, domain, why) = sender(proofs, trusted);
    let mark = if proofs.spam.is_some() { TrustMark::Doubtful } else { mark };
    Trust {
        mark,
        domain,
        spf: proofs.spf.0.as_str().into(),
        dkim: best(&proofs.dkim).as_str().into(),
        dmarc: proofs.dmarc.as_str().into(),
        arc: proofs.arc.said.as_str().into(),
        reasons: proofs.spam.clone().into_iter().chain(why).collect(),
    }
}

/// Nobody could be asked.
pub fn unknown(spam: Option<String>) -> Trust {
    let (spf, dmarc, arc) = ((Said::TempError, String::new()), Said::TempError, Sealed::default());
    let dkim = vec![Signed { said: Said::TempError, by: String::new() }];
    judge(&Proofs { author: Some(String::new()), spf, dkim, dmarc, arc, spam, strict: false }, &[])
}

fn sender(proofs: &Proofs, trusted: &[String]) -> (TrustMark, Option<String>, Vec<String>) {
    let Some(author) = proofs.author.as_deref() else {
        let why = "it does not name one sender, so nobody can vouch for them".to_owned();
        return (TrustMark::Neutral, None, vec![why]);
    };
    let good = |why: String| (TrustMark::Good, Some(author.to_owned()), vec![why]);
    let signed = proofs.dkim.iter().find(|one| one.said == Said::Pass && vouches(&one.by, author));
    if let Some(signed) = signed {
        return good(format!("signed by {} (DKIM)", signed.by));
    }
    if proofs.dmarc == Said::Pass {
        return good(format!("it keeps to what {author} says of its mails (DMARC)"));
    }
    if proofs.arc.said == Said::Pass && proofs.arc.vouched && is_trusted(&proofs.arc.by, trusted) {
        let by = proofs.arc.by.first().map_or("", String::as_str);
        return good(format!("{by} forwarded it and had verified the sender (ARC)"));
    }
    if proofs.spf.0 == Said::Pass && vouches(&proofs.spf.1, author) {
        return good(format!("it came from a server of {author} (SPF)"));
    }
    let mut why = against(proofs, trusted);
    let asked = [proofs.dmarc, best(&proofs.dkim), proofs.arc.said];
    if asked.contains(&Said::TempError) || proofs.spf.0 == Said::TempError {
        why.insert(0, "it could not be looked into: the DNS did not answer".into());
        return (TrustMark::Unknown, None, why);
    }
    if proofs.dmarc == Said::Fail && proofs.strict {
        why.insert(0, format!("{author} says that mails like this one are not its own (DMARC)"));
        return (TrustMark::Doubtful, None, why);
    }
    why.insert(0, format!("nothing proves that it comes from {author}"));
    (TrustMark::Neutral, None, why)
}

/// What did not convince.
fn against(proofs: &Proofs, trusted: &[String]) -> Vec<String> {
    let mut why = Vec::new();
    for signed in &proofs.dkim {
        match signed.said {
            Said::Pass => why.push(format!("it is signed by {}, which is somebody else (DKIM)", signed.by)),
            Said::Fail | Said::Neutral | Said::PermError if !signed.by.is_empty() => why.push(format!(
                "the signature of {} does not fit: forged, or changed on its way (DKIM)",
                signed.by
            )),
            _ => {}
        }
    }
    let (said, about) = (proofs.spf.0, &proofs.spf.1);
    if matches!(said, Said::Fail | Said::SoftFail) {
        why.push(format!("the server it came from is not one of {about}, as with any forwarded mail (SPF)"));
    }
    let last = proofs.arc.by.last();
    if let (Said::Pass, Some(by)) = (proofs.arc.said, last)
        && !is_trusted(&proofs.arc.by, trusted)
    {
        why.push(format!("it was sealed by {by}, which is not among the trusted forwarders (ARC)"));
    }
    why
}

/// Whether a domain may speak for an author: it is theirs, or one above it.
fn vouches(domain: &str, author: &str) -> bool {
    let rest = author.strip_suffix(domain);
    domain.contains('.') && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether everybody in the chain is trusted: any of them could have changed what the first said.
fn is_trusted(sealers: &[String], trusted: &[String]) -> bool {
    !sealers.is_empty() && sealers.iter().all(|by| trusted.contains(by))
}

/// The best of all signatures.
fn best(signatures: &[Signed]) -> Said {
    let order = [Said::Pass, Said::TempError, Said::Fail, Said::Neutral, Said::PermError];
    order.into_iter().find(|said| signatures.iter().any(|one| one.said == *said)).unwrap_or_default()
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
