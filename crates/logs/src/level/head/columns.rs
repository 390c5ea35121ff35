//! What the columns of a line's head are: times, levels in brackets, asides.

use super::super::{Level, words};

/// `{}` and `{tasks.py:12}`: braces that hold no JSON, but what others put into brackets.
pub(super) fn is_aside(rest: &str) -> bool {
    let end = rest.find('}').filter(|end| *end <= 80);
    end.is_some_and(|end| {
        let inner = rest[1..end].trim();
        let plain = !inner.contains(['"', '{', '=', ' ', ',']);
        plain && rest[end + 1..].starts_with(' ')
    })
}

/// Whether a message is a request, as `GET / 200 3ms`, or the address of one who asks.
pub(super) fn is_request(message: &str) -> bool {
    let first = message.split_ascii_whitespace().next().unwrap_or_default();
    let method = first.len() >= 3 && first.bytes().all(|b| b.is_ascii_uppercase());
    method || message.contains("HTTP/")
}

/// `TRACE /path`, a method of HTTP, and `DEBUG = True`, a setting.
pub(super) fn is_something_else(word: &str, behind: &str) -> bool {
    let behind = behind.trim_start();
    (word == "TRACE" && behind.starts_with('/')) || behind.starts_with("= ")
}

/// `error[E0061]: …` and `WARN[0000] …`: the brackets end the word or stand before a colon.
pub(super) fn bracket_closes(suffix: &str) -> bool {
    suffix
        .find(']')
        .is_some_and(|at| matches!(&suffix[at + 1..], "" | ":"))
}

/// The level that brackets hold: alone, behind a module (`core:error`), or among times and names.
pub(super) fn level_in_brackets(inner: &str, open: u8) -> Option<Level> {
    if let Some(level) = words::level(inner) {
        let other = matches!(
            inner,
            "all" | "config" | "default" | "http" | "system" | "fault"
        );
        return Some(level).filter(|_| !other);
    }
    if open != b'[' {
        return None;
    }
    // `[request error]`
    if let Some((_, last)) = inner.rsplit_once(' ')
        && matches!(last, "error" | "warning")
        && inner.split(' ').count() <= 3
        && inner.bytes().all(|b| b.is_ascii_lowercase() || b == b' ')
        && !inner.starts_with("no ")
    {
        return words::level(last);
    }
    if let Some((module, word)) = inner.rsplit_once(':')
        && module
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !module.is_empty()
        && words::stands_first(word)
    {
        return words::level(word);
    }
    let mut parts = inner
        .split([' ', '\t', '|', ','])
        .filter(|part| !part.is_empty());
    let first = parts.next()?;
    // `[E 260101 12:00:00 web:1]` of Tornado.
    if first.len() == 1 && parts.next().is_some_and(is_time) {
        return words::letter(first.as_bytes()[0]);
    }
    // `[1234:1124/100000.123456:ERROR:file.cc(990)]` has colons between its columns.
    let columns: &[char] = match inner.as_bytes()[0].is_ascii_digit() {
        true => &[' ', '\t', '|', ',', ':'],
        false => &[' ', '\t', '|', ','],
    };
    inner.split(columns).take(9).find_map(|part| {
        let word = part.split(['/', ':']).next().unwrap_or(part);
        let capitals = word.bytes().all(|b| b.is_ascii_uppercase());
        let found = capitals && words::stands_alone(word);
        found.then(|| words::level(word)).flatten()
    })
}

/// Digits and what stands between them in dates, times, pids and numbers.
pub(super) fn is_time(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
        && word.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-')
        && word.bytes().all(|b| {
            b.is_ascii_digit()
                || b"-:/.,+#_".contains(&b)
                || matches!(b, b'T' | b'Z' | b's' | b'm' | b'A' | b'P' | b'M')
        })
}

/// Whether there is a date or a time of day in it, not just a number.
pub(super) fn has_time(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 6 || (digits >= 2 && text.bytes().any(|b| b == b':' || b == b'-'))
}

pub(super) fn is_time_name(word: &str) -> bool {
    let word = word.trim_end_matches([',', ':', ']']);
    super::super::fixed::MONTHS.contains(&word)
        || matches!(
            word,
            "Mon"
                | "Tue"
                | "Wed"
                | "Thu"
                | "Fri"
                | "Sat"
                | "Sun"
                | "AM"
                | "PM"
                | "UTC"
                | "GMT"
                | "CET"
                | "CEST"
                | "EST"
                | "EDT"
                | "PST"
                | "PDT"
                | "stdout"
                | "stderr"
        )
}
