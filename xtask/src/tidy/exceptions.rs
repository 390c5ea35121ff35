//! The exceptions from the rules, each with its reason.

use super::Finding;

/// A rule that a file may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Length of a file, up to a limit of its own.
    Length,
    /// A test that sleeps.
    Sleep,
    /// A word that marks unfinished work, where it is the subject.
    Word,
}

struct Exception {
    path: &'static str,
    rule: Rule,
    /// The largest number allowed, for a rule that counts; otherwise 0.
    limit: usize,
    reason: &'static str,
}

/// Paths from the top of the repository.
const LIST: &[Exception] = &[
    Exception {
        path: "crates/core/src/spec.rs",
        rule: Rule::Length,
        limit: 600,
        reason: "one list of all that a process may say; divided, nobody would see it whole",
    },
    Exception {
        path: "crates/core/tests/keeper/mod.rs",
        rule: Rule::Length,
        limit: 600,
        reason: "one played keeper, used by all scenarios",
    },
    Exception {
        path: "crates/core/tests/scenarios/recall.rs",
        rule: Rule::Length,
        limit: 450,
        reason: "one scenario after the other, each short",
    },
    Exception {
        path: "crates/core/tests/scenarios/script.rs",
        rule: Rule::Length,
        limit: 600,
        reason: "one small language, with its reader and its player",
    },
    Exception {
        path: "crates/facts/src/fact.rs",
        rule: Rule::Length,
        limit: 520,
        reason: "frozen: all facts, with their form on the wire beside them",
    },
    Exception {
        path: "crates/facts/src/order.rs",
        rule: Rule::Length,
        limit: 460,
        reason: "frozen: all orders, with their form on the wire beside them",
    },
    Exception {
        path: "crates/config/tests/fields.rs",
        rule: Rule::Length,
        limit: 540,
        reason: "every field of the file, one after the other",
    },
    Exception {
        path: "crates/logs/src/forward.rs",
        rule: Rule::Length,
        limit: 440,
        reason: "one reader; its parts share the state of a stream",
    },
    Exception {
        path: "crates/logs/src/sidecar.rs",
        rule: Rule::Length,
        limit: 440,
        reason: "one file format, with its reader and its repair",
    },
    Exception {
        path: "crates/forge/tests/engine/start.rs",
        rule: Rule::Length,
        limit: 460,
        reason: "one start after the other, each short",
    },
    Exception {
        path: "crates/forge/tests/engine/world.rs",
        rule: Rule::Length,
        limit: 460,
        reason: "one workspace with real processes, used by all engine tests",
    },
    Exception {
        path: "crates/forge/tests/agent/story.rs",
        rule: Rule::Sleep,
        limit: 0,
        reason: "the program that it runs sleeps, not the test",
    },
    Exception {
        path: "crates/core/tests/simulation/play.rs",
        rule: Rule::Length,
        limit: 540,
        reason: "one world, with all that can happen in it",
    },
    Exception {
        path: "crates/forge/tests/faults/processes.rs",
        rule: Rule::Sleep,
        limit: 0,
        reason: "the program that it runs sleeps, not the test",
    },
    Exception {
        path: "crates/forge/tests/crash.rs",
        rule: Rule::Sleep,
        limit: 0,
        reason: "the programs that it runs sleep, not the test",
    },
    Exception {
        path: "crates/forge/tests/figures.rs",
        rule: Rule::Sleep,
        limit: 0,
        reason: "the program that it runs sleeps, not the test",
    },
];

/// The table, and which of its entries were needed.
pub(crate) struct Exceptions {
    needed: Vec<bool>,
}

impl Default for Exceptions {
    fn default() -> Self {
        Exceptions {
            needed: vec![false; LIST.len()],
        }
    }
}

impl Exceptions {
    /// The number that a file is allowed instead of the common one.
    pub(crate) fn limit(&mut self, path: &str, rule: Rule) -> Option<usize> {
        let mut entries = LIST.iter().zip(&mut self.needed);
        let (entry, needed) =
            entries.find(|(entry, _)| entry.path == path && entry.rule == rule)?;
        *needed = true;
        Some(entry.limit)
    }

    /// Whether a file may break `rule`.
    pub(crate) fn allow(&mut self, path: &str, rule: Rule) -> bool {
        self.limit(path, rule).is_some()
    }

    /// Entries that no file needed.
    pub(crate) fn unused(&self) -> impl Iterator<Item = Finding> {
        let entries = LIST.iter().zip(&self.needed);
        entries.filter(|(_, needed)| !**needed).map(|(entry, _)| {
            let Exception { rule, reason, .. } = entry;
            Finding::new(
                entry.path,
                format!("the exception {rule:?} ({reason}) is no longer needed; remove it"),
            )
        })
    }
}
