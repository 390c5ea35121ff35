//! `GET /daemon`: every process of Forge in a workspace.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct DaemonStatus {
    /// The root of the tree.
    pub keeper: Option<ProcessPid>,
    /// The daemon.
    pub supervisor: Option<ProcessPid>,
    /// By name of the process.
    pub shims: BTreeMap<String, ProcessPid>,
    /// Leaders of the managed processes that live.
    pub processes: BTreeMap<String, ProcessPid>,
    /// Version of the supervisor.
    #[serde(default)]
    pub version: Option<String>,
}

/// A pid.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProcessPid {
    /// The pid.
    pub pid: i32,
}
