//! The audit log.

use desk::audit::AuditEntry as Kept;
use domain::audit::{AuditAction, AuditBy, AuditNoun};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// Something that was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Id.
    pub id: Uuid,
    /// When.
    pub at: Time,
    /// By whom.
    pub actor: AuditActor,
    /// Where the request came from; `null` for Frontdesk itself.
    #[schema(required = true)]
    pub address: Option<String>,
    /// What was done.
    #[schema(value_type = word::AuditAction)]
    pub action: AuditAction,
    /// To what.
    pub object: AuditObject,
    /// What differs since.
    pub changes: Vec<AuditChange>,
}

/// Who did it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditActor {
    /// What kind of somebody.
    #[schema(value_type = word::AuditBy)]
    pub kind: AuditBy,
    /// Id.
    pub id: String,
    /// Name then.
    pub name: String,
}

/// What it was done to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditObject {
    /// What kind of thing.
    #[schema(value_type = word::AuditNoun)]
    pub kind: AuditNoun,
    /// Id; empty for all of a kind.
    pub id: String,
    /// Its name then; of a customer, their name now.
    #[schema(required = true)]
    pub name: Option<String>,
}

/// A value that is otherwise than it was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditChange {
    /// Which, with dots: `sms.quiet_hours.from`.
    pub field: String,
    /// As it was; `null` where there was none.
    pub before: Value,
    /// As it is; `null` where there is none.
    pub after: Value,
}

impl From<Kept> for AuditEntry {
    fn from(kept: Kept) -> Self {
        let Kept { id, at, by, address, action, noun, object_id, object_name, changes } = kept;
        let change = |one: domain::audit::Difference| AuditChange {
            field: one.field,
            before: one.before,
            after: one.after,
        };
        Self {
            id: id.0,
            at: Time(at),
            actor: AuditActor { kind: by.kind, id: by.id, name: by.name },
            address,
            action,
            object: AuditObject { kind: noun, id: object_id, name: object_name },
            changes: changes.into_iter().map(change).collect(),
        }
    }
}
