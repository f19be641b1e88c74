//! Questions and signals.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bus::{AskError, Bus, Direct, Question, Signal};
use futures::{FutureExt, StreamExt, future::join_all};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::rig::{Note, Rig, SOON};

const DOUBLE: Question<Note, Note> = Question::new("ask.double");
const TYPING: Signal<Note> = Signal::new("signal.note");
const TOLD: Direct<Note> = Direct::new("live.note");

struct Answering {
    stop: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Answering {
    async fn stop(self) {
        self.stop.cancel();
        timeout(SOON, self.task).await.unwrap().unwrap().unwrap();
    }
}

/// Answers, and waits until it does.
async fn answer<F, Fut>(bus: &Bus, answer: F) -> Answering
where
    F: Fn(Note) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Note, String>> + Send + 'static,
{
    let stop = CancellationToken::new();
    let (bus, stopped) = (bus.clone(), stop.clone());
    let task = tokio::spawn(async move { bus.answer(DOUBLE, stopped, answer).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    Answering { stop, task }
}

async fn double(note: Note) -> Result<Note, String> {
    match note.number {
        13 => Err("thirteen\nis not doubled".into()),
        14 => panic!("fourteen"),
        number => Ok(Note { number: number * 2 }),
    }
}

pub async fn a_question_gets_its_answer(rig: impl Rig) {
    let bus = rig.open().await;
    let answering = answer(&bus, double).await;
    let answers = join_all((20..120).map(|number| {
        let bus = bus.clone();
        async move { bus.ask(DOUBLE, &Note { number }).await.unwrap().number }
    }))
    .await;
    assert_eq!(answers, (20..120).map(|number| number * 2).collect::<Vec<u64>>());
    answering.stop().await;
}

pub async fn a_question_that_fails_says_why(rig: impl Rig) {
    let bus = rig.open().await;
    let answering = answer(&bus, double).await;
    let failed = bus.ask(DOUBLE, &Note { number: 13 }).await;
    assert!(
        matches!(&failed, Err(AskError::Failed(_, why)) if why == "thirteen\nis not doubled"),
        "{failed:?}"
    );
    let panicked = bus.ask(DOUBLE, &Note { number: 14 }).await;
    assert!(matches!(&panicked, Err(AskError::Failed(_, why)) if why.contains("panicked")), "{panicked:?}");
    let unreadable = bus.ask(Question::<String, Note>::new(DOUBLE.subject), &"two".into()).await;
    assert!(matches!(unreadable, Err(AskError::Failed(..))), "{unreadable:?}");
    assert_eq!(bus.ask(DOUBLE, &Note { number: 1 }).await.unwrap().number, 2);
    answering.stop().await;
}

pub async fn a_question_nobody_answers_ends_soon(rig: impl Rig) {
    let bus = rig.open().await;
    let begun = Instant::now();
    let result = bus.ask(DOUBLE, &Note { number: 1 }).await;
    assert!(matches!(result, Err(AskError::NoAnswer(_))), "{result:?}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    let answering = answer(&bus, double).await;
    answering.stop().await;
    let result = bus.ask(DOUBLE, &Note { number: 1 }).await;
    assert!(matches!(result, Err(AskError::NoAnswer(_))), "{result:?}");
}

pub async fn answering_replicas_share_the_questions(rig: impl Rig) {
    let bus = rig.open().await;
    let counts = [Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0))];
    let mut answering = vec![];
    for count in counts.clone() {
        let counted = move |note| {
            count.fetch_add(1, Ordering::SeqCst);
            double(note)
        };
        answering.push(answer(&bus, counted).await);
    }
    for number in 100..200 {
        bus.ask(DOUBLE, &Note { number }).await.unwrap();
    }
    let [one, two] = counts.map(|count| count.load(Ordering::SeqCst));
    assert_eq!(one + two, 100);
    assert!(one >= 10 && two >= 10, "{one} and {two}");
    for one in answering {
        one.stop().await;
    }
}

pub async fn answering_stops_after_the_answers_in_flight(rig: impl Rig) {
    let bus = rig.open().await;
    let answering = answer(&bus, |note| async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        double(note).await
    })
    .await;
    let asked = tokio::spawn({
        let bus = bus.clone();
        async move { bus.ask(DOUBLE, &Note { number: 4 }).await }
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    answering.stop().await;
    assert_eq!(asked.await.unwrap().unwrap().number, 8);
}

pub async fn everybody_who_listens_hears_a_signal(rig: impl Rig) {
    let bus = rig.open().await;
    bus.signal(TYPING, &Note { number: 1 }).await;
    let mut ears = [bus.listen(TYPING).await.unwrap(), bus.listen(TYPING).await.unwrap()];
    bus.signal(TYPING, &Note { number: 2 }).await;
    bus.signal(TYPING, &Note { number: 3 }).await;
    for ear in &mut ears {
        assert_eq!(timeout(SOON, ear.next()).await.unwrap().unwrap().number, 2);
        assert_eq!(timeout(SOON, ear.next()).await.unwrap().unwrap().number, 3);
        assert!(ear.next().now_or_never().is_none());
    }
}

pub async fn only_who_listens_for_its_key_hears_a_direct_signal(rig: impl Rig) {
    let bus = rig.open().await;
    let [anna, ben] = [1, 2].map(Uuid::from_u128);
    let mut ears = [bus.listen_for(TOLD, anna).await.unwrap(), bus.listen_for(TOLD, anna).await.unwrap()];
    let mut other = bus.listen_for(TOLD, ben).await.unwrap();
    for number in 1..=100 {
        bus.signal_to(TOLD, anna, &Note { number }).await;
    }
    bus.signal_to(TOLD, ben, &Note { number: 500 }).await;
    for ear in &mut ears {
        for number in 1..=100 {
            assert_eq!(timeout(SOON, ear.next()).await.unwrap().unwrap().number, number);
        }
    }
    assert_eq!(timeout(SOON, other.next()).await.unwrap().unwrap().number, 500);
    let [gone, mut stays] = ears;
    drop(gone);
    bus.signal_to(TOLD, anna, &Note { number: 101 }).await;
    assert_eq!(
        timeout(SOON, stays.next()).await.unwrap().unwrap().number,
        101,
        "one goes, the other hears on"
    );
    assert!(other.next().now_or_never().is_none());
}

pub async fn a_lease_is_one_holders_until_it_is_given_back(rig: impl Rig) {
    let bus = rig.open().await;
    let mut first = bus.lease("work.1").await.unwrap().expect("nobody has it");
    assert!(bus.lease("work.1").await.unwrap().is_none());
    assert!(bus.lease("work.2").await.unwrap().is_some(), "another one");
    // Renewed once, it is still the first one's.
    assert!(timeout(Duration::from_secs(5), first.lost()).await.is_err());
    assert!(bus.lease("work.1").await.unwrap().is_none());
    first.release().await;
    let again = bus.lease("work.1").await.unwrap();
    assert!(again.is_some(), "it was given back");
}
