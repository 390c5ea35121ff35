//! Requests to the supervisor, each in a task of its own; what is typed, in order.

use std::rc::Rc;

use forge_api::{
    Client, ClientError, InputRequest, KillPortRequest, NamesAnswer, ResizeRequest, RestartRequest,
    RevertRequest, StartRequest, StopRequest, Stream, TargetsRequest, path, query_string,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::Shared;
use crate::message::{Answer, Message, Request, Verb};

/// Bytes for the input of a process.
pub(super) struct Typed {
    pub(super) target: String,
    pub(super) bytes: Vec<u8>,
    pub(super) eof: bool,
}

/// Sends what is typed, one after another.
pub(super) fn typist(shared: &Rc<Shared>) -> mpsc::UnboundedSender<Typed> {
    let (send, mut typed) = mpsc::unbounded_channel::<Typed>();
    let shared = shared.clone();
    tokio::task::spawn_local(async move {
        let mut client: Option<Client> = None;
        while let Some(next) = typed.recv().await {
            let request = InputRequest {
                target: next.target,
                text: String::new(),
                bytes: next.bytes,
                eof: next.eof,
            };
            let sent = send_input(&shared, &mut client, &request).await;
            if let Err(error) = sent {
                client = None;
                let told = Message::Told(Err(super::api::said(&error)));
                if shared.tell.send(told).await.is_err() {
                    return;
                }
            }
        }
    });
    send
}

async fn send_input(
    shared: &Shared,
    kept: &mut Option<Client>,
    request: &InputRequest,
) -> Result<(), ClientError> {
    let client = match kept {
        Some(client) => client,
        None => kept.insert(
            shared
                .host
                .connect(false)
                .await
                .map_err(ClientError::Connection)?,
        ),
    };
    let _: serde_json::Value = client.post(path::INPUT, request).await?;
    Ok(())
}

/// Asks, and tells the model the answer.
pub(super) fn ask(shared: &Rc<Shared>, request: Request) {
    let shared = shared.clone();
    tokio::task::spawn_local(async move {
        if let Some(answer) = answer(&shared, request).await {
            let _ = shared.tell.send(Message::Answer(answer)).await;
        }
    });
}

async fn answer(shared: &Shared, request: Request) -> Option<Answer> {
    Some(match request {
        Request::Start {
            verb,
            targets,
            on_conflict,
        } => {
            let answer = start(shared, verb, targets.clone(), on_conflict).await;
            Answer::Started(verb, targets, answer)
        }
        Request::Stop { targets } => {
            let request = StopRequest {
                targets,
                ..StopRequest::default()
            };
            Answer::Stopped(long(shared, path::STOP, &request).await)
        }
        Request::Pause { targets } => named(shared, path::PAUSE, targets, "paused").await,
        Request::Resume { targets } => named(shared, path::RESUME, targets, "resumed").await,
        Request::Ports { all } => {
            let query = if all { "all=true" } else { "" };
            Answer::Ports(get(shared, path::PORTS, query).await)
        }
        Request::Orphans => Answer::Orphans(get(shared, path::ORPHANS, "").await),
        Request::OrphansKill => {
            let empty = serde_json::json!({});
            Answer::Orphans(post(shared, path::ORPHANS_KILL, &empty).await)
        }
        Request::KillPort { port } => {
            let request = KillPortRequest {
                port,
                ..KillPortRequest::default()
            };
            Answer::PortKilled(post(shared, path::KILL_PORT, &request).await)
        }
        Request::Monitor { since, points } => {
            let points = points.to_string();
            let query = query_string(&[
                ("since", Some(&since)),
                ("points", Some(&points)),
                ("metrics", Some("cpu_percent,memory_bytes")),
            ]);
            Answer::Monitor(get(shared, path::MONITOR, &query).await)
        }
        Request::Graph => Answer::Graph(get(shared, path::GRAPH, "").await),
        Request::Why(name) => {
            let query = query_string(&[("name", Some(&name))]);
            Answer::Why(name, get(shared, path::WHY, &query).await)
        }
        Request::Crash { process, id } => {
            let id = id.map(|id| id.to_string());
            let query = query_string(&[("name", Some(&process)), ("id", id.as_deref())]);
            Answer::Crash(process, get(shared, path::CRASH, &query).await)
        }
        Request::Revert { process, id } => {
            let request = RevertRequest {
                name: Some(process),
                id,
            };
            Answer::Reverted(post(shared, path::CRASH_REVERT, &request).await)
        }
        Request::Resize {
            target,
            rows,
            cols,
            nudge,
        } => {
            let smaller = rows.saturating_sub(1).max(1);
            for rows in [smaller, rows].into_iter().skip(usize::from(!nudge)) {
                let request = ResizeRequest {
                    target: target.clone(),
                    rows,
                    cols,
                };
                // A terminal that is gone says so by itself.
                let _: Result<serde_json::Value, _> = post(shared, path::RESIZE, &request).await;
            }
            return None;
        }
    })
}

async fn start(
    shared: &Shared,
    verb: Verb,
    targets: Vec<String>,
    on_conflict: forge_api::OnConflict,
) -> Result<forge_api::StartAnswer, ClientError> {
    let environment = shared.setup.environment.clone();
    let debug = match verb {
        Verb::Start => {
            let request = StartRequest {
                targets,
                environment,
                wait: true,
                on_conflict,
                ..StartRequest::default()
            };
            return long(shared, path::START, &request).await;
        }
        Verb::Restart => None,
        Verb::DebugOn => Some(true),
        Verb::DebugOff => Some(false),
    };
    let request = RestartRequest {
        targets,
        environment,
        wait: true,
        debug,
        ..RestartRequest::default()
    };
    long(shared, path::RESTART, &request).await
}

async fn named(shared: &Shared, path: &str, targets: Vec<String>, done: &str) -> Answer {
    let answer: Result<NamesAnswer, _> = post(shared, path, &TargetsRequest { targets }).await;
    Answer::Done(answer.map(|answer| match answer.names.as_slice() {
        [] => "nothing runs".to_string(),
        names => format!("{done} {}", names.join(", ")),
    }))
}

async fn connect(shared: &Shared) -> Result<Client, ClientError> {
    shared
        .host
        .connect(true)
        .await
        .map_err(ClientError::Connection)
}

/// A connection for a question: nothing is started for it.
async fn looking(shared: &Shared) -> Result<Client, ClientError> {
    shared
        .host
        .connect(false)
        .await
        .map_err(ClientError::Connection)
}

async fn get<A: DeserializeOwned>(
    shared: &Shared,
    path: &str,
    query: &str,
) -> Result<A, ClientError> {
    looking(shared).await?.get(path, query).await
}

async fn post<A: DeserializeOwned>(
    shared: &Shared,
    path: &str,
    body: &impl Serialize,
) -> Result<A, ClientError> {
    connect(shared).await?.post(path, body).await
}

/// What takes time: the end of its stream.
async fn long<A: DeserializeOwned>(
    shared: &Shared,
    path: &str,
    body: &impl Serialize,
) -> Result<A, ClientError> {
    let mut client = connect(shared).await?;
    let mut stream: Stream = client.post_stream(path, body).await?;
    while let Some(event) = stream.next().await? {
        if event.name == "done" {
            return event.read();
        }
    }
    Err(ClientError::Connection(
        "the supervisor has ended meanwhile".to_string(),
    ))
}
