//! Fetching over the embedded bus, from carriers that redirect, are slow, send too much, or point inside.

use std::sync::Mutex;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bus::{Stream, Tuning, embedded};
use domain::{MessageId, PhoneNumber};
use host::SystemClock;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use uuid::Uuid;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest of a picture";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0the rest of a photo";

/// Paths asked for, each with the credentials given.
type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A place on the web; what it was asked, with the credentials that came.
#[derive(Clone, Default)]
struct Place {
    asked: Asked,
    /// Where `/moved` leads.
    elsewhere: Arc<Mutex<String>>,
}

impl Place {
    async fn open(&self) -> (String, AbortOnDropHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (base, AbortOnDropHandle::new(task))
    }

    fn asked(&self) -> Vec<(String, Option<String>)> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(place): State<Place>, headers: HeaderMap, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let proof = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    place.asked.lock().unwrap().push((path.clone(), proof));
    let again = place.asked().iter().filter(|(asked, _)| *asked == path).count() > 1;
    let to = |place: String| (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response();
    match path.as_str() {
        "/png" => ([(header::CONTENT_TYPE, "text/plain")], PNG).into_response(),
        "/jpeg" => JPEG.into_response(),
        "/vcard" => ([(header::CONTENT_TYPE, "text/vcard")], "BEGIN:VCARD").into_response(),
        "/moved" => to(place.elsewhere.lock().unwrap().clone()),
        "/inside" => to("http://169.254.169.254/latest/meta-data".into()),
        "/other-loopback" => to("http://127.0.0.2:9/".into()),
        "/file" => to("file:///etc/passwd".into()),
        "/circle" => to("/circle".into()),
        "/large" => vec![b'x'; web::LARGEST + 1].into_response(),
        "/endless" => {
            let chunks = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1 << 20])));
            axum::body::Body::from_stream(chunks).into_response()
        }
        "/soon" if again => PNG.into_response(),
        "/soon" => StatusCode::NOT_FOUND.into_response(),
        "/hangs" => std::future::pending().await,
        _ => StatusCode::GONE.into_response(),
    }
}

struct World {
    bus: Bus,
    blobs: Blobs,
    place: Place,
    base: String,
    stop: CancellationToken,
    _keep: (TempDir, AbortOnDropHandle<()>, AbortOnDropHandle<()>),
}

impl World {
    async fn open() -> Self {
        Self::patient_for(ONE_FILE).await
    }

    async fn patient_for(patience: Duration) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (place, folder) = (Place::default(), tempfile::tempdir().unwrap());
        let (base, server) = place.open().await;
        let tuning = Tuning { backoff: [Duration::from_millis(20); 5], ..Tuning::default() };
        let options = embedded::Options { tuning, ..embedded::Options::default() };
        let bus = embedded::open_with(None, Arc::new(SystemClock), options).await.unwrap();
        let blobs = Blobs::in_folder(folder.path().to_owned()).unwrap();
        let line = json!([{"number": "+15550001111", "provider": "twilio", "api_base": base,
            "credentials": {"account_sid": "AC1", "auth_token": "token"}}]);
        let lines = serde_json::from_value(line).unwrap();
        let clock = Arc::new(SystemClock);
        let mut files = Files::new(bus.clone(), blobs.clone(), clock, Metrics::default(), lines).unwrap();
        files.patience = patience;
        let stop = CancellationToken::new();
        let (consuming, stopping) = (bus.clone(), stop.clone());
        let task = tokio::spawn(async move {
            consuming.consume(crate::MEDIA, Arc::new(files), stopping).await.unwrap();
        });
        Self { bus, blobs, place, base, stop, _keep: (folder, server, AbortOnDropHandle::new(task)) }
    }

    /// What became of these files of one text.
    async fn fetch(&self, paths: &[&str]) -> MediaFetched {
        let place = |path: &&str| {
            if path.starts_with("http") { (*path).to_owned() } else { format!("{}{path}", self.base) }
        };
        let media =
            paths.iter().map(|path| CarrierMedia { url: place(path), content_type: String::new() }).collect();
        let message_id = MessageId(Uuid::new_v4());
        let number = PhoneNumber::parse("+15550001111").unwrap();
        let work = FetchMedia { message_id, provider: "twilio".into(), number, media };
        let after = self.bus.span(Stream::Inbound).await.unwrap().last;
        self.bus.publish(topic::OUTBOUND_MEDIA, &format!("media:{message_id}"), &work).await.unwrap();
        let mut reports = self.bus.follow(Stream::Inbound, after).await.unwrap();
        let report = tokio::time::timeout(Duration::from_secs(60), reports.next()).await.unwrap().unwrap();
        report.envelope.read(topic::MEDIA_FETCHED).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn reasons(fetched: &MediaFetched) -> Vec<&str> {
    fetched.lost.iter().map(|lost| lost.reason.as_str()).collect()
}

#[tokio::test]
async fn d5_all_files_of_a_text_are_fetched_with_the_carriers_credentials() {
    let world = World::open().await;
    let fetched = world.fetch(&["/png", "/jpeg", "/vcard"]).await;
    let kinds: Vec<_> =
        fetched.files.iter().map(|f| (f.name.as_str(), f.content_type.as_str(), f.size)).collect();
    assert_eq!(
        kinds,
        [
            ("file-1.png", "image/png", PNG.len() as u64),
            ("file-2.jpg", "image/jpeg", JPEG.len() as u64),
            ("file-3.vcf", "text/vcard", 11),
        ]
    );
    assert!(fetched.lost.is_empty());
    let kept = world.blobs.get(fetched.files[0].blob.as_deref().unwrap()).await.unwrap().unwrap();
    assert_eq!(kept, PNG);
    let basic = Some("Basic QUMxOnRva2Vu".to_owned());
    assert!(world.place.asked().iter().all(|(_, proof)| *proof == basic), "{:?}", world.place.asked());
}

#[tokio::test]
async fn credentials_stay_with_the_carrier_when_it_leads_elsewhere() {
    let world = World::open().await;
    let store = Place::default();
    let (elsewhere, _server) = store.open().await;
    *world.place.elsewhere.lock().unwrap() = format!("{elsewhere}/png");
    let fetched = world.fetch(&["/moved"]).await;
    assert_eq!(fetched.files[0].content_type, "image/png");
    assert!(world.place.asked()[0].1.is_some());
    assert_eq!(store.asked(), [("/png".to_owned(), None)]);
    // and they do not come back with the way back
    *store.elsewhere.lock().unwrap() = format!("{}/png", world.base);
    *world.place.elsewhere.lock().unwrap() = format!("{elsewhere}/moved");
    world.fetch(&["/moved"]).await;
    assert_eq!(world.place.asked().last().unwrap(), &("/png".to_owned(), None));
}

#[tokio::test]
async fn nothing_inside_this_network_is_asked() {
    let world = World::open().await;
    let other = Place::default();
    let (port, _server) = other.open().await;
    let port = port.rsplit(':').next().unwrap();
    let localhost = format!("http://localhost:{port}/png");
    let loopback = format!("http://127.0.0.2:{port}/png");
    let fetched = world
        .fetch(&[
            "/inside",
            "/other-loopback",
            "/file",
            &localhost,
            &loopback,
            "http://[::1]/",
            "http://0x7f.2/",
        ])
        .await;
    assert_eq!(reasons(&fetched), ["its address is not on the public internet"; 7]);
    assert!(fetched.files.is_empty() && other.asked().is_empty());
    assert_eq!(
        fetched.lost[0].url,
        format!("{}/inside", world.base),
        "the carrier's address, for a person to try"
    );
}

#[tokio::test]
async fn what_is_too_large_gone_or_moved_for_ever_is_lost_and_the_rest_is_not() {
    let world = World::open().await;
    let fetched = world.fetch(&["/large", "/png", "/endless", "/gone", "/circle"]).await;
    assert_eq!(
        reasons(&fetched),
        [
            "it is larger than 10 MiB",
            "it is larger than 10 MiB",
            "the answer was 410 Gone",
            "it was moved too often"
        ]
    );
    assert_eq!(fetched.files.len(), 1);
    assert_eq!(
        fetched.files[0].id,
        AttachmentId::named(fetched.message_id.0, "media:1"),
        "by its place in the text"
    );
}

#[tokio::test]
async fn what_is_not_there_yet_is_fetched_again() {
    let world = World::open().await;
    let fetched = world.fetch(&["/png", "/soon"]).await;
    assert_eq!((fetched.files.len(), fetched.lost.len()), (2, 0));
}

#[tokio::test]
async fn a_place_that_stays_slow_is_given_up() {
    let world = World::patient_for(Duration::from_millis(300)).await;
    let fetched = world.fetch(&["/hangs"]).await;
    assert_eq!(reasons(&fetched), ["it took longer than 300ms"]);
    assert_eq!(world.place.asked().len(), MAX_DELIVERIES as usize);
}
