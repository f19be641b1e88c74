//! Plivo's error codes of receipts in people's words. Source: its "Message error codes" page.

use domain::message::DeliveryError;

/// The customer sent STOP to this number.
pub const OPTED_OUT: &str = "200";

/// The error of a receipt: our words for the codes agents meet; Plivo gives none itself.
pub fn error(code: &str) -> DeliveryError {
    let words = words(code).map(str::to_owned);
    let reason = words.unwrap_or_else(|| format!("the carrier could not deliver it ({code})"));
    DeliveryError { code: code.to_owned(), reason }
}

fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        OPTED_OUT => "the customer has opted out of texts from this number",
        "10" => "the network does not take this text",
        "20" => "the network had an error",
        "30" => "the network filtered it as unwanted",
        "40" => "our number is not valid at the carrier",
        "50" => "this number does not exist or cannot get texts",
        "60" => "the carrier took it for a loop between two robots",
        "70" => "this number does not exist any more or cannot get texts",
        "80" => "the phone is switched off or out of reach",
        "90" => "there is no way to this number's network",
        "100" => "the network does not allow such texts",
        "110" => "the text is too long",
        "201" => "a toll-free number of the United States cannot text this country",
        "300" => "the carrier could not hand it over",
        "420" => "it could not be delivered in time",
        "900" => "the account at the carrier has no credit left",
        "910" => "the account at the carrier is suspended",
        "undelivered" | "failed" | "rejected" | "1000" => "the network could not deliver it",
        _ => return None,
    })
}
