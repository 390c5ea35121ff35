//! What is wrong with what runs, told with its reason and figures, for as long as it is so.
//!
//! Pure: what was sampled and what happened comes in, with the time; warnings come out. Each rule looks at one
//! condition. A warning is raised once its condition has held for a while, so that a moment's peak is none,
//! and it clears by itself, a little later than it was raised, so that a value at the edge does not flicker.

mod facts;
mod growth;
mod ports;
mod rules;
mod text;
mod thresholds;

use std::collections::BTreeMap;
use std::time::Duration;

pub use facts::{Facts, Limits, ProcessFacts, Room, Slow, SlowKind};
pub use growth::{Growth, steady_growth};
pub use thresholds::Thresholds;

use crate::ProcessKey;
use rules::Finding;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Memory that grows steadily.
    MemoryGrowth,
    /// Much CPU for long.
    Cpu,
    /// Close to a limit that was set.
    NearLimit,
    /// Over a limit that was set.
    OverLimit,
    /// Many open files against what the system allows.
    OpenFiles,
    /// Slow requests or queries.
    Slow,
    /// The health check fails.
    Unhealthy,
    /// Crash after crash.
    CrashLoop,
    /// Storage that is nearly full.
    DiskFull,
    /// It listens on a port that nobody declared.
    UndeclaredPort,
    /// A port was declared, and nobody listens on it.
    SilentPort,
}

impl Kind {
    /// The name used in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::MemoryGrowth => "memory-growth",
            Kind::Cpu => "cpu",
            Kind::NearLimit => "near-limit",
            Kind::OverLimit => "over-limit",
            Kind::OpenFiles => "open-files",
            Kind::Slow => "slow",
            Kind::Unhealthy => "unhealthy",
            Kind::CrashLoop => "crash-loop",
            Kind::DiskFull => "disk-full",
            Kind::UndeclaredPort => "undeclared-port",
            Kind::SilentPort => "silent-port",
        }
    }
}

/// One warning.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// Whose; `None` for the machine.
    pub process: Option<ProcessKey>,
    /// What it is about.
    pub kind: Kind,
    /// For people.
    pub message: String,
    /// Since when its condition holds, since 1970.
    pub since: Duration,
    /// The figures behind it, by name.
    pub figures: Vec<(&'static str, f64)>,
}

/// What changed at a look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// Warnings that were not there before.
    pub raised: Vec<Warning>,
    /// Warnings that are over, as they were last.
    pub cleared: Vec<Warning>,
}

/// Whose, what, and which of several (a port, say).
type Subject = (Option<ProcessKey>, Kind, u64);

#[derive(Debug)]
struct Condition {
    since: Duration,
    /// As last told; `None` while it has not held for long enough.
    warning: Option<Warning>,
}

/// The warnings of a workspace, over time.
#[derive(Debug, Default)]
pub struct Warnings {
    thresholds: Thresholds,
    conditions: BTreeMap<Subject, Condition>,
}

impl Warnings {
    /// None yet.
    pub fn new(thresholds: Thresholds) -> Self {
        Warnings {
            thresholds,
            conditions: BTreeMap::new(),
        }
    }

    /// Looks at everything; to be called every few seconds, ten at most.
    pub fn look(&mut self, facts: &Facts<'_>) -> News {
        let mut findings: BTreeMap<Subject, Finding> = BTreeMap::new();
        let conditions = &self.conditions;
        let mut raised_before = |subject: &Subject| {
            let condition = conditions.get(subject);
            condition.is_some_and(|condition| condition.warning.is_some())
        };
        rules::look(
            &self.thresholds,
            facts,
            &mut raised_before,
            |subject, finding| {
                findings.insert(subject, finding);
            },
        );
        let mut news = News::default();
        let gone = self
            .conditions
            .extract_if(.., |subject, _| !findings.contains_key(subject));
        news.cleared
            .extend(gone.filter_map(|(_, condition)| condition.warning));
        for (subject, finding) in findings {
            let process = subject.0.clone();
            let kind = subject.1;
            let condition = self.conditions.entry(subject).or_insert(Condition {
                since: finding.since.unwrap_or(facts.at).min(facts.at),
                warning: None,
            });
            if facts.at.saturating_sub(condition.since) < finding.hold
                && condition.warning.is_none()
            {
                continue;
            }
            let warning = Warning {
                process,
                kind,
                message: finding.message,
                since: condition.since,
                figures: finding.figures,
            };
            if condition.warning.is_none() {
                news.raised.push(warning.clone());
            }
            condition.warning = Some(warning);
        }
        news
    }

    /// The warnings that hold, by process and kind; those of the machine first.
    pub fn current(&self) -> impl Iterator<Item = &Warning> {
        self.conditions
            .values()
            .filter_map(|condition| condition.warning.as_ref())
    }
}

#[cfg(test)]
mod tests;
