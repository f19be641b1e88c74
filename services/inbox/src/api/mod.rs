//! The calls of contract §5, one file per noun.

use std::str::FromStr;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts, Path, Request},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    middleware::{self, Next},
    response::Response,
    routing::any,
};
use serde::{Deserialize, Deserializer};
use utoipa_axum::{router::OpenApiRouter, routes};
use web::Problem;

use crate::{Shared, idempotent, live, openapi, refusal};

pub mod api_keys;
pub mod attachments;
pub mod consent;
pub mod ledger;
pub mod messages;
pub mod profiles;
pub mod session;
pub mod settings;
pub mod tickets;
pub mod typing;
pub mod users;

/// Largest JSON body.
const JSON_LIMIT: usize = 512 * 1024;
/// Rows of a page unless asked otherwise.
const PAGE: i64 = 50;

/// Every call, with its description.
pub(crate) fn calls() -> OpenApiRouter<Shared> {
    let calls = OpenApiRouter::new()
        .routes(routes!(session::sign_in, session::show, session::sign_out))
        .routes(routes!(session::sign_in_with_link))
        .routes(routes!(session::set_password))
        .routes(routes!(tickets::list))
        .routes(routes!(tickets::show, tickets::change))
        .routes(routes!(messages::list, messages::reply))
        .routes(routes!(typing::signal))
        .routes(routes!(tickets::badge))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::show, profiles::change))
        .routes(routes!(profiles::block))
        .routes(routes!(profiles::unblock))
        .routes(routes!(consent::list, consent::record))
        .routes(routes!(settings::show, settings::change))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::change, users::remove))
        .routes(routes!(users::sign_in_link))
        .routes(routes!(api_keys::list, api_keys::add))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(ledger::list))
        .routes(routes!(ledger::replay))
        .routes(routes!(attachments::show))
        .routes(routes!(live::stream))
        .layer(DefaultBodyLimit::max(JSON_LIMIT));
    let files = OpenApiRouter::new()
        .routes(routes!(attachments::add))
        .layer(DefaultBodyLimit::max(attachments::LARGEST_REQUEST));
    OpenApiRouter::with_openapi(openapi::head()).nest("/api/v1", calls.merge(files))
}

/// The API and its description.
pub(crate) fn router(app: Shared) -> Router {
    let (router, description) = calls().split_for_parts();
    let description = openapi::text(&openapi::finished(description));
    router
        .route("/api/openapi.json", axum::routing::get(move || openapi::serve(description)))
        .route("/api/{*path}", any(refusal::unknown_endpoint))
        .method_not_allowed_fallback(refusal::wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), idempotent::guard))
        .layer(middleware::from_fn(private))
        .with_state(app)
}

/// Answers are for who asked, and are what they say they are.
async fn private(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    response
}

/// The `{id}` of an address; what is no id names nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id<T>(pub T);

impl<T: FromStr> FromRequestParts<Shared> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("there is nothing of that id");
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| nothing())?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// The version of `If-Match`, as `ETag` gave it.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tag = value.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    let version = tag.trim_start_matches("W/").trim_matches('"').parse().ok();
    let bad =
        || Problem::bad_request("bad_if_match", "If-Match must be the ETag of the ticket, such as \"7\"");
    version.map(Some).ok_or_else(bad)
}

/// Words divided by commas.
pub(crate) fn words(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// A value of a query that must be one of some words, an id or a time.
pub(crate) fn read<T: FromStr>(name: &str, text: &str) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| Problem::bad_request("bad_query", format!("{name}: {error}")))
}

/// Tells `null` from a field that is not there.
pub(crate) fn nullable<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_takes_the_tags_that_we_give() {
        let version = |tag: &str| {
            let headers: HeaderMap = [(header::IF_MATCH, tag.parse().unwrap())].into_iter().collect();
            if_match(&headers).map_err(|problem| problem.code().to_owned())
        };
        assert_eq!(version("\"7\""), Ok(Some(7)));
        assert_eq!(version("W/\"7\""), Ok(Some(7)));
        assert_eq!(version("*"), Ok(None));
        assert_eq!(version("\"abc\""), Err("bad_if_match".into()));
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
    }
}
