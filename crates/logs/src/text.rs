//! Making what a process wrote safe to show.
//!
//! A terminal obeys what it is sent: text that comes from a process may move the cursor, set the
//! title, read the clipboard or reverse the reading direction. Of all that only colours (SGR) pass,
//! where they are wanted; everything else is removed or shown as a visible sign.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr};

const ESC: u8 = 0x1b;

/// What an escape sequence at the beginning of some bytes is.
enum Sequence {
    /// A colour: this many bytes that may be passed on.
    Sgr(usize),
    /// Another one, of this many bytes.
    Other(usize),
}

/// Measures the escape sequence that `bytes` (of one line) begin with.
///
/// A sequence that does not end within the line costs only its introducer: what follows is text.
fn sequence(bytes: &[u8]) -> Sequence {
    match bytes.get(1) {
        Some(b'[') => csi(&bytes[2..], 2),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => Sequence::Other(2 + string(&bytes[2..])),
        Some(0x20..=0x2f) => {
            let length = 1 + bytes[1..]
                .iter()
                .take_while(|b| (0x20..=0x2f).contains(*b))
                .count();
            match bytes.get(length) {
                Some(0x30..=0x7e) => Sequence::Other(length + 1),
                _ => Sequence::Other(length),
            }
        }
        Some(0x30..=0x7e) => Sequence::Other(2),
        _ => Sequence::Other(1),
    }
}

/// A control sequence behind its introducer of `introducer` bytes: parameters, intermediates, final.
fn csi(bytes: &[u8], introducer: usize) -> Sequence {
    let parameters = bytes
        .iter()
        .take_while(|b| (0x30..=0x3f).contains(*b))
        .count();
    let intermediates = bytes[parameters..]
        .iter()
        .take_while(|b| (0x20..=0x2f).contains(*b))
        .count();
    let length = parameters + intermediates;
    match bytes.get(length) {
        Some(b'm')
            if intermediates == 0
                && length <= 64
                && bytes[..length].iter().all(|b| matches!(b, b'0'..=b';')) =>
        {
            Sequence::Sgr(introducer + length + 1)
        }
        Some(0x40..=0x7e) => Sequence::Other(introducer + length + 1),
        // Cut off, or broken by another control: only the introducer goes.
        _ => Sequence::Other(introducer),
    }
}

/// Length of a control string (of OSC, DCS, APC, …) with its end; 0 where it has none in this line.
/// Any escape that is not its end breaks it off, as in a terminal.
fn string(bytes: &[u8]) -> usize {
    let Some(at) = memchr2(0x07, ESC, bytes) else {
        return c1_end(bytes).unwrap_or(0);
    };
    if let Some(end) = c1_end(&bytes[..at]) {
        return end;
    }
    match (bytes[at], bytes.get(at + 1)) {
        (0x07, _) => at + 1,
        (ESC, Some(b'\\')) => at + 2,
        _ => 0,
    }
}

/// Behind the first C1 string terminator (U+009C).
fn c1_end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\xc2\x9c").map(|at| at + 2)
}

/// The bytes of a line without its escape sequences; other bytes stay as they are.
pub fn strip_ansi(line: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr(ESC, line) else {
        return Cow::Borrowed(line);
    };
    let mut plain = Vec::with_capacity(line.len());
    plain.extend_from_slice(&line[..first]);
    let mut rest = &line[first..];
    while !rest.is_empty() {
        if rest[0] == ESC {
            let (Sequence::Sgr(length) | Sequence::Other(length)) = sequence(rest);
            rest = &rest[length..];
            continue;
        }
        let text = memchr(ESC, rest).unwrap_or(rest.len());
        plain.extend_from_slice(&rest[..text]);
        rest = &rest[text..];
    }
    Cow::Owned(plain)
}

/// What a terminal shows of a line that was written over itself with carriage returns, as progress
/// bars are: what stands behind the last one that something stands behind.
pub fn last_state(line: &[u8]) -> &[u8] {
    let mut end = line.len();
    loop {
        let from = memrchr(b'\r', &line[..end]).map_or(0, |at| at + 1);
        let state = &line[from..end];
        let blank = strip_ansi(state).iter().all(u8::is_ascii_whitespace);
        if !blank {
            return state;
        }
        if from == 0 {
            return &line[..memchr(b'\r', line).unwrap_or(line.len())];
        }
        end = from - 1;
    }
}

/// A line as it may be shown on a terminal (or in a pipe, without `colours`).
///
/// * The last state of a progress bar stands for all of it.
/// * Colours (SGR) pass with `colours`, and are switched off at the end if they were left on.
/// * Every other escape sequence is removed. One that does not end within the line takes nothing
///   with it.
/// * Other control characters are shown as pictures (`␀`), direction marks and other invisible
///   format characters as `\u{202e}`; tabs stay; a backspace takes back the character before it.
/// * What is not UTF-8 becomes U+FFFD.
pub fn safe(line: &[u8], colours: bool) -> String {
    let mut rest = last_state(line);
    let mut shown = Shown {
        out: String::with_capacity(rest.len()),
        coloured: false,
        erasable: 0,
    };
    while !rest.is_empty() {
        let text = memchr(ESC, rest).unwrap_or(rest.len());
        if text > 0 {
            shown.text(&rest[..text]);
            rest = &rest[text..];
            continue;
        }
        let length = match sequence(rest) {
            Sequence::Sgr(length) => {
                if colours {
                    shown.colour(&rest[..length]);
                }
                length
            }
            Sequence::Other(length) => length,
        };
        rest = &rest[length..];
    }
    if shown.coloured {
        shown.out.push_str("\x1b[0m");
    }
    shown.out
}

struct Shown {
    out: String,
    coloured: bool,
    /// How many characters at the end a backspace may take back.
    erasable: usize,
}

impl Shown {
    fn colour(&mut self, sgr: &[u8]) {
        let parameters = &sgr[2..sgr.len() - 1];
        self.coloured = !parameters.iter().all(|b| matches!(b, b'0' | b';'));
        self.out.push_str(&String::from_utf8_lossy(sgr));
        self.erasable = 0;
    }

    fn text(&mut self, bytes: &[u8]) {
        if bytes.iter().all(|b| (0x20..0x7f).contains(b)) {
            self.out.push_str(&String::from_utf8_lossy(bytes));
            self.erasable += bytes.len();
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\u{8}' if self.erasable > 0 => {
                    self.out.pop();
                    self.erasable -= 1;
                }
                // The eight-bit forms of `ESC [` and `ESC ]`, `ESC P`, …
                '\u{9b}' => {
                    let (Sequence::Sgr(skip) | Sequence::Other(skip)) =
                        csi(rest.as_str().as_bytes(), 0);
                    rest = rest.as_str()[skip..].chars();
                }
                '\u{9d}' | '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => {
                    let skip = string(rest.as_str().as_bytes());
                    rest = rest.as_str()[skip..].chars();
                }
                c => self.one(c),
            }
        }
    }

    fn one(&mut self, c: char) {
        match c {
            '\t' => self.out.push(c),
            '\r' => {}
            '\0'..='\x1f' => self.out.extend(char::from_u32(0x2400 + c as u32)),
            '\x7f' => self.out.push('\u{2421}'),
            '\u{80}'..='\u{9f}' => self.out.push('\u{fffd}'),
            c if is_invisible_format(c) => {
                let name = format!("\\u{{{:x}}}", c as u32);
                self.out.push_str(&name);
                self.erasable = 0;
                return;
            }
            c => self.out.push(c),
        }
        self.erasable += 1;
    }
}

/// Characters that change how others are read without being seen.
fn is_invisible_format(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_pass_and_are_switched_off_at_the_end() {
        assert_eq!(safe(b"\x1b[31mred", true), "\x1b[31mred\x1b[0m");
        assert_eq!(safe(b"\x1b[31mred\x1b[0m", true), "\x1b[31mred\x1b[0m");
        assert_eq!(
            safe(b"\x1b[38;2;1;2;3mx\x1b[m", true),
            "\x1b[38;2;1;2;3mx\x1b[m"
        );
        assert_eq!(safe(b"\x1b[31mred", false), "red");
    }

    #[test]
    fn what_moves_the_cursor_or_sets_the_title_never_passes() {
        for line in [
            &b"\x1b[2J\x1b[1;1Ha\x1b]0;title\x07b"[..],
            b"a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\",
            b"a\x1bP1$r\x1b\\b",
            b"\x1b(Ba\x1b7\x1b[?25lb\x1bc",
            "a\u{9b}2J\u{9d}0;x\u{9c}b".as_bytes(),
            b"a\x1b[>0;1mb\x1b[>4m",
        ] {
            assert_eq!(
                safe(line, true),
                "ab",
                "{:?}",
                line.escape_ascii().to_string()
            );
        }
    }

    #[test]
    fn an_unfinished_sequence_swallows_nothing() {
        assert_eq!(safe(b"a\x1b]0;title", true), "a0;title");
        assert_eq!(safe(b"a\x1b[31", true), "a31");
        assert_eq!(
            safe(b"a\x1b]52;c;\x1b[32mgreen\x1b[0m", false),
            "a52;c;green"
        );
        assert_eq!(safe(b"a\x1b", true), "a");
    }

    #[test]
    fn controls_become_visible() {
        assert_eq!(safe(b"a\0b\x07c\td", true), "a\u{2400}b\u{2407}c\td");
        assert_eq!(safe("a\u{202e}b".as_bytes(), true), "a\\u{202e}b");
        assert_eq!(safe(b"a\xffb", true), "a\u{fffd}b");
        assert_eq!(safe(b"-\x08\\\x08|", true), "|");
    }

    #[test]
    fn a_progress_bar_is_shown_as_it_was_last() {
        assert_eq!(safe(b"10%\r50%\r100%", true), "100%");
        assert_eq!(safe(b"50%\r\x1b[K\r", true), "50%");
        assert_eq!(safe(b"\rdone", true), "done");
        assert_eq!(last_state(b"\r\r"), b"");
    }

    #[test]
    fn many_unfinished_sequences_take_no_longer_than_their_length() {
        let line = b"\x1b]".repeat(1 << 20);
        assert_eq!(safe(&line, true), "");
    }

    proptest! {
        #[test]
        fn nothing_but_colours_passes(bytes in proptest::collection::vec(
            prop_oneof![3 => any::<u8>(), 1 => Just(ESC), 1 => Just(b'['), 1 => Just(b']'),
                        1 => Just(b'm'), 1 => Just(b'3'), 1 => Just(0xc2), 1 => Just(0x9b)], 0..80))
        {
            for colours in [true, false] {
                let shown = safe(&bytes, colours);
                let mut rest = shown.as_bytes();
                while let Some(at) = memchr(ESC, rest) {
                    prop_assert!(colours);
                    match sequence(&rest[at..]) {
                        Sequence::Sgr(length) => rest = &rest[at + length..],
                        Sequence::Other(_) => prop_assert!(false, "{shown:?}"),
                    }
                }
                prop_assert!(shown.chars().all(|c| c == '\x1b' || c == '\t' || !c.is_control()));
                prop_assert!(!shown.chars().any(is_invisible_format));
            }
            prop_assert!(!strip_ansi(&bytes).contains(&ESC));
        }
    }
}
