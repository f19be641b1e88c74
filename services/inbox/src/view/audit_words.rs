//! The words of the audit log as OpenAPI enumerations, beside those of [`super::word`].

use utoipa::ToSchema;

/// What was done.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AuditAction {
    /// It is new.
    Added,
    /// It is otherwise.
    Changed,
    /// It is no more.
    Removed,
    /// It has another order.
    Reordered,
    /// A customer was blocked.
    Blocked,
    /// A customer was unblocked.
    Unblocked,
    /// Another customer was merged into this one.
    Merged,
    /// A merge was undone.
    Unmerged,
    /// A word on consent was recorded by hand.
    ConsentRecorded,
    /// Words on consent were brought in from elsewhere.
    ConsentImported,
    /// Somebody signed in.
    SignedIn,
    /// Somebody was refused.
    SignInFailed,
    /// Somebody signed out.
    SignedOut,
    /// Sessions were ended.
    SessionsEnded,
    /// A password was set.
    PasswordChanged,
    /// A way to choose a new password was asked for.
    PasswordForgotten,
    /// A link that signs in once was made.
    SignInLinkMade,
    /// A secret was changed.
    SecretChanged,
    /// It was tried out.
    Tried,
    /// Somebody was invited again.
    InvitedAgain,
    /// Somebody took an invitation up.
    Accepted,
    /// Codes were added to a coupon.
    CodesAdded,
    /// Something that came in was sent through again.
    Replayed,
    /// It was erased, with everything that belongs to it.
    Erased,
    /// Everything that is kept of a customer was given out.
    Exported,
    /// A second step at sign-in was set up.
    SecondStepOn,
    /// A second step at sign-in was taken away by who had it.
    SecondStepOff,
    /// A second step at sign-in was taken away by somebody else.
    SecondStepReset,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// Somebody signed in with a recovery code.
    RecoveryCodeUsed,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey has another name.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was refused whose counter went backwards: there may be a copy of it.
    PasskeyCopied,
    /// Somebody came in through the identity provider for the first time.
    IdentityLinked,
    /// The tie to the identity provider was taken away.
    IdentityUnlinked,
}

/// What it was done to.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AuditNoun {
    /// The settings.
    Settings,
    /// Somebody who works here.
    User,
    /// An invitation.
    Invitation,
    /// A key for a program.
    ApiKey,
    /// A team.
    Team,
    /// A rule.
    Rule,
    /// A view that everybody has.
    View,
    /// A tag.
    Tag,
    /// A quick response.
    QuickResponse,
    /// A webhook.
    Webhook,
    /// A mailbox.
    Mailbox,
    /// A customer.
    Profile,
    /// A coupon.
    Coupon,
    /// A line of the ledger.
    Ledger,
    /// A number customers text to.
    Number,
    /// A site with the chat on its pages.
    ChatSite,
}

/// What kind of somebody did it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AuditBy {
    /// A person.
    User,
    /// A program with an API key.
    ApiKey,
    /// Frontdesk itself, or its command line.
    System,
    /// Somebody who was not let in.
    Nobody,
}
