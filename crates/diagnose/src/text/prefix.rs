//! Who wrote a line: multiplexers (compose, foreman, concurrently, turbo, `kubectl --timestamps`)
//! put a name or a time before each line. A prefix is believed where a line that continues another
//! has it too: log records have tags as well, but the lines of a stack below them do not.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::trace::Line;

/// A time as logs and containers write it, at the beginning of a line.
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?\]?",
        r"|\[?[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?\]?",
        r"|[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(?: [A-Za-z0-9_.-]+)? [A-Za-z0-9_./@-]+(?:\[[0-9]+\])?:)",
        r"(?:: [A-Z]+/[A-Za-z0-9_-]+\])?",
        r"(?: [a-z]+\[[a-z0-9._-]+\]:)?(?: ([A-Za-z0-9_.-]+)\[[0-9]+\]:)?",
    ))
    .ok()
});

/// A prefix of a line: who it names, and what is left.
struct Part<'a> {
    form: u8,
    name: &'a str,
    rest: &'a str,
}

/// The lines of each program, in the order in which the programs first wrote.
pub(crate) fn streams(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let names = believed(&lines);
    if names.is_empty() {
        return vec![lines];
    }
    // Twice, for a time before a name and a name before a time.
    let inner = |lines: Vec<Line>| {
        let names = believed(&lines);
        split(lines, &names)
    };
    split(lines, &names).into_iter().flat_map(inner).collect()
}

/// A line without the time at its beginning.
pub(crate) fn without_time(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '[' || c.is_ascii_uppercase()) {
        return text;
    }
    let found = TIME.as_ref().and_then(|time| time.find(text));
    found.map_or(text, |found| text[found.end()..].trim_start())
}

/// The prefixes that are believed: a line that continues another has them, or every line has one.
fn believed(lines: &[Line]) -> HashSet<(u8, String)> {
    let mut votes: HashMap<(u8, &str), (usize, u32)> = HashMap::new();
    for part in lines.iter().filter_map(|line| part_of(&line.text)) {
        let vote = votes.entry((part.form, part.name)).or_default();
        vote.0 += 1;
        let inner = part_of(part.rest);
        let continues = continues(part.rest) || inner.is_some_and(|inner| continues(inner.rest));
        vote.1 += u32::from(continues);
    }
    let all = lines.iter().filter(|line| !line.text.is_empty()).count();
    let of_form = |wanted: u8| {
        let same = votes.iter().filter(|((form, _), _)| *form == wanted);
        same.map(|(_, (lines, _))| lines).sum::<usize>()
    };
    let everywhere = [PIPED, BRACKETED, TIMED, COLON].map(|form| of_form(form) == all);
    let believed = votes.iter().filter(|((form, name), (lines, continuing))| {
        let tag = *form == BRACKETED && is_level(name) || *form == COLON && !is_task(name);
        *lines > 1 && *continuing > 0 || everywhere[usize::from(*form)] && !tag
    });
    believed
        .map(|((form, name), _)| (*form, (*name).to_owned()))
        .collect()
}

/// Whether a name is that of a task (`web:dev`, `@acme/web`) rather than a place in a file.
fn is_task(name: &str) -> bool {
    name.contains([':', '/'])
        && !name.contains('.')
        && !name.ends_with(|c: char| c.is_ascii_digit())
}

/// Whether a tag is the level of a record rather than somebody's name.
fn is_level(name: &str) -> bool {
    let words = [
        "trace", "debug", "info", "notice", "warn", "warning", "error", "fatal", "critical",
        "emerg", "err",
    ];
    words.iter().any(|word| name.eq_ignore_ascii_case(word))
}

fn split(lines: Vec<Line>, names: &HashSet<(u8, String)>) -> Vec<Vec<Line>> {
    if names.is_empty() {
        return vec![lines];
    }
    let mut streams: Vec<Vec<Line>> = vec![Vec::new()];
    let mut index: HashMap<String, usize> = HashMap::new();
    for line in lines {
        let part = part_of(&line.text);
        let part = part.filter(|part| names.contains(&(part.form, part.name.to_owned())));
        let Some(part) = part else {
            streams[0].push(line);
            continue;
        };
        // Times are no names: what they stood before stays where it was.
        let at = if part.form == TIMED {
            0
        } else {
            *index.entry(part.name.to_owned()).or_insert_with(|| {
                streams.push(Vec::new());
                streams.len() - 1
            })
        };
        let text = part.rest.to_owned();
        streams[at].push(Line {
            text,
            number: line.number,
        });
    }
    streams.retain(|stream| !stream.is_empty());
    streams
}

/// Whether what is left continues a line above: it is indented, empty, or the head of a stack.
fn continues(rest: &str) -> bool {
    rest.is_empty()
        || rest.starts_with([' ', '\t', '}'])
        || rest.starts_with("Traceback (most")
        || rest.starts_with("Caused by:")
        || rest.starts_with("goroutine ")
}

const PIPED: u8 = 0;
const BRACKETED: u8 = 1;
const TIMED: u8 = 2;
const COLON: u8 = 3;

fn part_of(text: &str) -> Option<Part<'_>> {
    piped(text)
        .or_else(|| bracketed(text))
        .or_else(|| timed(text))
        .or_else(|| colon(text))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.@/:-".contains(c)
}

/// `web-1  | text`, `10:00:01 web.1   | text`, `   web │ text`, `0|web  | text`.
fn piped(text: &str) -> Option<Part<'_>> {
    let start = text.trim_start();
    let bare = match start.get(..9) {
        Some(time) if time.as_bytes()[2] == b':' && time.ends_with(' ') => &start[9..],
        _ => start,
    };
    let bare = match bare.split_once('|') {
        Some((number, rest))
            if !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
                && rest.starts_with(|c: char| c.is_ascii_alphabetic()) =>
        {
            rest
        }
        _ => bare,
    };
    let end = bare.find(|c| !is_name(c))?;
    let (name, rest) = bare.split_at(end);
    if name.len() > 64 || !name.contains(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let bar = rest.trim_start_matches(' ');
    let rest = bar.strip_prefix('|').or_else(|| bar.strip_prefix('│'))?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let form = PIPED;
    Some(Part { form, name, rest })
}

/// `[web] text`; also with a time between, as Forge writes it.
fn bracketed(text: &str) -> Option<Part<'_>> {
    let inner = text.strip_prefix('[')?;
    let (name, rest) = inner.split_at(inner.find(']').filter(|end| (1..=48).contains(end))?);
    let rest = &rest[1..];
    if !name.chars().all(|c| is_name(c) || c == ' ' || c == '\t') || name.contains("  ") {
        return None;
    }
    let timed = rest.trim_start();
    if timed.starts_with(|c: char| c.is_ascii_digit())
        && let Some((time, own)) = timed.split_once(" |")
        && time.len() <= 32
        && without_time(time).is_empty()
    {
        let rest = own.strip_prefix(' ').unwrap_or(own);
        return Some(Part {
            form: BRACKETED,
            name,
            rest,
        });
    }
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let form = BRACKETED;
    Some(Part { form, name, rest })
}

/// `2025-11-21T10:00:00Z text`, `Nov 21 10:00:00 host web[12]: text`, `… app[web.1]: text`.
fn timed(text: &str) -> Option<Part<'_>> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '[') {
        return None;
    }
    let found = TIME.as_ref()?.find(text)?;
    let rest = &text[found.end()..];
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let name = "";
    let form = TIMED;
    Some(Part { form, name, rest })
}

/// `web:dev: text`, `@acme/web: text`, `apps/web dev: text`, `web: text`.
fn colon(text: &str) -> Option<Part<'_>> {
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@') {
        return None;
    }
    let end = text.find(|c: char| !is_name(c))?;
    let (first, rest) = text.split_at(end);
    if let Some(name) = first.strip_suffix(':') {
        let rest = rest.strip_prefix(' ')?;
        let form = COLON;
        return (name.len() <= 64).then_some(Part { form, name, rest });
    }
    let script = rest.strip_prefix(' ')?;
    let end = script
        .find(": ")
        .or_else(|| script.find('$'))
        .or(script.ends_with(':').then(|| script.len() - 1))?;
    let task = &script[..end];
    if !first.contains('/') || task.is_empty() || !task.chars().all(is_name) {
        return None;
    }
    let rest = script[end + 1..].strip_prefix(' ').unwrap_or("");
    let form = COLON;
    Some(Part {
        form,
        name: first,
        rest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_texts(text: &str) -> Vec<Vec<String>> {
        let lines = text.lines().enumerate();
        let lines = lines.map(|(number, text)| Line {
            text: text.into(),
            number: number as u64,
        });
        let streams = streams(lines.collect()).into_iter();
        streams
            .map(|stream| stream.into_iter().map(|line| line.text).collect())
            .collect()
    }

    #[test]
    fn interleaved_programs_of_compose_are_told_apart() {
        let text = "web-1  | Error: a\ndb-1   | ready\nweb-1  |     at f\ndb-1   |  ok";
        assert_eq!(
            split_texts(text),
            [vec!["Error: a", "    at f"], vec!["ready", " ok"]]
        );
    }

    #[test]
    fn the_forms_of_other_tools_are_known() {
        for (text, rest) in [
            ("10:00:01 web.1   | a", "a"),
            ("[web] a", "a"),
            ("[0] a", "a"),
            ("   api │ a", "a"),
            ("0|web      | a", "a"),
            ("web:dev: a", "a"),
            ("apps/web dev: a", "a"),
            ("2025-11-21T10:00:00.1Z a", "a"),
            ("2025-11-21T10:00:00+00:00 app[web.1]: a", "a"),
            ("Nov 21 10:00:00 box web[12]: a", "a"),
            ("[backend]  2025-11-21 14:30:15 | a", "a"),
        ] {
            assert_eq!(part_of(text).map(|part| part.rest), Some(rest), "{text}");
        }
    }

    #[test]
    fn tags_of_log_records_are_no_prefixes() {
        let text = "[vite] hmr\n[vite] Internal server error: x\n    at f\n    at g";
        assert_eq!(split_texts(text).len(), 1);
    }

    #[test]
    fn gutters_of_code_are_no_prefixes() {
        assert!(part_of("    7 |     return x;").is_none());
        assert!(part_of("      |            ^~~").is_none());
    }
}
