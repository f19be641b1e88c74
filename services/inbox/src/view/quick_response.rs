//! Answers at hand.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// An answer at hand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuickResponse {
    /// Id.
    pub id: Uuid,
    /// What agents find it by.
    pub title: String,
    /// The answer, with variables such as `{{first_name|there}}`.
    pub text: String,
    /// When it was written.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}

impl From<desk::quick_responses::QuickResponse> for QuickResponse {
    fn from(one: desk::quick_responses::QuickResponse) -> Self {
        Self {
            id: one.id.0,
            title: one.title,
            text: one.text,
            created_at: one.created_at.into(),
            updated_at: one.updated_at.into(),
        }
    }
}

/// A quick response as it reads in a ticket.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FilledResponse {
    /// The text.
    pub text: String,
}
