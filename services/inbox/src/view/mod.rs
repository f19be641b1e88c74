//! The JSON of the API: what the desk knows, in the shapes of contract §5, described for OpenAPI.

pub mod account;
pub mod appointment;
pub mod audit;
pub mod audit_words;
pub mod availability;
pub mod bulk;
pub mod calendar_words;
pub mod coupon;
pub mod document;
pub mod draft;
pub mod erasure;
pub mod event;
pub mod export;
pub mod exported_message;
pub mod filters;
pub mod ledger;
pub mod mail;
pub mod merge;
pub mod message;
pub mod note;
pub mod passkey;
pub mod preferences;
pub mod preview;
pub mod profile;
pub mod quick_response;
pub mod recipient_time;
pub mod retention;
pub mod rules;
pub mod search;
pub mod second_step;
pub mod tag;
pub mod team;
pub mod ticket;
pub mod views;
pub mod webhook;
pub mod webhook_words;
pub mod word;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// A moment, RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub Timestamp);

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Time {}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Give it as `cursor` for the next page; `null` on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of the desk in the shapes of the API.
    pub fn of<R: Into<T>>(page: desk::Page<R>) -> Self {
        Self { data: page.data.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }
    }

    /// Everything there is.
    pub fn whole<R: Into<T>>(rows: Vec<R>) -> Self {
        Self { data: rows.into_iter().map(Into::into).collect(), next_cursor: None }
    }
}
