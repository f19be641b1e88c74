//! What the auto-responder would say, before it says it (H1).

use domain::{
    Address, ProfileId,
    auto_responder::{self, Answer, Facts},
    settings::AutoResponderMode,
    template::Customer,
};
use serde_json::{Value, json};

use crate::{Desk, DeskError, profiles::ProfileView, store::messages};

/// A preview to make.
#[derive(Clone, Debug, Default)]
pub struct NewPreview {
    /// The mode; as in the settings unless given.
    pub mode: Option<AutoResponderMode>,
    /// The template of that mode; as in the settings unless given.
    pub text: Option<String>,
    /// Whom it is for; somebody who has not agreed to texts unless given.
    pub profile: Option<ProfileId>,
}

/// What a customer would get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The text, filled in.
    pub text: String,
    /// Whether a text without a keyword would be answered with it now.
    pub answers: bool,
    /// Why, or why not.
    pub reason: String,
}

impl Desk {
    /// What an automatic answer would look like, and whether it would be given.
    ///
    /// # Errors
    /// There is no such profile; a template that the settings would refuse.
    pub async fn preview_auto_response(&self, new: NewPreview) -> Result<Preview, DeskError> {
        let settings = self.settings().await?;
        let mode = new.mode.unwrap_or(settings.sms.auto_responder.mode);
        let settings = settings
            .patched(&patch(mode, new.text.as_deref()))
            .map_err(|error| DeskError::invalid("text", error.to_string()))?;
        let profile = match new.profile {
            Some(id) => Some(self.profile(id).await?),
            None => None,
        };
        let phone = profile.as_ref().map_or(Some(SAMPLE_PHONE), phone_of).unwrap_or_default();
        let name = profile.as_ref().map_or(Some(SAMPLE_NAME), |profile| profile.name.as_deref());
        let responder = &settings.sms.auto_responder;
        let template = match mode {
            AutoResponderMode::NonConsented => &responder.text_non_consented,
            AutoResponderMode::All | AutoResponderMode::Off => &responder.text_all,
        };
        let text = settings.fill_for(template, Customer { name, phone });
        let facts = Facts {
            sms_consent: profile.as_ref().is_some_and(|profile| !profile.sms_kinds.is_empty()),
            blocked: profile.as_ref().is_some_and(|profile| profile.blocked),
            sender: phone,
        };
        let (answers, reason) = match auto_responder::answer(responder, facts) {
            Ok(answer) => self.now_or_not(answer, mode, new.profile).await?,
            Err(silence) => (false, silence.to_string()),
        };
        Ok(Preview { text, answers, reason })
    }

    async fn now_or_not(
        &self,
        answer: Answer<'_>,
        mode: AutoResponderMode,
        profile: Option<ProfileId>,
    ) -> Result<(bool, String), DeskError> {
        if let (Some(profile), Some(span)) = (profile, answer.once_per) {
            let since = self.now().plus(-span);
            let mut tx = self.store.begin().await?;
            if messages::written_since(&mut tx, profile, domain::AuthorKind::AutoResponder, since).await? > 0
            {
                return Ok((false, "the customer had it within the last 24 hours".into()));
            }
        }
        let reason = match mode {
            AutoResponderMode::NonConsented => "the customer has not agreed to texts; once in 24 hours",
            AutoResponderMode::All | AutoResponderMode::Off => "every text without a keyword is answered",
        };
        Ok((true, reason.into()))
    }
}

/// Somebody to show a template with.
const SAMPLE_NAME: &str = "Anna Example";
const SAMPLE_PHONE: &str = "+15550100200";

fn phone_of(profile: &ProfileView) -> Option<&str> {
    profile.addresses.iter().find_map(|known| match &known.address {
        Address::Phone(number) => Some(number.as_str()),
        _ => None,
    })
}

fn patch(mode: AutoResponderMode, text: Option<&str>) -> Value {
    let mut responder = json!({ "mode": mode });
    if let Some(text) = text {
        let key = if mode == AutoResponderMode::NonConsented { "text_non_consented" } else { "text_all" };
        responder[key] = text.into();
    }
    json!({ "sms": { "auto_responder": responder } })
}
