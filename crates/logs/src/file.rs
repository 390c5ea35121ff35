//! Reading any text, such as a file or stdin, as a log: lines, levels, and times where lines state
//! them.

use std::io::{self, BufRead};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::level::{Level, LevelRules, Leveller};
use crate::line::{LINE_CAP, LineEnd};
use crate::render::message;

/// One physical line of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextLine {
    /// Its number, from 1.
    pub number: u64,
    /// The time that it states, in nanoseconds since 1970; without a zone, local time is meant.
    pub time: Option<u64>,
    /// Its level.
    pub level: Option<Level>,
    /// Its bytes without the line end, at most [`LINE_CAP`] of them.
    pub text: Vec<u8>,
    /// Its length in bytes, line end included.
    pub size: u64,
    /// How it ends.
    pub end: LineEnd,
}

impl TextLine {
    /// The text without escape sequences, as UTF-8.
    pub fn message(&self) -> String {
        message(&self.text)
    }
}

/// Reads a text line by line, in bounded memory, whatever it holds.
pub fn read_text<R: BufRead>(reader: R, rules: LevelRules, zone: TimeZone) -> TextLines<R> {
    TextLines {
        reader,
        leveller: Leveller::new(std::sync::Arc::new(rules)),
        zone,
        number: 0,
        done: false,
    }
}

/// The lines of a text.
pub struct TextLines<R> {
    reader: R,
    leveller: Leveller,
    zone: TimeZone,
    number: u64,
    done: bool,
}

impl<R: BufRead> TextLines<R> {
    fn next_line(&mut self) -> io::Result<Option<TextLine>> {
        let (mut text, mut size, mut last) = (Vec::new(), 0u64, 0u8);
        let mut complete = false;
        while !complete {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                break;
            }
            let newline = memchr::memchr(b'\n', bytes);
            let content = &bytes[..newline.unwrap_or(bytes.len())];
            let room = (LINE_CAP + 1).saturating_sub(text.len());
            text.extend_from_slice(&content[..room.min(content.len())]);
            last = content.last().copied().unwrap_or(last);
            let taken = content.len() + usize::from(newline.is_some());
            size += taken as u64;
            complete = newline.is_some();
            self.reader.consume(taken);
        }
        if size == 0 {
            return Ok(None);
        }
        let end = match (complete, last) {
            (true, b'\r') => LineEnd::CrLf,
            (true, _) => LineEnd::Lf,
            (false, _) => LineEnd::None,
        };
        text.truncate(LINE_CAP);
        text.truncate((size - end.bytes().len() as u64).min(LINE_CAP as u64) as usize);
        self.number += 1;
        Ok(Some(TextLine {
            number: self.number,
            time: stated_time(&message(&text[..text.len().min(1024)]), &self.zone),
            level: self.leveller.next(&text),
            text,
            size,
            end,
        }))
    }
}

impl<R: BufRead> Iterator for TextLines<R> {
    type Item = io::Result<TextLine>;

    fn next(&mut self) -> Option<io::Result<TextLine>> {
        if self.done {
            return None;
        }
        let next = self.next_line();
        self.done = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// The time with which a line begins, or which its field of JSON or pair states.
fn stated_time(line: &str, zone: &TimeZone) -> Option<u64> {
    let line = line.trim_start_matches([' ', '[', '\t']);
    if line.starts_with(|c: char| c.is_ascii_digit()) {
        return civil_time(line, zone);
    }
    const FIELDS: [&str; 10] = [
        "\"time\":",
        "\"ts\":",
        "\"timestamp\":",
        "\"@timestamp\":",
        "\"@t\":",
        "\"datetime\":",
        "time=",
        "ts=",
        "timestamp=",
        "t=",
    ];
    FIELDS.iter().find_map(|field| {
        let at = line.find(field)?;
        let bare = !field.starts_with('"');
        if bare && at > 0 && !line[..at].ends_with(' ') {
            return None;
        }
        let value = line[at + field.len()..]
            .trim_start()
            .trim_start_matches('"');
        civil_time(value, zone).or_else(|| unix_time(value))
    })
}

/// `2026-11-23T02:54:46.030Z`, `2026-11-23 02:54:46,030`, `2026/11/23 02:54:46`, with or without zone.
fn civil_time(text: &str, zone: &TimeZone) -> Option<u64> {
    let bytes = text.as_bytes();
    let head = bytes.get(..19)?;
    let shape = |at: usize, one: &[u8]| one.contains(&head[at]);
    let shaped = shape(4, b"-/")
        && shape(7, b"-/")
        && shape(10, b"T _")
        && shape(13, b":")
        && shape(16, b":");
    if !shaped {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> { text.get(from..to)?.parse().ok() };
    let rest = &text[19..];
    let (fraction, rest) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let nanos: String = rest[..digits]
                .chars()
                .chain("000000000".chars())
                .take(9)
                .collect();
            (nanos.parse().ok()?, &rest[digits..])
        }
        None => (0i32, rest),
    };
    let part = |from, to| number(from, to).and_then(|n| i8::try_from(n).ok());
    let civil = DateTime::new(
        number(0, 4)?,
        part(5, 7)?,
        part(8, 10)?,
        part(11, 13)?,
        part(14, 16)?,
        part(17, 19)?,
        fraction,
    )
    .ok()?;
    let zone = offset(rest).map_or_else(|| zone.clone(), TimeZone::fixed);
    let at = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    u64::try_from(at.as_nanosecond()).ok()
}

/// `Z`, `+02:00`, `+0200`, ` UTC`.
fn offset(text: &str) -> Option<jiff::tz::Offset> {
    let text = text.trim_start();
    if text.starts_with('Z') || text.starts_with("UTC") {
        return Some(jiff::tz::Offset::UTC);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').take(4).collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    jiff::tz::Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
fn unix_time(text: &str) -> Option<u64> {
    let whole: String = text
        .chars()
        .take_while(char::is_ascii_digit)
        .take(20)
        .collect();
    let value: u64 = whole.parse().ok()?;
    let fraction = text[whole.len()..]
        .strip_prefix('.')
        .map_or(String::new(), |rest| {
            rest.chars()
                .take_while(char::is_ascii_digit)
                .take(9)
                .collect()
        });
    match whole.len() {
        9..=10 => Some(value * 1_000_000_000 + format!("{fraction:0<9}").parse::<u64>().ok()?),
        12..=13 => Some(value * 1_000_000),
        15..=16 => Some(value * 1_000),
        18..=19 => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<TextLine> {
        read_text(text, LevelRules::default(), TimeZone::UTC)
            .collect::<io::Result<_>>()
            .expect("memory can be read")
    }

    #[test]
    fn every_physical_line_is_one_record() {
        let lines = read(b"ERROR a\r\n\n\tat b(c)\nlast");
        let levels: Vec<_> = lines.iter().map(|line| (line.number, line.level)).collect();
        assert_eq!(
            levels,
            [
                (1, Some(Level::Error)),
                (2, None),
                (3, Some(Level::Error)),
                (4, None)
            ]
        );
        assert_eq!(lines[0].message(), "ERROR a");
        assert_eq!((lines[0].end, lines[3].end), (LineEnd::CrLf, LineEnd::None));
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let text = vec![b'x'; 3 * LINE_CAP];
        let lines = read(&text);
        assert_eq!(
            (lines.len(), lines[0].text.len(), lines[0].size),
            (1, LINE_CAP, text.len() as u64)
        );
    }

    #[test]
    fn times_are_read_where_lines_state_them() {
        for (line, time) in [
            ("2026-11-23T02:54:46.03Z x", Some(1_795_402_486_030_000_000)),
            (
                "[2026-11-23 02:54:46,030: INFO/Main] x",
                Some(1_795_402_486_030_000_000),
            ),
            (
                "2026/11/23 04:54:46 +0200 x",
                Some(1_795_402_486_000_000_000),
            ),
            (
                "{\"level\":30,\"time\":1795402486030}",
                Some(1_795_402_486_030_000_000),
            ),
            (
                "{\"ts\":1795402486.5,\"msg\":\"x\"}",
                Some(1_795_402_486_500_000_000),
            ),
            (
                "time=\"2026-11-23T02:54:46Z\" level=info",
                Some(1_795_402_486_000_000_000),
            ),
            ("no time", None),
            ("2026-13-45 99:99:99 x", None),
        ] {
            assert_eq!(stated_time(line, &TimeZone::UTC), time, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[0-9T:.,/+Z \"=\\-timesé→]{0,40}") {
            stated_time(&text, &TimeZone::UTC);
            let now = jiff::Zoned::now();
            let _ = crate::parse_time(&text, crate::Bound::Since, &now);
        }
    }
}
