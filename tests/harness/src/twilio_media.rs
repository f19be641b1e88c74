//! Pictures that lie at Twilio: shown to the account alone, and only by leading on to a store that takes no credentials,
//! as the real one does.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// A picture: its media type and its bytes.
pub type Picture = (String, Vec<u8>);

/// The pictures of one account. They are gone when this is dropped.
pub struct TwilioMedia {
    account_sid: String,
    api: String,
    pictures: Arc<Mutex<Vec<Picture>>>,
    _servers: [AbortOnDropHandle<()>; 2],
}

#[derive(Clone)]
struct Shop {
    proof: String,
    store: String,
    pictures: Arc<Mutex<Vec<Picture>>>,
}

impl TwilioMedia {
    /// Listens on two free ports.
    pub async fn start(account_sid: &str, auth_token: &str) -> anyhow::Result<Self> {
        let (api, store) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let address =
            |listener: &TcpListener| Ok::<_, std::io::Error>(format!("http://{}", listener.local_addr()?));
        let (api_base, store_base) = (address(&api)?, address(&store)?);
        let pictures = Arc::new(Mutex::new(Vec::new()));
        let proof = format!("Basic {}", STANDARD.encode(format!("{account_sid}:{auth_token}")));
        let shop = Shop { proof, store: store_base, pictures: pictures.clone() };
        let media = "/2010-04-01/Accounts/{account}/Messages/{message}/Media/{number}";
        let api_router = Router::new().route(media, get(lead_on)).with_state(shop.clone());
        let store_router = Router::new().route("/store/{number}", get(hand_out)).with_state(shop);
        let serve = |listener, router: Router| {
            AbortOnDropHandle::new(tokio::spawn(async move {
                // It ends with this stand-in.
                let _ = axum::serve(listener, router).await;
            }))
        };
        let servers = [serve(api, api_router), serve(store, store_router)];
        Ok(Self { account_sid: account_sid.to_owned(), api: api_base, pictures, _servers: servers })
    }

    /// Puts a picture there; its address, as a webhook names it.
    pub fn put(&self, content_type: &str, bytes: &[u8]) -> String {
        let mut pictures = self.pictures.lock().expect("not poisoned");
        pictures.push((content_type.to_owned(), bytes.to_vec()));
        let number = pictures.len() - 1;
        format!("{}/2010-04-01/Accounts/{}/Messages/MM1/Media/{number}", self.api, self.account_sid)
    }
}

async fn lead_on(
    State(shop): State<Shop>,
    Path((_, _, number)): Path<(String, String, usize)>,
    headers: HeaderMap,
) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|given| *given != *shop.proof) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let place = format!("{}/store/{number}", shop.store);
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response()
}

async fn hand_out(State(shop): State<Shop>, Path(number): Path<usize>, headers: HeaderMap) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::BAD_REQUEST, "only one auth mechanism allowed").into_response();
    }
    let picture = shop.pictures.lock().expect("not poisoned").get(number).cloned();
    match picture {
        Some((kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
