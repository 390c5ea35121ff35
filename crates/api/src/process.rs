//! Signals, input, terminals, waiting, `exec` and `ps`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /signal`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SignalRequest {
    /// A name, group or glob.
    pub target: String,
    /// `USR1`, `SIGUSR1` or `10`.
    pub signal: String,
    /// The whole tree, not the leader alone.
    #[serde(default)]
    pub tree: bool,
}

/// `POST /input`: bytes for the standard input or terminal of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputRequest {
    /// A name, group or glob.
    pub target: String,
    /// Text to write, as it is.
    #[serde(default)]
    pub text: String,
    /// Bytes to write instead of text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bytes: Vec<u8>,
    /// Close the input behind it.
    #[serde(default)]
    pub eof: bool,
}

/// `POST /resize`: the size of the terminal of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResizeRequest {
    /// A name.
    pub target: String,
    /// Lines.
    pub rows: u16,
    /// Characters of a line.
    pub cols: u16,
}

/// `POST /wait`: answers when it has happened, or with exit code 1 when the time is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitRequest {
    /// A name, group or glob: all of it.
    pub target: String,
    /// What to wait for.
    pub until: WaitFor,
    /// How long, in milliseconds; `None`: for ever.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// What to wait for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitFor {
    /// It is ready, or a oneshot has succeeded.
    Ready,
    /// Its present run has ended.
    Exit,
    /// A line of its present run matches (lines that are there already count).
    Log(String),
}

/// The end of a wait.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WaitAnswer {
    /// Whether it has happened.
    pub ok: bool,
    /// What has happened, or what it is still waiting for.
    pub detail: String,
    /// With `exit`: the exit code.
    pub exit_code: Option<i32>,
    /// With `log`: the line.
    pub line: Option<String>,
}

/// `POST /exec`: what a command needs to run as if it were the process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExecRequest {
    /// A name.
    pub name: String,
    /// The profile; `None`: the one in use, else the default.
    pub profile: Option<String>,
    /// The client's environment.
    pub environment: BTreeMap<String, String>,
}

/// Folder and whole environment of a process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ExecAnswer {
    /// Absolute folder.
    pub cwd: String,
    /// All variables.
    pub environment: BTreeMap<String, String>,
}

/// `GET /ps`: process trees.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PsAnswer {
    /// Parents before children, each tree together.
    pub rows: Vec<PsRow>,
}

/// One process of a tree.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct PsRow {
    /// The process of the file.
    pub name: String,
    pub pid: i32,
    pub ppid: i32,
    /// 0 for the leader.
    pub depth: usize,
    /// One letter, as in proc_pid_stat(5).
    pub state: String,
    pub command: String,
    /// Seconds of CPU time.
    pub cpu_seconds: f64,
    pub memory_bytes: u64,
    pub threads: u64,
    pub started_at: Option<String>,
}
