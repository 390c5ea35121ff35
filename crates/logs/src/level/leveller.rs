//! Levels of lines in their order: what continues a record has the record's level.

use regex::bytes::Regex;

use super::{Level, level_of};
use crate::text::strip_ansi;

/// What the user says about the levels of a process: `log.level` and `log.multiline`.
#[derive(Debug, Clone, Default)]
pub struct LevelRules {
    rules: Vec<(Regex, Option<Level>)>,
    first_line: Option<Regex>,
}

/// A rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("level rule `{pattern}`: {reason}")]
pub struct RuleError {
    /// The rule.
    pub pattern: String,
    /// What is wrong.
    pub reason: String,
}

impl LevelRules {
    /// Rules from `log.level` (expression and level, in order; the first that matches decides; `None`
    /// means that the line states no level) and `log.multiline` (the expression of a record's first
    /// line).
    ///
    /// # Errors
    ///
    /// An expression is wrong or too large.
    pub fn new<'a>(
        rules: impl IntoIterator<Item = (&'a str, Option<Level>)>,
        multiline: Option<&str>,
    ) -> Result<Self, RuleError> {
        let compile = |pattern: &str| {
            regex::bytes::RegexBuilder::new(pattern)
                .size_limit(1 << 20)
                .build()
                .map_err(|error| RuleError {
                    pattern: pattern.to_string(),
                    reason: error.to_string(),
                })
        };
        Ok(LevelRules {
            rules: rules
                .into_iter()
                .map(|(pattern, level)| Ok((compile(pattern)?, level)))
                .collect::<Result<_, _>>()?,
            first_line: multiline.map(compile).transpose()?,
        })
    }

    fn level(&self, line: &[u8]) -> Option<Option<Level>> {
        if self.rules.is_empty() {
            return None;
        }
        let plain = strip_ansi(line);
        let rule = self.rules.iter().find(|(regex, _)| regex.is_match(&plain));
        rule.map(|(_, level)| *level)
    }
}

/// Gives levels to the lines of one stream, in order.
#[derive(Debug, Clone, Default)]
pub struct Leveller {
    rules: std::sync::Arc<LevelRules>,
    /// The level of the record that is going on.
    record: Option<Level>,
}

impl Leveller {
    /// A leveller with the user's rules.
    pub fn new(rules: std::sync::Arc<LevelRules>) -> Self {
        Leveller {
            rules,
            record: None,
        }
    }

    /// Forgets the record that is going on: what comes next does not follow what came before.
    pub fn reset(&mut self) {
        self.record = None;
    }

    /// Whether the lines that continue the present record may be of this level.
    pub(crate) fn within(&self, least: Level) -> bool {
        self.record >= Some(least)
    }

    /// Whether levels are only what lines state by themselves or continue.
    pub(crate) fn has_rules(&self) -> bool {
        !self.rules.rules.is_empty() || self.rules.first_line.is_some()
    }

    /// The level of the next line.
    pub fn next(&mut self, line: &[u8]) -> Option<Level> {
        if let Some(level) = self.rules.level(line) {
            self.record = level;
            return level;
        }
        if let Some(first_line) = &self.rules.first_line {
            if first_line.is_match(&strip_ansi(line)) {
                self.record = level_of(line);
            }
            return self.record;
        }
        let shape = Shape::of(line);
        if shape == Shape::Frame {
            return self.record;
        }
        let stated = level_of(line);
        match (stated, shape) {
            (Some(level), Shape::Indented) if self.record >= Some(Level::Warn) => {
                // Within a trace, an exception's message is no record of its own.
                Some(level).max(self.record)
            }
            (Some(level), _) => {
                self.record = Some(level);
                stated
            }
            (None, Shape::Indented) => self.record,
            (None, Shape::Cause) => self.record,
            (None, Shape::Blank) => None,
            (None, _) => {
                self.record = None;
                None
            }
        }
    }

    /// Whether a line's level may depend on the lines before it.
    pub(crate) fn depends(&self, line: &[u8]) -> bool {
        self.rules.first_line.is_some()
            || matches!(
                Shape::of(line),
                Shape::Frame | Shape::Indented | Shape::Cause
            )
    }
}

/// What a line looks like beside the lines around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Nothing.
    Blank,
    /// A frame of a stack trace, or the margin of quoted source: never a record.
    Frame,
    /// Introduces another trace of the same record.
    Cause,
    /// Set in.
    Indented,
    /// Anything else.
    Record,
}

impl Shape {
    fn of(line: &[u8]) -> Shape {
        let plain = strip_ansi(line);
        let line = &plain[..plain.len().min(256)];
        let text = line.trim_ascii();
        if text.is_empty() {
            return Shape::Blank;
        }
        let indent = line
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        if is_frame(text, indent) {
            return Shape::Frame;
        }
        const CAUSES: [&[u8]; 7] = [
            b"Caused by: ",
            b"During handling of the above",
            b"The above exception was",
            b"Suppressed: ",
            b"Stack trace:",
            b"[stacktrace]",
            b"stack backtrace:",
        ];
        let maybe = matches!(text[0], b'C' | b'D' | b'T' | b'S' | b'[' | b's');
        if maybe && CAUSES.iter().any(|cause| text.starts_with(cause)) || adds_to_record(text) {
            return Shape::Cause;
        }
        let deep = line[0] == b'\t' || indent >= 2;
        if deep && !begins_anew(text) && !is_flush_right(text, indent) {
            return Shape::Indented;
        }
        Shape::Record
    }
}

/// Frames and margins: ` at f (file:1:2)`, `File "x.py", line 3`, `#0 /x.php(15)`, `--> src/x.rs:1`,
/// `12 | code`, `^^^`, `... 3 more`, `goroutine 1 [running]:`, `from app.rb:3:in`.
fn is_frame(text: &[u8], indent: usize) -> bool {
    let starts = |prefix: &[u8]| text.starts_with(prefix);
    if starts(b"at ") && (indent > 0 || text.ends_with(b")")) {
        return true;
    }
    if indent > 0 && (starts(b"File \"") || starts(b"from ") || starts(b"... ")) {
        return true;
    }
    if starts(b"--> ") || starts(b"goroutine ") || starts(b"created by ") {
        return true;
    }
    if text.len() > 2 && text[0] == b'#' && text[1].is_ascii_digit() {
        let digits = text[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        return text.get(1 + digits) == Some(&b' ')
            && text
                .get(2 + digits)
                .is_some_and(|b| matches!(b, b'/' | b'[' | b'{' | b'0'));
    }
    if text
        .iter()
        .all(|b| matches!(b, b'^' | b'~' | b'|' | b' ' | b'-'))
        && text.iter().any(|b| matches!(b, b'^' | b'~' | b'|'))
    {
        return true;
    }
    margin(text) || is_function(text)
}

/// `main.(*Server).handle(0xc000, …)`, `runtime.main`: the line before a place in Go's traces.
fn is_function(text: &[u8]) -> bool {
    if !text[0].is_ascii_lowercase() {
        return false;
    }
    let name = text
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || b"_./*()-".contains(b) || !b.is_ascii())
        .count();
    let dotted = text[..name].contains(&b'.');
    let called = text.ends_with(b")") && text[..name].contains(&b'(');
    dotted
        && (called || name == text.len())
        && !text.ends_with(b"Error")
        && !text.ends_with(b"Exception")
}

/// What PostgreSQL writes after a record: `… DETAIL:  …`, `… STATEMENT:  …`.
fn adds_to_record(text: &[u8]) -> bool {
    const NAMES: [&[u8]; 6] = [
        b"DETAIL",
        b"HINT",
        b"STATEMENT",
        b"CONTEXT",
        b"QUERY",
        b"LOCATION",
    ];
    let head = &text[..text.len().min(120)];
    let Some(colon) = memchr::memchr_iter(b':', head).find(|at| head[at + 1..].starts_with(b"  "))
    else {
        return false;
    };
    NAMES.iter().any(|name| {
        text[..colon]
            .strip_suffix(*name)
            .is_some_and(|before| before.last().is_none_or(|b| *b == b' '))
    })
}

/// `12 | code`, `> 3 | code`, `| code`, `= note: …`.
fn margin(text: &[u8]) -> bool {
    let text = text.strip_prefix(b">").unwrap_or(text).trim_ascii_start();
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let rest = text[digits..].trim_ascii_start();
    (digits <= 6 && rest.starts_with(b"| "))
        || rest == b"|" && digits > 0
        || (digits == 0 && text.starts_with(b"= "))
}

/// Signs and words that begin something new, however far it is set in.
fn begins_anew(text: &[u8]) -> bool {
    if !text[0].is_ascii() || matches!(text[0], b'>' | b'*' | b'<') {
        return true;
    }
    let length = text
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let (word, rest) = text.split_at(length);
    let next = rest.trim_ascii_start();
    match word {
        // What builds and test runners count, and what they have made.
        b"asset" | b"assets" | b"modules" | b"runtime" | b"cacheable" => rest.starts_with(b" "),
        [b'0'..=b'9', ..] => [&b"passing"[..], b"passed", b"pending", b"pass"]
            .iter()
            .any(|it| next.starts_with(it)),
        // A level in its column, where the time of the line before is not repeated.
        _ => {
            rest.starts_with(b"  ")
                && std::str::from_utf8(word).is_ok_and(|word| {
                    word.bytes().all(|b| b.is_ascii_uppercase()) && super::words::stands_alone(word)
                })
        }
    }
}

/// `   Compiling x v0.1.0`: a verb that ends at column 12, as Cargo and others set their progress.
fn is_flush_right(text: &[u8], indent: usize) -> bool {
    let verb = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    indent + verb == 12 && text[0].is_ascii_uppercase() && text.get(verb) == Some(&b' ')
}
