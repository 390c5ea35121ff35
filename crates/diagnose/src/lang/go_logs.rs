//! Go beyond the runtime's own words: the race detector, panics that frameworks recover from,
//! stacks of loggers, and failing tests.

use super::go::goroutine;
use crate::pattern::{Pattern, group, number};
use crate::report::{Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static RACE_FILE: Pattern =
    Pattern::new(r"^\s+(?<file>\S.*\.go):(?<line>[0-9]+)(?: \+0x[0-9a-f]+)?$");
static GIN_FILE: Pattern = Pattern::new(r"^(?<file>/\S.*\.go):(?<line>[0-9]+) \(0x[0-9a-f]+\)$");
static FAILED: Pattern = Pattern::new(r"^\s*--- FAIL: (?<test>\S+)");
static FAILED_AT: Pattern =
    Pattern::new(r"^\s+(?<file>[^\s:]+\.go):(?<line>[0-9]+): (?<message>.*)$");
static RECOVERED: Pattern = Pattern::new(
    r"(?:\[Recovery\].*panic recovered:|\[PANIC RECOVER\] (?<message>.*?)(?: goroutine [0-9]+ .*)?$)",
);
static LOGGED: Pattern = Pattern::new(
    r"\t(?:FATAL|PANIC|DPANIC|ERROR|fatal|panic|error)\t(?:\S+\.go:[0-9]+\t)?(?<message>[^\t]*)",
);

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if text.contains("WARNING: DATA RACE") {
        return race(lines, at);
    }
    if FAILED.is_match(text) {
        return failed(lines, at);
    }
    if let Some(found) = RECOVERED.captures(text) {
        return recovered(lines, at, group(&found, "message"));
    }
    if text.trim_start().starts_with("panic: ") && text.starts_with(' ') {
        return chi(lines, at);
    }
    let found = LOGGED.captures(text)?;
    let (frames, end) = goroutine(lines, at + 1);
    if frames.is_empty() {
        return None;
    }
    let mut raised = Raised::new("", group(&found, "message"));
    raised.frames = frames;
    let mut trace = Trace::new(Language::Go, Weight::Logged, raised);
    trace.also(text);
    Some((trace, end))
}

/// The race detector's report: the frames of the first access.
fn race(lines: &[Line], at: usize) -> Found {
    let mut raised = Raised::new("WARNING", "DATA RACE");
    let mut end = at + 1;
    let mut first = true;
    while end < lines.len() && end < at + 400 && !lines[end].text.starts_with("=====") {
        let text = lines[end].text.as_str();
        let place = lines
            .get(end + 1)
            .and_then(|line| RACE_FILE.captures(&line.text));
        if text.is_empty() {
            first &= raised.frames.is_empty();
        } else if let Some(found) = place
            && first
            && raised.frames.len() < MOST_FRAMES
        {
            let function = text.trim().trim_end_matches("()");
            raised.frames.push(frame(
                function,
                group(&found, "file"),
                number(&found, "line"),
            ));
            end += 1;
        }
        end += 1;
    }
    let trace = Trace::new(Language::Go, Weight::Logged, raised).kind(Kind::Sanitizer);
    Some((trace, (end + 1).min(lines.len())))
}

/// A test that failed without a panic.
fn failed(lines: &[Line], at: usize) -> Found {
    let near = lines[at + 1..].iter().take(20).enumerate();
    let mut near =
        near.take_while(|(_, line)| line.text.starts_with(' ') && !FAILED.is_match(&line.text));
    let (index, found) =
        near.find_map(|(index, line)| Some((index, FAILED_AT.captures(&line.text)?)))?;
    let test = FAILED.captures(&lines[at].text)?;
    let mut raised = Raised::new("", group(&found, "message"));
    raised.frames.push(frame(
        group(&test, "test"),
        group(&found, "file"),
        number(&found, "line"),
    ));
    let mut trace = Trace::new(Language::Go, Weight::Compiler, raised).kind(Kind::Assertion);
    trace.also(&lines[at].text);
    Some((trace, at + index + 2))
}

/// A panic that gin or echo recovered from. Gin writes files before functions.
fn recovered(lines: &[Line], at: usize, message: &str) -> Found {
    let mut raised = Raised::new("panic", message);
    let mut end = at + 1;
    let mut said = None;
    let (frames, next) = goroutine(lines, at + 1);
    if !frames.is_empty() {
        raised.frames = frames;
        end = next;
    }
    while end < lines.len() && end < at + 300 {
        let text = lines[end].text.as_str();
        if let Some(found) = GIN_FILE.captures(text) {
            let function = lines
                .get(end + 1)
                .and_then(|line| line.text.strip_prefix('\t'));
            let function = function
                .and_then(|line| line.split(':').next())
                .unwrap_or("");
            raised.frames.push(frame(
                function,
                group(&found, "file"),
                number(&found, "line"),
            ));
            end += 1;
        } else if raised.frames.is_empty() && !text.is_empty() && !is_request(text) {
            said = Some(text.to_owned());
        } else if !raised.frames.is_empty() {
            break;
        }
        end += 1;
    }
    if raised.frames.is_empty() {
        return None;
    }
    if message.is_empty() {
        raised.message = said;
    }
    let nil = raised
        .message
        .as_deref()
        .is_some_and(|message| message.contains("nil pointer"));
    let kind = if nil {
        Kind::NilDereference
    } else {
        Kind::Panic
    };
    Some((
        Trace::new(Language::Go, Weight::Logged, raised).kind(kind),
        end,
    ))
}

/// A line of the request that gin shows above the message.
fn is_request(text: &str) -> bool {
    text.contains(" HTTP/")
        || text.split_once(": ").is_some_and(|(name, _)| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && name.starts_with(|c: char| c.is_ascii_uppercase())
        })
}

/// A panic as chi draws it: `-> main.handler`, then `->   /srv/main.go:12`.
fn chi(lines: &[Line], at: usize) -> Found {
    let message = lines[at].text.trim_start().strip_prefix("panic: ")?;
    let mut raised = Raised::new("panic", message);
    let mut end = at + 1;
    let mut function = "";
    while end < lines.len() && end < at + 300 {
        let text = lines[end].text.trim_start().trim_start_matches("->").trim();
        if let Some((file, line)) = text.rsplit_once(".go:") {
            let line = line.trim().parse().unwrap_or(0);
            raised
                .frames
                .push(frame(function, &format!("{file}.go"), line));
        } else if !text.is_empty() && !lines[end].text.starts_with(' ') {
            break;
        } else {
            function = text;
        }
        end += 1;
    }
    let kind = if message.contains("nil pointer") {
        Kind::NilDereference
    } else {
        Kind::Panic
    };
    (!raised.frames.is_empty()).then(|| {
        (
            Trace::new(Language::Go, Weight::Logged, raised).kind(kind),
            end,
        )
    })
}
