//! The way where WebSockets are blocked: the same session over a response that goes on and requests beside it.

use std::time::Duration;

use harness::visitor::Visitor;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Desk, WebChat, bus, node};

const SHOP: &str = "https://shop.example.com";

/// A browser with an open stream.
struct Stream {
    address: String,
    lines: BufReader<TcpStream>,
    id: String,
}

async fn request(address: &str, head: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let text = format!(
        "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\norigin: {SHOP}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(text.as_bytes()).await.unwrap();
    socket
}

async fn status(mut socket: TcpStream) -> u16 {
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

impl Stream {
    async fn open(chat: &WebChat) -> Self {
        let address = chat.page.base.strip_prefix("http://").unwrap().to_owned();
        let socket = request(&address, "GET /chat/main/stream", "").await;
        let mut stream = Self { address, lines: BufReader::new(socket), id: String::new() };
        stream.id = stream.wait_for("stream").await["stream"].as_str().unwrap().to_owned();
        stream
    }

    /// The next frame of a type; sizes of chunks and the head are no frames.
    async fn wait_for(&mut self, kind: &str) -> Value {
        let waiting = async {
            loop {
                let mut line = String::new();
                assert!(self.lines.read_line(&mut line).await.unwrap() > 0, "the stream ended");
                if let Ok(frame) = serde_json::from_str::<Value>(&line)
                    && frame["type"] == kind
                {
                    return frame;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap()
    }

    async fn post(&self, frames: &[Value]) -> u16 {
        self.post_at(&self.address, frames).await
    }

    async fn post_at(&self, address: &str, frames: &[Value]) -> u16 {
        let body: String = frames.iter().map(|frame| format!("{frame}\n")).collect();
        let head = format!("POST /chat/main/frames?stream={}", self.id);
        status(request(address, &head, &body).await).await
    }
}

fn message(client_id: Uuid, text: &str) -> Value {
    json!({"type": "message", "client_id": client_id, "text": text})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_over_a_stream_as_over_a_socket() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let desk = Desk::open(&bus, &chat.stop).await;
    let mut anna = Stream::open(&chat).await;
    let id = Uuid::new_v4();
    let twice = message(id, "hello");
    let hello = json!({"type": "hello", "visitor": {"id": "b-1"}});
    assert_eq!(anna.post(&[hello, twice.clone(), twice]).await, 202);
    let ready = anna.wait_for("ready").await;
    assert_eq!(anna.wait_for("ack").await["seq"], 1);
    let session = ready["session"].as_str().unwrap().to_owned();
    desk.reply(&session, "hi").await;
    assert_eq!(anna.wait_for("message").await["text"], "hi");
    assert_eq!(desk.texts(&session), ["hello", "hi"], "stored once");

    // the other way round: the same chat goes on over a socket
    let token = ready["resume"].as_str().unwrap().to_owned();
    let kept = harness::visitor::Kept { page: chat.page.clone(), token, last_seq: 1 };
    let (_socket, missed) = Visitor::resume(&kept).await.unwrap();
    assert_eq!(missed[0]["text"], "hi");
    drop(anna);
    for _ in 0..50 {
        if chat.node.hub.sockets() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a stream whose browser is gone stays open");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_find_their_stream_whichever_node_they_are_posted_to() {
    let bus = bus().await;
    let (one, two) = (node(&bus).await, node(&bus).await);
    tokio::spawn(web_chat::stream::hear(one.node.clone()));
    let desk = Desk::open(&bus, &CancellationToken::new()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut anna = Stream::open(&one).await;
    let other = two.page.base.strip_prefix("http://").unwrap();
    assert_eq!(anna.post_at(other, &[json!({"type": "hello"})]).await, 202);
    let ready = anna.wait_for("ready").await;
    assert_eq!(anna.post_at(other, &[message(Uuid::new_v4(), "over the other node")]).await, 202);
    anna.wait_for("ack").await;
    assert_eq!(desk.texts(ready["session"].as_str().unwrap()), ["over the other node"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_knows_the_same_rules_and_says_why_it_ends() {
    let bus = bus().await;
    let chat = node(&bus).await;
    let address = chat.page.base.strip_prefix("http://").unwrap();
    for (head, expected) in [
        ("GET /chat/other/stream", 404),
        ("POST /chat/main/frames?stream=nonsense", 400),
        (&*format!("POST /chat/main/frames?stream={}", Uuid::new_v4()), 202),
    ] {
        assert_eq!(status(request(address, head, "").await).await, expected, "{head}");
    }
    let mut evil = TcpStream::connect(address).await.unwrap();
    let text = "GET /chat/main/stream HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: https://evil.example\r\n\r\n";
    evil.write_all(text.as_bytes()).await.unwrap();
    assert_eq!(status(evil).await, 403);

    let mut thief = Stream::open(&chat).await;
    thief.post(&[json!({"type": "hello", "resume": "forged"})]).await;
    assert_eq!(thief.wait_for("error").await["code"], "bad_resume");
    assert_eq!(thief.wait_for("closed").await["code"], 4501);
    let mut anna = Stream::open(&chat).await;
    anna.post(&[json!({"type": "hello"})]).await;
    anna.wait_for("ready").await;
    chat.stop.cancel();
    assert!(anna.wait_for("bye").await["retry_after_ms"].is_u64());
    assert_eq!(anna.wait_for("closed").await["code"], 4001);
}
