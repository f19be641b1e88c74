//! Signed names in our mails, so that what comes back says where it belongs: the tag of the Reply-To address names the
//! ticket, that of the envelope sender the message (VERP), and a `Message-ID` its message. Nobody can make one, and one
//! of another mailbox is worth nothing. Lower case only: some servers fold the local part of an address. Pure.

use domain::{EmailAddress, MessageId, TicketId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Letters of a tag: 5 bits each (RFC 4648's base32 in lower case).
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Bytes of an id and of the code over it; 80 bits of code are beyond guessing over mail.
const ID: usize = 16;
const CODE: usize = 10;
/// Letters of an id and of a code.
const ID_LETTERS: usize = 26;
const CODE_LETTERS: usize = 16;
/// Longest local part of an address, in bytes (RFC 5321 §4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// What a tag names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTag {
    /// Answers come here: the ticket.
    Ticket(TicketId),
    /// Bounces come here: the message.
    Bounce(MessageId),
    /// The left side of a `Message-ID` of ours: the message.
    MailId(MessageId),
}

impl MailTag {
    fn kind(self) -> char {
        match self {
            Self::Ticket(_) => 't',
            Self::Bounce(_) => 'b',
            Self::MailId(_) => 'm',
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Ticket(id) => id.0,
            Self::Bounce(id) | Self::MailId(id) => id.0,
        }
    }

    fn of(kind: char, id: Uuid) -> Option<Self> {
        Some(match kind {
            't' => Self::Ticket(TicketId(id)),
            'b' => Self::Bounce(MessageId(id)),
            'm' => Self::MailId(MessageId(id)),
            _ => return None,
        })
    }
}

/// Signs tags of one installation.
#[derive(Clone)]
pub struct MailTags {
    key: [u8; 32],
}

impl MailTags {
    /// With the key of the installation.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The tag as it is written.
    pub fn written(&self, tag: MailTag, mailbox: &EmailAddress) -> String {
        let id = tag.id();
        let code = self.code(tag.kind(), id, mailbox);
        format!("{}{}{}", tag.kind(), encoded(id.as_bytes()), encoded(&code))
    }

    /// `support+{tag}@in.example.net`; `None` where that would be longer than an address may be.
    pub fn address(
        &self,
        tag: MailTag,
        mailbox: &EmailAddress,
        inbound: &EmailAddress,
    ) -> Option<EmailAddress> {
        let (local, domain) = inbound.as_str().rsplit_once('@')?;
        let local = format!("{local}+{}", self.written(tag, mailbox));
        if local.len() > LONGEST_LOCAL {
            None
        } else {
            EmailAddress::parse(&format!("{local}@{domain}")).ok()
        }
    }

    /// What a tag of this mailbox names, if we wrote it. Capitals do not matter.
    pub fn read(&self, tag: &str, mailbox: &EmailAddress) -> Option<MailTag> {
        let tag = tag.trim().to_ascii_lowercase();
        let kind = tag.chars().next().filter(char::is_ascii)?;
        let (id, code) = tag.get(1..)?.split_at_checked(ID_LETTERS)?;
        if code.len() != CODE_LETTERS {
            return None;
        }
        let id = Uuid::from_bytes(decoded::<ID>(id)?);
        let mac = self.mac(kind, id, mailbox);
        mac.verify_truncated_left(&decoded::<CODE>(code)?).ok()?;
        MailTag::of(kind, id)
    }

    /// What an address of ours names by its `+tag`.
    pub fn of_address(&self, address: &EmailAddress, mailbox: &EmailAddress) -> Option<MailTag> {
        // an inbound address may have a tag of its own in front of ours
        let local = address.as_str().rsplit_once('@')?.0;
        self.read(local.rsplit_once('+')?.1, mailbox)
    }

    fn code(&self, kind: char, id: Uuid, mailbox: &EmailAddress) -> [u8; CODE] {
        let whole = self.mac(kind, id, mailbox).finalize().into_bytes();
        let mut code = [0; CODE];
        code.copy_from_slice(&whole[..CODE]);
        code
    }

    fn mac(&self, kind: char, id: Uuid, mailbox: &EmailAddress) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        mac.update(b"mail tag\0");
        mac.update(&[u8::try_from(kind).unwrap_or_default()]);
        mac.update(id.as_bytes());
        mac.update(mailbox.as_str().as_bytes());
        mac
    }
}

fn encoded(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(bits: u32) -> char {
    char::from(LETTERS[(bits & 31) as usize])
}

/// Exactly so many bytes; a text with bits left over is none of ours.
fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (mut bytes, mut at, mut held, mut bits) = ([0; N], 0, 0_u32, 0);
    for letter in text.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(at)? = u8::try_from((held >> bits) & 0xff).ok()?;
            at += 1;
        }
    }
    (at == N && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    fn tags() -> MailTags {
        MailTags::new([7; 32])
    }

    #[test]
    fn a_tag_comes_back_as_what_it_was_whatever_its_case() {
        let (support, id) = (mailbox("support@example.com"), Uuid::from_u128(0x0199_e0aa_7000_8000));
        let inbound = mailbox("support@in.example.net");
        for tag in
            [MailTag::Ticket(TicketId(id)), MailTag::Bounce(MessageId(id)), MailTag::MailId(MessageId(id))]
        {
            let written = tags().written(tag, &support);
            assert_eq!(written.len(), 1 + ID_LETTERS + CODE_LETTERS);
            assert_eq!(tags().read(&written.to_uppercase(), &support), Some(tag));
            let address = tags().address(tag, &support, &inbound).unwrap();
            assert_eq!(tags().of_address(&address, &support), Some(tag));
            let tagged = mailbox("support+shop@in.example.net");
            let address = tags().address(tag, &support, &tagged).unwrap();
            assert_eq!(tags().of_address(&address, &support), Some(tag));
        }
        assert_eq!(tags().of_address(&inbound, &support), None);
    }

    #[test]
    fn no_tag_can_be_made_or_changed_or_used_elsewhere() {
        let support = mailbox("support@example.com");
        let written = tags().written(MailTag::Ticket(TicketId(Uuid::from_u128(42))), &support);
        assert_eq!(tags().read(&written, &mailbox("sales@example.com")), None, "another mailbox");
        assert_eq!(MailTags::new([8; 32]).read(&written, &support), None, "another installation");
        for at in 0..written.len() {
            let mut changed = written.clone().into_bytes();
            changed[at] = if changed[at] == b'b' { b'c' } else { b'b' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tags().read(&changed, &support), None, "letter {at}");
        }
        for odd in
            ["", "t", "ü", "taaaa", &written[1..], &format!("{written}a"), "t\u{1f4a3}aaaaaaaaaaaaaaaaaa"]
        {
            assert_eq!(tags().read(odd, &support), None, "{odd}");
        }
    }

    #[test]
    fn an_address_that_would_be_too_long_is_not_made() {
        let (support, tag) = (mailbox("support@example.com"), MailTag::Ticket(TicketId(Uuid::nil())));
        let of = |length: usize| {
            let inbound = mailbox(&format!("{}@in.example.net", "a".repeat(length)));
            tags().address(tag, &support, &inbound)
        };
        assert!(of(20).is_some_and(|address| address.as_str().starts_with("aaaaaaaaaaaaaaaaaaaa+t")));
        assert_eq!(of(21), None);
    }
}
