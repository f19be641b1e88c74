//! A1: every call for every role and for nobody, from one table.

use domain::Role;
use harness::agent::Agent;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq)]
enum For {
    Everybody,
    Agents,
    Managers,
    Admins,
}

const NOTHING: &str = "0199f0c2-0000-7000-8000-000000000001";

/// Every call of the description, and who may.
fn table() -> Vec<(&'static str, &'static str, For)> {
    use For::{Admins, Agents, Everybody, Managers};
    vec![
        ("POST", "/session", Everybody),
        ("POST", "/session/link", Everybody),
        ("GET", "/session", Agents),
        ("PUT", "/session/password", Agents),
        ("DELETE", "/session", Agents),
        ("POST", "/session/second-step", Everybody),
        ("POST", "/session/second-step/enrolment", Everybody),
        ("PUT", "/session/second-step/enrolment", Everybody),
        ("GET", "/second-step", Agents),
        ("POST", "/second-step", Agents),
        ("POST", "/second-step/confirm", Agents),
        ("POST", "/second-step/off", Agents),
        ("POST", "/second-step/recovery-codes", Agents),
        ("DELETE", "/users/{id}/second-step", Admins),
        ("POST", "/session/passkey/challenge", Everybody),
        ("POST", "/session/passkey", Everybody),
        ("GET", "/passkeys", Agents),
        ("POST", "/passkeys", Agents),
        ("POST", "/passkeys/challenge", Agents),
        ("PATCH", "/passkeys/{id}", Agents),
        ("POST", "/passkeys/{id}/remove", Agents),
        ("GET", "/session/options", Everybody),
        ("GET", "/session/oidc", Everybody),
        ("GET", "/session/oidc/callback", Everybody),
        ("GET", "/session/identities", Agents),
        ("DELETE", "/session/identities", Agents),
        ("GET", "/identities", Admins),
        ("DELETE", "/users/{id}/identity", Admins),
        ("GET", "/preferences", Agents),
        ("PATCH", "/preferences", Agents),
        ("GET", "/session/all", Agents),
        ("DELETE", "/session/all/{id}", Agents),
        ("DELETE", "/session/others", Agents),
        ("POST", "/session/forgotten", Everybody),
        ("PUT", "/session/forgotten", Everybody),
        ("POST", "/session/invitation", Everybody),
        ("POST", "/session/invitation/show", Everybody),
        ("GET", "/tickets", Agents),
        ("POST", "/tickets/bulk", Agents),
        ("GET", "/bulk/{id}", Agents),
        ("POST", "/undo/{token}", Agents),
        ("GET", "/tickets/count", Agents),
        ("GET", "/search", Agents),
        ("GET", "/views", Agents),
        ("POST", "/views", Agents),
        ("PATCH", "/views/{id}", Agents),
        ("DELETE", "/views/{id}", Agents),
        ("GET", "/views/counts", Agents),
        ("GET", "/tickets/{id}", Agents),
        ("PATCH", "/tickets/{id}", Agents),
        ("GET", "/tickets/{id}/messages", Agents),
        ("POST", "/tickets/{id}/messages", Agents),
        ("GET", "/tickets/{id}/reply-recipients", Agents),
        ("GET", "/messages/{id}/html", Agents),
        ("POST", "/tickets/{id}/messages/{message}/cancel", Agents),
        ("POST", "/tickets/{id}/messages/{message}/send-now", Agents),
        ("POST", "/tickets/{id}/messages/{message}/undo", Agents),
        ("GET", "/drafts", Agents),
        ("GET", "/tickets/{id}/draft", Agents),
        ("PUT", "/tickets/{id}/draft", Agents),
        ("DELETE", "/tickets/{id}/draft", Agents),
        ("GET", "/tickets/{id}/recipient-time", Agents),
        ("POST", "/sms/preview", Agents),
        ("POST", "/messages", Agents),
        ("POST", "/tickets/{id}/typing", Agents),
        ("POST", "/tickets/{id}/presence", Agents),
        ("POST", "/tickets/{id}/follow-up/cancel", Agents),
        ("POST", "/tickets/{id}/follow-up/send-now", Agents),
        ("GET", "/badge", Agents),
        ("GET", "/profiles", Agents),
        ("GET", "/profiles/{id}", Agents),
        ("PATCH", "/profiles/{id}", Agents),
        ("GET", "/profiles/{id}/merge", Agents),
        ("POST", "/profiles/{id}/merge", Agents),
        ("GET", "/profiles/{id}/merges", Agents),
        ("POST", "/profiles/{id}/unmerge", Agents),
        ("GET", "/profiles/{id}/erase", Admins),
        ("POST", "/profiles/{id}/erase", Admins),
        ("GET", "/erasures/{id}", Admins),
        ("GET", "/profiles/{id}/export", Admins),
        ("POST", "/profiles/{id}/block", Agents),
        ("POST", "/profiles/{id}/unblock", Agents),
        ("GET", "/profiles/{id}/consent", Agents),
        ("POST", "/profiles/{id}/consent", Agents),
        ("POST", "/consents/import", Managers),
        ("GET", "/settings", Agents),
        ("PATCH", "/settings", Managers),
        ("GET", "/retention", Admins),
        ("POST", "/settings/auto-responder/preview", Agents),
        ("GET", "/carriers", Admins),
        ("GET", "/numbers", Agents),
        ("PUT", "/numbers/{id}", Admins),
        ("DELETE", "/numbers/{id}", Admins),
        ("GET", "/chat-sites", Agents),
        ("PUT", "/chat-sites/{id}", Admins),
        ("DELETE", "/chat-sites/{id}", Admins),
        ("GET", "/mailboxes", Agents),
        ("PUT", "/mailboxes/{id}", Admins),
        ("DELETE", "/mailboxes/{id}", Admins),
        ("POST", "/mailboxes/{id}/trial", Managers),
        ("GET", "/users", Agents),
        ("POST", "/users", Admins),
        ("PATCH", "/users/{id}", Admins),
        ("DELETE", "/users/{id}", Admins),
        ("POST", "/users/{id}/sign-in-link", Admins),
        ("GET", "/users/{id}/sessions", Admins),
        ("DELETE", "/users/{id}/sessions", Admins),
        ("GET", "/invitations", Admins),
        ("POST", "/invitations", Admins),
        ("DELETE", "/invitations/{id}", Admins),
        ("POST", "/invitations/{id}/resend", Admins),
        ("GET", "/audit", Admins),
        ("GET", "/audit.csv", Admins),
        ("GET", "/availability", Agents),
        ("PATCH", "/users/{id}/availability", Agents),
        ("GET", "/teams", Agents),
        ("POST", "/teams", Managers),
        ("PATCH", "/teams/{id}", Managers),
        ("DELETE", "/teams/{id}", Managers),
        ("GET", "/tags", Agents),
        ("POST", "/tags", Managers),
        ("PATCH", "/tags/{id}", Managers),
        ("DELETE", "/tags/{id}", Managers),
        ("GET", "/rules", Agents),
        ("POST", "/rules", Managers),
        ("PATCH", "/rules/{id}", Managers),
        ("DELETE", "/rules/{id}", Managers),
        ("POST", "/rules/order", Managers),
        ("POST", "/rules/dry-run", Managers),
        ("GET", "/tickets/{id}/decisions", Agents),
        ("GET", "/api-keys", Admins),
        ("POST", "/api-keys", Admins),
        ("DELETE", "/api-keys/{id}", Admins),
        ("GET", "/webhooks", Admins),
        ("POST", "/webhooks", Admins),
        ("PATCH", "/webhooks/{id}", Admins),
        ("DELETE", "/webhooks/{id}", Admins),
        ("POST", "/webhooks/{id}/test", Admins),
        ("POST", "/webhooks/{id}/secret", Admins),
        ("GET", "/webhooks/{id}/deliveries", Admins),
        ("POST", "/webhooks/{id}/deliveries/{delivery}/replay", Admins),
        ("GET", "/ledger", Managers),
        ("POST", "/ledger/{id}/replay", Managers),
        ("POST", "/attachments", Agents),
        ("GET", "/coupons", Agents),
        ("POST", "/coupons", Managers),
        ("PATCH", "/coupons/{id}", Managers),
        ("DELETE", "/coupons/{id}", Managers),
        ("POST", "/coupons/{id}/codes", Managers),
        ("GET", "/coupons/{id}/given", Managers),
        ("POST", "/attachments/url", Agents),
        ("GET", "/attachments/{id}", Agents),
        ("GET", "/messages/{id}/original", Agents),
        ("POST", "/messages/{id}/move", Agents),
        ("POST", "/tickets/{id}/split", Agents),
        ("GET", "/tickets/{id}/notes", Agents),
        ("POST", "/tickets/{id}/notes", Agents),
        ("DELETE", "/notes/{id}", Agents),
        ("GET", "/quick-responses", Agents),
        ("POST", "/quick-responses", Managers),
        ("PATCH", "/quick-responses/{id}", Managers),
        ("DELETE", "/quick-responses/{id}", Managers),
        ("POST", "/quick-responses/{id}/fill", Agents),
        ("GET", "/live", Agents),
    ]
}

fn may(role: Role, whom: For) -> bool {
    match whom {
        For::Everybody | For::Agents => true,
        For::Managers => role != Role::Support,
        For::Admins => matches!(role, Role::Owner | Role::Admin),
    }
}

#[test]
fn a1_the_table_names_every_call_of_the_description() {
    let api: Value = serde_json::from_str(&inbox::description()).unwrap();
    let mut described: Vec<String> = api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let path = path.trim_start_matches("/api/v1").to_owned();
            methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let mut tabled: Vec<_> = table().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    described.sort();
    tabled.sort();
    assert_eq!(described, tabled);
}

async fn status(agent: &Agent, method: &str, path: &str) -> (u16, String) {
    let path = path.replace("{id}", NOTHING).replace("{token}", NOTHING);
    let request = agent.request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
    // A body that no call takes: whoever may is told so, or that the thing is not there.
    let request = if method == "GET" { request } else { request.json(&json!({"nonsense": true})) };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    if path == "/live" && status == 200 {
        return (status, String::new());
    }
    let body: Value = response.json().await.unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a1_every_call_is_open_to_exactly_the_roles_that_may() {
    let world = World::new().await;
    let nobody = Agent::nobody(&world.base);
    let wrong = Agent::with_key(&world.base, "fd_not_a_key");
    for (method, path, whom) in table() {
        let open = whom == For::Everybody;
        for stranger in [&nobody, &wrong] {
            let (status, code) = status(stranger, method, path).await;
            assert_eq!(
                (status, code.as_str()) == (401, "unauthorized"),
                !open,
                "{method} {path}: {status} {code}"
            );
        }
    }
    for role in Role::ALL {
        let agent = world.with_role(role).await;
        for (method, path, whom) in table() {
            let (status, code) = status(&agent, method, path).await;
            let refused = (status, code.as_str()) == (403, "forbidden");
            assert_eq!(refused, !may(role, whom), "{role}: {method} {path}: {status} {code}");
            assert_ne!(status, 401, "{role}: {method} {path}");
            assert!(status < 500, "{role}: {method} {path}: {status} {code}");
        }
    }
}

#[tokio::test]
async fn with_the_cookie_unsafe_methods_need_the_token_of_the_session() {
    let world = World::new().await;
    let agent = world.signed_in("anna@acme.example", Role::Owner).await;
    let foreign = agent.without_csrf();
    for (method, path, whom) in table() {
        if whom == For::Everybody {
            continue;
        }
        let (status, code) = status(&foreign, method, path).await;
        let refused = (status, code.as_str()) == (403, "csrf_token_missing");
        assert_eq!(refused, method != "GET", "{method} {path}: {status} {code}");
    }
    agent.patch("/settings", json!({"badge": false})).await.expect(200);
}

#[tokio::test]
async fn a_revoked_key_and_a_disabled_user_are_out_at_once() {
    let world = World::new().await;
    let keys = world.owner.post("/api-keys", json!({"name": "crm", "role": "support"})).await.expect(201);
    let crm = Agent::with_key(&world.base, keys["key"].as_str().unwrap());
    crm.get("/badge").await.expect(200);
    world.owner.delete(&format!("/api-keys/{}", keys["id"].as_str().unwrap())).await.expect(204);
    crm.get("/badge").await.expect(401);

    let anna = world.signed_in("anna@acme.example", Role::Support).await;
    let users = world.owner.get("/users").await.expect(200);
    let found =
        users["data"].as_array().unwrap().iter().find(|user| user["email"] == "anna@acme.example").unwrap();
    anna.get("/badge").await.expect(200);
    world.owner.delete(&format!("/users/{}", found["id"].as_str().unwrap())).await.expect(204);
    anna.get("/badge").await.expect(401);
}
