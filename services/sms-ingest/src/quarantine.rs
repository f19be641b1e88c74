//! What was refused at the door is kept for the eye of an admin, within bounds: nobody may fill the disk by knocking.

use std::sync::{Mutex, PoisonError};

use domain::{Channel, Timestamp, event::InboundHeld};
use web::signature::{hex, sha256};

use crate::providers::Request;

/// Most bytes of a request that are kept.
const MOST_KEPT: usize = 64 * 1024;
/// Bytes that may be kept at once.
const BURST: i64 = 8 * 1024 * 1024;
/// Bytes a second that may be kept for ever: about 170 MB a day.
const PER_SECOND: i64 = 2 * 1024;
/// What a held request costs besides its bytes.
const OVERHEAD: i64 = 512;

/// A budget of bytes, refilled with time.
pub struct Quarantine(Mutex<Budget>);

struct Budget {
    left: i64,
    at: Timestamp,
}

impl Quarantine {
    /// With the whole burst free.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(Budget { left: BURST, at: now }))
    }

    /// Whether this request may be kept; if so, its bytes are taken from the budget.
    pub fn admits(&self, held: &InboundHeld) -> bool {
        let cost = i64::try_from(held.raw.len()).unwrap_or(i64::MAX).saturating_add(OVERHEAD);
        let mut budget = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = (held.received_at.millis() - budget.at.millis()).clamp(0, 3_600_000);
        budget.left = (budget.left + passed * PER_SECOND / 1000).min(BURST);
        budget.at = held.received_at;
        let admitted = cost <= budget.left;
        if admitted {
            budget.left -= cost;
        }
        admitted
    }
}

/// A refused request as it is kept, and its dedup id: the same request again is the same.
pub fn held(
    source: &str,
    request: &Request<'_>,
    reason: String,
    external_id: Option<String>,
    now: Timestamp,
) -> (String, InboundHeld) {
    let raw = as_text(request);
    let digest = hex(sha256(raw.as_bytes()));
    let external_id = external_id.map_or_else(|| digest.clone(), |id| id.chars().take(128).collect());
    let source = source.to_owned();
    let id = format!("held:{source}:{digest}");
    (id, InboundHeld { channel: Channel::Sms, source, external_id, reason, raw, received_at: now })
}

/// Request line, the headers that matter (never credentials) and the body.
fn as_text(request: &Request<'_>) -> String {
    let matters =
        |name: &str| name == "content-type" || name.contains("signature") || name.starts_with("i-twilio-");
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in request.headers.iter().filter(|(name, _)| matters(name.as_str())) {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(request.body));
    let text = text.replace('\0', "\u{fffd}");
    text[..text.floor_char_boundary(MOST_KEPT)].to_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn knock(body: &[u8], at: i64) -> (String, InboundHeld) {
        let headers = [
            ("x-twilio-signature".parse().unwrap(), "WRONG".parse().unwrap()),
            ("authorization".parse().unwrap(), "Basic c2VjcmV0".parse().unwrap()),
        ];
        let headers = headers.into_iter().collect::<HeaderMap>();
        let request = Request { method: "POST", url: "https://desk.example.com/x", headers: &headers, body };
        held("twilio", &request, "the signature does not match".into(), None, Timestamp::from_millis(at))
    }

    #[test]
    fn a_held_request_shows_what_came_but_no_credentials() {
        let (id, held) = knock("grüße\0".as_bytes(), 1);
        assert!(
            held.raw.starts_with("POST https://desk.example.com/x\nx-twilio-signature: WRONG\n"),
            "{}",
            held.raw
        );
        assert!(held.raw.ends_with("\n\ngrüße\u{fffd}") && !held.raw.contains("c2VjcmV0"), "{}", held.raw);
        assert_eq!(id, knock("grüße\0".as_bytes(), 2).0, "the same request again is the same");
        assert_ne!(id, knock(b"other", 1).0);
    }

    #[test]
    fn a_large_request_is_cut_between_characters() {
        let (_, held) = knock("ü".repeat(MOST_KEPT).as_bytes(), 1);
        assert!(held.raw.len() <= MOST_KEPT && held.raw.len() > MOST_KEPT - 4);
    }

    #[test]
    fn a_flood_is_kept_only_within_the_budget_which_refills_with_time() {
        let quarantine = Quarantine::new(Timestamp::from_millis(0));
        let (_, large) = knock(&vec![b'x'; MOST_KEPT], 0);
        let at = |millis| InboundHeld { received_at: Timestamp::from_millis(millis), ..large.clone() };
        let kept = (0..1000).filter(|_| quarantine.admits(&at(0))).count();
        assert!((100..=130).contains(&kept), "{kept} kept");
        assert!(!quarantine.admits(&at(10_000)));
        assert!(quarantine.admits(&at(60_000)));
    }
}
