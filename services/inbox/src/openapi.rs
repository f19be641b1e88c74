//! The description of the API (OpenAPI 3.1), from which the console's types are made.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Content, Ref, RefOr, ResponseBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::{
    auth::COOKIE,
    view::{document, event},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The agents' API. Errors are problem documents (RFC 9457) with a stable `code`. \
            `Idempotency-Key` is honoured on every POST."
    ),
    components(schemas(
        document::Problem,
        event::LivePosition,
        event::MessageAdded,
        event::MessageMoved,
        event::TicketChanged,
        event::Typing,
    )),
    modifiers(&Ways)
)]
struct Head;

/// The two ways to say who asks.
struct Ways;

impl Modify for Ways {
    fn modify(&self, api: &mut openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key")).build();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::with_description(COOKIE, "A session; unsafe methods need x-csrf-token as well");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let none: [&str; 0] = [];
        api.security =
            Some(vec![SecurityRequirement::new("key", none), SecurityRequirement::new("session", none)]);
    }
}

/// Everything but the calls.
pub(crate) fn head() -> openapi::OpenApi {
    Head::openapi()
}

/// Every call may be refused with a problem document.
pub(crate) fn finished(mut api: openapi::OpenApi) -> openapi::OpenApi {
    let problem = || {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        ResponseBuilder::new().description("Refused").content(web::problem::MEDIA_TYPE, content).build()
    };
    for path in api.paths.paths.values_mut() {
        let operations =
            [&mut path.get, &mut path.put, &mut path.post, &mut path.patch, &mut path.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("default".into(), RefOr::T(problem()));
        }
    }
    api
}

/// As it is served and kept.
pub(crate) fn text(api: &openapi::OpenApi) -> String {
    let mut text = api.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The whole description, as `services/inbox/openapi.json` keeps it.
pub fn description() -> String {
    text(&finished(crate::api::calls().into_openapi()))
}

pub(crate) async fn serve(description: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], description).into_response()
}
