//! `restore` and what `save` writes down: what ran, and what runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /restore`: brings back what ran before a reboot or before everything was killed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RestoreRequest {
    /// Answer when all are ready.
    pub wait: bool,
    /// How long that may take.
    pub timeout_ms: Option<u64>,
}

/// `GET /running`: the definitions of what runs, with the ports that it really has.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RunningAnswer {
    /// In the order in which they are shown; as the supervisor holds them.
    pub processes: Vec<serde_json::Value>,
}
