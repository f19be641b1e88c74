//! How customers and carriers reach this installation: short links, pictures and mails carry its address.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{AttachmentId, EmailAddress, SessionId, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    mail_tag::{MailTag, MailTags},
    store::rows::TicketRow,
};

/// Bytes of an id and of a moment in a token; the rest is the code over them.
const ID: usize = 16;
const MOMENT: usize = 8;
/// How long the button of a mail opens its chat, in milliseconds.
const OPENS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Stands before an address in what is signed for "no more mails".
const UNSUBSCRIBE: &[u8] = b"no more mails to ";

/// What is said with the address of a picture of a mail, so that no other code of ours opens one.
const MAIL_IMAGE: &[u8] = b"mail image\0";

/// How this installation is reached from outside.
#[derive(Clone)]
pub struct Outside {
    base: String,
    key: [u8; 32],
    chat_key: [u8; 32],
    /// Where each mailbox forwards to.
    inbound: HashMap<EmailAddress, EmailAddress>,
    /// Mails of ours name the message in their envelope sender.
    named_bounces: bool,
    /// The DNS may be asked about mails that come in.
    judges_mail: bool,
}

/// What opens a chat: the token that browsers come back with, as the nodes of the chat write and read it.
#[derive(Serialize, Deserialize)]
struct ChatToken {
    #[serde(rename = "s")]
    session: SessionId,
    #[serde(rename = "w")]
    site: String,
    #[serde(rename = "v")]
    visitor: String,
    #[serde(rename = "k")]
    verified: bool,
    #[serde(rename = "e")]
    until: Timestamp,
}

impl Outside {
    /// At this address (`public_url`). `key` signs the addresses of pictures; the same in every process.
    pub fn new(public_url: &str, key: [u8; 32]) -> Self {
        let base = format!("{}/", public_url.trim_end_matches('/'));
        Self { base, key, chat_key: key, inbound: HashMap::new(), named_bounces: false, judges_mail: false }
    }

    /// The same, with the key under which the nodes of the chat know their visitors again.
    #[must_use]
    pub fn opening_chats(self, chat_key: [u8; 32]) -> Self {
        Self { chat_key, ..self }
    }

    /// The address that opens the chat of a ticket again, for some days. Whoever has it reads that chat and nothing else.
    pub(crate) fn chat_link(&self, ticket: &TicketRow, now: Timestamp) -> String {
        let Some(session) = ticket.session else { return String::new() };
        let (site, address) = (ticket.view.inbox.clone(), &ticket.view.profile.address);
        let visitor = address.strip_prefix(&format!("{site}:")).unwrap_or(address).to_owned();
        let said = ChatToken { session, site, visitor, verified: false, until: now.plus(OPENS) };
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&said).unwrap_or_default());
        let code = mac(&self.chat_key, &[body.as_bytes()]).finalize().into_bytes();
        self.below(&format!("c/{body}.{}", URL_SAFE_NO_PAD.encode(code)))
    }

    /// The session of such an address with its site, if we made it and its time is not over.
    pub(crate) fn open_chat_link(&self, token: &str, now: Timestamp) -> Option<(SessionId, String)> {
        let (body, code) = token.split_once('.')?;
        let code = URL_SAFE_NO_PAD.decode(code).ok()?;
        mac(&self.chat_key, &[body.as_bytes()]).verify_slice(&code).ok()?;
        let said: ChatToken = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        (now <= said.until).then_some((said.session, said.site))
    }

    /// The address at which whoever reads mail there says "no more".
    pub(crate) fn unsubscribe_link(&self, address: &EmailAddress) -> String {
        let code = mac(&self.key, &[UNSUBSCRIBE, address.as_str().as_bytes()]).finalize().into_bytes();
        let body = URL_SAFE_NO_PAD.encode(address.as_str());
        self.below(&format!("u/{body}.{}", URL_SAFE_NO_PAD.encode(code)))
    }

    /// Who says so, if we made it.
    pub(crate) fn open_unsubscribe_link(&self, token: &str) -> Option<EmailAddress> {
        let (body, code) = token.split_once('.')?;
        let address = String::from_utf8(URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
        let code = URL_SAFE_NO_PAD.decode(code).ok()?;
        mac(&self.key, &[UNSUBSCRIBE, address.as_bytes()]).verify_slice(&code).ok()?;
        EmailAddress::parse(&address).ok()
    }

    /// The same, with the address each mailbox forwards to. With `named_bounces` the envelope sender of a mail names its
    /// message (VERP); not every relay lets one choose it.
    #[must_use]
    pub fn with_mailboxes(
        mut self,
        inbound: impl IntoIterator<Item = (EmailAddress, EmailAddress)>,
        named_bounces: bool,
    ) -> Self {
        self.inbound = inbound.into_iter().collect();
        self.named_bounces = named_bounces;
        self
    }

    /// Whether mail to this address comes in here, as mail to a mailbox or to where one forwards to.
    pub(crate) fn takes_in(&self, address: &EmailAddress) -> bool {
        let asked = address.without_tag();
        self.inbound.iter().any(|(one, inbound)| one.without_tag() == asked || inbound.without_tag() == asked)
    }

    /// The same, where the DNS may be asked who sent a mail.
    #[must_use]
    pub fn judging_mail(self, judges_mail: bool) -> Self {
        Self { judges_mail, ..self }
    }

    /// Whether senders of mails are judged.
    pub(crate) fn judges_mail(&self) -> bool {
        self.judges_mail
    }

    /// Where a mailbox forwards to.
    pub(crate) fn inbound(&self, mailbox: &EmailAddress) -> Option<&EmailAddress> {
        self.inbound.get(mailbox)
    }

    /// The addresses mailboxes forward to.
    pub(crate) fn inbounds(&self) -> impl Iterator<Item = &EmailAddress> {
        self.inbound.values()
    }

    /// An address of a mailbox that names this.
    pub(crate) fn mail_address(&self, mailbox: &EmailAddress, tag: MailTag) -> Option<EmailAddress> {
        self.mail_tags().address(tag, mailbox, self.inbound(mailbox)?)
    }

    /// Where a mail's bounces go, where that may be chosen.
    pub(crate) fn bounce_address(&self, mailbox: &EmailAddress, tag: MailTag) -> Option<EmailAddress> {
        self.named_bounces.then(|| self.mail_address(mailbox, tag)).flatten()
    }

    /// Signs what our mails say of themselves, and reads it in what comes back.
    pub(crate) fn mail_tags(&self) -> MailTags {
        MailTags::new(self.key)
    }

    /// The address of something below it.
    pub(crate) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The address of a picture for whoever has it, until then.
    pub(crate) fn picture(&self, file: AttachmentId, until: Timestamp) -> String {
        let mut token = [file.0.as_bytes().as_slice(), &until.millis().to_be_bytes()].concat();
        let code = self.mac(&token).finalize().into_bytes();
        token.extend_from_slice(&code);
        self.below(&format!("media/{}", URL_SAFE_NO_PAD.encode(token)))
    }

    /// The picture of such an address, if we made it and its time is not over.
    pub(crate) fn open_picture(&self, token: &str, now: Timestamp) -> Option<AttachmentId> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, code) = token.split_at_checked(ID + MOMENT)?;
        self.mac(said).verify_slice(code).ok()?;
        let (id, until) = said.split_at_checked(ID)?;
        let until = Timestamp::from_millis(i64::from_be_bytes(until.try_into().ok()?));
        (now <= until).then_some(AttachmentId(Uuid::from_slice(id).ok()?))
    }

    /// The path at which a picture on the net is shown, until then.
    pub(crate) fn mail_image(&self, address: &str, until: Timestamp) -> String {
        let moment = until.millis().to_be_bytes();
        let code = mac(&self.key, &[MAIL_IMAGE, &moment, address.as_bytes()]).finalize().into_bytes();
        let token = [&code[..ID], &moment, address.as_bytes()].concat();
        format!("/mail-images/{}", URL_SAFE_NO_PAD.encode(token))
    }

    /// The picture of such a path, if we made it and its time is not over.
    pub(crate) fn open_mail_image(&self, token: &str, now: Timestamp) -> Option<String> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (code, said) = token.split_at_checked(ID)?;
        let (moment, address) = said.split_at_checked(MOMENT)?;
        mac(&self.key, &[MAIL_IMAGE, moment, address]).verify_truncated_left(code).ok()?;
        let until = Timestamp::from_millis(i64::from_be_bytes(moment.try_into().ok()?));
        if now <= until { String::from_utf8(address.to_vec()).ok() } else { None }
    }

    /// A hash that only this installation can make.
    pub(crate) fn keyed(&self, what: &str, value: &str) -> String {
        keyed(&self.key, what, value)
    }

    fn mac(&self, said: &[u8]) -> Hmac<Sha256> {
        mac(&self.key, &[said])
    }
}

/// A hash under a key, of a value of some kind.
pub(crate) fn keyed(key: &[u8; 32], what: &str, value: &str) -> String {
    let parts = [b"kept as a hash\0".as_slice(), what.as_bytes(), b"\0", value.as_bytes()];
    URL_SAFE_NO_PAD.encode(mac(key, &parts).finalize().into_bytes())
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_that_we_signed_are_fetched() {
        let at = Timestamp::from_millis;
        let outside = Outside::new("https://d.example/", [7; 32]);
        let path = outside.mail_image("https://x.example/ü?a=1", at(1_000));
        let token = path.strip_prefix("/mail-images/").unwrap();
        assert_eq!(outside.open_mail_image(token, at(1_000)).as_deref(), Some("https://x.example/ü?a=1"));
        assert_eq!(outside.open_mail_image(token, at(1_001)), None, "its time is over");
        assert_eq!(
            Outside::new("https://d.example", [8; 32]).open_mail_image(token, at(0)),
            None,
            "not ours"
        );
        let whole = URL_SAFE_NO_PAD.decode(token).unwrap();
        for at_byte in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at_byte] ^= 1;
            assert_eq!(outside.open_mail_image(&URL_SAFE_NO_PAD.encode(changed), at(0)), None, "{at_byte}");
        }
        assert_eq!(outside.open_mail_image("", at(0)), None);
    }

    #[test]
    fn d5_the_address_of_a_picture_is_ours_and_ends() {
        let at = Timestamp::from_millis;
        let outside = Outside::new("https://d.example/", [7; 32]);
        let file = AttachmentId(Uuid::from_u128(42));
        let address = outside.picture(file, at(1_000));
        let token = address.strip_prefix("https://d.example/media/").unwrap();
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')), "{token}");
        assert_eq!(outside.open_picture(token, at(1_000)), Some(file));
        assert_eq!(outside.open_picture(token, at(1_001)), None, "its time is over");
        assert_eq!(Outside::new("https://d.example", [8; 32]).open_picture(token, at(0)), None, "not ours");
        for odd in ["", "x", "////", &token[1..], &token[..token.len() - 2], &format!("{token}AA")] {
            assert_eq!(outside.open_picture(odd, at(0)), None, "{odd}");
        }
        let whole = URL_SAFE_NO_PAD.decode(token).unwrap();
        for at_byte in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at_byte] ^= 1;
            assert_eq!(outside.open_picture(&URL_SAFE_NO_PAD.encode(changed), at(0)), None, "byte {at_byte}");
        }
    }

    #[test]
    fn h8_no_more_mails_is_said_by_whom_we_mailed() {
        let outside = Outside::new("https://d.example/", [7; 32]);
        let anna = EmailAddress::parse("anna@customer.example").unwrap();
        let link = outside.unsubscribe_link(&anna);
        let token = link.strip_prefix("https://d.example/u/").unwrap();
        assert_eq!(outside.open_unsubscribe_link(token), Some(anna.clone()));
        assert_eq!(
            Outside::new("https://d.example/", [8; 32]).open_unsubscribe_link(token),
            None,
            "not ours"
        );
        let (_, code) = token.split_once('.').unwrap();
        let bert = format!("{}.{code}", URL_SAFE_NO_PAD.encode("bert@customer.example"));
        for odd in ["", ".", "a.b", &bert, &token[1..]] {
            assert_eq!(outside.open_unsubscribe_link(odd), None, "{odd}");
        }
    }
}
