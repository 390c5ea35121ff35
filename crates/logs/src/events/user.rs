//! The rules, ready for use: those that come with the program, compiled as they are first needed, the
//! search for their words, and users' own.

use std::sync::{Arc, LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::address::expression;
use super::body::Body;
use super::duration::milliseconds;
use super::rules::{RULES, Rule, expanded};
use super::{EventFields, EventKind, LogEvent, shortened};

/// Words of lines that may tell of readiness, of something slow, of tests.
const READY: &[&str] = &[
    "listen",
    "ready",
    "running",
    "serving",
    "started",
    "available",
    "accessible",
    "localhost:",
    "127.0.0.1:",
    "0.0.0.0:",
    "[::",
    "launched",
    "network",
    "accepting",
    "waiting for",
    "startup comp",
    "responding",
    "server is",
    "server at",
    "socket created",
    "stage on",
    "ctrl",
    "://192.168.",
    "://172.",
    "://10.",
    "#start:",
    "version: '",
    "starting ",
    " bound to",
    "binding to",
    "publish_address",
    "up at",
    "live at",
];
/// What says itself that it was slow, or may be found slow by a field; durations are looked for apart.
const SLOW: &[&str] = &[
    "slow",
    "too long",
    "query_time",
    "[violation]",
    " duration: ",
    "took[",
    "responsetime",
    "millis\":",
    "_ms\":",
    "_ms=",
    "durationms",
    "latencyms",
    "elapsedms",
    "executing <",
];
const TESTS: &[&str] = &[
    "passed",
    "failed",
    "passing",
    "failing",
    "failure",
    "assertions",
    "pass ",
    "fail ",
    " pass",
    " fail",
    "ran ",
    "executed ",
    "total tests",
    "scenario",
    "fail\t",
    "ok\t",
    "ok  ",
    "pending",
    "result: ",
];

/// One rule of a user, as `settings.events` holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// A line with this (a regular expression) is the event; its named groups are the event's fields.
    pub pattern: String,
    /// What has happened.
    pub kind: String,
    /// For people, with `${name}` for a group; without it, the line is the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rule `{pattern}` for events cannot be used: {reason}")]
pub struct EventRuleError {
    /// The rule's expression.
    pub pattern: String,
    /// What is wrong.
    pub reason: String,
}

/// Rules by which events are found: a user's own, then those that come with the program.
#[derive(Debug, Clone, Default)]
pub struct EventRules {
    own: Vec<Own>,
}

#[derive(Debug, Clone)]
struct Own {
    regex: Regex,
    kind: EventKind,
    message: Option<String>,
}

/// What the words of a line make worth a look.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Rules of the table, by number.
    rules: u128,
    pub(super) ready: bool,
    pub(super) slow: bool,
    pub(super) tests: bool,
}

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.rules == 0 && !self.ready && !self.slow && !self.tests
    }
}

impl EventRules {
    /// Those that come with the program, and nothing else.
    pub fn built_in() -> Arc<EventRules> {
        static RULES: LazyLock<Arc<EventRules>> = LazyLock::new(Arc::default);
        RULES.clone()
    }

    /// A user's rules, which come before those of the program.
    ///
    /// # Errors
    ///
    /// An expression is invalid or needs more than a megabyte; a kind is none.
    pub fn new(rules: &[EventRule]) -> Result<EventRules, EventRuleError> {
        let own = rules.iter().map(|rule| {
            let wrong = |reason: String| EventRuleError {
                pattern: rule.pattern.clone(),
                reason,
            };
            let regex = RegexBuilder::new(&rule.pattern)
                .size_limit(1 << 20)
                .build()
                .map_err(|error| wrong(error.to_string()))?;
            let kind = rule.kind.parse::<EventKind>();
            Ok(Own {
                regex,
                kind: kind.map_err(|error| wrong(error.to_string()))?,
                message: rule.message.clone(),
            })
        });
        Ok(EventRules {
            own: own.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// Looks for the words of all rules at once.
    pub(super) fn words(&self, line: &[u8]) -> Found {
        let tables = self.tables();
        let mut found = Found::default();
        for word in tables.words.find_overlapping_iter(line) {
            let uses = &tables.uses[word.pattern().as_usize()];
            found.rules |= uses.rules;
            found.ready |= uses.ready;
            found.slow |= uses.slow;
            found.tests |= uses.tests;
        }
        found.slow |= super::slow::has_long_duration(line);
        found
    }

    /// The event of a user's rule.
    pub(super) fn own(&self, line: &[u8]) -> Option<LogEvent> {
        self.own.iter().find_map(|own| {
            let found = own.regex.captures(line)?;
            let mut fields = EventFields::default();
            for name in own.regex.capture_names().flatten() {
                if let Some(value) = found.name(name) {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    set(&mut fields, name, &value);
                }
            }
            let mut message = Vec::new();
            match &own.message {
                Some(form) => found.expand(form.as_bytes(), &mut message),
                None => message.extend_from_slice(line.trim_ascii()),
            }
            Some(LogEvent {
                kind: own.kind,
                message: shortened(&String::from_utf8_lossy(&message)),
                fields,
            })
        })
    }

    pub(super) fn tables(&self) -> &'static Tables {
        static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);
        &TABLES
    }
}

/// The program's own rules.
pub(super) struct Tables {
    words: AhoCorasick,
    /// By the number of a word, who uses it.
    uses: Vec<Found>,
    expressions: Vec<OnceLock<(Regex, Option<Regex>)>>,
}

impl Tables {
    fn new() -> Self {
        let mut words: Vec<&str> = Vec::new();
        let mut uses: Vec<Found> = Vec::new();
        let mut add = |word: &'static str, note: &dyn Fn(&mut Found)| {
            let at = words.iter().position(|it| *it == word).unwrap_or_else(|| {
                words.push(word);
                uses.push(Found::default());
                words.len() - 1
            });
            note(&mut uses[at]);
        };
        for (number, rule) in RULES.iter().enumerate() {
            for word in rule.words {
                add(word, &|found| found.rules |= 1 << number);
            }
        }
        READY
            .iter()
            .for_each(|word| add(word, &|found| found.ready = true));
        SLOW.iter()
            .for_each(|word| add(word, &|found| found.slow = true));
        TESTS
            .iter()
            .for_each(|word| add(word, &|found| found.tests = true));
        Tables {
            words: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::DFA))
                .build(&words)
                .expect("a few hundred short words fit into any automaton"),
            uses,
            expressions: RULES.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// What the first rule says that matches; `Some(None)`: nothing has happened.
    pub(super) fn find(
        &self,
        found: &Found,
        body: &Body,
    ) -> Option<Option<(EventKind, EventFields)>> {
        let mut left = found.rules;
        while left != 0 {
            let number = left.trailing_zeros() as usize;
            left &= left - 1;
            let rule = &RULES[number];
            let (regex, unless) = self.expressions[number].get_or_init(|| compile(rule));
            let text = match rule.pattern.contains('^') {
                true => body.said(),
                false => body.text(),
            };
            let Some(groups) = regex.captures(text.as_bytes()) else {
                continue;
            };
            if unless
                .as_ref()
                .is_some_and(|it| it.is_match(body.text().as_bytes()))
            {
                continue;
            }
            return Some(rule.kind.map(|kind| (kind, fields(regex, &groups, text))));
        }
        None
    }
}

#[cfg(test)]
impl Tables {
    /// Compiles every rule, as no line would ask for all.
    pub(super) fn compile_all(&self) {
        RULES.iter().map(compile).for_each(drop);
    }
}

fn compile(rule: &Rule) -> (Regex, Option<Regex>) {
    let mut names = std::collections::BTreeMap::new();
    let unless = (!rule.unless.is_empty()).then(|| expression(&expanded(rule.unless)));
    // A group's name may occur in several branches; the expression needs different ones.
    let mut pattern = String::new();
    let expanded = expanded(rule.pattern);
    let mut rest = expanded.as_str();
    while let Some(at) = rest.find("(?P<") {
        let end = at + rest[at..].find('>').unwrap_or(0);
        let name = &rest[at + 4..end];
        let times: &mut u32 = names.entry(name.to_string()).or_default();
        *times += 1;
        pattern.push_str(&rest[..at]);
        pattern.push_str(&format!("(?P<{name}_{times}>"));
        rest = &rest[end + 1..];
    }
    pattern.push_str(rest);
    (expression(&pattern), unless)
}

fn fields(regex: &Regex, groups: &Captures<'_>, text: &str) -> EventFields {
    let mut fields = EventFields::default();
    for name in regex.capture_names().flatten() {
        let Some(value) = groups.name(name).and_then(|it| text.get(it.range())) else {
            continue;
        };
        let name = name.rsplit_once('_').map_or(name, |(name, _)| name);
        set(&mut fields, name, value);
    }
    fields
}

/// Sets the field that a group's name stands for.
fn set(fields: &mut EventFields, name: &str, value: &str) {
    let text = || Some(value.trim().to_string());
    match name {
        "url" => {
            fields.url = text();
            fields.port = fields
                .port
                .or_else(|| super::address::find(value).and_then(|it| it.port));
        }
        "port" => fields.port = value.parse().ok().or(fields.port),
        "ms" => {
            fields.ms = value
                .parse()
                .ok()
                .or_else(|| milliseconds(value))
                .or(fields.ms)
        }
        "file" | "files" => fields.files = files(value),
        "asset" => fields.asset = text(),
        "size" => fields.size = text(),
        "gzip" => fields.gzip = text(),
        "errors" => fields.errors = value.parse().ok(),
        "warnings" => fields.warnings = value.parse().ok(),
        "passed" => fields.passed = value.parse().ok(),
        // Of a build, only that it failed is said; of tests, how many.
        "failed" if value.is_empty() => fields.errors = fields.errors.or(Some(1)),
        "failed" => fields.failed = value.parse().ok(),
        "package" => fields.package = text(),
        _ => {
            fields.more.insert(name.to_string(), value.to_string());
        }
    }
}

/// Names of files, separated by commas, perhaps in quotes, perhaps with a count behind.
fn files(text: &str) -> Vec<String> {
    let names = text.split(", ").map(|name| {
        let name = name.split_once(" (x").map_or(name, |(name, _)| name);
        name.trim_matches([' ', '\'', '"', '`', ',', ';'])
            .trim_end_matches(['.', ':', '…'])
            .to_string()
    });
    names.filter(|name| !name.is_empty()).collect()
}
