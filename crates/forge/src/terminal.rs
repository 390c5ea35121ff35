//! The terminal of the command line itself: its size, raw mode, and giving it back in every case.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Lines and columns of the terminal at standard output; `None` where there is none.
pub(crate) fn size() -> Option<(u16, u16)> {
    let size = tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some((size.ws_row.max(1), size.ws_col))
}

/// What standard input was like before raw mode. Global because a panic hook must reach it: in
/// release builds a panic runs no destructors.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Raw mode of the terminal at standard input, until this is dropped.
#[derive(Debug)]
pub(crate) struct RawMode(());

impl RawMode {
    /// Switches to raw mode.
    ///
    /// # Errors
    ///
    /// When standard input is no terminal.
    pub(crate) fn enter() -> std::io::Result<Self> {
        static HOOK: Once = Once::new();
        let before = tcgetattr(std::io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        *BEFORE.lock().unwrap_or_else(|gone| gone.into_inner()) = Some(before);
        HOOK.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore();
                usual(info);
            }));
        });
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &raw)?;
        Ok(RawMode(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether the alternate screen is in use.
static FULL: AtomicBool = AtomicBool::new(false);

/// The whole screen and every key, until this is dropped; then what stood there before is there again.
#[derive(Debug)]
pub(crate) struct FullScreen {
    _raw: RawMode,
}

impl FullScreen {
    /// Takes the screen.
    ///
    /// # Errors
    ///
    /// When standard input or output is no terminal.
    pub(crate) fn enter() -> std::io::Result<Self> {
        if !std::io::stdout().is_terminal() {
            return Err(std::io::Error::other("standard output is no terminal"));
        }
        let raw = RawMode::enter()?;
        FULL.store(true, Ordering::Relaxed);
        write_out("\u{1b}[?1049h\u{1b}[?25l\u{1b}[H\u{1b}[2J");
        Ok(FullScreen { _raw: raw })
    }

    /// Draws lines over the former ones, in one piece: no flicker.
    pub(crate) fn draw(&self, lines: &[String]) {
        // Terminals that do not know the first and last sequence (synchronised output) ignore them.
        let mut text = String::from("\u{1b}[?2026h\u{1b}[H");
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                text.push_str("\r\n");
            }
            text.push_str(line);
            text.push_str("\u{1b}[K");
        }
        text.push_str("\u{1b}[J\u{1b}[?2026l");
        write_out(&text);
    }
}

fn write_out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // A terminal that is gone sends SIGHUP, which ends what draws.
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Gives the terminal back as it was. Does nothing when it was not changed.
fn restore() {
    if FULL.swap(false, Ordering::Relaxed) {
        write_out("\u{1b}[?2026l\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l");
    }
    let before = BEFORE
        .lock()
        .unwrap_or_else(|gone| gone.into_inner())
        .take();
    if let Some(before) = before {
        // Nobody is left to tell when even this fails.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, &before);
    }
}
