//! Some lines at once: the last ones, those before a place, those after a place.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use forge_api::{LogLine, LogsAnswer, Problem};
use forge_logs::{Follow, Follower, Item, LineEnd, Query, Sieve, Start};

use super::cursor::{Cursor, Places, order_of, text_of};
use super::form::shown;
use super::question::{Question, unreadable};
use super::stream::advance;

/// Lines of an answer where nothing is said, and the most.
const USUAL: usize = 100;
const MOST: usize = 50_000;

/// Text of an answer, in bytes; what is beyond it is for another question.
const MOST_TEXT: usize = 8 << 20;

/// How long it is looked for lines after a place while others come in a flood.
const LOOK: Duration = Duration::from_secs(2);

impl Question {
    /// # Errors
    ///
    /// Logs that cannot be read; a run that no process has had (3).
    pub(super) fn page(&self) -> Result<LogsAnswer, Problem> {
        let count = self.tail.unwrap_or(USUAL).min(MOST);
        match &self.after {
            Some(after) => self.page_after(after, count),
            None => self.page_before(count),
        }
    }

    fn page_before(&self, count: usize) -> Result<LogsAnswer, Problem> {
        let now = crate::clock::unix_ns();
        let mut ends = Places::new();
        let (mut items, mut more, cursor) = match &self.before {
            None => {
                let newest = self.newest(count)?;
                ends = newest.2;
                (newest.0, newest.1, text_of(now, &ends))
            }
            Some(before) => {
                let (items, more) = self.last_before(before, count)?;
                let cursor = items
                    .front()
                    .map_or_else(|| before.text(), |item| Cursor::Line(order_of(item)).text());
                (items, more, cursor)
            }
        };
        more |= fit(&mut items);
        let line = |item: &Item| {
            let mut line = shown(item, self.styled)?;
            line.partial |= is_open(item, &ends);
            Some(line)
        };
        Ok(LogsAnswer {
            lines: items.iter().filter_map(line).collect(),
            cursor,
            more,
        })
    }

    /// The newest lines, whether there are earlier ones, and where one goes on. What is written
    /// meanwhile comes after that place, however much it is.
    fn newest(&self, count: usize) -> Result<(VecDeque<Item>, bool, Places), Problem> {
        let read = self.read(&Query {
            tail: Some(count.saturating_add(1)),
            whole_lines: true,
            ..self.query.clone()
        })?;
        let ends: Places = read.ends().into_iter().collect();
        let mut kept = VecDeque::new();
        keep_all(read, &mut kept)?;
        let open = self.open_lines(count, &ends)?;
        if !open.is_empty() {
            kept.extend(open);
            kept.make_contiguous().sort_by_key(order_of);
        }
        let is_match = |item: &&Item| item.line().is_some_and(|line| line.matched);
        let mut matched = kept.iter().filter(is_match).count();
        let more = matched > count;
        while matched > count {
            matched -= drop_first(&mut kept);
        }
        Ok((kept, more, ends))
    }

    /// Of the newest lines those that have no end yet and begin where their streams go on: they are
    /// shown as they are.
    fn open_lines(&self, count: usize, ends: &Places) -> Result<Vec<Item>, Problem> {
        let query = Query {
            tail: Some(count),
            ..self.query.clone()
        };
        let read = self.read(&query)?;
        // In most cases there is none, which the ends tell without reading on.
        if read.ends().into_iter().collect::<Places>() == *ends {
            return Ok(Vec::new());
        }
        let mut all = VecDeque::new();
        keep_all(read, &mut all)?;
        Ok(all.into_iter().filter(|item| is_open(item, ends)).collect())
    }

    /// The last lines before a place, and whether there are earlier ones.
    fn last_before(
        &self,
        before: &Cursor,
        count: usize,
    ) -> Result<(VecDeque<Item>, bool), Problem> {
        let mut query = self.query.clone();
        let until = query.until.unwrap_or(u64::MAX);
        query.until = Some(until.min(before.time()));
        let mut tail = count.saturating_add(1);
        loop {
            query.tail = Some(tail);
            let mut matched = 0;
            let mut seen = 0;
            let mut kept = VecDeque::new();
            for item in self.read(&query)? {
                let item = item.map_err(|error| unreadable(&error))?;
                let is_match = item.line().is_some_and(|line| line.matched);
                seen += usize::from(is_match);
                if before.is_after(&item) && !matches!(item, Item::Run(_)) {
                    matched += usize::from(is_match);
                    kept.push_back(item);
                    if matched > count.saturating_add(1) {
                        matched -= drop_first(&mut kept);
                    }
                }
            }
            if matched > count {
                drop_first(&mut kept);
                return Ok((kept, true));
            }
            if seen < tail {
                return Ok((kept, false));
            }
            // Lines at the very time of the cursor, but after it, have taken the room.
            tail = tail.saturating_mul(4);
        }
    }

    fn page_after(&self, after: &Cursor, count: usize) -> Result<LogsAnswer, Problem> {
        let mut places = self.places_after(after)?;
        let follow = Follow {
            processes: self.query.processes.clone(),
            start: Start::At(places.clone().into_iter().collect()),
            parts: false,
        };
        let mut follower = Follower::new(&self.logs, follow).map_err(|error| unreadable(&error))?;
        let mut sieve = Sieve::new(&self.query);
        let (begun, mut time) = (Instant::now(), after.time());
        let (mut lines, mut text, mut more): (Vec<LogLine>, _, _) = (Vec::new(), 0, false);
        'reading: loop {
            let items = follower.poll().map_err(|error| unreadable(&error))?;
            if items.is_empty() {
                let Some(due) = follower.deadline() else {
                    break;
                };
                let wait = due.saturating_duration_since(Instant::now());
                // Lines whose time is not known yet; woken when it is, or when it will not come.
                let items = follower
                    .wait(Some(wait))
                    .map_err(|error| unreadable(&error))?;
                if self.take(items, &mut sieve, &mut places, &mut time, &mut |line| {
                    keep(line, &mut lines, &mut text, count)
                }) {
                    more = true;
                    break;
                }
                continue;
            }
            if self.take(items, &mut sieve, &mut places, &mut time, &mut |line| {
                keep(line, &mut lines, &mut text, count)
            }) {
                more = true;
                break 'reading;
            }
            if begun.elapsed() > LOOK {
                more = true;
                break;
            }
        }
        Ok(LogsAnswer {
            lines,
            cursor: text_of(time, &places),
            more,
        })
    }

    /// Takes items in until one is refused, for which there is no room: then `true`, and the places
    /// are before it.
    fn take(
        &self,
        items: Vec<Item>,
        sieve: &mut Sieve,
        places: &mut Places,
        time: &mut u64,
        keep: &mut dyn FnMut(LogLine) -> bool,
    ) -> bool {
        for item in items {
            let next = advance(&item);
            let at = item.time();
            if self.is_of_run(&item) {
                for item in sieve.push(item) {
                    let Some(line) = shown(&item, self.styled) else {
                        continue;
                    };
                    if !keep(line) {
                        return true;
                    }
                }
            }
            if let Some((key, place)) = next {
                places.insert(key, place);
            }
            *time = (*time).max(at);
        }
        false
    }

    /// Where each stream goes on after a cursor.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read.
    pub(super) fn places_after(&self, after: &Cursor) -> Result<Places, Problem> {
        match after {
            Cursor::Streams(_, places) => Ok(places.clone()),
            Cursor::Line((time, ..)) => self.places_since(*time, Some(after)),
        }
    }

    /// Whether an item is of the run asked for.
    pub(super) fn is_of_run(&self, item: &Item) -> bool {
        match (self.run, item) {
            (None, _) => self.query.run.is_none(),
            (Some(run), Item::Line(line)) => line.run.is_none_or(|of| of == run),
            (Some(run), Item::Run(start)) => start.run == run,
            (Some(_), Item::Gap(_)) => true,
        }
    }

    /// The last lines that are whole, for a stream to begin with, and where each stream is.
    ///
    /// # Errors
    ///
    /// Logs that cannot be read; a run that no process has had (3).
    pub(super) fn beginning(&self, count: usize) -> Result<(Vec<Item>, Places), Problem> {
        let items = self.read(&Query {
            tail: Some(count.min(MOST)),
            whole_lines: true,
            ..self.query.clone()
        })?;
        let ends: Places = items.ends().into_iter().collect();
        let items: Result<Vec<Item>, _> = items.collect();
        Ok((items.map_err(|error| unreadable(&error))?, ends))
    }
}

fn keep(line: LogLine, lines: &mut Vec<LogLine>, text: &mut usize, count: usize) -> bool {
    let size = line.message.len() + line.styled.as_ref().map_or(0, String::len);
    if lines.len() >= count || (*text + size > MOST_TEXT && !lines.is_empty()) {
        return false;
    }
    *text += size;
    lines.push(line);
    true
}

/// Removes the first match and what leads to it; how many matches that were.
fn drop_first(kept: &mut VecDeque<Item>) -> usize {
    while let Some(item) = kept.pop_front() {
        if item.line().is_some_and(|line| line.matched) {
            return 1;
        }
    }
    0
}

/// Leaves out the first lines until the rest fits into an answer; whether any were.
fn fit(items: &mut VecDeque<Item>) -> bool {
    let size = |item: &Item| item.line().map_or(0, |line| line.text.len());
    let mut text: usize = items.iter().map(size).sum();
    let before = items.len();
    while text > MOST_TEXT && items.len() > 1 {
        text -= items.pop_front().as_ref().map_or(0, size);
    }
    items.len() < before
}

/// Takes everything but where runs begin.
fn keep_all(items: forge_logs::Items, kept: &mut VecDeque<Item>) -> Result<(), Problem> {
    for item in items {
        let item = item.map_err(|error| unreadable(&error))?;
        if !matches!(item, Item::Run(_)) {
            kept.push_back(item);
        }
    }
    Ok(())
}

/// Whether it is the line with which its stream goes on, and has no end yet.
fn is_open(item: &Item, ends: &Places) -> bool {
    let source = item.source();
    let end = ends.get(&(source.process.clone(), source.stream));
    item.line().is_some_and(|line| line.end == LineEnd::None)
        && end.is_some_and(|end| item.place() == *end)
}
