//! Telnyx's error codes of receipts in people's words. Source: its "Messaging error codes" page.

use domain::message::DeliveryError;
use serde_json::Value;

use super::super::json;

/// The customer sent STOP to this number.
pub const OPTED_OUT: &str = "40300";

/// The error of a receipt: our words for the codes agents meet, else Telnyx's own. Without an error the status says all.
pub fn error(given: Option<&Value>, status: &str) -> DeliveryError {
    let code = given.and_then(|error| json::text(error, "/code")).unwrap_or_else(|| status.to_owned());
    let said = given.and_then(|error| json::text(error, "/detail").or_else(|| json::text(error, "/title")));
    let known = words(&code).map(str::to_owned);
    let reason = known.or(said).unwrap_or_else(|| format!("the carrier could not deliver it ({code})"));
    DeliveryError { code, reason }
}

fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        OPTED_OUT => "the customer has opted out of texts from this number",
        "40001" => "this number is a landline, or its network takes no texts",
        "40002" => "the network filtered it as unwanted, for now",
        "40003" => "the network filtered it as unwanted, and blocks our number",
        "40004" => "the customer's network refused it without a reason",
        "40005" | "expired" => "it could not be delivered in time",
        "40006" => "the customer's network was out of order",
        "40008" => "the network did not take it",
        "40009" => "the network does not take this text",
        "40010" => "the number is not registered for business texts in the United States (A2P 10DLC)",
        "40011" | "40014" | "40318" => "the carrier's queue for this number was full",
        "40012" => "this number does not exist or cannot get texts",
        "40013" => "our number is not valid at the carrier",
        "sending_failed" | "delivery_failed" => "the network could not deliver it",
        _ => return None,
    })
}
