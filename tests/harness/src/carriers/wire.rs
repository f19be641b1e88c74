//! HTTP/1.1 spoken by hand: a server library would not cut a connection in the middle of an exchange.

use std::{future::pending, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The fields of a form.
    pub fn form(&self) -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("form:?{}", self.body)).expect("a form");
        url.query_pairs().into_owned().collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// How an exchange ends.
pub enum End {
    /// With an answer: status, more headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The connection is cut.
    Cut,
    /// Nothing is ever answered.
    Silence,
}

/// Answers every request.
pub async fn serve(listener: TcpListener, answer: Arc<dyn Fn(Request) -> End + Send + Sync>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(converse(stream, answer.clone()));
    }
}

async fn converse(
    stream: TcpStream,
    answer: Arc<dyn Fn(Request) -> End + Send + Sync>,
) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let (status, headers, body) = match answer(request) {
            End::Answer(status, headers, body) => (status, headers, body),
            End::Cut => return Ok(()),
            End::Silence => pending().await,
        };
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let kind = if body.starts_with("-----BEGIN") { "application/x-pem-file" } else { "application/json" };
        let head = format!(
            "HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
    }
    Ok(())
}

async fn read(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Option<Request>> {
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        return Ok(None);
    }
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: String::new() };
    let mut body = vec![0; request.header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    request.body = String::from_utf8(body)?;
    Ok(Some(request))
}
