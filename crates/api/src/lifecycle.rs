//! Start, stop, restart, reload, run, pause and resume.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::status::Process;

/// What to do about a port that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnConflict {
    /// Ask (clients without a terminal mean `fail`).
    Ask,
    /// End who has it.
    Kill,
    /// Take the next free one.
    NextPort,
    /// Manage who has it.
    Attach,
    /// Give up.
    #[default]
    Fail,
}

/// `POST /start`: answers with a stream of [`Progress`], then a [`StartAnswer`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StartRequest {
    /// The profile; `None`: the one in use, else the default.
    pub profile: Option<String>,
    /// Further profiles that are started with it; then without `targets`.
    pub also: Vec<String>,
    /// Names, groups, globs; empty: all with `autostart`.
    pub targets: Vec<String>,
    /// The client's environment.
    pub environment: BTreeMap<String, String>,
    /// Whether the answer waits until all are ready (else it comes once they are ordered).
    pub wait: bool,
    /// How long to wait, in milliseconds; the processes go on behind it.
    pub timeout_ms: Option<u64>,
    /// What to do about a port that is taken.
    pub on_conflict: OnConflict,
}

/// `POST /restart`: like start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RestartRequest {
    /// Names, groups, globs; empty: all that run.
    pub targets: Vec<String>,
    /// The client's environment.
    pub environment: BTreeMap<String, String>,
    /// Whether the answer waits until all are ready.
    pub wait: bool,
    /// How long to wait, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Switch debug mode on or off.
    pub debug: Option<bool>,
}

/// `POST /reload`: like start; what changed in the file is applied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReloadRequest {
    /// The client's environment.
    pub environment: BTreeMap<String, String>,
    /// Whether the answer waits until all are ready.
    pub wait: bool,
    /// How long to wait, in milliseconds.
    pub timeout_ms: Option<u64>,
}

/// `POST /run`: a process that is not in the file; like start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RunRequest {
    /// Its name.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// The port that it will listen on.
    pub port: Option<u16>,
    /// Absolute folder.
    pub cwd: Option<String>,
    /// Added to the environment.
    pub env: BTreeMap<String, String>,
    /// Run on a pseudo-terminal.
    pub tty: bool,
    /// The agent that starts it, by name: its group, too.
    pub agent: Option<String>,
    /// The client's environment.
    pub environment: BTreeMap<String, String>,
    /// Whether the answer waits until it is ready.
    pub wait: bool,
    /// How long to wait, in milliseconds.
    pub timeout_ms: Option<u64>,
}

/// How far a start has come. Sent when something has changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// A line for each process concerned, in the order of the file.
    pub processes: Vec<ProgressLine>,
}

/// One process of a start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgressLine {
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// `pending`, `ready`, `done`, `failed`, `down`.
    pub outcome: String,
    /// What it waits for, or why it failed, or how it is known to be ready.
    pub detail: String,
    /// The port that it has.
    pub port: Option<u16>,
    /// Milliseconds since the start was asked for, fixed once it is settled.
    pub elapsed_ms: u64,
}

/// The end of a start, restart, reload or run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StartAnswer {
    /// Whether all that was asked for is up.
    pub ok: bool,
    /// Exit code of the command: 0, 1, or 4 for a port conflict.
    pub exit_code: i32,
    /// Names that were started by this.
    pub started: Vec<String>,
    /// Names that ran already.
    pub already: Vec<String>,
    /// What did not come up.
    pub failed: Vec<FailedProcess>,
    /// Ports that were taken.
    pub conflicts: Vec<Conflict>,
    /// What was noticed on the way, for people.
    pub notes: Vec<String>,
    /// The processes concerned, as they are now.
    pub processes: Vec<Process>,
    /// Where the app can be opened.
    pub urls: Vec<String>,
}

/// A process that did not come up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FailedProcess {
    /// Its name.
    pub name: String,
    /// Why.
    pub message: String,
    /// The last lines of its output.
    pub tail: Vec<String>,
    /// The crash that was recorded of it, its cause in one sentence, and where in the code.
    #[serde(default)]
    pub crash: Option<u64>,
    /// See `crash`.
    #[serde(default)]
    pub summary: Option<String>,
    /// `app/main.go:45`.
    #[serde(default)]
    pub location: Option<String>,
}

/// A port that somebody else has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// The process that wants it.
    pub name: String,
    /// The port.
    pub port: u16,
    /// Who listens there; `None` where permissions hide it.
    pub pid: Option<i32>,
    /// Its command line.
    pub command: Option<String>,
    /// When it was started, RFC 3339.
    pub started_at: Option<String>,
    /// Whether it is an old run of this workspace.
    pub old_run: bool,
}

/// `POST /stop`: answers with a stream of [`Progress`], then a [`StopAnswer`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StopRequest {
    /// Names, groups, globs; empty: all.
    pub targets: Vec<String>,
    /// Until SIGKILL, in milliseconds; `None`: as each process says.
    pub timeout_ms: Option<u64>,
    /// SIGKILL at once.
    pub force: bool,
}

/// The end of a stop: verified.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StopAnswer {
    /// Whether nothing is left.
    pub ok: bool,
    /// Names that were stopped by this.
    pub stopped: Vec<String>,
    /// Names that were down already.
    pub already: Vec<String>,
    /// What could not be ended.
    pub left: Vec<StoppedLeft>,
    /// What was noticed on the way: dependents that run on.
    pub notes: Vec<String>,
}

/// What could not be ended, or a port that is still taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoppedLeft {
    /// The process of the file.
    pub name: String,
    /// Who is left.
    pub pid: i32,
    /// Its command line.
    pub command: String,
    /// Why: `uninterruptible sleep`, `still listens on port 3000`.
    pub why: String,
}

/// `POST /pause` and `/resume`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetsRequest {
    /// Names, groups, globs; empty: all.
    pub targets: Vec<String>,
}

/// The names that a verb was carried out on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct NamesAnswer {
    /// Names.
    pub names: Vec<String>,
}
