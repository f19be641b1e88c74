//! Short links in texts of ours (H3): made when a text is queued, followed by customers, and their visits counted.

use bus::topic::LINK_CLICKED;
use domain::{Message, Timestamp, event::LinkClicked, links, message::ShortLink};
use url::Url;
use uuid::Uuid;

use crate::{
    Desk, DeskError, settings,
    store::{Tx, links as rows, outbox},
    text,
};

/// A visitor who comes again within this time, in milliseconds, is on the same visit.
const VISIT: i64 = 30 * 60 * 1000;

/// A text as it goes out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shortened {
    /// The text with short links.
    pub text: String,
    /// The text as it was written, if any link in it was shortened.
    pub original: Option<String>,
    /// The links, in their order.
    pub links: Vec<ShortLink>,
}

/// Somebody followed a short link.
#[derive(Clone, Debug)]
pub struct Visit {
    code: String,
    visitor: String,
    at: Timestamp,
}

/// Shortens the links of a text, unless the settings say no. The same address twice is one link.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn shorten(desk: &Desk, tx: &mut Tx, text: &str) -> Result<Shortened, DeskError> {
    let text = text::clean(text);
    let Some(outside) = desk.outside.as_ref().filter(|_| !links::find(&text).is_empty()) else {
        return Ok(Shortened { text, ..Shortened::default() });
    };
    if !settings::current(&mut **tx).await?.sms.shorten_links {
        return Ok(Shortened { text, ..Shortened::default() });
    }
    Ok(with_short_links(&text, &outside.below("l/"), || links::code(Uuid::new_v4().as_u128())))
}

fn with_short_links(text: &str, prefix: &str, mut new_code: impl FnMut() -> String) -> Shortened {
    let mut made: Vec<ShortLink> = Vec::new();
    let short = links::replace(text, |address| {
        let url = target(address).filter(|_| links::gets_shorter(address, prefix))?;
        if let Some(same) = made.iter().find(|link| link.url == url) {
            return Some(format!("{prefix}{}", same.code));
        }
        let code = new_code();
        let short = format!("{prefix}{code}");
        made.push(ShortLink { code, url, clicks: 0 });
        Some(short)
    });
    let original = (!made.is_empty()).then(|| text.to_owned());
    Shortened { text: short, original, links: made }
}

/// Where a browser is sent for an address: as a header can hold it, and nowhere but on the web.
fn target(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}

/// Keeps the links of a message that is written already.
///
/// # Errors
/// The database refuses.
pub(crate) async fn keep(
    tx: &mut Tx,
    message: &Message,
    original: Option<&str>,
    now: Timestamp,
) -> Result<(), DeskError> {
    match original {
        Some(original) => rows::insert(tx, message.id, original, &message.carried.links, now).await,
        None => Ok(()),
    }
}

/// Whether a message of ours was written with this text: links may have been shortened in it since.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn was_written_as(tx: &mut Tx, message: &Message, text: &str) -> Result<bool, DeskError> {
    let original = rows::original(tx, message.id).await?;
    Ok(original.as_deref().unwrap_or(&message.text).trim() == text::clean(text).trim())
}

impl Desk {
    /// Where a short link leads.
    ///
    /// # Errors
    /// The database is away.
    pub async fn short_link(&self, code: &str) -> Result<Option<String>, DeskError> {
        if !links::is_code(code) {
            return Ok(None);
        }
        rows::url(&self.store, code).await
    }

    /// Somebody follows a short link now. `visitor` tells visitors apart and says nothing else about them.
    pub fn visit(&self, code: &str, visitor: String) -> Visit {
        Visit { code: code.to_owned(), visitor, at: self.now() }
    }

    /// Counts visits; a visitor who comes again within half an hour of a counted visit is still on that one. Answers
    /// how many counted.
    ///
    /// # Errors
    /// The database is away or refuses; none was counted.
    pub async fn count_visits(&self, visits: &[Visit]) -> Result<usize, DeskError> {
        let mut visits = visits.to_vec();
        // in one order, so that two who count side by side never wait for each other in a circle
        visits.sort_by(|one, other| (&one.code, one.at).cmp(&(&other.code, other.at)));
        let mut tx = self.store.begin().await?;
        let mut packets = Vec::new();
        for Visit { code, visitor, at } in visits {
            let Some(owner) = rows::lock(&self.store, &mut tx, &code).await? else { continue };
            if rows::was_here(&mut tx, &code, &visitor, at.plus(-VISIT)).await? {
                continue;
            }
            let (clicks, message_clicks) = rows::count(&mut tx, &code, &owner, &visitor, at).await?;
            let id = format!("click:{code}:{clicks}");
            let event = LinkClicked {
                ticket_id: owner.ticket,
                message_id: owner.message,
                profile_id: owner.profile,
                code,
                url: owner.url,
                clicks,
                message_clicks,
                at,
            };
            packets.push(outbox::add(&mut tx, LINK_CLICKED, &id, self.now(), &event).await?);
        }
        let counted = packets.len();
        self.commit(tx, packets).await?;
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(text: &str) -> Shortened {
        let mut n = 0;
        with_short_links(text, "https://d.example/l/", || {
            n += 1;
            format!("{n:011}")
        })
    }

    #[test]
    fn h3_each_address_is_one_link_that_leads_where_it_did() {
        let (a, b) =
            ("https://shop.example/products/blue-shoes", "https://bücher.example/ein-langer-weg/ä?q=ö");
        let found = short(&format!("{a} or {b}, or {a} again; https://x.example"));
        let [one, two] = ["https://d.example/l/00000000001", "https://d.example/l/00000000002"];
        assert_eq!(found.text, format!("{one} or {two}, or {one} again; https://x.example"));
        let urls: Vec<_> = found.links.iter().map(|link| link.url.as_str()).collect();
        assert_eq!(urls, [a, "https://xn--bcher-kva.example/ein-langer-weg/%C3%A4?q=%C3%B6"]);
        assert!(found.original.unwrap().contains("bücher"));
        let again = short(&found.text);
        assert_eq!((again.text, again.original), (found.text, None), "a short link stays as it is");
    }

    #[test]
    fn what_no_browser_could_follow_stays_as_it_is() {
        let odd = "https://[not-an-address]/a-very-long-way-to-nowhere-at-all https://x.example:99999999/also-far-away";
        assert_eq!((short(odd).text.as_str(), short(odd).original), (odd, None));
    }
}
