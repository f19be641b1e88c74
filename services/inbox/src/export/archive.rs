//! A zip that is written while it is read: no more of it is in memory than what the reader has not taken yet.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::mpsc;
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

/// Bytes that are packed at once.
const AT_ONCE: usize = 64 * 1024;
/// Packed bytes that are sent at once, at least, but for the last ones.
const WORTH_SENDING: usize = 32 * 1024;
/// The level of packing that takes least time.
const FASTEST: i64 = 1;
/// Pieces that wait for the reader.
const WAITING: usize = 4;
/// How long the reader may take for nothing at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A piece of an archive, or why there are no more.
pub(crate) type Piece = Result<Bytes, io::Error>;

/// A zip that is being written.
pub(crate) struct Archive {
    zip: ZipWriter<StreamWriter<Packed>>,
    packed: Packed,
    reader: mpsc::Sender<Piece>,
}

/// What is packed and was not sent yet.
#[derive(Clone, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Packed {
    /// All of it, once it is that much.
    fn take(&self, at_least: usize) -> Option<Bytes> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (bytes.len() >= at_least.max(1)).then(|| std::mem::take(&mut *bytes).into())
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    /// A new one, and where its pieces come out.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Piece>) {
        let (reader, pieces) = mpsc::channel(WAITING);
        let packed = Packed::default();
        (Self { zip: ZipWriter::new_stream(packed.clone()), packed, reader }, pieces)
    }

    /// Begins a file. On one that is small already no time is spent; it is still deflated, since not every program can
    /// tell where a stored file ends whose length stands behind it.
    pub(crate) async fn begin(&mut self, path: &str, is_packable: bool) -> anyhow::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level((!is_packable).then_some(FASTEST))
            .unix_permissions(0o644);
        self.zip.start_file(path, options)?;
        send(&self.packed, &self.reader, WORTH_SENDING).await
    }

    /// Writes into the file that was begun last.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        for some in bytes.chunks(AT_ONCE) {
            self.zip.write_all(some)?;
            send(&self.packed, &self.reader, WORTH_SENDING).await?;
        }
        Ok(())
    }

    /// Ends it: only now it is a zip.
    pub(crate) async fn finish(self) -> anyhow::Result<()> {
        let Self { zip, packed, reader } = self;
        zip.finish()?;
        send(&packed, &reader, 1).await
    }

    /// By which the reader learns that the rest does not come, so that nobody takes half of it for all.
    pub(crate) fn reader(&self) -> mpsc::Sender<Piece> {
        self.reader.clone()
    }
}

async fn send(packed: &Packed, reader: &mpsc::Sender<Piece>, at_least: usize) -> anyhow::Result<()> {
    match packed.take(at_least) {
        Some(bytes) => reader
            .send_timeout(Ok(bytes), PATIENCE)
            .await
            .map_err(|_| anyhow::anyhow!("whoever reads it went, or takes nothing any more")),
        // packing takes time: others have their turn
        None => {
            tokio::task::yield_now().await;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    #[tokio::test]
    async fn what_goes_in_comes_out() {
        let (mut archive, mut pieces) = Archive::new();
        let noise: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let expected = noise.clone();
        let writing = tokio::spawn(async move {
            archive.begin("files/Ä (2).bin", false).await?;
            archive.write(&noise).await?;
            archive.begin("person.json", true).await?;
            archive.write(&vec![b' '; 1_000_000]).await?;
            archive.finish().await
        });
        let mut whole = Vec::new();
        while let Some(piece) = pieces.recv().await {
            whole.extend_from_slice(&piece.unwrap());
        }
        writing.await.unwrap().unwrap();
        assert!(whole.len() < 400_000, "{}", whole.len());
        let mut zip = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
        let names: Vec<_> = zip.file_names().map(str::to_owned).collect();
        assert_eq!(names, ["files/Ä (2).bin", "person.json"]);
        let mut found = Vec::new();
        zip.by_name("files/Ä (2).bin").unwrap().read_to_end(&mut found).unwrap();
        assert_eq!(found, expected);
        assert_eq!(zip.by_name("person.json").unwrap().size(), 1_000_000);
    }

    #[tokio::test]
    async fn nothing_is_written_for_a_reader_who_went() {
        let (mut archive, pieces) = Archive::new();
        drop(pieces);
        archive.begin("a", false).await.unwrap();
        archive.write(&[7; 100]).await.unwrap();
        assert!(archive.finish().await.is_err());
    }
}
