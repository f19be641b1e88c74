use harness::agent::Answer;
use reqwest::Method;
use serde_json::json;

use crate::world::World;

/// A form with one part, as browsers send it.
async fn send(world: &World, disposition: &str, kind: &str, bytes: &[u8]) -> Answer {
    let head =
        format!("--XX\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n");
    let body = [head.as_bytes(), bytes, b"\r\n--XX--\r\n"].concat();
    let request = world.owner.request(Method::POST, "/attachments");
    world.owner.send(request.header("content-type", "multipart/form-data; boundary=XX").body(body)).await
}

#[tokio::test]
async fn a_file_goes_up_with_an_answer_and_comes_back_down_safely() {
    let world = World::new().await;
    let ticket = world.mail("kim@example.com", "Hi", "hi").await;
    let file = r#"name="file"; filename="../evil.html""#;
    let file = send(&world, file, "text/html", b"<script>alert(1)</script>").await.expect(201);
    assert_eq!((&file["name"], &file["size"]), (&json!("evil.html"), &json!(25)));
    assert!(file.get("blob").is_none());
    let body = json!({"text": "", "attachments": [file["id"]]});
    let path = format!("/tickets/{ticket}/messages");
    let message = world.owner.post(&path, body.clone()).await.expect(201);
    assert_eq!(message["attachments"][0]["url"], file["url"]);
    world.owner.post(&path, body).await.expect(422);
    let url = file["url"].as_str().unwrap().trim_start_matches("/api/v1");
    let down = world.owner.request(Method::GET, url).send().await.unwrap();
    assert_eq!(down.status(), 200);
    let headers = down.headers().clone();
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(down.bytes().await.unwrap(), &b"<script>alert(1)</script>"[..]);
}

#[tokio::test]
async fn files_that_are_too_large_empty_or_missing_are_refused() {
    let world = World::new().await;
    let file = r#"name="file"; filename="a.bin""#;
    let large = send(&world, file, "application/octet-stream", &vec![0; 26 * 1024 * 1024]).await;
    assert_eq!((large.status, large.code()), (413, "too_large"));
    let fits = send(&world, file, "application/octet-stream", &vec![0; 25 * 1024 * 1024]).await;
    assert_eq!(fits.expect(201)["size"], 25 * 1024 * 1024);
    let empty = send(&world, file, "application/octet-stream", b"").await;
    assert_eq!((empty.status, empty.code()), (422, "invalid"));
    let none = send(&world, "name=\"x\"", "text/plain", b"y").await;
    assert_eq!((none.status, none.code()), (422, "invalid"));
    let json = world.owner.post("/attachments", json!({})).await;
    assert!(json.status == 400 || json.status == 415, "{}", json.body);
    let text = world.text("+15550002222", "hi").await;
    let body = json!({"text": "x", "attachments": ["0199f0c2-0000-7000-8000-000000000001"]});
    world.owner.post(&format!("/tickets/{text}/messages"), body).await.expect(422);
}
