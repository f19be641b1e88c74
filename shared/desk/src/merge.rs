//! Two profiles turn out to be one person: everything of one goes to the other, and back if that was wrong.
//!
//! The stricter word wins: where one said yes to a kind of texts and the other no, the one that stays has said no. One
//! that is blocked is merged only with one that is blocked too.

use bus::{Packet, topic::PROFILE_MERGED};
use domain::{
    MergeId, ProfileId, Timestamp,
    audit::AuditAction,
    consent::{ConsentKind, ConsentRecord, ConsentState, refused_by_one},
    event::ProfileMerged,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Customer, Deed},
    consent, entropy,
    profiles::ProfileView,
    store::{
        Tx, merges as rows, outbox, people,
        timers::{self, DueTimer, Timer},
    },
};

/// The kind of its timer.
pub(crate) const MERGE: &str = "merge";
/// After this time nobody writes any more who did not see the merge.
const SETTLED_MILLIS: i64 = 30_000;
/// Most merges that are shown.
const SHOWN: i64 = 50;

/// What the one that stays knows only from the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// Name.
    pub name: Option<String>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// Place.
    pub location: Option<String>,
    /// The address a visitor gave.
    pub claimed_email: Option<String>,
}

/// A merge that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Id.
    pub id: MergeId,
    /// The profile that stays.
    pub kept: ProfileId,
    /// The one whose everything went there.
    pub gone: ProfileId,
    /// What was known only from it.
    pub taken: Taken,
    /// Who did it.
    pub actor: Uuid,
    /// Their name.
    pub actor_name: String,
    /// When.
    pub at: Timestamp,
    /// When it was undone.
    pub undone_at: Option<Timestamp>,
}

impl Merge {
    /// Where a line of consent comes from that only this merge is the reason of.
    pub(crate) fn source(&self) -> String {
        format!("{MERGE}:{}", self.id)
    }
}

/// What a merge would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergePlan {
    /// The profile that stays, as it is now.
    pub kept: ProfileView,
    /// The other one, as it is now.
    pub gone: ProfileView,
    /// How many messages go with it.
    pub messages: i64,
    /// How many lines of consent.
    pub consents: i64,
    /// What is known only from it.
    pub taken: Taken,
    /// The kinds of texts that one agreed to and the other refused: refused from then on.
    pub refused: Vec<ConsentKind>,
    /// The kinds of texts that are agreed to afterwards.
    pub sms_kinds: Vec<ConsentKind>,
}

impl Desk {
    /// What merging `gone` into `kept` would do. Nothing is done.
    ///
    /// # Errors
    /// There is no such profile; `same_profile`, `blocked_differs`.
    pub async fn merge_plan(&self, kept: ProfileId, gone: ProfileId) -> Result<MergePlan, DeskError> {
        let (kept, gone) = (self.profile(kept).await?, self.profile(gone).await?);
        if kept.id == gone.id {
            return Err(DeskError::conflict("same_profile", "this is one profile already"));
        }
        if kept.blocked != gone.blocked {
            return Err(blocked_differs());
        }
        let (ours, theirs) =
            (people::consents(&self.store, kept.id).await?, people::consents(&self.store, gone.id).await?);
        let refused = refused_by_one(&ours, &theirs);
        let all: Vec<_> = ours.iter().chain(&theirs).cloned().collect();
        let mut sms_kinds = consent::subscribed(&all);
        sms_kinds.retain(|kind| !refused.contains(kind));
        let only = |ours: &Option<String>, theirs: &Option<String>| theirs.clone().filter(|_| ours.is_none());
        let claimed = |of: &ProfileView| of.claimed_email.as_ref().map(ToString::to_string);
        Ok(MergePlan {
            messages: rows::messages(&self.store, gone.id).await?,
            consents: i64::try_from(theirs.len()).unwrap_or(i64::MAX),
            taken: Taken {
                name: only(&kept.name, &gone.name),
                time_zone: only(&kept.time_zone, &gone.time_zone),
                location: only(&kept.location, &gone.location),
                claimed_email: only(&claimed(&kept), &claimed(&gone)),
            },
            refused,
            sms_kinds,
            kept,
            gone,
        })
    }

    /// Merges `gone` into `kept`: addresses, tickets, messages and consent go there.
    ///
    /// # Errors
    /// As [`Desk::merge_plan`].
    pub async fn merge_profiles(
        &self,
        kept: ProfileId,
        gone: ProfileId,
        actor: &Actor,
    ) -> Result<Merge, DeskError> {
        let now = self.now();
        let plan = self.merge_plan(kept, gone).await?;
        let merge = Merge {
            id: MergeId::new(now, &entropy()),
            kept: plan.kept.id,
            gone: plan.gone.id,
            taken: plan.taken,
            actor: actor.id,
            actor_name: actor.name.clone(),
            at: now,
            undone_at: None,
        };
        let mut tx = self.store.begin().await?;
        rows::hold(&self.store, &mut tx).await?;
        for id in [merge.kept, merge.gone] {
            if !rows::stands(&mut tx, id).await? {
                return Err(DeskError::Busy("one of the two was merged meanwhile".into()));
            }
        }
        if rows::blocked_differs(&mut tx, [merge.kept, merge.gone]).await? {
            return Err(blocked_differs());
        }
        rows::hold_tickets(&self.store, &mut tx, [merge.kept, merge.gone]).await?;
        self.keep_stricter(&mut tx, &merge).await?;
        rows::insert(&mut tx, &merge).await?;
        rows::over(&mut tx, &merge).await?;
        rows::fill(&mut tx, merge.kept, &merge.taken).await?;
        let mut packets = self.touch_tickets(&mut tx, merge.kept, None, |_| {}).await?;
        packets.push(told(&mut tx, &merge, false, now).await?);
        self.set_settling(&mut tx, &merge, now).await?;
        audit::record(&mut tx, actor, deed(AuditAction::Merged, &merge), now).await?;
        self.commit(tx, packets).await?;
        tracing::info!(kept = %merge.kept, gone = %merge.gone, by = %actor.id, "two profiles were merged");
        Ok(merge)
    }

    /// Takes a merge back: what moved goes back, with what was written since in the tickets that go back. What came
    /// since otherwise stays; whoever refused texts meanwhile or was blocked is that as both, and who had refused texts before
    /// the merge refuses them again: a "yes" that came since may be the other's.
    ///
    /// # Errors
    /// There is no such merge into this profile; `merge_undone`, `merged_since`.
    pub async fn unmerge(&self, kept: ProfileId, id: MergeId, actor: &Actor) -> Result<Merge, DeskError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        rows::hold(&self.store, &mut tx).await?;
        let found = rows::find(&mut tx, id).await?.filter(|merge| merge.kept == kept);
        let merge = found.ok_or(DeskError::NotFound("merge"))?;
        if merge.undone_at.is_some() {
            return Err(DeskError::conflict("merge_undone", "this was undone already"));
        }
        if !rows::stands(&mut tx, kept).await? {
            let reason = "this profile was merged into another since: undo that first";
            return Err(DeskError::conflict("merged_since", reason));
        }
        rows::hold_tickets(&self.store, &mut tx, [merge.kept, merge.gone]).await?;
        self.refuse_as_both(&mut tx, &merge).await?;
        let refused = refused_again(&mut tx, &merge, now).await?;
        rows::back(&mut tx, &merge).await?;
        for line in refused {
            people::add_consent(&mut tx, merge.kept, None, &line).await?;
        }
        rows::undone(&mut tx, id, &actor.name, now).await?;
        timers::clear(&mut tx, &key(id)).await?;
        let mut packets = self.touch_tickets(&mut tx, merge.kept, None, |_| {}).await?;
        packets.extend(self.touch_tickets(&mut tx, merge.gone, None, |_| {}).await?);
        packets.push(told(&mut tx, &merge, true, now).await?);
        audit::record(&mut tx, actor, deed(AuditAction::Unmerged, &merge), now).await?;
        self.commit(tx, packets).await?;
        tracing::info!(kept = %merge.kept, gone = %merge.gone, by = %actor.id, "a merge was undone");
        Ok(Merge { undone_at: Some(now), ..merge })
    }

    /// The newest merges into a profile, each with the name of the other one.
    ///
    /// # Errors
    /// There is no such profile.
    pub async fn merges(&self, id: ProfileId) -> Result<Vec<(Merge, Option<String>)>, DeskError> {
        let id = self.standing_profile(id).await?;
        rows::into(&self.store, id, SHOWN).await
    }

    /// The profile that a profile is now.
    pub(crate) async fn standing_profile(&self, id: ProfileId) -> Result<ProfileId, DeskError> {
        rows::standing(&self.store, id).await?.ok_or(DeskError::NotFound("profile"))
    }

    /// Somebody who looked up an address before the merge may have written after it: that moves too.
    pub(crate) async fn run_merge(&self, timer: &DueTimer) -> Result<(), DeskError> {
        let now = self.now();
        let id = timer.subject_id.parse().map_err(|_| DeskError::Refused("no id of a merge".into()))?;
        let mut tx = self.store.begin().await?;
        rows::hold(&self.store, &mut tx).await?;
        let merge = rows::find(&mut tx, id).await?;
        if timers::take_due(&mut tx, &timer.key, now).await?.is_none() {
            return Ok(());
        }
        let mut packets = Vec::new();
        let mut next = merge.filter(|merge| merge.undone_at.is_none());
        // Where the one that stayed was merged since, it goes on from there.
        while let Some(merge) = next {
            rows::hold_tickets(&self.store, &mut tx, [merge.kept, merge.gone]).await?;
            let moved = rows::over(&mut tx, &merge).await?;
            next = rows::onward(&mut tx, merge.kept).await?;
            if moved > 0 && next.is_none() {
                packets = self.touch_tickets(&mut tx, merge.kept, None, |_| {}).await?;
            }
        }
        self.commit(tx, packets).await
    }

    async fn set_settling(&self, tx: &mut Tx, merge: &Merge, now: Timestamp) -> Result<(), DeskError> {
        let (key, subject, due) = (key(merge.id), merge.id.to_string(), now.plus(SETTLED_MILLIS));
        timers::set(tx, Timer { key: &key, kind: MERGE, subject: &subject, due, number: None }).await?;
        self.bell.set(due);
        Ok(())
    }

    /// A "no" of one of the two is the last word of both.
    async fn keep_stricter(&self, tx: &mut Tx, merge: &Merge) -> Result<(), DeskError> {
        let ours = people::consents_in(&self.store, tx, merge.kept).await?;
        let theirs = people::consents_in(&self.store, tx, merge.gone).await?;
        for kind in refused_by_one(&ours, &theirs) {
            let line = ConsentRecord {
                kind,
                state: ConsentState::Unsubscribed,
                source: merge.source(),
                text: "One of the two profiles that became one had refused.".into(),
                number: None,
                at: merge.at,
            };
            people::add_consent(tx, merge.kept, None, &line).await?;
        }
        Ok(())
    }

    /// Whoever refused since the merge has refused as both: which of the two it was nobody knows.
    async fn refuse_as_both(&self, tx: &mut Tx, merge: &Merge) -> Result<(), DeskError> {
        let since = rows::consents(tx, merge, rows::Words::Since).await?;
        for line in since.iter().filter(|line| line.state == ConsentState::Unsubscribed) {
            people::add_consent(tx, merge.gone, None, line).await?;
        }
        Ok(())
    }
}

/// What the audit log says of it.
fn deed(action: AuditAction, merge: &Merge) -> Deed {
    Deed::of(action, &Customer(merge.kept)).with(&json!({"other": merge.gone}))
}

/// The words by which the profile that stays refuses again what it had refused before the merge, and what somebody
/// agreed to since.
async fn refused_again(tx: &mut Tx, merge: &Merge, now: Timestamp) -> Result<Vec<ConsentRecord>, DeskError> {
    let own = rows::consents(tx, merge, rows::Words::Own).await?;
    let since = rows::consents(tx, merge, rows::Words::Since).await?;
    let had = consent::subscribed(&own);
    let asked_again = |kind: &ConsentKind| {
        !had.contains(kind)
            && own.iter().any(|line| line.kind == *kind)
            && since.iter().any(|line| line.kind == *kind && line.state == ConsentState::Subscribed)
    };
    let line = |kind| ConsentRecord {
        kind,
        state: ConsentState::Unsubscribed,
        source: "unmerge".into(),
        text: "It had refused before it was merged; who agreed since is not known.".into(),
        number: None,
        at: now,
    };
    Ok(ConsentKind::ALL.into_iter().filter(asked_again).map(line).collect())
}

fn blocked_differs() -> DeskError {
    let reason = "one of the two is blocked: block or unblock one of them first";
    DeskError::conflict("blocked_differs", reason)
}

async fn told(tx: &mut Tx, merge: &Merge, undone: bool, now: Timestamp) -> Result<Packet, DeskError> {
    let event = ProfileMerged { profile_id: merge.kept, other_id: merge.gone, undone };
    let key = format!("merge:{}:{undone}", merge.id);
    outbox::add(tx, PROFILE_MERGED, &key, now, &event).await
}

/// The key of its timer.
fn key(id: MergeId) -> String {
    format!("{MERGE}:{id}")
}
