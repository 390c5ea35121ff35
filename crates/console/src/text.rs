//! From text that anybody may have written to cells of a screen: colours stay, everything else that
//! would move the cursor or turn the line around is made harmless.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Longer lines are shown up to here; the rest is on disk.
const LONGEST: usize = 16 * 1024;
const TAB: usize = 8;

/// One character as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) symbol: String,
    pub(crate) width: usize,
    pub(crate) style: Style,
}

/// The cells of a text whose colours count.
pub(crate) fn cells(text: &str, base: Style) -> Vec<Cell> {
    let mut out = Vec::new();
    let mut style = base;
    let mut rest = shorten(text);
    while !rest.is_empty() {
        let end = rest.find('\u{1b}').unwrap_or(rest.len());
        push_plain(&mut out, &rest[..end], style);
        rest = &rest[end..];
        if rest.is_empty() {
            break;
        }
        let (sequence, behind) = escape(rest);
        if let Some(codes) = sequence {
            style = apply(style, base, codes);
        }
        rest = behind;
    }
    if text.len() > LONGEST {
        push_plain(&mut out, "…", base.add_modifier(Modifier::DIM));
    }
    out
}

/// One line of text without colours of its own.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for cell in cells(text, Style::new()) {
        out.push_str(&cell.symbol);
    }
    out
}

/// How wide a text is on the screen.
pub(crate) fn width(text: &str) -> usize {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return text.len();
    }
    cells(text, Style::new())
        .iter()
        .map(|cell| cell.width)
        .sum()
}

/// The text cut to this width, with `…` where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let all = cells(text, Style::new());
    let total: usize = all.iter().map(|cell| cell.width).sum();
    let room = if total > width {
        width.saturating_sub(1)
    } else {
        width
    };
    let mut out = String::new();
    let mut used = 0;
    for cell in all {
        if used + cell.width > room {
            break;
        }
        used += cell.width;
        out.push_str(&cell.symbol);
    }
    if total > width && width > 0 {
        out.push('…');
    }
    out
}

/// The text cut or filled up to exactly this width.
pub(crate) fn fit(text: &str, wide: usize) -> String {
    let mut out = cut(text, wide);
    out.extend(std::iter::repeat_n(' ', wide.saturating_sub(width(&out))));
    out
}

/// The same with its text at the right.
pub(crate) fn fit_right(text: &str, wide: usize) -> String {
    let out = cut(text, wide);
    format!("{}{out}", " ".repeat(wide.saturating_sub(width(&out))))
}

/// Cells in rows of this width.
pub(crate) fn rows(cells: &[Cell], width: usize) -> Vec<&[Cell]> {
    let width = width.max(1);
    let mut out = Vec::new();
    let (mut begin, mut used) = (0, 0);
    for (at, cell) in cells.iter().enumerate() {
        if used + cell.width > width && at > begin {
            out.push(&cells[begin..at]);
            (begin, used) = (at, 0);
        }
        used += cell.width;
    }
    out.push(&cells[begin..]);
    out
}

/// Cells as a line, neighbours of one style together.
pub(crate) fn line(cells: &[Cell]) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for cell in cells {
        match spans.last_mut() {
            Some(last) if last.style == cell.style => last.content.to_mut().push_str(&cell.symbol),
            _ => spans.push(Span::styled(cell.symbol.clone(), cell.style)),
        }
    }
    Line::from(spans)
}

fn shorten(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn push_plain(out: &mut Vec<Cell>, text: &str, style: Style) {
    for grapheme in text.graphemes(true) {
        let first = grapheme.chars().next().unwrap_or(' ');
        let mut push = |symbol: String, width| {
            out.push(Cell {
                symbol,
                width,
                style,
            })
        };
        match first {
            '\t' => push(" ".repeat(TAB), TAB),
            // A line's own end; one in the middle is a line break that a record brought along.
            '\n' | '\r' => push(" ".into(), 1),
            '\0'..'\x20' => push(picture(u32::from(first)), 1),
            '\x7f'..='\u{9f}' => push("\u{fffd}".into(), 1),
            _ => {
                let clean: String = grapheme.chars().filter(|c| !turns(*c)).collect();
                let width = clean.width();
                if width > 0 {
                    push(clean, width);
                }
            }
        }
    }
}

/// The picture of a control character.
fn picture(code: u32) -> String {
    char::from_u32(0x2400 + code)
        .unwrap_or('\u{fffd}')
        .to_string()
}

/// Characters that change the direction of what follows, or part lines.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

/// An escape sequence at the beginning: the parameters of a colour, and what is behind it.
fn escape(text: &str) -> (Option<&str>, &str) {
    let bytes = text.as_bytes();
    match bytes.get(1) {
        Some(b'[') => {
            let end = bytes[2..]
                .iter()
                .position(|byte| (0x40..=0x7e).contains(byte));
            match end.map(|end| end + 2) {
                Some(end) if bytes[2..end].iter().all(|byte| (0x20..0x40).contains(byte)) => {
                    let codes = (bytes[end] == b'm').then(|| &text[2..end]);
                    (codes, &text[end + 1..])
                }
                _ => (None, behind(text, 2)),
            }
        }
        Some(b']' | b'P' | b'_' | b'^' | b'X') => {
            let end = text.find('\u{7}').map(|at| at + 1);
            let other = text[2..].find("\u{1b}\\").map(|at| at + 4);
            match end.into_iter().chain(other).min() {
                Some(end) => (None, &text[end..]),
                None => (None, behind(text, 2)),
            }
        }
        Some(byte) if byte.is_ascii() => (None, behind(text, 2)),
        _ => (None, behind(text, 1)),
    }
}

fn behind(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

fn apply(style: Style, base: Style, codes: &str) -> Style {
    let mut style = style;
    let mut codes = codes
        .split([';', ':'])
        .map(|code| code.parse::<u16>().unwrap_or(0));
    while let Some(code) = codes.next() {
        style = match code {
            0 => base,
            1 => style.add_modifier(Modifier::BOLD),
            2 => style.add_modifier(Modifier::DIM),
            3 => style.add_modifier(Modifier::ITALIC),
            4 => style.add_modifier(Modifier::UNDERLINED),
            7 => style.add_modifier(Modifier::REVERSED),
            9 => style.add_modifier(Modifier::CROSSED_OUT),
            22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
            23 => style.remove_modifier(Modifier::ITALIC),
            24 => style.remove_modifier(Modifier::UNDERLINED),
            27 => style.remove_modifier(Modifier::REVERSED),
            30..=37 | 90..=97 => style.fg(basic(code)),
            40..=47 | 100..=107 => style.bg(basic(code - 10)),
            39 => Style {
                fg: base.fg,
                ..style
            },
            49 => Style {
                bg: base.bg,
                ..style
            },
            38 | 48 => {
                let colour = match codes.next() {
                    Some(5) => codes
                        .next()
                        .map(|index| Color::Indexed(index.min(255) as u8)),
                    Some(2) => {
                        let mut part = || codes.next().unwrap_or(0).min(255) as u8;
                        Some(Color::Rgb(part(), part(), part()))
                    }
                    _ => None,
                };
                match (code, colour) {
                    (38, Some(colour)) => style.fg(colour),
                    (_, Some(colour)) => style.bg(colour),
                    (_, None) => style,
                }
            }
            _ => style,
        };
    }
    style
}

fn basic(code: u16) -> Color {
    let index = if code >= 90 { code - 90 + 8 } else { code - 30 };
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    NAMED[usize::from(index.min(15))]
}

/// A line of a screen cut to a width, with a sign where something is left out.
pub(crate) fn cut_line(line: Line<'static>, room: usize) -> Line<'static> {
    if line.width() <= room {
        return line;
    }
    let mut left = room.saturating_sub(1);
    let mut spans = Vec::new();
    for span in line.spans {
        let wide = span.width();
        if wide <= left {
            left -= wide;
            spans.push(span);
            continue;
        }
        let style = span.style;
        let kept = cut(&span.content, left.max(1));
        spans.push(Span::styled(kept, style));
        break;
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_and_other_sequences_go() {
        let shown = cells(
            "\u{1b}[31mred\u{1b}[2J\u{1b}[0m \u{1b}]0;title\u{7}ok\u{1b}",
            Style::new(),
        );
        let text: String = shown.iter().map(|cell| cell.symbol.as_str()).collect();
        assert_eq!(text, "red ok");
        assert_eq!(shown[0].style.fg, Some(Color::Red));
        assert_eq!(shown[4].style.fg, None);
        let shown = cells("\u{1b}[38;5;200mx\u{1b}[48;2;1;2;3my", Style::new());
        assert_eq!(shown[0].style.fg, Some(Color::Indexed(200)));
        assert_eq!(shown[1].style.bg, Some(Color::Rgb(1, 2, 3)));
    }

    #[test]
    fn what_would_disturb_the_screen_is_made_harmless() {
        assert_eq!(plain("a\0b\u{202e}c\u{200b}\x7f"), "a␀bc\u{fffd}");
        assert_eq!(plain("é\u{301}"), "é\u{301}");
        assert_eq!(width("日本"), 4);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(fit_right("ab", 4), "  ab");
    }

    #[test]
    fn long_lines_break_into_rows() {
        let cells = cells("ab日c", Style::new());
        let lengths: Vec<usize> = rows(&cells, 2).iter().map(|row| row.len()).collect();
        assert_eq!(lengths, [2, 1, 1]);
        assert_eq!(rows(&[], 2).len(), 1);
    }
}
