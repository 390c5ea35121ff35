//! What a supervisor leaves to the next one.

use forge_facts::journal::Journal;
use forge_facts::{Entry, Exit, RunId};
use serde::{Deserialize, Serialize};

use crate::spec::{Pattern, ProcessSpec};

/// What is known of a process when a supervisor begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Recall {
    /// What it is, as it was last defined.
    pub spec: ProcessSpec,
    /// What the former supervisor remembered.
    pub memory: Memory,
    /// What the journal says of its last run.
    pub last_run: Option<LastRun>,
}

/// The last run of a process, by its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// Its id.
    pub run: RunId,
    /// Pid of its leader; `None` when it was never spawned.
    pub pid: Option<i32>,
    /// When it was spawned, nanoseconds since 1970.
    pub started_unix_ns: u64,
    /// How the leader has ended, if it has, and when.
    pub exit: Option<(Exit, u64)>,
    /// Whether nothing of it is left.
    pub gone: bool,
}

impl LastRun {
    /// What a journal tells of the last run in it.
    pub fn of(journal: &Journal) -> Option<Self> {
        let mut last: Option<LastRun> = None;
        for (_, entry) in &journal.entries {
            match entry {
                Entry::Spawned { run, identity, at } => {
                    last = Some(LastRun {
                        run: *run,
                        pid: Some(identity.pid),
                        started_unix_ns: *at,
                        exit: None,
                        gone: false,
                    });
                }
                Entry::SpawnFailed { run, at, .. } => {
                    // A child whose program could not be executed was spawned before.
                    if last.as_ref().is_none_or(|last| last.run != *run) {
                        last = Some(LastRun {
                            run: *run,
                            pid: None,
                            started_unix_ns: *at,
                            exit: None,
                            gone: true,
                        });
                    } else if let Some(last) = &mut last {
                        (last.pid, last.gone) = (None, true);
                    }
                }
                Entry::Exited { run, exit, at, .. } => {
                    if let Some(last) = last.as_mut().filter(|last| last.run == *run)
                        && last.exit.is_none()
                    {
                        last.exit = Some((*exit, *at));
                    }
                }
                Entry::Gone { run, .. } => {
                    if let Some(last) = last.as_mut().filter(|last| last.run == *run) {
                        last.gone = true;
                    }
                }
                Entry::Left { .. } | Entry::Recovered { .. } => {}
            }
        }
        last
    }
}

/// What must be remembered of a process for a supervisor that comes later.
///
/// It can be written as it is; what an older one does not say is as in `default`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// It is meant to be up.
    pub wanted: bool,
    /// Restarts since the user started it, by hand and by itself.
    pub restarts: u32,
    /// Times of the crashes that count towards giving up, nanoseconds since 1970.
    pub crashes: Vec<u64>,
    /// The run that was told ready, if any: it is not to be waited for again.
    #[serde(with = "run_as_text")]
    pub ready_run: Option<RunId>,
    /// The run whose exit has been dealt with, if any: it is no news.
    #[serde(with = "run_as_text")]
    pub settled_run: Option<RunId>,
    /// The run that was being stopped on purpose.
    #[serde(with = "run_as_text")]
    pub stopping_run: Option<RunId>,
    /// Why it was Forge itself that stopped that run, if so: its end is a failure.
    pub fault: Option<String>,
    /// Its tree is stopped by SIGSTOP.
    pub paused: bool,
    /// It has crashed and stays down; the message.
    pub failed: Option<String>,
    /// It has crashed and waits for a change of its files.
    pub waits_for_change: bool,
    /// It has ended well and is not to run again by itself.
    pub done: bool,
    /// A run of it has ended since the user started it.
    pub has_ended: bool,
    /// A run of it is to begin once it is down and has what it needs: its schedule says so, or it
    /// is being restarted.
    pub due: bool,
    /// Patterns that the output of its last run has matched.
    pub matched: Vec<Pattern>,
    /// A restart that has been asked for and has not begun.
    pub renew: Option<Renew>,
}

/// Runs are written as people type them; what is no run is none.
mod run_as_text {
    use forge_facts::RunId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        run: &Option<RunId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        run.map(|run| run.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<RunId>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.and_then(|text| text.parse().ok()))
    }
}

/// When a restart begins that has been asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Renew {
    /// As soon as its dependents that are restarted or stopped too are down.
    Now,
    /// Once what it needs is back.
    Later,
}
