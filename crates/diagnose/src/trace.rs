//! What the readers of the languages find, before it is judged: one error with its stack.

use crate::report::{Frame, Kind, Language};

/// One line of a text: clean, decoded, and with its number.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The text, without escape sequences and without what a multiplexer put before it.
    pub(crate) text: String,
    /// Its number in the whole text, from 0.
    pub(crate) number: u64,
}

/// How sure it is that this ended the process. The order is the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// A line that merely speaks of an error.
    Remark,
    /// A line that names a cause, without a stack.
    Cause,
    /// A message of a compiler.
    Compiler,
    /// A stack that a program wrote while it may have lived on.
    Logged,
    /// A stack that the runtime writes when it gives up.
    Fatal,
}

/// An error and its stack.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raised {
    /// Its type.
    pub(crate) class: Option<String>,
    /// Its message.
    pub(crate) message: Option<String>,
    /// The place that the error's own line names.
    pub(crate) place: Option<Frame>,
    /// Its frames, innermost first; `application` is not set yet.
    pub(crate) frames: Vec<Frame>,
}

impl Raised {
    /// An error of a type with a message; empty ones are none.
    pub(crate) fn new(class: &str, message: &str) -> Self {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            class: some(class),
            message: some(message),
            ..Self::default()
        }
    }

    /// Type and message in one line.
    pub(crate) fn headline(&self) -> Option<String> {
        match (&self.class, &self.message) {
            (Some(class), Some(message)) => Some(format!("{class}: {message}")),
            (Some(text), None) | (None, Some(text)) => Some(text.clone()),
            (None, None) => None,
        }
    }
}

/// What a reader found.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// The language, where the form tells it.
    pub(crate) language: Option<Language>,
    /// The kind, where the form tells it.
    pub(crate) kind: Option<Kind>,
    /// How sure it is.
    pub(crate) weight: Weight,
    /// The error.
    pub(crate) error: Raised,
    /// What lay below it, from the nearest to the innermost.
    pub(crate) causes: Vec<Raised>,
    /// Further text that rules may look at: the rest of the message, properties, source lines.
    pub(crate) more: String,
    /// First and last line. A reader says where the first is among its lines, if not where it was
    /// asked; then they are numbers of the text.
    pub(crate) lines: (u64, u64),
}

impl Trace {
    /// A trace of one error.
    pub(crate) fn new(language: Language, weight: Weight, error: Raised) -> Self {
        Self {
            language: Some(language),
            kind: None,
            weight,
            error,
            causes: Vec::new(),
            more: String::new(),
            lines: (u64::MAX, 0),
        }
    }

    /// The same with a kind.
    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Adds a line that rules may look at. What is kept is bounded.
    pub(crate) fn also(&mut self, text: &str) {
        if self.more.len() < 4096 {
            self.more.push_str(&cut(text, 1024));
            self.more.push('\n');
        }
    }
}

/// A trace and the index of the line after it.
pub(crate) type Found = Option<(Trace, usize)>;

/// Frames that are kept of one stack.
pub(crate) const MOST_FRAMES: usize = 200;

/// A frame of a file.
pub(crate) fn frame(function: &str, file: &str, line: u32) -> Frame {
    let function = function.trim();
    let file = file.trim();
    Frame {
        function: (!function.is_empty()).then(|| cut(function, 300)),
        file: (!file.is_empty()).then(|| file.to_owned()),
        line: (line > 0).then_some(line),
        column: None,
        application: false,
    }
}

/// At most `most` bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
