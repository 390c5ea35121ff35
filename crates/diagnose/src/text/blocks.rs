//! Blocks of a text from its end to its beginning, so that memory stays bounded and what is newest
//! is found first. Of what is older, only blocks that could hold a trace are read line by line.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Bytes of a block.
const BLOCK: usize = 1 << 20;
/// Bytes after a block that are read with it, so that a trace is not cut where it ends.
const AFTER: usize = 256 << 10;
/// Bytes before a block that are read with it, so that a trace is not cut where it begins.
const BEFORE: usize = 64 << 10;

/// Heads that are enough for a trace.
static HEADS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = [
        "Traceback \\(most",
        "panic: ",
        "panicked at",
        "fatal error: ",
        "Fatal error: ",
        "FATAL ERROR: ",
        "terminate called",
        "Assertion ",
        "Sanitizer: ",
        "\\*\\* \\(",
        "DATA RACE",
        " called at ",
        "SIG[A-Z]+: ",
    ];
    Regex::new(&format!("(?-u){}", words.join("|"))).ok()
});
/// Frames of those whose heads may be anything that has a name like an error's.
static FRAMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("(?-u)  at |\tat |:in [`']|  File \"").ok());
static NAMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("(?-u)Error|xception|error").ok());

/// Whether a block may hold a trace.
fn is_worth_it(block: &[u8]) -> bool {
    let has = |pattern: &Option<Regex>| {
        pattern
            .as_ref()
            .is_none_or(|pattern| pattern.is_match(block))
    };
    has(&HEADS) || has(&FRAMES) && has(&NAMES)
}

/// A part of a text, beginning and ending at line ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// Where it begins in the text.
    pub(crate) start: usize,
    /// Whether the text ends with it.
    pub(crate) newest: bool,
}

/// The blocks of a text that are worth reading, the newest first.
#[derive(Debug)]
pub(crate) struct Blocks<'a> {
    text: &'a [u8],
    end: usize,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            end: text.len(),
        }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        while self.end > 0 {
            let newest = self.end == self.text.len();
            let start = if self.end <= BLOCK + BEFORE {
                0
            } else {
                self.end - BLOCK
            };
            let own = &self.text[start..self.end];
            let from = line_start(self.text, start.saturating_sub(BEFORE));
            let to = line_end(self.text, (self.end + AFTER).min(self.text.len()));
            self.end = start;
            if newest || is_worth_it(own) {
                return Some(Block {
                    bytes: &self.text[from..to],
                    start: from,
                    newest,
                });
            }
        }
        None
    }
}

/// The start of the first whole line at or after `at`, or `at` where lines are longer than blocks.
fn line_start(text: &[u8], at: usize) -> usize {
    if at == 0 {
        return 0;
    }
    let reach = &text[at..text.len().min(at + BEFORE)];
    memchr::memchr(b'\n', reach).map_or(at, |found| at + found + 1)
}

/// The end of the last whole line at or before `at`, or `at` where lines are longer than blocks.
fn line_end(text: &[u8], at: usize) -> usize {
    if at == text.len() {
        return at;
    }
    let reach = at.saturating_sub(BEFORE);
    memchr::memrchr(b'\n', &text[reach..at]).map_or(at, |found| reach + found + 1)
}
