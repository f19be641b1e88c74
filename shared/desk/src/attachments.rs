//! Files. The bytes lie in blobs; the desk knows their names.

use domain::{AttachmentId, MessageId, message::Attachment};

use crate::{Actor, Desk, DeskError, entropy, store::files as rows};

/// A file whose bytes lie in blobs already.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// Its name, as the sender calls it.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
    /// Its key in the blob store.
    pub blob: String,
}

/// A mail as it came in.
#[derive(Clone, Debug)]
pub struct Original {
    /// Its key in the blob store.
    pub blob: String,
    /// A name to save it under, made of its subject.
    pub name: String,
}

impl Desk {
    /// Adds a file that a reply may take.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn add_attachment(&self, new: NewAttachment, actor: &Actor) -> Result<Attachment, DeskError> {
        let now = self.now();
        let id = AttachmentId::new(now, &entropy());
        let file = Attachment {
            id,
            name: clean_name(&new.name),
            content_type: clean_type(&new.content_type),
            size: new.size,
            url: format!("/api/v1/attachments/{id}"),
            blob: Some(new.blob),
        };
        let mut tx = self.store.begin().await?;
        rows::insert(&mut tx, &file, actor.id, now).await?;
        tx.commit().await?;
        Ok(file)
    }

    /// A file, with its key in the blob store.
    ///
    /// # Errors
    /// There is no such file.
    pub async fn attachment(&self, id: AttachmentId) -> Result<Attachment, DeskError> {
        rows::file(&self.store, id).await?.ok_or(DeskError::NotFound("attachment"))
    }

    /// The mail of a message as it came in.
    ///
    /// # Errors
    /// There is no such message, or it was no mail from outside.
    pub async fn original(&self, id: MessageId) -> Result<Original, DeskError> {
        let (blob, subject) =
            rows::original(&self.store, id).await?.ok_or(DeskError::NotFound("original mail"))?;
        let name = clean_name(&subject.unwrap_or_default().replace(['/', '\\'], " "));
        let name = if name == "file" { "mail".to_owned() } else { name };
        Ok(Original { blob, name: format!("{name}.eml") })
    }
}

/// The last part of a path, without controls and quotes, at most 120 characters.
fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control() && *c != '"').take(120).collect();
    let kept = kept.trim().trim_start_matches('.').to_owned();
    if kept.is_empty() { "file".into() } else { kept }
}

/// `type/subtype` without parameters, or bytes nobody knows.
fn clean_type(content_type: &str) -> String {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'))
    };
    let fits = kind.len() <= 100 && kind.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub));
    if fits { kind } else { "application/octet-stream".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_are_harmless() {
        for (given, kept) in [
            ("photo.jpg", "photo.jpg"),
            ("C:\\temp\\in\"voice\".pdf", "invoice.pdf"),
            ("../../etc/passwd", "passwd"),
            (".htaccess", "htaccess"),
            ("\r\n", "file"),
        ] {
            assert_eq!(clean_name(given), kept);
        }
        assert_eq!(clean_type("Image/PNG; name=x"), "image/png");
        assert_eq!(clean_type("text/html\r\nX: y"), "application/octet-stream");
    }
}
