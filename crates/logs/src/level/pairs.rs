//! `key=value` lines (logfmt): the level is a pair.

use super::{Level, words};

const KEYS: [&str; 10] = [
    "level",
    "lvl",
    "severity",
    "levelname",
    "loglevel",
    "log_level",
    "log.level",
    "logLevel",
    "at",
    "@level",
];

/// The level of a line of pairs. A single pair within prose does not make one.
pub(super) fn level(line: &str) -> Option<Level> {
    let mut found = None;
    let mut pairs = 0;
    let mut words_between = 0;
    for token in Tokens(line) {
        let Some((key, value)) = token.split_once('=') else {
            words_between += usize::from(pairs == 0);
            continue;
        };
        if key.is_empty()
            || !key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b))
        {
            continue;
        }
        pairs += 1;
        if found.is_none() && KEYS.contains(&key) {
            let value = value.trim_matches('"');
            let level = words::level(value).or_else(|| value.parse().ok().and_then(words::number));
            found = level.map(|level| (level, pairs == 1 && words_between == 0));
        }
    }
    found
        .filter(|(_, first)| *first || pairs > 1)
        .map(|(level, _)| level)
}

/// Words of a line; what stands in quotes is part of its word.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let line = self.0.trim_start();
        if line.is_empty() {
            return None;
        }
        let bytes = line.as_bytes();
        let mut quoted = false;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b' ' | b'\t' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        let at = at.min(bytes.len());
        self.0 = line.get(at..).unwrap_or("");
        Some(line.get(..at).unwrap_or(line))
    }
}
