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
const LIST: &[Exception] = &[];

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
