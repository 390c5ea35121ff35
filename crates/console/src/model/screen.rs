//! The terminal of an attached process, emulated; for a process without one, a line to type.

use std::num::NonZeroU16;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::line::TypedLine;

/// Rows that can be scrolled back to.
const BACK: usize = 5000;

/// An attached process.
pub(crate) struct Screen {
    pub(crate) id: u64,
    pub(crate) process: String,
    pub(crate) tty: bool,
    pub(crate) parser: vt100::Parser,
    /// For a process without a terminal: what is typed.
    pub(crate) line: TypedLine,
    pub(crate) ended: Option<String>,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Screen of {}", self.process)
    }
}

impl Screen {
    /// An empty screen of this size.
    pub(crate) fn new(id: u64, process: &str, tty: bool, rows: u16, cols: u16) -> Self {
        Screen {
            id,
            process: process.to_string(),
            tty,
            parser: vt100::Parser::new(sized(rows), sized(cols), BACK),
            line: TypedLine::default(),
            ended: None,
        }
    }

    /// Gives it another size.
    pub(crate) fn resize(&mut self, rows: u16, cols: u16) {
        self.parser.set_size(sized(rows), sized(cols));
    }

    /// Shows what was written.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if self.tty {
            self.parser.process(bytes);
            return;
        }
        // Pipes carry bare line feeds.
        let mut whole = Vec::with_capacity(bytes.len() + 64);
        for byte in bytes {
            if *byte == b'\n' {
                whole.push(b'\r');
            }
            whole.push(*byte);
        }
        self.parser.process(&whole);
    }

    /// Looks back by so many rows; forward where negative.
    pub(crate) fn scroll(&mut self, by: isize) {
        let screen = self.parser.screen_mut();
        let now = screen.scrollback();
        screen.set_scrollback(now.saturating_add_signed(by));
    }
}

fn sized(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).unwrap_or(NonZeroU16::MIN)
}

/// The bytes that a terminal sends for a key.
pub(crate) fn encode(key: &KeyEvent, application_cursor: bool) -> Vec<u8> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let mut out = Vec::new();
    if alt
        && matches!(
            key.code,
            KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace
        )
    {
        out.push(0x1b);
    }
    match key.code {
        KeyCode::Char(c) if ctrl => match c.to_ascii_lowercase() {
            c @ 'a'..='z' => out.push(c as u8 - b'a' + 1),
            ' ' | '2' | '@' => out.push(0),
            '[' | '3' => out.push(0x1b),
            '\\' | '4' => out.push(0x1c),
            ']' | '5' => out.push(0x1d),
            '^' | '6' => out.push(0x1e),
            '_' | '7' | '/' => out.push(0x1f),
            c => out.extend(c.to_string().bytes()),
        },
        KeyCode::Char(c) => out.extend(c.to_string().bytes()),
        KeyCode::Enter => out.push(b'\r'),
        KeyCode::Tab => out.push(b'\t'),
        KeyCode::BackTab => out.extend(b"\x1b[Z"),
        KeyCode::Backspace => out.push(0x7f),
        KeyCode::Esc => out.push(0x1b),
        KeyCode::F(number) => out.extend(function(number)),
        other => out.extend(arrow(other, key.modifiers, application_cursor)),
    }
    out
}

fn function(number: u8) -> Vec<u8> {
    match number {
        1..=4 => vec![0x1b, b'O', b'P' + number - 1],
        5..=12 => {
            const CODES: [u8; 8] = [15, 17, 18, 19, 20, 21, 23, 24];
            format!("\x1b[{}~", CODES[usize::from(number) - 5]).into_bytes()
        }
        _ => Vec::new(),
    }
}

fn arrow(code: KeyCode, modifiers: KeyModifiers, application: bool) -> Vec<u8> {
    let held = 1
        + u8::from(modifiers.contains(KeyModifiers::SHIFT))
        + 2 * u8::from(modifiers.contains(KeyModifiers::ALT))
        + 4 * u8::from(modifiers.contains(KeyModifiers::CONTROL));
    let letter = match code {
        KeyCode::Up => 'A',
        KeyCode::Down => 'B',
        KeyCode::Right => 'C',
        KeyCode::Left => 'D',
        KeyCode::Home => 'H',
        KeyCode::End => 'F',
        _ => {
            let number = match code {
                KeyCode::Insert => 2,
                KeyCode::Delete => 3,
                KeyCode::PageUp => 5,
                KeyCode::PageDown => 6,
                _ => return Vec::new(),
            };
            return match held {
                1 => format!("\x1b[{number}~"),
                held => format!("\x1b[{number};{held}~"),
            }
            .into_bytes();
        }
    };
    match held {
        1 if application => format!("\x1bO{letter}"),
        1 => format!("\x1b[{letter}"),
        held => format!("\x1b[1;{held}{letter}"),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sent_as_terminals_send_them() {
        let send = |code, modifiers| encode(&KeyEvent::new(code, modifiers), false);
        let none = KeyModifiers::NONE;
        assert_eq!(send(KeyCode::Char('c'), KeyModifiers::CONTROL), [3]);
        assert_eq!(send(KeyCode::Char('é'), none), "é".as_bytes());
        assert_eq!(send(KeyCode::Up, none), b"\x1b[A");
        assert_eq!(send(KeyCode::Up, KeyModifiers::CONTROL), b"\x1b[1;5A");
        assert_eq!(send(KeyCode::F(5), none), b"\x1b[15~");
        assert_eq!(send(KeyCode::Char('x'), KeyModifiers::ALT), b"\x1bx");
        assert_eq!(encode(&KeyEvent::new(KeyCode::Up, none), true), b"\x1bOA");
    }

    #[test]
    fn lines_of_a_pipe_begin_at_the_left() {
        let mut screen = Screen::new(1, "api", false, 3, 10);
        screen.write(b"one\ntwo\n");
        assert_eq!(screen.parser.screen().contents(), "one\ntwo");
    }
}
