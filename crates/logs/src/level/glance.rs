//! Telling at a glance which lines cannot be of a high level, so that a search for errors looks
//! closely at few lines.
//!
//! Whatever form a line has, its level is a word, a number or a letter of a few. Words and numbers
//! are looked for in the whole block at once; letters and statuses stand at known places of a line.
//! Only one direction is promised: a line that is passed over has no such level.

use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::{self, Searcher};
use memchr::memchr;

use super::Level;

/// What a line of a level contains, written small: beginnings of words, letters and numbers with which
/// lines begin (of klog, Ruby, logcat, Kotlin, syslog; behind `|`, too), fields of JSON and pairs whose
/// value is a number, statuses, letters of their own, phrases of runtimes, signs.
///
/// The processor's wide instructions take 64 at once; more would be searched for much more slowly.
const ERRORS: [&str; 62] = [
    "err",
    "eror",
    "fail",
    "fault",
    "sever",
    "fata",
    "ftl",
    "crit",
    "alert",
    "emerg",
    "pani",
    "pnc",
    "xception",
    "\ne0",
    "\ne1",
    "\ne2",
    "\ne,",
    "\ne/",
    "\ne:",
    "\nf0",
    "\nf1",
    "\nf2",
    "\nf,",
    "\nf/",
    "\n<e",
    "\n<0",
    "\n<1",
    "\n<2",
    "\n<3",
    "\n<4",
    "\n<5",
    "| e",
    "| f",
    "| <",
    "\":5",
    "\":6",
    ": 5",
    ": 6",
    ":\"5",
    ":40000",
    "l=5",
    "t_message",
    "iority\"",
    "\"e\"",
    "\"f\"",
    "ceback",
    "aught ",
    "unhandled ",
    "rminate c",
    "** ",
    "eport=",
    "not ok ",
    "roblem",
    "\u{2716}",
    "\u{2718}",
    " 50",
    " 51",
    " 52",
    "[50",
    " e ",
    " f ",
    "gmentation",
];
/// The signs and numbers that are rarer.
const MORE_ERRORS: [&str; 24] = [
    "tynumber\"",
    "y_number\"",
    "\"c\"",
    ": 40000",
    "\u{2717}",
    "\u{2715}",
    "× ",
    "❌",
    "⨯",
    "🛑",
    " 53",
    " 54",
    " 55",
    " 56",
    " 57",
    " 58",
    " 59",
    "[51",
    "[e ",
    " c ",
    "\te\t",
    "\n<6",
    "\n<7",
    "\n<8",
];
const WARNINGS: [&str; 38] = [
    "warn",
    "wrn",
    "deprecat",
    "\nw0",
    "\nw1",
    "\nw2",
    "\nw,",
    "\nw/",
    "\nw:",
    "\n<w",
    "\n<9",
    "l\":4",
    "l\": 4",
    "l\":\"4",
    "l=4",
    "l\":30000",
    "l\": 30000",
    "s\":\"w",
    "s\": \"w",
    "⚠",
    " 40",
    " 41",
    " 42",
    " 43",
    " 44",
    " 45",
    " 46",
    " 47",
    " 48",
    " 49",
    "[40",
    "[41",
    "[42",
    " w ",
    "[w ",
    "\tw\t",
    "| w",
    " # ",
];
const AT_ONCE: usize = 64;

/// How far is looked ahead at once.
const WINDOW: usize = 4096;

/// Finds lines that may be of a level and above.
pub(crate) struct Glance {
    searchers: Vec<Searcher>,
}

impl Glance {
    /// For a level and above; `None` where nearly all lines pass.
    pub(crate) fn new(least: Level) -> Option<&'static Glance> {
        static WARN: LazyLock<Option<Glance>> = LazyLock::new(|| Glance::build(true));
        static ERROR: LazyLock<Option<Glance>> = LazyLock::new(|| Glance::build(false));
        match least {
            Level::Trace | Level::Debug | Level::Info => None,
            Level::Warn => WARN.as_ref(),
            Level::Error | Level::Fatal => ERROR.as_ref(),
        }
    }

    fn build(warnings: bool) -> Option<Glance> {
        let patterns = ERRORS.iter().chain(&MORE_ERRORS);
        let patterns: Vec<&str> = patterns
            .chain(WARNINGS.iter().filter(|_| warnings))
            .copied()
            .collect();
        let searchers = patterns.chunks(AT_ONCE).map(searcher);
        Some(Glance {
            searchers: searchers.collect::<Option<_>>()?,
        })
    }

    /// The beginning of the first line of a block of whole lines that may be of the level.
    pub(crate) fn find(&self, block: &[u8]) -> Option<usize> {
        // Each window begins with the newline before it, which is part of what is looked for.
        let mut window = Vec::with_capacity(2 * WINDOW);
        let mut from = 0;
        while from < block.len() {
            // Window by window: it stays in the processor's cache, and nothing is looked for far ahead.
            let most = block.len().min(from + WINDOW);
            let newline = memchr(b'\n', &block[most..]);
            let to = newline.map_or(block.len(), |newline| most + newline + 1);
            window.clear();
            window.push(b'\n');
            let lines = &block[from..to];
            window.extend_from_slice(lines);
            window.make_ascii_lowercase();
            let mut until = window.len();
            for searcher in &self.searchers {
                until = first(searcher, &window[..until]).unwrap_or(until);
            }
            if until < window.len() {
                // What begins with a newline is found there, and belongs to the line behind it.
                let line = memchr::memrchr(b'\n', &window[..=until]).unwrap_or(0);
                return Some(from + line);
            }
            from = to;
        }
        None
    }
}

/// The first hit that is none of the many other numbers that begin as a status does.
fn first(searcher: &Searcher, text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let hit = searcher.find_in(text, Span::from(from..text.len()))?;
        if means_it(text, hit.start(), hit.end()) {
            return Some(hit.start());
        }
        from = hit.start() + 1;
    }
}

/// Whether a short pattern stands where it states a level: what is rare enough to be looked for is
/// not always all that matters.
fn means_it(text: &[u8], start: usize, end: usize) -> bool {
    let behind = |at: usize| text.get(end + at).copied().unwrap_or(b' ');
    match &text[start..end] {
        // A status has three digits.
        [b' ' | b'[', digit, _] if digit.is_ascii_digit() => {
            behind(0).is_ascii_digit() && !behind(1).is_ascii_alphanumeric() && behind(1) != b'.'
        }
        // `"level":50` and `"lvl": 50`, but no other number.
        [b'"', b':', _] => text[..start].ends_with(b"l"),
        [b':', b' ' | b'"', digit] if digit.is_ascii_digit() => text[..start].ends_with(b"l\""),
        _ => true,
    }
}

fn searcher(patterns: &[&str]) -> Option<Searcher> {
    packed::Config::new()
        .match_kind(packed::MatchKind::LeftmostFirst)
        .builder()
        .extend(patterns)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::level_of;

    #[test]
    fn a_block_is_passed_over_up_to_the_first_line_that_may_be_meant() {
        let block = b"a 200 b\nINFO x took 512ms\n[12:00:01] ERROR y\nE0101 12:00:00 z\n";
        let errors = Glance::new(Level::Error).unwrap();
        assert_eq!(errors.find(block), Some(26));
        assert_eq!(errors.find(&block[..26]), None);
        assert_eq!(errors.find(&block[45..]), Some(0));
        assert!(Glance::new(Level::Info).is_none());
    }

    #[test]
    fn no_line_of_the_corpus_is_passed_over_wrongly() {
        let Some(folder) = std::env::var_os("FORGE_CORPORA") else {
            eprintln!("skipped: FORGE_CORPORA names no folder");
            return;
        };
        let file = std::path::Path::new(&folder).join("levels/public.jsonl");
        let text = std::fs::read_to_string(file).unwrap();
        for case in text.lines() {
            let case: serde_json::Value = serde_json::from_str(case).unwrap();
            let line =
                crate::text::strip_ansi(case["line"].as_str().unwrap().as_bytes()).into_owned();
            let level = level_of(&line);
            for least in [Level::Warn, Level::Error] {
                let found = Glance::new(least).unwrap().find(&line).is_some();
                assert!(
                    found || level < Some(least),
                    "{level:?} {}",
                    String::from_utf8_lossy(&line)
                );
            }
        }
    }
}
