//! Files of a text that lie at its carrier (MMS): the text is there first and says how many it waits for; the notifier,
//! which knows the carrier, fetches them; what it found is added here, once.

use bus::topic::OUTBOUND_MEDIA;
use domain::{
    MessageId, PhoneNumber,
    event::{CarrierMedia, FetchMedia, LostMedia, MediaFetched},
};

use super::{
    batch::{Batch, Outcome},
    landing::Incoming,
};
use crate::{
    DeskError, attribution,
    store::{media as rows, ticket_write},
    text,
};

/// Most files of one text; carriers pass on ten.
const MOST: usize = 20;

/// How many files of a text are fetched.
pub(super) fn pending(media: &[CarrierMedia]) -> i64 {
    i64::try_from(media.len().min(MOST)).unwrap_or(0)
}

/// Has the files of a text fetched that was just written.
pub(super) async fn fetch(
    batch: &mut Batch<'_>,
    message: MessageId,
    number: &str,
    incoming: &Incoming<'_>,
) -> Result<(), DeskError> {
    let Some((provider, ..)) = incoming.external.filter(|_| !incoming.media.is_empty()) else {
        return Ok(());
    };
    rows::expect(&mut batch.tx, message, pending(incoming.media)).await?;
    let number = PhoneNumber::parse(number).map_err(|error| DeskError::Refused(error.to_string()))?;
    let media = incoming.media.iter().take(MOST).cloned().collect();
    let work = FetchMedia { message_id: message, provider: provider.to_owned(), number, media };
    batch.tell(OUTBOUND_MEDIA, &format!("media:{message}"), &work)
}

/// Takes in what was fetched. A second copy finds that the text waits for nothing.
pub(super) async fn take_in(batch: &mut Batch<'_>, fetched: &MediaFetched) -> Result<Outcome, DeskError> {
    let id = fetched.message_id;
    let Some(ticket) = rows::ticket_of(&mut batch.tx, id).await? else {
        return Ok(Outcome::done("there is no such text", None));
    };
    let mut row = match ticket {
        Some(ticket) => batch.ticket(ticket).await?,
        None => None,
    };
    let Some(waiting) = rows::take(&mut batch.tx, id).await? else {
        return Ok(Outcome::done("its files came before", ticket));
    };
    let words = with_lost(&waiting.text, &fetched.lost);
    rows::add(&mut batch.tx, id, &words, &fetched.files, batch.now).await?;
    let before = text::preview(&waiting.text, usize::try_from(waiting.files).unwrap_or(0));
    if let Some(row) = row.as_mut().filter(|row| row.view.preview == before) {
        row.view.preview = text::preview(&words, fetched.files.len());
        ticket_write::save(&mut batch.tx, row, batch.now).await?;
    }
    if let Some(ticket) = ticket {
        let packet = attribution::message_changed(batch.desk, &mut batch.tx, ticket, id).await?;
        batch.told(packet);
    }
    Ok(Outcome::done(format!("{} of its files are here", fetched.files.len()), ticket))
}

/// What could not be had is said where an agent reads, with the carrier's address: nothing is lost in silence.
fn with_lost(words: &str, lost: &[LostMedia]) -> String {
    let lines = lost.iter().map(|file| {
        format!("[a file could not be fetched: {}] {}", text::line(&file.reason), text::line(&file.url))
    });
    let all = [words.to_owned()].into_iter().filter(|words| !words.is_empty()).chain(lines);
    text::clean(&all.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_had_is_named() {
        let lost = [LostMedia { url: "https://c.example/1".into(), reason: "it is gone (404)".into() }];
        let line = "[a file could not be fetched: it is gone (404)] https://c.example/1";
        assert_eq!(with_lost("", &lost), line);
        assert_eq!(with_lost("look", &lost), format!("look\n{line}"));
        assert_eq!(with_lost("look", &[]), "look");
    }
}
