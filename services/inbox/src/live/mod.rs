//! `GET /api/v1/live`: everything that happens at the desk, numbered, as server-sent events. After a break the
//! browser names the last number it saw, and nothing between is missing or comes twice.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use bus::Stream;
use desk::Actor;
use domain::UserId;
use futures::StreamExt;
use serde::Deserialize;
use tokio::{
    sync::{broadcast::error::RecvError, mpsc},
    time::{Instant, interval_at},
};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use web::{Problem, Query};

use crate::{Shared, auth, auth::Agent, refusal::Answer, view::event::LivePosition};

mod hub;
mod news;

pub use hub::Live;
use hub::{Joined, Missed};
use news::News;

/// A comment this often keeps the way open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What the browser waits before it comes back.
const COME_BACK: Duration = Duration::from_secs(1);
/// Events on their way to a slow reader.
const BUFFER: usize = 64;

type Sender = mpsc::Sender<Result<Event, Infallible>>;

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// The last number seen; the header `Last-Event-ID`, which browsers send by themselves, counts more.
    last_event_id: Option<u64>,
}

/// Server-sent events. First `ready` (or `reload`: too much was missed, fetch everything shown again), both with
/// `LivePosition`; then `message.received` and `message.queued` (`MessageAdded`), `message.moved` (`MessageMoved`),
/// `message.changed` (`MessageChanged`), `link.clicked` (`LinkClicked`), `ticket.changed` (`TicketChanged`),
/// `view.changed` (`ViewChanged`), `bulk.changed` (`BulkChanged`), `routing.changed` (`RoutingChanged`),
/// `mailbox.changed` (`MailboxChanged`), `settings.changed` (`Settings`), each with its number as `id`; and `typing` (`Typing`) and `presence`
/// (`AgentPresence`) without one.
#[utoipa::path(get, path = "/live", tag = "live", params(LiveQuery),
    responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn stream(
    State(app): State<Shared>,
    Agent(actor): Agent,
    headers: HeaderMap,
    Query(query): Query<LiveQuery>,
) -> Answer<Response> {
    let after = match headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default().trim()) {
        None | Some("") => query.last_event_id,
        Some(id) => {
            let bad = |_| {
                Problem::bad_request("bad_last_event_id", "Last-Event-ID must be a number this stream gave")
            };
            Some(id.parse().map_err(bad)?)
        }
    };
    let seat =
        app.live.take_seat().ok_or_else(|| Problem::unavailable("too many live streams are open here"))?;
    let (sender, receiver) = mpsc::channel(BUFFER);
    tokio::spawn(async move {
        let _seat = seat;
        if let Err(error) = follow(&app, (&headers, &actor), after, &sender).await {
            tracing::warn!(error = format!("{error:#}"), "a live stream ended");
        }
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("still here");
    Ok(([("x-accel-buffering", "no")], Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive))
        .into_response())
}

/// Sends until the reader goes, may not any more, is too slow, or this process stops.
async fn follow(
    app: &Shared,
    (headers, actor): (&HeaderMap, &Actor),
    after: Option<u64>,
    out: &Sender,
) -> anyhow::Result<()> {
    let user = actor.user;
    seen(app, user).await;
    let Joined { from, missed, mut news, mut passing, mut access } = app.live.join(&app.bus, after).await?;
    let position = serde_json::to_string(&LivePosition { seq: from.newest })?;
    let first = Event::default().event(from.name).id(from.after.to_string()).retry(COME_BACK).data(position);
    if out.send(Ok(first)).await.is_err() {
        return Ok(());
    }
    let mut sent = from.after;
    let mut long_gap = match missed {
        Missed::Kept(kept) => {
            for news in kept {
                if !send(out, &news, &mut sent).await {
                    return Ok(());
                }
            }
            None
        }
        Missed::Long => Some(app.bus.follow(Stream::Events, sent).await?),
    };
    let first_check = Instant::now() + app.check_readers_every;
    let mut checks = interval_at(first_check, app.check_readers_every);
    loop {
        let next = async {
            match &mut long_gap {
                Some(stored) => stored.next().await.map(|stored| Arc::new(News::of(&stored))),
                // Too slow: the browser comes back and names its last number.
                None => news.recv().await.ok(),
            }
        };
        let goes_on = tokio::select! {
            () = app.stopping.cancelled() => false,
            () = out.closed() => false,
            news = next => match news {
                Some(news) => send(out, &news, &mut sent).await,
                None => false,
            },
            whose = access.recv() => match whose {
                Ok(UserId(whose)) if whose != actor.id => true,
                Ok(_) | Err(RecvError::Lagged(_)) => auth::still_good(app, headers).await,
                Err(RecvError::Closed) => false,
            },
            Ok(told) = passing.recv() => out.send(Ok(Event::default().event(told.name).data(&*told.data))).await.is_ok(),
            _ = checks.tick() => {
                let good = auth::still_good(app, headers).await;
                seen(app, user.filter(|_| good)).await;
                good
            }
        };
        if !goes_on {
            return Ok(());
        }
    }
}

/// Whoever has the console open is here: tickets that waited for that are theirs now.
async fn seen(app: &Shared, user: Option<UserId>) {
    let Some(user) = user else { return };
    if let Err(error) = app.desk.was_seen(user).await {
        tracing::warn!(%error, "it could not be noted that somebody is here");
    }
}

/// `false` when nobody reads any more.
async fn send(out: &Sender, news: &News, sent: &mut u64) -> bool {
    if news.seq <= *sent {
        return true;
    }
    *sent = news.seq;
    let Some((name, data)) = &news.shown else { return true };
    let event = Event::default().event(*name).id(news.seq.to_string()).data(data);
    out.send(Ok(event)).await.is_ok()
}
