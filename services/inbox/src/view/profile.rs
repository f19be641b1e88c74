//! Customers and their consent.

use desk::profiles::{KnownAddress, ProfileView};
use domain::consent::{ConsentKind, ConsentRecord, ConsentState};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, word};

/// A customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Profile {
    /// Id.
    pub id: Uuid,
    /// Name, where known.
    #[schema(required = true)]
    pub name: Option<String>,
    /// How they are known.
    pub addresses: Vec<Address>,
    /// An address that a visitor gave and nobody vouches for.
    #[schema(required = true)]
    pub claimed_email: Option<String>,
    /// What they agreed to.
    pub consent: ConsentSummary,
    /// Number of their tickets.
    pub tickets: i64,
    /// Blocked.
    pub blocked: bool,
    /// IANA time zone, where known.
    #[schema(required = true)]
    pub time_zone: Option<String>,
    /// Place, where known.
    #[schema(required = true)]
    pub location: Option<String>,
    /// Since when.
    pub created_at: Time,
}

/// One way a customer is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Address {
    /// `phone`, `sender`, `email`, `visitor` or `external`.
    pub kind: String,
    /// The address.
    pub value: String,
    /// Somebody vouches for it.
    pub verified: bool,
}

/// What a customer agreed to, by channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConsentSummary {
    /// Texts.
    pub sms: SmsConsent,
}

/// Whether a customer may be sent texts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SmsConsent {
    /// They agreed to some kind.
    pub subscribed: bool,
    /// The kinds they agreed to.
    #[schema(value_type = Vec<word::ConsentKind>)]
    pub kinds: Vec<ConsentKind>,
}

/// One line of a customer's consent history.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Consent {
    /// Always `sms`.
    #[schema(value_type = word::Channel)]
    pub channel: domain::Channel,
    /// Which kind.
    #[schema(value_type = word::ConsentKind)]
    pub kind: ConsentKind,
    /// Yes or no.
    #[schema(value_type = word::ConsentState)]
    pub state: ConsentState,
    /// Where it came from, such as `keyword:JOIN`.
    pub source: String,
    /// The evidence: what the customer said or agreed to.
    pub text: String,
    /// The organisation's number it concerns, where there is one.
    #[schema(required = true)]
    pub number: Option<String>,
    /// When.
    pub at: Time,
}

impl From<KnownAddress> for Address {
    fn from(known: KnownAddress) -> Self {
        let (kind, value) = (known.address.kind().to_owned(), known.address.value().to_owned());
        Self { kind, value, verified: known.verified }
    }
}

impl From<ProfileView> for Profile {
    fn from(view: ProfileView) -> Self {
        let sms = SmsConsent { subscribed: !view.sms_kinds.is_empty(), kinds: view.sms_kinds };
        Self {
            id: view.id.0,
            name: view.name,
            addresses: view.addresses.into_iter().map(Into::into).collect(),
            claimed_email: view.claimed_email.map(|email| email.to_string()),
            consent: ConsentSummary { sms },
            tickets: view.tickets,
            blocked: view.blocked,
            time_zone: view.time_zone,
            location: view.location,
            created_at: Time(view.created_at),
        }
    }
}

impl From<ConsentRecord> for Consent {
    fn from(record: ConsentRecord) -> Self {
        let ConsentRecord { kind, state, source, text, number, at } = record;
        Self { channel: domain::Channel::Sms, kind, state, source, text, number, at: Time(at) }
    }
}
