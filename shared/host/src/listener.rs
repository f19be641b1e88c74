//! Listening for HTTP/1.1: who connects must soon ask something, and who has asked is answered before the end.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::{Service, ServiceExt, service_fn};

/// The head of the next request must be there by then, or the connection is closed: nobody may hold thousands of
/// connections by sending nothing.
const HEAD_WITHIN: Duration = Duration::from_secs(60);
/// Larger heads are refused with 431.
const LARGEST_HEAD: usize = 64 * 1024;
/// The wait after a connection could not be accepted, usually because there are too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener that is bound: while nobody serves it, who connects waits. It ends with the last clone.
#[derive(Clone)]
pub(crate) struct Bound {
    listener: Arc<TcpListener>,
    pub(crate) address: SocketAddr,
}

/// Binds; the error names the configuration's key.
pub(crate) async fn bind(key: &str, address: &str) -> anyhow::Result<Bound> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is another program there? set {key} to a free address")
    })?;
    let address = listener.local_addr().context("the listener has no address")?;
    Ok(Bound { listener: Arc::new(listener), address })
}

/// Serves until `stopping`, then until the requests in flight are answered. Upgraded connections (sockets) are the
/// services' business.
pub(crate) async fn serve(bound: Bound, router: Router, stopping: CancellationToken) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(LARGEST_HEAD);
    let open = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&bound.listener) => accepted,
            () = stopping.cancelled() => break,
        };
        let service = TowerToHyperService::new(known_by(peer, router.clone()));
        let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let stopping = stopping.clone();
        open.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stopping.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, %peer, "a connection ended");
            }
        });
    }
    drop(bound);
    open.close();
    open.wait().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Only costs a little latency where it cannot be set.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Every request knows who sent it.
fn known_by(
    peer: SocketAddr,
    router: Router,
) -> impl Service<Request<Incoming>, Response = axum::response::Response, Error = Infallible, Future: Send> + Clone
{
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::{Instant, timeout},
    };
    use web::ClientIp;

    use super::*;

    async fn begin() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let bound = bind("listen", "127.0.0.1:0").await.unwrap();
        let (address, stopping) = (bound.address, CancellationToken::new());
        let router = Router::new().route("/", get(async |ClientIp(caller): ClientIp| caller.to_string()));
        (address, stopping.clone(), tokio::spawn(serve(bound, router, stopping)))
    }

    /// What is answered until the connection is closed.
    async fn answer(connection: &mut TcpStream, request: &str) -> String {
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // A reset after a refusal still leaves what was read.
        let _ = connection.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn a_request_knows_who_sent_it_and_a_head_that_is_too_large_is_refused() {
        let (address, ..) = begin().await;
        let mut connection = TcpStream::connect(address).await.unwrap();
        let told = answer(&mut connection, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(told.starts_with("HTTP/1.1 200") && told.ends_with("127.0.0.1"), "{told}");
        let mut connection = TcpStream::connect(address).await.unwrap();
        let endless = format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(2 * LARGEST_HEAD));
        let told = answer(&mut connection, &endless).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 431"), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_connects_and_says_nothing_is_sent_away() {
        let (address, ..) = begin().await;
        let begun = Instant::now();
        for said in ["", "GET / HTTP/1.1\r\nhost:"] {
            let mut connection = TcpStream::connect(address).await.unwrap();
            answer(&mut connection, said).await;
        }
        assert!(begun.elapsed() < 3 * HEAD_WITHIN, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn connections_at_rest_do_not_hold_up_the_end() {
        let (address, stopping, server) = begin().await;
        let mut kept = TcpStream::connect(address).await.unwrap();
        kept.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(kept.read(&mut [0; 1000]).await.unwrap() > 0);
        let _silent = TcpStream::connect(address).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stopping.cancel();
        timeout(Duration::from_secs(2), server).await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
