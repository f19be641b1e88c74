//! Answers at hand for every agent (H5): kept, found, and filled in for a ticket.

use domain::{
    Address, QuickResponseId, TicketId, Timestamp, coupon,
    quick_response::{self, Facts, VARIABLES},
    template,
};

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    entropy,
    profiles::KnownAddress,
    store::quick_responses as rows,
    text::{clean, line},
};

/// Most of them.
const MOST: i64 = 2_000;
/// Longest title, in characters.
const MAX_TITLE: usize = 100;
/// Longest text, in characters: as a chat takes it.
const MAX_TEXT: usize = 10_000;

/// An answer at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickResponse {
    /// Id.
    pub id: QuickResponseId,
    /// What agents find it by; no two are the same but for case.
    pub title: String,
    /// The answer, with variables.
    pub text: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What changes about one. What is not named stays.
#[derive(Clone, Debug, Default)]
pub struct QuickResponsePatch {
    /// Title.
    pub title: Option<String>,
    /// Text.
    pub text: Option<String>,
}

impl Desk {
    /// All by title, or those with every word of `query` in title or text.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn quick_responses(&self, query: &str) -> Result<Vec<QuickResponse>, DeskError> {
        let mut all = rows::all(&self.store).await?;
        let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        all.retain(|one| {
            let (title, text) = (one.title.to_lowercase(), one.text.to_lowercase());
            words.iter().all(|word| title.contains(word) || text.contains(word))
        });
        Ok(all)
    }

    /// Adds one.
    ///
    /// # Errors
    /// A title or text that makes no sense, an unknown variable; `title_taken`, `too_many`.
    pub async fn add_quick_response(
        &self,
        title: &str,
        text: &str,
        actor: &Actor,
    ) -> Result<QuickResponse, DeskError> {
        let now = self.now();
        let new = QuickResponse {
            id: QuickResponseId::new(now, &entropy()),
            title: checked_title(title)?,
            text: checked_text(text)?,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.store.begin().await?;
        if rows::count(&mut tx).await? >= MOST {
            let reason = format!("there are {MOST} quick responses: remove some before you add more");
            return Err(DeskError::conflict("too_many", reason));
        }
        if !rows::insert(&mut tx, &new).await? {
            return Err(taken(&new.title));
        }
        audit::record(&mut tx, actor, Deed::saved(None, &new), now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Changes one.
    ///
    /// # Errors
    /// There is no such one; as [`Desk::add_quick_response`].
    pub async fn change_quick_response(
        &self,
        id: QuickResponseId,
        patch: QuickResponsePatch,
        actor: &Actor,
    ) -> Result<QuickResponse, DeskError> {
        let mut tx = self.store.begin().await?;
        let before = rows::one(&mut tx, id).await?.ok_or(NOTHING)?;
        let mut changed = before.clone();
        if let Some(title) = &patch.title {
            changed.title = checked_title(title)?;
        }
        if let Some(text) = &patch.text {
            changed.text = checked_text(text)?;
        }
        changed.updated_at = self.now();
        if !rows::update(&mut tx, &changed).await? {
            return Err(taken(&changed.title));
        }
        audit::record(&mut tx, actor, Deed::saved(Some(&before), &changed), changed.updated_at).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes one.
    ///
    /// # Errors
    /// There is no such one.
    pub async fn remove_quick_response(&self, id: QuickResponseId, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let gone = rows::one(&mut tx, id).await?.ok_or(NOTHING)?;
        if !rows::remove(&mut tx, id).await? {
            return Err(NOTHING);
        }
        audit::record(&mut tx, actor, Deed::removed(&gone), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// What one says in a ticket, from this agent.
    ///
    /// # Errors
    /// There is no such one, or no such ticket.
    pub async fn fill_quick_response(
        &self,
        id: QuickResponseId,
        ticket: TicketId,
        actor: &Actor,
    ) -> Result<String, DeskError> {
        let all = rows::all(&self.store).await?;
        let one = all.into_iter().find(|one| one.id == id).ok_or(NOTHING)?;
        let ticket = self.ticket(ticket).await?;
        let profile = self.profile(ticket.profile.id).await?;
        let facts = Facts {
            name: profile.name.clone(),
            phone: profile.addresses.iter().find_map(phone),
            email: profile.addresses.iter().find_map(email),
            ticket_number: ticket.number.to_string(),
            agent_name: actor.name.clone(),
        };
        let organization = self.settings().await?.organization;
        Ok(quick_response::fill(&one.text, &organization, &facts))
    }
}

const NOTHING: DeskError = DeskError::NotFound("quick response");

fn phone(known: &KnownAddress) -> Option<String> {
    if let Address::Phone(phone) = &known.address { Some(phone.to_string()) } else { None }
}

fn email(known: &KnownAddress) -> Option<String> {
    if let Address::Email(email) = &known.address { Some(email.to_string()) } else { None }
}

fn taken(title: &str) -> DeskError {
    DeskError::conflict("title_taken", format!("there is a quick response called \"{title}\" already"))
}

fn checked_title(title: &str) -> Result<String, DeskError> {
    let title = line(title);
    if title.is_empty() || title.chars().count() > MAX_TITLE {
        return Err(DeskError::invalid("title", format!("a title must have 1 to {MAX_TITLE} characters")));
    }
    Ok(title)
}

fn checked_text(text: &str) -> Result<String, DeskError> {
    let text = clean(text).trim().to_owned();
    if text.is_empty() || text.chars().count() > MAX_TEXT {
        return Err(DeskError::invalid("text", format!("a text must have 1 to {MAX_TEXT} characters")));
    }
    let without_coupons = coupon::fill(&text, |_| Some(String::new()));
    if let Some(word) = template::unknown(&without_coupons, VARIABLES) {
        let known = VARIABLES.join("}}, {{");
        let reason = format!("there is no variable {{{{{word}}}}}: use {{{{{known}}}}}");
        return Err(DeskError::invalid("text", reason));
    }
    if let Some(word) = template::unclosed(&without_coupons, VARIABLES) {
        return Err(DeskError::invalid("text", format!("close the braces: {{{{{word}}}}}")));
    }
    Ok(text)
}
