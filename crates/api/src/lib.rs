//! What clients and the supervisor say to each other, and the client that says it.
//!
//! # Theory of operation
//!
//! HTTP/1.1 with JSON over a Unix socket (`forge dev paths` says where). One verb is one request
//! type, one path below [`PREFIX`] and one answer type. What takes time answers with a stream of
//! server-sent events (`text/event-stream`): `progress` any number of times, then `done` once, or
//! `problem`. Errors are problem details (RFC 9457) with the exit code that the command line uses
//! and a hint, see [`Problem`].
//!
//! Fields may be added, never renamed; readers ignore what they do not know.

mod client;
mod crash;
mod daemon;
mod events;
mod lifecycle;
mod logs;
mod monitor;
mod ports;
mod problem;
mod process;
mod queries;
mod restore;
mod status;

pub use client::{Client, ClientError, Stream, StreamEvent};
pub use crash::{
    ChangedHunk, ChangesAnswer, CommitInfo, CrashCause, CrashChanges, CrashFrame, CrashLocation,
    CrashOrigin, CrashQuery, CrashReport, CrashSuggestion, CrashUsage, CrashesAnswer, CrashesQuery,
    DependencyState, Difference, LogPosition, PortHolder, RevertAnswer, RevertRequest,
};
pub use daemon::{DaemonStatus, ProcessPid};
pub use events::{Event, EventsQuery};
pub use lifecycle::{
    Conflict, FailedProcess, NamesAnswer, OnConflict, Progress, ProgressLine, ReloadRequest,
    RestartRequest, RunRequest, StartAnswer, StartRequest, StopAnswer, StopRequest, StoppedLeft,
    TargetsRequest,
};
pub use logs::{LogGap, LogLine, LogsAnswer, LogsQuery, query_string};
pub use monitor::{Hog, Hogs, Monitor, MonitorProcess, MonitorQuery, Point, Series, System};
pub use ports::{
    KillPortAnswer, KillPortRequest, OrphanRow, OrphansAnswer, PortRow, PortsAnswer, Refused,
};
pub use problem::Problem;
pub use process::{
    ExecAnswer, ExecRequest, InputRequest, PsAnswer, PsRow, ResizeRequest, SignalRequest,
    WaitAnswer, WaitFor, WaitRequest,
};
pub use queries::{
    Because, GraphAnswer, GraphNode, ProfileRow, ProfilesAnswer, WhyAnswer, WhySetting,
};
pub use restore::{RestoreRequest, RunningAnswer};
pub use status::{Container, Health, KeeperInfo, Process, Status, SupervisorInfo, Totals, Warning};

/// All paths of this version of the API begin with it.
pub const PREFIX: &str = "/v1";

/// The header of every answer that names the version of the supervisor's program.
pub const VERSION_HEADER: &str = "forge-version";

/// The header of a request whose answer is to be without the values of variables that look secret,
/// wherever they stand: `true`.
pub const MASKED_HEADER: &str = "forge-masked";

/// Paths of the verbs, without [`PREFIX`]; `OPENAPI` and `METRICS` stand without it.
pub mod path {
    #![allow(missing_docs)]
    pub const STATUS: &str = "/status";
    pub const STATUS_STREAM: &str = "/status/stream";
    pub const START: &str = "/start";
    pub const STOP: &str = "/stop";
    pub const RESTART: &str = "/restart";
    pub const RELOAD: &str = "/reload";
    pub const RUN: &str = "/run";
    pub const RUNNING: &str = "/running";
    pub const RESTORE: &str = "/restore";
    pub const PAUSE: &str = "/pause";
    pub const RESUME: &str = "/resume";
    pub const SIGNAL: &str = "/signal";
    pub const INPUT: &str = "/input";
    pub const RESIZE: &str = "/resize";
    pub const WAIT: &str = "/wait";
    pub const EXEC: &str = "/exec";
    pub const EVENTS: &str = "/events";
    pub const EVENTS_STREAM: &str = "/events/stream";
    pub const LOGS: &str = "/logs";
    pub const LOGS_STREAM: &str = "/logs/stream";
    pub const WHY: &str = "/why";
    pub const CRASHES: &str = "/crashes";
    pub const CRASH: &str = "/crash";
    pub const CRASH_REVERT: &str = "/crash/revert";
    pub const CHANGES: &str = "/changes";
    pub const GRAPH: &str = "/graph";
    pub const PROFILES: &str = "/profiles";
    pub const PS: &str = "/ps";
    pub const PORTS: &str = "/ports";
    pub const KILL_PORT: &str = "/kill-port";
    pub const ORPHANS: &str = "/orphans";
    pub const ORPHANS_KILL: &str = "/orphans/kill";
    pub const MONITOR: &str = "/monitor";
    pub const HOGS: &str = "/hogs";
    pub const OPENAPI: &str = "/openapi.json";
    pub const METRICS: &str = "/metrics";
    pub const DAEMON: &str = "/daemon";
    pub const DAEMON_STOP: &str = "/daemon/stop";
    pub const DAEMON_RESTART: &str = "/daemon/restart";
}
