//! Places in the logs as text that clients hand back: of one line, or of every stream concerned.
//!
//! A line is named by what it is ordered by, so that what was before it can be asked for without
//! knowing where other streams were. Where a reader goes on is told for each stream, so that nothing
//! is left out or comes twice even where clocks were set back.

use std::collections::BTreeMap;
use std::fmt::Write;

use forge_api::Problem;
use forge_facts::Stream;
use forge_logs::{Item, Place};

/// A stream of a process.
pub(super) type Key = (String, Stream);

/// Where streams are.
pub(super) type Places = BTreeMap<Key, Place>;

/// What lines are ordered by.
pub(super) type Order = (u64, String, Stream, Place);

/// A place in the logs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cursor {
    /// At a line.
    Line(Order),
    /// Where each stream was, and when that was (nanoseconds since 1970).
    Streams(u64, Places),
}

const LINE: &str = "l1";
const STREAMS: &str = "s1";
/// Between the parts; no part holds it.
const BETWEEN: char = '~';

pub(super) fn order_of(item: &Item) -> Order {
    let source = item.source();
    (
        item.time(),
        source.process.clone(),
        source.stream,
        item.place(),
    )
}

impl Cursor {
    /// Reads what a client hands back.
    ///
    /// # Errors
    ///
    /// It is no cursor of this version (2).
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        parse(text).ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            Problem::usage(format!("`{}` is no cursor", shown.escape_debug()))
                .with_hint("hand back a `cursor` of an earlier answer as it is, or leave it out")
        })
    }

    /// A time before which everything lies that is before this place, as clocks told it.
    pub(super) fn time(&self) -> u64 {
        match self {
            Cursor::Line((time, ..)) | Cursor::Streams(time, _) => *time,
        }
    }

    /// Whether an item lies before this place.
    pub(super) fn is_after(&self, item: &Item) -> bool {
        match self {
            Cursor::Line(order) => order_of(item) < *order,
            Cursor::Streams(_, places) => {
                let source = item.source();
                let place = places.get(&(source.process.clone(), source.stream));
                place.is_some_and(|place| item.place() < *place)
            }
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Cursor::Line((time, process, stream, place)) => {
                let mut out = format!("{LINE}{BETWEEN}{time:x}");
                add(&mut out, process, *stream, *place);
                out
            }
            Cursor::Streams(time, places) => text_of(*time, places),
        }
    }
}

/// As [`Cursor::Streams`], without taking the places.
pub(super) fn text_of(time: u64, places: &Places) -> String {
    let mut out = format!("{STREAMS}{BETWEEN}{time:x}");
    for ((process, stream), place) in places {
        add(&mut out, process, *stream, *place);
    }
    out
}

fn add(out: &mut String, process: &str, stream: Stream, place: Place) {
    out.push(BETWEEN);
    for byte in process.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "!{byte:02x}");
            }
        }
    }
    let letter = match stream {
        Stream::Stdout => 'o',
        Stream::Stderr => 'e',
        Stream::Terminal => 't',
    };
    let _ = write!(out, "{BETWEEN}{letter}{:x}", place.number());
}

fn parse(text: &str) -> Option<Cursor> {
    let mut parts = text.split(BETWEEN);
    let kind = parts.next()?;
    let time = u64::from_str_radix(parts.next()?, 16).ok()?;
    let mut places = Vec::new();
    while let Some(process) = parts.next() {
        let (stream, place) = place(parts.next()?)?;
        places.push((name(process)?, stream, place));
    }
    match kind {
        LINE => {
            let (process, stream, place) = places.pop().filter(|_| places.is_empty())?;
            Some(Cursor::Line((time, process, stream, place)))
        }
        STREAMS => {
            let places = places.into_iter();
            let places = places.map(|(process, stream, place)| ((process, stream), place));
            Some(Cursor::Streams(time, places.collect()))
        }
        _ => None,
    }
}

fn place(text: &str) -> Option<(Stream, Place)> {
    let stream = match text.chars().next()? {
        'o' => Stream::Stdout,
        'e' => Stream::Stderr,
        't' => Stream::Terminal,
        _ => return None,
    };
    let number = u64::from_str_radix(&text[1..], 16).ok()?;
    Some((stream, Place::from_number(number)))
}

fn name(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'!' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let line = Cursor::Line((7, "web.1".into(), Stream::Stderr, Place::new(2, 300)));
        assert_eq!(Cursor::read(&line.text()).unwrap(), line);
        let places = Places::from([
            (("a~ä".to_string(), Stream::Stdout), Place::new(1, 0)),
            (("b".to_string(), Stream::Terminal), Place::new(9, 1 << 35)),
        ]);
        let streams = Cursor::Streams(u64::MAX, places);
        assert_eq!(Cursor::read(&streams.text()).unwrap(), streams);
    }

    #[test]
    fn what_is_no_cursor_is_an_error() {
        let long = "s1~0".to_string() + &"~".repeat(1000);
        let bad = [
            "",
            "l1",
            "l1~5",
            "s1~zz",
            "s1~5~a",
            "s1~5~a~x9",
            "s1~5~a~é",
            "s2~5",
            "l1~1~a~o1~b~o1",
            "s1~1~a!4~o1",
            "\u{0}",
            &long,
        ];
        for text in bad {
            assert_eq!(Cursor::read(text).unwrap_err().exit_code, 2, "{text:?}");
        }
        assert!(Cursor::read("s1~5").is_ok());
    }
}
