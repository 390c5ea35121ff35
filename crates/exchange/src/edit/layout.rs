//! Where the profiles and processes of the file stand, line by line.

use std::ops::Range;
use std::rc::Rc;

use crate::node::{Kind, Node};

use super::EditError;

/// The text of the file as lines, and its tree.
pub(super) struct Layout<'a> {
    lines: Vec<&'a str>,
    newline: &'static str,
    root: Rc<Node>,
}

/// Where a profile stands. Lines are counted from 0.
pub(super) enum Place {
    /// There is no such profile.
    Nowhere,
    /// Its key is there, without processes.
    Empty { key_line: usize },
    /// A list in brackets.
    Flow {
        lines: Range<usize>,
        names: Vec<String>,
    },
    /// A list of items, each beginning with `- ` in this column.
    Block { items: Vec<Item>, indent: usize },
}

/// A process in a profile.
pub(super) struct Item {
    pub(super) name: String,
    /// Its lines, without comments above it.
    pub(super) lines: Range<usize>,
}

impl<'a> Layout<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, EditError> {
        let root = crate::read_yaml::read(0, text).map_err(|wrong| EditError::Unreadable {
            line: wrong.line,
            why: wrong.why,
        })?;
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let crlf = lines.iter().filter(|line| line.ends_with("\r\n")).count();
        let layout = Layout {
            newline: if crlf * 2 > lines.len() { "\r\n" } else { "\n" },
            lines,
            root,
        };
        layout.check_form()?;
        Ok(layout)
    }

    /// Top-level keys must begin their lines.
    fn check_form(&self) -> Result<(), EditError> {
        let entries = match &self.root.kind {
            Kind::Map(entries) => entries.as_slice(),
            Kind::Null => &[],
            Kind::Scalar { .. } | Kind::List(_) => {
                return Err(EditError::Form("the file holds no profiles".into()));
            }
        };
        let begins = |line: usize| {
            let text = self.line(line - 1);
            !text.starts_with([' ', '\t', '{', '}', ',', '-'])
        };
        // Keys that came in by a merge key have no line of their own.
        let flow = self
            .lines
            .iter()
            .map(|line| line.trim_start())
            .find(|line| {
                !line.is_empty() && !line.starts_with(['#', '%']) && !line.starts_with("---")
            });
        let flow = flow.is_some_and(|line| line.starts_with('{'));
        match !flow && entries.iter().all(|entry| begins(entry.place.line)) {
            true => Ok(()),
            false => Err(EditError::Form(
                "the file is written in braces; write each profile on lines of its own".into(),
            )),
        }
    }

    pub(super) fn line(&self, at: usize) -> &'a str {
        self.lines.get(at).copied().unwrap_or("")
    }

    pub(super) fn text(&self, lines: Range<usize>) -> String {
        self.lines.get(lines).unwrap_or_default().concat()
    }

    /// The line behind the last one of the document.
    pub(super) fn end_line(&self) -> usize {
        let last = self
            .root
            .map()
            .and_then(|entries| entries.iter().map(|e| e.place.line).max());
        let from = last.unwrap_or(0);
        let marker =
            (from..self.lines.len()).find(|at| matches!(self.line(*at).trim_end(), "..." | "---"));
        marker.unwrap_or(self.lines.len())
    }

    pub(super) fn is_blank_before(&self, line: usize) -> bool {
        line == 0
            || self.line(line - 1).trim().is_empty()
            || self.line(line - 1).trim_end() == "---"
    }

    /// The line of a profile's key.
    pub(super) fn key_line(&self, profile: &str) -> usize {
        let entries = self.root.map().unwrap_or_default();
        let entry = entries.iter().find(|entry| entry.key == profile);
        entry.map_or(0, |entry| entry.place.line - 1)
    }

    pub(super) fn place(&self, profile: &str) -> Result<Place, EditError> {
        let entries = self.root.map().unwrap_or_default();
        let Some(entry) = entries.iter().find(|entry| entry.key == profile) else {
            return Ok(Place::Nowhere);
        };
        let key_line = entry.place.line - 1;
        let next = entries
            .iter()
            .map(|other| other.place.line - 1)
            .filter(|line| *line > key_line);
        let end = next.min().unwrap_or_else(|| self.end_line());
        let list = match &entry.value.kind {
            Kind::Null => return Ok(Place::Empty { key_line }),
            Kind::List(list) => list,
            Kind::Scalar { .. } | Kind::Map(_) => {
                let why = format!("`{profile}` is no list of processes");
                return Err(EditError::Form(why));
            }
        };
        let start = entry.value.place.line - 1;
        if !(key_line..end).contains(&start) {
            let why = format!("`{profile}` is an alias (`*…`); write its processes out");
            return Err(EditError::Form(why));
        }
        let names = list
            .iter()
            .map(|item| item.text_of("name").unwrap_or_default().to_string());
        let names: Vec<String> = names.collect();
        if !self.line(start).trim_start().starts_with('-') || start == key_line {
            let end = self.without_tail(key_line..end, 0);
            return Ok(Place::Flow {
                lines: key_line..end,
                names,
            });
        }
        self.block(start..end, names)
    }

    fn block(&self, lines: Range<usize>, names: Vec<String>) -> Result<Place, EditError> {
        let indent = indent(self.line(lines.start));
        let dash = |at: &usize| {
            let line = self.line(*at);
            let rest = line.get(indent..).unwrap_or("");
            self::indent(line) == indent && (rest.starts_with("- ") || rest.trim_end() == "-")
        };
        let starts: Vec<usize> = lines.clone().filter(dash).collect();
        if starts.len() != names.len() {
            let why = "the processes do not begin lines of their own; write each as `- name: …`";
            return Err(EditError::Form(why.into()));
        }
        let ends = starts.iter().skip(1).copied().chain([lines.end]);
        let items = starts
            .iter()
            .zip(ends)
            .zip(names)
            .map(|((start, end), name)| Item {
                name,
                lines: *start..self.without_tail(*start..end, indent + 1),
            });
        Ok(Place::Block {
            items: items.collect(),
            indent,
        })
    }

    /// The end of what is written, without the blank lines and the less indented comments behind it.
    fn without_tail(&self, lines: Range<usize>, deep: usize) -> usize {
        let content = |at: &usize| {
            let line = self.line(*at);
            let text = line.trim();
            !text.is_empty() && (!text.starts_with('#') || deep > 0 && indent(line) >= deep)
        };
        let last = lines.clone().rev().find(content);
        last.map_or(lines.start + 1, |last| last + 1)
    }

    /// An item with the comments that stand right above it.
    pub(super) fn with_comments(&self, item: &Item) -> Range<usize> {
        let above = (0..item.lines.start).rev();
        let comments = above.take_while(|at| self.line(*at).trim_start().starts_with('#'));
        item.lines.start - comments.count()..item.lines.end
    }

    /// Whether blank lines stand between the items.
    pub(super) fn spaced(&self, items: &[Item]) -> bool {
        let behind = items.iter().take(items.len().saturating_sub(1));
        items.len() > 1
            && behind
                .clone()
                .filter(|item| self.line(item.lines.end).trim().is_empty())
                .count()
                * 2
                > behind.count()
    }

    /// The text with other lines in place of these.
    pub(super) fn with(&self, lines: Range<usize>, block: &str) -> String {
        self.with_all(vec![(lines, block.to_string())])
    }

    /// The text with other lines in place of these; ranges do not overlap and rise.
    pub(super) fn with_all(&self, changes: Vec<(Range<usize>, String)>) -> String {
        let mut text = String::new();
        let mut at = 0;
        for (lines, block) in changes {
            text.push_str(&self.text(at..lines.start));
            if !block.is_empty() {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push_str(self.newline);
                }
                text.push_str(&block.replace('\n', self.newline));
            }
            at = lines.end.max(at);
        }
        text.push_str(&self.text(at..self.lines.len()));
        text
    }
}

/// Blanks at the begin of a line.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
