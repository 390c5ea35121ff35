//! The API's server: HTTP requests become questions to the loop, answers become HTTP. Decides nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use forge_api::{self as api, PREFIX, Problem, VERSION_HEADER, path};
use hyper::body::Frame;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::input::{Ask, Inbox, Input, Reply, Sink, Source};

/// The largest request: a client's environment.
const LARGEST: usize = 16 << 20;

/// How often a status is sent at most, and a stream without news is kept warm.
const STATUS_EVERY: Duration = Duration::from_millis(100);
const WARM: Duration = Duration::from_secs(15);

/// A server that works in the background.
pub(crate) struct Server {
    stop: oneshot::Sender<()>,
    work: JoinHandle<()>,
}

/// Serves in the background until told to end.
pub(crate) fn serve(listener: UnixListener, inbox: Inbox) -> Server {
    let app = router().with_state(inbox);
    let (stop, stopped) = oneshot::channel::<()>();
    let work = tokio::spawn(async move {
        let served = axum::serve(Owners(listener), app).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        if let Err(error) = served.await {
            eprintln!("supervisor: the API has ended: {error}");
        }
    });
    Server { stop, work }
}

impl Server {
    /// Takes no more connections, and ends once those that are there have their answers.
    pub(crate) async fn end(self) {
        let _ = self.stop.send(());
        let _ = self.work.await;
    }
}

/// Connections of the workspace's owner; others are closed unheard.
struct Owners(UnixListener);

impl axum::serve::Listener for Owners {
    type Io = UnixStream;
    type Addr = ();

    async fn accept(&mut self) -> (UnixStream, ()) {
        loop {
            match self.0.accept().await {
                Ok((stream, _)) => match forge_os::peer(&stream) {
                    Ok(peer) if peer.uid == forge_os::own_uid() || peer.uid == 0 => {
                        return (stream, ());
                    }
                    Ok(peer) => eprintln!("supervisor: refused a client of user {}", peer.uid),
                    Err(error) => eprintln!("supervisor: refused a client: {error}"),
                },
                Err(error) => {
                    // Out of descriptors, say: others may be closed by then.
                    eprintln!("supervisor: cannot accept a client: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

fn router() -> Router<Inbox> {
    let routes = Router::new()
        .route(path::STATUS, get(status))
        .route(path::STATUS_STREAM, get(status_stream))
        .route(path::START, post(start))
        .route(path::STOP, post(stop))
        .route(path::RESTART, post(restart))
        .route(path::RELOAD, post(reload))
        .route(path::RUN, post(run))
        .route(path::PAUSE, post(pause))
        .route(path::RESUME, post(resume))
        .route(path::SIGNAL, post(signal))
        .route(path::INPUT, post(input))
        .route(path::RESIZE, post(resize))
        .route(path::WAIT, post(wait))
        .route(path::EXEC, post(exec))
        .route(path::EVENTS, get(events))
        .route(path::EVENTS_STREAM, get(events_stream))
        .route(path::WHY, get(why))
        .route(path::GRAPH, get(graph))
        .route(path::PROFILES, get(profiles))
        .route(path::PS, get(ps))
        .route(path::DAEMON, get(daemon))
        .route(path::DAEMON_STOP, post(daemon_stop))
        .route(path::DAEMON_RESTART, post(daemon_restart));
    Router::new()
        .nest(PREFIX, routes)
        .fallback(async || {
            problem(
                Problem::usage("there is no such path in this version of the API"),
            )
        })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(axum::middleware::map_response(async |mut response: Response| {
            let version = HeaderValue::from_static(env!("CARGO_PKG_VERSION"));
            response.headers_mut().insert(VERSION_HEADER, version);
            response
        }))
}

/// `?name=…` and the like; what is missing is `None`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names {
    name: Option<String>,
    profile: Option<String>,
    secrets: Option<bool>,
}

impl Names {
    fn targets(&self) -> Vec<String> {
        self.name.iter().cloned().collect()
    }
}

async fn status(State(inbox): State<Inbox>, Query(names): Query<Names>) -> Response {
    json(ask(&inbox, |reply| Ask::Status(names.targets(), reply)).await)
}

async fn start(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Start)
}

async fn stop(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Stop)
}

async fn restart(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Restart)
}

async fn reload(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Reload)
}

async fn run(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Run)
}

async fn pause(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Pause).await
}

async fn resume(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Resume).await
}

async fn signal(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Signal).await
}

async fn input(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Input).await
}

async fn resize(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Resize).await
}

async fn wait(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Wait).await
}

async fn exec(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Exec).await
}

async fn events(State(inbox): State<Inbox>, Query(query): Query<api::EventsQuery>) -> Response {
    json(ask(&inbox, |reply| Ask::Events(query, reply)).await)
}

async fn why(State(inbox): State<Inbox>, Query(names): Query<Names>) -> Response {
    let name = names.name.unwrap_or_default();
    let secrets = names.secrets.unwrap_or(false);
    json(ask(&inbox, |reply| Ask::Why(name, secrets, reply)).await)
}

async fn graph(State(inbox): State<Inbox>, Query(names): Query<Names>) -> Response {
    json(ask(&inbox, |reply| Ask::Graph(names.profile, reply)).await)
}

async fn profiles(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, Ask::Profiles).await)
}

async fn ps(State(inbox): State<Inbox>, Query(names): Query<Names>) -> Response {
    json(ask(&inbox, |reply| Ask::Ps(names.targets(), reply)).await)
}

async fn daemon(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, Ask::Daemon).await)
}

async fn daemon_stop(State(inbox): State<Inbox>) -> Response {
    let (sink, source) = Sink::new();
    let _ = inbox.send(Input::Ask(Ask::DaemonStop(sink)));
    // Its end is all that anybody waits for.
    json(source.done.await.unwrap_or_else(|_| Err(lost())))
}

async fn daemon_restart(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, Ask::DaemonRestart).await)
}

async fn status_stream(State(inbox): State<Inbox>) -> Response {
    let mut news = match ask(&inbox, Ask::FollowStatus).await {
        Ok(news) => news,
        Err(error) => return problem(error),
    };
    let (events, body) = EventBody::new();
    tokio::spawn(async move {
        loop {
            let Ok(status) = ask(&inbox, |reply| Ask::Status(Vec::new(), reply)).await else {
                return;
            };
            if events.send("status", &status).await.is_err() {
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

async fn events_stream(
    State(inbox): State<Inbox>,
    Query(query): Query<api::EventsQuery>,
) -> Response {
    // Subscribed first, so that nothing falls in between; what is in both is told by its time.
    let mut news = match ask(&inbox, Ask::FollowEvents).await {
        Ok(news) => news,
        Err(error) => return problem(error),
    };
    let past = match &query.since {
        Some(_) => match ask(&inbox, |reply| Ask::Events(query, reply)).await {
            Ok(past) => past,
            Err(error) => return problem(error),
        },
        None => Vec::new(),
    };
    let (events, body) = EventBody::new();
    tokio::spawn(async move {
        let last = past.last().map(|event| event.time.clone());
        for event in &past {
            if events.send("event", event).await.is_err() {
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
                    if events.send("event", &event).await.is_err() {
                        return;
                    }
                }
                // A slow reader comes back and asks for what it has missed.
                Err(broadcast::error::RecvError::Lagged(_) | broadcast::error::RecvError::Closed) => {
                    return;
                }
            }
        }
    });
    body.into_response()
}

/// Asks the loop.
async fn ask<T>(inbox: &Inbox, question: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    let _ = inbox.send(Input::Ask(question(reply)));
    answer.await.unwrap_or_else(|_| Err(lost()))
}

/// The supervisor ends in the middle of it; the next one can be asked again.
fn lost() -> Problem {
    Problem::failed("the supervisor is ending").with_hint("ask again: the keeper starts another one")
}

async fn short<Q: DeserializeOwned, A: Serialize>(
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
fn long<Q: DeserializeOwned>(
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

async fn tell_progress(source: Source, events: Events) {
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

async fn tell_end(
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

fn read<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| Problem::usage(format!("the request cannot be read: {error}")))
}

fn json<A: Serialize>(answer: Result<A, Problem>) -> Response {
    match answer {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(error) => problem(error),
    }
}

/// RFC 9457.
fn problem(problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.http_status())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Where server-sent events are put.
struct Events(mpsc::Sender<Bytes>);

impl Events {
    async fn send(&self, name: &str, data: &impl Serialize) -> Result<(), ()> {
        let data = serde_json::to_string(data).map_err(|_| ())?;
        let event = format!("event: {name}\ndata: {data}\n\n");
        self.0.send(Bytes::from(event)).await.map_err(|_| ())
    }
}

/// A body that is written as it comes.
struct EventBody(mpsc::Receiver<Bytes>);

impl EventBody {
    fn new() -> (Events, Self) {
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
