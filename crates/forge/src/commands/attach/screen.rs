//! What an attached terminal shows, and how it is left as it was found.

use crate::output::text::safe;

/// Lines of the past that are shown.
const PAST_LINES: usize = 30;

/// What is known of the terminal that a process draws on.
#[derive(Debug)]
pub(super) struct Screen {
    /// Bytes are passed on as they are.
    whole: bool,
    /// The process uses the alternate screen now.
    alternate: bool,
    /// The end of what was seen, where a sequence may be cut.
    cut: Vec<u8>,
}

const ENTER: [&[u8]; 3] = [b"\x1b[?1049h", b"\x1b[?1047h", b"\x1b[?47h"];
const EXIT: [&[u8]; 3] = [b"\x1b[?1049l", b"\x1b[?1047l", b"\x1b[?47l"];
const LONGEST: usize = 8;

impl Screen {
    /// A screen of which nothing is known.
    pub(super) fn new(whole: bool) -> Self {
        Screen {
            whole,
            alternate: false,
            cut: Vec::new(),
        }
    }

    /// What to show of the past. Never as it was: questions that a program has asked its terminal
    /// would be answered a second time.
    pub(super) fn past(&mut self, bytes: &[u8]) -> String {
        self.watch(bytes);
        if self.whole && self.alternate {
            return "\u{1b}[?1049h\u{1b}[H\u{1b}[2J".to_string();
        }
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<&str> = text.split('\n').collect();
        let from = lines.len().saturating_sub(PAST_LINES);
        let end = if self.whole { "\r\n" } else { "\n" };
        lines[from..]
            .iter()
            .map(|line| safe(last_state(line)))
            .collect::<Vec<_>>()
            .join(end)
    }

    /// What to show of bytes that come now.
    pub(super) fn now(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.watch(bytes);
        if self.whole {
            return bytes.to_vec();
        }
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<String> = text.split('\n').map(safe).collect();
        lines.join("\n").into_bytes()
    }

    /// Whether a program draws the whole screen by itself.
    pub(super) fn is_drawn_by_program(&self) -> bool {
        self.alternate
    }

    /// What gives the terminal back as it was: screen, cursor, mouse, paste mode, colours.
    pub(super) fn leave(&self) -> String {
        if !self.whole {
            return String::new();
        }
        let screen = if self.alternate { "\u{1b}[?1049l" } else { "" };
        format!(
            "{screen}\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\u{1b}[?2004l\u{1b}[?1l\u{1b}>\u{1b}[?25h\u{1b}[0m\r\n"
        )
    }

    fn watch(&mut self, bytes: &[u8]) {
        self.cut.extend_from_slice(bytes);
        let last = |sequences: &[&[u8]]| {
            let found = sequences.iter().filter_map(|one| {
                let mut places = self.cut.windows(one.len()).enumerate();
                places.rfind(|(_, part)| part == one).map(|(at, _)| at)
            });
            found.max()
        };
        match (last(&ENTER), last(&EXIT)) {
            (Some(enter), exit) if exit.is_none_or(|exit| enter > exit) => self.alternate = true,
            (_, Some(_)) => self.alternate = false,
            _ => {}
        }
        let keep = self.cut.len().saturating_sub(LONGEST - 1);
        self.cut.drain(..keep);
    }
}

/// What a line shows after its carriage returns.
fn last_state(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    line.rsplit('\r').next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_text_without_questions_to_the_terminal() {
        let mut screen = Screen::new(true);
        assert_eq!(
            screen.past(b"one\r\ntwo\x1b[6n\r\n10%\r20%\r\n> "),
            "one\r\ntwo\r\n20%\r\n> "
        );
        assert!(!screen.is_drawn_by_program());
    }

    #[test]
    fn the_alternate_screen_is_noticed_also_when_its_sequence_is_cut() {
        let mut screen = Screen::new(true);
        screen.now(b"text\x1b[?10");
        assert!(!screen.is_drawn_by_program());
        screen.now(b"49h more");
        assert!(screen.is_drawn_by_program());
        assert!(screen.leave().starts_with("\u{1b}[?1049l"));
        screen.now(b"\x1b[?1049l");
        assert!(!screen.is_drawn_by_program());
    }

    #[test]
    fn without_a_terminal_nothing_but_text_comes_through() {
        let mut screen = Screen::new(false);
        assert_eq!(screen.now(b"a\x1b[2Jb\nc"), b"ab\nc");
        assert_eq!(screen.leave(), "");
    }
}
