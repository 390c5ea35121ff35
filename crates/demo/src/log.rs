//! One line of output, written whole.
//!
//! Several threads of a service log at once. A line goes out in one write, so that lines never mix,
//! and a reader that has gone away is no reason to end: the output is what nobody reads then.

use std::io::{self, Write};

/// Writes `line` and a newline to stdout.
pub(crate) fn line(line: &str) {
    raw(&format!("{line}\n"));
}

/// Writes `text` to stdout as it is and at once, for a progress bar that rewrites its line.
pub(crate) fn raw(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes `line` and a newline to stderr.
pub(crate) fn error(line: &str) {
    let _ = io::stderr()
        .lock()
        .write_all(format!("{line}\n").as_bytes());
}
