//! The terminal of the command line itself: its size, raw mode, and giving it back in every case.

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

/// Gives the terminal back as it was. Does nothing when it was not changed.
fn restore() {
    let before = BEFORE
        .lock()
        .unwrap_or_else(|gone| gone.into_inner())
        .take();
    if let Some(before) = before {
        // Nobody is left to tell when even this fails.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, &before);
    }
}
