//! How the loop is asked, and how its answers, errors and news become HTTP.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use forge_api::{self as api, Problem};
use hyper::body::Frame;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use crate::input::{Ask, Inbox, Input, Reply, Sink, Source};

/// The type of an answer that is an error (RFC 9457).
pub(super) const PROBLEM: &str = "application/problem+json";

/// A stream without news is kept warm.
const WARM: Duration = Duration::from_secs(15);

/// The query of a request; one that cannot be read is a problem like any other.
pub(super) struct Asked<Q>(pub(super) Q);

impl<Q: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<Q> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let query = Query::<Q>::from_request_parts(parts, state).await;
        query.map(|Query(query)| Asked(query)).map_err(|error| {
            problem(Problem::usage(format!(
                "the query cannot be read: {}",
                error.body_text()
            )))
        })
    }
}

/// Asks the loop.
pub(super) async fn ask<T>(
    inbox: &Inbox,
    question: impl FnOnce(Reply<T>) -> Ask,
) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    let _ = inbox.send(Input::Ask(question(reply)));
    answer.await.unwrap_or_else(|_| Err(lost()))
}

/// The supervisor ends in the middle of it; the next one can be asked again.
pub(super) fn lost() -> Problem {
    let mut lost = Problem::failed("the supervisor is ending")
        .with_hint("ask again: the keeper starts another one");
    LOST.clone_into(&mut lost.kind);
    lost
}

/// The kind of a problem that no client hears: its connection breaks, as by any other end of a
/// supervisor, and it asks the next one.
const LOST: &str = "lost";

/// A body that breaks off before it has begun.
struct Cut;

impl HttpBody for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::Error::other("the supervisor is ending"))))
    }
}

pub(super) async fn short<Q: DeserializeOwned, A: Serialize>(
    inbox: &Inbox,
    body: &[u8],
    question: impl FnOnce(Q, Reply<A>) -> Ask,
) -> Response {
    match read(body) {
        Ok(request) => json(ask(inbox, |reply| question(request, reply)).await),
        Err(error) => problem(error),
    }
}

/// What takes time: progress as it comes, then the end.
pub(super) fn long<Q: DeserializeOwned>(
    inbox: &Inbox,
    body: &[u8],
    question: impl FnOnce(Q, Sink) -> Ask,
) -> Response {
    let request = match read(body) {
        Ok(request) => request,
        Err(error) => return problem(error),
    };
    let (sink, source) = Sink::new();
    let _ = inbox.send(Input::Ask(question(request, sink)));
    let (events, body) = EventBody::new();
    tokio::spawn(tell_progress(source, events));
    body.into_response()
}

pub(super) async fn tell_progress(source: Source, events: Events) {
    let Source {
        mut progress,
        mut done,
    } = source;
    loop {
        tokio::select! {
            // Progress first: the last of it comes together with the end.
            biased;
            changed = progress.changed() => {
                if changed.is_err() {
                    break;
                }
                let latest = progress.borrow_and_update().clone();
                if let Some(latest) = latest
                    && events.send("progress", &latest).await.is_err()
                {
                    return;
                }
            }
            end = &mut done => return tell_end(end, &events).await,
            () = events.0.closed() => return,
            () = tokio::time::sleep(WARM) => {
                if events.0.send(Bytes::from_static(b":\n\n")).await.is_err() {
                    return;
                }
            }
        }
    }
    tell_end(done.await, &events).await;
}

pub(super) async fn tell_end(
    end: Result<Result<serde_json::Value, Problem>, oneshot::error::RecvError>,
    events: &Events,
) {
    let _ = match end {
        Ok(Ok(answer)) => events.send("done", &answer).await,
        Ok(Err(error)) => events.send("problem", &error).await,
        // The stream ends without an end: the client asks the next supervisor.
        Err(_) => Ok(()),
    };
}

pub(super) fn read<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    // A list would be read as the fields in their order, and an empty one as a request for all.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::usage("the request is no JSON object"));
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::usage(format!("the request cannot be read: {error}")))
}

pub(super) fn json<A: Serialize>(answer: Result<A, Problem>) -> Response {
    match answer {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(error) => problem(error),
    }
}

/// RFC 9457.
pub(super) fn problem(problem: Problem) -> Response {
    if problem.kind == LOST {
        return Response::new(Body::new(Cut));
    }
    let status =
        StatusCode::from_u16(problem.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem)).into_response();
    let kind = HeaderValue::from_static(PROBLEM);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Where server-sent events are put.
pub(super) struct Events(pub(super) mpsc::Sender<Bytes>);

impl Events {
    pub(super) async fn send(&self, name: &str, data: &impl Serialize) -> Result<(), ()> {
        self.send_as(name, None, data).await
    }

    pub(super) async fn event(&self, event: &api::Event) -> Result<(), ()> {
        self.send_as("event", Some(&event.time), event).await
    }

    pub(super) async fn send_as(
        &self,
        name: &str,
        id: Option<&str>,
        data: &impl Serialize,
    ) -> Result<(), ()> {
        let data = serde_json::to_string(data).map_err(|_| ())?;
        let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
        let event = format!("event: {name}\n{id}data: {data}\n\n");
        self.0.send(Bytes::from(event)).await.map_err(|_| ())
    }
}

/// A body that is written as it comes.
pub(super) struct EventBody(pub(super) mpsc::Receiver<Bytes>);

impl EventBody {
    pub(super) fn new() -> (Events, Self) {
        let (send, receive) = mpsc::channel(16);
        (Events(send), EventBody(receive))
    }
}

impl IntoResponse for EventBody {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::new(self));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl HttpBody for EventBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0
            .poll_recv(context)
            .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
