//! What carriers' refusals mean, in the same words whichever carrier it was.

pub const OPTED_OUT: &str = "the customer has opted out of texts from this number";
pub const NOT_A_NUMBER: &str = "this is not a valid phone number";
pub const NOT_MOBILE: &str = "this number cannot receive texts: it is not a mobile number";
pub const BARRED: &str =
    "the customer's number is on a blocklist at the carrier: they may have opted out there";
pub const NOT_OURS: &str = "our number cannot send texts: it does not belong to this carrier account";
pub const NO_ROUTE: &str = "our number cannot send texts to this customer's number";
pub const COUNTRY: &str = "texts to this country are not switched on at the carrier";
pub const NO_WORDS: &str = "a text needs some words";
pub const TOO_LONG: &str = "the text is too long for this carrier";
pub const FILTERED: &str = "the network filtered it as unwanted or against its rules";
pub const UNREGISTERED: &str =
    "our number is not registered for business texts in the United States (A2P 10DLC)";
pub const NO_CREDIT: &str = "the carrier account has no credit left";
pub const SUSPENDED: &str = "the carrier account may not send texts: it is suspended or not set up for it";
pub const LIMIT: &str = "the carrier account has reached its limit of texts";
pub const TRIAL: &str = "the carrier account is a trial: it may only text numbers that were verified there";
pub const CALLBACK: &str =
    "the carrier does not accept our public_url for status reports: it must be reachable from outside";
pub const PICTURE: &str = "the carrier cannot fetch or does not take this picture";
