//! The SMTP door: one listener, a task per connection, everything bounded.
//!
//! [`session`] and [`data`] hold the rules and know no sockets; [`connection`] moves the bytes. Only what is offered
//! after EHLO is done: no STARTTLS, BDAT or LMTP yet.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{accept::Intake, routing::Routes};

mod connection;
pub mod data;
pub mod reply;
pub mod session;

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
    /// What a mail in progress still gets once the service is to stop.
    pub farewell: Duration,
    /// Connections at the same time.
    pub connections: usize,
    /// Connections at the same time from one address.
    pub connections_per_ip: usize,
}

impl Limits {
    /// The usual limits, for mails up to so many bytes.
    pub fn with_max_size(max_size: usize) -> Self {
        Self {
            max_size,
            idle: Duration::from_secs(300),
            block: Duration::from_secs(180),
            message: Duration::from_secs(600),
            farewell: Duration::from_secs(15),
            connections: 1000,
            connections_per_ip: 100,
        }
    }
}

/// What all connections share.
pub struct Door {
    /// Our name in greetings.
    pub host: Arc<str>,
    /// The mailboxes.
    pub routes: Arc<Routes>,
    /// Where mails go.
    pub intake: Intake,
    /// The limits.
    pub limits: Limits,
    /// Cancelled when nothing more is to be taken in.
    pub stopping: CancellationToken,
}

/// Takes connections until the door's `stopping`, then waits for mails in progress.
///
/// # Errors
/// None at present; the signature is that of a supervised task.
pub async fn serve(listener: TcpListener, door: Arc<Door>) -> anyhow::Result<()> {
    let (tasks, guests) = (TaskTracker::new(), Guests::default());
    loop {
        let accepted = tokio::select! {
            biased;
            () = door.stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match guests.enter(peer.ip(), &door.limits) {
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
    if let Err(error) = Box::pin(connection::Connection::new(stream, door).run()).await {
        tracing::debug!(%peer, %error, "an SMTP connection broke");
    }
    drop(guest);
}

async fn turn_away(mut stream: TcpStream) {
    let reply = b"421 4.7.0 too many connections, try again later\r\n";
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(reply)).await;
}

/// Who is connected now.
#[derive(Clone, Default)]
struct Guests(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place; free again when dropped.
struct Guest(Guests, IpAddr);

impl Guests {
    fn enter(&self, ip: IpAddr, limits: &Limits) -> Option<Guest> {
        let mut present = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = present.values().sum();
        let from_there = present.get(&ip).copied().unwrap_or_default();
        if all >= limits.connections || from_there >= limits.connections_per_ip {
            return None;
        }
        present.insert(ip, from_there + 1);
        Some(Guest(self.clone(), ip))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut present = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = present.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                present.remove(&self.1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_all_and_per_address_and_given_back() {
        let limits = Limits { connections: 3, connections_per_ip: 2, ..Limits::with_max_size(1) };
        let (guests, here, there) =
            (Guests::default(), IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let (first, second) = (guests.enter(here, &limits), guests.enter(here, &limits));
        assert!(first.is_some() && second.is_some() && guests.enter(here, &limits).is_none());
        let third = guests.enter(there, &limits);
        assert!(third.is_some() && guests.enter(there, &limits).is_none());
        drop((first, second, third));
        assert!(guests.0.lock().unwrap().is_empty());
        assert!(guests.enter(here, &limits).is_some());
    }
}
