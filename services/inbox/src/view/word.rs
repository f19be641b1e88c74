//! The words of the domain as OpenAPI enumerations; a test keeps them the same.

use utoipa::ToSchema;

pub use super::{
    audit_words::{AuditAction, AuditBy, AuditNoun},
    calendar_words::{AppointmentKind, Attendance, RepeatsDay, RepeatsEvery},
    webhook_words::{WebhookEvent, WebhookKind, WebhookState},
};

/// The way a conversation travels.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Channel {
    /// Texts.
    Sms,
    /// Mail.
    Email,
    /// The web widget.
    Chat,
}

/// Where a ticket is in its life.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum TicketStatus {
    /// In progress.
    Open,
    /// Hidden until a time.
    Snoozed,
    /// Done.
    Closed,
}

/// What an agent does at a ticket.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PresenceState {
    /// It is in sight.
    Viewing,
    /// They write an answer or a note.
    Writing,
    /// It is not in sight any more.
    Gone,
}

/// What is done to many tickets.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum BulkAction {
    /// Closes each.
    Close,
    /// Opens each again.
    Reopen,
    /// Hides each until a time.
    Snooze,
    /// Gives each to somebody, or nobody.
    Assign,
    /// Adds tags.
    Tag,
    /// Takes tags away.
    Untag,
    /// Takes the dot away.
    Read,
    /// Sets the dot.
    Unread,
}

/// Where a change of many tickets is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum BulkState {
    /// It goes on.
    Running,
    /// All of it is done.
    Done,
    /// It is being undone.
    Undoing,
    /// It was undone.
    Undone,
}

/// Seen from the organisation.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Direction {
    /// From a customer.
    In,
    /// From the organisation.
    Out,
}

/// Who wrote a message.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AuthorKind {
    /// The customer.
    Customer,
    /// A person who answers from the inbox, or a program with an API key.
    Agent,
    /// The auto-responder.
    AutoResponder,
    /// The answer to a keyword.
    Keyword,
    /// A campaign.
    Campaign,
    /// A flow.
    Flow,
    /// The mail after a left chat.
    FollowUp,
    /// The product itself.
    System,
}

/// Where a message is on its way.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Inbound: here.
    Received,
    /// Accepted, not yet handed over.
    Queued,
    /// Being handed over.
    Sending,
    /// Taken by the carrier, relay or the visitor's browser.
    Sent,
    /// At the customer's device or mailbox.
    Delivered,
    /// Seen.
    Read,
    /// Will not arrive.
    Failed,
    /// Nobody knows whether it went out; it is not sent again by itself.
    Uncertain,
}

/// What somebody may do.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but touching an owner.
    Admin,
    /// Settings of the inbox, reports, tickets.
    Manager,
    /// Tickets.
    Support,
}

/// What the customer agreed to.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ConsentKind {
    /// Offers and news.
    Marketing,
    /// Answers and order news.
    Transactional,
}

/// The customer's word.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ConsentState {
    /// Yes.
    Subscribed,
    /// No.
    Unsubscribed,
}

/// What became of something taken in.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum LedgerState {
    /// A message in a ticket.
    Ticket,
    /// A keyword.
    Keyword,
    /// A carrier's receipt.
    Receipt,
    /// Had been taken in before.
    Duplicate,
    /// From a blocked profile: in quarantine.
    Blocked,
    /// Nothing for people.
    Robot,
    /// Refused at the door, but kept.
    Held,
    /// Could not be handled.
    Dead,
}

/// What kind of mail arrived.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum MailKind {
    /// A person wrote it.
    Human,
    /// Out of office and the like.
    AutoReply,
    /// A delivery failure.
    Bounce,
    /// Somebody called a mail of ours spam.
    AbuseReport,
    /// A mailing list, newsletter or other bulk.
    List,
    /// Some other program.
    System,
    /// An invitation, its change or its answer.
    Calendar,
}

/// What put a mail into its ticket.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum MailSignal {
    /// The signed address of the ticket.
    Token,
    /// The signed id of our mail that it answers.
    MessageId,
    /// A signed id of ours among the older ones it refers to.
    References,
    /// The id of another mail of the ticket.
    StoredId,
    /// The number of a ticket that its writer takes part in.
    Participant,
    /// The subject of a fresh conversation with the same writer.
    Subject,
    /// Nothing: it opened the ticket.
    New,
    /// An agent moved it here.
    Moved,
    /// An agent made a ticket of it.
    Split,
}

/// How far the sender of a mail is believed.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum TrustMark {
    /// The domain in `From` vouches for it.
    Good,
    /// Nothing speaks for it, nothing against it.
    Neutral,
    /// Forged by the word of its domain, or marked as spam.
    Doubtful,
    /// It could not be looked into.
    Unknown,
}

/// How a mail is protected.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum MailSecurity {
    /// Signed by S/MIME.
    SmimeSigned,
    /// Encrypted by S/MIME.
    SmimeEncrypted,
    /// Signed by PGP.
    PgpSigned,
    /// Encrypted by PGP.
    PgpEncrypted,
}

/// From what a customer's time zone is known.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ZoneSource {
    /// The zone in the profile.
    Profile,
    /// The place in the profile.
    Location,
    /// The number's prefix.
    Number,
    /// Nothing says.
    Unknown,
}

/// What becomes of the mail after a left chat.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum FollowUpStatus {
    /// Such mails are off.
    Off,
    /// The visitor is here.
    Here,
    /// They left; an answer would be mailed.
    Waiting,
    /// A mail leaves soon.
    Pending,
    /// A mail told of everything they have not seen.
    Sent,
    /// An agent cancelled the mail.
    Cancelled,
    /// There is no address.
    NoAddress,
    /// They asked for no more mails.
    Unsubscribed,
}

/// What proves that a call comes from a number's carrier.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum WebhookProof {
    /// A secret in the address.
    WebhookSecret,
    /// The carrier signs.
    Signature,
    /// Basic authorization.
    Basic,
    /// Nothing: every call is refused.
    None,
}

/// How urgent a ticket is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Priority {
    /// It may wait.
    Low,
    /// As most are.
    Normal,
    /// Before others.
    High,
    /// At once.
    Urgent,
}

/// What decides who gets a ticket, and what tickets are sorted by.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoutingPart {
    /// Teams and their members.
    Teams,
    /// Rules.
    Rules,
    /// Who is there, and how much they take.
    Availability,
    /// The list of tags.
    Tags,
}

/// How a tag is drawn.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum TagColour {
    /// As tags are that nobody gave a colour.
    Grey,
    /// Red.
    Red,
    /// Orange.
    Orange,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Teal.
    Teal,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Pink.
    Pink,
}

/// Whether somebody can be given tickets.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AvailabilityState {
    /// Here, and takes tickets.
    Available,
    /// Takes none for now.
    Away,
    /// Not here.
    Offline,
}

#[cfg(test)]
mod tests {
    use serde_json::to_value;
    use utoipa::PartialSchema;

    fn words<S: PartialSchema>() -> Vec<String> {
        let schema = to_value(S::schema()).unwrap();
        schema["enum"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }

    fn said<T: ToString>(all: &[T]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_words_of_the_api_are_those_of_the_domain() {
        use domain::{consent, mail};
        assert_eq!(words::<super::AuditAction>(), said(&domain::audit::AuditAction::ALL));
        assert_eq!(words::<super::AuditBy>(), said(&domain::audit::AuditBy::ALL));
        assert_eq!(words::<super::AuditNoun>(), said(&domain::audit::AuditNoun::ALL));
        assert_eq!(words::<super::MailKind>(), said(mail::MailKind::ALL));
        assert_eq!(words::<super::MailSignal>(), said(mail::Signal::ALL));
        assert_eq!(words::<super::TrustMark>(), said(mail::TrustMark::ALL));
        assert_eq!(words::<super::MailSecurity>(), said(mail::Security::ALL));
        assert_eq!(words::<super::AppointmentKind>(), said(&domain::calendar::AppointmentKind::ALL));
        assert_eq!(words::<super::Attendance>(), said(&domain::calendar::Attendance::ALL));
        assert_eq!(words::<super::RepeatsDay>(), said(&domain::calendar::Day::ALL));
        assert_eq!(words::<super::RepeatsEvery>(), said(&domain::calendar::Every::ALL));
        assert_eq!(words::<super::Channel>(), said(domain::Channel::ALL));
        assert_eq!(words::<super::Direction>(), said(domain::Direction::ALL));
        assert_eq!(words::<super::AuthorKind>(), said(domain::AuthorKind::ALL));
        assert_eq!(words::<super::MessageStatus>(), said(domain::MessageStatus::ALL));
        assert_eq!(words::<super::Priority>(), said(&domain::Priority::ALL));
        assert_eq!(words::<super::TagColour>(), said(&domain::tag::TagColour::ALL));
        assert_eq!(words::<super::WebhookEvent>(), said(&domain::webhook::WebhookEvent::ALL));
        assert_eq!(words::<super::WebhookKind>(), said(&domain::webhook::WebhookKind::ALL));
        assert_eq!(words::<super::WebhookState>(), said(&domain::webhook::DeliveryState::ALL));
        assert_eq!(words::<super::Role>(), said(&domain::Role::ALL));
        assert_eq!(
            words::<super::ConsentKind>(),
            said(&consent::ConsentKind::ALL.map(consent::ConsentKind::as_str))
        );
        assert_eq!(
            words::<super::ZoneSource>(),
            said(&domain::zone::Source::ALL.map(domain::zone::Source::as_str))
        );
        assert_eq!(words::<super::BulkState>(), said(&desk::bulk::Phase::ALL.map(desk::bulk::Phase::as_str)));
        assert_eq!(words::<super::LedgerState>(), said(&desk::ledger::LedgerState::ALL));
        assert_eq!(words::<super::FollowUpStatus>(), said(&domain::follow_up::Plan::WORDS));
        use host::config::WebhookProof;
        assert_eq!(words::<super::WebhookProof>(), said(&WebhookProof::ALL.map(WebhookProof::as_str)));
    }
}
