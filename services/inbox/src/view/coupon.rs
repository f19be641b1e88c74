//! Coupons.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// A coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Coupon {
    /// Id.
    pub id: Uuid,
    /// What stands in texts: `{{coupon:NAME}}`.
    pub name: String,
    /// The code for everybody; `null` where each customer gets one of their own.
    #[schema(required = true)]
    pub shared_code: Option<String>,
    /// Codes that nobody has yet; `null` where one is for everybody.
    #[schema(required = true)]
    pub remaining: Option<i64>,
    /// How many customers have it.
    pub given: i64,
    /// Not handed out any more from then on.
    #[schema(required = true)]
    pub expires_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}

/// Who got a coupon.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CouponGiven {
    /// The customer.
    pub profile_id: Uuid,
    /// Their name.
    #[schema(required = true)]
    pub profile_name: Option<String>,
    /// Their code.
    pub code: String,
    /// In which ticket.
    pub ticket_id: Uuid,
    /// Its number.
    pub ticket_number: i64,
    /// Who sent it.
    pub given_by: String,
    /// When.
    pub given_at: Time,
}

/// What became of codes that were added.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AddedCodes {
    /// New ones.
    pub added: u64,
    /// Known already.
    pub known: u64,
    /// Lines that were no code.
    pub odd: u64,
}

impl From<desk::coupons::Coupon> for Coupon {
    fn from(coupon: desk::coupons::Coupon) -> Self {
        Self {
            id: coupon.id.0,
            name: coupon.name,
            shared_code: coupon.shared_code,
            remaining: coupon.remaining,
            given: coupon.given,
            expires_at: coupon.expires_at.map(Time),
            created_at: Time(coupon.created_at),
            updated_at: Time(coupon.updated_at),
        }
    }
}

impl From<desk::coupons::Given> for CouponGiven {
    fn from(given: desk::coupons::Given) -> Self {
        Self {
            profile_id: given.profile.0,
            profile_name: given.profile_name,
            code: given.code,
            ticket_id: given.ticket.0,
            ticket_number: given.ticket_number,
            given_by: given.given_by,
            given_at: Time(given.given_at),
        }
    }
}

impl From<desk::coupons::AddedCodes> for AddedCodes {
    fn from(desk::coupons::AddedCodes { added, known, odd }: desk::coupons::AddedCodes) -> Self {
        Self { added, known, odd }
    }
}
