//! The files of a person in an archive: where each went, or why it is not there.

use std::collections::HashMap;

use desk::export::{ExportedMessage, Kept};
use domain::message::Attachment;
use host::Blobs;

use super::{archive::Archive, names::Names};
use crate::view::exported_message::Packed;

const GONE: &str = "its bytes are gone";
const UNREADABLE: &str = "its bytes could not be read";
const LATE: &str = "it came while this was written";

/// Where files went.
pub(crate) struct Files {
    blobs: Blobs,
    names: Names,
    found: HashMap<String, Result<String, &'static str>>,
}

impl Files {
    /// Of nobody yet.
    pub(crate) fn of(blobs: Blobs) -> Self {
        Self { blobs, names: Names::default(), found: HashMap::new() }
    }

    /// Files of a message. `folder` says of which ticket it is, or that it is of none.
    pub(crate) async fn pack_message(
        &mut self,
        archive: &mut Archive,
        folder: &str,
        one: &ExportedMessage,
    ) -> anyhow::Result<()> {
        let mark = match one.message.seq {
            0 => date(&one.message.sent_at.to_string()),
            seq => format!("{seq:04}-"),
        };
        if let Some(raw) = &one.raw {
            self.pack_mail(archive, folder, &mark, one.subject.as_deref(), raw).await?;
        }
        for file in &one.message.attachments {
            self.pack(archive, &format!("files/{folder}"), &mark, file).await?;
        }
        Ok(())
    }

    /// Files of something that became no message.
    pub(crate) async fn pack_kept(&mut self, archive: &mut Archive, kept: &Kept) -> anyhow::Result<()> {
        let mark = date(&kept.received_at.to_string());
        if let Some(raw) = kept.raw() {
            self.pack_mail(archive, "kept", &mark, kept.event["subject"].as_str(), raw).await?;
        }
        for file in kept.files() {
            self.pack(archive, "files/kept", &mark, &file).await?;
        }
        Ok(())
    }

    /// Where the bytes under a key went.
    pub(crate) fn packed(&self, blob: Option<&str>) -> Packed {
        match blob.map_or(Some(&Err(GONE)), |blob| self.found.get(blob)) {
            Some(Ok(path)) => Packed { file: Some(path.clone()), missing: None },
            Some(Err(why)) => Packed { file: None, missing: Some((*why).to_owned()) },
            None => Packed { file: None, missing: Some(LATE.to_owned()) },
        }
    }

    /// How many are not there.
    pub(crate) fn missing(&self) -> usize {
        self.found.values().filter(|found| found.is_err()).count()
    }

    async fn pack_mail(
        &mut self,
        archive: &mut Archive,
        folder: &str,
        mark: &str,
        subject: Option<&str>,
        blob: &str,
    ) -> anyhow::Result<()> {
        // a subject is no path: what is behind its last slash is not its name
        let subject = subject.unwrap_or_default().replace(['/', '\\'], " ");
        let subject = if subject.trim().is_empty() { "mail" } else { subject.trim() };
        let subject: String = subject.chars().take(80).collect();
        self.pack_as(archive, &format!("mails/{folder}"), mark, &format!("{subject}.eml"), blob, true).await
    }

    async fn pack(
        &mut self,
        archive: &mut Archive,
        folder: &str,
        mark: &str,
        file: &Attachment,
    ) -> anyhow::Result<()> {
        let blob = file.blob.as_deref().unwrap_or_default();
        self.pack_as(archive, folder, mark, &file.name, blob, is_packable(&file.content_type)).await
    }

    async fn pack_as(
        &mut self,
        archive: &mut Archive,
        folder: &str,
        mark: &str,
        name: &str,
        blob: &str,
        is_packable: bool,
    ) -> anyhow::Result<()> {
        if self.found.contains_key(blob) {
            return Ok(());
        }
        let bytes = if blob.is_empty() { Ok(None) } else { self.blobs.get(blob).await };
        let found = match bytes {
            Ok(Some(bytes)) => {
                let path = self.names.give(folder, mark, name);
                archive.begin(&path, is_packable).await?;
                archive.write(&bytes).await?;
                Ok(path)
            }
            Ok(None) => Err(GONE),
            Err(error) => {
                tracing::warn!(blob, error = format!("{error:#}"), "a file of an export cannot be read");
                Err(UNREADABLE)
            }
        };
        self.found.insert(blob.to_owned(), found);
        Ok(())
    }
}

/// `2026-11-27-` of a moment.
fn date(moment: &str) -> String {
    format!("{}-", moment.split('T').next().unwrap_or_default())
}

/// Whether packing makes it smaller: not what is packed already.
fn is_packable(content_type: &str) -> bool {
    let packed = ["video/", "audio/", "image/jpeg", "image/png", "image/gif", "image/webp", "image/heic"];
    let zipped = ["zip", "gzip", "7z", "rar", "openxmlformats", "opendocument"];
    !packed.iter().any(|kind| content_type.starts_with(kind))
        && !zipped.iter().any(|kind| content_type.contains(kind))
}
