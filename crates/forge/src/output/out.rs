//! Standard output that may go away: a reader that has seen enough is no error.

use std::io::{self, Write};
use std::sync::Mutex;

/// Standard output. After the first failure nothing is written any more.
#[derive(Debug, Default)]
pub(crate) struct Out {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    failed: Option<io::Error>,
}

impl Out {
    /// Writes text as it is, at once.
    pub(crate) fn text(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes a line.
    pub(crate) fn line(&self, line: &str) {
        let mut text = String::with_capacity(line.len() + 1);
        text.push_str(line);
        text.push('\n');
        self.text(&text);
    }

    /// Writes lines.
    pub(crate) fn lines<S: AsRef<str>>(&self, lines: &[S]) {
        let mut text = String::new();
        for line in lines {
            text.push_str(line.as_ref());
            text.push('\n');
        }
        self.text(&text);
    }

    /// Writes one JSON document and a newline.
    pub(crate) fn json(&self, document: &impl serde::Serialize) {
        match serde_json::to_string(document) {
            Ok(text) => self.line(&forge_logs::printable_json(text)),
            Err(error) => self.fail(io::Error::other(error)),
        }
    }

    /// Writes bytes as they are, at once.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(|gone| gone.into_inner());
        if state.closed || bytes.is_empty() {
            return;
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        if let Err(error) = written {
            state.note(error);
        }
    }

    /// Whether nobody reads any more: what would go on for ever should end.
    pub(crate) fn is_closed(&self) -> bool {
        self.state
            .lock()
            .unwrap_or_else(|gone| gone.into_inner())
            .closed
    }

    /// Remembers a failure that happened elsewhere on standard output.
    pub(crate) fn fail(&self, error: io::Error) {
        self.state
            .lock()
            .unwrap_or_else(|gone| gone.into_inner())
            .note(error);
    }

    /// The failure that must be told, if there was one. A broken pipe is none.
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.state
            .lock()
            .unwrap_or_else(|gone| gone.into_inner())
            .failed
            .take()
    }
}

impl State {
    fn note(&mut self, error: io::Error) {
        self.closed = true;
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.failed.get_or_insert(error);
        }
    }
}

/// Writes a line to standard error; there is nobody to tell when that fails.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
