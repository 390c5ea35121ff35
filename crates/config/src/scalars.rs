//! Single values: flags, numbers, times, sizes, patterns, text.

use std::time::Duration;

use forge_core::spec::{Pattern, PortSpec};
use forge_core::template::Template;
use serde_json::{Value, json};

use crate::names::{is_name, name_help};
use crate::reader::{Read, Reader};
use crate::tree::{Kind, Node};
use crate::units;

/// Text in which ports of processes may be open.
#[derive(Debug, Clone)]
pub(crate) struct Text(pub(crate) Template);

impl Read for Text {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        Some(Text(reader.template("text", node)?.0))
    }

    fn schema() -> Value {
        json!({ "type": ["string", "number", "boolean"] })
    }
}

/// Text that is complete.
#[derive(Debug, Clone)]
pub(crate) struct Plain(pub(crate) String);

impl Read for Plain {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        Some(Plain(reader.filled("text", node)?.text))
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

/// Text in which nothing is replaced.
#[derive(Debug, Clone)]
pub(crate) struct AsWritten(pub(crate) String);

impl Read for AsWritten {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        Some(AsWritten(reader.scalar("text", node)?.text.clone()))
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

/// The name of something, taken as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Name(pub(crate) String);

impl Read for Name {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = &reader.scalar("a name", node)?.text;
        if !is_name(text) {
            reader.expected("a name", node).help(name_help(text));
            return None;
        }
        Some(Name(text.clone()))
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$", "maxLength": crate::names::MAX_NAME })
    }
}

/// The name of another process, with its profile or without; whether there is one is seen later.
#[derive(Debug, Clone)]
pub(crate) struct Reference;

impl Read for Reference {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        reader.scalar("the name of a process", node)?;
        Some(Reference)
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1 })
    }
}

impl Read for bool {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let filled = reader.filled("`true` or `false`", node)?;
        match filled.text.as_str() {
            "true" | "True" | "TRUE" => return Some(true),
            "false" | "False" | "FALSE" => return Some(false),
            _ => {}
        }
        // YAML 1.1 read these as booleans, YAML 1.2 does not: nobody should have to know.
        let meant = match filled.text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" | "1" => Some("true"),
            "no" | "off" | "n" | "0" => Some("false"),
            _ => None,
        };
        let help = meant.map(|word| format!("write `{word}`"));
        reader
            .expected_text("`true` or `false`", &filled)
            .maybe_help(help);
        None
    }

    fn schema() -> Value {
        with_reference(json!({ "type": "boolean" }), "^(true|false)$")
    }
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> Read for Whole<MIN, MAX> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let what = match MAX {
            u64::MAX => format!("a whole number of at least {MIN}"),
            _ => format!("a whole number from {MIN} to {MAX}"),
        };
        let filled = reader.filled(&what, node)?;
        match units::whole(&filled.text) {
            Some(number) if (MIN..=MAX).contains(&number) => Some(Whole(number)),
            _ => {
                reader.expected_text(&what, &filled);
                None
            }
        }
    }

    fn schema() -> Value {
        let mut number = json!({ "type": "integer", "minimum": MIN });
        if MAX != u64::MAX {
            number["maximum"] = json!(MAX);
        }
        with_reference(number, "^[0-9]+$")
    }
}

/// A port.
pub(crate) type Port = Whole<1, 65535>;

impl Read for PortSpec {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        const WHAT: &str = "a port from 1 to 65535, or `auto`";
        let filled = reader.filled(WHAT, node)?;
        if filled.text == "auto" {
            return Some(PortSpec::Auto);
        }
        match units::whole(&filled.text) {
            Some(port @ 1..=65535) => return Some(PortSpec::Fixed(port as u16)),
            Some(0) => reader
                .expected_text(WHAT, &filled)
                .help("write `auto` for a free port"),
            _ => reader.expected_text(WHAT, &filled),
        };
        None
    }

    fn schema() -> Value {
        json!({ "anyOf": [Port::schema(), { "const": "auto" }] })
    }
}

/// A factor of at least 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factor(pub(crate) f64);

impl Read for Factor {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let filled = reader.filled("a number of at least 1", node)?;
        match filled.text.parse::<f64>() {
            Ok(number) if (1.0..=1000.0).contains(&number) => Some(Factor(number)),
            _ => {
                reader.expected_text("a number from 1 to 1000", &filled);
                None
            }
        }
    }

    fn schema() -> Value {
        with_reference(
            json!({ "type": "number", "minimum": 1, "maximum": 1000 }),
            "^[0-9.]+$",
        )
    }
}

impl Read for Duration {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let what = "a time such as `200ms`, `5s`, `1m30s` or `2h`";
        let filled = reader.filled(what, node)?;
        let time = units::duration(&filled.text);
        if time.is_none() {
            reader.expected_text(what, &filled);
        }
        time
    }

    fn schema() -> Value {
        with_reference(
            json!({ "type": "number", "minimum": 0 }),
            r"^([0-9.]+\s*(ms|s|m|h|d)\s*)+$|^[0-9.]+$",
        )
    }
}

/// A time that is longer than nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span(pub(crate) Duration);

impl Read for Span {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let time = Duration::read(node, reader)?;
        if time.is_zero() {
            reader
                .sink
                .error(node.span, "this time must be longer than 0");
            return None;
        }
        Some(Span(time))
    }

    fn schema() -> Value {
        let mut schema = Duration::schema();
        schema["anyOf"][0] = json!({ "type": "number", "exclusiveMinimum": 0 });
        schema
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) u64);

impl Read for Size {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let what = "a size such as `64MB`, `1GB`, or a number of bytes";
        let filled = reader.filled(what, node)?;
        match units::size(&filled.text) {
            Some(bytes) if bytes > 0 => Some(Size(bytes)),
            _ => {
                reader.expected_text(what, &filled);
                None
            }
        }
    }

    fn schema() -> Value {
        with_reference(
            json!({ "type": "integer", "minimum": 1 }),
            r"^[0-9.]+\s*([kKmMgGtT]i?)?[bB]?$",
        )
    }
}

/// Percent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Percent(pub(crate) f64);

impl Read for Percent {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let what = "percent of one core, such as `150%`";
        let filled = reader.filled(what, node)?;
        let number = filled.text.trim_end_matches('%').trim_end().parse::<f64>();
        match number {
            Ok(percent) if percent > 0.0 && percent <= 1e6 => Some(Percent(percent)),
            _ => {
                reader.expected_text(what, &filled);
                None
            }
        }
    }

    fn schema() -> Value {
        with_reference(
            json!({ "type": "number", "exclusiveMinimum": 0 }),
            r"^[0-9.]+\s*%?$",
        )
    }
}

/// A signal's number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signal(pub(crate) i32);

impl Read for Signal {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let what = "a signal such as `SIGTERM`, `INT` or `15`";
        let filled = reader.filled(what, node)?;
        let signal = crate::signal::signal_number(&filled.text);
        if signal.is_none() {
            let help = match filled.replaced {
                true => None,
                false => crate::signal::help(&filled.text),
            };
            reader.expected_text(what, &filled).maybe_help(help);
        }
        signal.map(Signal)
    }

    fn schema() -> Value {
        with_reference(
            json!({ "type": "integer", "minimum": 1, "maximum": 64 }),
            "^(SIG)?[A-Z0-9+-]+$",
        )
    }
}

impl Read for Pattern {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let filled = reader.filled("a regular expression", node)?;
        pattern(&filled.text, filled.replaced, node, reader)
    }

    fn schema() -> Value {
        json!({ "type": "string", "format": "regex" })
    }
}

/// Checks that a regular expression compiles, and shows where it does not.
fn pattern(text: &str, replaced: bool, node: &Node, reader: &mut Reader<'_>) -> Option<Pattern> {
    if reader.patterns.contains(text) {
        return Some(Pattern(text.to_string()));
    }
    let (message, at) = match regex_problem(text) {
        None => {
            reader.patterns.insert(text.to_string());
            return Some(Pattern(text.to_string()));
        }
        Some(problem) => problem,
    };
    let literal = matches!(&node.kind, Kind::Scalar(scalar) if scalar.text == text);
    let span = match at {
        Some(range) if literal => reader.inside(node, range),
        _ => node.span,
    };
    let profile = reader.profile.filter(|_| replaced);
    let message = format!("this regular expression does not compile: {message}");
    reader.sink.error(span, message).only_for(profile);
    None
}

/// Bytes of a pattern that stays below the limits of memory even if all of it is classes of Unicode.
const SURELY_SMALL: usize = 200;

/// What is wrong with a regular expression, and at which bytes.
pub(crate) fn regex_problem(text: &str) -> Option<(String, Option<std::ops::Range<usize>>)> {
    use regex_syntax::Error;
    let range = |span: &regex_syntax::ast::Span| span.start.offset..span.end.offset;
    match regex_syntax::Parser::new().parse(text) {
        Err(Error::Parse(error)) => Some((error.kind().to_string(), Some(range(error.span())))),
        Err(Error::Translate(error)) => Some((error.kind().to_string(), Some(range(error.span())))),
        Err(_) => Some(("it is not understood".to_string(), None)),
        // What parses may still be too large. Compiling to know is a hundred times dearer than
        // parsing, and a short pattern without counted repetition cannot be.
        Ok(_) if text.len() <= SURELY_SMALL && !text.contains('{') => None,
        Ok(_) => regex::Regex::new(text)
            .err()
            .map(|_| ("it needs too much memory".to_string(), None)),
    }
}

/// What a value that is not text also accepts: the same as text, or text with references.
pub(crate) fn with_reference(typed: Value, pattern: &str) -> Value {
    json!({ "anyOf": [typed, { "type": "string", "pattern": format!("{pattern}|\\$\\{{") }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_is_surely_small_compiles() {
        for piece in [r"\w", r"\PL", "(?i)ß", "."] {
            let pattern = piece.repeat(SURELY_SMALL / piece.len());
            assert!(regex::Regex::new(&pattern).is_ok(), "{piece}");
        }
    }

    #[test]
    fn a_pattern_that_needs_too_much_is_found() {
        let (message, _) = regex_problem(r"(\w{1000}){1000}").expect("a problem");
        assert_eq!(message, "it needs too much memory");
        let (message, at) = regex_problem("a(b").expect("a problem");
        assert_eq!((message.as_str(), at), ("unclosed group", Some(1..2)));
    }
}
