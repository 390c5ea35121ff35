//! What has happened, by the account of the output: a server listens, a build is done, a file was
//! reloaded, a query was slow.
//!
//! Rules are data (`rules`): a kind, words of which one must be in the line, and an expression
//! whose named groups are the event's fields. All words of all rules are looked for in one pass over
//! the line; only where one is found is the line cleaned of colours and taken apart, so ordinary
//! output costs little more than reading it. Where an address may be said in a hundred ways there is
//! one reading for all of them (`address`), and so with counts of tests (`tests_run`).
//!
//! A line of JSON or logfmt is taken apart first: what happened stands in its message, the port or
//! the duration often in a field of its own.

mod address;
mod body;
mod duration;
mod ready;
mod rules;
mod slow;
mod tests_run;
mod user;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::text::strip_ansi;

use body::Body;
pub use user::{EventRule, EventRuleError, EventRules};

/// How much of a line is looked at, in bytes.
const LOOKED_AT: usize = 4096;

/// Longest message of an event that quotes its line, in characters.
const MESSAGE: usize = 200;

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// It can be used, by its own account.
    Ready,
    /// It accepts connections at a port.
    Listening,
    /// A build is done; with `errors`, it has failed.
    Compiled,
    /// It was built again after a change.
    Rebuild,
    /// It takes up a change: a hot update, a restart of its own.
    Reload,
    /// A query, a request or a step took long.
    Slow,
    /// How large what was built is.
    BundleSize,
    /// How many tests have passed and failed.
    TestSummary,
    /// A database's schema was changed.
    Migration,
    /// Something is used that will go away.
    Deprecation,
    /// Something to look at; only users' own rules make it.
    Warning,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 11] = [
        EventKind::Ready,
        EventKind::Listening,
        EventKind::Compiled,
        EventKind::Rebuild,
        EventKind::Reload,
        EventKind::Slow,
        EventKind::BundleSize,
        EventKind::TestSummary,
        EventKind::Migration,
        EventKind::Deprecation,
        EventKind::Warning,
    ];

    /// The name used in JSON and in `settings.events`.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Ready => "ready",
            EventKind::Listening => "listening",
            EventKind::Compiled => "compiled",
            EventKind::Rebuild => "rebuild",
            EventKind::Reload => "reload",
            EventKind::Slow => "slow",
            EventKind::BundleSize => "bundle-size",
            EventKind::TestSummary => "test-summary",
            EventKind::Migration => "migration",
            EventKind::Deprecation => "deprecation",
            EventKind::Warning => "warning",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The word names no kind of event that output can state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a kind of event; use ready, listening, compiled, rebuild, reload, slow, \
     bundle-size, test-summary, migration, deprecation or warning"
)]
pub struct NotAKind(pub String);

impl FromStr for EventKind {
    type Err = NotAKind;

    fn from_str(text: &str) -> Result<Self, NotAKind> {
        EventKind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| NotAKind(text.to_string()))
    }
}

/// What a line states beside the kind of its event.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(default)]
pub struct EventFields {
    /// Where it can be reached, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The port at which it can be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<f64>,
    /// What has changed, or was built.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The file whose size is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
    /// Its size, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Its size when compressed, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gzip: Option<String>,
    /// How many errors; 1 where a failure is stated without a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// How many warnings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<u64>,
    /// How many tests have passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<u64>,
    /// How many have not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
    /// What is deprecated, where it is a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Named groups of users' own rules.
    #[serde(flatten)]
    pub more: BTreeMap<String, String>,
}

impl EventFields {
    /// As members of a JSON object, without those that are not stated.
    pub fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }
}

/// Something that has happened, by the account of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvent {
    /// What.
    pub kind: EventKind,
    /// For people.
    pub message: String,
    /// What else the line states.
    pub fields: EventFields,
}

/// Finds the events in the lines of one process, in order.
#[derive(Debug, Clone)]
pub struct EventDetector {
    rules: Arc<EventRules>,
    /// A build was done before: the next one is a rebuild.
    built: bool,
}

impl Default for EventDetector {
    fn default() -> Self {
        EventDetector::new(EventRules::built_in())
    }
}

impl EventDetector {
    /// A detector with these rules; they can be shared by many.
    pub fn new(rules: Arc<EventRules>) -> Self {
        EventDetector {
            rules,
            built: false,
        }
    }

    /// A new run begins: what was built before says nothing about it.
    pub fn reset(&mut self) {
        self.built = false;
    }

    /// It has been built before, as is known from elsewhere.
    pub fn has_built(&mut self) {
        self.built = true;
    }

    /// Goes on with other rules.
    pub fn set_rules(&mut self, rules: Arc<EventRules>) {
        self.rules = rules;
    }

    /// The event that the next line states.
    pub fn next(&mut self, line: &[u8]) -> Option<LogEvent> {
        let mut event = detect(&self.rules, line)?;
        if event.kind == EventKind::Compiled && event.fields.errors.unwrap_or(0) == 0 {
            if self.built {
                event.kind = EventKind::Rebuild;
            }
            self.built = true;
        }
        Some(event)
    }
}

/// The event that a line states by itself.
pub fn event_of(line: &[u8]) -> Option<LogEvent> {
    detect(&EventRules::built_in(), line)
}

fn detect(rules: &EventRules, line: &[u8]) -> Option<LogEvent> {
    let line = &line[..line.len().min(LOOKED_AT)];
    let found = rules.words(line);
    if found.is_empty() && !rules.has_own() {
        return None;
    }
    let plain = strip_ansi(line);
    let plain = crate::text::last_state(&plain);
    if let Some(event) = rules.own(plain) {
        return Some(event);
    }
    if found.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(plain);
    let body = Body::new(&text);
    let (kind, fields) = built_in(rules, &found, &body)?;
    Some(LogEvent {
        message: message(kind, &fields, &body),
        kind,
        fields,
    })
}

fn built_in(
    rules: &EventRules,
    found: &user::Found,
    body: &Body,
) -> Option<(EventKind, EventFields)> {
    if let Some(event) = rules.tables().find(found, body) {
        return event;
    }
    if found.tests
        && let Some(fields) = tests_run::counts(body)
    {
        return Some((EventKind::TestSummary, fields));
    }
    if found.slow
        && let Some(fields) = slow::slow(body)
    {
        return Some((EventKind::Slow, fields));
    }
    if found.ready {
        return ready::ready(body);
    }
    None
}

/// What people are told.
fn message(kind: EventKind, fields: &EventFields, body: &Body) -> String {
    match kind {
        EventKind::Reload if !fields.files.is_empty() => {
            format!("Hot reload: {} modified", fields.files.join(", "))
        }
        EventKind::Ready | EventKind::Listening if fields.url.is_some() => {
            format!("Ready at {}", fields.url.as_deref().unwrap_or_default())
        }
        EventKind::Listening if fields.port.is_some() => {
            format!("Listening on port {}", fields.port.unwrap_or_default())
        }
        EventKind::Ready
        | EventKind::Listening
        | EventKind::Compiled
        | EventKind::Rebuild
        | EventKind::Reload
        | EventKind::Slow
        | EventKind::BundleSize
        | EventKind::TestSummary
        | EventKind::Migration
        | EventKind::Deprecation
        | EventKind::Warning => shortened(body.said()),
    }
}

/// A line as part of a message: without control characters, of bounded length.
fn shortened(text: &str) -> String {
    let text = crate::text::safe(text.as_bytes(), false);
    match text.char_indices().nth(MESSAGE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
