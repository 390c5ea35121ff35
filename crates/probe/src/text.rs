//! Foreign text made fit for one line of a detail.

use std::io;

/// Longest line that is kept, in characters.
const LONGEST: usize = 200;

/// The last line of output that says something, without colours and control characters.
pub(crate) fn last_line(output: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(output);
    text.split(['\n', '\r'])
        .rev()
        .map(one_line)
        .find(|line| !line.is_empty())
}

/// Text without escape sequences and control characters, trimmed and cut.
pub(crate) fn one_line(text: &str) -> String {
    let mut clean = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => skip_escape(&mut chars),
            '\t' => clean.push(' '),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    let clean = clean.trim();
    match clean.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean.to_string(),
    }
}

/// Skips what follows an escape character: a control sequence, an operating system command, or one character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        Some(']') => {
            while let Some(c) = chars.next() {
                match c {
                    '\x07' => break,
                    '\x1b' => {
                        chars.next_if_eq(&'\\');
                        break;
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// An error of the operating system without its number, as a fragment.
pub(crate) fn io_error(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match (chars.next(), text.chars().nth(1)) {
        // An abbreviation keeps its capitals.
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_says_something_is_taken() {
        let line = |text: &str| last_line(text.as_bytes());
        assert_eq!(line("a\nb\n\n  \n").as_deref(), Some("b"));
        assert_eq!(line("10%\r20%\r").as_deref(), Some("20%"));
        assert_eq!(
            line("\x1b[1;31mred\x1b[0m\x1b]0;title\x07 \x07end").as_deref(),
            Some("red end")
        );
        assert_eq!(line("\x1b[31m\n"), None);
        assert_eq!(line(""), None);
        assert!(last_line(b"\xff\xfe").is_some());
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let cut = one_line(&"é".repeat(500));
        assert_eq!(cut.chars().count(), LONGEST + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn an_error_of_the_system_becomes_a_fragment() {
        let error = io::Error::from(rustix::io::Errno::NETUNREACH);
        assert_eq!(io_error(&error), "network is unreachable");
    }
}
