//! What comes in becomes tickets, once, in the right place: the same suite over SQLite and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may panic; its helpers are part of it")]

mod world;

/// Each case on SQLite as a test of its own; on PostgreSQL one after the other, each in a database of its own on one
/// server: starting a server takes longer than any case.
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
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn all_of_it_on_postgresql() {
            let server = crate::world::server().await;
            $(
                println!("{}", stringify!($name));
                Box::pin($name(crate::world::World::postgres(&server).await)).await;
            )+
        }
    };
}

mod chat;
mod chat_live;
mod chat_order;
mod disposal;
mod email;
mod follow_up;
mod keywords;
mod leaving;
mod ledger;
mod mail_threads;
mod mailboxes;
mod notices;
mod once;
mod opt_outs;
mod pace;
mod parts;
mod pictures;
mod proposed;
mod routing;
mod sending;
mod sent_parts;
mod sms;
mod snooze;
mod trust;
