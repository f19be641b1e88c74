//! Mails: through the relay, or, without one, into the sandbox's mailbox.

use std::sync::Arc;

use bus::{Topic, topic};
use bytes::Bytes;
use domain::{
    Clock, MessageId,
    event::{DeliveryOutcome, OutboundEmail},
    message::Attachment,
};
use host::Blobs;
use url::Url;

use super::{
    Attempt, Sender,
    http::{self, Auth, Body, Call},
};

mod compose;
pub mod dkim;
mod relay;

use compose::Composed;
use dkim::Signers;
pub use relay::Relay;

/// Largest files of one mail together, in bytes: base64 makes them a third larger, and few relays take more.
const LARGEST_FILES: u64 = 25 * 1024 * 1024;

/// Where mails go.
pub enum Way {
    /// A relay.
    Relay(Relay),
    /// The sandbox's mailbox at this address.
    Sandbox(Url, reqwest::Client),
}

impl Way {
    /// Into the sandbox of the process at this address.
    pub fn sandbox(local_url: &Url, client: reqwest::Client) -> Self {
        let mut mailbox = local_url.clone();
        mailbox.set_path("/sandbox/mailbox");
        Self::Sandbox(mailbox, client)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Relay(_) => "relay",
            Self::Sandbox(..) => "sandbox",
        }
    }

    async fn take(&self, mail: Composed) -> Result<(), Attempt> {
        match self {
            Self::Relay(relay) => relay.send(&mail).await,
            Self::Sandbox(url, client) => {
                let body = Body::Bytes("message/rfc822", mail.raw);
                let call = Call::new(url.clone(), Auth::None, body);
                let answer = http::exchange(client, call).await?;
                match answer.verdict() {
                    Some(attempt) => Err(attempt),
                    None if answer.status.is_success() => Ok(()),
                    None => {
                        let status = answer.status.as_u16();
                        let reason = format!("the sandbox's mailbox refused it ({status})");
                        Err(Attempt::failed(format!("http_{status}"), reason))
                    }
                }
            }
        }
    }
}

/// Sends mails.
pub struct Mails {
    /// Where to.
    pub way: Way,
    /// Where attachments lie.
    pub blobs: Blobs,
    /// For the `Date`.
    pub clock: Arc<dyn Clock>,
    /// The keys mails are signed with.
    pub signers: Signers,
}

impl Mails {
    async fn files(&self, mail: &OutboundEmail) -> Result<Vec<(Attachment, Bytes)>, Attempt> {
        let size: u64 = mail.attachments.iter().map(|file| file.size).fold(0, u64::saturating_add);
        if size > LARGEST_FILES {
            let reason = "the attached files are too large for a mail: 25 MB together at most";
            return Err(Attempt::failed("attachments_too_large", reason));
        }
        let mut files = Vec::new();
        for file in &mail.attachments {
            let gone = || Attempt::failed("attachment_missing", format!("the file {:?} is gone", file.name));
            let key = file.blob.as_deref().ok_or_else(gone)?;
            let bytes =
                self.blobs.get(key).await.map_err(|error| Attempt::not_taken(format!("{error:#}")))?;
            files.push((file.clone(), bytes.ok_or_else(gone)?));
        }
        Ok(files)
    }

    async fn attempt(&self, mail: &OutboundEmail) -> Result<DeliveryOutcome, Attempt> {
        let files = self.files(mail).await?;
        let mut composed = compose::compose(mail, files, self.clock.now()).map_err(Attempt::refused)?;
        if let Some(signer) = self.signers.of(mail.from.domain()) {
            let signature = signer.sign(&composed.raw, self.clock.now());
            let signature = signature.map_err(|error| Attempt::not_taken(format!("{error:#}")))?;
            composed.raw = [signature.as_bytes(), &composed.raw].concat().into();
        }
        self.way.take(composed).await?;
        Ok(DeliveryOutcome::Sent {
            external_id: mail.mail_id.clone(),
            more_ids: Vec::new(),
            account: mail.from.to_string(),
            provider: self.way.name().to_owned(),
        })
    }
}

impl Sender for Mails {
    type Work = OutboundEmail;
    const TOPIC: Topic<OutboundEmail> = topic::OUTBOUND_EMAIL;

    fn message_id(mail: &OutboundEmail) -> MessageId {
        mail.message_id
    }

    async fn send(&self, mail: &OutboundEmail) -> Attempt {
        self.attempt(mail).await.map_or_else(|attempt| attempt, Attempt::Done)
    }
}
