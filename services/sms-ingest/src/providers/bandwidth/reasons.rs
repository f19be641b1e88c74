//! Bandwidth's error codes in people's words. Source: its "Errors" page, "Messaging errors".

use domain::message::DeliveryError;

/// The customer has opted out there.
pub const OPTED_OUT: &str = "4775";
/// Bandwidth waited in vain for the network's receipt.
pub const NO_RECEIPT: &str = "9902";

/// The error of a receipt: our words for the codes agents meet, else Bandwidth's own.
pub fn error(code: &str, said: Option<String>) -> DeliveryError {
    let known = words(code).map(str::to_owned);
    let reason = known.or(said).unwrap_or_else(|| format!("the carrier could not deliver it ({code})"));
    DeliveryError { code: code.to_owned(), reason }
}

fn words(code: &str) -> Option<&'static str> {
    Some(match code {
        OPTED_OUT => "the customer has opted out of texts from this number",
        "4303" | "4404" | "4406" | "4408" | "4720" | "4721" => {
            "this number does not exist, is not in service or takes no texts"
        }
        "4360" => "it could not be delivered in time",
        "4401" | "4420" | "4421" | "4730" | "5106" => "the carrier has no way to this number",
        "4403" | "4405" | "4407" | "4740" => "this number of ours is not enabled for texts at the carrier",
        "4410" => "the carrier could not fetch the picture",
        "4411" | "4711" => "the pictures are too large for the carrier",
        "4412" | "4712" => "the carrier does not take pictures of this kind",
        "4432" => "the account at the carrier may not write to this country",
        "4433" | "4795" => "the toll-free number is not verified at the carrier",
        "4470" | "4770" => "the network filtered it as unwanted or against its rules",
        "4481" | "4772" => "the network blocks this number of ours, or the customer's",
        "4482" => "the carrier blocks texts to this number",
        "4700" | "4701" => "the customer's network or phone takes no texts",
        "4702" => "the phone is switched off or out of reach",
        "4750" => "the customer's network rejected it without a reason",
        "4771" => "the network does not allow this shortened link",
        "4773" | "4774" => "the number is not registered for business texts in the United States (A2P 10DLC)",
        "4780" | "4781" | "4785" => "more was sent than the network allows this number",
        "5600" => "the customer's network was overloaded",
        "message-failed" => "the network could not deliver it",
        _ => return None,
    })
}
