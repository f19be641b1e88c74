//! What the customer's clocks show, and whether a text would wake them up now (D6).

use domain::{
    Address, Channel, PhoneNumber, ProfileId, Settings, TicketId, Timestamp,
    quiet_hours::QuietHours,
    settings,
    zone::{Hints, Source, Whereabouts, Zone},
};

use crate::{
    Actor, Desk, DeskError,
    settings::current,
    store::{Tx, people, people::Place, rows},
};

/// The customer's time, for the composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientTime {
    /// IANA names, the likeliest first; none if nothing is known.
    pub time_zones: Vec<String>,
    /// From what they are known.
    pub source: Source,
    /// What their clocks show; where the zones differ, the one where it is quiet, else the likeliest.
    pub local_time: Option<String>,
    /// A text would be refused now.
    pub quiet: bool,
    /// When it would be taken, where it would not be now.
    pub next_allowed_at: Option<Timestamp>,
    /// The hours of the settings.
    pub quiet_hours: settings::QuietHours,
}

/// It is quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Where.
    pub time_zone: String,
    /// What clocks show there.
    pub local_time: String,
    /// When it is over.
    pub until: Timestamp,
}

/// Whether it is quiet at that moment where the customer is.
fn look(settings: &Settings, zones: &[Zone], at: Timestamp) -> Option<Quiet> {
    let hours = QuietHours::of(&settings.sms.quiet_hours)?;
    let zone = hours.quiet_in(zones, at)?;
    let until = hours.next_allowed(zones, at);
    Some(Quiet { time_zone: zone.name().to_owned(), local_time: zone.clock(at), until })
}

fn whereabouts(place: &Place, number: Option<&PhoneNumber>) -> Whereabouts {
    Whereabouts::of(Hints {
        time_zone: place.time_zone.as_deref(),
        location: place.location.as_deref(),
        number,
    })
}

/// Whether it is quiet at that moment for a customer's number, as things stand in this transaction.
///
/// # Errors
/// The database cannot be read.
pub(crate) async fn quiet_at(
    tx: &mut Tx,
    profile: ProfileId,
    number: &str,
    at: Timestamp,
) -> Result<Option<Quiet>, DeskError> {
    let place = people::place(&mut **tx, profile).await?;
    let whereabouts = whereabouts(&place, PhoneNumber::parse(number).ok().as_ref());
    if whereabouts.zones.is_empty() {
        return Ok(None);
    }
    Ok(look(&current(&mut **tx).await?, &whereabouts.zones, at))
}

impl Desk {
    /// The time where the customer of a ticket is. Only texts have quiet hours.
    ///
    /// # Errors
    /// There is no such ticket.
    pub async fn recipient_time(&self, id: TicketId) -> Result<RecipientTime, DeskError> {
        let now = self.now();
        let mut connection = self.store.reader().acquire().await?;
        let ticket = rows::ticket_by_id(&self.store, &mut *connection, id).await?;
        let ticket = ticket.ok_or(DeskError::NotFound("ticket"))?.view;
        let place = people::place(&mut *connection, ticket.profile.id).await?;
        let settings = current(&mut *connection).await?;
        let is_text = ticket.channel == Channel::Sms;
        let number = match Address::of_sms_sender(&ticket.profile.address) {
            Address::Phone(number) if is_text => Some(number),
            _ => None,
        };
        let Whereabouts { zones, source } = whereabouts(&place, number.as_ref());
        let quiet = look(&settings, &zones, now).filter(|_| is_text);
        let shown = || zones.first().map(|zone| zone.clock(now));
        Ok(RecipientTime {
            time_zones: zones.iter().map(|zone| zone.name().to_owned()).collect(),
            source,
            local_time: quiet.as_ref().map(|quiet| quiet.local_time.clone()).or_else(shown),
            quiet: quiet.is_some(),
            next_allowed_at: quiet.map(|quiet| quiet.until),
            quiet_hours: settings.sms.quiet_hours,
        })
    }
}

impl Quiet {
    /// Who decided to write all the same, for the message's "why".
    pub(crate) fn decided_by(&self, actor: &Actor) -> String {
        format!("sent in quiet hours ({}) by {}'s decision", self.local_time, actor.name)
    }
}

impl From<Quiet> for DeskError {
    fn from(quiet: Quiet) -> Self {
        Self::QuietHours(quiet)
    }
}
