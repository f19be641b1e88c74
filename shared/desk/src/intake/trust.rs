//! Whether the sender of a mail is who it says. The mail is in its ticket first; whoever has the DNS judges it; what was
//! found is shown with it. The question is written with the message, so an answer never comes before it.

use bus::topic::OUTBOUND_TRUST;
use domain::{
    MessageId,
    event::{InboundEmail, JudgeMail, MailJudged},
    mail::{Trust, TrustMark},
};

use super::batch::{Batch, Outcome};
use crate::{
    DeskError, attribution, mailboxes,
    store::{self, trust as rows},
    text,
};

/// Longest reason, in characters, and most of them.
const LONGEST: usize = 300;
const MOST: usize = 12;

/// Has a mail judged that was just written: where the DNS may be asked, or somebody before us called it spam.
pub(super) fn ask(batch: &mut Batch<'_>, mail: &InboundEmail, message: MessageId) -> Result<(), DeskError> {
    let asks_dns = batch.desk.outside.as_ref().is_some_and(|outside| outside.judges_mail());
    if !asks_dns && mail.spam.is_none() {
        return Ok(());
    }
    let work = JudgeMail {
        message_id: message,
        mailbox: mail.mailbox.clone(),
        envelope_from: mail.envelope_from.clone(),
        client: mail.client.clone(),
        raw: mail.raw.clone(),
    };
    batch.tell(OUTBOUND_TRUST, &format!("trust:{message}"), &work)
}

/// Takes in a judgement. A second copy finds the first.
pub(super) async fn take_in(batch: &mut Batch<'_>, judged: &MailJudged) -> Result<Outcome, DeskError> {
    let id = judged.message_id;
    let Some(ticket) = rows::ticket_of(&mut batch.tx, id).await? else {
        return of_mailbox(batch, judged).await;
    };
    batch.ticket(ticket).await?;
    let Some(mut mail) = rows::mail(&mut batch.tx, id).await? else {
        return Ok(Outcome::done("it shows nothing of a mail", Some(ticket)));
    };
    let trust = of_shown(plain(&judged.trust), mail.from.address.domain());
    if !says_more(&trust, mail.trust.as_ref()) {
        return Ok(Outcome::done("it was judged before", Some(ticket)));
    }
    let mark = trust.mark;
    mail.trust = Some(trust);
    rows::write(&mut batch.tx, id, &mail, batch.now).await?;
    let packet = attribution::message_changed(batch.desk, &mut batch.tx, ticket, id).await?;
    batch.told(packet);
    Ok(Outcome::done(format!("its sender is {mark}"), Some(ticket)))
}

/// A confirmation or a trial mail is in no ticket.
async fn of_mailbox(batch: &mut Batch<'_>, judged: &MailJudged) -> Result<Outcome, DeskError> {
    let id = judged.message_id;
    let Some(mailbox) = store::mailboxes::judged(&mut batch.tx, id, &plain(&judged.trust)).await? else {
        return Ok(Outcome::done("there is no such mail", None));
    };
    let what = format!("{id}:judged:{}", judged.trust.mark);
    let packet = mailboxes::changed(&mut batch.tx, &mailbox, &what, batch.now).await?;
    batch.told([packet]);
    Ok(Outcome::done(format!("a mail about {mailbox} was judged"), None))
}

/// Only "unknown" is ever replaced, and only by something else.
fn says_more(new: &Trust, known: Option<&Trust>) -> bool {
    known.is_none_or(|known| known.mark == TrustMark::Unknown && new.mark != TrustMark::Unknown)
}

/// Who is shown as the sender need not be who was judged: a form's `Reply-To`, the author of a mail that a colleague passed
/// on. Nobody is vouched for by somebody else.
fn of_shown(trust: Trust, shown: &str) -> Trust {
    let Some(by) = trust.domain.as_deref().filter(|_| trust.mark == TrustMark::Good) else { return trust };
    let (by, shown) = (by.to_lowercase(), shown.to_lowercase());
    if shown == by || shown.strip_suffix(&by).is_some_and(|below| below.ends_with('.')) {
        return trust;
    }
    let why = format!("{by} vouches for who sent it on, not for {shown}");
    let reasons = [why].into_iter().chain(trust.reasons).collect();
    Trust { mark: TrustMark::Neutral, domain: None, reasons, ..trust }
}

fn plain(trust: &Trust) -> Trust {
    let short = |words: &String| text::line(words).chars().take(LONGEST).collect();
    Trust { reasons: trust.reasons.iter().take(MOST).map(short).collect(), ..trust.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(mark: TrustMark) -> Trust {
        let none = || "none".to_owned();
        Trust { mark, domain: None, spf: none(), dkim: none(), dmarc: none(), arc: none(), reasons: vec![] }
    }

    #[test]
    fn nobody_is_vouched_for_by_somebody_else() {
        use TrustMark::{Doubtful, Good, Neutral};
        for (mark, by, shown, is) in [
            (Good, "acme.example", "acme.example", Good),
            (Good, "acme.example", "Mail.Acme.example", Good),
            (Good, "acme.example", "notacme.example", Neutral),
            (Good, "acme.example", "bank.example", Neutral),
            (Doubtful, "acme.example", "bank.example", Doubtful),
        ] {
            let judged = of_shown(Trust { domain: Some(by.into()), ..trust(mark) }, shown);
            assert_eq!(judged.mark, is, "{by} {shown}");
            assert_eq!(judged.reasons.len(), usize::from(is == Neutral));
        }
    }

    #[test]
    fn a_judgement_stands_unless_it_was_none() {
        use TrustMark::{Doubtful, Good, Unknown};
        for (new, known, says_more_) in [
            (Good, None, true),
            (Unknown, None, true),
            (Good, Some(Unknown), true),
            (Unknown, Some(Unknown), false),
            (Unknown, Some(Good), false),
            (Doubtful, Some(Good), false),
        ] {
            let known = known.map(trust);
            assert_eq!(says_more(&trust(new), known.as_ref()), says_more_, "{new:?} {known:?}");
        }
    }
}
