//! A window over the logs: some of the lines that lie on disk, at most so many, and where one looks.
//!
//! Lines come at the end while the window follows. Who scrolls up stays where they are; when the
//! window is full then, the stream is left, and lines that come meanwhile are fetched from disk
//! later. So nothing is lost, and memory is bounded.

use std::collections::VecDeque;

use forge_api::{LogLine, LogsQuery};
use regex::Regex;

/// What a window holds at most.
const LINES: usize = 20_000;
const BYTES: usize = 24 << 20;

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LogFilter {
    pub(crate) targets: Vec<String>,
    pub(crate) level: Option<String>,
    pub(crate) grep: Option<String>,
    pub(crate) ignore_case: bool,
    pub(crate) since: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) run: Option<String>,
}

impl LogFilter {
    /// As a question to the supervisor.
    pub(crate) fn query(&self) -> LogsQuery {
        LogsQuery {
            targets: (!self.targets.is_empty()).then(|| self.targets.join(",")),
            level: self.level.clone(),
            grep: self.grep.clone(),
            ignore_case: self.ignore_case,
            since: self.since.clone(),
            until: self.until.clone(),
            run: self.run.clone(),
            styled: true,
            ..LogsQuery::default()
        }
    }

    /// In words, for the title.
    pub(crate) fn title(&self) -> String {
        let mut out = match self.targets.as_slice() {
            [] => "all processes".to_string(),
            some => some.join(", "),
        };
        let parts = [
            self.level
                .as_ref()
                .map(|level| format!("{level} and above")),
            self.grep.as_ref().map(|grep| format!("matching {grep}")),
            self.since.as_ref().map(|since| format!("since {since}")),
            self.until.as_ref().map(|until| format!("until {until}")),
            self.run.as_ref().map(|run| format!("run {run}")),
        ];
        for part in parts.into_iter().flatten() {
            out.push_str(" · ");
            out.push_str(&part);
        }
        out
    }
}

/// A line in the window, with how often it came in a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) line: LogLine,
    pub(crate) times: usize,
    /// The cursor of the last of them.
    pub(crate) last: String,
    /// When the last of them was written.
    pub(crate) until: String,
}

/// Where one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scroll {
    /// At the newest line, and on with the next.
    #[default]
    Follow,
    /// This line is the lowest one that is shown.
    At(i64),
}

/// How the newest lines come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Newer {
    /// Nobody has asked yet.
    #[default]
    Idle,
    /// A stream brings them.
    Live,
    /// The stream was left; the next ones lie on disk.
    Behind,
    /// A page of them has been asked for.
    Loading,
}

/// How earlier lines come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Older {
    #[default]
    There,
    Loading,
    /// The first line is in the window.
    None,
}

/// The window.
#[derive(Debug, Default)]
pub(crate) struct LogWindow {
    pub(crate) filter: LogFilter,
    /// Answers to former questions are told from those to this one by it.
    pub(crate) generation: u64,
    pub(crate) scroll: Scroll,
    pub(crate) newer: Newer,
    pub(crate) older: Older,
    pub(crate) error: Option<String>,
    pub(crate) search: Option<Regex>,
    /// The line that was clicked on, or that a search has found.
    pub(crate) chosen: Option<i64>,
    /// The other end of what is selected, where that is more than the chosen line.
    pub(crate) until: Option<i64>,
    /// Lines behind this one have come since one looked away.
    pub(crate) mark: Option<i64>,
    /// Lines that have come below what is shown.
    pub(crate) unseen: usize,
    /// Earlier lines were asked for by going to the first one: it is shown when they come.
    pub(crate) to_first: bool,
    /// Columns that are hidden at the left, where lines are cut.
    pub(crate) shift: usize,
    /// Whether the first lines have come.
    pub(crate) loaded: bool,
    entries: VecDeque<Entry>,
    /// The number of the first entry.
    first: i64,
    bytes: usize,
}

impl LogWindow {
    /// Empties it for another question.
    pub(crate) fn restart(&mut self, filter: LogFilter) {
        let search = self.search.take();
        *self = LogWindow {
            filter,
            generation: self.generation + 1,
            search,
            ..LogWindow::default()
        };
    }

    /// Empties what is shown, and goes on with what comes.
    pub(crate) fn clear(&mut self) {
        self.first += self.entries.len() as i64;
        self.entries.clear();
        self.bytes = 0;
        self.scroll = Scroll::Follow;
        self.older = Older::None;
        (self.chosen, self.until) = (None, None);
        (self.mark, self.unseen) = (None, 0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of the first line.
    pub(crate) fn first(&self) -> i64 {
        self.first
    }

    /// The number behind the last line.
    pub(crate) fn end(&self) -> i64 {
        self.first + self.entries.len() as i64
    }

    pub(crate) fn get(&self, at: i64) -> Option<&Entry> {
        let index = usize::try_from(at.checked_sub(self.first)?).ok()?;
        self.entries.get(index)
    }

    /// The number of the lowest line that is shown.
    pub(crate) fn bottom(&self) -> i64 {
        match self.scroll {
            Scroll::Follow => self.end() - 1,
            Scroll::At(at) => at.clamp(self.first, (self.end() - 1).max(self.first)),
        }
    }

    /// The place behind the last line, for the next ones.
    pub(crate) fn last_cursor(&self) -> Option<&str> {
        self.entries.back().map(|entry| entry.last.as_str())
    }

    /// The place of the first line, for those before it.
    pub(crate) fn first_cursor(&self) -> Option<&str> {
        self.entries.front().map(|entry| entry.line.cursor.as_str())
    }

    /// The first and the last line that are selected.
    pub(crate) fn selected(&self) -> Option<(i64, i64)> {
        let one = self.chosen?;
        let other = self.until.unwrap_or(one);
        Some((one.min(other), one.max(other)))
    }

    /// Adds lines at the end. False when there is no room: the stream is to be left.
    pub(crate) fn append(&mut self, lines: Vec<LogLine>) -> bool {
        self.loaded = true;
        for line in lines {
            if !self.take_again(&line) {
                self.push(line);
            }
        }
        let follows = self.scroll == Scroll::Follow;
        if !follows && self.is_full() {
            return false;
        }
        while self.is_full() {
            self.drop_first();
        }
        true
    }

    /// Adds lines before the first one; the last ones go where there is no room.
    pub(crate) fn prepend(&mut self, lines: Vec<LogLine>, more: bool) {
        self.older = if more && !lines.is_empty() {
            Older::There
        } else {
            Older::None
        };
        for line in lines.into_iter().rev() {
            if let Some(first) = self.entries.front_mut()
                && same(&first.line, &line)
            {
                first.times += 1;
                first.line.cursor = line.cursor;
                continue;
            }
            self.bytes += size(&line);
            self.first -= 1;
            self.entries.push_front(entry(line));
        }
        let bottom = self.bottom();
        while self.is_full() && self.end() - 1 > bottom {
            if let Some(last) = self.entries.pop_back() {
                self.bytes = self.bytes.saturating_sub(size(&last.line));
            }
            self.newer = Newer::Behind;
        }
    }

    /// Adds a page of lines at the end while one looks further up; the first ones make room.
    pub(crate) fn extend(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            self.push(line);
        }
        while self.is_full() {
            self.drop_first();
        }
    }

    /// The number of the next line above (or below) this one that the search finds.
    pub(crate) fn find(&self, from: i64, up: bool) -> Option<i64> {
        let search = self.search.as_ref()?;
        let hit = |at: &i64| {
            self.get(*at)
                .is_some_and(|entry| search.is_match(&entry.line.message))
        };
        if up {
            (self.first..from.min(self.end())).rev().find(hit)
        } else {
            (from.saturating_add(1).max(self.first)..self.end()).find(hit)
        }
    }

    fn push(&mut self, line: LogLine) {
        if self.scroll != Scroll::Follow {
            self.unseen += 1;
        }
        if let Some(last) = self.entries.back_mut()
            && same(&last.line, &line)
        {
            last.times += 1;
            last.last = line.cursor;
            last.until = line.time;
            return;
        }
        self.bytes += size(&line);
        self.entries.push_back(entry(line));
    }

    /// A line that was told before its end takes the place of its beginning.
    fn take_again(&mut self, line: &LogLine) -> bool {
        let recent = self.entries.iter_mut().rev().take(64);
        let mut recent = recent.filter(|entry| {
            let old = &entry.line;
            old.partial
                && old.seq == line.seq
                && old.process == line.process
                && old.stream == line.stream
        });
        let Some(old) = recent.next() else {
            return false;
        };
        self.bytes = (self.bytes + size(line)).saturating_sub(size(&old.line));
        *old = entry(line.clone());
        true
    }

    fn is_full(&self) -> bool {
        self.entries.len() > LINES || (self.bytes > BYTES && self.entries.len() > 1)
    }

    fn drop_first(&mut self) {
        if let Some(first) = self.entries.pop_front() {
            self.first += 1;
            self.bytes = self.bytes.saturating_sub(size(&first.line));
            self.older = Older::There;
        }
    }
}

fn entry(line: LogLine) -> Entry {
    Entry {
        times: 1,
        last: line.cursor.clone(),
        until: line.time.clone(),
        line,
    }
}

fn same(one: &LogLine, other: &LogLine) -> bool {
    one.process == other.process
        && one.message == other.message
        && one.level == other.level
        && !one.message.is_empty()
        && !one.partial
        && !other.partial
}

fn size(line: &LogLine) -> usize {
    let styled = line.styled.as_ref().map_or(0, String::len);
    256 + line.message.len() + styled + line.process.len() + line.cursor.len()
}

#[cfg(test)]
mod tests;
