//! What took long: what calls itself slow, however short it was, and queries and requests beyond a
//! limit.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::EventFields;
use super::address::expression;
use super::body::Body;
use super::duration::milliseconds;

/// From when on a request is slow that does not say so, in milliseconds; and a query.
const REQUEST: f64 = 1000.0;
const QUERY: f64 = 500.0;

const DURATION: &str = r"(?P<ms>(?:\d+ ?m(?:in)? ?)?\d[\d.,]* ?(?:us|ms|s|secs?|seconds?|milliseconds?|millis|minutes?)\b)";

static FIRST: LazyLock<Regex> = LazyLock::new(|| expression(&format!(r"(?:^|[^\w.]){DURATION}")));

/// Says itself that it is slow. The limit that was exceeded is no duration of it.
static SAYS_SO: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\bslow (?:\w+ )?(?:quer(?:y|ies)|requests?|responses?|sql|operations?|statements?|transactions?|calls?|commands?|requests?|endpoints?|render\w*|tasks?|jobs?|handlers?|loggers?|callbacks?)\b|\bslow(?:query|log|_query|-query)\b|\btook too long\b|\btakes too long\b|\blong[- ](?:running )?quer(?:y|ies)\b|\[violation\].* took|(?:^|[\s\[(:])slow\b.*(?:\d ?m?s|\b(?:ms|took|duration|elapsed\w*|time)=\d.*)\b|\bexecuting <\w+ .* took\b",
    )
});

static NOT_SLOW: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?:0|no) slow\b|\bslow(?: query|query)?[- _]?log(?:ging)?\b.*\b(?:enabled|disabled|file|path|off|on)\b|\bslow (?:start|mode|lane|down)\b|\bslow tests?\b|\bthreshold (?:is|set)\b",
    )
});

/// A database's own word for how long a statement took, written only where that was asked for.
static STATEMENT: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\bduration: (?P<ms>[\d.]+ ms)(?:\s+(?:statement|execute|parse|bind|plan|fetch)\b|$)|^#?\s*query_time: (?P<seconds>[\d.]+)|\bslowquery: (?P<ms2>\d+ milliseconds)|\btook\[(?P<ms3>[\d.]+m?s)\]",
    )
});

static QUERY_TOOK: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(
        r"\b(?:query|queries|sql|select|insert|update|statement|dbcommand|db|database|load|transaction)\b.{{0,60}}?(?:took|in|elapsed time:?|duration:?|time:?|\(|db=|=)\s*{DURATION}"
    ))
});

static REQUEST_TOOK: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(
        r#"(?:\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s+["']?(?:/|https?:)|\bcompleted [1-5]\d\d\b|\bsent [1-5]\d\d\b|\brequest (?:completed|finished|handled|took)\b|\bresponse\b|\bhandled request\b).*?(?:^|[^\w.]){DURATION}"#
    ))
});

/// The line of Gin and its likes: the duration stands before the method.
static COLUMNS: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(
        r#"\|\s+[1-5]\d\d\s+\|\s+{DURATION}\s+\|.*\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b"#
    ))
});

/// Whether a line states a duration for which a query or a request may be called slow: a cheap look
/// at what stands before each `s`, as most lines state none.
pub(super) fn has_long_duration(line: &[u8]) -> bool {
    memchr::memchr_iter(b's', line).any(|at| {
        let behind = line.get(at + 1..).unwrap_or_default();
        let ends = !behind.first().is_some_and(u8::is_ascii_alphanumeric);
        if !ends && !behind.starts_with(b"ec") {
            return false;
        }
        let before = &line[..at];
        let millis = before
            .strip_suffix(b"milli")
            .or_else(|| before.strip_suffix(b"m"));
        let number = millis.unwrap_or(before);
        let number = number.strip_suffix(b" ").unwrap_or(number);
        let length = number
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
            .count();
        let number = &number[number.len() - length..];
        let Some(first) = number.first() else {
            return false;
        };
        let whole = number.iter().take_while(|b| **b != b'.');
        let whole = whole.filter(|b| b.is_ascii_digit()).count();
        match millis {
            Some(_) => whole >= 4 || whole == 3 && *first >= b'5',
            None => *first != b'0' || number.get(2) >= Some(&b'5'),
        }
    })
}

/// The fields of a line that tells of something slow.
pub(super) fn slow(body: &Body) -> Option<EventFields> {
    let text = body.text();
    let bytes = text.as_bytes();
    let event = |ms| {
        Some(EventFields {
            ms,
            ..EventFields::default()
        })
    };
    if NOT_SLOW.is_match(bytes) {
        return None;
    }
    if let Some(found) = STATEMENT.captures(bytes) {
        let seconds = |text: &str| text.parse::<f64>().ok().map(|it| it * 1000.0);
        let group = |name| found.name(name).and_then(|it| text.get(it.range()));
        let ms = ["ms", "ms2", "ms3"].iter().find_map(|name| group(name));
        return event(
            ms.and_then(milliseconds)
                .or_else(|| group("seconds").and_then(seconds)),
        );
    }
    if SAYS_SO.is_match(bytes) {
        return event(stated(body));
    }
    let beyond = |regex: &Regex, limit: f64| {
        let found = regex.captures(bytes)?.name("ms")?;
        milliseconds(text.get(found.range())?).filter(|ms| *ms >= limit)
    };
    if let Some(ms) = beyond(&REQUEST_TOOK, REQUEST).or_else(|| beyond(&COLUMNS, REQUEST)) {
        return event(Some(ms));
    }
    if REQUEST_TOOK.is_match(bytes) || (body.is_structured() && of_request(body)) {
        let ms = in_fields(body).filter(|ms| *ms >= REQUEST)?;
        return event(Some(ms));
    }
    event(Some(beyond(&QUERY_TOOK, QUERY)?))
}

fn of_request(body: &Body) -> bool {
    body.field(&[
        "method",
        "status",
        "statusCode",
        "status_code",
        "responseTime",
    ])
    .is_some()
}

/// How long a line says that it took: in its message, else in a field.
fn stated(body: &Body) -> Option<f64> {
    let text = body.text();
    // `SLOW SQL >= 200ms [245.1ms]`: the first is the limit.
    let mut best = None;
    for found in FIRST.captures_iter(text.as_bytes()) {
        let at = found.name("ms")?;
        let before = text[..at.start()].trim_end();
        let limit = before.ends_with(['>', '=', '<'])
            || ["threshold", "limit", "expected", "than", "threshold:"]
                .iter()
                .any(|it| before.ends_with(it));
        let ms = milliseconds(text.get(at.range())?);
        if !limit {
            return ms;
        }
        best = best.or(ms);
    }
    in_fields(body).or(best)
}

fn in_fields(body: &Body) -> Option<f64> {
    const MILLIS: [&str; 13] = [
        "ms",
        "durationMillis",
        "duration_ms",
        "durationMs",
        "elapsed_ms",
        "elapsedMs",
        "responseTime",
        "response_time_ms",
        "took_ms",
        "latency_ms",
        "latencyMs",
        "time_ms",
        "query_time_ms",
    ];
    const ANY: [&str; 9] = [
        "took",
        "duration",
        "elapsed",
        "latency",
        "response_time",
        "time_taken",
        "elapsed_time",
        "runtime",
        "request_time",
    ];
    if let Some((_, value)) = body.field(&MILLIS) {
        return value.parse().ok().or_else(|| milliseconds(value));
    }
    // A bare number may be in any unit; only one with a unit is known.
    body.field(&ANY).and_then(|(_, value)| milliseconds(value))
}
