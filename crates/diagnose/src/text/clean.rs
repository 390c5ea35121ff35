//! Lines without escape sequences and control characters, decoded, and of a bounded length.

use forge_logs::{last_state, strip_ansi};

use super::prefix::streams;
use super::unfold::unfold;
use crate::trace::Line;

/// Bytes of a line that are read.
const LONGEST: usize = 8 << 10;
/// Bytes of a line that may hold a whole stack in quotes.
const LONGEST_RECORD: usize = 256 << 10;

/// The lines of a block, each multiplexed program in a row of its own. Numbers count from the
/// beginning of the block.
pub(crate) fn lines(block: &[u8]) -> Vec<Vec<Line>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', block).chain(std::iter::once(block.len()));
    for (number, end) in (0u64..).zip(ends) {
        if start <= end {
            let raw = &block[start..end];
            for text in clean(raw) {
                lines.push(Line { text, number });
            }
        }
        start = end + 1;
    }
    while lines.last().is_some_and(|line| line.text.is_empty()) {
        lines.pop();
    }
    streams(lines)
}

/// One physical line; more than one where it holds a stack in quotes.
fn clean(raw: &[u8]) -> Vec<String> {
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    // A hostile line may be all of the text: neither its middle nor its end is looked at.
    let raw = &raw[..raw.len().min(LONGEST_RECORD)];
    let shown = last_state(raw);
    let bare = strip_ansi(shown);
    if bare.len() > 80 && memchr::memmem::find(&bare, b"\\n").is_some() {
        let text = decode(&bare);
        if let Some(lines) = unfold(&text) {
            return lines;
        }
    }
    vec![decode(&bare[..bare.len().min(LONGEST)])]
}

fn decode(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if text.chars().any(|c| c.is_control() && c != '\t') {
        text.retain(|c| !c.is_control() || c == '\t');
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(block: &[u8]) -> Vec<String> {
        let streams = lines(block).into_iter().flatten();
        streams.map(|line| line.text).collect()
    }

    #[test]
    fn colours_carriage_returns_and_noise_are_gone() {
        assert_eq!(
            texts(b"\x1b[31mred\x1b[0m\r\n10%\r20%\n\0a\xff\n"),
            ["red", "20%", "a\u{fffd}"]
        );
    }

    #[test]
    fn a_stack_in_the_quotes_of_a_record_becomes_lines() {
        let record = br#"{"level":50,"time":1,"err":{"type":"TypeError","message":"bad","stack":"TypeError: bad\n    at f (/srv/app/x.js:3:4)"},"msg":"failed"}"#;
        assert_eq!(
            texts(record),
            ["TypeError: bad", "    at f (/srv/app/x.js:3:4)"]
        );
    }
}
