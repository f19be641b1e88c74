//! A visitor of a web page: speaks the widget's protocol (contract §6) over a real WebSocket.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Context, bail};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};
use uuid::Uuid;

/// Longest wait for a frame.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Where a visitor goes: `base` is such as `http://127.0.0.1:8080`.
#[derive(Clone, Debug)]
pub struct Page {
    /// The installation, without a slash at the end.
    pub base: String,
    /// The site.
    pub site: String,
    /// What the browser says the page's origin is.
    pub origin: String,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The server answered with this status instead of switching protocols.
    #[error("the socket was refused with status {0}")]
    Status(u16),
    /// Nobody answered.
    #[error("no socket: {0}")]
    Broken(String),
}

/// A visitor with an open socket.
pub struct Visitor {
    page: Page,
    socket: WebSocketStream<TcpStream>,
    /// Frames that came but were not waited for, oldest first.
    pub unread: VecDeque<Value>,
    /// The session, once `ready`.
    pub session: String,
    /// The token to come back with, once `ready`.
    pub token: String,
    /// The newest message this visitor has.
    pub last_seq: i64,
}

/// What a browser keeps over a reload.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it was.
    pub page: Page,
    /// The token.
    pub token: String,
    /// The newest message it had.
    pub last_seq: i64,
}

impl Visitor {
    /// Opens a socket and says nothing yet.
    ///
    /// # Errors
    /// The server refused, or nobody answered.
    pub async fn connect(page: &Page) -> Result<Self, Refused> {
        let broken = |error: &dyn std::fmt::Display| Refused::Broken(error.to_string());
        let address = page.base.strip_prefix("http://").ok_or_else(|| broken(&"not an http:// address"))?;
        let url = format!("ws://{address}/chat/ws?site={}", page.site);
        let mut request = url.into_client_request().map_err(|e| broken(&e))?;
        let origin = HeaderValue::from_str(&page.origin).map_err(|e| broken(&e))?;
        request.headers_mut().insert("origin", origin);
        let stream = TcpStream::connect(address).await.map_err(|e| broken(&e))?;
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self {
                page: page.clone(),
                socket,
                unread: VecDeque::new(),
                session: String::new(),
                token: String::new(),
                last_seq: 0,
            }),
            Err(Error::Http(answer)) => Err(Refused::Status(answer.status().as_u16())),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Opens the widget for the first time: a new session.
    ///
    /// # Errors
    /// No `ready` came.
    pub async fn arrive(page: &Page) -> anyhow::Result<Self> {
        let mut visitor = Self::connect(page).await?;
        visitor.hello(json!({"visitor": {"id": Uuid::new_v4().to_string()}})).await?;
        Ok(visitor)
    }

    /// Comes back with what the browser kept; gives what `ready` brought, too.
    ///
    /// # Errors
    /// No `ready` came.
    pub async fn resume(kept: &Kept) -> anyhow::Result<(Self, Vec<Value>)> {
        let mut visitor = Self::connect(&kept.page).await?;
        visitor.last_seq = kept.last_seq;
        let ready = visitor.hello(json!({"resume": kept.token, "last_seq": kept.last_seq})).await?;
        let missed = ready["messages"].as_array().cloned().unwrap_or_default();
        Ok((visitor, missed))
    }

    /// Says `hello` with these fields; gives `ready`.
    ///
    /// # Errors
    /// No `ready` came.
    pub async fn hello(&mut self, mut hello: Value) -> anyhow::Result<Value> {
        hello["type"] = json!("hello");
        self.send(&hello).await?;
        let ready = self.wait_for("ready").await?;
        self.session = ready["session"].as_str().context("ready without session")?.to_owned();
        self.token = ready["resume"].as_str().context("ready without token")?.to_owned();
        Ok(ready)
    }

    /// Sends a frame as it is.
    ///
    /// # Errors
    /// The socket is gone.
    pub async fn send(&mut self, frame: &Value) -> anyhow::Result<()> {
        self.send_raw(&frame.to_string()).await
    }

    /// Sends any text.
    ///
    /// # Errors
    /// The socket is gone.
    pub async fn send_raw(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Writes a message and does not wait; gives its client id.
    ///
    /// # Errors
    /// The socket is gone.
    pub async fn write(&mut self, text: &str) -> anyhow::Result<Uuid> {
        let client_id = Uuid::new_v4();
        self.write_as(client_id, text).await?;
        Ok(client_id)
    }

    /// Writes a message under a client id of one's own.
    ///
    /// # Errors
    /// The socket is gone.
    pub async fn write_as(&mut self, client_id: Uuid, text: &str) -> anyhow::Result<()> {
        self.send(&json!({"type": "message", "client_id": client_id, "text": text})).await
    }

    /// Writes a message and waits for its `ack`; gives that.
    ///
    /// # Errors
    /// No ack came.
    pub async fn say(&mut self, text: &str) -> anyhow::Result<Value> {
        let client_id = self.write(text).await?;
        self.ack_of(client_id).await
    }

    /// Waits for the `ack` of that message.
    ///
    /// # Errors
    /// None came.
    pub async fn ack_of(&mut self, client_id: Uuid) -> anyhow::Result<Value> {
        let id = client_id.to_string();
        self.wait_until(|frame| frame["type"] == "ack" && frame["client_id"] == id.as_str()).await
    }

    /// Waits for the next frame of this type; others are kept in `unread`.
    ///
    /// # Errors
    /// None came, or the socket was closed.
    pub async fn wait_for(&mut self, kind: &str) -> anyhow::Result<Value> {
        self.wait_until(|frame| frame["type"] == kind).await
    }

    /// Waits for the first frame that is like this; others are kept in `unread`.
    ///
    /// # Errors
    /// None came, or the socket was closed.
    pub async fn wait_until(&mut self, fits: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        if let Some(at) = self.unread.iter().position(&fits) {
            return self.unread.remove(at).context("a frame");
        }
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let next = tokio::time::timeout_at(deadline, self.next()).await;
            let frame =
                next.with_context(|| format!("the frame did not come; others: {:?}", self.unread))??;
            if fits(&frame) {
                return Ok(frame);
            }
            self.unread.push_back(frame);
        }
    }

    /// Whatever comes within this time, oldest first, with what was unread.
    pub async fn listen_for(&mut self, time: Duration) -> Vec<Value> {
        let deadline = tokio::time::Instant::now() + time;
        while let Ok(Ok(frame)) = tokio::time::timeout_at(deadline, self.next()).await {
            self.unread.push_back(frame);
        }
        self.unread.drain(..).collect()
    }

    /// The next frame from the socket.
    ///
    /// # Errors
    /// The socket was closed, or something came that is no frame.
    async fn next(&mut self) -> anyhow::Result<Value> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(text.as_str())?;
                    self.note(&frame);
                    return Ok(frame);
                }
                Some(Ok(Message::Close(frame))) => bail!("the socket was closed: {frame:?}"),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!("the socket broke: {error}"),
                None => bail!("the socket ended"),
            }
        }
    }

    fn note(&mut self, frame: &Value) {
        let seq = match frame["type"].as_str() {
            Some("ready" | "ack" | "message") => frame["seq"].as_i64(),
            _ => None,
        };
        self.last_seq = self.last_seq.max(seq.unwrap_or(0));
    }

    /// Waits until the server closes; gives its close code (1006 when there was none).
    ///
    /// # Errors
    /// It does not close.
    pub async fn closed(&mut self) -> anyhow::Result<u16> {
        let closing = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map_or(1006, |f| f.code.into()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return 1006,
                }
            }
        };
        tokio::time::timeout(PATIENCE, closing).await.context("the socket stays open")
    }

    /// Cuts the connection as a dead network does: no closing handshake, the packets just end in a reset.
    pub fn cut(self) -> Kept {
        let kept = Kept { page: self.page, token: self.token, last_seq: self.last_seq };
        let _ = self.socket.get_ref().set_zero_linger();
        kept
    }

    /// Closes the page properly.
    pub async fn go(mut self) -> Kept {
        let _ = self.socket.close(None).await;
        Kept { page: self.page, token: self.token, last_seq: self.last_seq }
    }
}
