//! H3 from outside: short links.

use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::json;

use crate::world::{PUBLIC_URL, World};

const SHOES: &str = "https://shop.example/products/blue-shoes?utm_source=support&utm_medium=text";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/604.1";

/// A phone that opens links and goes where they lead by hand.
struct Phone(Client, String);

impl Phone {
    fn at(world: &World) -> Self {
        Self(Client::builder().no_proxy().redirect(Policy::none()).build().unwrap(), world.base.clone())
    }

    async fn open(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let request = self.0.request(method, format!("{}{path}", self.1));
        let with = |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        headers.iter().fold(request, with).send().await.unwrap()
    }
}

/// A text with a link that went out; its ticket and the link's path.
async fn sent(world: &World) -> (String, String) {
    let ticket = world.text("+15550002222", "which shoes?").await;
    let profile = world.owner.ticket(&ticket).await["profile"]["id"].as_str().unwrap().to_owned();
    world.owner.consent(&profile, "transactional", "subscribed").await;
    let message = world.owner.reply(&ticket, &format!("These: {SHOES}")).await.expect(201);
    let code = message["links"][0]["code"].as_str().unwrap();
    assert_eq!(message["text"], format!("These: {PUBLIC_URL}/l/{code}"));
    assert_eq!(message["links"], json!([{"code": code, "url": SHOES, "clicks": 0}]));
    (ticket, format!("/l/{code}"))
}

#[tokio::test]
async fn h3_a_link_leads_where_it_did_and_a_person_who_follows_it_is_counted() {
    let world = World::new().await;
    let (ticket, path) = sent(&world).await;
    let phone = Phone::at(&world);
    let mut live = world.owner.live(None).await;
    live.next_named("ready").await;
    let agent = [("user-agent", PHONE)];
    let answer = phone.open(Method::GET, &path, &agent).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (302, SHOES));
    for (header, value) in
        [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex")]
    {
        assert_eq!(answer.headers()[header], value);
    }
    let clicked = live.next_named("link.clicked").await.data;
    assert_eq!((&clicked["ticket_id"], &clicked["url"]), (&json!(ticket), &json!(SHOES)));
    assert_eq!((&clicked["clicks"], &clicked["message_clicks"]), (&json!(1), &json!(1)));
    for headers in [
        &agent[..],
        &[("user-agent", "Twitterbot/1.0")],
        &[("user-agent", "another phone"), ("sec-purpose", "prefetch;prerender")],
    ] {
        assert_eq!(phone.open(Method::GET, &path, headers).await.status(), 302);
    }
    assert_eq!(phone.open(Method::HEAD, &path, &[("user-agent", "yet another phone")]).await.status(), 302);
    assert_eq!(phone.open(Method::GET, &path, &[("user-agent", "a second phone")]).await.status(), 302);
    world.clicks.close().await;
    let message = world.owner.messages(&ticket).await.pop().unwrap();
    assert_eq!(message["clicks"], 2, "one phone, one more phone, and no machine");
}

#[tokio::test]
async fn h3_what_leads_nowhere_says_so_kindly_and_nothing_else_is_a_link() {
    let world = World::new().await;
    let phone = Phone::at(&world);
    for path in ["/l/0123456789A", "/l/x", "/l/https:%2F%2Fevil.example", "/l/%00", "/l/..%2F..%2Fapi"] {
        let answer = phone.open(Method::GET, &format!("{path}?to=https://evil.example"), &[]).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(answer.headers().get("location").is_none());
        assert!(answer.text().await.unwrap().contains("This link leads nowhere"));
    }
    assert_eq!(phone.open(Method::POST, "/l/0123456789A", &[]).await.status(), 405);
    assert_eq!(phone.open(Method::GET, "/l", &[]).await.status(), 404);
}

#[tokio::test]
async fn h3_a_planned_stop_loses_no_visit_and_a_flood_is_stemmed() {
    let world = World::new().await;
    let (ticket, path) = sent(&world).await;
    let phone = Phone::at(&world);
    for n in 0..200 {
        let agent = format!("phone {n}");
        assert_eq!(phone.open(Method::GET, &path, &[("user-agent", &agent)]).await.status(), 302);
    }
    world.clicks.close().await;
    assert_eq!(world.owner.messages(&ticket).await.pop().unwrap()["clicks"], 200);
    let mut stemmed = None;
    for _ in 0..2_000 {
        let answer = phone.open(Method::HEAD, &path, &[]).await;
        if answer.status() == 429 {
            stemmed = Some(answer);
            break;
        }
    }
    assert!(stemmed.expect("a limit").headers().contains_key("retry-after"));
}
