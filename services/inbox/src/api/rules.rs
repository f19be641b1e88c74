//! Rules (J2): what becomes of what customers write.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::rules::{NewRule, RulePatch};
use domain::{
    RuleId, TicketId,
    routing::{Action, Conditions},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    view::{
        Page,
        rules::{Decision, Rule, RuleAction, RuleConditions, RuleTrial},
    },
};

/// What a rule is called while it is only tried.
const UNNAMED: &str = "the rule being tried";

/// A rule to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRule {
    /// Name, at most 80 characters; one that is only tried needs none.
    #[serde(default)]
    name: String,
    /// It is asked.
    #[serde(default = "yes")]
    enabled: bool,
    /// What it looks at.
    #[serde(default)]
    #[schema(value_type = RuleConditions)]
    conditions: Conditions,
    /// What it does: 1 to 10 things, each kind once.
    #[schema(value_type = Vec<RuleAction>)]
    actions: Vec<Action>,
    /// The rules after it are not asked.
    #[serde(default)]
    stop: bool,
}

/// What changes about a rule. What is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRule {
    /// Name.
    name: Option<String>,
    /// It is asked.
    enabled: Option<bool>,
    /// What it looks at, all of it.
    #[schema(value_type = Option<RuleConditions>)]
    conditions: Option<Conditions>,
    /// What it does, all of it.
    #[schema(value_type = Option<Vec<RuleAction>>)]
    actions: Option<Vec<Action>>,
    /// The rules after it are not asked.
    stop: Option<bool>,
}

/// An order of the rules.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleOrder {
    /// Every rule once.
    ids: Vec<Uuid>,
}

/// A rule to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryRule {
    /// The rule; nothing is kept of it.
    rule: AddRule,
}

fn yes() -> bool {
    true
}

impl From<AddRule> for NewRule {
    fn from(add: AddRule) -> Self {
        let AddRule { name, enabled, conditions, actions, stop } = add;
        Self { name, enabled, conditions, actions, stop }
    }
}

/// Every rule, in order.
#[utoipa::path(get, path = "/rules", tag = "routing", responses((status = 200, body = Page<Rule>)))]
pub async fn list(State(app): State<Shared>, _agent: Agent) -> Answer<Json<Page<Rule>>> {
    Ok(Json(Page::whole(app.desk.rules().await?)))
}

/// Adds a rule after all others.
#[utoipa::path(post, path = "/rules", tag = "routing", request_body = AddRule,
    responses((status = 201, body = Rule)))]
pub async fn add(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(add): Json<AddRule>,
) -> Answer<Response> {
    let rule = app.desk.create_rule(add.into(), &actor).await?;
    Ok((StatusCode::CREATED, Json(Rule::from(rule))).into_response())
}

/// Changes a rule.
#[utoipa::path(patch, path = "/rules/{id}", tag = "routing", request_body = ChangeRule,
    params(("id" = Uuid, Path, description = "Rule")), responses((status = 200, body = Rule)))]
pub async fn change(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<RuleId>,
    Json(change): Json<ChangeRule>,
) -> Answer<Json<Rule>> {
    let ChangeRule { name, enabled, conditions, actions, stop } = change;
    let patch = RulePatch { name, enabled, conditions, actions, stop };
    Ok(Json(app.desk.change_rule(id, patch, &actor).await?.into()))
}

/// Deletes a rule. What it did stays.
#[utoipa::path(delete, path = "/rules/{id}", tag = "routing",
    params(("id" = Uuid, Path, description = "Rule")), responses((status = 204)))]
pub async fn remove(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(id): Id<RuleId>,
) -> Answer<StatusCode> {
    app.desk.delete_rule(id, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts the rules into an order; they are asked one after the other.
#[utoipa::path(post, path = "/rules/order", tag = "routing", request_body = RuleOrder,
    responses((status = 200, body = Page<Rule>)))]
pub async fn order(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(order): Json<RuleOrder>,
) -> Answer<Json<Page<Rule>>> {
    let ids: Vec<_> = order.ids.into_iter().map(RuleId).collect();
    Ok(Json(Page::whole(app.desk.order_rules(&ids, &actor).await?)))
}

/// What a rule would have done to the newest 100 tickets, and why. Nothing is done. A rule for new tickets is tried on
/// the message that opened each, any other on the customer's newest.
#[utoipa::path(post, path = "/rules/dry-run", tag = "routing", request_body = TryRule,
    responses((status = 200, body = Page<RuleTrial>)))]
pub async fn dry_run(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Json(TryRule { rule }): Json<TryRule>,
) -> Answer<Json<Page<RuleTrial>>> {
    let mut rule = NewRule::from(rule);
    if rule.name.trim().is_empty() {
        UNNAMED.clone_into(&mut rule.name);
    }
    Ok(Json(Page::whole(app.desk.try_rule(rule, &actor).await?)))
}

/// What was decided about a ticket without a person, newest first: by which rule, and why.
#[utoipa::path(get, path = "/tickets/{id}/decisions", tag = "routing",
    params(("id" = Uuid, Path, description = "Ticket")), responses((status = 200, body = Page<Decision>)))]
pub async fn decisions(
    State(app): State<Shared>,
    _agent: Agent,
    Id(id): Id<TicketId>,
) -> Answer<Json<Page<Decision>>> {
    Ok(Json(Page::whole(app.desk.decisions(id).await?)))
}
