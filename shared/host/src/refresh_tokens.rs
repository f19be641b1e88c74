//! The last refresh token of a grant lies with the desk, sealed under the installation's key: what a provider gives instead of
//! the configured one is there after a restart, and for every replica.

use std::sync::Arc;

use bus::{
    Bus,
    topic::{REFRESH_TOKEN, REFRESH_TOKEN_GIVEN},
};
use domain::event::{RefreshTokenGiven, RefreshTokenQuery};
use futures::{FutureExt, future::BoxFuture};
use seal::Seal;
use web::oauth::{Grant, Keeper, Kept, Tokens};

/// Purpose of the key they are sealed under.
pub const REFRESH_TOKENS: &str = "refresh tokens";

/// Where sealed tokens lie.
pub trait Vault: Send + Sync {
    /// The last one of a grant.
    fn last(&self, asked: RefreshTokenQuery) -> BoxFuture<'_, anyhow::Result<Option<String>>>;
    /// From now on this one.
    fn keep(&self, given: RefreshTokenGiven) -> BoxFuture<'_, anyhow::Result<()>>;
}

/// The desk, asked over the bus.
struct Asked(Bus);

impl Vault for Asked {
    fn last(&self, asked: RefreshTokenQuery) -> BoxFuture<'_, anyhow::Result<Option<String>>> {
        async move { Ok(self.0.ask(REFRESH_TOKEN, &asked).await?) }.boxed()
    }

    fn keep(&self, given: RefreshTokenGiven) -> BoxFuture<'_, anyhow::Result<()>> {
        async move { Ok(self.0.ask(REFRESH_TOKEN_GIVEN, &given).await?) }.boxed()
    }
}

/// Makes the tokens of grants.
#[derive(Clone)]
pub struct RefreshTokens {
    seal: Seal,
    vault: Arc<dyn Vault>,
}

impl RefreshTokens {
    /// Sealed under this key, in this place.
    pub fn over(key: [u8; 32], vault: Arc<dyn Vault>) -> Self {
        Self { seal: Seal::new(key), vault }
    }

    /// Sealed under this key, with the desk.
    pub fn at_desk(key: [u8; 32], bus: Bus) -> Self {
        Self::over(key, Arc::new(Asked(bus)))
    }

    /// Tokens of a grant.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn of(&self, grant: Grant) -> anyhow::Result<Tokens> {
        let keeper = OfGrant { id: grant.id(), all: self.clone() };
        Tokens::new(grant, Arc::new(keeper))
    }
}

struct OfGrant {
    id: String,
    all: RefreshTokens,
}

impl Keeper for OfGrant {
    fn kept(&self) -> Kept<'_, Option<String>> {
        Box::pin(async {
            let sealed = self.all.vault.last(RefreshTokenQuery { grant: self.id.clone() }).await?;
            // Under another key it is as good as lost: the configured one is tried, and the provider says what it thinks.
            let opened = sealed.and_then(|sealed| self.all.seal.open(&self.id, &sealed));
            Ok(opened.and_then(|plain| String::from_utf8(plain).ok()))
        })
    }

    fn keep<'a>(&'a self, refresh_token: &'a str) -> Kept<'a, ()> {
        Box::pin(async {
            let sealed = self.all.seal.close(&self.id, refresh_token.as_bytes())?;
            self.all.vault.keep(RefreshTokenGiven { grant: self.id.clone(), sealed }).await
        })
    }
}
