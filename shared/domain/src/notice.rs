//! The mail that tells colleagues of new messages (H4): what it says, and how long one waits for the next. Pure.

use crate::{message::Channel, time::Timestamp};

/// A burst of messages is one mail: the next one leaves this long after the last, in milliseconds.
pub const GAP: i64 = 2 * 60 * 1000;
/// Messages that one mail shows; of more it says how many.
pub const SHOWN: usize = 20;

/// A new message, as a colleague is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Number of its ticket.
    pub number: i64,
    /// Where the ticket is shown.
    pub link: String,
    /// Its channel.
    pub channel: Channel,
    /// Who wrote: a name, or an address.
    pub who: String,
    /// What they wrote, on one line.
    pub words: String,
}

/// When a mail may leave, after the last one.
pub fn next_after(last: Option<Timestamp>, now: Timestamp) -> Timestamp {
    last.map_or(now, |last| last.plus(GAP).max(now))
}

/// Subject and text of a mail about `all`, oldest first; `total` counts also those that it does not show. `None` when
/// there is nothing to tell.
pub fn letter(all: &[News], total: usize, inbox: &str) -> Option<(String, String)> {
    let first = all.first()?;
    let mut tickets: Vec<i64> = all.iter().map(|news| news.number).collect();
    tickets.sort_unstable();
    tickets.dedup();
    let subject = match (total, tickets.len()) {
        (1, _) => format!("New {} from {}", kind(first.channel), first.who),
        (_, 1) => format!("{total} new messages from {}", first.who),
        _ => format!("{total} new messages in the inbox"),
    };
    let shown: Vec<String> = all.iter().map(entry).collect();
    let more = total.saturating_sub(all.len());
    let rest = if more > 0 { format!("and {more} more: {inbox}\n\n") } else { String::new() };
    let foot = "-- \nYou get this mail because your address stands under Notifications in the settings of Frontdesk.\n";
    Some((subject, format!("{}\n\n{rest}{foot}", shown.join("\n\n"))))
}

fn kind(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "text",
        Channel::Email => "mail",
        Channel::Chat => "chat message",
    }
}

fn entry(news: &News) -> String {
    let News { number, link, channel, who, words } = news;
    format!("{who} (#{number}, {}):\n{words}\n{link}", kind(*channel))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(number: i64, who: &str) -> News {
        let link = format!("https://d.example/#/tickets/{number}");
        News { number, link, channel: Channel::Sms, who: who.into(), words: "Where is it?".into() }
    }

    #[test]
    fn h4_one_mail_tells_of_a_burst() {
        for (all, total, subject) in [
            (vec![news(1, "Anna")], 1, "New text from Anna"),
            (vec![news(1, "Anna"), news(1, "Anna")], 2, "2 new messages from Anna"),
            (vec![news(1, "Anna"), news(2, "Ben")], 2, "2 new messages in the inbox"),
            (vec![news(1, "Anna"), news(2, "Ben")], 30, "30 new messages in the inbox"),
        ] {
            let (found, text) = letter(&all, total, "https://d.example/").unwrap();
            assert_eq!(found, subject);
            assert!(
                text.starts_with("Anna (#1, text):\nWhere is it?\nhttps://d.example/#/tickets/1\n"),
                "{text}"
            );
            assert_eq!(text.contains("and 28 more: https://d.example/"), total == 30);
        }
        assert_eq!(letter(&[], 0, ""), None);
    }

    #[test]
    fn h4_the_next_mail_waits_for_the_rest_of_the_burst() {
        let now = Timestamp::from_millis(1_000_000);
        assert_eq!(next_after(None, now), now);
        assert_eq!(next_after(Some(now.plus(-1_000)), now), now.plus(GAP - 1_000));
        assert_eq!(next_after(Some(now.plus(-GAP)), now), now);
    }
}
