//! The boundary of the core: what it is told, what it wants done, and what it shows.

mod memory;
mod view;

use std::time::Duration;

use forge_facts::{Exit, RunId};

use crate::spec::{Pattern, ProcessSpec};

pub use memory::{LastRun, Memory, Recall, Renew};
pub use view::{Health, Outcome, Status, View};

/// The present moment, given from outside: nothing in here reads a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time on a clock that never jumps and counts suspended time (CLOCK_BOOTTIME). All deadlines use it.
    pub mono: Duration,
    /// Nanoseconds since 1970, for people and records only.
    pub unix_ns: u64,
}

/// Something that has happened or that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// These processes exist, or are now to be as stated. Nothing starts; a changed one that runs
    /// goes on as it is until its next start.
    Define(Vec<ProcessSpec>),
    /// Bring these up, and what they need. Those that run are left alone; a crashed one begins
    /// with a clean record of failures.
    Start(Vec<String>),
    /// Take these down. Their dependents are left alone unless they say otherwise.
    Stop {
        /// Which.
        names: Vec<String>,
        /// Instead of each one's own `stop.timeout`.
        timeout: Option<Duration>,
        /// SIGKILL at once.
        force: bool,
    },
    /// Take these down and bring them up again. Those that are down are started.
    Restart(Vec<String>),
    /// Take these down and, once they are, forget them.
    Remove(Vec<String>),
    /// Stop the trees of these by SIGSTOP.
    Pause(Vec<String>),
    /// Let them go on.
    Resume(Vec<String>),
    /// After the supervisor was away: what was remembered of a process and what its journal says.
    Recall(Box<Recall>),

    /// The run exists.
    Spawned {
        /// Process.
        name: String,
        /// The run that was ordered by [`Effect::Launch`].
        run: RunId,
        /// Pid of the leader.
        pid: i32,
        /// When, in nanoseconds since 1970.
        at: u64,
    },
    /// The run does not exist and will not.
    NotSpawned {
        /// Process.
        name: String,
        /// The run that was ordered.
        run: RunId,
        /// Why.
        failure: SpawnFailure,
    },
    /// The leader has ended; descendants may be left.
    Exited {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// How.
        exit: Exit,
        /// Whether it would only happen again (a missing file, a syntax error).
        deterministic: bool,
    },
    /// Nothing of the run is left.
    Gone {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
    },
    /// The stop has ended, but these live on.
    Left {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// Who.
        pids: Vec<i32>,
    },

    /// A health check has an answer.
    Probed {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// The answer.
        healthy: bool,
        /// In words: `HTTP 200 from /health`.
        detail: String,
    },
    /// Output matched the `log` check, or a pattern that a dependent waits for.
    LogMatched {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// Which pattern.
        pattern: Pattern,
    },
    /// Output matched `fail_on` while starting.
    StartFailed {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// The line.
        line: String,
    },
    /// It uses more than it may.
    Exceeded {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// In words: `612 MB of memory, the limit is 512 MB`.
        what: String,
    },
    /// A file has changed that it watches, or below its folder while it waits for a change.
    FilesChanged {
        /// Process.
        name: String,
        /// For people: the first file and how many more.
        what: String,
    },
    /// Its schedule says it is time.
    Due {
        /// Process.
        name: String,
    },
    /// A deadline has passed (see `Workspace::deadline`).
    Tick,
}

/// Why a run did not come to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnFailure {
    /// For people: what failed, on what, what to do.
    pub message: String,
    /// 127 for a command that was not found, 126 for one that cannot be run.
    pub exit_code: Option<i32>,
    /// What was in the way.
    pub cause: SpawnCause,
}

/// What keeps a run from coming to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpawnCause {
    /// The program is missing, or cannot be run.
    Program,
    /// Its folder cannot be entered.
    Folder,
    /// A setting has no value that could be used.
    Setting,
    /// Another process of the workspace has its port.
    Sibling,
    /// Somebody else has its port: only a person can tell what to do.
    Port,
    /// What it wants done before its start has failed.
    Hook,
    /// The system, or a part of Forge, would not.
    System,
}

impl SpawnCause {
    /// Whether another try would only fail again.
    #[must_use]
    pub fn repeats(self) -> bool {
        match self {
            SpawnCause::Program
            | SpawnCause::Folder
            | SpawnCause::Setting
            | SpawnCause::Sibling
            | SpawnCause::Port => true,
            SpawnCause::Hook | SpawnCause::System => false,
        }
    }
}

/// Something that the world is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Begin this run. Answered by [`Event::Spawned`] or [`Event::NotSpawned`].
    Launch {
        /// Process.
        name: String,
        /// Id of the new run.
        run: RunId,
    },
    /// End this run, its whole tree. Answered by [`Event::Gone`] or [`Event::Left`]. Asked a
    /// second time when the timeout has become shorter.
    Halt {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// How long until SIGKILL; zero kills at once and skips `stop.command` and `stop.keys`.
        timeout: Duration,
    },
    /// Send SIGSTOP (true) or SIGCONT (false) to the tree.
    Freeze {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
        /// Which.
        stop: bool,
    },
    /// Begin to check this run's health, until it ends or another `Probe` comes.
    Probe {
        /// Process.
        name: String,
        /// Run.
        run: RunId,
    },
    /// End the checks.
    Unprobe {
        /// Process.
        name: String,
    },
    /// Tell when a file below its folder changes: once (it waits for a repair).
    AwaitChange {
        /// Process.
        name: String,
    },
    /// Run one of its hooks. Nothing waits for it.
    Hook {
        /// Process.
        name: String,
        /// Which.
        hook: Hook,
    },
    /// Something for the list of events, and for people who watch.
    Notice {
        /// Process.
        name: String,
        /// `started`, `stopped`, `crashed`, `restarted`, `healthy`, `unhealthy`, `ready`, `warning`, `reload`.
        kind: NoticeKind,
        /// For people.
        message: String,
    },
    /// A run has ended that nobody asked to end: gather the evidence.
    Crashed(Crash),
    /// The process was removed and is down: nothing of it need be kept in mind.
    Forget {
        /// Process.
        name: String,
    },
}

/// A moment at which the user's own commands run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// It has become ready.
    AfterReady,
    /// It is down after a stop.
    AfterStop,
    /// It has crashed.
    OnCrash,
}

/// The kinds of notices that the core gives; names as in `forge dev events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NoticeKind {
    Started,
    Ready,
    Stopped,
    Crashed,
    Restarted,
    Healthy,
    Unhealthy,
    Reload,
    Warning,
}

/// The facts of a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// Process.
    pub name: String,
    /// Run.
    pub run: RunId,
    /// How it ended.
    pub exit: Exit,
    /// How long it had run.
    pub uptime: Duration,
    /// Crashes within the window, this one included.
    pub count_in_window: u32,
    /// The window.
    pub window: Duration,
    /// What happens next, for people.
    pub next: String,
}
