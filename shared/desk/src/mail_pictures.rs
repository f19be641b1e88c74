//! The HTML of mails, and the signed addresses at which pictures on the net are shown with them.

use domain::MessageId;

use crate::{Desk, DeskError, store::mail_answers};

/// How long an address is good, in milliseconds: as long as a page may stand open.
const SHOWN_WITHIN: i64 = 24 * 60 * 60 * 1000;

impl Desk {
    /// The HTML of a mail, as it was reduced when it came in.
    ///
    /// # Errors
    /// There is no such message, or it has no HTML.
    pub async fn mail_html(&self, id: MessageId) -> Result<String, DeskError> {
        mail_answers::html(&self.store, id).await?.ok_or(DeskError::NotFound("mail with HTML"))
    }

    /// Where a picture on the net is shown; empty for a desk that does not know its own address.
    pub fn mail_image_address(&self, address: &str) -> String {
        let until = self.now().plus(SHOWN_WITHIN);
        self.outside.as_ref().map_or_else(String::new, |outside| outside.mail_image(address, until))
    }

    /// The picture on the net that such an address names, if we made it and its time is not over.
    pub fn mail_image(&self, token: &str) -> Option<String> {
        self.outside.as_ref()?.open_mail_image(token, self.now())
    }
}
