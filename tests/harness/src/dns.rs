//! A name server that answers what it was told, over real UDP and TCP (RFC 1035): exactly, wrongly, or not at all.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
};
use tokio_util::task::AbortOnDropHandle;

/// What a name has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A text, in pieces of 255 bytes as long ones are.
    Txt(String),
    /// An address.
    A(Ipv4Addr),
    /// A mail server.
    Mx(u16, String),
}

/// How it behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It answers.
    #[default]
    Well,
    /// Over UDP it only says that there is more than fits; the whole of it comes over TCP.
    OverTcp,
    /// It says that it failed (SERVFAIL).
    Failing,
    /// It says nothing.
    Silent,
}

/// The server. It ends when this is dropped.
pub struct NameServer {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    _servers: [AbortOnDropHandle<()>; 2],
}

#[derive(Default)]
struct Zone {
    records: BTreeMap<String, Vec<Record>>,
    mood: Mood,
    asked: usize,
    asked_over_tcp: usize,
}

impl NameServer {
    /// Listens on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let zone = Arc::new(Mutex::new(Zone::default()));
        let (socket, listener) = loop {
            let socket = UdpSocket::bind("127.0.0.1:0").await?;
            // somebody else may have that port of TCP
            if let Ok(listener) = TcpListener::bind(socket.local_addr()?).await {
                break (socket, listener);
            }
        };
        let address = socket.local_addr()?;
        let udp = tokio::spawn(serve(socket, zone.clone()));
        let tcp = tokio::spawn(serve_tcp(listener, zone.clone()));
        Ok(Self { address, zone, _servers: [udp, tcp].map(AbortOnDropHandle::new) })
    }

    /// For `dns.servers`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Gives a name (without a dot at its end) one more record.
    pub fn add(&self, name: &str, record: Record) {
        let mut zone = self.zone.lock().expect("not poisoned");
        zone.records.entry(name.to_ascii_lowercase()).or_default().push(record);
    }

    /// Gives a name a text.
    pub fn txt(&self, name: &str, text: &str) {
        self.add(name, Record::Txt(text.to_owned()));
    }

    /// Takes everything from a name.
    pub fn remove(&self, name: &str) {
        self.zone.lock().expect("not poisoned").records.remove(&name.to_ascii_lowercase());
    }

    /// How it behaves from now on.
    pub fn set(&self, mood: Mood) {
        self.zone.lock().expect("not poisoned").mood = mood;
    }

    /// Questions so far.
    pub fn asked(&self) -> usize {
        self.zone.lock().expect("not poisoned").asked
    }

    /// Those of them that came over TCP.
    pub fn asked_over_tcp(&self) -> usize {
        self.zone.lock().expect("not poisoned").asked_over_tcp
    }
}

async fn serve(socket: UdpSocket, zone: Arc<Mutex<Zone>>) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let reply = zone.lock().expect("not poisoned").reply(&buffer[..length], false);
        if let Some(reply) = reply {
            let _ = socket.send_to(&reply, from).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, zone: Arc<Mutex<Zone>>) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(converse(connection, zone.clone()));
    }
}

/// Each message with its length before it (RFC 1035 section 4.2.2).
async fn converse(mut connection: TcpStream, zone: Arc<Mutex<Zone>>) {
    while let Ok(length) = connection.read_u16().await {
        let mut query = vec![0; usize::from(length)];
        if connection.read_exact(&mut query).await.is_err() {
            return;
        }
        let reply = zone.lock().expect("not poisoned").reply(&query, true);
        let Some(reply) = reply else { continue };
        let length = u16::try_from(reply.len()).expect("a short answer").to_be_bytes();
        if connection.write_all(&[&length[..], &reply].concat()).await.is_err() {
            return;
        }
    }
}

const TXT: u16 = 16;
const A: u16 = 1;
const MX: u16 = 15;
const NO_ERROR: u8 = 0;
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;

impl Zone {
    fn reply(&mut self, query: &[u8], over_tcp: bool) -> Option<Vec<u8>> {
        let question = Question::read(query)?;
        self.asked += 1;
        self.asked_over_tcp += usize::from(over_tcp);
        let is_cut = self.mood == Mood::OverTcp && !over_tcp;
        let found = self.records.get(&question.name);
        let (code, records): (u8, Vec<&Record>) = match self.mood {
            Mood::Silent => return None,
            Mood::Failing => (SERVFAIL, Vec::new()),
            Mood::OverTcp if !over_tcp => (NO_ERROR, Vec::new()),
            Mood::Well | Mood::OverTcp => match found {
                Some(all) => (NO_ERROR, all.iter().filter(|one| one.kind() == question.kind).collect()),
                // a name above one that is there is there, too (RFC 8020)
                None if self.records.keys().any(|name| name.ends_with(&format!(".{}", question.name))) => {
                    (NO_ERROR, Vec::new())
                }
                None => (NXDOMAIN, Vec::new()),
            },
        };
        let mut reply = query[..2].to_vec();
        // an answer, authoritative, recursion wished and available
        reply.extend([0x85 | if is_cut { 2 } else { 0 }, 0x80 | code, 0, 1]);
        reply.extend(u16::try_from(records.len()).ok()?.to_be_bytes());
        reply.extend([0, 0, 0, 0]);
        reply.extend_from_slice(&query[12..question.end]);
        for record in records {
            // the name as in the question, class IN, not to be kept
            reply.extend([0xc0, 12]);
            reply.extend(question.kind.to_be_bytes());
            reply.extend([0, 1, 0, 0, 0, 0]);
            let data = record.data();
            reply.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
            reply.extend(data);
        }
        Some(reply)
    }
}

struct Question {
    name: String,
    kind: u16,
    /// Where it ends in the query.
    end: usize,
}

impl Question {
    fn read(query: &[u8]) -> Option<Self> {
        let (mut at, mut labels) = (12, Vec::new());
        loop {
            let length = usize::from(*query.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            let label = query.get(at..at + length).filter(|_| length < 64)?;
            labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
            at += length;
        }
        let kind = u16::from_be_bytes(query.get(at..at + 2)?.try_into().ok()?);
        query.get(at + 2..at + 4)?;
        Some(Self { name: labels.join("."), kind, end: at + 4 })
    }
}

impl Record {
    fn kind(&self) -> u16 {
        match self {
            Self::Txt(_) => TXT,
            Self::A(_) => A,
            Self::Mx(..) => MX,
        }
    }

    fn data(&self) -> Vec<u8> {
        match self {
            Self::Txt(text) => text.as_bytes().chunks(255).flat_map(piece).collect(),
            Self::A(address) => address.octets().to_vec(),
            Self::Mx(preference, host) => {
                let mut data = preference.to_be_bytes().to_vec();
                data.extend(host.split('.').flat_map(|label| piece(label.as_bytes())));
                data.push(0);
                data
            }
        }
    }
}

/// With its length before it.
fn piece(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("at most 255 bytes");
    [&[length], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut query = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        query.extend(name.split('.').flat_map(|label| piece(label.as_bytes())));
        query.extend([0]);
        query.extend(kind.to_be_bytes());
        query.extend([0, 1]);
        query
    }

    #[tokio::test]
    async fn it_answers_what_it_was_told_and_fails_when_told() {
        let server = NameServer::start().await.unwrap();
        server.txt("a.test", &"x".repeat(300));
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(server.address()).await.unwrap();
        let ask = async |name: &str, kind| {
            socket.send(&query(name, kind)).await.unwrap();
            let mut buffer = [0; 1500];
            let length = socket.recv(&mut buffer).await.unwrap();
            buffer[..length].to_vec()
        };
        let answer = ask("A.test", TXT).await;
        assert_eq!(answer[..8], [7, 9, 0x85, 0x80, 0, 1, 0, 1]);
        assert!(answer.ends_with(&[&[45][..], &[b'x'; 45]].concat()), "in two pieces");
        assert_eq!(ask("a.test", A).await[3..8], [0x80, 0, 1, 0, 0], "there, but without an address");
        assert_eq!(ask("test", TXT).await[3], 0x80);
        assert_eq!(ask("b.test", TXT).await[3], 0x83);
        server.set(Mood::OverTcp);
        assert_eq!(ask("a.test", TXT).await[2..8], [0x87, 0x80, 0, 1, 0, 0], "there is more");
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        let asked = query("A.test", TXT);
        tcp.write_u16(u16::try_from(asked.len()).unwrap()).await.unwrap();
        tcp.write_all(&asked).await.unwrap();
        let mut whole = vec![0; usize::from(tcp.read_u16().await.unwrap())];
        tcp.read_exact(&mut whole).await.unwrap();
        assert_eq!((whole, server.asked_over_tcp()), (answer, 1));
        server.set(Mood::Failing);
        assert_eq!(ask("a.test", TXT).await[3], 0x82);
        assert_eq!(server.asked(), 7);
        server.set(Mood::Silent);
        let nothing = tokio::time::timeout(std::time::Duration::from_millis(200), ask("a.test", TXT)).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
}
