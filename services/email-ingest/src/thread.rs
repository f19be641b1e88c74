//! What a mail refers to (RFC 5322 §3.6.4). Which of these ids are ours, and whether the sender may use them, is the
//! desk's to say.

use crate::headers::Headers;

/// Ids kept of `References`: the first, which opened the thread, and the newest.
const MAX_IDS: usize = 100;
/// A longer id is no id.
const MAX_ID: usize = 500;

/// The ids of a mail.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// `Message-ID`, without brackets.
    pub message_id: Option<String>,
    /// `References` in their order.
    pub references: Vec<String>,
    /// All ids of `In-Reply-To`, then `References` from last to first, each once.
    pub refers_to: Vec<String>,
}

impl Thread {
    /// Reads the ids.
    pub fn read(headers: &Headers<'_>) -> Self {
        let message_id = headers.all("message-id").flat_map(ids).next();
        let references = shortened(headers.all("references").flat_map(ids).collect());
        let in_reply_to = headers.all("in-reply-to").flat_map(ids).take(MAX_IDS);
        let mut refers_to: Vec<String> = Vec::new();
        for id in in_reply_to.chain(references.iter().rev().cloned()) {
            if !refers_to.contains(&id) && refers_to.len() < MAX_IDS {
                refers_to.push(id);
            }
        }
        Self { message_id, references, refers_to }
    }
}

/// The ids in a header: what stands in brackets, or, where nothing does, every word with an `@`.
fn ids(value: &str) -> Vec<String> {
    let bracketed = value.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(id, _)| id));
    let found: Vec<String> = bracketed.filter_map(clean).collect();
    if !found.is_empty() {
        return found;
    }
    value.split_whitespace().filter(|word| word.contains('@')).filter_map(clean).collect()
}

fn clean(id: &str) -> Option<String> {
    let id: String =
        id.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !"<>".contains(*c)).collect();
    (!id.is_empty() && id.len() <= MAX_ID).then_some(id)
}

fn shortened(mut ids: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    if ids.len() > MAX_IDS {
        ids.drain(1..=ids.len() - MAX_IDS);
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Thread {
        Thread::read(&Headers::read(raw.as_bytes()))
    }

    #[test]
    fn a_reply_refers_to_what_it_answers_first_and_then_to_the_newest() {
        let thread = read(
            "Message-ID: <c@x>\r\nIn-Reply-To: <b@x> (of Monday)\r\nReferences: <a@x>\r\n <aa@x>\t<b@x>\r\n\r\n",
        );
        assert_eq!(thread.message_id.as_deref(), Some("c@x"));
        assert_eq!(thread.references, ["a@x", "aa@x", "b@x"]);
        assert_eq!(thread.refers_to, ["b@x", "aa@x", "a@x"]);
    }

    #[test]
    fn odd_ids_are_read_as_far_as_they_go() {
        assert_eq!(read("Message-ID: bare@x\r\n\r\n").message_id.as_deref(), Some("bare@x"));
        assert_eq!(read("Message-ID: <split\r\n @x>\r\n\r\n").message_id.as_deref(), Some("split@x"));
        assert_eq!(read("Message-ID: <>\r\n\r\n").message_id, None);
        assert_eq!(read("In-Reply-To: your mail of Monday\r\n\r\n"), Thread::default());
        assert_eq!(read(&format!("Message-ID: <{}@x>\r\n\r\n", "a".repeat(MAX_ID))).message_id, None);
    }

    #[test]
    fn of_very_many_references_the_first_and_the_newest_stay() {
        let list: String = (0..500).map(|n| format!(" <{n}@x>")).collect();
        let thread = read(&format!("References:{list}\r\n\r\n"));
        assert_eq!(thread.references.len(), MAX_IDS);
        assert_eq!((thread.references[0].as_str(), thread.references[99].as_str()), ("0@x", "499@x"));
        assert_eq!(thread.refers_to[0], "499@x");
    }
}
