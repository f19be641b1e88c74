//! Files of a chat, both ways. What a visitor puts up lies in blobs and is told of by a signed token, so that no node has to
//! remember it; what visitors are shown has a signed address that ends.

use domain::{AttachmentId, SessionId, Timestamp, message::Attachment};
use host::Blobs;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::Limiter;

use crate::{frames::ChatAttachment, signed};

pub mod door;
pub mod policy;
pub mod scan;

/// How long a file that was put up waits for its message, in milliseconds.
const WAITS: i64 = 24 * 60 * 60 * 1000;
/// How long an address shows its file, in milliseconds.
const SHOWN: i64 = 24 * 60 * 60 * 1000;

/// Where files are kept, and what proves that a token is ours.
pub struct Files {
    blobs: Option<Blobs>,
    scanner: Option<scan::Scanner>,
    put_key: [u8; 32],
    show_key: [u8; 32],
    /// Files per session.
    limit: Limiter<SessionId>,
}

/// A file that was put up.
#[derive(Debug, Serialize, Deserialize)]
struct Put {
    #[serde(rename = "s")]
    session: SessionId,
    #[serde(rename = "b")]
    blob: String,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "t")]
    content_type: String,
    #[serde(rename = "z")]
    size: u64,
    #[serde(rename = "e")]
    until: Timestamp,
}

/// A file to show.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    #[serde(rename = "b")]
    blob: String,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "t")]
    content_type: String,
    #[serde(rename = "e")]
    until: Timestamp,
}

impl Files {
    /// No file can be put up here.
    pub fn nowhere(secret: &[u8; 32]) -> Self {
        Self {
            blobs: None,
            scanner: None,
            put_key: signed::key(secret, "files put up"),
            show_key: signed::key(secret, "files shown"),
            limit: Limiter::new(20, std::time::Duration::from_secs(60)),
        }
    }

    /// Files lie in blobs, and are scanned by the `clamd` at that address, where there is one.
    pub fn in_blobs(blobs: Blobs, clamav: Option<String>, secret: &[u8; 32]) -> Self {
        Self { blobs: Some(blobs), scanner: clamav.map(scan::Scanner::at), ..Self::nowhere(secret) }
    }

    /// The files that these tokens tell of, if all were put up in that session and in time.
    pub fn taken(&self, tokens: &[&str], session: SessionId, now: Timestamp) -> Option<Vec<Attachment>> {
        let file = |token: &&str| {
            let put = signed::open::<Put>(&self.put_key, token)?;
            (put.session == session && put.until >= now).then(|| Attachment {
                id: AttachmentId(Uuid::nil()),
                name: put.name,
                content_type: put.content_type,
                size: put.size,
                url: String::new(),
                blob: Some(put.blob),
            })
        };
        tokens.iter().map(file).collect()
    }

    /// The address at which a visitor reads a file, for a while.
    pub fn address(&self, file: &ChatAttachment, blob: &str, now: Timestamp) -> String {
        self.address_of(&file.name, &file.content_type, blob, now)
    }

    fn address_of(&self, name: &str, content_type: &str, blob: &str, now: Timestamp) -> String {
        let shown = Shown {
            blob: blob.to_owned(),
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            until: now.plus(SHOWN),
        };
        format!("/chat/files/{}", signed::seal(&self.show_key, &shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_only_into_the_session_it_was_put_up_in_and_in_time() {
        let (files, at) = (Files::nowhere(&[1; 32]), Timestamp::from_millis);
        let (mine, other) = (SessionId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let put = |session, until| Put {
            session,
            blob: "chat/1".into(),
            name: "mug.jpg".into(),
            content_type: "image/jpeg".into(),
            size: 3,
            until: at(until),
        };
        let token = signed::seal(&files.put_key, &put(mine, 1_000));
        let taken = files.taken(&[&token], mine, at(1_000)).unwrap();
        assert_eq!((taken[0].name.as_str(), taken[0].blob.as_deref()), ("mug.jpg", Some("chat/1")));
        assert!(files.taken(&[&token], other, at(0)).is_none(), "of another session");
        assert!(files.taken(&[&token], mine, at(1_001)).is_none(), "too late");
        assert!(files.taken(&[&token, "x.y"], mine, at(0)).is_none(), "all or nothing");
        let shown = files.address_of("mug.jpg", "image/jpeg", "chat/1", at(0));
        let shown = shown.strip_prefix("/chat/files/").unwrap();
        assert!(files.taken(&[shown], mine, at(0)).is_none(), "an address to look at is none to send");
    }
}
