//! Regular expressions of ours: compiled when first needed, and few of them in one run, because a
//! word is always looked for before.

use std::sync::OnceLock;

use regex::{Captures, Regex};

/// A regular expression.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    fn regex(&self) -> Option<&Regex> {
        // A test compiles them all, so that none is missing here.
        self.compiled
            .get_or_init(|| Regex::new(self.text).ok())
            .as_ref()
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex()?.captures(text)
    }

    /// The groups that took part and are not empty, with their names.
    pub(crate) fn named<'t>(&self, found: &Captures<'t>) -> Vec<(&str, &'t str)> {
        let names = self
            .regex()
            .into_iter()
            .flat_map(Regex::capture_names)
            .flatten();
        names
            .filter_map(|name| Some((name, found.name(name)?.as_str())))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    }

    #[cfg(test)]
    pub(crate) fn check(&self) {
        Regex::new(self.text).expect(self.text);
    }
}

/// The text of a group, or nothing where it did not take part.
pub(crate) fn group<'t>(captures: &Captures<'t>, name: &str) -> &'t str {
    captures.name(name).map_or("", |found| found.as_str())
}

/// The number in a group, or 0.
pub(crate) fn number(captures: &Captures<'_>, name: &str) -> u32 {
    group(captures, name).parse().unwrap_or(0)
}
