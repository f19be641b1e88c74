//! Mailboxes that cannot forward are read where they are (RFC 3501, IDLE RFC 2177, MOVE RFC 6851). One process at a time reads
//! one, by a lease. A mail is marked as seen, or moved, once it is durable and not before; if that mark is lost, it is read
//! once more and known again by its digest.
//!
//! What is taken in is what nobody has opened, and whatever came since the last look: somebody who reads the mailbox besides
//! takes nothing away from us.

mod connection;
mod plan;
mod round;
mod wire;
mod worker;

use host::{Host, RefreshTokens, config::Imap};

use crate::accept::Intake;

/// Reads every mailbox that is to be read.
///
/// # Errors
/// TLS cannot be set up.
pub fn start(host: &mut Host, intake: &Intake, max_size: usize) -> anyhow::Result<()> {
    let refresh_tokens = host.refresh_tokens();
    for mailbox in host.config().clone().email.mailboxes.iter() {
        let Some(imap) = mailbox.imap.clone() else { continue };
        let worker = worker::Worker {
            tokens: connection::tokens(&imap, &refresh_tokens)?,
            mailbox: mailbox.clone(),
            imap,
            intake: intake.clone(),
            bus: host.bus(),
            clock: host.clock(),
            max_size,
        };
        host.spawn("imap", worker.run(host.stopping()));
    }
    Ok(())
}

/// Signs in and looks into the folder, without touching anything: what was found there, for people.
///
/// # Errors
/// What does not work, for people.
pub async fn check(imap: &Imap, refresh_tokens: &RefreshTokens) -> Result<String, String> {
    let looked = async {
        let tokens = connection::tokens(imap, refresh_tokens);
        let tokens = tokens.map_err(|error| connection::simple(format!("{error:#}")))?;
        let mut open = connection::open(imap, tokens.as_ref()).await?;
        let folder = open.session.examine(plan::utf7(&imap.folder)).await;
        let folder = folder.map_err(|error| connection::folder_trouble(imap, &error))?;
        if imap.move_to.is_some() && !open.moves {
            return Err(connection::cannot_move());
        }
        let tells = if open.idles { "tells of new mail by itself" } else { "is asked for new mail" };
        let _ = open.session.logout().await;
        Ok(format!("{} holds {} mails; the server {tells}", imap.folder, folder.exists))
    };
    let looked = tokio::time::timeout(connection::WITHIN * 2, looked).await;
    looked
        .unwrap_or_else(|_| Err(connection::too_slow()))
        .map_err(|trouble: connection::Trouble| trouble.what)
}
