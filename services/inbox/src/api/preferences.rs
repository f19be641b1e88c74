//! How you want your console.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::preferences::PreferencesPatch;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::nullable;
use crate::{
    Shared,
    auth::Agent,
    refusal::Answer,
    view::preferences::{Density, Preferences, WordsIn},
};

/// What changes. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePreferences {
    /// Other keys than the console's own, all of them.
    keys: Option<BTreeMap<String, String>>,
    /// Whether single letters are keys at all.
    single_keys: Option<bool>,
    /// How much fits on the screen.
    density: Option<Density>,
    /// The browser tells of what concerns you.
    notify: Option<bool>,
    /// With a sound.
    sound: Option<bool>,
    /// The language of its words.
    language: Option<WordsIn>,
    /// What stands under your mails, with `{{agent_name}}`, `{{mailbox_signature}}` and the variables of the organisation;
    /// empty for nothing, `null` for the signature of the mailbox.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    signature: Option<Option<String>>,
}

/// How you want your console: keys, density, notifications, language.
#[utoipa::path(get, path = "/preferences", tag = "session", responses((status = 200, body = Preferences)))]
pub async fn show(State(app): State<Shared>, Agent(actor): Agent) -> Answer<Json<Preferences>> {
    Ok(Json(app.desk.preferences(&actor).await?.into()))
}

/// Changes how you want your console. What is not named stays.
#[utoipa::path(patch, path = "/preferences", tag = "session", request_body = ChangePreferences,
    responses((status = 200, body = Preferences)))]
pub async fn change(
    State(app): State<Shared>,
    Agent(actor): Agent,
    Json(change): Json<ChangePreferences>,
) -> Answer<Json<Preferences>> {
    let patch = PreferencesPatch {
        keys: change.keys,
        single_keys: change.single_keys,
        density: change.density.map(Into::into),
        notify: change.notify,
        sound: change.sound,
        language: change.language.map(Into::into),
        signature: change.signature,
    };
    Ok(Json(app.desk.change_preferences(patch, &actor).await?.into()))
}
