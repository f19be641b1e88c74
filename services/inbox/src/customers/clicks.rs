//! Visits to short links on their way into the database: whoever follows a link waits for none of it, and a planned
//! stop loses none.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::{HeaderMap, header};
use desk::{Desk, DeskError, links::Visit};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use web::signature::{hex, hmac_sha256};

/// Visits that wait while the database is slow or away; what comes on top is not counted.
const WAITING: usize = 50_000;
/// Visits of one transaction.
const TOGETHER: usize = 100;
/// Between two tries while the database is away.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Tries after the stop has begun.
const LAST_TRIES: u32 = 4;

/// Counts visits.
pub struct Clicks {
    desk: Desk,
    key: [u8; 32],
    waiting: mpsc::Sender<Visit>,
    stop: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Clicks {
    /// Begins to count. `key` makes visitors out of addresses and browsers, and no way leads back.
    pub fn open(desk: Desk, key: [u8; 32]) -> Arc<Self> {
        let (waiting, visits) = mpsc::channel(WAITING);
        let stop = CancellationToken::new();
        let writer = Mutex::new(Some(tokio::spawn(write(desk.clone(), visits, stop.clone()))));
        Arc::new(Self { desk, key, waiting, stop, writer })
    }

    /// Counts one who followed a link just now.
    pub(super) fn count(&self, code: &str, ip: IpAddr, headers: &HeaderMap) {
        let agent = headers.get(header::USER_AGENT).map_or(&b""[..], |agent| agent.as_bytes());
        let visitor = hmac_sha256(&self.key, &[ip.to_string().as_bytes(), b"\n", agent]);
        let visit = self.desk.visit(code, hex(&visitor[..16]));
        if self.waiting.try_send(visit).is_err() {
            tracing::warn!(code, "too many visits wait to be counted: this one is not");
        }
    }

    /// Counts what waits, and no more after that.
    pub async fn close(&self) {
        self.stop.cancel();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // A panic of the writer was reported when it happened.
            let _ = writer.await;
        }
    }
}

async fn write(desk: Desk, mut visits: mpsc::Receiver<Visit>, stop: CancellationToken) {
    let mut together = Vec::with_capacity(TOGETHER);
    loop {
        let received = tokio::select! {
            received = visits.recv_many(&mut together, TOGETHER) => received,
            () = stop.cancelled(), if !visits.is_closed() => {
                visits.close();
                continue;
            }
        };
        if received == 0 {
            return;
        }
        settle(&desk, &together, &stop).await;
        together.clear();
    }
}

/// Tries until it works; after the stop has begun, a few times more.
async fn settle(desk: &Desk, visits: &[Visit], stop: &CancellationToken) {
    let mut last_tries = 0;
    while let Err(error) = desk.count_visits(visits).await {
        let is_hopeless = !matches!(error, DeskError::Unavailable(_) | DeskError::Busy(_));
        last_tries += u32::from(stop.is_cancelled());
        if is_hopeless || last_tries > LAST_TRIES {
            tracing::error!(%error, visits = visits.len(), "visits are lost");
            return;
        }
        tracing::warn!(%error, visits = visits.len(), "visits wait to be counted");
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}
