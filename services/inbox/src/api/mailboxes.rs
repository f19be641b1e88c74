//! The mailboxes customers write to: where they forward to, how they are, and a trial mail that goes all the way round.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use desk::mailboxes::{
    Confirmation as Asked, Failure as Failed, HeldMail as Held, MailboxHealth, Trial as Tried,
};
use domain::{EmailAddress, role::Permission};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::Json;

use super::Id;
use crate::{
    Shared,
    auth::{Agent, Manager},
    refusal::Answer,
    view::{Page, Time, mail::Trust, word},
};

/// A mailbox of the organisation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mailbox {
    /// What customers write to, and the From of answers.
    address: String,
    /// Where it has to forward to.
    #[schema(required = true)]
    inbound: Option<String>,
    /// Where mail goes out: the address of the relay without its password; `null`: the sandbox mailbox.
    #[schema(required = true)]
    relay: Option<String>,
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
    /// What providers asked before they forward, newest first. It is never answered by itself.
    confirmations: Vec<ForwardingConfirmation>,
    /// The last trial mail.
    #[schema(required = true)]
    trial: Option<MailboxTrial>,
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
    Ok(Json(Page::whole(all.into_iter().map(|one| shown(&app, one, held.clone())).collect())))
}

/// Sends a trial mail to the public address of a mailbox; `trial_running` while the last one is fresh. How it gets on is
/// told by `mailbox.changed`.
#[utoipa::path(post, path = "/mailboxes/{id}/trial", tag = "settings",
    params(("id" = String, Path, description = "Address of the mailbox")),
    responses((status = 202, body = MailboxTrial)))]
pub async fn trial(
    State(app): State<Shared>,
    _manager: Manager,
    Id(mailbox): Id<EmailAddress>,
) -> Answer<Response> {
    let trial = MailboxTrial::from(app.desk.try_mailbox(&mailbox).await?);
    Ok((StatusCode::ACCEPTED, Json(trial)).into_response())
}

fn shown(app: &Shared, health: MailboxHealth, last_held: Option<HeldMail>) -> Mailbox {
    let mail = &app.mail;
    let configured = mail.mailboxes.iter().find(|mailbox| mailbox.address == health.address);
    Mailbox {
        address: health.address.to_string(),
        inbound: configured.map(|mailbox| mailbox.inbound.to_string()),
        relay: mail.relay.clone(),
        asks_dns: mail.asks_dns,
        last_in_at: health.last_in.map(Time),
        last_out_at: health.last_out.map(Time),
        waiting: health
            .waiting
            .map(|waiting| WaitingMails { mails: waiting.mails, since: Time(waiting.since) }),
        last_failure: health.last_failure.map(Into::into),
        last_held,
        confirmations: health.confirmations.into_iter().map(Into::into).collect(),
        trial: health.trial.map(Into::into),
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
