//! Events of AWS End User Messaging in people's words. Source: its "Event types for SMS, MMS, and voice" page.

use domain::message::DeliveryError;

/// The error of an event: our words for the types agents meet, else AWS's own.
pub fn error(word: &str, said: Option<String>) -> DeliveryError {
    let opted_out = said.as_deref().is_some_and(is_opt_out);
    let known =
        if opted_out { Some("the customer has opted out of texts from this number") } else { words(word) };
    let reason = known.map(str::to_owned).or(said);
    let reason = reason.unwrap_or_else(|| format!("the carrier could not deliver it ({word})"));
    DeliveryError { code: word.to_owned(), reason }
}

/// An opt-out has no type of its own, only a description ("Phone number is opted out").
pub fn is_opt_out(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["opted out", "opted-out", "opt-out list"].into_iter().any(|words| said.contains(words))
}

fn words(word: &str) -> Option<&'static str> {
    Some(match word.split_once('_').map_or(word, |(_, what)| what) {
        "INVALID" => "this number does not exist or is not in service",
        "INVALID_MESSAGE" => "the network does not take this text",
        "UNREACHABLE" => "the phone is switched off or out of reach",
        "CARRIER_UNREACHABLE" => "the customer's network could not be reached",
        "BLOCKED" => "the customer's phone blocks this message",
        "CARRIER_BLOCKED" => "the customer's network blocks this message",
        "SPAM" => "the network filtered it as unwanted or against its rules",
        "TTL_EXPIRED" => "it could not be delivered in time",
        "PROTECT_BLOCKED" => "the account's own rules at the carrier block texts to this country",
        "FILE_INACCESSIBLE" => "the carrier could not fetch the picture",
        "FILE_TYPE_UNSUPPORTED" => "the carrier does not take pictures of this kind",
        "FILE_SIZE_EXCEEDED" => "the pictures are too large for the carrier",
        _ => return None,
    })
}
