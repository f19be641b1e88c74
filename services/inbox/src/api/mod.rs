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
pub mod audit;
pub mod auto_responder;
pub mod availability;
pub mod bulk;
pub mod campaigns;
pub mod chat_sites;
pub mod consent;
pub mod coupons;
pub mod drafts;
pub mod erasures;
pub mod exports;
pub mod follow_up;
pub mod identities;
pub mod invitations;
pub mod ledger;
pub mod mail_html;
pub mod mailbox_setup;
pub mod mailboxes;
pub mod merge;
pub mod messages;
pub mod notes;
pub mod numbers;
pub mod oidc;
pub mod passkeys;
pub mod passwords;
pub mod preferences;
pub mod presence;
pub mod preview;
pub mod profiles;
pub mod quick_responses;
pub mod recipient_time;
pub mod regroup;
pub mod retention;
pub mod rules;
pub mod search;
pub mod second_step;
pub mod session;
pub mod settings;
pub mod tags;
pub mod teams;
pub mod tickets;
pub mod typing;
pub mod users;
pub mod views;
pub mod webhooks;

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
        .routes(routes!(second_step::pass))
        .routes(routes!(second_step::enrol_pending, second_step::confirm_pending))
        .routes(routes!(second_step::show, second_step::enrol))
        .routes(routes!(second_step::confirm))
        .routes(routes!(second_step::switch_off))
        .routes(routes!(second_step::new_codes))
        .routes(routes!(second_step::reset))
        .routes(routes!(passkeys::ask))
        .routes(routes!(passkeys::sign_in))
        .routes(routes!(passkeys::list, passkeys::add))
        .routes(routes!(passkeys::request))
        .routes(routes!(passkeys::rename))
        .routes(routes!(passkeys::remove))
        .routes(routes!(preferences::show, preferences::change))
        .routes(routes!(session::list))
        .routes(routes!(session::end_one))
        .routes(routes!(session::end_others))
        .routes(routes!(oidc::options))
        .routes(routes!(oidc::begin))
        .routes(routes!(oidc::come_back))
        .routes(routes!(identities::own, identities::unlink_own))
        .routes(routes!(identities::list))
        .routes(routes!(identities::unlink))
        .routes(routes!(passwords::forgotten, passwords::choose))
        .routes(routes!(invitations::show))
        .routes(routes!(invitations::accept))
        .routes(routes!(tickets::list))
        .routes(routes!(tickets::count))
        .routes(routes!(search::list))
        .routes(routes!(tickets::show, tickets::change))
        .routes(routes!(bulk::begin))
        .routes(routes!(bulk::show))
        .routes(routes!(bulk::undo))
        .routes(routes!(views::list, views::add))
        .routes(routes!(views::change, views::remove))
        .routes(routes!(views::counts))
        .routes(routes!(messages::list, messages::reply))
        .routes(routes!(messages::recipients))
        .routes(routes!(messages::cancel))
        .routes(routes!(messages::undo))
        .routes(routes!(drafts::list))
        .routes(routes!(drafts::show, drafts::save, drafts::remove))
        .routes(routes!(notes::list, notes::add))
        .routes(routes!(notes::remove))
        .routes(routes!(quick_responses::list, quick_responses::add))
        .routes(routes!(quick_responses::change, quick_responses::remove))
        .routes(routes!(quick_responses::fill))
        .routes(routes!(coupons::list, coupons::add))
        .routes(routes!(coupons::change, coupons::remove))
        .routes(routes!(coupons::given))
        .routes(routes!(regroup::split))
        .routes(routes!(regroup::move_message))
        .routes(routes!(follow_up::cancel))
        .routes(routes!(follow_up::send_now))
        .routes(routes!(messages::send_now))
        .routes(routes!(recipient_time::show))
        .routes(routes!(preview::sms))
        .routes(routes!(campaigns::add))
        .routes(routes!(typing::signal))
        .routes(routes!(presence::signal))
        .routes(routes!(tickets::badge))
        .routes(routes!(profiles::list))
        .routes(routes!(profiles::show, profiles::change))
        .routes(routes!(merge::plan, merge::merge))
        .routes(routes!(merge::list))
        .routes(routes!(merge::unmerge))
        .routes(routes!(erasures::plan, erasures::begin))
        .routes(routes!(erasures::show))
        .routes(routes!(exports::download))
        .routes(routes!(profiles::block))
        .routes(routes!(profiles::unblock))
        .routes(routes!(consent::list, consent::record))
        .routes(routes!(settings::show, settings::change))
        .routes(routes!(retention::plan))
        .routes(routes!(auto_responder::preview))
        .routes(routes!(numbers::carriers))
        .routes(routes!(numbers::list))
        .routes(routes!(numbers::set_up, numbers::remove))
        .routes(routes!(mailboxes::list))
        .routes(routes!(mailbox_setup::set_up, mailbox_setup::remove))
        .routes(routes!(mailboxes::trial))
        .routes(routes!(chat_sites::list))
        .routes(routes!(chat_sites::set_up, chat_sites::remove))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::change, users::remove))
        .routes(routes!(users::sign_in_link))
        .routes(routes!(users::sessions, users::end_sessions))
        .routes(routes!(invitations::list, invitations::add))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::resend))
        .routes(routes!(audit::list))
        .routes(routes!(audit::file))
        .routes(routes!(availability::list))
        .routes(routes!(availability::change))
        .routes(routes!(teams::list, teams::add))
        .routes(routes!(teams::change, teams::remove))
        .routes(routes!(tags::list, tags::add))
        .routes(routes!(tags::change, tags::remove))
        .routes(routes!(rules::list, rules::add))
        .routes(routes!(rules::change, rules::remove))
        .routes(routes!(rules::order))
        .routes(routes!(rules::dry_run))
        .routes(routes!(rules::decisions))
        .routes(routes!(api_keys::list, api_keys::add))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::change_secret))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(ledger::list))
        .routes(routes!(ledger::replay))
        .routes(routes!(attachments::show))
        .routes(routes!(attachments::add_from_url))
        .routes(routes!(attachments::original))
        .routes(routes!(mail_html::html))
        .routes(routes!(live::stream))
        .layer(DefaultBodyLimit::max(JSON_LIMIT));
    let files = OpenApiRouter::new()
        .routes(routes!(attachments::add))
        .layer(DefaultBodyLimit::max(attachments::LARGEST_REQUEST));
    let imports = OpenApiRouter::new()
        .routes(routes!(consent::import))
        .layer(DefaultBodyLimit::max(consent::LARGEST_IMPORT));
    let lists = OpenApiRouter::new()
        .routes(routes!(coupons::add_codes))
        .layer(DefaultBodyLimit::max(coupons::LARGEST_LIST));
    OpenApiRouter::with_openapi(openapi::head())
        .nest("/api/v1", calls.merge(files).merge(imports).merge(lists))
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

/// The name in an address that something is to have; what cannot be one is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<T>(pub T);

impl<T: FromStr> FromRequestParts<Shared> for Named<T>
where
    T::Err: std::fmt::Display,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, app).await;
        let Path(text) = text.map_err(|_| Problem::invalid("the name in the address is not UTF-8"))?;
        text.parse().map(Self).map_err(|error: T::Err| Problem::invalid(error.to_string()))
    }
}

/// The `{id}` of an address and the id of something in it; what is no id names nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids<T, U>(pub T, pub U);

impl<T: FromStr, U: FromStr> FromRequestParts<Shared> for Ids<T, U> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("there is nothing of that id");
        let path = Path::<(String, String)>::from_request_parts(parts, app).await;
        let Path((outer, inner)) = path.map_err(|_| nothing())?;
        Ok(Self(outer.parse().map_err(|_| nothing())?, inner.parse().map_err(|_| nothing())?))
    }
}

/// `If-None-Match: *`: what the address names is to be made, not changed (RFC 9110 §13.1.2).
pub(crate) fn only_if_new(headers: &HeaderMap) -> bool {
    headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes().trim_ascii() == b"*")
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
