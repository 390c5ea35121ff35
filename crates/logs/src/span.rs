//! What of a stream a question is about, and who reads it: the one who asks, or threads.

use std::io;
use std::sync::Arc;

use forge_facts::RunId;

use crate::backward::{back_by, line_start, line_start_since, warm_up};
use crate::forward::Forward;
use crate::level::LevelRules;
use crate::line::{Item, Place};
use crate::pieces::{Pieces, Task};
use crate::query::Query;
use crate::reader::{Reader, Want};
use crate::segments::Segments;

/// What of a stream is to be read.
pub(crate) struct Span {
    pub(crate) segments: Segments,
    pub(crate) from: Place,
    pub(crate) stop: Place,
    /// Whether reading ends where the log does, so that marks behind its last byte are shown.
    open_end: bool,
    /// Whether `from` lies in the middle of a line, whose beginning is left out.
    torn: bool,
}

impl Span {
    pub(crate) fn of(
        mut segments: Segments,
        query: &Query,
        run: Option<RunId>,
    ) -> io::Result<Self> {
        let (mut from, mut stop) = (segments.start(), segments.end());
        let mut open_end = !query.whole_lines;
        if query.whole_lines {
            stop = line_start(&mut segments, stop)?;
        }
        if let Some(run) = run {
            let runs = segments.runs();
            match runs.iter().position(|(_, it)| *it == run) {
                Some(at) => {
                    from = from.max(runs[at].0);
                    if let Some((next, _)) = runs.get(at + 1) {
                        (stop, open_end) = (stop.min(*next), false);
                    }
                }
                None => (from, open_end) = (stop, false),
            }
        }
        if let Some(since) = query.since {
            let first = segments.since(since);
            from = from.max(line_start(&mut segments, first)?);
        }
        let mut span = Span {
            segments,
            from,
            stop,
            open_end,
            torn: false,
        };
        if let Some(most) = query.within {
            span.keep_within(most)?;
        }
        Ok(span)
    }

    /// Leaves out what is more than `most` bytes before the end.
    fn keep_within(&mut self, most: u64) -> io::Result<()> {
        let back = back_by(&self.segments, self.stop, most);
        if back > self.from {
            self.from = back;
            let before = back_by(&self.segments, back, 1);
            self.torn = line_start_since(&mut self.segments, back, before)? != back;
        }
        Ok(())
    }

    /// Reads from `begin` on, which may be where it has been torn.
    pub(crate) fn forward(&self, segments: Segments, begin: Place, stop: Option<Place>) -> Forward {
        match self.torn && begin == self.from {
            true => Forward::torn(segments, begin, stop),
            false => Forward::new(segments, begin, stop),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.from >= self.stop && !self.open_end
    }

    /// Reads from here on only.
    pub(crate) fn narrow(&mut self, from: Option<Place>) {
        match from {
            Some(from) => (self.from, self.torn) = (from, self.torn && from == self.from),
            None => (self.from, self.open_end) = (self.stop, false),
        }
    }

    /// Whether it is worth while to search it by several threads.
    fn is_large(&self) -> bool {
        !Pieces::cuts(&self.segments, self.from).is_empty()
    }

    pub(crate) fn sought(
        self,
        want: Arc<Want>,
        rules: Arc<LevelRules>,
        threads: usize,
    ) -> io::Result<Sought> {
        let cuts = Pieces::cuts(&self.segments, self.from);
        if threads == 0 || cuts.is_empty() || self.torn {
            return Ok(Sought::Here(Box::new(self.reader(want, rules)?)));
        }
        let task = Task {
            stop: (!self.open_end).then_some(self.stop),
            segments: self.segments,
            from: self.from,
            want,
            rules,
        };
        Ok(Sought::Threads(Pieces::start(task, cuts, threads)))
    }

    fn reader(mut self, want: Arc<Want>, rules: Arc<LevelRules>) -> io::Result<Reader> {
        let mut begin = self.from;
        if begin > self.segments.start() && !self.torn {
            begin = warm_up(&mut self.segments, begin)?;
            let mut context = want.context;
            while context > 0 && begin > self.segments.start() {
                let before = back_by(&self.segments, begin, 1);
                begin = line_start(&mut self.segments, before)?;
                context -= 1;
            }
        }
        let stop = (!self.open_end).then_some(self.stop);
        let forward = self.forward(self.segments.fork(), begin, stop);
        Ok(Reader::new(forward, want, rules, self.from))
    }
}

/// Most streams that are searched by threads of their own.
const PARALLEL: usize = 32;

/// How many threads search each large stream; 0: the one who asks does it.
///
/// Each stream has at least one of its own, as the merge may wait for any of them.
pub(crate) fn threads_each(spans: &[(Span, Arc<LevelRules>)], want: &Want) -> usize {
    let large = spans.iter().filter(|(span, _)| span.is_large()).count();
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    if large == 0 || large > PARALLEL || all < 2 || !want.can_be_cut() {
        return 0;
    }
    all.div_ceil(large)
}

/// A stream that is read for what is asked: here, or by threads.
pub(crate) enum Sought {
    Here(Box<Reader>),
    Threads(Pieces),
}

impl Iterator for Sought {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<io::Result<Item>> {
        match self {
            Sought::Here(reader) => reader.next(),
            Sought::Threads(pieces) => pieces.next(),
        }
    }
}
