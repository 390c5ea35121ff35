//! What level a line states.
//!
//! A level is what a program says about its own line, in one of the many forms that loggers use; it
//! is not a guess about how bad the news is. "0 errors" states none, and neither does a path with
//! `error` in it. Forms are recognised by their shape (where in the line a word stands, and what
//! stands around it), not by the program that writes them.
//!
//! In this order: the user's own rules, JSON, syslog priorities and other forms of fixed shape, the
//! head of the line (times, brackets, columns), `key=value`, access logs by status, what stands
//! before a colon, counts, signs.

mod access;
mod fixed;
mod glance;
mod head;
mod json;
mod leveller;
mod message;
mod pairs;
mod words;

use std::fmt;
use std::str::FromStr;

use crate::text::strip_ansi;

pub(crate) use glance::Glance;
pub use leveller::{LevelRules, Leveller, RuleError};

/// How much a line matters, by its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every step.
    Trace,
    /// For those who look for a fault.
    Debug,
    /// The normal course.
    Info,
    /// Something to look at.
    Warn,
    /// Something failed.
    Error,
    /// The program cannot go on.
    Fatal,
}

impl Level {
    /// All of them, least first.
    pub const ALL: [Level; 6] = [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
        Level::Fatal,
    ];

    /// The name used in `--json` and `--level`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }

    /// Whether a line of this level passes a filter for `least` and above.
    ///
    /// A line that states no level counts as `info`: programs without levels write what they do.
    pub fn passes(level: Option<Level>, least: Level) -> bool {
        level.unwrap_or(Level::Info) >= least
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word names no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a level; use trace, debug, info, warn, error or fatal")]
pub struct NotALevel(pub String);

impl FromStr for Level {
    type Err = NotALevel;

    /// Reads a name, also in the longer and shorter forms that loggers use (`warning`, `err`, `crit`).
    fn from_str(text: &str) -> Result<Self, NotALevel> {
        words::level(text).ok_or_else(|| NotALevel(text.to_string()))
    }
}

/// How much of a line is looked at, in bytes; of JSON all of it.
const LOOKED_AT: usize = 1024;

/// The level that a line states by itself; `None` for one that states none.
pub fn level_of(line: &[u8]) -> Option<Level> {
    let plain = strip_ansi(line);
    let plain = plain.trim_ascii();
    // Only JSON is looked at as a whole; it may stand behind a prefix.
    let json = plain.ends_with(b"}") || plain.starts_with(b"{");
    let plain = match json {
        true => plain,
        false => &plain[..plain.len().min(LOOKED_AT)],
    };
    detect(&String::from_utf8_lossy(plain))
}

fn detect(line: &str) -> Option<Level> {
    let line = fixed::without_compose_prefix(line.trim());
    if line.starts_with('{') {
        return json::level(line);
    }
    let line = beginning(line);
    if let Some(found) = fixed::level(line) {
        return Some(found);
    }
    let line = fixed::without_syslog_header(line);
    let head = head::parse(line);
    match head.level {
        Some(level) => Some(level),
        None if head.json => json::level(&line[head.end..]),
        None => pairs::level(line)
            .or_else(|| access::level(line))
            .or_else(|| message::level(line, &line[head.end..])),
    }
}

fn beginning(line: &str) -> &str {
    let mut end = line.len().min(LOOKED_AT);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

#[cfg(test)]
mod tests;
