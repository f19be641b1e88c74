//! One file per story; each runs in both shapes.

mod bad_input;
mod carried;
mod carriers;
mod channels;
mod chat;
mod chat_abuse;
mod chat_identity;
mod colleagues;
mod doctor;
mod follow_up;
mod forwarded;
mod hostile;
mod imap;
mod inbox;
mod keywords;
mod leaving;
mod live;
mod mail;
mod mail_pipe;
mod mailboxes;
mod people;
mod restart;
mod robots;
mod text;
mod trace;
mod trust;
mod webhooks;
mod world;

/// Makes two tests of each story: as one process, and as a cluster with two replicas of every role.
macro_rules! in_both_shapes {
    ($($story:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(harness::frontdesk::Shape::Embedded).await;
            })+
        }
        mod cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(harness::frontdesk::Shape::Cluster { replicas: 2 }).await;
            })+
        }
    };
}
use in_both_shapes;
