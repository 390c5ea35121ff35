//! The lines of one stream that are asked for, with their levels and the lines around them.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use forge_facts::{IndexKind, IndexRecord};

use crate::fields::FieldIs;
use crate::finder::Finder;
use crate::forward::{Forward, Step};
use crate::grep::Grep;
use crate::level::{Level, LevelRules, Leveller};
use crate::line::{Gap, Item, Line, Place, RunStart};

/// How far back the lines are read that a level may depend on, in bytes.
pub(crate) const WARM_UP: u64 = 4 * 1024;

/// What makes a line one that is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Want {
    pub(crate) since: Option<u64>,
    pub(crate) until: Option<u64>,
    pub(crate) level: Option<Level>,
    pub(crate) grep: Option<Grep>,
    pub(crate) fields: Vec<FieldIs>,
    pub(crate) context: usize,
}

impl Want {
    /// Whether every line is asked for that was written at the right time.
    pub(crate) fn all(&self) -> bool {
        self.level.is_none() && self.grep.is_none() && self.fields.is_empty()
    }

    /// Whether parts of a stream may be searched apart: few lines are asked for, and none of them on
    /// account of those around it.
    pub(crate) fn can_be_cut(&self) -> bool {
        !self.all() && self.context == 0 && self.until.is_none()
    }

    pub(crate) fn in_time(&self, time: u64) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until)
    }

    pub(crate) fn level_passes(&self, level: Option<Level>) -> bool {
        self.level.is_none_or(|least| Level::passes(level, least))
    }

    pub(crate) fn text_passes(&self, text: &[u8]) -> bool {
        self.grep.as_ref().is_none_or(|grep| grep.matches(text))
            && self.fields.iter().all(|field| field.matches(text))
    }
}

/// The lines around those that are asked for.
#[derive(Debug, Default)]
pub(crate) struct Context<T> {
    size: usize,
    before: VecDeque<T>,
    after: usize,
}

impl<T> Context<T> {
    pub(crate) fn new(size: usize) -> Self {
        Context {
            size,
            before: VecDeque::new(),
            after: 0,
        }
    }

    /// Takes the next one; puts out what is to be shown because of it.
    pub(crate) fn see(&mut self, matched: bool, make: impl FnOnce() -> T, out: &mut VecDeque<T>) {
        if matched {
            out.extend(self.before.drain(..));
            out.push_back(make());
            self.after = self.size;
        } else if self.after > 0 {
            self.after -= 1;
            out.push_back(make());
        } else if self.size > 0 {
            if self.before.len() == self.size {
                self.before.pop_front();
            }
            self.before.push_back(make());
        }
    }
}

/// Reads one stream.
pub(crate) struct Reader {
    forward: Forward,
    want: Arc<Want>,
    leveller: Leveller,
    /// Lines before this place are not asked for; they may be context, and what levels depend on.
    from: Place,
    context: Context<Item>,
    queue: VecDeque<Item>,
    done: bool,
    level: Option<Level>,
    finder: Option<Finder>,
    /// Lines were passed over, so that what the next one continues is not known.
    skipped: bool,
}

/// What a step has found.
enum Event {
    Match,
    /// A line that is not asked for.
    Other,
    /// A mark that is not asked for.
    Skipped,
    Mark(Item),
    End,
}

impl Reader {
    /// Reads what `forward` yields, and asks for nothing before `from`.
    pub(crate) fn new(
        forward: Forward,
        want: Arc<Want>,
        rules: Arc<LevelRules>,
        from: Place,
    ) -> Self {
        let leveller = Leveller::new(rules);
        Reader {
            forward,
            finder: Finder::new(&want, leveller.has_rules()),
            skipped: false,
            leveller,
            from,
            context: Context::new(want.context),
            queue: VecDeque::new(),
            done: false,
            level: None,
            want,
        }
    }

    /// Time and place of the next line that is asked for.
    pub(crate) fn next_key(&mut self) -> io::Result<Option<(u64, Place)>> {
        loop {
            match self.advance(0)? {
                Event::Match => {
                    let time = self.forward.moment().time;
                    return Ok(Some((time, self.forward.found().place)));
                }
                Event::Other | Event::Skipped | Event::Mark(_) => {}
                Event::End => return Ok(None),
            }
        }
    }

    fn next_item(&mut self) -> io::Result<Option<Item>> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            match self.advance(self.want.context)? {
                Event::Match => self.see(true),
                Event::Other if self.want.context > 0 => self.see(false),
                Event::Other | Event::Skipped => {}
                Event::Mark(item) => self.queue.push_back(item),
                Event::End => return Ok(None),
            }
        }
    }

    fn see(&mut self, matched: bool) {
        let line = make_line(&mut self.forward, self.level, matched);
        self.context
            .see(matched, || Item::Line(line), &mut self.queue);
    }

    /// The next line, whether asked for or not, or mark; lines may be skipped that are not asked
    /// for and not among the `keep` before one that is.
    fn advance(&mut self, keep: usize) -> io::Result<Event> {
        if self.done {
            return Ok(Event::End);
        }
        if let Some(finder) = &self.finder
            && self.forward.place() >= self.from
            && self.context.after == 0
            // What continues a record of the level is of the level without saying so.
            && !(finder.by_level() && self.want.level.is_some_and(|least| self.leveller.within(least)))
            && self.forward.skip(finder, keep)
        {
            self.leveller.reset();
            self.skipped = !finder.by_level();
        }
        match self.forward.step()? {
            Step::Line => Ok(self.judge()),
            Step::Gap(place, record) => Ok(self.gap(place, Some(record))),
            Step::Removed(place) => Ok(self.gap(place, None)),
            Step::Run(place, record, run) => {
                let shown = self.want.all() && place >= self.from && self.want.in_time(record.time);
                Ok(match shown {
                    true => Event::Mark(Item::Run(RunStart {
                        source: self.forward.segments.source.clone(),
                        place,
                        time: record.time,
                        run,
                    })),
                    false => Event::Skipped,
                })
            }
            Step::End => {
                self.done = true;
                Ok(match self.forward.take_open(true) {
                    true => self.judge(),
                    false => Event::End,
                })
            }
        }
    }

    fn gap(&mut self, place: Place, record: Option<IndexRecord>) -> Event {
        let gap = gap_of(&mut self.forward, place, record);
        if place < self.from || !self.want.in_time(gap.time) {
            return Event::Skipped;
        }
        Event::Mark(Item::Gap(gap))
    }

    /// Whether the line that was found is asked for; its level, where it is needed.
    fn judge(&mut self) -> Event {
        let before = self.forward.found().place < self.from;
        if !before && (self.want.since.is_some() || self.want.until.is_some()) {
            let time = self.forward.moment().time;
            if self.want.until.is_some_and(|until| time > until) {
                self.done = true;
                return Event::End;
            }
            if self.want.since.is_some_and(|since| time < since) {
                self.level = self.leveller.next(self.forward.text());
                return Event::Other;
            }
        }
        let each = self.want.level.is_some() || self.finder.is_none() || self.want.context > 0;
        if before || each {
            self.level = match std::mem::take(&mut self.skipped) {
                true => self.level_from_context(),
                false => self.leveller.next(self.forward.text()),
            };
        }
        let asked_for = !before
            && self.want.level_passes(self.level)
            && self.want.text_passes(self.forward.text());
        if !asked_for {
            return Event::Other;
        }
        if !each {
            self.level = self.level_from_context();
        }
        Event::Match
    }

    /// The level of a line of which those before it were skipped.
    fn level_from_context(&mut self) -> Option<Level> {
        if self.leveller.depends(self.forward.text()) {
            self.leveller.reset();
            for line in self
                .forward
                .preceding(WARM_UP as usize)
                .split(|b| *b == b'\n')
            {
                self.leveller.next(line);
            }
        }
        self.leveller.next(self.forward.text())
    }
}

impl Iterator for Reader {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<io::Result<Item>> {
        match self.next_item() {
            Ok(item) => item.map(Ok),
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}

/// The line that `forward` found last, as a value of its own.
pub(crate) fn make_line(forward: &mut Forward, level: Option<Level>, matched: bool) -> Line {
    let moment = forward.moment();
    let run = forward.run();
    let found = forward.found();
    Line {
        source: forward.segments.source.clone(),
        place: found.place,
        seq: 0,
        time: moment.time,
        time_exact: moment.exact,
        run,
        level,
        text: forward.text().to_vec(),
        size: found.size,
        end: found.end,
        part: found.part,
        matched,
    }
}

/// A gap as a value of its own; without a record, segments that are gone.
pub(crate) fn gap_of(forward: &mut Forward, place: Place, record: Option<IndexRecord>) -> Gap {
    let source = forward.segments.source.clone();
    let (bytes, since, time) = match record {
        Some(IndexRecord {
            kind: IndexKind::Gap { bytes, since },
            time,
            ..
        }) => (Some(bytes), since, time),
        Some(IndexRecord { time, .. }) => (None, time, time),
        None => {
            let time = forward.segments.moment(place).time;
            (None, time, time)
        }
    };
    Gap {
        source,
        place,
        bytes,
        since,
        time,
    }
}
