//! Server-sent events that have no end: the status, events and logs as they come. Each has an id, with
//! which a client that was cut off goes on.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use forge_api as api;
use tokio::sync::broadcast;

use super::answers::{Asked, EventBody, ask, problem};
use crate::input::{Ask, Inbox};
use crate::logs_api;

/// How often a status is sent at most.
const STATUS_EVERY: Duration = Duration::from_millis(100);

/// Every status is a whole one, so whoever comes back misses nothing; its id tells whether it is new.
pub(super) async fn status_stream(State(inbox): State<Inbox>, headers: HeaderMap) -> Response {
    let mut known = last_id(&headers);
    let mut news = match ask(&inbox, Ask::FollowStatus).await {
        Ok(news) => news,
        Err(error) => return problem(error),
    };
    let (events, body) = EventBody::new();
    tokio::spawn(async move {
        loop {
            let count = *news.borrow_and_update();
            let Ok(status) = ask(&inbox, |reply| Ask::Status(Vec::new(), reply)).await else {
                return;
            };
            let since = status.supervisor.as_ref().map_or("", |one| &one.started_at);
            let id = format!("{since}+{count}");
            if known.take().as_ref() != Some(&id)
                && events.send_as("status", Some(&id), &status).await.is_err()
            {
                return;
            }
            tokio::time::sleep(STATUS_EVERY).await;
            tokio::select! {
                changed = news.changed() => if changed.is_err() { return },
                () = events.0.closed() => return,
            }
        }
    });
    body.into_response()
}

/// The id of an event is its time.
pub(super) async fn events_stream(
    State(inbox): State<Inbox>,
    headers: HeaderMap,
    Asked(mut query): Asked<api::EventsQuery>,
) -> Response {
    let after = last_id(&headers).or_else(|| query.after.take());
    if after.is_some() {
        query.since.clone_from(&after);
    }
    // Subscribed first, so that nothing falls in between; what is in both is told by its time.
    let mut news = match ask(&inbox, Ask::FollowEvents).await {
        Ok(news) => news,
        Err(error) => return problem(error),
    };
    let mut past = match &query.since {
        Some(_) => match ask(&inbox, |reply| Ask::Events(query, reply)).await {
            Ok(past) => past,
            Err(error) => return problem(error),
        },
        None => Vec::new(),
    };
    if let Some(after) = &after {
        past.retain(|event| event.time != *after);
    }
    let (events, body) = EventBody::new();
    tokio::spawn(async move {
        let last = past.last().map(|event| event.time.clone()).or(after);
        for event in &past {
            if events.event(event).await.is_err() {
                return;
            }
        }
        loop {
            let event = tokio::select! {
                event = news.recv() => event,
                () = events.0.closed() => return,
            };
            match event {
                Ok(event) if last.as_ref().is_some_and(|last| event.time <= *last) => {}
                Ok(event) => {
                    if events.event(&event).await.is_err() {
                        return;
                    }
                }
                // A slow reader comes back and asks for what it has missed.
                Err(
                    broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed,
                ) => {
                    return;
                }
            }
        }
    });
    body.into_response()
}

pub(super) async fn logs_stream(
    State(inbox): State<Inbox>,
    headers: HeaderMap,
    Asked(mut query): Asked<api::LogsQuery>,
) -> Response {
    if let Some(last) = last_id(&headers) {
        query.after = Some(last);
    }
    let targets = logs_api::targets(&query);
    let place = match ask(&inbox, |reply| Ask::LogPlace(targets, reply)).await {
        Ok(place) => place,
        Err(error) => return problem(error),
    };
    match logs_api::follow(place, query, inbox).await {
        Ok(pieces) => EventBody(pieces).into_response(),
        Err(error) => problem(error),
    }
}

/// Where a client that was cut off wants to go on (the header of server-sent events).
pub(super) fn last_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("last-event-id")?.to_str().ok()?;
    (!id.is_empty()).then(|| id.to_string())
}
