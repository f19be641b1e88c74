//! A campaign or flow message to a customer: one that was sent outside and is recorded, or one that we send. It shows
//! in the conversation (F1), but opens no ticket, moves none and marks none unread; the customer's next text may be
//! attributed to it (I1–I3).

use bus::Packet;
use domain::{
    Address, Author, AuthorKind, Channel, Message, MessageId, PhoneNumber, ProfileId, TicketId, Timestamp,
    attribution::window,
    consent::may_text,
    message::Attribution,
    ticket::{ReplyFacts, ReplyRefusal, State, may_reply},
};
use uuid::Uuid;

use crate::{
    Actor, Desk, DeskError, attribution, entropy,
    intake::sms_thread,
    links,
    outbound::{self, Departure, NewOutbound},
    quiet, settings,
    store::{
        Tx,
        addresses::{self, KnownProfile},
        campaigns, conversation, messages,
        rows::{TicketRow, consents_of},
        threads, ticket_write,
    },
};

/// Longest text, in characters: what carriers take.
const LONGEST: usize = 1_600;
/// Longest id or name of a campaign, in characters.
const LONGEST_NAME: usize = 200;
/// How far ahead of ours the clock of another system may be, in milliseconds.
const CLOCKS_DIFFER: i64 = 5 * 60 * 1000;

/// To whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A profile that is there.
    Profile(ProfileId),
    /// Whoever has this address. Nobody has the number: a profile is made.
    Address(Address),
}

/// What it is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `campaign` or `flow`.
    pub kind: AuthorKind,
    /// Its id outside.
    pub id: String,
    /// Its name; the id where there is none.
    pub name: String,
}

/// Whether it is gone already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It was sent outside, then; without a time, just now.
    SentOutside(Option<Timestamp>),
    /// We send it.
    Send,
}

/// A campaign or flow message.
#[derive(Clone, Debug)]
pub struct NewCampaignMessage {
    /// To whom.
    pub to: Recipient,
    /// Our number; the first one unless given.
    pub from: Option<PhoneNumber>,
    /// What it is part of.
    pub source: Source,
    /// The text.
    pub text: String,
    /// Whether it is gone already.
    pub way: Way,
    /// The request's `Idempotency-Key`: the message's id is made from it, so a repeat finds the first.
    pub key: Option<String>,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct CampaignMessage {
    /// The message.
    pub message: Message,
    /// The customer.
    pub profile: ProfileId,
}

impl CampaignMessage {
    /// The ticket of the customer and that number, where there is one.
    pub fn ticket(&self) -> Option<TicketId> {
        Some(self.message.ticket_id).filter(|ticket| !ticket.0.is_nil())
    }
}

impl Desk {
    /// Records a campaign or flow message, or sends it, outside the customer's quiet hours (D6).
    ///
    /// # Errors
    /// There is no such profile; it has no number; values that make no sense; to be sent: `sms_no_consent`,
    /// `profile_blocked`, `unreachable`; `idempotency_key_reused`.
    pub async fn add_campaign_message(
        &self,
        new: NewCampaignMessage,
        actor: &Actor,
    ) -> Result<CampaignMessage, DeskError> {
        check(&new, self.now())?;
        let mut tx = self.store.begin().await?;
        let id = match &new.key {
            Some(key) => MessageId::named(actor.id, key),
            None => MessageId::new(self.now(), &entropy()),
        };
        let (profile, to) = self.recipient(&mut tx, &new.to).await?;
        let from = self.sender(new.from.as_ref())?;
        if let Some(message) = self.earlier(&mut tx, id, &new).await? {
            return Ok(CampaignMessage { message, profile: profile.id });
        }
        let thread = threads::find(&mut tx, &sms_thread(from.as_str(), to.as_str())).await?;
        let mut ticket = match thread {
            Some(ticket) => ticket_write::lock(&self.store, &mut tx, ticket).await?,
            None => None,
        };
        let mut outbound = outbound_of(id, &new);
        let mut packets = match new.way {
            Way::Send => {
                self.may_send(&mut tx, &profile).await?;
                let quiet = quiet::quiet_at(&mut tx, profile.id, to.as_str(), self.now()).await?;
                outbound.departure.send_at = quiet.map(|quiet| quiet.until);
                self.queue(&mut tx, ticket.as_mut(), profile.id, (&from, &to), outbound).await?
            }
            Way::SentOutside(at) => {
                let at = at.unwrap_or(self.now());
                outbound::record(self, &mut tx, ticket.as_mut(), profile.id, (&from, at), outbound).await?
            }
        };
        let credited = Attribution {
            kind: new.source.kind,
            id: new.source.id.clone(),
            name: name_of(&new.source).to_owned(),
            message_id: id,
        };
        let message = self.written(&mut tx, id).await?;
        let sent_at = message.send_at.unwrap_or(message.sent_at);
        campaigns::insert(&mut tx, profile.id, &credited, sent_at).await?;
        packets.extend(self.settle(&mut tx, profile.id, sent_at).await?);
        self.commit(tx, packets).await?;
        Ok(CampaignMessage { message, profile: profile.id })
    }

    /// Who, and at which number.
    async fn recipient(&self, tx: &mut Tx, to: &Recipient) -> Result<(KnownProfile, PhoneNumber), DeskError> {
        let profile = match to {
            Recipient::Profile(id) => addresses::known(tx, *id).await?,
            Recipient::Address(address) => addresses::find(tx, address).await?,
        };
        let profile = match (profile, to) {
            (Some(profile), _) => profile,
            (None, Recipient::Address(address @ Address::Phone(_))) => {
                let id = ProfileId::new(self.now(), &entropy());
                let new = addresses::create(tx, id, address, None, self.now()).await?;
                self.recall_refusals(tx, new.id, address).await?;
                new
            }
            (None, _) => return Err(DeskError::NotFound("profile")),
        };
        let number = match to {
            Recipient::Address(Address::Phone(number)) => Some(number.clone()),
            _ => addresses::phone_of(tx, profile.id).await?,
        };
        let missing = || DeskError::invalid("profile", "this profile has no phone number");
        Ok((profile, number.ok_or_else(missing)?))
    }

    fn sender(&self, wanted: Option<&PhoneNumber>) -> Result<PhoneNumber, DeskError> {
        let numbers = &self.channels.numbers;
        let found = match wanted {
            Some(wanted) => numbers.iter().find(|number| *number == wanted),
            None => numbers.first(),
        };
        found.cloned().ok_or_else(|| DeskError::invalid("from", "from must be a number of this inbox"))
    }

    /// The message written before under the same key, if it is the same message.
    async fn earlier(
        &self,
        tx: &mut Tx,
        id: MessageId,
        new: &NewCampaignMessage,
    ) -> Result<Option<Message>, DeskError> {
        if !messages::exists(tx, id).await? {
            return Ok(None);
        }
        let message = self.written(tx, id).await?;
        let source = campaigns::campaign(tx, id).await?;
        let is_same = source.is_some_and(|source| source.id == new.source.id)
            && links::was_written_as(tx, &message, &new.text).await?;
        if !is_same {
            let reason = "this Idempotency-Key was used for another message";
            return Err(DeskError::conflict("idempotency_key_reused", reason));
        }
        Ok(Some(message))
    }

    async fn written(&self, tx: &mut Tx, id: MessageId) -> Result<Message, DeskError> {
        let message = conversation::message(&self.store, tx, TicketId(Uuid::nil()), id).await?;
        message.ok_or_else(|| DeskError::Refused("a message was not written".into()))
    }

    /// D2, D4; asked again at the moment of sending.
    async fn may_send(&self, tx: &mut Tx, profile: &KnownProfile) -> Result<(), DeskError> {
        let id = profile.id.to_string();
        let records = consents_of(&self.store, &mut **tx, std::slice::from_ref(&id)).await?;
        let facts = ReplyFacts {
            channel: Channel::Sms,
            state: State::Open,
            blocked: profile.blocked,
            sms_consent: records.get(&id).is_some_and(|all| may_text(all)),
            reachable: true,
        };
        may_reply(facts).map_err(|refusal: ReplyRefusal| refusal.into())
    }

    async fn queue(
        &self,
        tx: &mut Tx,
        ticket: Option<&mut TicketRow>,
        profile: ProfileId,
        numbers: (&PhoneNumber, &PhoneNumber),
        new: NewOutbound,
    ) -> Result<Vec<Packet>, DeskError> {
        Ok(match ticket {
            Some(ticket) => outbound::queue(self, tx, ticket, new).await?.1,
            None => {
                outbound::queue_without_ticket(self, tx, profile, numbers, new).await?.into_iter().collect()
            }
        })
    }

    async fn settle(&self, tx: &mut Tx, profile: ProfileId, at: Timestamp) -> Result<Vec<Packet>, DeskError> {
        let window = window(settings::current(&mut **tx).await?.sms.attribution_window_hours);
        let credits = attribution::settle(&self.store, tx, profile, at, window).await?;
        attribution::tell(self, tx, &credits).await
    }
}

fn name_of(source: &Source) -> &str {
    if source.name.trim().is_empty() { &source.id } else { source.name.trim() }
}

fn outbound_of(id: MessageId, new: &NewCampaignMessage) -> NewOutbound {
    let name = name_of(&new.source).to_owned();
    NewOutbound {
        id,
        why: format!("a message of the {} {name}", new.source.kind),
        author: Author { kind: new.source.kind, id: None, name: Some(name) },
        text: new.text.clone(),
        attachments: Vec::new(),
        recipients: None,
        departure: Departure::default(),
        needs_consent: true,
    }
}

fn check(new: &NewCampaignMessage, now: Timestamp) -> Result<(), DeskError> {
    let Source { kind, id, name } = &new.source;
    if !matches!(kind, AuthorKind::Campaign | AuthorKind::Flow) {
        return Err(DeskError::invalid("source", "source.kind must be campaign or flow"));
    }
    let long = |text: &str| text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control);
    if id.trim().is_empty() || long(id) || long(name) {
        return Err(DeskError::invalid(
            "source",
            format!("source needs an id and a name of at most {LONGEST_NAME} characters"),
        ));
    }
    if new.text.trim().is_empty() || new.text.chars().count() > LONGEST {
        return Err(DeskError::invalid("text", format!("text must have 1 to {LONGEST} characters")));
    }
    if let Way::SentOutside(Some(at)) = new.way
        && at > now.plus(CLOCKS_DIFFER)
    {
        return Err(DeskError::invalid("sent_at", "sent_at lies ahead: record a message once it is sent"));
    }
    Ok(())
}
