//! What comes in becomes tickets, once, in the right place: the same suite over SQLite and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may panic; its helpers are part of it")]

mod world;

/// Each test on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    Box::pin(super::$name(crate::world::World::sqlite().await)).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    Box::pin(super::$name(crate::world::World::postgres().await)).await;
                }
            )+
        }
    };
}

mod chat;
mod email;
mod keywords;
mod ledger;
mod once;
mod proposed;
mod sending;
mod sms;
mod snooze;
