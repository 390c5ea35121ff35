//! What users see of a process.

use std::time::Duration;

use forge_facts::{Exit, RunId};

/// The state of a process as users see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Status {
    Stopped,
    Waiting,
    Starting,
    Running,
    Stopping,
    Restarting,
    Crashed,
    Exited,
    Paused,
}

impl Status {
    /// The word used everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Status::Stopped => "stopped",
            Status::Waiting => "waiting",
            Status::Starting => "starting",
            Status::Running => "running",
            Status::Stopping => "stopping",
            Status::Restarting => "restarting",
            Status::Crashed => "crashed",
            Status::Exited => "exited",
            Status::Paused => "paused",
        }
    }
}

/// Health, apart from the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Health {
    None,
    Checking,
    Healthy,
    Unhealthy,
}

impl Health {
    /// The word used everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Health::None => "none",
            Health::Checking => "checking",
            Health::Healthy => "healthy",
            Health::Unhealthy => "unhealthy",
        }
    }
}

/// One process as users see it.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Its state.
    pub status: Status,
    /// Its health.
    pub health: Health,
    /// The last verdict in words, and when it came (nanoseconds since 1970).
    pub health_detail: Option<(String, u64)>,
    /// The run that goes on, or the last one.
    pub run: Option<RunId>,
    /// Pid of the leader, while it lives.
    pub pid: Option<i32>,
    /// When the run was spawned (nanoseconds since 1970).
    pub started_unix_ns: Option<u64>,
    /// The same on the clock that never jumps, where it is known.
    pub started_mono: Option<Duration>,
    /// Restarts since the user started it.
    pub restarts: u32,
    /// How the last run ended, when it has.
    pub exit: Option<Exit>,
    /// Names of the dependencies that it waits for.
    pub waiting_for: Vec<String>,
    /// When the next restart is due.
    pub restart_at: Option<Duration>,
    /// For people: why it is not as one would wish.
    pub message: Option<String>,
    /// Whether it is meant to be up.
    pub wanted: bool,
}

/// How far a start has come, for somebody who waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// On its way, in words (`waiting for postgres`).
    Pending(String),
    /// Running and ready.
    Ready,
    /// A oneshot that has succeeded, or a process that has ended well.
    Done,
    /// It will not come up by itself: why.
    Failed(String),
    /// Nobody wants it up.
    Down,
}
