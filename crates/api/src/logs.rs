//! `GET /logs` and `/logs/stream`: what processes have written, and what they write.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which lines are wanted. Times are typed as on the command line: `10m`, `14:30`, RFC 3339.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogsQuery {
    /// Names, groups, globs, separated by commas; empty: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<String>,
    /// At most so many lines, the last ones (with `after`: the first ones). 100 where nothing is
    /// said; a stream begins with what comes, unless `tail`, `since` or `after` say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<usize>,
    /// `trace`, `debug`, `info`, `warn`, `error`, `fatal`: this level and above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// A regular expression that lines match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grep: Option<String>,
    /// Whether the expression takes upper and lower case as the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_case: bool,
    /// How many lines of the same stream before and after each match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<usize>,
    /// One run only: an id, or `last` for the one before the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Nothing that was written before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Nothing that was written after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The lines before the place that a cursor names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The lines after the place that a cursor names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whether each line has its text with colours, too ([`LogLine::styled`]).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub styled: bool,
    /// In a stream: whether lines are told before their end is written ([`LogLine::partial`]).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

impl LogsQuery {
    /// As a query string, without `?`.
    pub fn to_query(&self) -> String {
        let number = |value: Option<usize>| value.map(|value| value.to_string());
        let yes = |value: bool| value.then_some("true");
        let (tail, context) = (number(self.tail), number(self.context));
        query_string(&[
            ("targets", self.targets.as_deref()),
            ("tail", tail.as_deref()),
            ("level", self.level.as_deref()),
            ("grep", self.grep.as_deref()),
            ("ignore_case", yes(self.ignore_case)),
            ("context", context.as_deref()),
            ("run", self.run.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("before", self.before.as_deref()),
            ("after", self.after.as_deref()),
            ("styled", yes(self.styled)),
            ("partial", yes(self.partial)),
        ])
    }
}

/// `key=value&…` of those that have a value, percent-encoded (RFC 3986).
pub fn query_string(pairs: &[(&str, Option<&str>)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs {
        let Some(value) = value else { continue };
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(key);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(char::from(byte));
                }
                _ => {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
        }
    }
    out
}

/// Lines in the order of their times.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LogsAnswer {
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// Where to go on: as `after` for what comes next; of an answer to `before`, as `before` for
    /// what was earlier. Means nothing but to be handed back.
    pub cursor: String,
    /// Whether there is more: earlier lines than these, or with `after` later ones.
    pub more: bool,
}

/// One line of output.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When it was written, RFC 3339 with nanoseconds.
    pub time: String,
    /// Who wrote it.
    pub process: String,
    /// The run that wrote it, where that is known.
    pub run_id: Option<String>,
    /// `stdout`, `stderr`, `terminal`.
    pub stream: String,
    /// `trace` … `fatal`, or null where it states none.
    pub level: Option<String>,
    /// Its text, without escape sequences.
    pub message: String,
    /// Grows from line to line of a process. A line with the process, stream and number of an
    /// earlier one is that line again and takes its place.
    pub seq: u64,
    /// Its place, for `before` and `after`.
    pub cursor: String,
    /// Its text for a terminal: colours are kept, everything else is made safe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub styled: Option<String>,
    /// Its whole length in bytes, where `message` holds only the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// A line around a match, not a match.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub context: bool,
    /// Its end has not been written yet. It comes again, whole, once that is there; cursors point
    /// before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// No line: here output is missing that could not be kept, and `message` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<LogGap>,
}

/// Output that could not be kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LogGap {
    /// How many bytes, where that is known.
    pub bytes: Option<u64>,
    /// Since when, RFC 3339.
    pub since: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_an_address_is_encoded() {
        let query = LogsQuery {
            targets: Some("api,db-*".into()),
            grep: Some("a&b=ä/+".into()),
            tail: Some(5),
            ignore_case: true,
            ..LogsQuery::default()
        };
        assert_eq!(
            query.to_query(),
            "targets=api%2Cdb-%2A&tail=5&grep=a%26b%3D%C3%A4%2F%2B&ignore_case=true"
        );
        assert_eq!(LogsQuery::default().to_query(), "");
    }
}
