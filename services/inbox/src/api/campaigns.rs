//! Campaign and flow messages: recorded, or sent.

use axum::{Extension, extract::State, http::StatusCode};
use desk::campaign::{CampaignMessage, NewCampaignMessage, Recipient, Source, Way};
use domain::{Address, AuthorKind, Channel, EmailAddress, MessageStatus, PhoneNumber, ProfileId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Json, Problem};

use crate::{
    Shared,
    auth::Agent,
    idempotent::RequestKey,
    refusal::Answer,
    view::{Time, message::Author, word},
};

/// A campaign or flow message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignMessageForm {
    /// To whom.
    profile: ProfileRef,
    /// `sms`.
    #[schema(value_type = word::Channel)]
    channel: Channel,
    /// Our number; the first one unless given.
    from: Option<String>,
    /// What it is part of.
    source: SourceForm,
    /// The text, up to 1,600 characters.
    text: String,
    /// With `send: false`: when it was sent; just now unless given.
    sent_at: Option<Time>,
    /// `true`: we send it, to whoever agreed to texts. `false`: it was sent outside, and is recorded.
    #[serde(default)]
    send: bool,
}

/// A customer by one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileRef {
    /// Id of the profile.
    pub(super) id: Option<Uuid>,
    /// Phone number; a profile is made where nobody has it.
    pub(super) phone: Option<String>,
    /// Mail address.
    pub(super) email: Option<String>,
    /// Id in another system.
    pub(super) external_id: Option<String>,
}

/// What a campaign or flow message is part of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceForm {
    /// `campaign` or `flow`.
    #[schema(value_type = word::AuthorKind)]
    kind: AuthorKind,
    /// Its id outside.
    id: String,
    /// Its name; the id unless given.
    #[serde(default)]
    name: String,
}

/// A campaign or flow message as it was written.
#[derive(Serialize, ToSchema)]
pub struct CampaignMessageView {
    /// Id.
    id: Uuid,
    /// The customer.
    profile_id: Uuid,
    /// The ticket it shows in; `null` as long as the customer has none with that number.
    #[schema(required = true)]
    ticket_id: Option<Uuid>,
    /// `campaign` or `flow`, with its name.
    author: Author,
    /// The text, as it goes out.
    text: String,
    /// Where it is on its way.
    #[schema(value_type = word::MessageStatus)]
    status: MessageStatus,
    /// SMS segments.
    #[schema(required = true)]
    segments: Option<i64>,
    /// When it was sent, or queued.
    sent_at: Time,
    /// While it is quiet where the customer is, and until its number has room: when it will go out.
    #[schema(required = true)]
    send_at: Option<Time>,
}

/// A campaign or flow message that was sent outside (`send: false`), or that is to be sent. It shows in the
/// conversation, but opens, moves and marks no ticket; the customer's next text may be attributed to it. 409 when it is
/// to be sent: `sms_no_consent`, `profile_blocked`.
#[utoipa::path(post, path = "/messages", tag = "messages", request_body = CampaignMessageForm,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeat harmless")),
    responses((status = 201, body = CampaignMessageView)))]
pub async fn add(
    State(app): State<Shared>,
    Agent(actor): Agent,
    key: Option<Extension<RequestKey>>,
    Json(form): Json<CampaignMessageForm>,
) -> Answer<(StatusCode, Json<CampaignMessageView>)> {
    if form.channel != Channel::Sms {
        return Err(Problem::invalid("channel: campaign messages go by sms").into());
    }
    let from = form.from.as_deref().map(PhoneNumber::parse).transpose();
    let new = NewCampaignMessage {
        to: form.profile.recipient().map_err(Problem::invalid)?,
        from: from.map_err(|error| Problem::invalid(format!("from: {error}")))?,
        source: Source { kind: form.source.kind, id: form.source.id, name: form.source.name },
        text: form.text,
        way: if form.send { Way::Send } else { Way::SentOutside(form.sent_at.map(|time| time.0)) },
        key: key.map(|Extension(RequestKey(key))| key),
    };
    let written = app.desk.add_campaign_message(new, &actor).await?;
    Ok((StatusCode::CREATED, Json(written.into())))
}

impl ProfileRef {
    /// Exactly one of the ways to name a customer.
    pub(super) fn recipient(self) -> Result<Recipient, String> {
        let odd = |error: domain::AddressError| format!("profile: {error}");
        match self {
            Self { id: Some(id), phone: None, email: None, external_id: None } => {
                Ok(Recipient::Profile(ProfileId(id)))
            }
            Self { id: None, phone: Some(phone), email: None, external_id: None } => {
                Ok(Recipient::Address(Address::Phone(PhoneNumber::parse(&phone).map_err(odd)?)))
            }
            Self { id: None, phone: None, email: Some(email), external_id: None } => {
                Ok(Recipient::Address(Address::Email(EmailAddress::parse(&email).map_err(odd)?)))
            }
            Self { id: None, phone: None, email: None, external_id: Some(id) } => {
                Ok(Recipient::Address(Address::External(id)))
            }
            _ => Err("profile: name one of id, phone, email and external_id".into()),
        }
    }
}

impl From<CampaignMessage> for CampaignMessageView {
    fn from(written: CampaignMessage) -> Self {
        let (ticket, message) = (written.ticket(), written.message);
        Self {
            id: message.id.0,
            profile_id: written.profile.0,
            ticket_id: ticket.map(|id| id.0),
            author: message.author.into(),
            text: message.text,
            status: message.status,
            segments: message.segments,
            sent_at: Time(message.sent_at),
            send_at: message.send_at.map(Time),
        }
    }
}
