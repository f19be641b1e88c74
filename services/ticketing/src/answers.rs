//! What other services ask of the desk. Replicas share the questions.

use std::future::Future;

use bus::{
    Question,
    topic::{
        CHAT_HISTORY, CHAT_STANDING, CLAIM_SEND, MAILBOX_POLLED, PAST_CHATS, POLL_MARK, REFRESH_TOKEN,
        REFRESH_TOKEN_GIVEN, RELEASE_SEND, SETTINGS, WEBHOOK_TRIED, WEBHOOK_WORK,
    },
};
use desk::{Desk, DeskError};
use host::Host;
use serde::{Serialize, de::DeserializeOwned};

/// Answers until the stop.
pub(crate) fn give(host: &mut Host, desk: &Desk) {
    answer(host, "ticketing answers claim_send", CLAIM_SEND, desk, |desk, claim| async move {
        desk.claim_send(&claim).await
    });
    answer(host, "ticketing answers release_send", RELEASE_SEND, desk, |desk, release| async move {
        desk.release_send(&release).await
    });
    answer(host, "ticketing answers webhook_work", WEBHOOK_WORK, desk, |desk, asked| async move {
        desk.webhook_work(&asked).await
    });
    answer(host, "ticketing answers webhook_tried", WEBHOOK_TRIED, desk, |desk, tried| async move {
        desk.webhook_tried(tried).await
    });
    answer(host, "ticketing answers poll_mark", POLL_MARK, desk, |desk, query| async move {
        desk.poll_mark(&query.address).await
    });
    answer(host, "ticketing answers mailbox_polled", MAILBOX_POLLED, desk, |desk, polled| async move {
        desk.mailbox_polled(&polled).await
    });
    answer(host, "ticketing answers refresh_token", REFRESH_TOKEN, desk, |desk, query| async move {
        desk.refresh_token(&query).await
    });
    answer(
        host,
        "ticketing answers refresh_token_given",
        REFRESH_TOKEN_GIVEN,
        desk,
        |desk, given| async move { desk.refresh_token_given(&given).await },
    );
    answer(host, "ticketing answers chat_history", CHAT_HISTORY, desk, |desk, query| async move {
        desk.chat_history(&query).await
    });
    answer(host, "ticketing answers chat_standing", CHAT_STANDING, desk, |desk, query| async move {
        desk.chat_standing(&query).await
    });
    answer(host, "ticketing answers past_chats", PAST_CHATS, desk, |desk, query| async move {
        desk.past_chats(&query).await
    });
    answer(
        host,
        "ticketing answers settings",
        SETTINGS,
        desk,
        |desk, ()| async move { desk.settings().await },
    );
}

fn answer<Q, A, F, Fut>(host: &mut Host, name: &'static str, question: Question<Q, A>, desk: &Desk, ask: F)
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
    F: Fn(Desk, Q) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<A, DeskError>> + Send + 'static,
{
    let (bus, desk, stopping) = (host.bus(), desk.clone(), host.stopping());
    host.spawn(name, async move {
        bus.answer(question, stopping, move |query| {
            let asked = ask(desk.clone(), query);
            async move { asked.await.map_err(|error| error.to_string()) }
        })
        .await
    });
}
