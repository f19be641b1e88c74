//! Sinch's delivery codes in people's words. Source: "Delivery report statuses and error codes" of its SMS API.

use domain::message::DeliveryError;

/// The error of a receipt, by its code, or by its status where there is none.
pub fn error(code: &str) -> DeliveryError {
    let reason =
        words(code).map_or_else(|| format!("the carrier could not deliver it ({code})"), str::to_owned);
    DeliveryError { code: code.to_owned(), reason }
}

fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        "402" => "the carrier has no way to this number",
        "403" => "the carrier had a fault of its own",
        "404" => "the phone could not be reached for now",
        "405" => "a placeholder in the text has no value for this customer",
        "406" | "Expired" => "it could not be delivered in time",
        "407" | "Cancelled" => "it was cancelled at the carrier",
        "408" | "Rejected" => "the network rejected it",
        "410" => "the carrier has no sender for this number",
        "411" => "the text has more parts than allowed",
        "412" => "the account at the carrier may not write to this region",
        "413" => "the account at the carrier is blocked",
        "414" => "the carrier could not fetch the picture",
        "415" => "the network rejected the picture message",
        "416" => "the network does not take picture messages",
        "417" => "the network or the phone cannot be reached for picture messages",
        "418" => "the phone does not understand the picture message",
        "Aborted" | "Failed" => "the network could not deliver it",
        "Deleted" => "the network deleted it",
        _ => return None,
    })
}
