//! The numbers of lines: growing over all streams of a process in the order in which they are
//! merged, and the same at each reading.
//!
//! The number of a line is how far its stream had come when it began, plus how far the other streams
//! of its process had come at the time at which it was written, each as a [`Place`] counted from
//! segment 1, plus 1. Within a stream places grow; from stream to stream what one gains by time the
//! other's number counts too. Nothing needs to be counted from the beginning, and a segment that is
//! removed changes no number behind it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use forge_facts::Stream;

use crate::line::{Line, Place, Source};
use crate::segments::Segments;

/// Numbers the lines of one process.
pub(crate) struct Clock {
    streams: Vec<Timeline>,
}

/// How far one stream had come at which time.
struct Timeline {
    segments: Segments,
    /// From when until when (exclusive) it had come how far.
    known: Option<(u64, u64, u64)>,
}

impl Clock {
    /// The clock of the process whose files lie in `dir`.
    pub(crate) fn new(process: &str, dir: &Path) -> io::Result<Self> {
        let streams = Stream::ALL.into_iter().map(|stream| {
            Ok(Timeline {
                segments: Segments::list(Arc::new(Source::new(process, stream, dir)))?,
                known: None,
            })
        });
        Ok(Clock {
            streams: streams.collect::<io::Result<_>>()?,
        })
    }

    /// Learns of what was written since.
    pub(crate) fn refresh(&mut self) -> io::Result<()> {
        for timeline in &mut self.streams {
            timeline.segments.refresh()?;
            if let Some(last) = timeline.segments.all().last().copied() {
                timeline.segments.sidecar(last.number).refresh();
                timeline.segments.close();
            }
            timeline.known = None;
        }
        Ok(())
    }

    /// The number of a line.
    pub(crate) fn number(&mut self, line: &Line) -> u64 {
        let mut number = line.place.progress() + 1;
        for timeline in &mut self.streams {
            let stream = timeline.segments.source.stream;
            if stream != line.stream() && !timeline.segments.all().is_empty() {
                // Lines of one time are merged in the order of their streams.
                let time = match stream < line.stream() {
                    true => line.time,
                    false => line.time.saturating_sub(1),
                };
                number += timeline.progress(time);
            }
        }
        number
    }
}

impl Timeline {
    fn progress(&mut self, time: u64) -> u64 {
        if let Some((since, until, progress)) = self.known
            && (since..until).contains(&time)
        {
            return progress;
        }
        let mut until = u64::MAX;
        for at in (0..self.segments.all().len()).rev() {
            let number = self.segments.all()[at].number;
            let sidecar = self.segments.sidecar(number);
            let written = sidecar.written_by(time);
            if let Some(since) = written.since {
                let progress = Place::new(number, written.offset).progress();
                let until = written.until.unwrap_or(until);
                self.known = Some((since, until, progress));
                return progress;
            }
            if let Some(first) = written.until {
                until = first;
            }
        }
        let progress = self.segments.start().progress();
        self.known = Some((0, until, progress));
        progress
    }
}
