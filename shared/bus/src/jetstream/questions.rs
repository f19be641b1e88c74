//! Signals and questions over core NATS: never stored.

use std::{borrow::Cow, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_nats::{Client, HeaderMap, Message, Request, Subscriber, client::RequestErrorKind};
use futures::{FutureExt, StreamExt, stream::BoxStream};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::connection::Link;
use crate::{ANSWER_WITHIN, AnswerFn, AskError, trace};

/// Replicas that answer the same question share it by this name.
const QUEUE: &str = "answer";

/// An answer with this header says why there is none.
const ERROR: &str = "Frontdesk-Error";

/// <https://www.w3.org/TR/trace-context/#traceparent-header>
const TRACEPARENT: &str = "traceparent";

/// Answers in the making, per question and process; more questions wait.
const AT_ONCE: usize = 64;

/// How long the questions that are on their way may take when answering stops.
const DRAINS_WITHIN: Duration = Duration::from_secs(2);

pub(super) async fn signal(link: &Link, subject: Cow<'static, str>, payload: Vec<u8>) {
    // Never waits for a lost connection, which would send it much later: it may be lost.
    if link.is_connected()
        && let Err(error) = link.client.publish(subject.into_owned(), payload.into()).await
    {
        tracing::debug!(%error, "a signal was lost");
    }
}

pub(super) async fn listen(
    link: &Link,
    subject: Cow<'static, str>,
) -> anyhow::Result<BoxStream<'static, Vec<u8>>> {
    let signals = link.client.subscribe(subject.into_owned()).await?;
    // So that nothing is missed that is signalled after this returns.
    let _ = timeout(Duration::from_secs(1), link.client.flush()).await;
    let closed = link.closed.clone();
    Ok(signals.map(|message| message.payload.to_vec()).take_until(closed.cancelled_owned()).boxed())
}

pub(super) async fn ask(link: &Link, subject: &'static str, payload: Vec<u8>) -> Result<Vec<u8>, AskError> {
    if !link.connected(Duration::from_millis(300)).await {
        return Err(AskError::NoAnswer(subject));
    }
    let mut headers = HeaderMap::new();
    if let Some(traceparent) = trace::current() {
        headers.insert(TRACEPARENT, traceparent);
    }
    let request = Request::new().payload(payload.into()).headers(headers).timeout(Some(ANSWER_WITHIN));
    let answer = link.client.send_request(subject, request).await.map_err(|error| match error.kind() {
        RequestErrorKind::TimedOut | RequestErrorKind::NoResponders => AskError::NoAnswer(subject),
        _ => AskError::Failed(subject, error.to_string()),
    })?;
    match answer.headers.as_ref().and_then(|headers| headers.get(ERROR)) {
        // The text is the payload: a header has no room for line breaks.
        Some(_) => Err(AskError::Failed(subject, String::from_utf8_lossy(&answer.payload).into_owned())),
        None => Ok(answer.payload.to_vec()),
    }
}

pub(super) async fn answer(
    link: &Link,
    subject: &'static str,
    answer: AnswerFn,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut questions = link.client.queue_subscribe(subject, QUEUE.into()).await?;
    let _ = timeout(Duration::from_secs(1), link.client.flush()).await;
    let running = TaskTracker::new();
    let free = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(Some(question)) = stop.run_until_cancelled(questions.next()).await {
        // The semaphore is never closed.
        let Ok(permit) = free.clone().acquire_owned().await else { break };
        let reply = reply(link.client.clone(), subject, answer.clone(), question);
        running.spawn(async move {
            reply.await;
            drop(permit);
        });
    }
    let rest = drained(&mut questions).await;
    for question in rest {
        running.spawn(reply(link.client.clone(), subject, answer.clone(), question));
    }
    running.close();
    running.wait().await;
    if link.is_connected() {
        let _ = timeout(DRAINS_WITHIN, link.client.flush()).await;
    }
    Ok(())
}

/// Leaves the queue and takes along what was sent here before.
async fn drained(questions: &mut Subscriber) -> Vec<Message> {
    let mut rest = vec![];
    let drain = async {
        questions.drain().await.ok()?;
        while let Some(question) = questions.next().await {
            rest.push(question);
        }
        Some(())
    };
    let _ = timeout(DRAINS_WITHIN, drain).await;
    rest
}

async fn reply(client: Client, subject: &'static str, answer: AnswerFn, question: Message) {
    let Some(to) = question.reply else { return };
    let span = tracing::info_span!("answer", otel.name = format!("answer {subject}"));
    let traceparent = question.headers.as_ref().and_then(|headers| headers.get(TRACEPARENT));
    trace::adopt(&span, traceparent.map(|value| value.as_str()));
    let call = AssertUnwindSafe(async { answer(question.payload.to_vec()).await });
    let answer = call.catch_unwind().instrument(span).await;
    let answer = answer.unwrap_or_else(|_| Err("the answering side panicked".into()));
    let sent = match answer {
        Ok(answer) => client.publish(to, answer.into()).await,
        Err(error) => {
            let mut headers = HeaderMap::new();
            headers.insert(ERROR, "1");
            client.publish_with_headers(to, headers, error.into()).await
        }
    };
    if let Err(error) = sent {
        tracing::warn!(subject, %error, "an answer could not be sent");
    }
}
