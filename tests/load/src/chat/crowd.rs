//! Visitors that cost little: one task and one small buffer each, frames read no further than needed.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

/// Handshakes at once.
const AT_ONCE: usize = 64;
/// Stands before the number of a message in its text.
pub const MARK: &str = "answer #";

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The widget's protocol.
    Frontdesk,
    /// Socket.IO 4 over a WebSocket.
    SocketIo,
    /// A frame of JSON over a WebSocket.
    Ws,
}

/// What was sent when, and what arrived.
pub struct Clockwork {
    sent: Mutex<Vec<Instant>>,
    took: Mutex<Vec<Duration>>,
    arrived: AtomicUsize,
}

impl Clockwork {
    /// A message leaves now; gives its number.
    pub fn leaves(&self) -> usize {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(Instant::now());
        sent.len() - 1
    }

    fn arrives(&self, number: usize) {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(number).copied();
        let took = sent.map_or(Duration::ZERO, |sent| sent.elapsed());
        self.took.lock().unwrap_or_else(PoisonError::into_inner).push(took);
        self.arrived.fetch_add(1, Ordering::Relaxed);
    }

    /// How many arrived so far.
    pub fn arrived(&self) -> usize {
        self.arrived.load(Ordering::Relaxed)
    }

    /// The times of what arrived since it was asked last.
    pub fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut self.took.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Visitors with open sockets.
pub struct Crowd {
    /// Their sessions.
    pub sessions: Vec<String>,
    /// What arrives at them.
    pub clockwork: Arc<Clockwork>,
    _readers: JoinSet<()>,
}

impl Crowd {
    /// So many visitors arrive.
    ///
    /// # Panics
    /// One of them is not let in.
    pub async fn arrive(address: &str, dialect: Dialect, visitors: usize) -> Self {
        let clockwork = Arc::new(Clockwork {
            sent: Mutex::default(),
            took: Mutex::default(),
            arrived: AtomicUsize::new(0),
        });
        let (door, mut arriving) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        for nth in 0..visitors {
            let (door, address) = (door.clone(), address.to_owned());
            arriving.spawn(async move {
                let _turn = door.acquire_owned().await.expect("an open door");
                let arriving = Socket::open(&address, dialect, nth);
                timeout(Duration::from_secs(30), arriving).await.expect("a socket in time")
            });
        }
        let (mut sessions, mut readers) = (Vec::with_capacity(visitors), JoinSet::new());
        while let Some(arrived) = arriving.join_next().await {
            let (socket, session) = arrived.expect("a visitor");
            sessions.push(session);
            readers.spawn(socket.read(clockwork.clone()));
        }
        Self { sessions, clockwork, _readers: readers }
    }
}

struct Socket {
    stream: TcpStream,
    dialect: Dialect,
    buffer: Vec<u8>,
}

impl Socket {
    /// Connects and says `hello`; gives the session.
    async fn open(address: &str, dialect: Dialect, nth: usize) -> (Self, String) {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        stream.set_zero_linger().expect("a socket");
        let mut socket = Self { stream, dialect, buffer: Vec::new() };
        let path = match dialect {
            Dialect::Frontdesk => "/chat/ws?site=main",
            Dialect::SocketIo => "/socket.io/?EIO=4&transport=websocket",
            Dialect::Ws => "/",
        };
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: upgrade\r\norigin: {}\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            super::SHOP
        );
        socket.stream.write_all(head.as_bytes()).await.expect("written");
        while !socket.buffer.windows(4).any(|four| four == b"\r\n\r\n") {
            assert!(socket.stream.read_buf(&mut socket.buffer).await.expect("a head") > 0, "no socket");
        }
        assert!(socket.buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&socket.buffer));
        let end = socket.buffer.windows(4).position(|four| four == b"\r\n\r\n").expect("an end") + 4;
        socket.buffer.drain(..end);
        let own = format!("00000000-0000-4000-8000-{nth:012}");
        let session = match dialect {
            Dialect::Frontdesk => {
                socket.say(r#"{"type":"hello"}"#).await;
                let ready = socket.hear().await;
                let after = ready.split_once(r#""session":""#).expect("a session").1;
                after.split('"').next().expect("a session").to_owned()
            }
            Dialect::SocketIo => {
                socket.hear().await; // open
                socket.say("40").await;
                socket.hear().await; // connected
                socket.say(&format!(r#"42["hello",{{"session":"{own}"}}]"#)).await;
                socket.hear().await;
                own
            }
            Dialect::Ws => {
                socket.say(&format!(r#"{{"type":"hello","session":"{own}"}}"#)).await;
                socket.hear().await;
                own
            }
        };
        (socket, session)
    }

    /// Sends a text, masked with zeros (RFC 6455 §5.3).
    async fn say(&mut self, text: &str) {
        let length = text.len();
        let mut frame = vec![0x81];
        match u8::try_from(length) {
            Ok(short) if short < 126 => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).expect("a short text").to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.expect("written");
    }

    async fn hear(&mut self) -> String {
        loop {
            if let Some((payload, end)) = frame(&self.buffer) {
                let text = String::from_utf8_lossy(&self.buffer[payload..end]).into_owned();
                self.buffer.drain(..end);
                return text;
            }
            assert!(self.stream.read_buf(&mut self.buffer).await.expect("a frame") > 0, "the socket ended");
        }
    }

    /// Notes what arrives, and answers signs of life, until the server goes.
    async fn read(mut self, clockwork: Arc<Clockwork>) {
        loop {
            while let Some((payload, end)) = frame(&self.buffer) {
                if self.buffer[0] & 0x0f == 9 {
                    let _ = self.stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await;
                } else if self.dialect == Dialect::SocketIo && self.buffer[payload..end] == *b"2" {
                    self.say("3").await;
                } else if let Some(number) = number(&self.buffer[payload..end]) {
                    clockwork.arrives(number);
                }
                self.buffer.drain(..end);
            }
            self.buffer.shrink_to(512);
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(read) if read > 0 => {}
                _ => return,
            }
        }
    }
}

/// Where the payload of the first frame begins and ends, once it is whole.
fn frame(buffer: &[u8]) -> Option<(usize, usize)> {
    let (begin, length) = match *buffer.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?]))),
        127 => (10, usize::try_from(u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    (buffer.len() >= begin + length).then_some((begin, begin + length))
}

/// The number of a message, if it is one of ours.
fn number(payload: &[u8]) -> Option<usize> {
    let mark = MARK.as_bytes();
    let at = payload.windows(mark.len()).position(|part| part == mark)? + mark.len();
    let digits = payload[at..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number, digit| Some(number.unwrap_or(0) * 10 + usize::from(digit - b'0')))
}
