//! The words of the domain as OpenAPI enumerations; a test keeps them the same.

use utoipa::ToSchema;

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
        use domain::consent;
        assert_eq!(words::<super::Channel>(), said(domain::Channel::ALL));
        assert_eq!(words::<super::Direction>(), said(domain::Direction::ALL));
        assert_eq!(words::<super::AuthorKind>(), said(domain::AuthorKind::ALL));
        assert_eq!(words::<super::MessageStatus>(), said(domain::MessageStatus::ALL));
        assert_eq!(words::<super::Role>(), said(&domain::Role::ALL));
        assert_eq!(
            words::<super::ConsentKind>(),
            said(&consent::ConsentKind::ALL.map(consent::ConsentKind::as_str))
        );
        assert_eq!(words::<super::LedgerState>(), said(&desk::ledger::LedgerState::ALL));
    }
}
