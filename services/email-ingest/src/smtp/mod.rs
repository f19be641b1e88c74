//! The SMTP door: one listener, a task per connection, everything bounded.
//!
//! [`session`], [`data`], [`chunk`], [`proxy`] and [`xclient`] hold the rules and know no sockets; [`connection`] moves
//! the bytes.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use host::config::Network;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{accept::Intake, routing::Routes};

pub mod answer;
pub mod chunk;
mod connection;
pub mod data;
mod guests;
pub mod peer;
pub mod proxy;
pub mod reply;
pub mod session;
pub mod tls;
pub mod xclient;

use connection::{Connection, Ended};
pub use guests::{Guest, Guests};
use session::{Session, Terms, Tls};
use tls::Certificates;

/// A PROXY header must be there by then, as must the end of a TLS handshake.
const PROXY_HEADER: Duration = Duration::from_secs(5);
const HANDSHAKE: Duration = Duration::from_secs(30);

/// How much and how long (RFC 5321 §4.5.3).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest mail, in bytes.
    pub max_size: usize,
    /// Waiting for a command.
    pub idle: Duration,
    /// Waiting for the next piece of a mail.
    pub block: Duration,
    /// From `354` to the end of the mail.
    pub message: Duration,
    /// A whole connection.
    pub session: Duration,
    /// What a mail in progress still gets once the service is to stop.
    pub farewell: Duration,
    /// Connections at the same time.
    pub connections: usize,
    /// Connections at the same time from one address.
    pub connections_per_ip: usize,
    /// New connections from one address in a minute.
    pub connections_per_minute: u32,
}

impl Limits {
    /// The usual limits, for mails up to so many bytes.
    pub fn with_max_size(max_size: usize) -> Self {
        Self {
            max_size,
            idle: Duration::from_secs(300),
            block: Duration::from_secs(180),
            message: Duration::from_secs(600),
            session: Duration::from_secs(3600),
            farewell: Duration::from_secs(15),
            connections: 1000,
            connections_per_ip: 100,
            connections_per_minute: 600,
        }
    }
}

/// What all connections of a door share.
#[derive(Clone)]
pub struct Door {
    /// Our name in greetings.
    pub host: Arc<str>,
    /// LMTP (RFC 2033) instead of SMTP.
    pub lmtp: bool,
    /// The mailboxes.
    pub routes: Arc<Routes>,
    /// Where mails go.
    pub intake: Intake,
    /// The limits.
    pub limits: Limits,
    /// Who is there now, at all doors.
    pub guests: Guests,
    /// For STARTTLS.
    pub certificates: Option<Arc<Certificates>>,
    /// Whether mail is only taken over TLS.
    pub require_tls: bool,
    /// Our own relays and proxies.
    pub trusted: Vec<Network>,
    /// Whether those begin with a PROXY header.
    pub proxy_protocol: bool,
    /// Cancelled when nothing more is to be taken in.
    pub stopping: CancellationToken,
}

impl Door {
    fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(peer))
    }

    fn session(&self, peer: IpAddr) -> Session {
        let tls = match self.certificates {
            None => Tls::Absent,
            Some(_) if self.require_tls => Tls::Required,
            Some(_) => Tls::Offered,
        };
        let (host, max_size) = (self.host.clone(), self.limits.max_size);
        let terms = Terms { host, max_size, lmtp: self.lmtp, tls, peer, is_trusted: self.trusts(peer) };
        Session::new(self.routes.clone(), terms)
    }
}

/// Takes connections until the door's `stopping`, then waits for mails in progress.
///
/// # Errors
/// None at present; the signature is that of a supervised task.
pub async fn serve(listener: TcpListener, door: Arc<Door>) -> anyhow::Result<()> {
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = door.stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match door.guests.enter() {
                Some(guest) => {
                    tasks.spawn(attend(stream, peer.ip(), door.clone(), guest));
                }
                None => {
                    tasks.spawn(turn_away(stream));
                }
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
    Ok(())
}

async fn attend(stream: TcpStream, peer: IpAddr, door: Arc<Door>, guest: Guest) {
    let _ = stream.set_nodelay(true);
    let stopping = door.stopping.clone();
    if let Err(error) = Box::pin(welcome(stream, peer, door, guest)).await
        && !stopping.is_cancelled()
    {
        tracing::debug!(%peer, %error, "an SMTP connection broke");
    }
}

async fn welcome(mut stream: TcpStream, peer: IpAddr, door: Arc<Door>, mut guest: Guest) -> io::Result<()> {
    let (mut client, mut early) = (peer, Vec::new());
    if door.proxy_protocol && door.trusts(peer) {
        let header = timeout(PROXY_HEADER, proxy::read(&mut stream));
        let header = door.stopping.run_until_cancelled(header).await;
        let (named, rest) = header.ok_or(io::ErrorKind::Interrupted)???;
        (client, early) = (named.unwrap_or(peer), rest);
    }
    // Our own relays speak for many: they are counted by whom they name.
    if !door.trusts(client) && !guest.comes_from(client) {
        turn_away(stream).await;
        return Ok(());
    }
    let session = Box::new(door.session(client));
    let connection = Connection::new(stream, door.clone(), session, guest, early);
    let Ended::Tls(stream, mut session, guest) = connection.greet_and_run().await? else { return Ok(()) };
    let Some(certificates) = &door.certificates else { return Ok(()) };
    let handshake = timeout(HANDSHAKE, certificates.acceptor().accept(stream));
    let handshake = door.stopping.run_until_cancelled(handshake).await;
    let stream = handshake.ok_or(io::ErrorKind::Interrupted)???;
    session.is_encrypted_now();
    Connection::new(stream, door, session, guest, Vec::new()).run().await.map(drop)
}

async fn turn_away(mut stream: impl AsyncWrite + Unpin) {
    let reply = b"421 4.7.0 too many connections, try again later\r\n";
    let _ = timeout(Duration::from_secs(5), stream.write_all(reply)).await;
}
