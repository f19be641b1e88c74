use bus::{Stream, topic::OUTBOUND_SMS};
use futures::StreamExt;
use harness::agent::Answer;
use reqwest::Method;
use serde_json::json;

use crate::world::{PUBLIC_URL, World};

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
async fn a_mail_can_be_had_as_it_came_for_saving() {
    let world = World::new().await;
    let ticket = world.mail("kim@example.com", "Invoice/März\r\nX: y", "hi").await;
    let messages = world.owner.get(&format!("/tickets/{ticket}/messages")).await.expect(200);
    let message = &messages["data"][0];
    assert_eq!((&message["mail"]["original"], &message["mail"]["trust"]), (&json!(true), &json!(null)));
    assert_eq!(message["mail"]["why_here"]["signal"], "new");
    let path = format!("/messages/{}/original", message["id"].as_str().unwrap());
    let gone = world.owner.get(&path).await;
    assert_eq!(gone.status, 404, "its bytes are not there");
    world.blobs.put(&world.raw_of("kim@example.com"), "From: kim\r\n\r\nhi".into()).await.unwrap();
    let down = world.owner.request(Method::GET, &path).send().await.unwrap();
    let headers = down.headers().clone();
    assert_eq!((down.status().as_u16(), &headers["content-type"]), (200, &"message/rfc822".parse().unwrap()));
    let disposition = headers["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, "attachment; filename*=UTF-8''Invoice%20M%C3%A4rzX%3A%20y.eml");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(down.bytes().await.unwrap(), &b"From: kim\r\n\r\nhi"[..]);
    let text = world.text("+15550001234", "hello").await;
    let messages = world.owner.get(&format!("/tickets/{text}/messages")).await.expect(200);
    let id = messages["data"][0]["id"].as_str().unwrap();
    assert_eq!(world.owner.get(&format!("/messages/{id}/original")).await.status, 404, "a text is no mail");
    let nobody = reqwest::get(format!("{}/api/v1{path}", world.base)).await.unwrap();
    assert_eq!(nobody.status(), 401);
}

#[tokio::test]
async fn a_quote_in_a_name_does_not_show_as_browsers_write_it() {
    let world = World::new().await;
    let file = r#"name="file"; filename="the %22last%22 100%.txt""#;
    let file = send(&world, file, "text/plain", b"x").await.expect(201);
    assert_eq!(file["name"], "the last 100%.txt", "quotes are in no name");
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
    let text = world.mail("kim@example.com", "Hi", "hi").await;
    let body = json!({"text": "x", "attachments": ["0199f0c2-0000-7000-8000-000000000001"]});
    world.owner.post(&format!("/tickets/{text}/messages"), body).await.expect(422);
}

#[tokio::test]
async fn d5_a_picture_goes_with_a_text_and_the_carrier_fetches_it_without_sign_in() {
    let world = World::new().await;
    let ticket = world.text("+15550002222", "hi").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    world.owner.consent(&profile, "transactional", "subscribed").await;
    let png = b"\x89PNG\r\n\x1a\nthe rest";
    let picture =
        send(&world, r#"name="file"; filename="a.bin""#, "application/octet-stream", png).await.expect(201);
    assert_eq!(picture["content_type"], "image/png", "by its content");
    let fake = send(&world, r#"name="file"; filename="a.png""#, "image/png", b"<script>").await.expect(201);
    assert_eq!(fake["content_type"], "application/octet-stream");
    let path = format!("/tickets/{ticket}/messages");
    let refused = world.owner.post(&path, json!({"text": "x", "attachments": [fake["id"]]})).await;
    assert_eq!((refused.status, refused.code()), (422, "attachment_type"));
    let sent =
        world.owner.post(&path, json!({"text": "look", "attachments": [picture["id"]]})).await.expect(201);
    assert_eq!(sent["attachments"][0]["id"], picture["id"]);
    let work = world.bus.follow(Stream::Outbound, 0).await.unwrap().next().await.unwrap();
    let media = work.envelope.read(OUTBOUND_SMS).unwrap().media;
    let url = media[0].url.replace(PUBLIC_URL, &world.base);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let got = client.get(&url).send().await.unwrap();
    let headers = got.headers().clone();
    assert_eq!((got.status().as_u16(), got.bytes().await.unwrap().as_ref()), (200, png.as_slice()));
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-disposition", "inline"),
        ("x-content-type-options", "nosniff"),
        ("content-length", "16"),
    ] {
        assert_eq!(headers[name], value);
    }
    assert!(headers["cache-control"].to_str().unwrap().starts_with("private"));
    assert_eq!(client.head(&url).send().await.unwrap().status(), 200);
    for odd in [format!("{url}A"), url.replace("/media/", "/media/A"), format!("{}/media", world.base)] {
        assert_eq!(client.get(&odd).send().await.unwrap().status(), 404, "{odd}");
    }
    world.pass(8 * 24 * 3_600_000);
    assert_eq!(client.get(&url).send().await.unwrap().status(), 404, "after a week nobody gets it");
}
