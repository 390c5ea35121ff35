//! `GET /status`: the document of `forge dev status --json`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::Event;

/// A workspace and its processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// Absolute path of the workspace.
    pub workspace: String,
    /// The profile in use; several are joined by `+`. `None` where nothing was started yet.
    pub profile: Option<String>,
    /// The daemon; `None` when none runs.
    pub supervisor: Option<SupervisorInfo>,
    /// Its parent; `None` when none runs.
    pub keeper: Option<KeeperInfo>,
    /// Sums over all processes.
    pub totals: Totals,
    /// In the order of the file.
    pub processes: Vec<Process>,
    /// The latest events, oldest first.
    pub events: Vec<Event>,
    /// What deserves a look.
    pub warnings: Vec<Warning>,
}

/// The daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SupervisorInfo {
    /// Its pid.
    pub pid: i32,
    /// Version of the program.
    pub version: String,
    /// RFC 3339.
    pub started_at: String,
}

/// The keeper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeeperInfo {
    /// Its pid.
    pub pid: i32,
}

/// Sums over all processes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Processes that run.
    pub running: usize,
    /// Percent of one core.
    pub cpu_percent: Option<f64>,
    /// Resident bytes.
    pub memory_bytes: Option<u64>,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Process {
    pub name: String,
    /// The profile that it belongs to.
    pub profile: String,
    pub groups: Vec<String>,
    /// `stopped`, `waiting`, `starting`, `running`, `stopping`, `restarting`, `crashed`, `exited`, `paused`.
    pub status: String,
    pub health: Health,
    /// Pid of the leader.
    pub pid: Option<i32>,
    /// Pids of the whole tree.
    pub pids: Vec<i32>,
    pub run_id: Option<String>,
    /// The port that it has.
    pub port: Option<u16>,
    /// The port that the file names (`None` for `auto`).
    pub requested_port: Option<u16>,
    /// Ports that its tree listens on.
    pub listening: Vec<u16>,
    pub adopted: bool,
    /// It runs on a pseudo-terminal.
    #[serde(default)]
    pub tty: bool,
    /// It waits for somebody to type something.
    #[serde(default)]
    pub waits_for_input: bool,
    pub debug: bool,
    /// Where its debugger is to wait, in debug mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_port: Option<u16>,
    /// Where a debugger attaches now: `127.0.0.1:9229`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debugger: Option<String>,
    pub started_at: Option<String>,
    pub uptime_ms: Option<u64>,
    pub restarts: u32,
    pub exit_code: Option<i32>,
    /// Name of the signal that ended the last run: `SIGKILL`.
    pub signal: Option<String>,
    /// Percent of one core, of the whole tree.
    pub cpu_percent: Option<f64>,
    /// Resident bytes of the whole tree; pages that its processes share count for each of them.
    pub memory_bytes: Option<u64>,
    /// The same with shared pages divided among those who share them (PSS): what the tree really takes. Measured
    /// more rarely; `None` where the kernel does not tell.
    #[serde(default)]
    pub memory_pss_bytes: Option<u64>,
    pub threads: Option<u64>,
    pub open_files: Option<u64>,
    pub disk_read_bytes_per_s: Option<u64>,
    pub disk_write_bytes_per_s: Option<u64>,
    pub net_rx_bytes_per_s: Option<u64>,
    pub net_tx_bytes_per_s: Option<u64>,
    /// What it runs in containers, where it is the client of an engine: the figures above are then theirs.
    #[serde(default)]
    pub containers: Vec<Container>,
    /// Dependencies that it waits for.
    pub waiting_for: Vec<String>,
    /// Why it is not as one would wish, in words.
    pub message: Option<String>,
    /// When the next restart is due, RFC 3339.
    pub restart_at: Option<String>,
    /// Shown to people.
    pub description: Option<String>,
    /// Where people open it.
    pub url: Option<String>,
    /// What the service says about itself, where `metrics` is set: numbers and text by name.
    #[serde(default)]
    pub service: serde_json::Map<String, serde_json::Value>,
    /// Why the service could not be asked.
    #[serde(default)]
    pub service_error: Option<String>,
}

/// A container that a process runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Container {
    pub id: String,
    pub name: String,
    pub image: String,
    /// Its service, where compose made it.
    pub service: Option<String>,
    /// Ports of this machine that lead to it.
    pub ports: Vec<u16>,
    /// Percent of one core.
    pub cpu_percent: Option<f64>,
    /// Without what the kernel only caches.
    pub memory_bytes: Option<u64>,
    pub memory_limit_bytes: Option<u64>,
}

/// The health of a process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `none`, `checking`, `healthy`, `unhealthy`.
    pub state: String,
    /// The last verdict in words.
    pub detail: Option<String>,
    /// RFC 3339.
    pub checked_at: Option<String>,
}

/// What deserves a look.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The process that it is about; `None` for the workspace.
    pub process: Option<String>,
    /// A short name of the kind.
    pub kind: String,
    /// For people.
    pub message: String,
    /// Since when it is so, RFC 3339.
    #[serde(default)]
    pub since: Option<String>,
    /// The figures behind it, by name.
    #[serde(default)]
    pub figures: BTreeMap<String, f64>,
}
