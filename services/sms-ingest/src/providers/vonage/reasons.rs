//! Vonage's error codes of receipts in people's words. Source: the tables of "Delivery receipts" (SMS API) and of
//! "Messages API errors". None of them says that somebody opted out.

use domain::message::DeliveryError;

/// The error of a receipt: our words for the codes agents meet, else Vonage's own.
pub fn error(code: &str, said: Option<String>) -> DeliveryError {
    let known = words(code).map(str::to_owned);
    let reason = known.or(said).unwrap_or_else(|| format!("the carrier could not deliver it ({code})"));
    DeliveryError { code: code.to_owned(), reason }
}

fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        "1" | "1330" => "the network gave no reason",
        "2" => "the phone is switched off or out of reach",
        "3" => "this number is no longer in service",
        "4" => "the customer's phone or network blocks this message",
        "5" => "the number has moved to another network, and its old one refused the message",
        "6" => "the network filtered it as unwanted",
        "7" => "the phone was busy",
        "8" => "the network had an error",
        "9" | "1210" | "1240" => "this number does not exist or cannot get texts",
        "10" => "the network does not take this text",
        "11" | "1350" => "there is no way to this number's network",
        "12" => "the network could not be reached",
        "13" => "the network delivers such texts to adults only",
        "14" => "the network blocks this number",
        "15" => "the customer's prepaid balance does not suffice",
        "16" => "the carrier's own quota was used up",
        "50" | "51" | "52" | "53" | "54" => {
            "it breaks a rule of the destination country (registered sender, template or consent)"
        }
        "expired" | "1360" => "it could not be delivered in time",
        "failed" | "rejected" | "undeliverable" | "99" => "the network could not deliver it",
        _ => return None,
    })
}
