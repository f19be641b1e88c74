//! MessageBird's error codes of receipts in people's words. Source: the table of "SMS platform extended error codes".

use domain::message::DeliveryError;

/// The customer sent STOP to this number.
pub const OPTED_OUT: &str = "103";

/// The error of a receipt: our words for the codes agents meet, else MessageBird's own.
pub fn error(code: &str, said: Option<String>) -> DeliveryError {
    let known = words(code).map(str::to_owned);
    let reason = known.or(said).unwrap_or_else(|| format!("the carrier could not deliver it ({code})"));
    DeliveryError { code: code.to_owned(), reason }
}

fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        OPTED_OUT => "the customer has opted out of texts from this number",
        "1" | "5" => "this number does not exist or is not in service",
        "6" | "27" => "the phone is switched off or out of reach",
        "9" | "12" => "the network does not let this phone in",
        "11" | "21" => "this number or its network takes no texts",
        "13" => "the customer's phone or network blocks this message",
        "31" => "the phone was busy",
        "32" => "the phone's memory is full, or it refused the text",
        "34" => "the network had an error",
        "expired" => "it could not be delivered in time",
        "delivery_failed" | "sending_failed" | "rejected" => "the network could not deliver it",
        _ => return None,
    })
}
