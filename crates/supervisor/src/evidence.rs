//! What the end of a run tells beside its exit status: the last lines of its output.

use forge_core::spec::CommandSpec;
use forge_facts::{Exit, RunId};
use forge_logs::{Item, Logs, Query, RunChoice, safe};

use crate::supervisor::Supervisor;

/// By these codes a shell says that there is no such command, or that it cannot be run.
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

impl Supervisor {
    /// Whether a run that has ended so would only end so again.
    pub(crate) fn would_repeat(&self, name: &str, _run: RunId, exit: Exit) -> bool {
        let Some(spec) = self.core.spec(name) else {
            return false;
        };
        match (exit, &spec.command) {
            (Exit::Code(NOT_EXECUTABLE | NOT_FOUND), CommandSpec::Shell(_)) => true,
            (Exit::Code(_) | Exit::Signal { .. } | Exit::Unknown, _) => false,
        }
    }

    /// The last lines that a run has written, safe to be shown.
    pub(crate) fn last_lines(&self, name: &str, run: RunId, count: usize) -> Vec<String> {
        let query = Query {
            processes: vec![name.to_string()],
            run: Some(RunChoice::Id(run)),
            tail: Some(count),
            ..Query::default()
        };
        let Ok(items) = Logs::new(&self.layout.processes()).query(&query) else {
            // It has written nothing.
            return Vec::new();
        };
        items
            .flatten()
            .filter_map(|item| match item {
                Item::Line(line) => Some(safe(&line.text, false)),
                Item::Gap(_) | Item::Run(_) => None,
            })
            .collect()
    }
}
