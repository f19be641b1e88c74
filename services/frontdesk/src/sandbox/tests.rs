use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use axum::{body::Bytes, http::StatusCode};
use domain::Timestamp;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use super::*;
use store::Happening;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_262_400_000)
    }
}

/// The product's door, answering as told, and what it was given.
#[derive(Default)]
struct Door {
    answers: Mutex<VecDeque<u16>>,
    given: Mutex<Vec<(String, String, Bytes)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The outside world beside a door, both on one address.
async fn world(answers: &[u16]) -> (Shared, Arc<Door>, JoinHandle<()>, tempfile::TempDir) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let local_url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let number = json!({"number": "+15550001111", "provider": "sandbox"});
    let mut config = Configuration::default();
    config.sms.numbers = vec![serde_json::from_value(number).unwrap()];
    let world = Arc::new(World {
        store: Store::open(folder.path()).unwrap(),
        clock: Arc::new(Noon),
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
        local_url,
        config: Arc::new(config),
        house_secret: "house".into(),
        stopping: tokio_util::sync::CancellationToken::new(),
    });
    let door = Arc::new(Door { answers: Mutex::new(answers.iter().copied().collect()), ..Door::default() });
    let webhook =
        post(async |State(door): State<Arc<Door>>, uri: axum::http::Uri, headers: HeaderMap, body: Bytes| {
            let signature = headers["x-sandbox-signature"].to_str().unwrap().to_owned();
            locked(&door.given).push((uri.query().unwrap_or_default().to_owned(), signature, body));
            let answer = locked(&door.answers).pop_front().unwrap_or(200);
            StatusCode::from_u16(answer).unwrap()
        });
    let product = Router::new().route("/webhooks/sms/sandbox", webhook).with_state(door.clone());
    let served = router(world.clone()).merge(product);
    let server = tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
    (world, door, server, folder)
}

async fn ask(world: &World, path: &str, bearer: &str, body: Value) -> (u16, Value) {
    let url = world.local_url.join(path).unwrap();
    let request = world.client.post(url).bearer_auth(bearer).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn texts(world: &World) -> Vec<String> {
    let (past, _) = world.store.follow(0);
    let kept = past.iter().filter_map(|happening| match &happening.happening {
        Happening::Text(text) => Some(text.text.clone()),
        _ => None,
    });
    kept.collect()
}

#[tokio::test]
async fn a_text_is_tried_again_with_the_same_id_while_the_door_is_shut() {
    let (world, door, _server, _folder) = world(&[503, 429]).await;
    let written = json!({"from": "+1 555 010 7788", "to": "+15550001111", "text": "hi"});
    let (status, _) = ask(&world, "/sandbox/api/texts", "", written).await;
    assert_eq!(status, 200);
    let given = locked(&door.given);
    assert_eq!(given.len(), 3);
    assert!(given.iter().all(|call| call == &given[0]), "the same call each time");
    let (_, signature, body) = &given[0];
    assert_eq!(*signature, web::signature::hex(web::signature::hmac_sha256(b"house", &[body])));
    assert_eq!(serde_json::from_slice::<Value>(body).unwrap()["from"], "+15550107788");
    assert_eq!(texts(&world), ["hi"]);
}

#[tokio::test]
async fn a_text_that_is_refused_never_happened() {
    let (world, _door, _server, _folder) = world(&[403]).await;
    let written = json!({"from": "+15550107788", "to": "+15550001111", "text": "hi"});
    assert_eq!(ask(&world, "/sandbox/api/texts", "", written).await.0, 502);
    assert!(texts(&world).is_empty());
}

#[tokio::test]
async fn what_the_organisation_sends_is_delivered_and_the_receipt_names_its_message() {
    let (world, door, _server, _folder) = world(&[]).await;
    let outbound = json!({
        "from": "+15550001111", "to": "+15550107788", "text": "hello",
        "status_callback": format!("{}webhooks/sms/sandbox?message_id=m1", world.local_url),
    });
    assert_eq!(ask(&world, "/sandbox/carrier/messages", "guess", outbound.clone()).await.0, 401);
    let (status, answer) = ask(&world, "/sandbox/carrier/messages", "house", outbound).await;
    assert_eq!((status, texts(&world)), (201, vec!["hello".to_owned()]));
    for _ in 0..200 {
        if world.store.owed().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let given = locked(&door.given);
    let (query, _, body) = &given[0];
    let receipt: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(
        (query.as_str(), &receipt["id"], &receipt["status"]),
        ("message_id=m1", &answer["id"], &json!("delivered"))
    );
}
