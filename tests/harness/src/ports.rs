//! Ports for programs that must be told theirs before they start.

use std::net::TcpListener;

/// A free port of 127.0.0.1 below those that the kernel gives to whoever asks for any (from 32768 on, RFC 6056 section
/// 3.2 leaves that to the system): it stays free between its choice and the program's start, and while the program is
/// down between two starts.
///
/// # Panics
/// There is none.
pub fn free() -> u16 {
    let candidates = std::iter::repeat_with(|| 20_000 + (uuid::Uuid::new_v4().as_u128() % 12_000) as u16);
    candidates.take(100).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}
