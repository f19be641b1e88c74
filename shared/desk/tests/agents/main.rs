//! What agents do at the desk: the same suite over SQLite and PostgreSQL.
#![cfg(test)]

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

mod accounts;
mod answers;
mod audit;
mod bulk;
mod campaigns;
mod coupons;
mod drafts;
mod erasure;
mod export;
mod invitations;
mod links;
mod lists;
mod mail_answers;
mod merge;
mod notes;
mod passkeys;
mod passkeys_demanded;
mod people;
mod provider;
mod reply;
mod retention;
mod search;
mod second_step;
mod tags;
mod teams;
mod tickets;
mod undo;
mod views;
mod webhooks;
