//! What is remembered of a process beyond its present run.

use std::time::Duration;

use forge_facts::{Exit, RunId};

use crate::event::Now;
use crate::spec::Pattern;

/// What is remembered beyond a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Past {
    /// Since the user started it.
    pub(crate) restarts: u32,
    /// Failures that count towards giving up, oldest first.
    pub(crate) failures: Vec<Failure>,
    /// The run that goes on, or the last one.
    pub(crate) run: Option<RunId>,
    /// When that was spawned.
    pub(crate) since: Option<Since>,
    /// The last run that has ended since the user started it, and how.
    pub(crate) ended: Option<(RunId, Ended)>,
    /// The last run whose end has been dealt with.
    pub(crate) settled: Option<RunId>,
    /// The last run that was ready.
    pub(crate) ready: Option<RunId>,
    /// Patterns that the output of `run` has matched.
    pub(crate) matched: Vec<Pattern>,
}

/// How a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It ran.
    Ran(Exit),
    /// It never came to be; the exit code that a shell would give for that.
    NeverBegan(Option<i32>),
}

impl Ended {
    /// The exit that people are shown.
    pub(crate) fn exit(self) -> Option<Exit> {
        match self {
            Ended::Ran(exit) => Some(exit),
            Ended::NeverBegan(code) => code.map(Exit::Code),
        }
    }
}

/// One failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) unix_ns: u64,
    /// Nanoseconds on the clock that never jumps; negative for one before the machine booted.
    pub(crate) mono_ns: i64,
}

/// When a run was spawned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since {
    /// `None` for a run that another supervisor began.
    pub(crate) mono: Option<Duration>,
    pub(crate) unix_ns: u64,
}

impl Since {
    /// How long a run has lasted that ended at `now`.
    pub(crate) fn lasted(self, now: Now) -> Duration {
        match self.mono {
            Some(mono) => now.mono.saturating_sub(mono),
            None => Duration::from_nanos(now.unix_ns.saturating_sub(self.unix_ns)),
        }
    }
}

impl Failure {
    pub(crate) fn at(now: Now) -> Self {
        Failure {
            unix_ns: now.unix_ns,
            mono_ns: nanos(now.mono),
        }
    }

    /// One that another supervisor has seen, placed on this machine's clock.
    pub(crate) fn remembered(unix_ns: u64, now: Now) -> Self {
        let age = now.unix_ns.saturating_sub(unix_ns);
        let age = i64::try_from(age).unwrap_or(i64::MAX);
        Failure {
            unix_ns,
            mono_ns: nanos(now.mono).saturating_sub(age),
        }
    }

    pub(crate) fn is_within(self, window: Duration, now: Now) -> bool {
        nanos(now.mono).saturating_sub(self.mono_ns) <= nanos(window)
    }
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
