//! From results to marks.

use super::{Said::*, *};

const AUTHOR: &str = "acme.example";

fn proofs(spf: (Said, &str), dkim: &[(Said, &str)], dmarc: Said) -> Proofs {
    let dkim = dkim.iter().map(|(said, by)| Signed { said: *said, by: (*by).into() }).collect();
    let author = Some(AUTHOR.to_owned());
    Proofs { author, spf: (spf.0, spf.1.into()), dkim, dmarc, strict: true, ..Proofs::default() }
}

fn sealed(said: Said, by: &[&str], vouched: bool) -> Sealed {
    Sealed { said, by: by.iter().map(|by| (*by).to_owned()).collect(), vouched }
}

fn mark(proofs: &Proofs) -> TrustMark {
    judge(proofs, &["google.com".to_owned(), "microsoft.com".to_owned()]).mark
}

#[test]
fn results_become_a_mark() {
    use TrustMark::{Doubtful, Good, Neutral, Unknown};
    let elsewhere = (Fail, "acme.example");
    for (spf, dkim, dmarc, expected, what) in [
        ((Pass, AUTHOR), &[(Pass, AUTHOR)][..], Pass, Good, "everything fits"),
        (elsewhere, &[(Pass, AUTHOR)], Pass, Good, "forwarded, the signature lives"),
        ((Pass, "forwarder.example"), &[(Pass, AUTHOR)], None, Good, "signed, though no DMARC is published"),
        ((Pass, AUTHOR), &[], None, Good, "from its own server"),
        ((Pass, "example"), &[], None, Neutral, "a whole top level vouches for nobody"),
        ((Pass, "mail.acme.example"), &[], None, Neutral, "a part of it does not speak for the whole"),
        ((Pass, "mail.acme.example"), &[], Pass, Good, "unless its DMARC says so"),
        ((Pass, "notacme.example"), &[(Pass, "evil.example")], Fail, Doubtful, "signed by somebody else"),
        (elsewhere, &[(Said::Neutral, AUTHOR)], Fail, Doubtful, "the signature is broken"),
        (elsewhere, &[], Fail, Doubtful, "not signed at all, although it must be"),
        (elsewhere, &[], None, Neutral, "nobody said what its mails are like"),
        ((None, ""), &[], None, Neutral, "nothing is known"),
        (elsewhere, &[(TempError, AUTHOR)], TempError, Unknown, "the DNS is away"),
        ((TempError, AUTHOR), &[], None, Unknown, "the DNS is away for SPF"),
        ((TempError, AUTHOR), &[(Pass, AUTHOR)], TempError, Good, "a signature needs nothing else"),
    ] {
        assert_eq!(mark(&proofs(spf, dkim, dmarc)), expected, "{what}");
    }
}

#[test]
fn a_domain_that_refuses_nothing_makes_no_mail_doubtful() {
    let lax = Proofs { strict: false, ..proofs((Fail, AUTHOR), &[], Fail) };
    assert_eq!(mark(&lax), TrustMark::Neutral);
}

#[test]
fn the_word_of_a_forwarder_counts_only_from_those_who_are_trusted() {
    use TrustMark::{Doubtful, Good};
    for (arc, expected) in [
        (sealed(Pass, &["google.com"], true), Good),
        (sealed(Pass, &["microsoft.com", "google.com"], true), Good),
        (sealed(Pass, &["google.com"], false), Doubtful),
        (sealed(Pass, &["evil.example"], true), Doubtful),
        (sealed(Pass, &["google.com", "evil.example"], true), Doubtful),
        (sealed(Fail, &["google.com"], true), Doubtful),
        (sealed(Pass, &[], true), Doubtful),
    ] {
        let forwarded = Proofs { arc: arc.clone(), ..proofs((Fail, AUTHOR), &[(Neutral, AUTHOR)], Fail) };
        assert_eq!(mark(&forwarded), expected, "{arc:?}");
    }
}

#[test]
fn what_is_shown_names_who_vouches_and_why() {
    let shown = judge(&proofs((Fail, AUTHOR), &[(Fail, "x.example"), (Pass, AUTHOR)], Pass), &[]);
    assert_eq!((shown.mark, shown.domain.as_deref()), (TrustMark::Good, Some(AUTHOR)));
    assert_eq!([&*shown.spf, &*shown.dkim, &*shown.dmarc, &*shown.arc], ["fail", "pass", "pass", "none"]);
    assert_eq!(shown.reasons, ["signed by acme.example (DKIM)"]);
    let shown = judge(&proofs((Fail, AUTHOR), &[(Neutral, AUTHOR)], Fail), &[]);
    assert_eq!((shown.mark, shown.domain), (TrustMark::Doubtful, Option::None));
    assert_eq!(shown.reasons.len(), 3, "{:?}", shown.reasons);
}

#[test]
fn spam_by_another_server_is_shown_whatever_the_sender_is() {
    let spam = Some("a mail server before us called it spam".to_owned());
    let good = Proofs { spam: spam.clone(), ..proofs((Pass, AUTHOR), &[(Pass, AUTHOR)], Pass) };
    let shown = judge(&good, &[]);
    assert_eq!((shown.mark, shown.domain.as_deref()), (TrustMark::Doubtful, Some(AUTHOR)));
    assert_eq!(shown.reasons, ["a mail server before us called it spam", "signed by acme.example (DKIM)"]);
    assert_eq!(unknown(spam).mark, TrustMark::Doubtful);
}

#[test]
fn several_senders_are_nobody() {
    let several = Proofs { author: Option::None, ..proofs((Pass, AUTHOR), &[(Pass, AUTHOR)], None) };
    let shown = judge(&several, &[]);
    assert_eq!((shown.mark, shown.domain), (TrustMark::Neutral, Option::None));
    assert_eq!(judge(&Proofs::default(), &[]).dkim, "none");
}

#[test]
fn without_the_dns_nothing_is_known() {
    let shown = unknown(Option::None);
    assert_eq!((shown.mark, &*shown.dkim), (TrustMark::Unknown, "temperror"));
    assert_eq!(shown.reasons, ["it could not be looked into: the DNS did not answer"]);
}
