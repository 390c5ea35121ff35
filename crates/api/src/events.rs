//! `GET /events` and `/events/stream`: what has happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// RFC 3339 with nanoseconds.
    pub time: String,
    /// The process; `None` for the workspace.
    pub process: Option<String>,
    /// `ready`, `started`, `stopped`, `crashed`, `restarted`, `healthy`, `unhealthy`, `warning`, `reload`, …
    pub kind: String,
    /// For people.
    pub message: String,
    /// What else is known, by kind: `url`, `port`, `ms`, `files`, `exit_code`, …
    #[serde(flatten)]
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// Which events are wanted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EventsQuery {
    /// Only those at or after this time: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// In a stream: only those after the event with this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}
