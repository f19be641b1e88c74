//! Coupons (D5).

use axum::{extract::State, http::StatusCode};
use desk::coupons::CouponPatch;
use domain::CouponId;
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::{Id, nullable};
use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    view::{
        Page, Time,
        coupon::{AddedCodes, Coupon, CouponGiven},
    },
};

/// Largest list of codes, in bytes.
pub(crate) const LARGEST_LIST: usize = 4 * 1024 * 1024;

/// A coupon to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCoupon {
    /// 1 to 40 letters, digits, `-` and `_`, no two alike but for case.
    name: String,
    /// The code for everybody; without it each customer gets one of the codes that are added.
    shared_code: Option<String>,
    /// Not handed out any more from then on.
    expires_at: Option<Time>,
}

/// What changes. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCoupon {
    /// Name.
    name: Option<String>,
    /// The code for everybody; only of a coupon that has one.
    shared_code: Option<String>,
    /// Expiry; `null` for never.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Time>)]
    expires_at: Option<Option<Time>>,
}

/// Codes to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCodes {
    /// One code a line, or a CSV file with the codes in its first column; at most 20,000.
    codes: String,
}

/// All by name. `{{coupon:NAME}}` in an answer is handed out when it is sent: a customer gets a coupon once, and the same
/// code again.
#[utoipa::path(get, path = "/coupons", tag = "coupons", responses((status = 200, body = Page<Coupon>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<Coupon>>> {
    Ok(Json(Page::whole(app.desk.coupons().await?)))
}

/// Makes a coupon.
#[utoipa::path(post, path = "/coupons", tag = "coupons", request_body = AddCoupon,
    responses((status = 201, body = Coupon)))]
pub async fn add(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(add): Json<AddCoupon>,
) -> Answer<(StatusCode, Json<Coupon>)> {
    let expires_at = add.expires_at.map(|time| time.0);
    let added = app.desk.add_coupon(&add.name, add.shared_code.as_deref(), expires_at, &actor).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Changes a coupon. Who has a code keeps it.
#[utoipa::path(patch, path = "/coupons/{id}", tag = "coupons", request_body = ChangeCoupon,
    params(("id" = Uuid, Path, description = "Coupon")), responses((status = 200, body = Coupon)))]
pub async fn change(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<CouponId>,
    Json(change): Json<ChangeCoupon>,
) -> Answer<Json<Coupon>> {
    let patch = CouponPatch {
        name: change.name,
        shared_code: change.shared_code,
        expires_at: change.expires_at.map(|expiry| expiry.map(|time| time.0)),
    };
    Ok(Json(app.desk.change_coupon(id, patch, &actor).await?.into()))
}

/// Removes a coupon with its codes, and with the list of who got them.
#[utoipa::path(delete, path = "/coupons/{id}", tag = "coupons",
    params(("id" = Uuid, Path, description = "Coupon")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<CouponId>,
) -> Answer<StatusCode> {
    app.desk.remove_coupon(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds codes to a coupon of which each customer gets one. Known codes change nothing.
#[utoipa::path(post, path = "/coupons/{id}/codes", tag = "coupons", request_body = AddCodes,
    params(("id" = Uuid, Path, description = "Coupon")), responses((status = 200, body = AddedCodes)))]
pub async fn add_codes(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<CouponId>,
    Json(add): Json<AddCodes>,
) -> Answer<Json<AddedCodes>> {
    Ok(Json(app.desk.add_coupon_codes(id, &add.codes, &actor).await?.into()))
}

/// Who got a coupon, newest first, at most 200.
#[utoipa::path(get, path = "/coupons/{id}/given", tag = "coupons",
    params(("id" = Uuid, Path, description = "Coupon")), responses((status = 200, body = Page<CouponGiven>)))]
pub async fn given(
    State(app): State<Shared>,
    _manager: Manager,
    Id(id): Id<CouponId>,
) -> Answer<Json<Page<CouponGiven>>> {
    Ok(Json(Page::whole(app.desk.coupon_given(id).await?)))
}
