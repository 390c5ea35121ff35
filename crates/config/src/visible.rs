//! Text from files, made safe to show: nothing in a message moves the cursor or turns letters around.

/// Longest piece of foreign text that a message quotes.
const QUOTED: usize = 60;

/// Writes control characters, and those that change the direction of text or are invisible, as
/// `\u{…}`.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut out, c);
    }
    out
}

/// As [`visible`], in backquotes, shortened.
pub(crate) fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED).collect();
    if text.chars().nth(QUOTED).is_some() {
        short.push('…');
    }
    format!("`{}`", visible(&short))
}

/// One character, as [`visible`] shows it.
pub(crate) fn push_visible(out: &mut String, c: char) {
    if is_hidden(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// Controls, bidirectional marks and characters without a width.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_hide_or_turn_text_is_spelled_out() {
        assert_eq!(visible("a\u{202e}b\u{1b}[2J"), "a\\u{202e}b\\u{1b}[2J");
        assert_eq!(visible("größe 日本"), "größe 日本");
    }

    #[test]
    fn long_text_is_shortened() {
        assert_eq!(quoted(&"x".repeat(1000)).chars().count(), QUOTED + 3);
    }
}
