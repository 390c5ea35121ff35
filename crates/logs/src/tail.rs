//! The last lines of the merged order, found without reading the rest.

use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;

use crate::backward::{back_by, line_start_since, warm_up};
use crate::level::LevelRules;
use crate::line::Place;

use crate::reader::{Reader, Want};
use crate::segments::Segments;
use crate::span::Span;

/// The first window from the end, in bytes, and the largest.
const FIRST_WINDOW: u64 = if cfg!(test) { 32 } else { 16 * 1024 };
const LAST_WINDOW: u64 = if cfg!(test) { 128 } else { 4 * 1024 * 1024 };

/// Narrows the spans so that what is left holds the last `count` lines that are asked for.
pub(crate) fn keep_last(
    spans: &mut [(Span, Arc<LevelRules>)],
    want: &Arc<Want>,
    count: usize,
) -> io::Result<()> {
    let mut windows: Vec<Windows<'_>> = spans
        .iter()
        .map(|(span, rules)| Windows {
            span,
            segments: span.segments.fork(),
            end: span.stop,
            size: FIRST_WINDOW,
            want: want.clone(),
            rules: rules.clone(),
            keys: Vec::new(),
        })
        .collect();
    let mut first: Vec<Option<Place>> = vec![None; spans.len()];
    let mut order = BinaryHeap::new();
    if count > 0 {
        for (stream, windows) in windows.iter_mut().enumerate() {
            order.extend(
                windows
                    .next_back()?
                    .map(|(time, place)| (time, stream, place)),
            );
        }
    }
    for _ in 0..count {
        let Some((_, stream, place)) = order.pop() else {
            break;
        };
        first[stream] = Some(place);
        let next = windows[stream].next_back()?;
        order.extend(next.map(|(time, place)| (time, stream, place)));
    }
    drop(windows);
    for ((span, _), first) in spans.iter_mut().zip(first) {
        span.narrow(first);
    }
    Ok(())
}

/// Reads a stream backward, window by window.
struct Windows<'a> {
    span: &'a Span,
    segments: Segments,
    /// What is before this has not been read.
    end: Place,
    size: u64,
    want: Arc<Want>,
    rules: Arc<LevelRules>,
    /// What the last window held, in order.
    keys: Vec<(u64, Place)>,
}

impl Windows<'_> {
    /// Time and place of the line before.
    fn next_back(&mut self) -> io::Result<Option<(u64, Place)>> {
        let start = self.span.from;
        while self.keys.is_empty() && self.end > start {
            let back = back_by(&self.segments, self.end, self.size).max(start);
            let from = line_start_since(&mut self.segments, back, start)?.max(start);
            let begin = match self.want.level {
                Some(_) => warm_up(&mut self.segments, from)?,
                None => from,
            };
            let forward = self
                .span
                .forward(self.segments.fork(), begin, Some(self.end));
            let mut reader = Reader::new(forward, self.want.clone(), self.rules.clone(), from);
            while let Some(key) = reader.next_key()? {
                self.keys.push(key);
            }
            // Where a segment is gone, what was before it is, too.
            self.end = if from < self.end { from } else { start };
            self.size = (self.size * 4).min(LAST_WINDOW);
        }
        Ok(self.keys.pop())
    }
}
