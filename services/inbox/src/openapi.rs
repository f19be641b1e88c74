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
        event::BulkChanged,
        event::MailboxChanged,
        event::LinkClicked,
        event::LivePosition,
        event::MessageAdded,
        event::MessageChanged,
        event::MessageMoved,
        event::ProfileErased,
        event::ProfileMerged,
        event::RoutingChanged,
        event::NoteAdded,
        event::NoteRemoved,
        event::TicketChanged,
        event::AgentPresence,
        event::Typing,
        event::ViewChanged,
    )),
    modifiers(&Ways)
)]
struct Head;

/// The two ways to say who asks.
struct Ways;

impl Modify for Ways {
    fn modify(&self, api: &mut openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let bearer =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key")).build();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
        let cookie =
            ApiKeyValue::with_description(COOKIE, "A session; unsafe methods need x-csrf-token as well");
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

/// Every call has a name of its own, says something about each answer, and may be refused with a problem document.
pub(crate) fn finished(mut api: openapi::OpenApi) -> openapi::OpenApi {
    let problem = || {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        ResponseBuilder::new().description("Refused").content(web::problem::MEDIA_TYPE, content).build()
    };
    for (address, path) in &mut api.paths.paths {
        let operations = [
            ("get", &mut path.get),
            ("put", &mut path.put),
            ("post", &mut path.post),
            ("patch", &mut path.patch),
            ("delete", &mut path.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(name(method, address));
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description = "Done".into();
                }
            }
            operation.responses.responses.insert("default".into(), RefOr::T(problem()));
        }
    }
    api
}

/// `get_tickets_id_messages` for `GET /api/v1/tickets/{id}/messages`.
fn name(method: &str, address: &str) -> String {
    let words = address.trim_start_matches("/api/v1").split(|c: char| !c.is_alphanumeric());
    let words: Vec<_> = std::iter::once(method).chain(words.filter(|word| !word.is_empty())).collect();
    words.join("_")
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
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], description)
        .into_response()
}
