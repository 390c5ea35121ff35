//! The mouse as programs on a terminal are told of it, where they have asked for it.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use vt100::{MouseProtocolEncoding, MouseProtocolMode};

/// The bytes for an event at this column and row of the program's screen; none where it has not asked
/// for such events.
pub(crate) fn encode(screen: &vt100::Screen, event: &MouseEvent, column: u16, row: u16) -> Vec<u8> {
    let mode = screen.mouse_protocol_mode();
    let held = u8::from(event.modifiers.contains(KeyModifiers::SHIFT)) * 4
        + u8::from(event.modifiers.contains(KeyModifiers::ALT)) * 8
        + u8::from(event.modifiers.contains(KeyModifiers::CONTROL)) * 16;
    let (wanted, code, release) = match event.kind {
        MouseEventKind::Down(button) => (mode != MouseProtocolMode::None, number(button), false),
        MouseEventKind::ScrollUp => (mode != MouseProtocolMode::None, 64, false),
        MouseEventKind::ScrollDown => (mode != MouseProtocolMode::None, 65, false),
        MouseEventKind::ScrollLeft => (mode != MouseProtocolMode::None, 66, false),
        MouseEventKind::ScrollRight => (mode != MouseProtocolMode::None, 67, false),
        MouseEventKind::Up(button) => (hears_release(mode), number(button), true),
        MouseEventKind::Drag(button) => (hears_drags(mode), number(button) + 32, false),
        MouseEventKind::Moved => (mode == MouseProtocolMode::AnyMotion, 3 + 32, false),
    };
    if !wanted {
        return Vec::new();
    }
    let code = code + held;
    match screen.mouse_protocol_encoding() {
        MouseProtocolEncoding::Sgr => {
            let end = if release { 'm' } else { 'M' };
            format!("\x1b[<{code};{};{}{end}", column + 1, row + 1).into_bytes()
        }
        MouseProtocolEncoding::Default | MouseProtocolEncoding::Utf8 => {
            // Places beyond the 223rd cannot be told this way; with UTF-8 those below it are the same.
            let place = |at: u16| u8::try_from(at + 33).ok();
            let (Some(x), Some(y)) = (place(column), place(row)) else {
                return Vec::new();
            };
            let code = if release { 3 + held } else { code };
            vec![0x1b, b'[', b'M', code + 32, x, y]
        }
    }
}

fn number(button: MouseButton) -> u8 {
    match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    }
}

fn hears_release(mode: MouseProtocolMode) -> bool {
    match mode {
        MouseProtocolMode::None | MouseProtocolMode::Press => false,
        MouseProtocolMode::PressRelease
        | MouseProtocolMode::ButtonMotion
        | MouseProtocolMode::AnyMotion => true,
    }
}

fn hears_drags(mode: MouseProtocolMode) -> bool {
    match mode {
        MouseProtocolMode::None | MouseProtocolMode::Press | MouseProtocolMode::PressRelease => {
            false
        }
        MouseProtocolMode::ButtonMotion | MouseProtocolMode::AnyMotion => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::screen::Screen;

    fn told(asked: &str, kind: MouseEventKind) -> String {
        let mut screen = Screen::new(1, "vim", true, 10, 40);
        screen.write(asked.as_bytes());
        let event = MouseEvent {
            kind,
            column: 4,
            row: 2,
            modifiers: KeyModifiers::CONTROL,
        };
        String::from_utf8_lossy(&encode(screen.parser.screen(), &event, 4, 2)).into_owned()
    }

    #[test]
    fn programs_hear_what_they_have_asked_for_in_their_own_form() {
        let down = MouseEventKind::Down(MouseButton::Left);
        let up = MouseEventKind::Up(MouseButton::Left);
        let drag = MouseEventKind::Drag(MouseButton::Left);
        assert_eq!(told("", down), "");
        assert_eq!(told("\x1b[?1000h", down), "\x1b[M0%#");
        assert_eq!(told("\x1b[?1000h", up), "\x1b[M3%#");
        assert_eq!(told("\x1b[?1000h\x1b[?1006h", down), "\x1b[<16;5;3M");
        assert_eq!(told("\x1b[?1000h\x1b[?1006h", up), "\x1b[<16;5;3m");
        assert_eq!(told("\x1b[?1000h\x1b[?1006h", drag), "");
        assert_eq!(told("\x1b[?1002h\x1b[?1006h", drag), "\x1b[<48;5;3M");
        assert_eq!(told("\x1b[?1002h\x1b[?1006h", MouseEventKind::Moved), "");
        assert_eq!(
            told("\x1b[?1003h\x1b[?1006h", MouseEventKind::Moved),
            "\x1b[<51;5;3M"
        );
        assert_eq!(
            told("\x1b[?1000h\x1b[?1006h", MouseEventKind::ScrollDown),
            "\x1b[<81;5;3M"
        );
    }
}
