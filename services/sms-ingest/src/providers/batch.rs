//! Many items in one request: a bad one is held, the rest goes its way. Refusing all of it would bring the whole batch
//! again and again.

use serde_json::Value;

use super::{Accepted, Refusal, json};

/// Reads each item on its own; `id` is the JSON Pointer of the carrier's id in it.
///
/// # Errors
/// [`Refusal::UnknownNumber`] if every one of them is for a number that is not configured.
pub fn each(
    items: &[Value],
    id: &str,
    read: impl Fn(&Value) -> Result<Accepted, Refusal>,
) -> Result<Vec<Accepted>, Refusal> {
    let mut strangers = 0;
    let mut accepted = Vec::with_capacity(items.len());
    let mut last = None;
    for item in items {
        match read(item) {
            Ok(one) => accepted.push(one),
            Err(refusal) => {
                strangers += usize::from(matches!(refusal, Refusal::UnknownNumber { .. }));
                accepted.push(held(&refusal, json::text(item, id)));
                last = Some(refusal);
            }
        }
    }
    match last {
        Some(refusal) if strangers == items.len() => Err(refusal),
        _ => Ok(accepted),
    }
}

fn held(refusal: &Refusal, external_id: Option<String>) -> Accepted {
    let reason = match refusal {
        Refusal::Unproven { reason, .. } | Refusal::Unreadable(reason) => reason.clone(),
        Refusal::UnknownNumber { number, .. } => {
            let number: String = number.chars().take(40).collect();
            format!("the number {number:?} is not configured for this carrier and account")
        }
    };
    Accepted::Unusable { reason, external_id }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(items: &[&str]) -> Result<Vec<Accepted>, Refusal> {
        let items: Vec<_> = items.iter().map(|word| json!({"id": "m1", "is": word})).collect();
        each(&items, "/id", |item| match item["is"].as_str() {
            Some("good") => Ok(Accepted::Ignored),
            Some("strange") => {
                Err(Refusal::UnknownNumber { number: "x".repeat(99), external_id: Some("m1".into()) })
            }
            _ => Err(json::missing("sender")),
        })
    }

    #[test]
    fn a_bad_item_is_held_and_the_rest_goes_its_way() {
        let found = judged(&["good", "bad", "strange", "good"]).unwrap();
        assert_eq!((&found[0], &found[3]), (&Accepted::Ignored, &Accepted::Ignored));
        let held = |at: usize| match &found[at] {
            Accepted::Unusable { reason, external_id } => (reason.len(), external_id.as_deref()),
            other => panic!("{other:?}"),
        };
        assert_eq!(held(1), ("it names no sender".len(), Some("m1")));
        assert_eq!(held(2).1, Some("m1"));
        assert!(held(2).0 < 130);
    }

    #[test]
    fn only_a_batch_of_nothing_but_strangers_is_refused() {
        assert!(matches!(judged(&["strange"]), Err(Refusal::UnknownNumber { .. })));
        assert!(matches!(judged(&["strange", "strange"]), Err(Refusal::UnknownNumber { .. })));
        assert!(judged(&["bad"]).is_ok() && judged(&["bad", "strange"]).is_ok());
        assert_eq!(judged(&[]), Ok(vec![]));
    }
}
