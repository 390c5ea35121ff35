//! From bytes to lines, forward from a place, over the ends of blocks and segments.
//!
//! A line ends at a newline, at the beginning of another run, and at a gap. It is handed out as a
//! view into the block it lies in; only lines that span blocks are copied, up to
//! [`LINE_CAP`].

mod skip;
mod torn;

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use forge_facts::{IndexKind, IndexRecord, RunId};
use memchr::memchr;

use crate::line::{LINE_CAP, LineEnd, Part, Place};
use crate::segments::{Moment, Segments};

/// How many bytes are read at once.
const BLOCK: usize = if cfg!(test) { 64 } else { 256 * 1024 };

/// Reads a stream forward.
pub(crate) struct Forward {
    pub(crate) segments: Segments,
    /// Nothing from here on is read.
    stop: Option<Place>,
    block: Vec<u8>,
    /// Segment of the block, and where in it the block begins.
    segment: u64,
    block_at: u64,
    /// Where reading goes on in the block.
    at: usize,
    marks: VecDeque<IndexRecord>,
    /// Index of the sidecar's record that is looked at next.
    next_mark: usize,
    /// Whether anything was read, and whether what was to be read next is gone.
    begun: bool,
    lost: bool,
    run: Option<RunId>,
    run_known: bool,
    /// A line whose end has not been found yet.
    open: Option<OpenLine>,
    /// The line that was found last.
    found: Found,
    /// Up to where in the block it is known that there is no escape byte.
    plain_to: usize,
}

struct OpenLine {
    place: Place,
    text: Vec<u8>,
    size: u64,
    last: u8,
    /// How many of its bytes have been handed out as [`Part::Head`].
    shown: u64,
}

/// A line as it was found; its text is [`Forward::text`].
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) size: u64,
    pub(crate) end: LineEnd,
    pub(crate) part: Part,
    within: Option<Range<usize>>,
    copied: Vec<u8>,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Step {
    /// A line: see [`Forward::found`] and [`Forward::text`].
    Line,
    /// Bytes are missing here.
    Gap(Place, IndexRecord),
    /// A run begins here.
    Run(Place, IndexRecord, RunId),
    /// Segments were removed before they could be read; reading goes on here.
    Removed(Place),
    /// There is no more; perhaps an unfinished line.
    End,
}

impl Forward {
    /// Reads from `from`, which is the beginning of a line, up to `stop` or all there is.
    pub(crate) fn new(segments: Segments, from: Place, stop: Option<Place>) -> Self {
        let mut forward = Forward {
            segments,
            stop,
            block: Vec::new(),
            segment: from.segment(),
            block_at: from.offset(),
            at: 0,
            marks: VecDeque::new(),
            next_mark: 0,
            begun: false,
            lost: false,
            run: None,
            run_known: false,
            open: None,
            found: Found {
                place: from,
                size: 0,
                end: LineEnd::None,
                part: Part::Whole,
                within: None,
                copied: Vec::new(),
            },
            plain_to: 0,
        };
        forward.skip_missing_start();
        forward
    }

    /// Where the first segments are gone, begins with the first that exists.
    fn skip_missing_start(&mut self) {
        if self.segments.get(self.segment).is_none()
            && let Some(next) = self.segments.after(self.segment)
        {
            (self.segment, self.block_at) = (next.number, 0);
        }
        if self.block_at > 0 {
            self.next_mark = self.segments.first_mark(self.place());
        }
    }

    /// Lets reading go on up to another place.
    pub(crate) fn set_stop(&mut self, stop: Option<Place>) {
        self.stop = stop;
    }

    /// Where reading goes on.
    pub(crate) fn place(&self) -> Place {
        Place::new(self.segment, self.block_at + self.at as u64)
    }

    /// Where the line begins that is read next: that of an unfinished line, where there is one.
    pub(crate) fn next_line(&self) -> Place {
        self.open.as_ref().map_or(self.place(), |open| open.place)
    }

    /// Lets go of a block that has been read to its end.
    pub(crate) fn let_go(&mut self) {
        if self.at == self.block.len() {
            (self.block_at, self.at, self.plain_to) = (self.block_at + self.at as u64, 0, 0);
            self.block = Vec::new();
            self.found.within = None;
        }
    }

    /// The line that was found last.
    pub(crate) fn found(&self) -> &Found {
        &self.found
    }

    /// The text of the line that was found last, without its end, up to the cap.
    pub(crate) fn text(&self) -> &[u8] {
        match &self.found.within {
            Some(range) => &self.block[range.clone()],
            None => &self.found.copied,
        }
    }

    /// When the line that was found last was written.
    pub(crate) fn moment(&mut self) -> Moment {
        self.segments.moment(self.found.place)
    }

    /// The run of the line that was found last.
    pub(crate) fn run(&mut self) -> Option<RunId> {
        if !self.run_known {
            self.run = self.segments.run_at(self.found.place);
            self.run_known = true;
        }
        self.run
    }

    /// The next line or mark.
    pub(crate) fn step(&mut self) -> io::Result<Step> {
        loop {
            if let Some(step) = self.take_mark() {
                return Ok(step);
            }
            let window = self.window();
            if self.at < window {
                if self.take_line(window) {
                    return Ok(Step::Line);
                }
                continue;
            }
            if !self.fill()?
                && let Some(step) = self.next_segment()?
            {
                return Ok(step);
            }
        }
    }

    /// Where the next mark stands in the block, or its end.
    fn window(&self) -> usize {
        let mark = self.marks.front().map_or(u64::MAX, |mark| mark.offset);
        let mark = usize::try_from(mark.saturating_sub(self.block_at)).unwrap_or(usize::MAX);
        self.block.len().min(mark)
    }

    fn take_mark(&mut self) -> Option<Step> {
        let here = self.block_at + self.at as u64;
        let mark = *self.marks.front().filter(|mark| mark.offset <= here)?;
        let place = Place::new(self.segment, here);
        if let IndexKind::Run(run) = mark.kind {
            if !self.run_known {
                self.run = self.segments.run_before(place);
            }
            if self.run == Some(run) {
                self.run_known = true;
                self.marks.pop_front();
                return self.take_mark();
            }
        }
        if self.open.is_some() {
            // The line ends here; the mark comes after it.
            self.close_line(LineEnd::None);
            if self.found.size > 0 {
                return Some(Step::Line);
            }
        }
        self.marks.pop_front();
        match mark.kind {
            IndexKind::Run(run) => {
                (self.run, self.run_known) = (Some(run), true);
                Some(Step::Run(place, mark, run))
            }
            IndexKind::Gap { .. } => Some(Step::Gap(place, mark)),
            IndexKind::Chunk => None,
        }
    }

    /// Takes bytes up to a newline, or all of the window; true: a line is complete.
    fn take_line(&mut self, window: usize) -> bool {
        let bytes = &self.block[self.at..window];
        let newline = memchr(b'\n', bytes);
        let taken = newline.map_or(bytes.len(), |at| at + 1);
        let place = self.place();
        match (newline, &mut self.open) {
            (Some(length), None) => {
                let crlf = length > 0 && bytes[length - 1] == b'\r';
                let length = length - usize::from(crlf);
                self.found = Found {
                    place,
                    size: taken as u64,
                    end: if crlf { LineEnd::CrLf } else { LineEnd::Lf },
                    part: Part::Whole,
                    within: Some(self.at..self.at + length.min(LINE_CAP)),
                    copied: Vec::new(),
                };
            }
            (newline, open) => {
                let open = open.get_or_insert_with(|| OpenLine {
                    place,
                    text: Vec::new(),
                    size: 0,
                    last: 0,
                    shown: 0,
                });
                let content = &bytes[..newline.unwrap_or(taken)];
                open.append(content);
                if newline.is_some() {
                    let crlf = open.last == b'\r';
                    self.close_line(if crlf { LineEnd::CrLf } else { LineEnd::Lf });
                }
            }
        }
        self.at += taken;
        newline.is_some()
    }

    /// The open line is complete and becomes the found one.
    fn close_line(&mut self, end: LineEnd) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        // A carriage return that was handed out before is no longer part of the end.
        let end = match end {
            LineEnd::CrLf if open.shown == open.size => LineEnd::Lf,
            end => end,
        };
        let length = open.size - u64::from(end == LineEnd::CrLf);
        open.text.truncate(LINE_CAP);
        open.text
            .truncate(usize::try_from(length).unwrap_or(usize::MAX));
        let size = length + end.bytes().len() as u64;
        let shown = open.shown;
        if open.shown > 0 {
            let skip = (shown as usize).min(open.text.len());
            open.text.drain(..skip);
        }
        self.found = Found {
            place: Place::new(open.place.segment(), open.place.offset() + shown),
            size: size - shown,
            end,
            part: if open.shown > 0 {
                Part::Tail
            } else {
                Part::Whole
            },
            within: None,
            copied: open.text,
        };
    }

    /// Hands out what there is of an unfinished line, as the line that was found last: with
    /// `finish` as all of it, else as its head. False where there is nothing new.
    pub(crate) fn take_open(&mut self, finish: bool) -> bool {
        let Some(open) = &mut self.open else {
            return false;
        };
        if finish {
            self.close_line(LineEnd::None);
            return self.found.size > 0;
        }
        if open.shown > 0 || open.size == 0 {
            return false;
        }
        open.shown = open.size;
        self.found = Found {
            place: open.place,
            size: open.size,
            end: LineEnd::None,
            part: Part::Head,
            within: None,
            copied: open.text.clone(),
        };
        true
    }

    /// How many bytes an unfinished line has, where none of it has been handed out.
    pub(crate) fn waiting(&self) -> Option<u64> {
        let open = self.open.as_ref()?;
        (open.shown == 0 && open.size > 0).then_some(open.size)
    }

    /// Reads the next block of the segment; false where the segment (or what may be read) ends.
    fn fill(&mut self) -> io::Result<bool> {
        let from = Place::new(self.segment, self.block_at + self.block.len() as u64);
        let mut room = BLOCK as u64;
        if let Some(stop) = self.stop {
            if from >= stop {
                return Ok(false);
            }
            if stop.segment() == self.segment {
                room = room.min(stop.offset() - from.offset());
            }
        }
        let Some(segment) = self.segments.get(self.segment) else {
            return Ok(false);
        };
        if self.segments.take_replaced(self.segment) || segment.size < from.offset() {
            // Someone has cut the file, or put another in its place: it begins anew.
            self.open = None;
            self.go_to(self.segment);
            return Ok(segment.size > 0);
        }
        room = room.min(segment.size - from.offset());
        self.block.resize(room as usize, 0);
        let have = self.segments.read(from, &mut self.block)?;
        self.block.truncate(have);
        (self.block_at, self.at, self.plain_to) = (from.offset(), 0, 0);
        self.lost |= (have as u64) < room;
        if have == 0 {
            return Ok(false);
        }
        self.begun = true;
        let end = from.offset() + have as u64;
        self.load_marks(end);
        if end == segment.size {
            self.segments.close();
        }
        Ok(true)
    }

    /// Learns of the marks before `to`.
    fn load_marks(&mut self, to: u64) {
        let (marks, next) = self.segments.marks(self.segment, self.next_mark, to);
        self.marks.extend(marks);
        self.next_mark = next;
    }

    fn go_to(&mut self, segment: u64) {
        (self.segment, self.block_at, self.at) = (segment, 0, 0);
        self.block.clear();
        self.marks.clear();
        (self.next_mark, self.plain_to, self.lost) = (0, 0, false);
    }

    /// Goes over to the next segment; `End` where there is none.
    fn next_segment(&mut self) -> io::Result<Option<Step>> {
        let here = self.place();
        if self.stop.is_some_and(|stop| here >= stop) {
            return Ok(Some(Step::End));
        }
        // Marks behind the last byte.
        self.load_marks(here.offset() + 1);
        if !self.marks.is_empty()
            && self.window() == self.at
            && self.marks[0].offset <= here.offset()
        {
            return Ok(None);
        }
        let next = self.segments.after(self.segment);
        let Some(next) = next.filter(|next| {
            self.stop
                .is_none_or(|stop| Place::new(next.number, 0) < stop)
        }) else {
            return Ok(Some(Step::End));
        };
        let gone = self.segments.get(self.segment).is_none() || next.number != self.segment + 1;
        let removed = self.lost || (self.begun && gone);
        if removed && self.take_open(true) {
            return Ok(Some(Step::Line));
        }
        self.go_to(next.number);
        Ok(removed.then(|| Step::Removed(Place::new(next.number, 0))))
    }
}

impl OpenLine {
    fn append(&mut self, bytes: &[u8]) {
        // One byte more than the cap, for a carriage return that may turn out to be part of the end.
        let room = (LINE_CAP + 1).saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.size += bytes.len() as u64;
        self.last = bytes.last().copied().unwrap_or(self.last);
    }
}
