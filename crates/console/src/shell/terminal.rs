//! The terminal, and giving it back in every case.

use std::io::{self, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, TerminalOptions, Viewport};

/// Whether the terminal is ours at the moment. Global because the panic hook must know it: a panic
/// may run no destructors.
static OURS: AtomicBool = AtomicBool::new(false);

/// Longer texts are not copied: terminals refuse them.
const LONGEST_COPY: usize = 74_000;

type Canvas = ratatui::Terminal<CrosstermBackend<Stdout>>;

/// The terminal at standard output, as a canvas.
pub(super) struct Terminal {
    canvas: Canvas,
    size: (u16, u16),
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(super) fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back();
                usual(info);
            }));
        });
        let mut terminal = Terminal {
            canvas: canvas(size())?,
            size: size(),
        };
        terminal.resume()?;
        Ok(terminal)
    }

    /// Its size now: columns and rows.
    pub(super) fn size(&self) -> (u16, u16) {
        self.size
    }

    /// Draws a picture; only what has changed is written.
    pub(super) fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.canvas.draw(picture)?;
        Ok(())
    }

    /// Draws everything anew with the next picture, in the size that the terminal has now.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.size = size();
        self.canvas = canvas(self.size)?;
        execute!(io::stdout(), Clear(ClearType::All))
    }

    /// Takes the terminal (again).
    pub(super) fn resume(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        OURS.store(true, Ordering::SeqCst);
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableMouseCapture,
            EnableBracketedPaste
        )?;
        self.clear()
    }

    /// Gives the terminal back.
    pub(super) fn leave(&mut self) {
        give_back();
    }

    /// Stops this process as Ctrl-Z does elsewhere, until it is continued.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.leave();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        self.resume()
    }

    /// Puts text into the clipboard of the terminal (OSC 52).
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut end = text.len().min(LONGEST_COPY);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut out = io::stdout();
        write!(out, "\u{1b}]52;c;{}\u{7}", base64(&text.as_bytes()[..end]))?;
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// A canvas of a fixed size. One that finds its size by itself asks the terminal where its cursor is,
/// and waits for an answer that not every terminal gives.
fn canvas((width, height): (u16, u16)) -> io::Result<Canvas> {
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    ratatui::Terminal::with_options(
        CrosstermBackend::new(io::stdout()),
        TerminalOptions { viewport },
    )
}

/// Columns and rows; what is usual where the terminal does not know.
fn size() -> (u16, u16) {
    match crossterm::terminal::size() {
        Ok((width, height)) if width > 0 && height > 0 => (width, height),
        Ok(_) | Err(_) => (80, 24),
    }
}

/// Gives the terminal back as it was; does nothing where it was given back already.
fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    // Nobody is left to tell when even this fails.
    let _ = execute!(
        io::stdout(),
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let mut whole = [0; 3];
        whole[..three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes([0, whole[0], whole[1], whole[2]]);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= three.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_packed_for_the_clipboard() {
        let packed = [&b""[..], b"f", b"fo", b"foo", b"foob"].map(base64);
        assert_eq!(packed, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}
