//! Everything that is kept of a person, for themselves: what an erasure would take, read a page at a time, so that
//! nobody has to hold all of it. Drafts and answers that were taken back are not in it: they were never said.

use domain::{
    Address, Channel, Message, MessageId, NoteId, ProfileId, TicketId, Timestamp,
    audit::AuditAction,
    consent::ConsentRecord,
    event::{Note, TicketView},
    message::Attachment,
};
use serde_json::Value;

use crate::{
    Actor, Desk, DeskError,
    audit::{self, Customer, Deed},
    availability::Decided,
    ledger::LedgerState,
    profiles::ProfileView,
    store::{decisions, exports as rows, people},
};

/// A person whose everything is read, as they were when that began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Who.
    pub profile: ProfileView,
    /// Who was merged into them, with what is kept under that profile alone.
    pub merged: Vec<ProfileView>,
    /// Every word on consent, newest first.
    pub consents: Vec<ConsentRecord>,
    /// Addresses of theirs that asked for no more mails about chats, and when.
    pub no_mails_since: Vec<(String, Timestamp)>,
    /// Coupons they were given.
    pub coupons: Vec<GivenCoupon>,
    /// When it began: nothing newer is in it.
    pub begun_at: Timestamp,
}

/// A coupon that somebody was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenCoupon {
    /// Its name.
    pub name: String,
    /// The code.
    pub code: String,
    /// The ticket it was given in.
    pub ticket: TicketId,
    /// By whom.
    pub given_by: String,
    /// When.
    pub given_at: Timestamp,
}

/// A message with all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedMessage {
    /// The message.
    pub message: Message,
    /// Its channel.
    pub channel: Channel,
    /// Our number, mailbox or site.
    pub inbox: String,
    /// The customer's address, where it went to one.
    pub recipient: Option<String>,
    /// Subject of a mail.
    pub subject: Option<String>,
    /// A text of ours before its links were shortened.
    pub original: Option<String>,
    /// Whose id `external_id` is.
    pub carrier: Option<String>,
    /// The carrier's id of it.
    pub external_id: Option<String>,
    /// `Message-ID` of a mail.
    pub mail_id: Option<String>,
    /// Blob key of the mail as it came in.
    pub raw: Option<String>,
    /// When its state of delivery last changed.
    pub updated_at: Timestamp,
}

/// A visit to a short link in a text of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The link.
    pub code: String,
    /// A keyed hash of who it was.
    pub(crate) visitor: String,
    /// Where it leads.
    pub url: String,
    /// The text.
    pub message: MessageId,
    /// When.
    pub at: Timestamp,
}

/// Something that came in, became no message and was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Id of its line in the ledger.
    pub id: String,
    /// `sms`, `email`, `chat`; empty for what has none.
    pub channel: String,
    /// What became of it.
    pub state: LedgerState,
    /// Why.
    pub reason: String,
    /// What came in.
    pub event: Value,
    /// When.
    pub received_at: Timestamp,
}

impl Kept {
    /// Its files.
    pub fn files(&self) -> Vec<Attachment> {
        let files = self.event["attachments"].as_array().into_iter().flatten();
        files.filter_map(|file| serde_json::from_value(file.clone()).ok()).collect()
    }

    /// Blob key of the mail as it came in.
    pub fn raw(&self) -> Option<&str> {
        self.event["raw"].as_str()
    }

    /// Whether it was sent from one of these: who is only named in it did not write it.
    fn is_from(&self, addresses: &[String]) -> bool {
        let visitor = &self.event["visitor"];
        let senders = [&self.event["from"], &visitor["id"], &visitor["email"]];
        let mut senders = senders.into_iter().filter_map(Value::as_str);
        senders.any(|sender| addresses.iter().any(|address| address.eq_ignore_ascii_case(sender)))
    }
}

/// Where a page of messages ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessagePlace(rows::Place);

impl Desk {
    /// Begins to read everything of a person; the audit log says so. One that was merged into another is that one.
    ///
    /// # Errors
    /// There is no such profile.
    pub async fn begin_export(&self, id: ProfileId, actor: &Actor) -> Result<Export, DeskError> {
        let profile = self.profile(id).await?;
        let mut merged = Vec::new();
        let mut consents = people::consents(&self.store, profile.id).await?;
        for id in rows::merged(&self.store, profile.id).await? {
            merged.extend(people::profile(&self.store, id).await?);
            consents.extend(people::consents(&self.store, id).await?);
        }
        consents.sort_by_key(|line| std::cmp::Reverse(line.at));
        let mut no_mails_since = Vec::new();
        for address in mail_addresses(&profile) {
            let since = rows::no_mails_since(&self.store, &address).await?;
            no_mails_since.extend(since.map(|at| (address, at)));
        }
        let coupons = rows::coupons(&self.store, profile.id).await?;
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let deed = Deed::of(AuditAction::Exported, &Customer(profile.id));
        audit::record(&mut tx, actor, deed, now).await?;
        self.commit(tx, Vec::new()).await?;
        tracing::info!(profile = %profile.id, by = %actor.id, "a person is exported");
        Ok(Export { profile, merged, consents, no_mails_since, coupons, begun_at: now })
    }

    /// Some of their tickets, by number, after one; none at the end.
    ///
    /// # Errors
    /// The person was erased or merged meanwhile.
    pub async fn exported_tickets(
        &self,
        export: &Export,
        after: Option<i64>,
    ) -> Result<Vec<TicketView>, DeskError> {
        let id = self.still_there(export).await?;
        let found = rows::tickets(&self.store, id, export.begun_at, after.unwrap_or(0)).await?;
        Ok(found.into_iter().map(|row| row.view).collect())
    }

    /// Some messages of a ticket of theirs, or of those that are in none, after a place; none at the end.
    ///
    /// # Errors
    /// The person was erased or merged meanwhile.
    pub async fn exported_messages(
        &self,
        export: &Export,
        ticket: Option<TicketId>,
        after: Option<MessagePlace>,
    ) -> Result<(Vec<ExportedMessage>, Option<MessagePlace>), DeskError> {
        let id = self.still_there(export).await?;
        let after = after.map(|MessagePlace(place)| place);
        let found = rows::messages(&self.store, id, ticket, export.begun_at, after).await?;
        let last = found.last().map(|(place, _)| MessagePlace(*place));
        Ok((found.into_iter().map(|(_, message)| message).collect(), last))
    }

    /// Some notes about a ticket of theirs, after one; none at the end.
    ///
    /// # Errors
    /// The person was erased or merged meanwhile.
    pub async fn exported_notes(
        &self,
        export: &Export,
        ticket: TicketId,
        after: Option<NoteId>,
    ) -> Result<Vec<Note>, DeskError> {
        self.still_there(export).await?;
        rows::notes(&self.store, ticket, export.begun_at, after).await
    }

    /// What was decided about a ticket of theirs without a person, oldest first.
    ///
    /// # Errors
    /// The person was erased or merged meanwhile.
    pub async fn exported_decisions(
        &self,
        export: &Export,
        ticket: TicketId,
    ) -> Result<Vec<Decided>, DeskError> {
        self.still_there(export).await?;
        let mut found = decisions::of_ticket(&self.store, ticket, i64::MAX).await?;
        found.reverse();
        Ok(found)
    }

    /// Some of their visits to short links, after one; none at the end.
    ///
    /// # Errors
    /// The person was erased or merged meanwhile.
    pub async fn exported_visits(
        &self,
        export: &Export,
        after: Option<&Visit>,
    ) -> Result<Vec<Visit>, DeskError> {
        let id = self.still_there(export).await?;
        rows::visits(&self.store, id, after).await
    }

    /// Some of what came in from them, became no message and was kept, after a line of the ledger; none at the end.
    ///
    /// # Errors
    /// The person was erased or merged meanwhile.
    pub async fn exported_kept(&self, export: &Export, after: Option<&str>) -> Result<Vec<Kept>, DeskError> {
        let id = self.still_there(export).await?;
        rows::kept(&self.store, id, after.unwrap_or_default()).await
    }

    /// The same of what nobody was found for, such as dead letters; nothing finds it but reading all that is kept, some
    /// at a time. Where the next time begins; `None` at the end.
    ///
    /// # Errors
    /// The person was erased or merged meanwhile.
    pub async fn exported_strays(
        &self,
        export: &Export,
        after: Option<&str>,
    ) -> Result<(Vec<Kept>, Option<String>), DeskError> {
        let id = self.still_there(export).await?;
        let known = export.profile.addresses.iter().map(|known| known.address.value().to_owned());
        let claimed = export.profile.claimed_email.as_ref().map(ToString::to_string);
        let addresses: Vec<String> = known.chain(claimed).collect();
        let (mut found, next) =
            rows::kept_naming(&self.store, id, &addresses, after.unwrap_or_default()).await?;
        found.retain(|kept| kept.is_from(&addresses));
        Ok((found, next))
    }

    /// What is half of a person must not look like all of them.
    async fn still_there(&self, export: &Export) -> Result<ProfileId, DeskError> {
        let id = export.profile.id;
        if self.standing_profile(id).await? == id { Ok(id) } else { Err(DeskError::NotFound("profile")) }
    }
}

fn mail_addresses(profile: &ProfileView) -> Vec<String> {
    let mut found: Vec<String> = profile.claimed_email.iter().map(ToString::to_string).collect();
    for known in &profile.addresses {
        if let Address::Email(email) = &known.address
            && !found.iter().any(|address| address == email.as_str())
        {
            found.push(email.to_string());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_is_only_named_did_not_send_it() {
        let kept = |event: Value| Kept {
            id: "l1".into(),
            channel: "email".into(),
            state: LedgerState::Dead,
            reason: String::new(),
            event,
            received_at: Timestamp::from_millis(1),
        };
        let zora = ["zora@kunde.example".to_owned()];
        assert!(kept(json!({"from": "Zora@Kunde.example"})).is_from(&zora));
        assert!(kept(json!({"visitor": {"id": "v1", "email": "zora@kunde.example"}})).is_from(&zora));
        assert!(!kept(json!({"from": "b@x.example", "cc": ["zora@kunde.example"]})).is_from(&zora));
        assert!(!kept(Value::Null).is_from(&zora));
    }
}
