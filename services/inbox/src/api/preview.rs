//! What a text will cost before it is sent (D5).

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Json, Problem};

use crate::{auth::Agent, refusal::Answer, view::preview::SmsPreview};

/// Longest text, in characters.
const LONGEST: usize = 10_000;

/// A text that is being written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftText {
    /// The text, at most 10,000 characters.
    text: String,
}

/// What a text costs as an SMS, and which characters make it dear.
#[utoipa::path(post, path = "/sms/preview", tag = "messages", request_body = DraftText,
    responses((status = 200, body = SmsPreview)))]
pub async fn sms(_agent: Agent, Json(draft): Json<DraftText>) -> Answer<Json<SmsPreview>> {
    if draft.text.chars().count() > LONGEST {
        return Err(Problem::invalid(format!("a text may have at most {LONGEST} characters")).into());
    }
    Ok(Json(SmsPreview::of(&draft.text)))
}
