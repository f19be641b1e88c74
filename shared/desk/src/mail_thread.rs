//! What ties an answer by mail to its thread: subject, `Message-ID`, `In-Reply-To`, `References` (RFC 5322 §3.6.4). Pure.

use domain::{MessageId, subject};

/// Most ids in `References`: the first and the last ones, so that the header stays short and the thread whole.
const MAX_REFERENCES: usize = 20;

/// `Re: ` and the subject, without the prefixes that mail programs of the world have piled up on it.
pub(crate) fn reply_subject(of: &str) -> String {
    format!("Re: {}", subject::bare(of)).trim_end().to_owned()
}

/// Our `Message-ID` for a message, without brackets: made from its id, so that a repeat has the same one.
pub(crate) fn mail_id(message: MessageId, domain: &str) -> String {
    format!("fd.{}@{domain}", message.0.simple())
}

/// The message whose `Message-ID` of ours this is.
pub(crate) fn message_of(mail_id: &str) -> Option<MessageId> {
    let (id, _) = mail_id.strip_prefix("fd.")?.split_once('@')?;
    id.parse().ok().map(MessageId)
}

/// `References` of an answer to a mail with these references and this id: oldest first, each once, at most
/// [`MAX_REFERENCES`].
pub(crate) fn references(of_last: &str, last: Option<&str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for id in of_last.split_whitespace().chain(last) {
        if !all.iter().any(|known| known == id) {
            all.push(id.to_owned());
        }
    }
    if all.len() > MAX_REFERENCES {
        let tail = all.split_off(all.len() - (MAX_REFERENCES - 1));
        all.truncate(1);
        all.extend(tail);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_re_however_many_there_were() {
        for (subject, reply) in [
            ("My order", "Re: My order"),
            ("Re: My order", "Re: My order"),
            ("RE: AW: Re[2]: Fwd: My order", "Re: My order"),
            ("回复：您的订单", "Re: 您的订单"),
            ("Order 12: late", "Re: Order 12: late"),
            ("Rebate: 10 %", "Re: Rebate: 10 %"),
            ("", "Re:"),
        ] {
            assert_eq!(reply_subject(subject), reply, "{subject}");
        }
    }

    #[test]
    fn long_threads_keep_their_first_and_their_last_mails() {
        let ids: Vec<String> = (0..40).map(|n| format!("m{n}@x")).collect();
        let kept = references(&ids.join(" "), Some("last@x"));
        assert_eq!(kept.len(), 20);
        assert_eq!((kept[0].as_str(), kept[1].as_str(), kept[19].as_str()), ("m0@x", "m22@x", "last@x"));
        assert_eq!(references("a@x b@x", Some("a@x")), ["a@x", "b@x"]);
        assert_eq!(references("", None), Vec::<String>::new());
    }
}
