//! Webhooks as Twilio makes them, signed beforehand, so that the measured time holds none of our own work.

use harness::{
    frontdesk::PUBLIC_URL,
    twilio::{signature, text_form},
};

/// The account at the carrier.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
/// What signs.
pub const TOKEN: &str = "the auth token of the account";
/// Our number.
pub const NUMBER: &str = "+15550001111";
/// Where they are posted to.
pub const PATH: &str = "/webhooks/sms/twilio";
/// An ordinary text.
const TEXT: &str =
    "Hello, I ordered the blue jacket last week and it has not arrived yet. Could you have a look?";

/// That many different ones, as they stand on the wire. `run` keeps the ids of runs apart.
pub fn signed(run: &str, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|nth| one(&format!("SM{run}{nth:08}"), &format!("+1555{:07}", nth % 9_999_999))).collect()
}

fn one(sid: &str, from: &str) -> Vec<u8> {
    let form = text_form(ACCOUNT, from, NUMBER, TEXT, sid);
    let signature = signature(TOKEN, &format!("{PUBLIC_URL}{PATH}"), &form);
    let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let body = pairs.join("&");
    format!(
        "POST {PATH} HTTP/1.1\r\nHost: desk.example.test\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n\
         Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: {signature}\r\n\
         I-Twilio-Idempotency-Token: {sid}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
