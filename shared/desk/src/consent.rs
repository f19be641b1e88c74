//! SMS consent as agents see and record it (D2, F3).

use domain::{
    Channel, ProfileId,
    audit::AuditAction,
    consent::{ConsentKind, ConsentRecord, ConsentState, may_text},
};

use serde_json::json;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Customer, Deed},
    store::people as rows,
};

/// A word of the customer to record.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// Which kind.
    pub kind: ConsentKind,
    /// Yes or no.
    pub state: ConsentState,
    /// Where it came from: `api`, `console`, `import`, …
    pub source: String,
    /// The evidence: what the customer said or agreed to.
    pub text: String,
    /// The organisation's number it concerns, where there is one.
    pub number: Option<String>,
}

/// The kinds whose newest record says yes.
pub fn subscribed(records: &[ConsentRecord]) -> Vec<ConsentKind> {
    let says_yes = |kind: &ConsentKind| {
        let of_kind: Vec<_> = records.iter().filter(|record| record.kind == *kind).cloned().collect();
        may_text(&of_kind)
    };
    ConsentKind::ALL.into_iter().filter(says_yes).collect()
}

impl Desk {
    /// The whole history, newest first.
    ///
    /// # Errors
    /// There is no such profile.
    pub async fn consents(&self, id: ProfileId) -> Result<Vec<ConsentRecord>, DeskError> {
        let id = self.standing_profile(id).await?;
        rows::consents(&self.store, id).await
    }

    /// Adds to the history. Composers of the customer's SMS tickets learn of it at once.
    ///
    /// # Errors
    /// There is no such profile; a source or text that is too long.
    pub async fn record_consent(
        &self,
        id: ProfileId,
        new: NewConsent,
        actor: &Actor,
    ) -> Result<ConsentRecord, DeskError> {
        check(&new)?;
        let now = self.now();
        let NewConsent { kind, state, source, text, number } = new;
        let record = ConsentRecord { kind, state, source, text, number, at: now };
        let id = self.standing_profile(id).await?;
        let mut tx = self.store.begin().await?;
        rows::add_consent(&mut tx, id, None, &record).await?;
        let packets = self.touch_tickets(&mut tx, id, Some(Channel::Sms), |_| {}).await?;
        let facts = json!({"kind": kind, "state": state, "source": record.source});
        let deed = Deed::of(AuditAction::ConsentRecorded, &Customer(id)).with(&facts);
        audit::record(&mut tx, actor, deed, now).await?;
        self.commit(tx, packets).await?;
        tracing::info!(profile = %id, by = %actor.id, kind = kind.as_str(), state = state.as_str(), "consent recorded");
        Ok(record)
    }
}

pub(crate) fn check(new: &NewConsent) -> Result<(), DeskError> {
    let length = new.source.chars().count();
    if length == 0 || length > 100 || new.source.chars().any(char::is_control) {
        return Err(DeskError::invalid("source", "source must have 1 to 100 characters"));
    }
    if new.text.chars().count() > 2_000 || new.text.contains('\0') {
        return Err(DeskError::invalid("text", "text may have at most 2000 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn each_kind_has_its_own_newest_word() {
        let record = |kind, state, at| ConsentRecord {
            kind,
            state,
            source: "test".into(),
            text: String::new(),
            number: None,
            at: Timestamp::from_millis(at),
        };
        let records = [
            record(ConsentKind::Marketing, ConsentState::Subscribed, 1),
            record(ConsentKind::Transactional, ConsentState::Subscribed, 1),
            record(ConsentKind::Marketing, ConsentState::Unsubscribed, 2),
        ];
        assert_eq!(subscribed(&records), [ConsentKind::Transactional]);
        assert_eq!(subscribed(&[]), []);
    }
}
