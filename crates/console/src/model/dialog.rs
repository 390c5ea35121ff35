//! What stands above a view and takes the keys: questions, a crash's card, output, help.

use forge_api::CrashReport;
use jiff::Timestamp;

use crate::message::Request;

/// What stands above the view.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Dialog {
    Help {
        top: usize,
    },
    /// Yes or no.
    Confirm(Confirm),
    /// A port is taken.
    Conflict(Conflict),
    /// A process has crashed.
    Crash(Box<CrashCard>),
    /// The output of a command line.
    Output(OutputPane),
    /// Text to read.
    Text {
        title: String,
        lines: Vec<String>,
        top: usize,
    },
}

/// A question with one request behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Confirm {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    /// What `y` does, in words.
    pub(crate) yes: String,
    pub(crate) request: Request,
}

/// Ports that somebody else has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conflict {
    pub(crate) rows: Vec<String>,
    pub(crate) then: Again,
}

/// What is tried again with an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Again {
    /// A start of these.
    Start(Vec<String>),
    /// A command line.
    Words(Vec<String>),
}

/// A crash and what can be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CrashCard {
    pub(crate) process: String,
    pub(crate) message: String,
    pub(crate) report: Option<CrashReport>,
    /// Why there is no report.
    pub(crate) problem: Option<String>,
    /// When it restarts by itself; `None` when it does not, or when that was stopped.
    pub(crate) restart_at: Option<Timestamp>,
    /// The countdown was stopped by a key.
    pub(crate) held: bool,
    /// When the card came up: keys that were meant for something else do not count.
    pub(crate) since: Timestamp,
    /// It came up by itself.
    pub(crate) uncalled: bool,
    pub(crate) top: usize,
}

/// The output of a command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutputPane {
    pub(crate) id: u64,
    pub(crate) words: Vec<String>,
    pub(crate) lines: Vec<String>,
    /// The exit code, once it has ended.
    pub(crate) code: Option<i32>,
    /// Lines from the end; 0 follows.
    pub(crate) up: usize,
}

/// Lines of output that are kept.
const LINES: usize = 5000;

impl OutputPane {
    /// Adds output; a piece may end within a line.
    pub(crate) fn add(&mut self, text: &str) {
        for (at, part) in text.split('\n').enumerate() {
            let part = part.strip_suffix('\r').unwrap_or(part);
            // What stands before a carriage return is drawn over by what follows.
            let part = part.rsplit('\r').next().unwrap_or(part);
            match self.lines.last_mut() {
                Some(last) if at == 0 && last.len() < 64 * 1024 => last.push_str(part),
                _ => self.lines.push(part.to_string()),
            }
        }
        if self.lines.len() > LINES {
            self.lines.drain(..self.lines.len() - LINES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_comes_in_pieces_and_is_bounded() {
        let mut pane = OutputPane {
            id: 1,
            words: Vec::new(),
            lines: vec![String::new()],
            code: None,
            up: 0,
        };
        pane.add("one\ntw");
        pane.add("o\nthree");
        assert_eq!(pane.lines, ["one", "two", "three"]);
        pane.add(&"\n".repeat(LINES * 2));
        assert_eq!(pane.lines.len(), LINES);
    }
}
