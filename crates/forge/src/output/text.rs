//! Text that others wrote, made fit for a terminal: names, messages and lines of output.
//!
//! Nothing that a child, a file name or a configuration holds may move the cursor, change colours
//! or turn the direction of writing. Widths are counted character by character, as terminals do.

use unicode_width::UnicodeWidthChar;

/// The text in one line without control characters and escape sequences.
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut marks = 0;
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c if is_steering(c) => {}
            // A letter with a tower of combining marks would write over the lines around it.
            c if c.width() == Some(0) => {
                marks += 1;
                if marks <= 2 {
                    out.push(c);
                }
                continue;
            }
            c => out.push(c),
        }
        marks = 0;
    }
    out
}

/// The same for text of several lines: line ends are kept.
pub(crate) fn safe_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(safe).collect();
    lines.join("\n")
}

/// Columns that safe text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Safe text in at most `columns` columns; what does not fit ends in `…`.
pub(crate) fn clip(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        out.push(c);
        used += wide;
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

/// Safe text filled up with spaces to this many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let mut out = text.to_string();
    out.extend(std::iter::repeat_n(
        ' ',
        columns.saturating_sub(width(text)),
    ));
    out
}

/// Characters that have no width but change how their neighbours are shown.
fn is_steering(c: char) -> bool {
    matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Takes the rest of an escape sequence (ECMA-48): CSI to its final byte, strings to BEL or ST.
fn skip_escape(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            for c in rest.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let mut before = ' ';
            for c in rest.by_ref() {
                if c == '\u{7}' || (before == '\u{1b}' && c == '\\') {
                    break;
                }
                before = c;
            }
        }
        Some(' '..='/') => {
            rest.next();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_controls_do_not_reach_the_terminal() {
        assert_eq!(safe("\u{1b}[31mred\u{1b}[0m"), "red");
        assert_eq!(safe("\u{1b}]0;title\u{7}x\u{1b}]8;;u\u{1b}\\y"), "xy");
        assert_eq!(safe("a\tb\r\nc\0d\u{9b}e"), "a b  c\u{fffd}d\u{fffd}e");
        assert_eq!(safe("a\u{202e}b\u{200d}c"), "abc");
        assert_eq!(safe("cut \u{1b}[38;5"), "cut ");
        assert_eq!(safe("\u{1b}"), "");
    }

    #[test]
    fn a_tower_of_marks_keeps_two() {
        let tower = format!("a{}b", "\u{301}".repeat(40));
        assert_eq!(safe(&tower), "a\u{301}\u{301}b");
    }

    #[test]
    fn clipped_text_never_takes_more_columns_than_allowed() {
        for text in ["plain text", "日本語のテキスト", "", "a\u{301}bc", "😀😀😀"] {
            for columns in 0..12 {
                let clipped = clip(text, columns);
                assert!(width(&clipped) <= columns, "{text:?} in {columns}");
            }
        }
        assert_eq!(clip("backend-service", 8), "backend…");
        assert_eq!(clip("short", 8), "short");
    }
}
