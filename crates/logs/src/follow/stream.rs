//! One stream of those that are followed: reading what has a time, and waiting for ends of lines.

use std::io;
use std::time::Instant;

use super::{HOLD, MOST_AT_ONCE, PATIENCE, QUIET};
use crate::backward::{back_by, line_start};
use crate::forward::{Forward, Step};
use crate::level::{Level, Leveller};
use crate::line::{Item, Part, Place, RunStart};
use crate::reader::{gap_of, make_line};

/// How many bytes of whole lines before the end are looked at although others are left out.
const KEPT_TAIL: u64 = 64 * 1024;

/// One stream.
pub(super) struct Tracked {
    pub(super) forward: Forward,
    /// None where levels are not wanted.
    pub(super) leveller: Option<Leveller>,
    pub(super) level: Option<Level>,
    /// Up to where bytes without a time were seen, and since when they are waited for.
    pub(super) lag: Option<(Place, Instant)>,
    /// Size of an unfinished line, when it was first seen and when it last grew.
    pub(super) open: Option<(u64, Instant, Instant)>,
    /// The greatest time of the items of this stream that are held.
    pub(super) newest: u64,
    pub(super) more: bool,
}

/// When an unfinished line is shown.
pub(super) fn due((_, since, grown): (u64, Instant, Instant)) -> Instant {
    (grown + QUIET).min(since + PATIENCE)
}

impl Tracked {
    /// Reads what has a time; what has none once it has been waited for.
    pub(super) fn catch_up(&mut self, now: Instant, held: &mut Vec<(u64, Item)>) -> io::Result<()> {
        let end = self.forward.segments.end();
        let indexed = self.forward.segments.indexed(end.segment());
        self.lag = match self.lag {
            _ if indexed >= end => None,
            Some((seen, since)) if indexed < seen => Some((seen, since)),
            _ => Some((end, now)),
        };
        let waited = self.lag.is_none_or(|(_, since)| now >= since + HOLD);
        if waited {
            self.lag = None;
        }
        self.forward.set_stop((!waited).then_some(indexed));
        self.read_lines(MOST_AT_ONCE, held)?;
        if !self.more {
            self.forward.segments.close();
            self.forward.let_go();
        }
        self.open = match (self.forward.waiting(), self.open) {
            (None, _) => None,
            (Some(size), Some((before, since, _))) if size != before => Some((size, since, now)),
            (Some(_), Some(open)) => Some(open),
            (Some(size), None) => Some((size, now, now)),
        };
        Ok(())
    }

    /// How many bytes are left to be read.
    pub(super) fn behind(&self) -> u64 {
        let segments = &self.forward.segments;
        segments.bytes(self.forward.place(), segments.end())
    }

    /// Goes on with the last lines: what a program says when it is done with a flood is among them.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        let mut segments = self.forward.segments.fork();
        let end = segments.end();
        let back = back_by(&segments, end, KEPT_TAIL);
        let mut from = line_start(&mut segments, back)?;
        if segments.bytes(from, end) > 2 * KEPT_TAIL {
            // A line of many megabytes is no tail.
            from = line_start(&mut segments, end)?;
        }
        if from > self.forward.place() {
            self.forward = Forward::new(segments, from, None);
            self.leveller.iter_mut().for_each(Leveller::reset);
            (self.level, self.lag, self.open) = (None, None, None);
            // Nobody will tell of what is there already.
            self.more = true;
        }
        Ok(())
    }

    pub(super) fn read_lines(
        &mut self,
        most: usize,
        held: &mut Vec<(u64, Item)>,
    ) -> io::Result<()> {
        self.more = false;
        let mut count = 0;
        loop {
            match self.forward.step()? {
                Step::Line => {
                    // Another line has begun, if any: its waiting begins anew.
                    self.open = None;
                    self.take_line(held);
                }
                Step::Gap(place, record) => {
                    let gap = gap_of(&mut self.forward, place, Some(record));
                    self.hold(Item::Gap(gap), held);
                }
                Step::Removed(place) => {
                    let gap = gap_of(&mut self.forward, place, None);
                    self.hold(Item::Gap(gap), held);
                }
                Step::Run(place, record, run) => {
                    let source = self.forward.segments.source.clone();
                    let time = record.time;
                    self.leveller.iter_mut().for_each(Leveller::reset);
                    self.hold(
                        Item::Run(RunStart {
                            source,
                            place,
                            time,
                            run,
                        }),
                        held,
                    );
                }
                Step::End => return Ok(()),
            }
            count += 1;
            if count == most {
                self.more = true;
                return Ok(());
            }
        }
    }

    pub(super) fn take_line(&mut self, held: &mut Vec<(u64, Item)>) {
        if self.forward.found().part != Part::Tail {
            let text = self.forward.text();
            self.level = self.leveller.as_mut().and_then(|it| it.next(text));
        }
        let line = make_line(&mut self.forward, self.level, true);
        self.hold(Item::Line(line), held);
    }

    /// Keeps an item; within a stream none sorts before an earlier one.
    fn hold(&mut self, item: Item, held: &mut Vec<(u64, Item)>) {
        self.newest = self.newest.max(item.time());
        held.push((self.newest, item));
    }
}
