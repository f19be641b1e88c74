//! Coupons (D5): a code for everybody, or codes of which each customer gets one. A code is handed out in the transaction of
//! the answer it goes with: refused or rolled back it is still free, sent it is nobody else's.

use domain::{CouponId, Message, MessageId, ProfileId, TicketId, Timestamp, audit::AuditAction, coupon};
use serde_json::json;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Deed},
    entropy, links,
    store::{Tx, coupons as rows, coupons::Went, rows::TicketRow},
    text::clean,
};

/// Most coupons.
const MOST: i64 = 500;
/// Most codes of one call.
const MOST_CODES: usize = 20_000;
/// Customers shown of those who got one.
const SHOWN: i64 = 200;

const NOTHING: DeskError = DeskError::NotFound("coupon");

/// A coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Id.
    pub id: CouponId,
    /// What stands in texts: `{{coupon:NAME}}`. No two are the same but for case.
    pub name: String,
    /// The code for everybody; without it each customer gets one of their own.
    pub shared_code: Option<String>,
    /// Codes that nobody has yet, where each customer gets one.
    pub remaining: Option<i64>,
    /// How many customers have it.
    pub given: i64,
    /// Not handed out any more from then on.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What changes about one. What is not named stays.
#[derive(Clone, Debug, Default)]
pub struct CouponPatch {
    /// Name.
    pub name: Option<String>,
    /// The code for everybody; only of a coupon that has one.
    pub shared_code: Option<String>,
    /// Expiry; `Some(None)` for never.
    pub expires_at: Option<Option<Timestamp>>,
}

/// Who got a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The customer.
    pub profile: ProfileId,
    /// Their name.
    pub profile_name: Option<String>,
    /// Their code.
    pub code: String,
    /// In which ticket.
    pub ticket: TicketId,
    /// Its number.
    pub ticket_number: i64,
    /// Who sent it.
    pub given_by: String,
    /// When.
    pub given_at: Timestamp,
}

/// What became of codes that were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddedCodes {
    /// New ones.
    pub added: u64,
    /// Known already.
    pub known: u64,
    /// Lines that were no code.
    pub odd: u64,
}

impl Desk {
    /// All by name.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn coupons(&self) -> Result<Vec<Coupon>, DeskError> {
        rows::all(&self.store).await
    }

    /// Adds one.
    ///
    /// # Errors
    /// A name, code or time that makes no sense; `name_taken`, `too_many`.
    pub async fn add_coupon(
        &self,
        name: &str,
        shared_code: Option<&str>,
        expires_at: Option<Timestamp>,
        actor: &Actor,
    ) -> Result<Coupon, DeskError> {
        let now = self.now();
        if expires_at.is_some_and(|at| at <= now) {
            return Err(DeskError::invalid(
                "expires_at",
                "expires_at must be ahead: nobody could get this coupon",
            ));
        }
        let shared_code = shared_code.map(checked_code).transpose()?;
        let new = Coupon {
            id: CouponId::new(now, &entropy()),
            name: checked_name(name)?,
            remaining: shared_code.is_none().then_some(0),
            shared_code,
            given: 0,
            expires_at,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.store.begin().await?;
        if rows::count(&mut tx).await? >= MOST {
            return Err(DeskError::conflict(
                "too_many",
                format!("there are {MOST} coupons: remove some first"),
            ));
        }
        if !rows::insert(&mut tx, &new).await? {
            return Err(taken(&new.name));
        }
        audit::record(&mut tx, actor, Deed::saved(None, &new), now).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Changes one. Who has a code keeps it.
    ///
    /// # Errors
    /// There is no such one; as [`Desk::add_coupon`].
    pub async fn change_coupon(
        &self,
        id: CouponId,
        patch: CouponPatch,
        actor: &Actor,
    ) -> Result<Coupon, DeskError> {
        let mut tx = self.store.begin().await?;
        let before = rows::lock(&self.store, &mut tx, id).await?.ok_or(NOTHING)?;
        let mut changed = before.clone();
        if let Some(name) = &patch.name {
            changed.name = checked_name(name)?;
        }
        if let Some(code) = &patch.shared_code {
            if changed.shared_code.is_none() {
                let reason = "this coupon has a code for each customer: add codes instead";
                return Err(DeskError::invalid("shared_code", reason));
            }
            changed.shared_code = Some(checked_code(code)?);
        }
        changed.expires_at = patch.expires_at.unwrap_or(changed.expires_at);
        changed.updated_at = self.now();
        if !rows::update(&mut tx, &changed).await? {
            return Err(taken(&changed.name));
        }
        audit::record(&mut tx, actor, Deed::saved(Some(&before), &changed), changed.updated_at).await?;
        if changed.shared_code != before.shared_code {
            let deed = Deed::of(AuditAction::SecretChanged, &changed);
            audit::record(&mut tx, actor, deed, changed.updated_at).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes one, with its codes and with who got them.
    ///
    /// # Errors
    /// There is no such one.
    pub async fn remove_coupon(&self, id: CouponId, actor: &Actor) -> Result<(), DeskError> {
        let mut tx = self.store.begin().await?;
        let gone = rows::lock(&self.store, &mut tx, id).await?.ok_or(NOTHING)?;
        rows::remove(&mut tx, id).await?;
        audit::record(&mut tx, actor, Deed::removed(&gone), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Adds codes: one a line, or the first column of a table. Known ones change nothing.
    ///
    /// # Errors
    /// There is no such one, or it has one code for everybody; too many at once.
    pub async fn add_coupon_codes(
        &self,
        id: CouponId,
        list: &str,
        actor: &Actor,
    ) -> Result<AddedCodes, DeskError> {
        let list = clean(list);
        let (codes, odd) = coupon::codes(&list);
        if codes.len() > MOST_CODES {
            return Err(DeskError::invalid("codes", format!("at most {MOST_CODES} codes at once")));
        }
        let mut tx = self.store.begin().await?;
        let coupon = rows::lock(&self.store, &mut tx, id).await?.ok_or(NOTHING)?;
        if coupon.shared_code.is_some() {
            return Err(DeskError::invalid("codes", "this coupon has one code for everybody"));
        }
        let added = rows::add_codes(&self.store, &mut tx, id, &codes).await?;
        if added > 0 {
            let deed = Deed::of(AuditAction::CodesAdded, &coupon).with(&json!({"codes": added}));
            audit::record(&mut tx, actor, deed, self.now()).await?;
        }
        tx.commit().await?;
        Ok(AddedCodes { added, known: codes.len() as u64 - added, odd: odd as u64 })
    }

    /// Who got one, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn coupon_given(&self, id: CouponId) -> Result<Vec<Given>, DeskError> {
        rows::given(&self.store, id, SHOWN).await
    }

    /// The text of an answer with the codes of its coupons, handed out to the ticket's customer in this transaction. Who
    /// has one already gets the same.
    ///
    /// # Errors
    /// `coupon_unknown`, `coupon_expired`, `coupon_used_up`.
    pub(crate) async fn hand_out_coupons(
        &self,
        tx: &mut Tx,
        ticket: &TicketRow,
        (text, message): (&str, MessageId),
        actor: &Actor,
    ) -> Result<String, DeskError> {
        let mut names = coupon::mentioned(text);
        // In one order, so that no two answers wait for each other.
        names.sort_unstable();
        let mut codes = std::collections::HashMap::new();
        for name in names {
            let unknown = || DeskError::conflict("coupon_unknown", format!("there is no coupon {name:?}"));
            let coupon = rows::lock_named(&self.store, tx, &name).await?.ok_or_else(unknown)?;
            let code = self.code_for(tx, &coupon, ticket, message, actor).await?;
            codes.insert(name, code);
        }
        Ok(coupon::fill(text, |name| codes.get(name).cloned()))
    }

    async fn code_for(
        &self,
        tx: &mut Tx,
        coupon: &Coupon,
        ticket: &TicketRow,
        message: MessageId,
        actor: &Actor,
    ) -> Result<String, DeskError> {
        let (now, profile) = (self.now(), ticket.view.profile.id);
        if coupon.expires_at.is_some_and(|end| end <= now) {
            return Err(DeskError::conflict(
                "coupon_expired",
                format!("the coupon {} has expired", coupon.name),
            ));
        }
        if let Some(code) = rows::code_of(tx, coupon.id, profile).await? {
            return Ok(code);
        }
        let free = match &coupon.shared_code {
            Some(code) => Some(code.clone()),
            None => rows::take_code(tx, coupon.id).await?,
        };
        let used_up =
            || DeskError::conflict("coupon_used_up", format!("the coupon {} has no code left", coupon.name));
        let code = free.ok_or_else(used_up)?;
        let went = Went {
            coupon: coupon.id,
            profile,
            code: &code,
            message,
            ticket: ticket.view.id,
            by: &actor.name,
            at: now,
        };
        rows::give(tx, went).await?;
        Ok(code)
    }

    /// Whether an answer is the one that was asked for again: its coupons have codes by now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn was_written_with_coupons(
        &self,
        tx: &mut Tx,
        earlier: &Message,
        profile: ProfileId,
        text: &str,
    ) -> Result<bool, DeskError> {
        let mut codes = std::collections::HashMap::new();
        for name in coupon::mentioned(text) {
            if let Some(coupon) = rows::named(tx, &name).await?
                && let Some(code) = rows::code_of(tx, coupon, profile).await?
            {
                codes.insert(name, code);
            }
        }
        let filled = coupon::fill(text, |name| codes.get(name).cloned());
        links::was_written_as(tx, earlier, &filled).await
    }
}

fn taken(name: &str) -> DeskError {
    DeskError::conflict("name_taken", format!("there is a coupon called \"{name}\" already"))
}

fn checked_name(name: &str) -> Result<String, DeskError> {
    let name = name.trim();
    if coupon::is_name(name) {
        return Ok(name.to_owned());
    }
    Err(DeskError::invalid("name", "a name has 1 to 40 letters, digits, - and _"))
}

fn checked_code(code: &str) -> Result<String, DeskError> {
    let none = || DeskError::invalid("shared_code", "a code has 1 to 100 characters in one line");
    coupon::code(code).map(str::to_owned).ok_or_else(none)
}
