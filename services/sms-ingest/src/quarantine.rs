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

/// Stands for a secret.
const HIDDEN: &str = "[secret]";
/// A shorter secret is not looked for in bodies: it may be any word.
const SHORTEST_SECRET: usize = 6;

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

    /// For what a carrier was thanked for: beyond the budget its reason is kept all the same, without the request.
    pub fn admit_or_shorten(&self, held: &mut InboundHeld) {
        if !self.admits(held) {
            held.raw = "the request is not kept: there were too many such".to_owned();
        }
    }
}

/// One item of a request whose other items went their way.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// Its place in the request.
    pub place: usize,
    /// Why it is of no use, in one sentence.
    pub reason: &'a str,
    /// The carrier's id of it.
    pub external_id: Option<&'a str>,
}

/// An item as it is kept, with the whole request, and its dedup id: the same item again is the same, whatever fresh
/// signature came with it.
pub fn unusable(
    source: &str,
    request: &Request<'_>,
    item: Item<'_>,
    now: Timestamp,
) -> (String, InboundHeld) {
    let digest = hex(sha256(request.body));
    let external_id = item.external_id.map_or_else(|| digest.clone(), short);
    let held = InboundHeld {
        channel: Channel::Sms,
        source: source.to_owned(),
        external_id,
        reason: item.reason.to_owned(),
        raw: as_text(request),
        received_at: now,
    };
    (format!("held:{source}:{digest}:{}", item.place), held)
}

fn short(id: &str) -> String {
    id.chars().take(128).collect()
}

/// A refused request as it is kept, and its dedup id: the same request again is the same.
pub fn refused(
    source: &str,
    request: &Request<'_>,
    reason: String,
    external_id: Option<String>,
    now: Timestamp,
) -> (String, InboundHeld) {
    let raw = as_text(request);
    let digest = hex(sha256(raw.as_bytes()));
    let external_id = external_id.map_or_else(|| digest.clone(), |id| short(&id));
    let source = source.to_owned();
    let id = format!("held:{source}:{digest}");
    (id, InboundHeld { channel: Channel::Sms, source, external_id, reason, raw, received_at: now })
}

/// Request line, the headers that matter (never credentials) and the body. The secret of the address is hidden
/// wherever it stands: some carriers repeat the address in the body.
fn as_text(request: &Request<'_>) -> String {
    let matters =
        |name: &str| name == "content-type" || name.contains("signature") || name.starts_with("i-twilio-");
    let mut text = format!("{} {}\n", request.method, without_secret(request));
    for (name, value) in request.headers.iter().filter(|(name, _)| matters(name.as_str())) {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(request.body));
    let mut text = text.replace('\0', "\u{fffd}");
    if let Some(secret) = request.path_secret.filter(|secret| secret.len() >= SHORTEST_SECRET) {
        text = text.replace(secret, HIDDEN);
    }
    text[..text.floor_char_boundary(MOST_KEPT)].to_owned()
}

/// The address with its last segment hidden, if that is a secret.
fn without_secret(request: &Request<'_>) -> String {
    let (path, query) = match request.url.find('?') {
        Some(at) => request.url.split_at(at),
        None => (request.url, ""),
    };
    match path.rfind('/').filter(|_| request.path_secret.is_some()) {
        Some(at) => format!("{}/{HIDDEN}{query}", &path[..at]),
        None => request.url.to_owned(),
    }
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
        let request = request(&headers, body);
        refused("twilio", &request, "the signature does not match".into(), None, Timestamp::from_millis(at))
    }

    fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> Request<'a> {
        let url = "https://desk.example.com/x";
        Request { method: "POST", url, headers, body, path_secret: None, certificate: None }
    }

    #[test]
    fn the_secret_of_an_address_is_kept_nowhere() {
        let headers = HeaderMap::new();
        let body =
            br#"{"text":"hi","delivered_to":"https://desk.example.com/webhooks/sms/telnyx/hunter2/x"}"#;
        let base = request(&headers, body);
        let url = "https://desk.example.com/webhooks/sms/telnyx/hunter%322?a=/b";
        let secret = Request { url, path_secret: Some("hunter2"), ..base };
        let item = || Item { place: 0, reason: "no text", external_id: None };
        let now = Timestamp::from_millis(1);
        for held in [
            refused("telnyx", &secret, "why".into(), None, now).1,
            unusable("telnyx", &secret, item(), now).1,
        ] {
            assert!(
                held.raw.starts_with("POST https://desk.example.com/webhooks/sms/telnyx/[secret]?a=/b\n")
            );
            assert!(!held.raw.contains("hunter"), "{}", held.raw);
            assert!(held.raw.contains("/telnyx/[secret]/x"), "{}", held.raw);
        }
        let short = Request { path_secret: Some("hi"), ..secret };
        assert!(refused("telnyx", &short, "why".into(), None, now).1.raw.contains("\"text\":\"hi\""));
    }

    #[test]
    fn an_item_of_no_use_is_the_same_under_a_fresh_signature_and_keeps_its_reason_in_a_flood() {
        let stamped = |stamp: &str| [("x-signature".parse().unwrap(), stamp.parse().unwrap())];
        let (first, again) = (HeaderMap::from_iter(stamped("1")), HeaderMap::from_iter(stamped("2")));
        let item = |place| Item { place, reason: "it has no sender", external_id: Some("M1") };
        let now = Timestamp::from_millis(0);
        let id = |headers, place| unusable("infobip", &request(headers, b"[{},{}]"), item(place), now).0;
        assert_eq!(id(&first, 0), id(&again, 0));
        assert_ne!(id(&first, 0), id(&first, 1));
        let quarantine = Quarantine::new(now);
        let large = vec![b'x'; MOST_KEPT];
        for nth in 0..200 {
            let (_, mut held) = unusable("infobip", &request(&first, &large), item(0), now);
            quarantine.admit_or_shorten(&mut held);
            assert_eq!((held.reason.as_str(), held.external_id.as_str()), ("it has no sender", "M1"));
            assert_eq!(held.raw.starts_with("the request is not kept"), nth >= 127, "{nth}");
        }
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
