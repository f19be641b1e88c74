//! The list of tags (F4).

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::tags::TagPatch;
use domain::{TagId, tag::TagColour};
use serde::Deserialize;
use utoipa::ToSchema;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    view::{Page, bulk::Bulk, tag::Tag, word},
};

/// A tag to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTag {
    /// Name, at most 40 characters; kept in lower case.
    name: String,
    /// How it is drawn; `grey` unless said.
    #[serde(default)]
    #[schema(value_type = Option<word::TagColour>)]
    colour: TagColour,
}

/// What changes about a tag. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTag {
    /// Name.
    name: Option<String>,
    /// How it is drawn.
    #[schema(value_type = Option<word::TagColour>)]
    colour: Option<TagColour>,
}

/// Every tag by name, with how many tickets have it. One that is typed on a ticket or given by a rule is among them.
#[utoipa::path(get, path = "/tags", tag = "tags", responses((status = 200, body = Page<Tag>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<Tag>>> {
    Ok(Json(Page::whole(app.desk.tags().await?)))
}

/// Makes a tag; `tag_name_taken` if there is one of that name.
#[utoipa::path(post, path = "/tags", tag = "tags", request_body = AddTag, responses((status = 201, body = Tag)))]
pub async fn add(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(add): Json<AddTag>,
) -> Answer<Response> {
    let tag = app.desk.create_tag(&add.name, add.colour, &actor).await?;
    Ok((StatusCode::CREATED, Json(Tag::from(tag))).into_response())
}

/// Renames or colours a tag. On tickets, in rules and in saved views it has its new name at once.
#[utoipa::path(patch, path = "/tags/{id}", tag = "tags", request_body = ChangeTag,
    params(("id" = Uuid, Path, description = "Tag")), responses((status = 200, body = Tag)))]
pub async fn change(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<TagId>,
    Json(change): Json<ChangeTag>,
) -> Answer<Json<Tag>> {
    let patch = TagPatch { name: change.name, colour: change.colour };
    Ok(Json(app.desk.change_tag(id, patch, &actor).await?.into()))
}

/// Deletes a tag: it is gone from the list at once, and is taken off every ticket by a change of many tickets, which is
/// answered and can be undone; undone, the tag is back as it was. `tag_in_rules` while a rule names it.
#[utoipa::path(delete, path = "/tags/{id}", tag = "tags",
    params(("id" = Uuid, Path, description = "Tag")), responses((status = 202, body = Bulk)))]
pub async fn remove(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<TagId>,
) -> Answer<Response> {
    let job = app.desk.delete_tag(id, &actor).await?;
    Ok((StatusCode::ACCEPTED, Json(Bulk::of(job, Vec::new()))).into_response())
}
