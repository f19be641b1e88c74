//! A name server that answers what it was told, over real UDP (RFC 1035): exactly, wrongly, or not at all.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::net::UdpSocket;
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
    /// It says that it failed (SERVFAIL).
    Failing,
    /// It says nothing.
    Silent,
}

/// The server. It ends when this is dropped.
pub struct NameServer {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    _server: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Zone {
    records: BTreeMap<String, Vec<Record>>,
    mood: Mood,
    asked: usize,
}

impl NameServer {
    /// Listens on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let address = socket.local_addr()?;
        let zone = Arc::new(Mutex::new(Zone::default()));
        let server = tokio::spawn(serve(socket, zone.clone()));
        Ok(Self { address, zone, _server: AbortOnDropHandle::new(server) })
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
}

async fn serve(socket: UdpSocket, zone: Arc<Mutex<Zone>>) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let reply = zone.lock().expect("not poisoned").reply(&buffer[..length]);
        if let Some(reply) = reply {
            let _ = socket.send_to(&reply, from).await;
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
    fn reply(&mut self, query: &[u8]) -> Option<Vec<u8>> {
        let question = Question::read(query)?;
        self.asked += 1;
        let found = self.records.get(&question.name);
        let (code, records): (u8, Vec<&Record>) = match self.mood {
            Mood::Silent => return None,
            Mood::Failing => (SERVFAIL, Vec::new()),
            Mood::Well => match found {
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
        reply.extend([0x85, 0x80 | code, 0, 1]);
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
    async fn it_answers_over_udp_what_it_was_told_and_fails_when_told() {
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
        server.set(Mood::Failing);
        assert_eq!(ask("a.test", TXT).await[3], 0x82);
        assert_eq!(server.asked(), 5);
        server.set(Mood::Silent);
        let nothing = tokio::time::timeout(std::time::Duration::from_millis(200), ask("a.test", TXT)).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
}
