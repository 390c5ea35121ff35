//! From requests to questions and from answers to responses, one function for each path.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use forge_api as api;
use schemars::JsonSchema;
use serde::Deserialize;

use super::answers::{Asked, ask, json, long, lost, problem, short};
use crate::input::{Ask, Inbox, Input, Sink};
use crate::logs_api;

/// How many hogs of each kind are told when nothing is said.
const HOGS: usize = 10;

/// `?name=…` and the like; what is missing is `None`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Names {
    /// A process; where several may be meant also a group or glob. Without it: all.
    pub(super) name: Option<String>,
    /// The profile; without it the one in use, else the default.
    profile: Option<String>,
    /// Whether secret values are shown.
    secrets: Option<bool>,
}

/// `?limit=…`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Limit {
    /// At most so many.
    limit: Option<usize>,
}

impl Names {
    fn targets(&self) -> Vec<String> {
        self.name.iter().cloned().collect()
    }
}

pub(super) async fn status(State(inbox): State<Inbox>, Asked(names): Asked<Names>) -> Response {
    json(ask(&inbox, |reply| Ask::Status(names.targets(), reply)).await)
}

pub(super) async fn start(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Start)
}

pub(super) async fn stop(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Stop)
}

pub(super) async fn restart(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Restart)
}

pub(super) async fn reload(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Reload)
}

pub(super) async fn run(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Run)
}

pub(super) async fn pause(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Pause).await
}

pub(super) async fn resume(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Resume).await
}

pub(super) async fn signal(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Signal).await
}

pub(super) async fn input(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Input).await
}

pub(super) async fn resize(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Resize).await
}

pub(super) async fn wait(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Wait).await
}

pub(super) async fn exec(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::Exec).await
}

pub(super) async fn events(
    State(inbox): State<Inbox>,
    Asked(query): Asked<api::EventsQuery>,
) -> Response {
    json(ask(&inbox, |reply| Ask::Events(query, reply)).await)
}

pub(super) async fn logs(
    State(inbox): State<Inbox>,
    Asked(query): Asked<api::LogsQuery>,
) -> Response {
    let targets = logs_api::targets(&query);
    let place = match ask(&inbox, |reply| Ask::LogPlace(targets, reply)).await {
        Ok(place) => place,
        Err(error) => return problem(error),
    };
    let written = tokio::task::spawn_blocking(move || json(logs_api::page(place, &query))).await;
    written.unwrap_or_else(|_| problem(lost()))
}

pub(super) async fn why(State(inbox): State<Inbox>, Asked(names): Asked<Names>) -> Response {
    let name = names.name.unwrap_or_default();
    let secrets = names.secrets.unwrap_or(false);
    json(ask(&inbox, |reply| Ask::Why(name, secrets, reply)).await)
}

pub(super) async fn graph(State(inbox): State<Inbox>, Asked(names): Asked<Names>) -> Response {
    json(ask(&inbox, |reply| Ask::Graph(names.profile, reply)).await)
}

pub(super) async fn restore(State(inbox): State<Inbox>, body: Bytes) -> Response {
    long(&inbox, &body, Ask::Restore)
}

pub(super) async fn running(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, Ask::Running).await)
}

pub(super) async fn profiles(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, Ask::Profiles).await)
}

pub(super) async fn ps(State(inbox): State<Inbox>, Asked(names): Asked<Names>) -> Response {
    json(ask(&inbox, |reply| Ask::Ps(names.targets(), reply)).await)
}

/// `?port=3000`, `?all=true`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct WhichPorts {
    /// One port.
    port: Option<u16>,
    /// The whole machine, not this workspace alone.
    all: bool,
}

pub(super) async fn ports(State(inbox): State<Inbox>, Asked(which): Asked<WhichPorts>) -> Response {
    json(ask(&inbox, |reply| Ask::Ports(which.port, which.all, reply)).await)
}

pub(super) async fn kill_port(State(inbox): State<Inbox>, body: Bytes) -> Response {
    short(&inbox, &body, Ask::KillPort).await
}

pub(super) async fn orphans(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, |reply| Ask::Orphans(false, reply)).await)
}

pub(super) async fn orphans_kill(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, |reply| Ask::Orphans(true, reply)).await)
}

pub(super) async fn monitor(
    State(inbox): State<Inbox>,
    Asked(query): Asked<api::MonitorQuery>,
) -> Response {
    let answer = ask(&inbox, |reply| Ask::Monitor(query, reply)).await;
    // Hours of many processes are megabytes: written beside the loop.
    let written = tokio::task::spawn_blocking(|| json(answer)).await;
    written.unwrap_or_else(|_| problem(lost()))
}

pub(super) async fn hogs(State(inbox): State<Inbox>, Asked(limit): Asked<Limit>) -> Response {
    json(
        ask(&inbox, |reply| {
            Ask::Hogs(limit.limit.unwrap_or(HOGS), reply)
        })
        .await,
    )
}

pub(super) async fn daemon(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, Ask::Daemon).await)
}

pub(super) async fn daemon_stop(State(inbox): State<Inbox>) -> Response {
    let (sink, source) = Sink::new();
    let _ = inbox.send(Input::Ask(Ask::DaemonStop(sink)));
    // Its end is all that anybody waits for.
    json(source.done.await.unwrap_or_else(|_| Err(lost())))
}

pub(super) async fn daemon_restart(State(inbox): State<Inbox>) -> Response {
    json(ask(&inbox, Ask::DaemonRestart).await)
}
