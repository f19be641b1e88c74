//! Lets a mail be understood where it can do no harm: on a thread that is kept for that, with a time limit, and with a second
//! way for when the first panics or hangs.

use std::{sync::Arc, time::Duration};

use self::pool::{Failed, Pool};
use crate::{
    mail::{self, Arrival, Understood},
    routing::Routes,
};
use bytes::Bytes;
use domain::{EmailAddress, Timestamp};

mod pool;

/// A mail is understood within this time or taken in by its headers.
const LIMIT: Duration = Duration::from_secs(10);
/// Mails understood at the same time.
const PLACES: usize = 4;

/// A mail to understand, with all that is known of how it came.
#[derive(Clone, Debug)]
pub struct Case {
    /// The mail.
    pub raw: Bytes,
    /// The envelope sender, as in [`Arrival`].
    pub envelope_from: Option<String>,
    /// The envelope recipient as given.
    pub recipient: String,
    /// The mailbox it came for.
    pub mailbox: EmailAddress,
    /// All mailboxes.
    pub routes: Arc<Routes>,
    /// Now.
    pub now: Timestamp,
}

type Way = fn(&[u8], &Arrival<'_>) -> Understood;

impl Case {
    fn go(&self, way: Way) -> Understood {
        let arrival = Arrival {
            envelope_from: self.envelope_from.as_deref(),
            recipient: &self.recipient,
            mailbox: &self.mailbox,
            routes: &self.routes,
            now: self.now,
        };
        way(&self.raw, &arrival)
    }
}

/// The threads that mails are understood on. Cheap to clone.
#[derive(Clone)]
pub struct Guard(Pool);

impl Default for Guard {
    fn default() -> Self {
        Self(Pool::new(PLACES))
    }
}

impl Guard {
    /// Understands the mail, in the worst case by its headers alone.
    pub async fn understand(&self, case: Case) -> Understood {
        self.understand_by(mail::understand, LIMIT, case).await
    }

    async fn understand_by(&self, way: Way, limit: Duration, case: Case) -> Understood {
        let thinking = case.clone();
        match self.0.run(limit, move || thinking.go(way)).await {
            Ok(understood) => return understood,
            Err(Failed::Panicked) => {
                tracing::error!("a mail could not be understood; taken in by its headers")
            }
            Err(Failed::TooLate) => {
                tracing::error!("a mail took too long to understand; taken in by its headers");
            }
        }
        case.go(|raw, arrival| {
            mail::minimal::in_part(
                raw,
                arrival,
                "reading it took too long or failed: only its beginning was read",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        Case {
            raw: Bytes::from_static(b"From: Anna <anna@example.org>\r\nSubject: odd\r\n\r\nhello\r\n"),
            envelope_from: None,
            recipient: "support@in.example.net".into(),
            mailbox: "support@example.com".parse().unwrap(),
            routes: Arc::default(),
            now: Timestamp::from_millis(0),
        }
    }

    #[tokio::test]
    async fn a_mail_that_makes_the_parser_panic_or_hang_is_taken_in_by_its_headers() {
        let panics: Way = |_, _| panic!("a bug in a parser");
        let hangs: Way = |_, _| {
            std::thread::sleep(Duration::from_secs(1));
            panic!("too late")
        };
        for way in [panics, hangs] {
            let understood = Guard::default().understand_by(way, Duration::from_millis(100), case()).await;
            assert_eq!(understood.event.from.as_str(), "anna@example.org");
            assert_eq!((understood.event.subject.as_str(), understood.event.text.as_str()), ("odd", "hello"));
        }
    }
}
