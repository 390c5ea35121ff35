//! Ports and orphans: what listens on this machine, and what was left behind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /ports`: sockets that wait for others.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PortsAnswer {
    /// By port.
    pub ports: Vec<PortRow>,
}

/// A socket that waits for others. What another user's permissions hide is null.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PortRow {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Where it waits; `0.0.0.0` and `::` are everywhere.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The oldest process that holds it.
    pub pid: Option<i32>,
    /// The short name of that process.
    pub process: Option<String>,
    /// Its command line.
    pub command: Option<String>,
    /// RFC 3339.
    pub started_at: Option<String>,
    /// `this-workspace`, `other-workspace`, `outside`, `container`, `unknown`.
    pub owner: String,
    /// The process of the file, or the container.
    pub name: Option<String>,
    /// The container of that process to which the port leads.
    #[serde(default)]
    pub container: Option<String>,
    /// The workspace, where it belongs to one.
    pub workspace: Option<String>,
    /// The user who made the socket.
    pub uid: u32,
}

/// `POST /kill-port`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KillPortRequest {
    /// The port.
    pub port: u16,
    /// SIGKILL at once.
    pub force: bool,
    /// Only processes of this workspace may be ended.
    pub own_only: bool,
}

/// What became of a port.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct KillPortAnswer {
    /// Whether nobody listens there any more.
    pub ok: bool,
    /// The port.
    pub port: u16,
    /// Processes of the file that were stopped for it.
    pub stopped: Vec<String>,
    /// Pids that have ended.
    pub ended: Vec<i32>,
    /// Those of them that needed SIGKILL.
    pub killed: Vec<i32>,
    /// Who was not ended, and why.
    pub refused: Vec<Refused>,
}

/// A process that was not ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// Its pid; null where it is hidden.
    pub pid: Option<i32>,
    /// Why.
    pub why: String,
}

/// `GET /orphans`: trees that belong to no live run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct OrphansAnswer {
    /// Oldest first.
    pub orphans: Vec<OrphanRow>,
}

/// A tree that was left behind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct OrphanRow {
    /// Its topmost process.
    pub pid: i32,
    /// All of its processes.
    pub pids: Vec<i32>,
    /// The command line of the topmost.
    pub command: String,
    /// Its folder.
    pub cwd: Option<String>,
    /// Ports that the tree listens on.
    pub ports: Vec<u16>,
    /// Resident memory of the tree.
    pub memory_bytes: u64,
    /// RFC 3339.
    pub started_at: Option<String>,
    /// Why it is here.
    pub reason: String,
    /// After `POST /orphans/kill`: whether nothing of it is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<bool>,
}
