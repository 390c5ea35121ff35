//! Telling at a glance which lines cannot be of a high level, so that a search for errors looks
//! closely at few lines.
//!
//! Whatever form a line has, its level is a word, a number or a letter of a few. Words are looked for
//! in the whole block at once; letters, numbers and signs are told by the bytes around them ([`marks`]).
//! Only one direction is promised: a line that is passed over has no such level.

mod marks;

use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::{self, Searcher};
use memchr::{memchr, memrchr};

use super::Level;

/// What lines of a level contain, written small: words, or parts of words that are rarer, and phrases
/// of runtimes. The fewer and the longer, the faster they are looked for.
const ERRORS: [&str; 27] = [
    "err",
    "eror",
    "fail",
    "fault",
    "severe",
    "fata",
    "ftl",
    "crit",
    "alert",
    "emerg",
    "pani",
    "pnc",
    "xception",
    "t_message",
    "iority\"",
    "tynumber\"",
    "y_number\"",
    "ceback",
    "ncaught ",
    "unhandled ",
    "rminate c",
    "** (",
    ": ***",
    "eport=",
    "not ok ",
    "roblem",
    "gmentation",
];
const WARNINGS: [&str; 3] = ["warn", "wrn", "deprecat"];

/// How far is looked ahead at first, and at most: a line that is found soon has cost little.
const FIRST_WINDOW: usize = 512;
const LAST_WINDOW: usize = 8192;

/// Finds lines that may be of a level and above.
pub(crate) struct Glance {
    words: Searcher,
    warnings: bool,
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
        let warning = WARNINGS.iter().filter(|_| warnings);
        let words: Vec<&str> = ERRORS.iter().chain(warning).copied().collect();
        Some(Glance {
            words: searcher(&words)?,
            warnings,
        })
    }

    /// The beginning of the first line of a block of whole lines that may be of the level.
    pub(crate) fn find(&self, block: &[u8]) -> Option<usize> {
        // Each window begins with the newline before it, which is part of what is looked for.
        let mut window = Vec::with_capacity(2 * LAST_WINDOW);
        let mut from = 0;
        let mut size = FIRST_WINDOW;
        while from < block.len() {
            // Window by window: it stays in the processor's cache.
            let most = block.len().min(from + size);
            let newline = memchr(b'\n', &block[most..]);
            let to = newline.map_or(block.len(), |newline| most + newline + 1);
            window.clear();
            window.push(b'\n');
            window.extend_from_slice(&block[from..to]);
            window.make_ascii_lowercase();
            let length = window.len();
            window.resize(length + marks::PADDING, b'\n');
            let until = self.word(&window[..length]).unwrap_or(length);
            let until = marks::first(&window, until, self.warnings).unwrap_or(until);
            if until < length {
                // What begins with a newline is found there, and belongs to the line behind it.
                let line = memrchr(b'\n', &window[..=until]).unwrap_or(0);
                return Some(from + line);
            }
            from = to;
            size = (size * 2).min(LAST_WINDOW);
        }
        None
    }

    /// The first of the words that is not a part of quite another one.
    fn word(&self, text: &[u8]) -> Option<usize> {
        let mut from = 0;
        loop {
            let hit = self.words.find_in(text, Span::from(from..text.len()))?;
            if is_word(text, hit.start(), hit.end()) {
                return Some(hit.start());
            }
            from = hit.start() + 1;
        }
    }
}

/// Whether what was found is one of the words for a level: not `default`, `interrupt`, `companies`.
fn is_word(text: &[u8], start: usize, end: usize) -> bool {
    let behind = &text[end..];
    let ends = !behind.first().is_some_and(u8::is_ascii_lowercase);
    match &text[start..end] {
        b"err" => ends || behind[0] == b'o',
        b"crit" => ends || behind.starts_with(b"ical"),
        b"pani" => ends || behind[0] == b'c',
        b"fault" => !start
            .checked_sub(1)
            .is_some_and(|before| text[before].is_ascii_lowercase()),
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
    fn no_form_is_passed_over_whatever_stands_around_it() {
        const BEFORE: [&str; 14] = [
            "",
            "web-1  | ",
            "12:00:00 ",
            "2026-01-01T12:00:00.123Z ",
            "2026-01-01 12:00:00,123 [main] ",
            "[2026-01-01 12:00:00] ",
            "Jan  1 12:00:00 host app[1]: ",
            "{\"time\":1,",
            "{ \"time\": 1, ",
            "ts=1 ",
            "10.0.0.1 - - [01/Jan/2026:12:00:00 +0000] ",
            "  ",
            "main.c:7:12: ",
            "1:M 01 Jan 2026 12:00:00.000 ",
        ];
        const FORMS: [&str; 62] = [
            "ERROR ",
            "ERR ",
            "[ERR] ",
            "error: ",
            "Errors: ",
            "FATAL ",
            "Fatal: ",
            "CRITICAL ",
            "CRIT ",
            "ALERT: ",
            "EMERG ",
            "SEVERE: ",
            "FAIL ",
            "FAILED ",
            "PANIC ",
            "panic: ",
            "FTL ",
            "PNC ",
            "EROR ",
            "FAULT: ",
            "WARN ",
            "WRN ",
            "Warning: ",
            "[W] ",
            "W ",
            "E ",
            "F ",
            "C ",
            "\tE\t",
            "E0101 12:00:00.000000 1 x.go:1] ",
            "W, [2026-01-01T12:00:00 #1] ",
            "E/Tag( 12): ",
            "<3>",
            "<27>1 ",
            "<e> ",
            "w: file:///x ",
            "e: /x ",
            "\"level\":50,",
            "\"level\": 60,",
            "\"level\":\"40\",",
            "\"severity\":50,",
            "\"severity\":\"ERROR\",",
            "\"level_value\":40000,",
            "\"lvl\":\"warn\",",
            "\"level\":40000,",
            "\"PRIORITY\":\"3\",",
            "\"severityNumber\":17,",
            "level=50 ",
            "level=error ",
            "severity=warning ",
            "lvl=40 ",
            "\"GET / HTTP/1.1\" 500 ",
            "GET /x 503 ",
            "GET /x - 404 ",
            "| 500 | 1ms | 1.2.3.4 | GET \"/x\" ",
            "[500]: GET /x ",
            "2 errors ",
            "1 warning ",
            "✖ ",
            "× ",
            "# ",
            "TypeError: ",
        ];
        const BEHIND: [&str; 5] = ["", "x", "12 ms", "app: x", "\"msg\":\"x\"}"];
        for before in BEFORE {
            for (form, behind) in FORMS
                .iter()
                .flat_map(|form| BEHIND.map(|behind| (form, behind)))
            {
                let line = format!("{before}{form}{behind}");
                let level = level_of(line.as_bytes());
                for least in [Level::Warn, Level::Error] {
                    let found = Glance::new(least).unwrap().find(line.as_bytes()).is_some();
                    assert!(found || level < Some(least), "{level:?} {line}");
                }
            }
        }
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
