//! Pictures in texts of ours (MMS): which ones go, and the addresses at which carriers fetch them (D5).

use domain::{Timestamp, event::SmsMedia, message::Attachment};

use crate::{Desk, DeskError, store::files};

/// Largest picture, in bytes: what the carriers take.
const LARGEST: u64 = 5 * 1024 * 1024;
/// What every telephone shows.
const TYPES: &[&str] = &["image/jpeg", "image/png", "image/gif"];
/// How long a carrier may fetch a picture, in milliseconds; it may wait in the carrier's queue for hours.
const FETCHED_WITHIN: i64 = 7 * 24 * 60 * 60 * 1000;

/// Whether these files can go with a text. Their types are those of their content, found when they were put up.
pub(crate) fn check(files: &[Attachment]) -> Result<(), DeskError> {
    for file in files {
        if !TYPES.contains(&file.content_type.as_str()) {
            let reason = format!("{}: only JPEG, PNG and GIF pictures can be sent by text", file.name);
            return Err(DeskError::Unfit { code: "attachment_type", reason });
        }
        if file.size > LARGEST {
            let reason = format!("{}: a picture sent by text may have at most 5 MB", file.name);
            return Err(DeskError::Unfit { code: "attachment_too_large", reason });
        }
    }
    Ok(())
}

/// The addresses of these files for the carrier, which begins to fetch them at `from`.
pub(crate) fn for_carrier(
    desk: &Desk,
    files: &[Attachment],
    from: Timestamp,
) -> Result<Vec<SmsMedia>, DeskError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let missing = || DeskError::Refused("this process does not know its address outside".into());
    let outside = desk.outside.as_ref().ok_or_else(missing)?;
    let until = from.plus(FETCHED_WITHIN);
    let media = files.iter().map(|file| SmsMedia {
        url: outside.picture(file.id, until),
        content_type: file.content_type.clone(),
    });
    Ok(media.collect())
}

impl Desk {
    /// The picture of an address that we gave to a carrier.
    ///
    /// # Errors
    /// The address is not ours, or its time is over; the picture is gone.
    pub async fn shared_picture(&self, token: &str) -> Result<Attachment, DeskError> {
        let id = self.outside.as_ref().and_then(|outside| outside.open_picture(token, self.now()));
        let found = match id {
            Some(id) => files::file(&self.store, id).await?,
            None => None,
        };
        found.ok_or(DeskError::NotFound("picture"))
    }
}
