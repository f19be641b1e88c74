//! The mailboxes customers write to: where they forward to, how they are, and a trial mail that goes all the way round.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::{
    mailboxes::{Confirmation as Asked, Failure as Failed, HeldMail as Held, MailboxHealth, Trial as Tried},
    polls::Poll,
};
use domain::{EmailAddress, role::Permission};
use host::config::{Channel, ChannelKind, Imap};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    setup::Standing,
    view::{Page, Time, mail::Trust, word},
};

/// A mailbox of the organisation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mailbox {
    /// What customers write to, and the From of answers.
    address: String,
    /// Where it has to forward to.
    inbound: String,
    /// Who sets it up: `frontdesk.toml` or `console`.
    owner: &'static str,
    /// All services of the process that answers have it: false for a moment after a change.
    is_live: bool,
    /// Where mail goes out: the address of the relay without its password; `null`: the sandbox mailbox.
    #[schema(required = true)]
    relay: Option<String>,
    /// How it is read, where it cannot forward; `null`: it forwards.
    #[schema(required = true)]
    imap: Option<MailboxPolling>,
    /// Senders of mails are looked up in the DNS.
    asks_dns: bool,
    /// When the last mail came in.
    #[schema(required = true)]
    last_in_at: Option<Time>,
    /// When the last answer was written.
    #[schema(required = true)]
    last_out_at: Option<Time>,
    /// Mails that the relay has not taken yet, those for later left out.
    #[schema(required = true)]
    waiting: Option<WaitingMails>,
    /// The last mail of ours that did not arrive.
    #[schema(required = true)]
    last_failure: Option<MailFailure>,
    /// The last mail that came to a door and was held back; the ledger has it. It may have been for any mailbox.
    #[schema(required = true)]
    last_held: Option<HeldMail>,
    /// What providers asked before they forward, newest first, what may be forged last. It is never answered by itself.
    confirmations: Vec<ForwardingConfirmation>,
    /// The last trial mail.
    #[schema(required = true)]
    trial: Option<MailboxTrial>,
}

/// How a mailbox is read that cannot forward.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxPolling {
    /// Where it is read.
    server: String,
    /// Who signs in there.
    user: String,
    /// A password is set.
    has_password: bool,
    /// It takes access tokens instead, had so.
    #[schema(required = true)]
    oauth: Option<MailboxTokens>,
    /// The folder that is read.
    folder: String,
    /// Where mails go that were taken in.
    #[schema(required = true)]
    move_to: Option<String>,
    /// How often is looked, in seconds.
    poll_seconds: u64,
    /// The password may cross a network without encryption.
    allow_plain: bool,
    /// Mail to `user+anything@…` comes in as well.
    plus_addresses: bool,
    /// When that last worked.
    #[schema(required = true)]
    polled_at: Option<Time>,
    /// Why it does not work now.
    #[schema(required = true)]
    error: Option<String>,
    /// Since when it does not work.
    #[schema(required = true)]
    failing_since: Option<Time>,
    /// Nothing can be marked as seen there: what is new is known by its number alone.
    read_only: bool,
}

/// How access tokens for a mailbox are had; of secrets only whether they are set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxTokens {
    /// Where they are asked for.
    token_url: String,
    /// What the provider knows this installation by.
    client_id: String,
    /// It has a secret there.
    has_client_secret: bool,
    /// What for, where the provider asks.
    #[schema(required = true)]
    scope: Option<String>,
}

/// Mails that wait for the relay.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitingMails {
    /// How many.
    mails: i64,
    /// When the first of them was written.
    since: Time,
}

/// A mail that waits in the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldMail {
    /// When.
    at: Time,
    /// Why.
    reason: String,
}

/// A mail of ours that did not arrive.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailFailure {
    /// When that was known.
    at: Time,
    /// Why.
    reason: String,
    /// Its ticket.
    #[schema(required = true)]
    ticket_id: Option<Uuid>,
}

/// A provider asks whether mail may be forwarded to us.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ForwardingConfirmation {
    /// Its id.
    id: Uuid,
    /// What is typed in there. Not shown of one that may be forged.
    #[schema(required = true)]
    code: Option<String>,
    /// Or what is followed, at Google. Not shown of one that may be forged.
    #[schema(required = true)]
    link: Option<String>,
    /// Whose mail is to be forwarded.
    #[schema(required = true)]
    requested_by: Option<String>,
    /// Whether it is from who it says, once that is judged.
    #[schema(required = true)]
    trust: Option<Trust>,
    /// When.
    received_at: Time,
}

/// A trial mail: to the public address through the relay, and back through the forward.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailboxTrial {
    /// Its id.
    id: Uuid,
    /// What the relay said: `queued`, `sent`, `failed` or `uncertain`.
    #[schema(value_type = word::MessageStatus)]
    status: domain::MessageStatus,
    /// Why it will not come back.
    #[schema(required = true)]
    error: Option<String>,
    /// When it was written.
    sent_at: Time,
    /// When it came back.
    #[schema(required = true)]
    arrived_at: Option<Time>,
    /// It came back under our `Message-ID`: answers find their tickets.
    threaded: bool,
    /// What receivers will think of the sender of our answers, once that is judged.
    #[schema(required = true)]
    trust: Option<Trust>,
}

/// The mailboxes customers write to. What providers ask is shown to who may manage the inbox.
#[utoipa::path(get, path = "/mailboxes", tag = "settings", responses((status = 200, body = Page<Mailbox>)))]
pub async fn list(State(app): State<Shared>, Agent(actor): Agent) -> Answer<Json<Page<Mailbox>>> {
    let mut all = app.desk.mailboxes().await?;
    let held = if actor.role.may(Permission::ManageInbox) {
        app.desk.last_held_mail().await?.map(HeldMail::from)
    } else {
        all.iter_mut().for_each(|mailbox| mailbox.confirmations.clear());
        None
    };
    let standing = app.setup.all(&app.desk, ChannelKind::Mailbox).await?;
    let shown = standing.iter().filter_map(|standing| {
        let health = all.iter().position(|health| health.address.as_str() == standing.channel.name());
        shown(&app, standing, health.map(|place| all.swap_remove(place)), held.clone())
    });
    Ok(Json(Page::whole(shown.collect())))
}

/// Sends a trial mail to the public address of a mailbox; `trial_running` while the last one is fresh. How it gets on is
/// told by `mailbox.changed`.
#[utoipa::path(post, path = "/mailboxes/{id}/trial", tag = "settings",
    params(("id" = String, Path, description = "Address of the mailbox")),
    responses((status = 202, body = MailboxTrial)))]
pub async fn trial(
    State(app): State<Shared>,
    Manager(actor): Manager,
    Id(mailbox): Id<EmailAddress>,
) -> Answer<Response> {
    let trial = MailboxTrial::from(app.desk.try_mailbox(&mailbox, &actor).await?);
    Ok((StatusCode::ACCEPTED, Json(trial)).into_response())
}

pub(super) fn shown(
    app: &Shared,
    standing: &Standing,
    health: Option<MailboxHealth>,
    last_held: Option<HeldMail>,
) -> Option<Mailbox> {
    let Channel::Mailbox(mailbox) = &standing.channel else { return None };
    let health = health.unwrap_or_else(|| MailboxHealth::unknown(mailbox.address.clone()));
    Some(Mailbox {
        address: mailbox.address.to_string(),
        inbound: mailbox.inbound.to_string(),
        owner: standing.owner,
        is_live: standing.is_live,
        relay: app.mail.relay.clone(),
        imap: mailbox.imap.as_ref().map(|imap| polling(imap, health.poll)),
        asks_dns: app.mail.asks_dns,
        last_in_at: health.last_in.map(Time),
        last_out_at: health.last_out.map(Time),
        waiting: health
            .waiting
            .map(|waiting| WaitingMails { mails: waiting.mails, since: Time(waiting.since) }),
        last_failure: health.last_failure.map(Into::into),
        last_held,
        confirmations: health.confirmations.into_iter().map(Into::into).collect(),
        trial: health.trial.map(Into::into),
    })
}

fn polling(imap: &Imap, poll: Option<Poll>) -> MailboxPolling {
    let read_only = poll.as_ref().and_then(|poll| poll.mark).is_some_and(|mark| mark.by_number);
    let (polled_at, failing_since, error) =
        poll.map(|poll| (poll.polled_at, poll.failing_since, poll.error)).unwrap_or_default();
    MailboxPolling {
        server: imap.url.to_string(),
        user: imap.user.clone(),
        has_password: imap.password.is_some(),
        oauth: imap.oauth.as_ref().map(|oauth| MailboxTokens {
            token_url: oauth.token_url.to_string(),
            client_id: oauth.client_id.clone(),
            has_client_secret: oauth.client_secret.is_some(),
            scope: oauth.scope.clone(),
        }),
        folder: imap.folder.clone(),
        move_to: imap.move_to.clone(),
        poll_seconds: imap.poll_seconds,
        allow_plain: imap.allow_plain,
        plus_addresses: imap.plus_addresses,
        polled_at: polled_at.map(Time),
        error,
        failing_since: failing_since.map(Time),
        read_only,
    }
}

impl From<Failed> for MailFailure {
    fn from(failed: Failed) -> Self {
        Self { at: Time(failed.at), reason: failed.reason, ticket_id: failed.ticket_id.map(|id| id.0) }
    }
}

impl From<Held> for HeldMail {
    fn from(held: Held) -> Self {
        Self { at: Time(held.at), reason: held.reason }
    }
}

impl From<Asked> for ForwardingConfirmation {
    fn from(asked: Asked) -> Self {
        Self {
            id: asked.id.0,
            code: asked.code,
            link: asked.link,
            requested_by: asked.requested_by.map(|address| address.to_string()),
            trust: asked.trust.map(Into::into),
            received_at: Time(asked.received_at),
        }
    }
}

impl From<Tried> for MailboxTrial {
    fn from(tried: Tried) -> Self {
        Self {
            id: tried.id.0,
            status: tried.status,
            error: tried.error,
            sent_at: Time(tried.sent_at),
            arrived_at: tried.arrived_at.map(Time),
            threaded: tried.threaded,
            trust: tried.trust.map(Into::into),
        }
    }
}
