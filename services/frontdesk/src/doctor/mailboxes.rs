//! Mailboxes that are read where they are: whether that works. A token is asked for only where the refresh token that comes with
//! it can be kept: some providers take the one before back.

use std::sync::Arc;

use desk::Desk;
use domain::event::{RefreshTokenGiven, RefreshTokenQuery};
use futures::{FutureExt, future::BoxFuture};
use host::{HostParts, REFRESH_TOKENS, RefreshTokens, Vault, config::Imap};

use super::{Finding, complaint, places};
use crate::accounts;

/// The desk's database, where a single process keeps them.
struct Database(Desk);

impl Vault for Database {
    fn last(&self, asked: RefreshTokenQuery) -> BoxFuture<'_, anyhow::Result<Option<String>>> {
        async move { Ok(self.0.refresh_token(&asked).await?) }.boxed()
    }

    fn keep(&self, given: RefreshTokenGiven) -> BoxFuture<'_, anyhow::Result<()>> {
        async move { Ok(self.0.refresh_token_given(&given).await?) }.boxed()
    }
}

/// Where there is none yet, and none can be kept.
struct Nowhere;

impl Vault for Nowhere {
    fn last(&self, _: RefreshTokenQuery) -> BoxFuture<'_, anyhow::Result<Option<String>>> {
        async { anyhow::bail!("there is no database yet: start frontdesk first") }.boxed()
    }

    fn keep(&self, _: RefreshTokenGiven) -> BoxFuture<'_, anyhow::Result<()>> {
        async { anyhow::bail!("there is no database yet") }.boxed()
    }
}

/// Where the services of this installation keep them.
pub async fn refresh_tokens(parts: &HostParts) -> RefreshTokens {
    if parts.config().nats.url.is_some()
        && let Ok(bus) = parts.open_broker().await
    {
        return RefreshTokens::at_desk(parts.installation_secret(REFRESH_TOKENS), bus);
    }
    let vault: Arc<dyn Vault> = match places::is_database_there(parts.config()) {
        true => match accounts::open_desk_plainly(parts.config()).await {
            Ok(desk) => Arc::new(Database(desk)),
            Err(_) => Arc::new(Nowhere),
        },
        false => Arc::new(Nowhere),
    };
    RefreshTokens::over(parts.installation_secret(REFRESH_TOKENS), vault)
}

/// Whether a mailbox can be read.
pub async fn check(imap: &Imap, refresh_tokens: &RefreshTokens) -> Finding {
    let mend = match imap.oauth {
        Some(_) => {
            "correct url, user, folder and oauth in email.mailboxes.imap, or agree anew for another refresh_token"
        }
        None => {
            "correct url, user, password and folder in email.mailboxes.imap; many providers want an app password"
        }
    };
    email_ingest::imap::check(imap, refresh_tokens).await.map_err(|what| complaint(what, mend))
}
