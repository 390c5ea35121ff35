//! What reading a log yields: lines, gaps and beginnings of runs, each with its place.

use std::fmt;
use std::path::{Path, PathBuf};

use forge_facts::{RunId, Stream};

use crate::level::Level;

/// Most bytes of one line that are held in memory and shown to people: 64 KiB.
///
/// A longer line is read to its end, but only its beginning is kept in [`Line::text`];
/// [`Line::size`] says how long it is, and [`Line::write_raw`](crate::Line::write_raw) copies it
/// from disk byte for byte.
pub const LINE_CAP: usize = 64 * 1024;

/// Bits of a [`Place`] that hold the offset.
const OFFSET_BITS: u32 = 36;

/// A position in a stream of a process: segment and offset in one number.
///
/// The offset takes the lower 36 bits (a segment holds up to 64 GiB), the segment's number the
/// rest. Places of a stream sort as its bytes do and mean the same bytes for as long as the segment
/// exists; rotation does not change them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place(u64);

impl Place {
    /// The place of a byte of a segment.
    pub fn new(segment: u64, offset: u64) -> Self {
        Place((segment << OFFSET_BITS) | offset.min((1 << OFFSET_BITS) - 1))
    }

    /// The place that a number names (the inverse of [`Place::number`]).
    pub fn from_number(number: u64) -> Self {
        Place(number)
    }

    /// Segment and offset as one number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// Number of the segment.
    pub fn segment(self) -> u64 {
        self.0 >> OFFSET_BITS
    }

    /// Offset in the segment, in bytes.
    pub fn offset(self) -> u64 {
        self.0 & ((1 << OFFSET_BITS) - 1)
    }

    /// What this place contributes to a [`Line::seq`]: segment 1 begins at 0.
    pub(crate) fn progress(self) -> u64 {
        self.0.saturating_sub(1 << OFFSET_BITS)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.segment(), self.offset())
    }
}

/// One stream of one process: where lines come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name of the process.
    pub process: String,
    /// Which of its outputs.
    pub stream: Stream,
    /// The process's folder.
    pub dir: PathBuf,
}

impl Source {
    /// The stream of a process whose files lie in `dir`.
    pub fn new(process: &str, stream: Stream, dir: &Path) -> Self {
        Source {
            process: process.to_string(),
            stream,
            dir: dir.to_path_buf(),
        }
    }
}

/// How a line ends on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// Not at all: the log, the run, or the known bytes (at a gap) end here, or more is to come.
    None,
}

impl LineEnd {
    /// The bytes.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            LineEnd::Lf => b"\n",
            LineEnd::CrLf => b"\r\n",
            LineEnd::None => b"",
        }
    }
}

/// Which part of a line this is. A [`Follower`](crate::Follower) yields parts, and a question that is
/// asked [`within`](crate::Query::within) a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Its beginning; its end has not been written yet.
    Head,
    /// What came after a [`Part::Head`] that was yielded before, or was left out: none of its bytes
    /// again.
    Tail,
}

/// One line of output.
#[derive(Debug, Clone)]
pub struct Line {
    /// Process and stream.
    pub source: std::sync::Arc<Source>,
    /// Where its first byte lies.
    pub place: Place,
    /// A number that grows from line to line of a process, over both of its streams in merged order;
    /// see [`Logs`](crate::Logs) for its definition. The same line has the same number each time it
    /// is read.
    pub seq: u64,
    /// When its first byte was written: nanoseconds since 1970.
    pub time: u64,
    /// Whether `time` comes from the sidecar; else it is when the file was last written.
    pub time_exact: bool,
    /// The run that wrote it, where the sidecar knows.
    pub run: Option<RunId>,
    /// What level it states, or the record that it continues.
    pub level: Option<Level>,
    /// Its bytes without the line end, at most [`LINE_CAP`] of them.
    pub text: Vec<u8>,
    /// Its length on disk in bytes, line end included.
    pub size: u64,
    /// How it ends.
    pub end: LineEnd,
    /// Which part of a line it is.
    pub part: Part,
    /// Whether it is what was asked for; `false` for the lines of context around it.
    pub matched: bool,
}

impl Line {
    /// Name of the process.
    pub fn process(&self) -> &str {
        &self.source.process
    }

    /// Which output of the process.
    pub fn stream(&self) -> Stream {
        self.source.stream
    }

    /// How many of its bytes are not in `text`, for being beyond [`LINE_CAP`].
    pub fn hidden(&self) -> u64 {
        self.size
            .saturating_sub(self.text.len() as u64 + self.end.bytes().len() as u64)
    }
}

/// Output that could not be kept.
#[derive(Debug, Clone)]
pub struct Gap {
    /// Process and stream.
    pub source: std::sync::Arc<Source>,
    /// Where it is missing.
    pub place: Place,
    /// How many bytes, where that is known; segments that were removed unread are not counted.
    pub bytes: Option<u64>,
    /// Since when (nanoseconds since 1970).
    pub since: u64,
    /// Until when (nanoseconds since 1970).
    pub time: u64,
}

/// A run begins.
#[derive(Debug, Clone)]
pub struct RunStart {
    /// Process and stream.
    pub source: std::sync::Arc<Source>,
    /// Where its output begins.
    pub place: Place,
    /// When (nanoseconds since 1970).
    pub time: u64,
    /// Which.
    pub run: RunId,
}

/// What a log holds, in order.
#[derive(Debug, Clone)]
pub enum Item {
    /// A line.
    Line(Line),
    /// Output that could not be kept, where it happened.
    Gap(Gap),
    /// The beginning of a run.
    Run(RunStart),
}

impl Item {
    /// Process and stream.
    pub fn source(&self) -> &Source {
        match self {
            Item::Line(line) => &line.source,
            Item::Gap(gap) => &gap.source,
            Item::Run(run) => &run.source,
        }
    }

    /// When (nanoseconds since 1970).
    pub fn time(&self) -> u64 {
        match self {
            Item::Line(line) => line.time,
            Item::Gap(gap) => gap.time,
            Item::Run(run) => run.time,
        }
    }

    /// Where.
    pub fn place(&self) -> Place {
        match self {
            Item::Line(line) => line.place,
            Item::Gap(gap) => gap.place,
            Item::Run(run) => run.place,
        }
    }

    /// The line, where it is one.
    pub fn line(&self) -> Option<&Line> {
        match self {
            Item::Line(line) => Some(line),
            Item::Gap(_) | Item::Run(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_sort_as_bytes_do_and_come_back() {
        let (early, late) = (Place::new(3, (1 << 36) - 1), Place::new(4, 0));
        assert!(early < late);
        assert_eq!(Place::from_number(early.number()), early);
        assert_eq!((late.segment(), late.offset()), (4, 0));
        assert_eq!(Place::new(1, 0).progress(), 0);
    }
}
