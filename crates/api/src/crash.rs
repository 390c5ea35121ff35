//! `crashes`, `crash`, `changes` and `crash/revert`: why processes died, and what can be done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /crashes?name=…&limit=…`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashesQuery {
    /// A name, group or glob; all where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At most so many, the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// `GET /crash?name=…&id=…`: one crash, the latest where no id is given.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashQuery {
    /// A name, group or glob; all where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
}

/// Crashes, the latest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CrashesAnswer {
    /// Reports without `tail`.
    pub crashes: Vec<CrashReport>,
}

/// Why a process ended when nobody had asked for it. What is not known is null.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[allow(missing_docs)]
pub struct CrashReport {
    /// Counts up in a workspace; null for a text that was only read.
    pub id: Option<u64>,
    pub process: Option<String>,
    pub run_id: Option<String>,
    /// RFC 3339.
    pub time: Option<String>,
    pub exit_code: Option<i32>,
    /// Name of the signal that ended it.
    pub signal: Option<String>,
    pub uptime_ms: Option<u64>,
    /// Crashes within the window, this one included.
    pub count_in_window: Option<u32>,
    pub window_ms: Option<u64>,
    /// The class: `syntax`, `port-in-use`, …
    pub kind: Option<String>,
    /// Of the runtime or compiler that spoke.
    pub language: Option<String>,
    /// The error in its own words.
    pub error: Option<String>,
    pub error_type: Option<String>,
    pub message: Option<String>,
    /// One sentence for people.
    pub summary: String,
    /// The first frame of the user's own code.
    pub location: Option<CrashLocation>,
    /// Innermost first.
    pub frames: Vec<CrashFrame>,
    /// What lay below the error, from the nearest to the innermost.
    pub causes: Vec<CrashCause>,
    /// The rule that recognised the cause.
    pub rule: Option<String>,
    /// What is missing or taken: a module, a command, a file, a variable.
    pub subject: Option<String>,
    /// Host and port of a refused connection, or the port that was taken.
    pub host: Option<String>,
    pub port: Option<u16>,
    /// Whether it would only repeat until something is changed.
    pub deterministic: bool,
    /// What happened to the location's file.
    pub changes: Option<CrashChanges>,
    /// What differs from the last healthy run; null where there was none.
    pub since_healthy: Option<Vec<Difference>>,
    pub suggestions: Vec<CrashSuggestion>,
    /// What Forge does now: `restarts in 5 s`.
    pub next: Option<String>,
    /// The crash that this one seems to follow from.
    pub began_with: Option<CrashOrigin>,
    /// Who has the port that was taken.
    pub holder: Option<PortHolder>,
    /// The process of the profile that refused the connection.
    pub refused_by: Option<DependencyState>,
    /// What it depends on, as it was.
    pub dependencies: Vec<DependencyState>,
    /// Its own health before.
    pub health: Option<crate::Health>,
    /// What its tree used when last looked at.
    pub usage: Option<CrashUsage>,
    pub command: Option<String>,
    pub cwd: Option<String>,
    /// Debug mode was on.
    pub debug: bool,
    /// Where in the log it ended.
    pub log: Option<LogPosition>,
    /// The last lines of its output, oldest first, secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<Vec<String>>,
}

/// A place in the user's own code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashLocation {
    /// Relative to the workspace where it lies in it.
    pub file: String,
    /// Counted from 1.
    pub line: Option<u32>,
    /// Counted from 1.
    pub column: Option<u32>,
    /// The function that was running.
    pub function: Option<String>,
    /// The lines around, with numbers, the line itself behind `>`.
    pub source: Vec<String>,
}

/// One call of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashFrame {
    /// As its runtime names it.
    pub function: Option<String>,
    /// Relative to the workspace where it lies in it.
    pub file: Option<String>,
    /// Counted from 1.
    pub line: Option<u32>,
    /// Counted from 1.
    pub column: Option<u32>,
    /// Whether it is the user's own code.
    pub application: bool,
}

/// An error below the one that was reported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashCause {
    /// In its own words.
    pub error: String,
    /// Its type.
    pub error_type: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// The first frame of the user's own code.
    pub location: Option<CrashLocation>,
    /// Innermost first.
    pub frames: Vec<CrashFrame>,
}

/// What is known of a file's last changes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashChanges {
    /// RFC 3339.
    pub modified_at: Option<String>,
    /// Whether it differs from the last commit, or is in none.
    pub uncommitted: Option<bool>,
    /// The last commit that changed it.
    pub last_commit: Option<CommitInfo>,
    /// The functions that the uncommitted change touches.
    pub functions: Vec<String>,
    /// What differs.
    pub hunks: Vec<ChangedHunk>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CommitInfo {
    /// Shortened.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// RFC 3339.
    pub time: Option<String>,
}

/// A changed place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChangedHunk {
    /// Its first line in the file as it is now.
    pub line: u32,
    /// Lines removed.
    pub removed: u32,
    /// Lines added.
    pub added: u32,
    /// The function that it lies in.
    pub function: Option<String>,
    /// The lines, behind `-` and `+`, secrets masked.
    pub lines: Vec<String>,
}

/// Something that the user can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashSuggestion {
    /// `open`, `revert`, `install`, `set-env`, `free-port`, `start`, `fix`, `look`.
    pub action: String,
    /// The sentence.
    pub text: String,
}

/// The crash that others follow from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashOrigin {
    /// The process that failed first.
    pub process: String,
    /// Its crash.
    pub id: Option<u64>,
    /// RFC 3339.
    pub time: String,
    /// Why it crashed, and how the two belong together.
    pub text: String,
}

/// Who listens on a port.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PortHolder {
    /// The port.
    pub port: u16,
    /// Null where another user's permissions hide it.
    pub pid: Option<i32>,
    /// Its command line.
    pub command: Option<String>,
    /// The process of this workspace that it is.
    pub process: Option<String>,
    /// It is left of an earlier run of this workspace.
    pub old_run: bool,
}

/// How another process was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DependencyState {
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// `none`, `checking`, `healthy`, `unhealthy`.
    pub health: String,
    /// Why it was not as one would wish.
    pub message: Option<String>,
}

/// What a tree used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CrashUsage {
    /// Percent of one core.
    pub cpu_percent: Option<f64>,
    /// Resident bytes.
    pub memory_bytes: Option<u64>,
    /// Open files.
    pub open_files: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
}

/// A place in a log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogPosition {
    /// `seq` of the first line of the tail.
    pub from_seq: Option<u64>,
    /// `seq` of the last line.
    pub to_seq: Option<u64>,
}

/// `GET /changes?name=…`: what changed since the last healthy run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChangesAnswer {
    /// The process.
    pub name: String,
    /// When it was last ready, RFC 3339; null where it never was.
    pub since: Option<String>,
    /// The run that was.
    pub run_id: Option<String>,
    /// Commit, files, lock files, configuration and environment that differ.
    pub changes: Vec<Difference>,
}

/// How one thing differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Difference {
    /// Of what: `commit`, `file`, `lock`, `configuration`, `environment`.
    pub what: String,
    /// The file's path, the setting, the variable.
    pub name: String,
    /// `added`, `changed`, `removed`.
    pub change: String,
    /// The commit before; of other things only hashes are kept.
    pub before: Option<String>,
    /// The commit now.
    pub after: Option<String>,
}

/// `POST /crash/revert`: take back what is not committed in the file that a crash points at. A patch
/// of it is saved first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RevertRequest {
    /// The process; the latest crash of all where it is missing.
    pub name: Option<String>,
    /// Which crash; the latest where it is missing.
    pub id: Option<u64>,
}

/// What was taken back, and how to bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RevertAnswer {
    /// The file, relative to the workspace.
    pub file: String,
    /// The saved patch.
    pub patch: String,
    /// The command that brings the change back.
    pub restore: String,
}
