//! The mail of the customers: what the organisation sends them lies here, what they write goes over SMTP to the
//! product's own door, as if their provider had forwarded it.

use std::net::SocketAddr;

use anyhow::Context;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use domain::EmailAddress;
use host::config::Mailbox;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Json, Problem};

use super::{
    Shared, World, letter, smtp,
    store::{Happening, Mail},
};

/// Longest text of a mail, in characters.
const LONGEST: usize = 100_000;

/// `POST /sandbox/mailbox` (`message/rfc822`): a mail of the organisation to a customer.
pub async fn take(
    State(world): State<Shared>,
    headers: HeaderMap,
    raw: Bytes,
) -> Result<StatusCode, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("message/rfc822") {
        return Err(
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_mail").detail("send message/rfc822")
        );
    }
    let mail = letter::read(&raw, world.clock.now());
    let mail =
        mail.ok_or_else(|| Problem::bad_request("unreadable_mail", "this mail names no sender or receiver"))?;
    let itself = world.config.email.mailboxes.iter().find(|mailbox| mailbox.address.as_str() == mail.to);
    if let Some(mailbox) = itself {
        forward(&world, mailbox, &raw).await.map_err(|error| Problem::unavailable(format!("{error:#}")))?;
        return Ok(StatusCode::CREATED);
    }
    world.store.add(Happening::Mail(mail)).await?;
    Ok(StatusCode::CREATED)
}

/// A mail somebody wrote in the mailbox.
#[derive(Deserialize)]
pub struct Written {
    from: String,
    to: String,
    #[serde(default)]
    subject: String,
    text: String,
    /// Id of the mail it answers.
    #[serde(default)]
    in_reply_to: Option<String>,
}

/// `POST /sandbox/api/mails`: a customer's mail to the organisation. Answered once the product has taken it in.
pub async fn send(State(world): State<Shared>, Json(written): Json<Written>) -> Result<Json<Value>, Problem> {
    let invalid = |error: domain::AddressError| Problem::invalid(error.to_string());
    let from = EmailAddress::parse(&written.from).map_err(invalid)?;
    let to = EmailAddress::parse(&written.to).map_err(invalid)?;
    let mailbox = world.config.email.mailboxes.iter().find(|mailbox| mailbox.address == to);
    let mailbox =
        mailbox.ok_or_else(|| Problem::not_found(format!("{to} is no mailbox of this Frontdesk")))?;
    if written.text.trim().is_empty() || written.text.chars().count() > LONGEST {
        return Err(Problem::invalid(format!("a mail has 1 to {LONGEST} characters")));
    }
    let answered = written.in_reply_to.as_deref().and_then(|id| world.store.mail(id));
    let mail = compose(&world, &from, mailbox, written, answered);
    bring(&world, mailbox, &mail).await.map_err(|error| {
        tracing::warn!(error = format!("{error:#}"), "a mail of the sandbox was not taken in");
        Problem::unavailable(format!("Frontdesk did not take the mail: {error:#}"))
    })?;
    world.store.add(Happening::Mail(mail.clone())).await?;
    Ok(Json(json!(Happening::Mail(mail))))
}

fn compose(
    world: &World,
    from: &EmailAddress,
    mailbox: &Mailbox,
    written: Written,
    answered: Option<Mail>,
) -> Mail {
    let (in_reply_to, references) = answered.map_or_else(Default::default, |mail| {
        let mut references = mail.references;
        references.push(mail.id.clone());
        (vec![mail.id], references)
    });
    Mail {
        id: format!("{}@{}", Uuid::new_v4().simple(), from.domain()),
        from: from.to_string(),
        from_name: None,
        to: mailbox.address.to_string(),
        subject: written.subject.trim().chars().take(300).collect(),
        text: written.text,
        files: Vec::new(),
        in_reply_to,
        references,
        outbound: false,
        at: world.clock.now(),
    }
}

/// A mail of the organisation to itself: its provider forwards it like any other.
async fn forward(world: &World, mailbox: &Mailbox, raw: &[u8]) -> anyhow::Result<()> {
    let address = smtp_address(world).await?;
    smtp::deliver(&address, mailbox.address.as_str(), mailbox.inbound.as_str(), raw).await
}

async fn bring(world: &World, mailbox: &Mailbox, mail: &Mail) -> anyhow::Result<()> {
    let address = smtp_address(world).await?;
    smtp::deliver(&address, &mail.from, mailbox.inbound.as_str(), &letter::write(mail)).await
}

/// Where the product's SMTP door really is: the configured port may be 0, "any free one".
async fn smtp_address(world: &World) -> anyhow::Result<String> {
    let path = world.config.data_dir.join("listening.json");
    let told = tokio::fs::read(&path).await.with_context(|| format!("cannot read {}", path.display()))?;
    let told: Value = serde_json::from_slice(&told)?;
    let listening = told["smtp"].as_str().context("this process takes no mail")?;
    let mut address: SocketAddr = listening.parse().context("the mail server's address")?;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            [0, 0, 0, 0, 0, 0, 0, 1].into()
        });
    }
    Ok(address.to_string())
}
