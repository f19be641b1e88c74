//! A mail's HTML, and the pictures on the net that it shows.

use axum::{Router, http::StatusCode, response::Redirect, routing::get};
use reqwest::{Method, Response};
use serde_json::json;

use crate::world::World;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

/// A server with pictures, good and bad; its address.
async fn pictures() -> String {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let router = Router::new()
        .route("/ok.png", get(async || PNG))
        .route("/moved", get(async || Redirect::temporary("/ok.png")))
        .route("/round", get(async || Redirect::temporary("/round")))
        .route("/inside", get(async || Redirect::temporary("file:///etc/passwd")))
        .route("/gone", get(async || StatusCode::NOT_FOUND))
        .route("/svg", get(async move || ([("content-type", "image/png")], svg)))
        .route("/large", get(async || [PNG, &vec![0; 6 * 1024 * 1024]].concat()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

/// The page of a new mail with this HTML.
async fn page(world: &World, html: &str, query: &str) -> Response {
    let ticket = world.mail_with_html("kim@example.com", "Hi", "hi", Some(html)).await;
    let messages = world.owner.get(&format!("/tickets/{ticket}/messages?limit=1")).await.expect(200);
    let id = messages["data"][0]["id"].as_str().unwrap();
    world.owner.request(Method::GET, &format!("/messages/{id}/html{query}")).send().await.unwrap()
}

/// The addresses of the pictures of a page.
async fn shown(page: Response) -> Vec<String> {
    let text = page.text().await.unwrap();
    let found = text.split(" src=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    found.collect()
}

#[tokio::test]
async fn a_mail_is_a_page_that_may_do_nothing() {
    let world = World::new().await;
    let page = page(&world, "<p>Hi <img data-remote-src=\"https://track.example/1.gif\"></p>", "").await;
    assert_eq!(page.status(), 200);
    let headers = page.headers().clone();
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';") && policy.contains("; sandbox "), "{policy}");
    assert!(!policy.contains("allow-scripts") && !policy.contains("http"), "{policy}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let text = page.text().await.unwrap();
    assert!(text.contains("<p>Hi <img></p>") && !text.contains("track.example"), "{text}");
}

#[tokio::test]
async fn pictures_on_the_net_come_through_us_and_only_pictures_do() {
    let (world, net) = (World::new().await, pictures().await);
    for (path, status) in [
        ("/ok.png", 200),
        ("/moved", 200),
        ("/round", 404),
        ("/inside", 404),
        ("/gone", 404),
        ("/svg", 404),
        ("/large", 404),
    ] {
        let html = format!("<img data-remote-src=\"{net}{path}\">");
        let shown = shown(page(&world, &html, "?images=1").await).await;
        assert!(shown[0].starts_with("/mail-images/"), "{shown:?}");
        let picture = reqwest::get(format!("{}{}", world.base, shown[0])).await.unwrap();
        assert_eq!(picture.status(), status, "{path}");
        if status == 200 {
            assert_eq!(picture.headers()["content-type"], "image/png");
            assert_eq!(picture.headers()["x-content-type-options"], "nosniff");
            assert_eq!(picture.bytes().await.unwrap(), PNG);
        }
    }
    let forged = reqwest::get(format!("{}/mail-images/aHR0cDovL3guZXhhbXBsZQ", world.base)).await.unwrap();
    assert_eq!(forged.status(), 404);
}

#[tokio::test]
async fn what_is_no_mail_with_html_has_no_page() {
    let world = World::new().await;
    let ticket = world.mail("kim@example.com", "Hi", "hi").await;
    let messages = world.owner.get(&format!("/tickets/{ticket}/messages")).await.expect(200);
    let id = messages["data"][0]["id"].as_str().unwrap();
    world.owner.get(&format!("/messages/{id}/html")).await.expect(404);
    let recipients = world.owner.get(&format!("/tickets/{ticket}/reply-recipients")).await.expect(200);
    let kim = json!({"address": "kim@example.com", "name": null});
    assert_eq!(recipients, json!({"to": [kim], "cc": [], "subject": "Re: Hi", "signature": "Frontdesk"}));
    let path = format!("/tickets/{ticket}/messages");
    for odd in [json!({"text": "x", "cc": ["nobody"]}), json!({"text": "x", "cc": ["support@acme.example"]})]
    {
        world.owner.post(&path, odd).await.expect(422);
    }
    world
        .owner
        .post(&path, json!({"text": "x", "cc": ["ben@example.com"], "subject": "New"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn d5_a_picture_on_the_net_is_put_up_by_its_address_and_nothing_else_is() {
    let (world, net) = (World::new().await, pictures().await);
    let add = async |url: String| world.owner.post("/attachments/url", json!({"url": url})).await;
    let added = add(format!("{net}/moved?size=small")).await.expect(201);
    assert_eq!((&added["content_type"], &added["name"]), (&json!("image/png"), &json!("moved.png")));
    let shown = world.owner.request(Method::GET, &format!("/attachments/{}", added["id"].as_str().unwrap()));
    assert_eq!(shown.send().await.unwrap().bytes().await.unwrap(), PNG);
    for odd in ["/svg", "/large", "/gone", "/inside", "/round"] {
        let refused = add(format!("{net}{odd}")).await;
        assert_eq!((refused.status, refused.code()), (422, "picture_unreachable"), "{odd}");
    }
    for odd in ["file:///etc/passwd", "no address", "http://user:secret@example.com/a.gif"] {
        assert_eq!(add(odd.to_owned()).await.code(), "picture_unreachable", "{odd}");
    }
}
