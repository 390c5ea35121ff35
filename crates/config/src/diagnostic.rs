//! What is told about a file: place, the line itself, what is wrong and what to do.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::files::Files;
use crate::finding::Finding;
use crate::tree::Span;
use crate::visible::{push_visible, visible};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is started.
    Error,
    /// It works, perhaps not as meant.
    Warning,
}

/// One mistake of a file. All its texts are safe to print: control characters are spelled out, and
/// values of variables never occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file as people know it: relative to the workspace where it lies in it.
    pub file: PathBuf,
    /// Line, counted from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// Column in characters, counted from 1; 0 where the file as a whole is meant.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// A few words at the mark.
    pub label: Option<String>,
    /// What to do.
    pub suggestion: Option<String>,
    /// The line with the place to mark.
    pub excerpt: Option<Excerpt>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// Profiles that cannot run because of it; empty: the file as such is wrong.
    pub profiles: Vec<String>,
}

/// A line of a file, made safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or the part of a very long one around the mark.
    pub text: String,
    /// The bytes of `text` to mark.
    pub mark: Range<usize>,
}

/// Another place that belongs to a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The file.
    pub file: PathBuf,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is there.
    pub message: String,
    /// The line with the place to mark.
    pub excerpt: Excerpt,
}

/// All mistakes that were found, in the order of the files. Its `Display` shows all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// More than are kept.
    dropped: usize,
}

impl Diagnostics {
    pub(crate) fn new(list: Vec<Diagnostic>, dropped: usize) -> Self {
        Diagnostics { list, dropped }
    }

    /// The mistakes.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many more there are, of a file with very many.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Those that keep this profile from running.
    pub(crate) fn matter_for(self, profile: &str) -> (Self, Self) {
        let (matter, other) = self.list.into_iter().partition(|diagnostic: &Diagnostic| {
            diagnostic.profiles.is_empty() || diagnostic.profiles.iter().any(|p| p == profile)
        });
        (
            Diagnostics::new(matter, self.dropped),
            Diagnostics::new(other, 0),
        )
    }

    /// One document: `{"diagnostics": [{"severity", "file", "line", "column", "message", …}]}`.
    pub fn to_json(&self) -> Value {
        json!({ "diagnostics": self.list.iter().map(Diagnostic::to_json).collect::<Vec<_>>() })
    }
}

impl Diagnostic {
    pub(crate) fn of(finding: Finding, profiles: Vec<String>, files: &Files) -> Self {
        let file = files.file(finding.span.file);
        let position = file.position(finding.span.start);
        let (line, column) = match finding.whole_file {
            true => (0, 0),
            false => (position.line, position.column),
        };
        Diagnostic {
            severity: finding.severity,
            file: PathBuf::from(visible(&file.shown)),
            line,
            column,
            message: visible(&finding.message),
            label: finding.label.as_deref().map(visible),
            suggestion: finding.help.as_deref().map(visible_lines),
            excerpt: (!finding.whole_file).then(|| Excerpt::of(finding.span, files)),
            related: finding
                .related
                .into_iter()
                .map(|(span, message)| Related::of(span, &message, files))
                .collect(),
            profiles,
        }
    }

    /// As an object with the names of the fields; `line` and `column` are null where the file as a
    /// whole is meant.
    pub fn to_json(&self) -> Value {
        let number = |n: usize| if n == 0 { Value::Null } else { json!(n) };
        json!({
            "severity": match self.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "file": self.file.to_string_lossy(),
            "line": number(self.line),
            "column": number(self.column),
            "message": self.message,
            "label": self.label,
            "suggestion": self.suggestion,
            "source": self.excerpt.as_ref().map(|excerpt| &excerpt.text),
            "related": self.related.iter().map(|related| json!({
                "file": related.file.to_string_lossy(),
                "line": related.line,
                "column": related.column,
                "message": related.message,
            })).collect::<Vec<_>>(),
            "profiles": self.profiles,
        })
    }
}

impl Related {
    fn of(span: Span, message: &str, files: &Files) -> Self {
        let file = files.file(span.file);
        let position = file.position(span.start);
        Related {
            file: PathBuf::from(visible(&file.shown)),
            line: position.line,
            column: position.column,
            message: visible(message),
            excerpt: Excerpt::of(span, files),
        }
    }
}

/// Characters shown before and behind the mark of a line that is longer than both.
const AROUND: usize = 70;

impl Excerpt {
    /// The line at a place. A mark that goes on over the line's end stops there.
    fn of(span: Span, files: &Files) -> Self {
        let file = files.file(span.file);
        let (start, line) = file.line_at(span.start);
        let from = (span.start as usize - start).min(line.len());
        let to = (span.end as usize)
            .saturating_sub(start)
            .clamp(from, line.len());
        let first = back(line, from, AROUND);
        let last = forth(line, from, 2 * AROUND);
        // What is masked may begin before the part that is shown.
        let look = back(line, first, AROUND);
        let masked = match file.secret {
            true => vec![value_of(line)],
            false => secrets(&line[look..last])
                .map(|range| range.start + look..range.end + look)
                .collect(),
        };
        let mut text = String::new();
        if first > 0 {
            text.push('…');
        }
        let mut mark = 0..0;
        for (at, c) in line[first..last].char_indices() {
            let at = first + at;
            if at == from {
                mark.start = text.len();
            }
            match masked.iter().any(|range| range.contains(&at)) {
                true => text.push('*'),
                false if c == '\t' => text.push(' '),
                false => push_visible(&mut text, c),
            }
            if (from..to).contains(&at) {
                mark.end = text.len();
            }
        }
        if mark.is_empty() {
            // Something must be marked, also at the end of a line.
            let start = if from >= last { text.len() } else { mark.start };
            text.push(' ');
            let next = text[start..].chars().next().map_or(1, char::len_utf8);
            mark = start..start + next;
        }
        if last < line.len() {
            text.push('…');
        }
        Excerpt { text, mark }
    }
}

/// The place so many characters before another.
fn back(line: &str, from: usize, characters: usize) -> usize {
    let before = line[..from].char_indices().rev();
    before.take(characters).last().map_or(from, |(at, _)| at)
}

/// The place so many characters behind another.
fn forth(line: &str, from: usize, characters: usize) -> usize {
    let behind = line[from..].char_indices().nth(characters);
    behind.map_or(line.len(), |(at, _)| from + at)
}

/// The bytes of a line of a dotenv file that hold a value, or a part of one. The further lines of a
/// quoted value have no name and are hidden as a whole.
fn value_of(line: &str) -> Range<usize> {
    let name = line.find('=').filter(|at| {
        line[..*at]
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.- \t".contains(c))
    });
    name.map_or(0, |at| at + 1)..line.len()
}

/// The bytes of a line of any other file that hold what is written for a name that looks secret.
fn secrets(line: &str) -> impl Iterator<Item = Range<usize>> {
    line.match_indices(':').filter_map(|(at, _)| {
        let (before, behind) = (&line[..at], &line[at + 1..]);
        // `name: value`, or `"name":"value"` as in JSON.
        if !behind.starts_with(' ') && !before.ends_with(['"', '\'']) {
            return None;
        }
        let word = |c: char| c.is_alphanumeric() || "_.-".contains(c);
        let name = before.trim_end_matches(['"', '\'']);
        let name = &name[name.trim_end_matches(word).len()..];
        let value = behind.trim_start_matches(['"', '\'', ' ']);
        let structure = value.starts_with(['{', '[', '&', '*']) || value.starts_with("${");
        if structure || !looks_secret(name) {
            return None;
        }
        let from = line.len() - value.len();
        let length = value.find([',', '}']).unwrap_or(value.len());
        Some(from..from + length)
    })
}

/// Whether a variable of this name holds something that others should not see.
pub fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["TOKEN", "PASSWORD", "SECRET", "KEY"]
        .iter()
        .any(|word| upper.contains(word))
}

fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
