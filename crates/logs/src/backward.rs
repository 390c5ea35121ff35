//! Finding beginnings of lines backward from the end, so that the last lines of a large log are
//! read without the rest.
//!
//! Reading backward is reading forward in windows, the last window first: what a line is, which
//! marks stand between lines and what matches is decided in one place only.

use std::io;

use forge_facts::IndexKind;
use memchr::memrchr;

use crate::line::{LINE_CAP, Place};
use crate::reader::WARM_UP;
use crate::segments::Segments;

/// Bytes that are looked at once for the end of a line.
const STRIDE: u64 = if cfg!(test) { 16 } else { 64 * 1024 };

/// The beginning of the line that holds `place`, or `place` itself where a line begins there.
pub(crate) fn line_start(segments: &mut Segments, place: Place) -> io::Result<Place> {
    line_start_since(segments, place, Place::new(0, 0))
}

/// The same, looked for no further back than `least`: where it is not found, `least`.
pub(crate) fn line_start_since(
    segments: &mut Segments,
    place: Place,
    least: Place,
) -> io::Result<Place> {
    let mut number = place.segment();
    let mut end = place.offset();
    loop {
        if number < least.segment() {
            return Ok(least);
        }
        let floor = match number == least.segment() {
            true => least.offset(),
            false => 0,
        };
        if let Some(start) = start_within(segments, number, floor, end)? {
            return Ok(Place::new(number, start));
        }
        let here = Place::new(number, 0);
        let Some(before) = segments.before(number) else {
            return Ok(here);
        };
        if before.number + 1 != number || segment_breaks(segments, number) {
            return Ok(here);
        }
        (number, end) = (before.number, before.size);
    }
}

/// The last beginning of a line of a segment, in `1..=end`; nothing before `floor` is looked at.
fn start_within(
    segments: &mut Segments,
    number: u64,
    floor: u64,
    end: u64,
) -> io::Result<Option<u64>> {
    let first = segments.first_mark(Place::new(number, floor.max(1)));
    let (marks, _) = segments.marks(number, first, end + 1);
    let mark = marks
        .iter()
        .rev()
        .find(|mark| match mark.kind {
            IndexKind::Gap { .. } => true,
            IndexKind::Run(run) => {
                segments.run_before(Place::new(number, mark.offset)) != Some(run)
            }
            IndexKind::Chunk => false,
        })
        .map_or(floor, |mark| mark.offset);
    let mut buffer = vec![0; STRIDE.min(end) as usize];
    let mut to = end;
    while to > mark {
        let from = to.saturating_sub(STRIDE).max(mark);
        let buffer = &mut buffer[..(to - from) as usize];
        let have = segments.read(Place::new(number, from), buffer)?;
        if let Some(newline) = memrchr(b'\n', &buffer[..have]) {
            return Ok(Some(from + newline as u64 + 1));
        }
        to = from;
    }
    Ok((mark > 0).then_some(mark))
}

/// Whether a line cannot go on from the segment before into this one.
fn segment_breaks(segments: &mut Segments, number: u64) -> bool {
    let first = segments.first_mark(Place::new(number, 0));
    let (marks, _) = segments.marks(number, first, 1);
    marks.iter().any(|mark| match mark.kind {
        IndexKind::Gap { .. } => true,
        IndexKind::Run(run) => segments.run_before(Place::new(number, 0)) != Some(run),
        IndexKind::Chunk => false,
    })
}

/// The place `back` bytes before another one, at most the beginning of all.
pub(crate) fn back_by(segments: &Segments, place: Place, back: u64) -> Place {
    if place.offset() >= back {
        return Place::new(place.segment(), place.offset() - back);
    }
    match segments.before(place.segment()) {
        Some(before) => back_by(
            segments,
            Place::new(before.number, before.size),
            back - place.offset(),
        ),
        None => Place::new(place.segment(), 0),
    }
}

/// A beginning of a line before `place`, for what the lines from `place` on depend on; `place` itself
/// where the line before it is long.
pub(crate) fn warm_up(segments: &mut Segments, place: Place) -> io::Result<Place> {
    let back = back_by(segments, place, WARM_UP);
    let least = back_by(segments, back, LINE_CAP as u64);
    let begin = line_start_since(segments, back, least)?;
    let found = begin > least || least == segments.start();
    Ok(if found { begin } else { place })
}
