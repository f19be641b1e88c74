//! Asks a `clamd` whether a file is clean (`INSTREAM` of its protocol).

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longest wait for the whole answer.
const WITHIN: Duration = Duration::from_secs(20);
/// Bytes of a chunk.
const CHUNK: usize = 64 * 1024;
/// Longest answer.
const LONGEST: u64 = 4096;

/// A scanner.
#[derive(Clone, Debug)]
pub struct Scanner(String);

/// What a scanner says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// This.
    Virus(String),
}

impl Scanner {
    /// At `host:port`.
    pub fn at(address: String) -> Self {
        Self(address)
    }

    /// Scans.
    ///
    /// # Errors
    /// It cannot be reached, takes too long, or does not know: then nobody knows.
    pub async fn scan(&self, bytes: &[u8]) -> io::Result<Found> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the virus scanner takes too long");
        tokio::time::timeout(WITHIN, self.ask(bytes)).await.map_err(|_| late())?
    }

    async fn ask(&self, bytes: &[u8]) -> io::Result<Found> {
        let mut stream = TcpStream::connect(&self.0).await?;
        stream.write_all(b"zINSTREAM\0").await?;
        for chunk in bytes.chunks(CHUNK) {
            stream.write_all(&u32::try_from(chunk.len()).unwrap_or(0).to_be_bytes()).await?;
            stream.write_all(chunk).await?;
        }
        stream.write_all(&[0; 4]).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer).await?;
        understood(&String::from_utf8_lossy(&answer))
    }
}

fn understood(answer: &str) -> io::Result<Found> {
    let said = answer.trim_end_matches(['\0', '\n']).trim();
    let said = said.strip_prefix("stream: ").unwrap_or(said);
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Found::Virus(name.to_owned())),
        None if said == "OK" => Ok(Found::Nothing),
        None => Err(io::Error::other(format!("the virus scanner says {said:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A `clamd` that finds what begins with `EICAR`; gives its address.
    async fn clamd() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut command = [0; 10];
                socket.read_exact(&mut command).await.unwrap();
                assert_eq!(&command, b"zINSTREAM\0");
                let mut file = Vec::new();
                loop {
                    let length = socket.read_u32().await.unwrap() as usize;
                    if length == 0 {
                        break;
                    }
                    let mut chunk = vec![0; length];
                    socket.read_exact(&mut chunk).await.unwrap();
                    file.extend(chunk);
                }
                let virus = file.starts_with(b"EICAR");
                let answer: &[u8] = if virus { b"stream: Eicar-Signature FOUND\0" } else { b"stream: OK\0" };
                socket.write_all(answer).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_file_is_sent_in_chunks_and_the_answer_understood() {
        let scanner = Scanner::at(clamd().await);
        assert_eq!(scanner.scan(&vec![b'x'; 200_000]).await.unwrap(), Found::Nothing);
        assert_eq!(scanner.scan(b"EICAR test").await.unwrap(), Found::Virus("Eicar-Signature".into()));
        assert!(Scanner::at("127.0.0.1:1".into()).scan(b"x").await.is_err(), "nobody knows");
        assert!(understood("INSTREAM size limit exceeded. ERROR\0").is_err());
    }
}
