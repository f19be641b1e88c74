//! Behind the reception desk: people, lists, tickets, status, settings and rules, each by what the screen asks for.

use std::collections::BTreeSet;

use harness::{
    agent::Agent,
    frontdesk::{PASSWORD, Shape},
};
use serde_json::{Value, json};

use crate::world::World;

mod lists;
mod many;
mod people;
mod routing;
mod settings;
mod status;
mod tickets;

/// A customer's phone.
const PHONE: &str = "+15557770001";
/// Another's.
const OTHER_PHONE: &str = "+15557770002";
/// A customer's mail address.
const ANNA: &str = "anna@customer.example";

/// The world without automatic answers, so that every message is one of the story's.
async fn quiet(shape: Shape) -> World {
    let world = World::start(shape).await;
    set(&world, json!({"sms": {"auto_responder": {"mode": "off"}}})).await;
    world
}

/// Changes settings and gives them as they are then.
async fn set(world: &World, patch: Value) -> Value {
    world.agent().patch("/settings", patch).await.expect(200)
}

/// A customer texts; their ticket, once it has that text.
async fn texts(world: &World, phone: &str, text: &str) -> Value {
    world.text(phone, text, &format!("SM{}", uuid::Uuid::new_v4().simple())).await;
    // as it is now: the list may have been read a moment before the text came
    world.ticket(&world.ticket_with("channel=sms", text).await).await
}

/// A customer begins a thread by mail; its ticket.
async fn mails(world: &World, from: &str, subject: &str, text: &str) -> Value {
    world.mail(from, subject, text, &[]).await;
    world.ticket(&world.ticket_with("channel=email", text).await).await
}

/// Somebody with that role and password, signed in, and their id.
async fn colleague(world: &World, name: &str, role: &str) -> (Agent, String) {
    let email = format!("{}@acme.example", name.to_lowercase());
    let new = json!({"email": email, "name": name, "role": role, "password": PASSWORD});
    let user = world.agent().post("/users", new).await.expect(201);
    (Agent::sign_in(&world.product.url("inbox"), &email, PASSWORD).await, id(&user))
}

/// The id of anything.
fn id(thing: &Value) -> String {
    thing["id"].as_str().expect("an id").to_owned()
}

/// The id of a ticket's customer.
fn profile(ticket: &Value) -> String {
    id(&ticket["profile"])
}

/// The ids of the tickets that a list of somebody's shows.
async fn shown(agent: &Agent, query: &str) -> BTreeSet<String> {
    agent.tickets(query).await.iter().map(id).collect()
}

/// The ids of these tickets.
fn these(tickets: &[&Value]) -> BTreeSet<String> {
    tickets.iter().map(|ticket| id(ticket)).collect()
}

/// How many people the badge counts.
async fn badge(agent: &Agent) -> i64 {
    agent.get("/badge").await.expect(200)["unread_profiles"].as_i64().expect("a number")
}
