//! All paths of the API in one table: the router is made from it, and so is the document that
//! describes it.

use axum::handler::Handler;
use axum::routing::{MethodRouter, get, post};
use forge_api::{self as api, path};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{crashes, handlers as to, streams};
use crate::input::Inbox;

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// What a path is for, takes and answers.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) summary: &'static str,
    pub(super) serve: MethodRouter<Inbox>,
    pub(super) query: Option<MakeSchema>,
    pub(super) body: Option<MakeSchema>,
    pub(super) answer: Answer,
}

/// What a path answers with.
pub(super) enum Answer {
    /// JSON.
    Json(MakeSchema),
    /// Server-sent events: progress, then this one as `done`, or `problem`.
    Progress(MakeSchema),
    /// Server-sent events without an end: their name, and what each holds.
    Events(&'static str, MakeSchema),
}

impl Route {
    fn get<A: JsonSchema, H, T>(path: &'static str, handler: H, summary: &'static str) -> Self
    where
        H: Handler<T, Inbox>,
        T: 'static,
    {
        Route {
            path,
            method: "get",
            summary,
            serve: get(handler),
            query: None,
            body: None,
            answer: Answer::Json(SchemaGenerator::subschema_for::<A>),
        }
    }

    fn post<Q: JsonSchema, A: JsonSchema, H, T>(
        path: &'static str,
        handler: H,
        summary: &'static str,
    ) -> Self
    where
        H: Handler<T, Inbox>,
        T: 'static,
    {
        Route {
            path,
            method: "post",
            summary,
            serve: post(handler),
            query: None,
            body: Some(SchemaGenerator::subschema_for::<Q>),
            answer: Answer::Json(SchemaGenerator::subschema_for::<A>),
        }
    }

    /// What stands behind the `?`.
    fn query<Q: JsonSchema>(mut self) -> Self {
        self.query = Some(Q::json_schema);
        self
    }

    /// It takes time, and tells how far it is.
    fn with_progress(mut self) -> Self {
        if let Answer::Json(schema) = self.answer {
            self.answer = Answer::Progress(schema);
        }
        self
    }

    /// It never ends.
    fn endless(mut self, name: &'static str) -> Self {
        if let Answer::Json(schema) = self.answer {
            self.answer = Answer::Events(name, schema);
        }
        self
    }

    fn without_body(mut self) -> Self {
        self.body = None;
        self
    }
}

/// All of them.
pub(super) fn all() -> Vec<Route> {
    let mut routes = lifecycle();
    routes.extend(one_process());
    routes.extend(questions());
    routes.extend(explanations());
    routes.extend(machine());
    routes
}

fn lifecycle() -> Vec<Route> {
    use api::{ReloadRequest, RestartRequest, RunRequest, StartAnswer, StartRequest};
    vec![
        Route::post::<StartRequest, StartAnswer, _, _>(
            path::START,
            to::start,
            "Start processes and all that they need; harmless for those that run",
        )
        .with_progress(),
        Route::post::<api::StopRequest, api::StopAnswer, _, _>(
            path::STOP,
            to::stop,
            "Stop processes with all of their descendants, and verify that",
        )
        .with_progress(),
        Route::post::<RestartRequest, StartAnswer, _, _>(
            path::RESTART,
            to::restart,
            "Stop and start processes",
        )
        .with_progress(),
        Route::post::<ReloadRequest, StartAnswer, _, _>(
            path::RELOAD,
            to::reload,
            "Apply an edited configuration to what runs",
        )
        .with_progress(),
        Route::post::<RunRequest, StartAnswer, _, _>(
            path::RUN,
            to::run,
            "Start a process that is not in the file",
        )
        .with_progress(),
        Route::post::<api::RestoreRequest, StartAnswer, _, _>(
            path::RESTORE,
            to::restore,
            "Bring back what ran before a reboot, or before everything was killed",
        )
        .with_progress(),
        Route::post::<api::TargetsRequest, api::NamesAnswer, _, _>(
            path::PAUSE,
            to::pause,
            "Stop the clock of processes (SIGSTOP)",
        ),
        Route::post::<api::TargetsRequest, api::NamesAnswer, _, _>(
            path::RESUME,
            to::resume,
            "Let paused processes go on",
        ),
        Route::post::<api::WaitRequest, api::WaitAnswer, _, _>(
            path::WAIT,
            to::wait,
            "Wait until something is ready, has ended or has written a line",
        ),
    ]
}

fn one_process() -> Vec<Route> {
    vec![
        Route::post::<api::SignalRequest, api::NamesAnswer, _, _>(
            path::SIGNAL,
            to::signal,
            "Send a signal to a process",
        ),
        Route::post::<api::InputRequest, api::NamesAnswer, _, _>(
            path::INPUT,
            to::input,
            "Write to the standard input or terminal of a process",
        ),
        Route::post::<api::ResizeRequest, api::NamesAnswer, _, _>(
            path::RESIZE,
            to::resize,
            "Set the size of a process's terminal",
        ),
        Route::post::<api::ExecRequest, api::ExecAnswer, _, _>(
            path::EXEC,
            to::exec,
            "The folder and environment with which a command runs as if it were the process",
        ),
        Route::get::<api::WhyAnswer, _, _>(
            path::WHY,
            to::why,
            "Why a process runs or does not, and where each of its settings comes from",
        )
        .query::<to::Names>(),
        Route::get::<api::PsAnswer, _, _>(path::PS, to::ps, "Trees of processes")
            .query::<to::Names>(),
    ]
}

fn questions() -> Vec<Route> {
    vec![
        Route::get::<api::Status, _, _>(path::STATUS, to::status, "All processes as they are now")
            .query::<to::Names>(),
        Route::get::<api::Status, _, _>(
            path::STATUS_STREAM,
            streams::status_stream,
            "The status now and after each change",
        )
        .endless("status"),
        Route::get::<api::LogsAnswer, _, _>(
            path::LOGS,
            to::logs,
            "Lines that processes have written: the last ones, or those before or after a place",
        )
        .query::<api::LogsQuery>(),
        Route::get::<api::LogLine, _, _>(
            path::LOGS_STREAM,
            streams::logs_stream,
            "Lines as they are written, from now or from a place on",
        )
        .query::<api::LogsQuery>()
        .endless("line"),
        Route::get::<Vec<api::Event>, _, _>(path::EVENTS, to::events, "What has happened")
            .query::<api::EventsQuery>(),
        Route::get::<api::Event, _, _>(
            path::EVENTS_STREAM,
            streams::events_stream,
            "What happens, as it happens",
        )
        .query::<api::EventsQuery>()
        .endless("event"),
        Route::get::<api::GraphAnswer, _, _>(path::GRAPH, to::graph, "Who depends on whom")
            .query::<to::Names>(),
        Route::get::<api::RunningAnswer, _, _>(
            path::RUNNING,
            to::running,
            "The definitions of what runs, with the ports that it really has",
        ),
        Route::get::<api::ProfilesAnswer, _, _>(
            path::PROFILES,
            to::profiles,
            "The profiles of the file, and what of them runs",
        ),
        Route::get::<api::Monitor, _, _>(
            path::MONITOR,
            to::monitor,
            "What processes and the machine use, with history",
        )
        .query::<api::MonitorQuery>(),
    ]
}

fn explanations() -> Vec<Route> {
    vec![
        Route::get::<api::CrashesAnswer, _, _>(
            path::CRASHES,
            crashes::crashes,
            "Crashes, the latest first, without the last lines of output",
        )
        .query::<api::CrashesQuery>(),
        Route::get::<api::CrashReport, _, _>(
            path::CRASH,
            crashes::crash,
            "Why a process died: one crash, or the latest",
        )
        .query::<api::CrashQuery>(),
        Route::post::<api::RevertRequest, api::RevertAnswer, _, _>(
            path::CRASH_REVERT,
            crashes::revert,
            "Take back what is not committed in the file that a crash points at; a patch is saved first",
        ),
        Route::get::<api::ChangesAnswer, _, _>(
            path::CHANGES,
            crashes::changes,
            "What changed since the last healthy run of a process",
        )
        .query::<to::Names>(),
    ]
}

fn machine() -> Vec<Route> {
    vec![
        Route::get::<api::Hogs, _, _>(
            path::HOGS,
            to::hogs,
            "What uses most of this machine, managed or not",
        )
        .query::<to::Limit>(),
        Route::get::<api::PortsAnswer, _, _>(path::PORTS, to::ports, "Who listens where")
            .query::<to::WhichPorts>(),
        Route::post::<api::KillPortRequest, api::KillPortAnswer, _, _>(
            path::KILL_PORT,
            to::kill_port,
            "End who listens on a port",
        ),
        Route::get::<api::OrphansAnswer, _, _>(
            path::ORPHANS,
            to::orphans,
            "Processes that were left behind",
        ),
        Route::post::<(), api::OrphansAnswer, _, _>(
            path::ORPHANS_KILL,
            to::orphans_kill,
            "End processes that were left behind",
        )
        .without_body(),
        Route::get::<api::DaemonStatus, _, _>(
            path::DAEMON,
            to::daemon,
            "Forge's own processes in this workspace",
        ),
        Route::post::<(), serde_json::Value, _, _>(
            path::DAEMON_STOP,
            to::daemon_stop,
            "Stop all processes, then Forge's own",
        )
        .without_body(),
        Route::post::<(), api::DaemonStatus, _, _>(
            path::DAEMON_RESTART,
            to::daemon_restart,
            "Replace the supervisor; processes go on",
        )
        .without_body(),
    ]
}
