//! Lines of JSON: the level is a field.
//!
//! The line is scanned, not parsed: it may be cut off, or hold the same key twice (the first
//! counts), and only its upper two levels of nesting matter.

use super::{Level, words};

/// Keys under which a level stands, by how much they are to be trusted.
const KEYS: [&str; 18] = [
    "level",
    "severity",
    "lvl",
    "levelname",
    "level_name",
    "loglevel",
    "log_level",
    "log.level",
    "logLevel",
    "LogLevel",
    "Level",
    "@l",
    "@level",
    "severityText",
    "SeverityText",
    "severity_text",
    "levelStr",
    "logLevelName",
];

/// Objects that hold the record's fields or its level.
const HOLDERS: [&str; 8] = [
    "level", "log", "@fields", "fields", "record", "_meta", "meta", "metadata",
];

/// The level that a JSON object states.
pub(super) fn level(line: &str) -> Option<Level> {
    let mut found = Fields::default();
    scan(line.as_bytes(), &mut found);
    found.level()
}

/// What the fields say.
#[derive(Default)]
struct Fields {
    /// Rank of the key, and the level.
    best: Option<(usize, Level)>,
    /// `level` as a number that means something only where the record is GELF.
    small: Option<i64>,
    gelf: bool,
    /// `PRIORITY`, of the journal.
    priority: Option<Level>,
    /// `severityNumber`, of OpenTelemetry.
    otel: Option<Level>,
    /// `s`, `c` and `ctx`, of MongoDB.
    letter: Option<Level>,
    mongo: u8,
    /// A record of Serilog, which leaves `info` out.
    serilog: bool,
}

impl Fields {
    fn level(self) -> Option<Level> {
        if let Some((_, level)) = self.best {
            return Some(level);
        }
        if self.gelf
            && let Some(small) = self.small
        {
            return words::syslog(small);
        }
        if self.mongo == 2 {
            return self.letter;
        }
        self.priority
            .or(self.otel)
            .or(self.serilog.then_some(Level::Info))
    }

    /// A field with a plain value; `outer` is the key of the object it stands in.
    fn field(&mut self, outer: &str, key: &str, value: Value<'_>) {
        let nested = !outer.is_empty();
        let key_of_level = match outer {
            "level" => matches!(key, "name" | "levelStr" | "label"),
            _ => KEYS.contains(&key),
        };
        if key_of_level {
            let rank = KEYS.iter().position(|k| *k == key).unwrap_or(0) + usize::from(nested) * 100;
            let level = match value {
                Value::Text(text) => {
                    words::level(text.trim()).or_else(|| text.parse().ok().and_then(words::number))
                }
                Value::Number(number) => {
                    if !nested && key == "level" {
                        self.small.get_or_insert(number);
                    }
                    words::number(number)
                }
                Value::Other => None,
            };
            if let Some(level) = level
                && self.best.is_none_or(|(best, _)| rank < best)
            {
                self.best = Some((rank, level));
            }
        }
        if nested {
            return;
        }
        match (key, &value) {
            ("short_message", _) => self.gelf = true,
            ("severityNumber" | "severity_number" | "SeverityNumber", Value::Number(number)) => {
                self.otel = words::otel(*number);
            }
            ("PRIORITY", Value::Text(text)) => {
                self.priority = text.parse().ok().and_then(words::syslog)
            }
            ("s", Value::Text(text)) if !text.is_empty() => {
                self.letter = words::letter(text.as_bytes()[0])
            }
            ("c" | "ctx", Value::Text(_)) => self.mongo += 1,
            ("@t" | "@mt", _) => self.serilog = true,
            _ => {}
        }
    }
}

enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Other,
}

/// Goes through an object, and through the objects in it that may hold the level.
fn scan(bytes: &[u8], found: &mut Fields) {
    let mut at = 0;
    // The keys of the objects around.
    let mut path: Vec<&str> = Vec::new();
    let mut key: Option<&str> = None;
    while at < bytes.len() {
        if matches!(found.best, Some((0, _))) {
            // Nothing that may follow is trusted more.
            return;
        }
        match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at + 1);
                let text = std::str::from_utf8(&bytes[at + 1..end.min(bytes.len())]).unwrap_or("");
                at = end + 1;
                match key.take() {
                    None if next_is_colon(bytes, at) => key = Some(text),
                    None => {}
                    Some(name) => report(found, &path, name, Value::Text(text)),
                }
                continue;
            }
            b'{' => {
                if path.len() > 3 {
                    at = skip_nested(bytes, at);
                    key = None;
                    continue;
                }
                path.push(key.take().unwrap_or(""));
            }
            b'}' => {
                path.pop();
                if path.is_empty() {
                    return;
                }
            }
            b'[' => {
                at = skip_nested(bytes, at);
                key = None;
                continue;
            }
            b'-' | b'0'..=b'9' => {
                let length = bytes[at..]
                    .iter()
                    .take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                    .count();
                let text = std::str::from_utf8(&bytes[at..at + length]).unwrap_or("");
                if let Some(name) = key.take() {
                    let value = text.parse().map_or(Value::Other, Value::Number);
                    report(found, &path, name, value);
                }
                at += length;
                continue;
            }
            b',' => key = None,
            _ => {}
        }
        at += 1;
    }
}

fn report(found: &mut Fields, path: &[&str], key: &str, value: Value<'_>) {
    match path {
        [_] => found.field("", key, value),
        [_, outer] if HOLDERS.contains(outer) => found.field(outer, key, value),
        [_, outer, "level"] if HOLDERS.contains(outer) => found.field("level", key, value),
        _ => {}
    }
}

/// The quote that ends a string.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(step) = memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
        at += step;
        if bytes[at] == b'"' {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

fn next_is_colon(bytes: &[u8], at: usize) -> bool {
    bytes[at.min(bytes.len())..]
        .iter()
        .find(|b| !b.is_ascii_whitespace())
        == Some(&b':')
}

/// Behind the array or object that begins here.
fn skip_nested(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0usize;
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
