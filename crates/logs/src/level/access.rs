//! Access logs: a request and its status. 5xx is an error, 4xx a warning, all else is information.

use super::Level;

const METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE",
];

/// The level of a request by its status.
pub(super) fn level(line: &str) -> Option<Level> {
    status(line).map(|status| match status {
        500..=599 => Level::Error,
        400..=499 => Level::Warn,
        _ => Level::Info,
    })
}

fn status(line: &str) -> Option<u16> {
    if let Some(rest) = line.strip_prefix("Completed ") {
        return leading(rest);
    }
    // `12:00:00 [404] /path 2ms`, of Astro.
    if let Some((before, path)) = line.split_once("] /")
        && !path.is_empty()
        && let Some((_, status)) = before.rsplit_once('[')
        && let Some(status) = leading(status)
    {
        return Some(status);
    }
    let (at, method) = METHODS.iter().find_map(|method| {
        let at = line.find(method)?;
        let before = line[..at].bytes().next_back();
        let after = line.as_bytes().get(at + method.len());
        let apart = before.is_none_or(|b| !b.is_ascii_alphanumeric() && b != b'/' && b != b'_')
            && matches!(after, Some(b' ' | b'\t'));
        apart.then_some((at, *method))
    })?;
    let before = &line[..at];
    let after = line[at + method.len()..].trim_start();
    // `"GET / HTTP/1.1" 200`, the common log format.
    if before.ends_with('"') {
        let (_, behind) = after.split_once("\" ")?;
        return leading(behind.trim_start());
    }
    // `[200]: GET /`, of PHP's own server.
    if let Some((_, group)) = before.trim_end().trim_end_matches(':').rsplit_once('[')
        && let Some(status) = group.strip_suffix(']').and_then(leading)
    {
        return Some(status);
    }
    // `| 404 |  1.2µs | 127.0.0.1 | GET "/x"`, of gin.
    if before.matches('|').count() >= 2 {
        return before.split('|').find_map(|field| leading(field.trim()));
    }
    // `GET /x 200 4ms`, `GET /x - 200`, `GET /x -> 200`, `GET /x HTTP/1.1 200`.
    let mut words = after.split_ascii_whitespace();
    let path = words.next()?;
    if !(path.starts_with('/') || path.contains("://") || path == "*") {
        return None;
    }
    words
        .find(|word| {
            !(matches!(*word, "-" | "->" | "→" | "=>" | "|" | "in") || word.starts_with("HTTP/"))
        })
        .and_then(leading)
}

/// A status that some text begins with.
fn leading(text: &str) -> Option<u16> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let apart = text
        .as_bytes()
        .get(3)
        .is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'.');
    if digits != 3 || !apart {
        return None;
    }
    text[..3]
        .parse()
        .ok()
        .filter(|status| (100..=599).contains(status))
}
