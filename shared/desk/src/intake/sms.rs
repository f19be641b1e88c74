//! A text from a customer (B1, B2, C-S).

use domain::{
    Address, AuthorKind, Channel, MessageId, TicketId,
    event::{CarrierMedia, InboundSms},
    keyword::{KeywordFamily, recognise},
    segments,
};

use super::{
    batch::{Batch, Outcome},
    keys::sms_thread,
    keyword,
    landing::{self, Effect, Incoming, NewTicket},
    profile::whose,
};
use crate::{
    DeskError, entropy,
    store::{addresses::KnownProfile, threads},
    text,
};

/// Takes in a text.
pub(super) async fn take_in(batch: &mut Batch<'_>, sms: &InboundSms) -> Result<Outcome, DeskError> {
    let sender = Address::of_sms_sender(&text::line(&sms.from));
    if sender.value().is_empty() {
        return Err(DeskError::Refused("a text without a sender".into()));
    }
    let profile = whose(batch, &sender, None).await?;
    let own = batch.settings().await?.sms.keywords.subscribe;
    if let Some((family, word)) = keyword_of(sms, &own) {
        return keyword::take_in(batch, sms, &sender, &profile, (family, &word)).await;
    }
    if profile.blocked {
        return Ok(Outcome::blocked(profile.id));
    }
    land(batch, sms, &sender, &profile).await
}

/// The carrier's word on a keyword comes first: it has answered already. A text with a picture is no keyword.
fn keyword_of(sms: &InboundSms, own: &[String]) -> Option<(KeywordFamily, String)> {
    let found = if sms.media.is_empty() { recognise(&sms.text, own) } else { None };
    match (sms.carrier_keyword, found) {
        (Some(family), Some((_, word))) => Some((family, word)),
        (Some(family), None) => Some((family, text::preview(&sms.text, 0))),
        (None, found) => found,
    }
}

async fn land(
    batch: &mut Batch<'_>,
    sms: &InboundSms,
    sender: &Address,
    profile: &KnownProfile,
) -> Result<Outcome, DeskError> {
    let candidate = TicketId::new(batch.now, &entropy());
    let key = sms_thread(sms.to.as_str(), &sms.from);
    let ticket = threads::claim(&mut batch.tx, &key, candidate, batch.now).await?;
    let mut incoming = incoming(batch, sms, AuthorKind::Customer, Effect::Opens);
    let message = incoming.id;
    if ticket == candidate {
        incoming.why = "the first text of this number: there is one ticket per person and number".into();
        let why = incoming.why.clone();
        let new = NewTicket {
            id: candidate,
            channel: Channel::Sms,
            inbox: sms.to.as_str(),
            address: sender.value(),
            reachable: matches!(sender, Address::Phone(_)),
            session: None,
            subject: None,
            last_seq: 0,
        };
        landing::open(batch, profile, new, incoming).await?;
        return Ok(Outcome::ticket(why, ticket, message, profile.id));
    }
    let row = batch.ticket(ticket).await?;
    let mut row =
        row.ok_or_else(|| DeskError::Refused(format!("the thread {key} names a ticket that is not there")))?;
    incoming.why = "a text of the same number: there is one ticket per person and number".into();
    let why = incoming.why.clone();
    landing::add(batch, &mut row, profile, incoming).await?;
    Ok(Outcome::ticket(why, ticket, message, profile.id))
}

/// The text as a message.
pub(super) fn incoming<'a>(
    batch: &Batch<'_>,
    sms: &'a InboundSms,
    author: AuthorKind,
    effect: Effect,
) -> Incoming<'a> {
    let text = with_media(&text::clean(&sms.text), &sms.media);
    Incoming {
        id: MessageId::new(batch.now, &entropy()),
        author,
        segments: i64::try_from(segments::count(&sms.text).count).ok(),
        text,
        html: None,
        attachments: Vec::new(),
        sent_at: sms.received_at,
        why: String::new(),
        client_id: None,
        external: Some((&sms.provider, &sms.account, &sms.external_id)),
        mail: None,
        effect,
    }
}

/// Media still lie at the carrier: the text says where, so that nothing is lost.
fn with_media(text: &str, media: &[CarrierMedia]) -> String {
    let lines = media
        .iter()
        .take(20)
        .map(|file| format!("[{}] {}", text::line(&file.content_type), text::line(&file.url)));
    [text.to_owned()].into_iter().filter(|text| !text.is_empty()).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use domain::{PhoneNumber, Timestamp};

    use super::*;

    fn sms(text: &str) -> InboundSms {
        InboundSms {
            provider: "sandbox".into(),
            account: "main".into(),
            external_id: "1".into(),
            from: "+15550002222".into(),
            to: PhoneNumber::parse("+15550001111").unwrap(),
            text: text.into(),
            media: Vec::new(),
            carrier_keyword: None,
            received_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn b2_the_carriers_word_on_a_keyword_comes_first() {
        assert_eq!(keyword_of(&sms("stop"), &[]), Some((KeywordFamily::Stop, "STOP".into())));
        assert_eq!(keyword_of(&sms("please stop"), &[]), None);
        let by_carrier = InboundSms { carrier_keyword: Some(KeywordFamily::Stop), ..sms("Basta") };
        assert_eq!(keyword_of(&by_carrier, &[]), Some((KeywordFamily::Stop, "Basta".into())));
    }

    #[test]
    fn a_picture_without_words_is_still_a_message() {
        let media = [CarrierMedia { url: "https://c.example/1".into(), content_type: "image/jpeg".into() }];
        assert_eq!(with_media("", &media), "[image/jpeg] https://c.example/1");
        assert_eq!(with_media("look", &media), "look\n[image/jpeg] https://c.example/1");
        assert!(keyword_of(&InboundSms { media: media.to_vec(), ..sms("stop") }, &[]).is_none());
    }
}
