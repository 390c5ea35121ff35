//! Lines without a head: what stands before a colon, how many errors are counted, which sign comes
//! first.

use super::{Level, words};

/// The level of a line by its message; `message` is what follows the head.
pub(super) fn level(line: &str, message: &str) -> Option<Level> {
    let message = message.strip_prefix("PHP ").unwrap_or(message);
    opening(line)
        .or_else(|| opening(message))
        .or_else(|| before_colon(message))
        .or_else(|| before_colon(line))
        .or_else(|| exception(line))
        .or_else(|| count(line))
        .or_else(|| sign(message))
}

/// How records of runtimes begin that have no level but a fixed wording.
fn opening(message: &str) -> Option<Level> {
    const OPENINGS: [(&str, Level); 21] = [
        ("Fatal error:  Uncaught ", Level::Error),
        ("Compilation error", Level::Error),
        ("Fatal error: Uncaught ", Level::Error),
        ("panic: ", Level::Fatal),
        ("Traceback (most recent call last)", Level::Error),
        ("Exception in thread ", Level::Error),
        ("Unhandled ", Level::Error),
        ("Uncaught ", Level::Error),
        ("terminate called ", Level::Fatal),
        ("Segmentation fault", Level::Fatal),
        ("Error response from ", Level::Error),
        ("Error from server", Level::Error),
        ("--- FAIL: ", Level::Error),
        ("FAIL\t", Level::Error),
        ("BUILD FAILED", Level::Error),
        ("BUILD FAILURE", Level::Error),
        ("ERR_", Level::Error),
        ("DEPRECATION WARNING", Level::Warn),
        ("Failed to compile", Level::Error),
        ("Compilation failed", Level::Error),
        ("** (", Level::Error),
    ];
    if message.starts_with("thread '") && message.contains(" panicked at") {
        return Some(Level::Fatal);
    }
    if message.starts_with("make") && message.contains(": *** ") {
        return Some(Level::Error);
    }
    // `Error when evaluating …`, `Error while loading …`: an error and where, not a thing named so.
    if let Some(rest) = message.strip_prefix("Error ")
        && let Some(word) = rest.split(' ').next()
        && matches!(
            word,
            "in" | "on" | "at" | "when" | "while" | "during" | "from" | "occurred" | "executing"
        )
    {
        return Some(Level::Error);
    }
    if let Some(level) = at_a_place(message) {
        return Some(level);
    }
    OPENINGS
        .iter()
        .find(|(opening, _)| message.starts_with(opening))
        .map(|(_, level)| *level)
}

/// `CMake Error at CMakeLists.txt:5 (…)`, `Syntax Error in …`: a name, the level, and where.
fn at_a_place(message: &str) -> Option<Level> {
    let mut words = message.split(' ');
    let name = words.next()?;
    let named = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let level = match words.next()? {
        "Error" => Level::Error,
        "Warning" => Level::Warn,
        _ => return None,
    };
    let place = matches!(words.next()?, "at" | "in" | "on") && words.next().is_some();
    (named && place).then_some(level)
}

/// `error: …`, `Internal server error: …`, `a.c:7:12: warning: …`, `TypeError: …`, `error TS2322: …`:
/// a level ends one of the first few things before colons.
fn before_colon(message: &str) -> Option<Level> {
    let mut from = 0;
    for _ in 0..4 {
        let (length, skip) = colon(&message[from..])?;
        let phrase = message[from..from + length].trim();
        let rest = message[from + length + skip..].trim();
        if phrase.len() > 120 {
            return None;
        }
        if let Some(level) = phrase_level(phrase)
            && !words::is_nothing(rest)
        {
            return Some(level);
        }
        from += length + skip;
    }
    None
}

/// Where the next colon with a space (or the end) behind it stands, and how much to skip.
fn colon(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b':', bytes)
        .find(|at| matches!(bytes.get(at + 1), None | Some(b' ' | b'\t')))
        .map(|at| (at, 1))
}

fn phrase_level(phrase: &str) -> Option<Level> {
    let mut backwards = phrase.split_ascii_whitespace().rev();
    let mut last = backwards.next()?;
    let code = last.starts_with('[') && last.ends_with(']')
        || last.starts_with('(') && last.ends_with(')')
        || is_code(last);
    let mut before = backwards.next();
    if code && let Some(word) = before {
        last = word;
        before = backwards.next();
    }
    let words = phrase.split_ascii_whitespace().count();
    let word = last
        .trim_start_matches(['[', '(', '✘', '✖', '×'])
        .trim_end_matches([']', ')']);
    let word = word.strip_prefix("Failure/").unwrap_or(word);
    if !word
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._:$\\/-".contains(&b))
        || words > 6
    {
        return None;
    }
    let denied = before.is_some_and(|before| {
        matches!(
            before.to_ascii_lowercase().as_str(),
            "no" | "0" | "without" | "any" | "last" | "on" | "of" | "per"
        )
    });
    if denied {
        return None;
    }
    if word == "failed" && before.is_some_and(|b| !b.ends_with(|c: char| c.is_ascii_digit())) {
        return Some(Level::Error);
    }
    if words::stands_before_colon(word) {
        let level = words::level(word)?;
        let alone = before.is_none();
        return match level {
            Level::Error if before.is_some_and(|b| b.eq_ignore_ascii_case("fatal")) => {
                Some(Level::Fatal)
            }
            Level::Error | Level::Warn | Level::Fatal => Some(level),
            _ => alone.then_some(level),
        };
    }
    named(word)
}

/// Error codes of compilers: `TS2322`, `CS0168`, `NG8001`.
fn is_code(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    (1..=6).contains(&letters)
        && word.len() > letters
        && word.bytes().skip(letters).all(|b| b.is_ascii_digit())
}

/// The name of an exception or a warning: `TypeError`, `java.lang.IllegalStateException`.
fn named(word: &str) -> Option<Level> {
    let camel = |suffix: &str| {
        word.strip_suffix(suffix).is_some_and(|stem| {
            stem.ends_with(|c: char| {
                c.is_ascii_lowercase()
                    || c.is_ascii_digit()
                    || c == ':'
                    || c == '.'
                    || c.is_ascii_uppercase()
            })
        })
    };
    if camel("Error") || camel("Exception") {
        Some(Level::Error)
    } else if camel("Warning") {
        Some(Level::Warn)
    } else {
        None
    }
}

/// A line that is only the name of an exception, begins with one, ends in one in parentheses (Ruby)
/// or has one between dashes.
fn exception(message: &str) -> Option<Level> {
    if message.ends_with(" FAILED") {
        return Some(Level::Error);
    }
    if let Some((name, rest)) = message.split_once(' ')
        && rest.starts_with('(')
        && (message.ends_with("):") || name.contains("::"))
    {
        return named(name).filter(|level| *level == Level::Error);
    }
    if let Some(name) = message.split(" - ").nth(1)
        && !name.contains(' ')
        && let Some(level) = named(name)
    {
        return Some(level);
    }
    if !message.contains(' ') && message.contains('.') {
        return named(message).filter(|level| *level == Level::Error);
    }
    let name = message.strip_suffix(')')?.rsplit_once(" (")?.1;
    let ruby = message.contains(":in '") || message.contains(":in `");
    let class = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':');
    (ruby && class).then_some(Level::Error)
}

/// `3 errors`, `1 warning`, `2 failed`: summaries of short lines. None where the number is 0.
fn count(line: &str) -> Option<Level> {
    if line.len() > 200 {
        return None;
    }
    // `12 warnings templates` are no warnings.
    const BEHIND: [&str; 22] = [
        "and",
        "found",
        "generated",
        "in",
        "during",
        "for",
        "with",
        "emitted",
        "detected",
        "occurred",
        "reported",
        "total",
        "from",
        "while",
        "on",
        "were",
        "was",
        "have",
        "has",
        "issued",
        "to",
        "or",
    ];
    let mut level = None;
    let mut number = None;
    let mut last = None;
    for word in
        line.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',' | '='))
    {
        if word.is_empty() {
            continue;
        }
        let noun = word.len() > 2 && word.bytes().all(|b| b.is_ascii_lowercase());
        if let Some((before, whole)) = last.take()
            && whole
            && noun
            && !BEHIND.contains(&word)
            && !matches!(
                word,
                "error" | "errors" | "warning" | "warnings" | "failed" | "passed"
            )
        {
            level = before;
        }
        if word.bytes().all(|b| b.is_ascii_digit()) {
            number = Some(word.bytes().any(|b| b != b'0'));
            continue;
        }
        let word = word.trim_end_matches([',', '.', ';', '!', ':']);
        let found = match word.to_ascii_lowercase().as_str() {
            "error" | "errors" | "failed" | "failing" | "failure" | "failures" | "problems"
            | "problem" => Level::Error,
            "warning" | "warnings" => Level::Warn,
            _ => {
                number = None;
                continue;
            }
        };
        if number.take() == Some(true) {
            last = Some((level, word.ends_with('s')));
            level = level.max(Some(found));
        }
    }
    level
}

/// The sign that a line begins with.
fn sign(message: &str) -> Option<Level> {
    let mut chars = message.chars();
    let sign = chars.next()?;
    let level = match sign {
        '✖' | '✘' | '✗' | '✕' | '×' | '❌' | '⨯' | '🛑' | '🚨' => Level::Error,
        '⚠' => Level::Warn,
        '✓' | '✔' | 'ℹ' | '✅' => Level::Info,
        _ => return None,
    };
    let rest = chars.as_str().trim_start_matches('\u{fe0f}');
    (rest.starts_with(char::is_whitespace) || rest.is_empty()).then_some(level)
}
