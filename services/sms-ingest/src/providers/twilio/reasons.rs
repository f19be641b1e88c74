//! Twilio's error codes of receipts in people's words. Source: Twilio's error dictionary.

use domain::message::DeliveryError;

/// The customer has opted out there.
pub const OPTED_OUT: &str = "21610";

/// The error of a receipt: our words for the codes agents meet, else Twilio's own.
pub fn error(code: &str, said: Option<String>) -> DeliveryError {
    let known = words(code).map(str::to_owned);
    let reason = known.or(said).unwrap_or_else(|| format!("the carrier could not deliver it ({code})"));
    DeliveryError { code: code.to_owned(), reason }
}

fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        OPTED_OUT => "the customer has opted out of texts from this number",
        "30001" => "the carrier's queue for this number was full",
        "30002" => "the account at the carrier is suspended",
        "30003" => "the phone is switched off or out of reach",
        "30004" => "the customer's phone or network blocks this message",
        "30005" => "this number does not exist or is not in service",
        "30006" => "this number is a landline, or its network takes no texts",
        "30007" => "the network filtered it as unwanted or against its rules",
        "30008" => "the network gave no reason",
        "30009" => "part of the message was lost on the way",
        "30010" => "it would have cost more than the limit set at the carrier",
        "30032" => "the toll-free number is not verified at the carrier",
        "30034" => "the number is not registered for business texts in the United States (A2P 10DLC)",
        "30036" => "it could not be delivered in time",
        "undelivered" | "failed" => "the network could not deliver it",
        "canceled" => "it was cancelled at the carrier",
        _ => return None,
    })
}
