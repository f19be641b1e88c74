use harness::agent::Agent;
use reqwest::Method;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn whatever_is_wrong_is_told_in_a_problem_document_with_a_stable_code() {
    let world = World::new().await;
    let ticket = world.text("+15550002222", "hello").await;
    let path = format!("/tickets/{ticket}");
    for (method, path, body, status, code) in [
        ("GET", "/vistas", "", 404, "unknown_endpoint"),
        ("POST", "/no-such-things", "{}", 404, "unknown_endpoint"),
        ("GET", "/tickets/not-an-id", "", 404, "not_found"),
        ("GET", "/tickets/0199f0c2-0000-7000-8000-000000000001", "", 404, "not_found"),
        ("PUT", "/tickets", "", 405, "method_not_allowed"),
        ("GET", "/tickets?statu=open", "", 400, "bad_query"),
        ("GET", "/tickets?status=done", "", 422, "invalid"),
        ("GET", "/tickets?channel=fax", "", 400, "bad_query"),
        ("GET", "/tickets?limit=201", "", 422, "invalid"),
        ("GET", "/tickets?cursor=xyz", "", 422, "invalid"),
        ("GET", "/tickets?sort=number", "", 400, "bad_query"),
        ("PATCH", &path, "{", 400, "unreadable_json"),
        ("PATCH", &path, r#"{"assignee": null}"#, 422, "invalid"),
        ("PATCH", &path, r#"{"unread": "yes"}"#, 422, "invalid"),
        ("PATCH", &path, r#"{"status": "done"}"#, 422, "invalid"),
        ("PATCH", &path, r#"{"status": "snoozed"}"#, 422, "invalid"),
        (
            "PATCH",
            &path,
            r#"{"status": "snoozed", "snoozed_until": "2020-01-01T00:00:00Z"}"#,
            409,
            "snooze_in_the_past",
        ),
        ("PATCH", &path, r#"{"assignee_id": "0199f0c2-0000-7000-8000-000000000001"}"#, 422, "invalid"),
        ("PATCH", &path, r#"{"status": "closed", "snoozed_until": "2050-01-01T00:00:00Z"}"#, 422, "invalid"),
        ("PATCH", &path, r#"{"status": "open", "snoozed_until": "2050-01-01T00:00:00Z"}"#, 422, "invalid"),
        ("POST", "/coupons", r#"{"name": "OLD", "expires_at": "2020-01-01T00:00:00Z"}"#, 422, "invalid"),
        ("PUT", "/numbers/ACME", r#"{"provider": "sandbox"}"#, 422, "invalid"),
        ("PUT", "/mailboxes/nobody", r#"{"inbound": "nobody@in.acme.example"}"#, 422, "invalid"),
        ("DELETE", "/numbers/ACME", "", 404, "not_found"),
        ("DELETE", "/mailboxes/nobody", "", 404, "not_found"),
        ("PATCH", "/settings", r#"{"organisation": {}}"#, 422, "invalid"),
        ("PATCH", "/settings", "[]", 422, "invalid"),
    ] {
        let request = world.owner.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
        let request = request.header("content-type", "application/json").body(body);
        let answer = world.owner.send(request).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path} {body}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path}");
        assert_eq!(answer.body["status"], status);
        assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.len() > 5), "{}", answer.body);
    }
}

#[tokio::test]
async fn an_unknown_field_is_named() {
    let world = World::new().await;
    let ticket = world.text("+15550002222", "hello").await;
    let answer = world.owner.patch(&format!("/tickets/{ticket}"), json!({"prio": 1})).await;
    assert!(answer.body["detail"].as_str().unwrap().contains("prio"), "{}", answer.body);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_and_one_that_is_no_json_is_415() {
    let world = World::new().await;
    let large = json!({"organization": {"name": "x".repeat(600 * 1024)}});
    let answer = world.owner.patch("/settings", large).await;
    assert_eq!((answer.status, answer.code()), (413, "too_large"));
    let plain =
        world.owner.request(Method::PATCH, "/settings").header("content-type", "text/plain").body("hello");
    let answer = world.owner.send(plain).await;
    assert_eq!((answer.status, answer.code()), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn answers_are_not_cached_and_the_console_has_a_policy() {
    let world = World::new().await;
    let answer = world.owner.get("/badge").await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let client = reqwest::Client::new();
    for path in ["/", "/inbox/all"] {
        let page = client.get(format!("{}{path}", world.base)).send().await.unwrap();
        assert!(matches!(page.status().as_u16(), 200 | 503), "built in, or it says what to run");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let text = page.text().await.unwrap();
        assert!(text.contains("make ui") || text.contains("<script"), "{text}");
    }
    let others = client.get(format!("{}/chat/nothing", world.base)).send().await.unwrap();
    assert_eq!(others.status(), 404);
    let description = client.get(format!("{}/api/openapi.json", world.base)).send().await.unwrap();
    assert_eq!(description.text().await.unwrap(), inbox::description());
    Agent::nobody(&world.base).get("/nothing").await.expect(404);
}
