//! Infobip's names of statuses and errors in people's words. Source: its "Message status codes" and "Error code
//! reference" pages.

use domain::message::DeliveryError;

/// The error of a receipt: our words for the names agents meet, else Infobip's own.
pub fn error(name: &str, said: Option<String>) -> DeliveryError {
    let known = words(name).map(str::to_owned);
    let reason = known.or(said).unwrap_or_else(|| format!("the carrier could not deliver it ({name})"));
    DeliveryError { code: name.to_owned(), reason }
}

/// Whether a name says that the customer opted out there.
pub fn is_opt_out(name: &str) -> bool {
    ["OPTED_OUT", "OPT_OUT", "UNSUBSCRIBED"].into_iter().any(|word| name.contains(word))
}

fn words(name: &str) -> Option<&'static str> {
    Some(match name {
        _ if is_opt_out(name) => "the customer has opted out of texts from this number",
        "EC_UNKNOWN_SUBSCRIBER" | "EC_UNIDENTIFIED_SUBSCRIBER" | "EC_INVALID_DESTINATION_ADDRESS" => {
            "this number does not exist or is not in service"
        }
        "EC_ABSENT_SUBSCRIBER" | "EC_ABSENT_SUBSCRIBER_SM" | "EC_SUBSCRIBER_BUSY_FOR_MT_SMS" => {
            "the phone is switched off or out of reach"
        }
        "EC_CALL_BARRED" | "EC_ILLEGAL_SUBSCRIBER" | "EC_ILLEGAL_EQUIPMENT" => {
            "the customer's phone or network blocks this message"
        }
        "EC_FACILITY_NOT_SUPPORTED" | "EC_TELESERVICE_NOT_PROVISIONED" => {
            "this number is a landline, or its network takes no texts"
        }
        "EC_MEMORY_CAPACITY_EXCEEDED" | "EC_SM_DELIVERY_FAILURE" => "the phone could not store it",
        "EC_DEST_ADDRESS_BLACKLISTED" | "EC_SOURCE_ADDRESS_BLACKLISTED" | "REJECTED_NETWORK" => {
            "the network does not let this number through"
        }
        "EC_MESSAGE_FILTERED" | "REJECTED_FLOODING_FILTER" => {
            "the network filtered it as unwanted or against its rules"
        }
        "EXPIRED_EXPIRED" => "it could not be delivered in time",
        "REJECTED_DND" => "the number is on a do-not-disturb list",
        "REJECTED_NOT_ENOUGH_CREDITS" | "REJECTED_PREPAID_PACKAGE_EXPIRED" => {
            "the account at the carrier has no credit left"
        }
        "REJECTED_SENDER" | "REJECTED_SOURCE" => "the carrier does not allow this number to send",
        "REJECTED_DESTINATION" | "REJECTED_INVALID_DESTINATION" | "REJECTED_PREFIX_MISSING" => {
            "the carrier does not know this number"
        }
        "REJECTED_DESTINATION_NOT_REGISTERED" => "the trial account may only write to registered numbers",
        "REJECTED_ROUTE_NOT_AVAILABLE" => "the carrier has no way to this network",
        "REJECTED_MESSAGE_TOO_LONG" => "the text is too long for the carrier",
        "UNDELIVERABLE_REJECTED_OPERATOR" => "the customer's network rejected it",
        "UNDELIVERABLE_NOT_DELIVERED" => "the network could not deliver it",
        _ => return None,
    })
}
