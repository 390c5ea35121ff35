//! What the rules are told.

use std::time::Duration;

use crate::{History, ProcessKey, Usage};

/// Everything at one moment.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Now, since 1970.
    pub at: Duration,
    /// What was used over time.
    pub history: &'a History,
    /// One for each process that is declared or runs.
    pub processes: Vec<ProcessFacts<'a>>,
    /// Room on the storages that matter: the workspace's and that of the state.
    pub storage: Vec<Room<'a>>,
}

/// What is known of one process.
#[derive(Debug, Clone)]
pub struct ProcessFacts<'a> {
    /// Its key in the history.
    pub key: &'a ProcessKey,
    /// When its run began, since 1970; `None` while it has none. What was used by earlier runs does not
    /// count.
    pub running_since: Option<Duration>,
    /// Since when it is ready.
    pub ready_since: Option<Duration>,
    /// What the last sample found.
    pub usage: Option<&'a Usage>,
    /// How many files the member with the most may have open, by the system.
    pub open_files_limit: Option<u64>,
    /// What its user set.
    pub limits: Limits,
    /// The ports that it was declared to listen on, a moved one as it is now.
    pub declared_ports: &'a [u16],
    /// Somebody outside of its tree listens for it, as for the client of a container engine.
    pub listens_elsewhere: bool,
    /// Why it is unhealthy, if it is.
    pub unhealthy: Option<&'a str>,
    /// When it crashed, since 1970.
    pub crashes: &'a [Duration],
    /// Slow requests and queries, as its output or its statistics told.
    pub slow: &'a [Slow],
    /// The query that runs longest at the moment, as the service's statistics told: for how long, and its text.
    pub running_query: Option<(Duration, &'a str)>,
}

impl<'a> ProcessFacts<'a> {
    /// One of which nothing is known but its key.
    pub fn of(key: &'a ProcessKey) -> Self {
        ProcessFacts {
            key,
            running_since: None,
            ready_since: None,
            usage: None,
            open_files_limit: None,
            limits: Limits::default(),
            declared_ports: &[],
            listens_elsewhere: false,
            unhealthy: None,
            crashes: &[],
            slow: &[],
            running_query: None,
        }
    }
}

/// Limits that a user set for a process.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// Resident memory in bytes.
    pub memory_bytes: Option<u64>,
    /// CPU in percent of one core.
    pub cpu_percent: Option<f32>,
    /// Open files of one process.
    pub open_files: Option<u64>,
}

/// Something slow that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slow {
    /// When, since 1970.
    pub at: Duration,
    /// What.
    pub kind: SlowKind,
    /// How long it took, where that is known.
    pub took: Option<Duration>,
}

/// What was slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlowKind {
    /// A request to a server.
    Request,
    /// A query to a database.
    Query,
    /// Anything else.
    Other,
}

/// Room on a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room<'a> {
    /// How people call it: a folder on it.
    pub folder: &'a str,
    /// Names the storage, so that two folders on the same one make one warning.
    pub id: u64,
    /// All bytes.
    pub total: u64,
    /// Bytes that can still be written.
    pub available: u64,
}
