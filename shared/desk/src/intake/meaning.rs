//! What a text from a carrier means: our reading of it, and the carrier's own. Pure.

use domain::{
    event::InboundSms,
    keyword::{self, KeywordFamily, Meaning, Vocabulary},
};

use crate::text;

/// The carrier's word on a keyword comes first: it has acted and answered already. A picture is always for people,
/// whatever is written beside it.
pub(super) fn of(sms: &InboundSms, vocabulary: &Vocabulary<'_>) -> Meaning {
    let ours = keyword::read(&sms.text, vocabulary);
    let meaning = match sms.carrier_keyword {
        Some(family) => of_carrier(family, ours, sms, vocabulary),
        None => ours,
    };
    match meaning {
        Meaning::Keyword { family, word, .. } if !sms.media.is_empty() => {
            Meaning::Keyword { family, word, also_text: true }
        }
        other => other,
    }
}

/// Carriers flag more than keywords (AWS: any text that begins with one): what is no single word reaches an agent.
fn of_carrier(
    family: KeywordFamily,
    ours: Meaning,
    sms: &InboundSms,
    vocabulary: &Vocabulary<'_>,
) -> Meaning {
    match ours {
        Meaning::Keyword { word, also_text, .. } => Meaning::Keyword { family, word, also_text },
        Meaning::Text | Meaning::OptOut { .. } => {
            let conditional = keyword::is_conditional(&sms.text, vocabulary.languages);
            let several = sms.text.split_whitespace().nth(1).is_some();
            Meaning::Keyword { family, word: text::preview(&sms.text, 0), also_text: conditional || several }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{PhoneNumber, Timestamp, event::CarrierMedia, keyword::Language};

    use super::*;

    fn sms(text: &str, carrier_keyword: Option<KeywordFamily>) -> InboundSms {
        InboundSms {
            provider: "sandbox".into(),
            account: "main".into(),
            external_id: "1".into(),
            from: "+15550002222".into(),
            to: PhoneNumber::parse("+15550001111").unwrap(),
            text: text.into(),
            media: Vec::new(),
            carrier_keyword,
            part: None,
            received_at: Timestamp::from_millis(1),
        }
    }

    fn meaning(sms: &InboundSms) -> Meaning {
        of(sms, &Vocabulary { languages: &Language::ALL, subscribe: &[], opted_out: false })
    }

    fn keyword(family: KeywordFamily, word: &str, also_text: bool) -> Meaning {
        Meaning::Keyword { family, word: word.into(), also_text }
    }

    #[test]
    fn b2_the_carriers_word_on_a_keyword_comes_first() {
        use KeywordFamily::{Help, Start, Stop};
        for (text, by_carrier, expected) in [
            ("stop", None, keyword(Stop, "STOP", false)),
            ("stop", Some(Stop), keyword(Stop, "STOP", false)),
            ("Halt", Some(Stop), keyword(Stop, "Halt", false)),
            ("cancel", Some(Stop), keyword(Stop, "CANCEL", true)),
            ("info", Some(Help), keyword(Help, "INFO", false)),
            ("yes", Some(Start), keyword(Start, "yes", true)),
            ("Stop the red ones", Some(Stop), keyword(Stop, "Stop the red ones", true)),
            ("hello", None, Meaning::Text),
        ] {
            assert_eq!(meaning(&sms(text, by_carrier)), expected, "{text} {by_carrier:?}");
        }
    }

    #[test]
    fn a_keyword_beside_a_picture_acts_and_the_picture_reaches_an_agent() {
        let media =
            vec![CarrierMedia { url: "https://c.example/1".into(), content_type: "image/jpeg".into() }];
        let captioned = |text: &str| InboundSms { media: media.clone(), ..sms(text, None) };
        assert_eq!(meaning(&captioned("STOP")), keyword(KeywordFamily::Stop, "STOP", true));
        assert_eq!(meaning(&captioned("help")), keyword(KeywordFamily::Help, "HELP", true));
        assert_eq!(meaning(&captioned("")), Meaning::Text);
    }
}
