//! Rust: panics of every version, errors that `main` returned, backtraces, and what the runtime and
//! cargo say last.

use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, cut, frame};

static PANIC: Pattern = Pattern::new(
    r"thread '(?<thread>[^']*)'(?: \([0-9]+\))? panicked at (?:(?<file>[^\s:'][^:']*?):(?<line>[0-9]+):(?<column>[0-9]+):?$|'(?<message>.*)', (?<oldfile>[^,]+?):(?<oldline>[0-9]+):(?<oldcolumn>[0-9]+)$)",
);
static FUNCTION: Pattern =
    Pattern::new(r"^\s*(?<index>[0-9]+):(?:\s+0x[0-9a-f]+ -)? +(?<function>\S.*)$");
static PLACE: Pattern =
    Pattern::new(r"^\s+at (?<file>.+?):(?<line>[0-9]+)(?::(?<column>[0-9]+))?$");
static EYRE_PLACE: Pattern =
    Pattern::new(r"^\s+(?:at )?(?<file>\S+\.rs):(?<line>[0-9]+)(?::(?<column>[0-9]+))?$");
static EXITED: Pattern = Pattern::new(
    r"process didn't exit successfully: `(?<command>[^`]*)` \((?:signal: (?<signal>[0-9]+)(?:, (?<name>SIG[A-Z]+))?(?:: (?<said>[^)]*))?|exit (?:status|code): (?<code>[0-9]+))\)",
);

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = PANIC.captures(text) {
        return Some(panic(lines, at, &found));
    }
    if text.contains("The application panicked (crashed)") {
        return eyre_panic(lines, at);
    }
    if text.contains("has overflowed its stack") && text.contains("thread '") {
        let end = at
            + 1
            + usize::from(
                lines
                    .get(at + 1)
                    .is_some_and(|line| line.text.starts_with("fatal runtime error")),
            );
        return Some((fatal("stack overflow").kind(Kind::StackOverflow), end));
    }
    if let Some((_, message)) = text.split_once("fatal runtime error: ") {
        let message = message.trim_end_matches(", aborting");
        return Some((
            fatal(message).kind(if message.contains("stack overflow") {
                Kind::StackOverflow
            } else {
                Kind::Signal
            }),
            at + 1,
        ));
    }
    if text.starts_with("memory allocation of ") && text.contains(" bytes failed") {
        let raised = Raised::new("", text);
        return Some((
            Trace::new(Language::Rust, Weight::Fatal, raised).kind(Kind::OutOfMemory),
            at + 1,
        ));
    }
    if let Some(found) = EXITED.captures(text) {
        return exited(&found, at);
    }
    returned(lines, at)
}

fn fatal(message: &str) -> Trace {
    Trace::new(
        Language::Rust,
        Weight::Fatal,
        Raised::new("fatal runtime error", message),
    )
}

/// A panic: its place is in its head, its message there or in the next line.
fn panic(lines: &[Line], at: usize, found: &regex::Captures<'_>) -> (Trace, usize) {
    let old = found.name("message").is_some();
    let (file, line, column) = if old {
        ("oldfile", "oldline", "oldcolumn")
    } else {
        ("file", "line", "column")
    };
    let mut end = at + 1;
    let message = if old {
        group(found, "message").to_owned()
    } else {
        end += 1;
        lines
            .get(at + 1)
            .map_or(String::new(), |line| line.text.clone())
    };
    let mut raised = Raised::new("panic", &cut(&message, 1000));
    let mut place = frame("", group(found, file), number(found, line));
    place.column = Some(number(found, column)).filter(|column| *column > 0);
    raised.place = Some(place);
    let main = group(found, "thread") == "main";
    let weight = if main { Weight::Fatal } else { Weight::Logged };
    let mut trace = Trace::new(Language::Rust, weight, raised);
    let kind = if message.starts_with("assertion") {
        Kind::Assertion
    } else {
        Kind::Panic
    };
    trace = trace.kind(kind);
    // The rest of a message of several lines, up to the backtrace or the note.
    let limit = lines.len().min(end + 40);
    let stop = (end..limit)
        .find(|at| ends_message(&lines[*at].text))
        .unwrap_or(end);
    for line in &lines[end.min(lines.len())..stop.min(lines.len())] {
        trace.also(&line.text);
    }
    end = stop;
    if lines.get(end).is_some_and(|line| {
        line.text
            .to_ascii_lowercase()
            .starts_with("stack backtrace:")
    }) {
        let (frames, next) = backtrace(lines, end + 1);
        trace.error.frames = frames;
        end = next;
    }
    while lines
        .get(end)
        .is_some_and(|line| line.text.starts_with("note: "))
    {
        end += 1;
    }
    (trace, end)
}

fn ends_message(text: &str) -> bool {
    text.starts_with("stack backtrace:") || text.starts_with("note: ") || PANIC.is_match(text)
}

/// Frames: a numbered function, then the line of its place.
fn backtrace(lines: &[Line], from: usize) -> (Vec<Frame>, usize) {
    let mut frames: Vec<Frame> = Vec::new();
    let mut at = from;
    let mut foreign = 0;
    while at < lines.len() {
        let text = lines[at].text.as_str();
        if let Some(found) = FUNCTION.captures(text) {
            if frames.len() < MOST_FRAMES {
                frames.push(frame(group(&found, "function"), "", 0));
            }
        } else if let Some(found) = PLACE.captures(text)
            && let Some(last) = frames.last_mut()
        {
            last.file = Some(group(&found, "file").to_owned());
            foreign = 0;
            last.line = Some(number(&found, "line"));
            last.column = Some(number(&found, "column")).filter(|column| *column > 0);
        } else {
            foreign += 1;
            let near = lines[at + 1..].iter().take(2);
            if text.is_empty()
                || text.starts_with("note: ")
                || foreign > 8
                || !near
                    .into_iter()
                    .any(|line| PLACE.is_match(&line.text) || FUNCTION.is_match(&line.text))
            {
                break;
            }
        }
        at += 1;
    }
    (frames, at)
}

/// `Error: …` as `main` returns it, with the causes and the backtrace of anyhow or eyre.
fn returned(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    let message = text.strip_prefix("Error:")?.trim();
    let follows: Vec<&str> = lines[at + 1..]
        .iter()
        .take(60)
        .map(|line| line.text.as_str())
        .collect();
    let caused = follows
        .iter()
        .take(6)
        .position(|text| *text == "Caused by:");
    let traced = follows
        .iter()
        .position(|text| matches!(*text, "Stack backtrace:" | "Location:"));
    let traced = traced.filter(|at| {
        follows[..*at]
            .iter()
            .all(|text| !text.starts_with("Error:"))
    });
    let debug = is_debug(message);
    let numbered =
        message.is_empty() && follows.first().is_some_and(|text| FUNCTION.is_match(text));
    if caused.is_none() && traced.is_none() && !debug && !numbered {
        return None;
    }
    let mut trace = Trace::new(Language::Rust, Weight::Fatal, Raised::new("Error", message))
        .kind(Kind::Exception);
    let mut end = at + 1;
    let mut causes = Vec::new();
    if numbered {
        (causes, end) = chain(lines, at + 1);
        trace.error = Raised::new("Error", &causes.remove(0));
    } else if let Some(caused) = caused {
        (causes, end) = chain(lines, at + 2 + caused);
    }
    let causes = causes.iter().map(|text| Raised::new("Error", text));
    trace.causes = causes.collect();
    if let Some(traced) = traced {
        let head = at + 1 + traced;
        if follows[traced] == "Location:" {
            let found = lines
                .get(head + 1)
                .and_then(|line| EYRE_PLACE.captures(&line.text));
            trace.error.place =
                found.map(|found| frame("", group(&found, "file"), number(&found, "line")));
            end = head + 2;
        } else {
            let (frames, next) = backtrace(lines, head + 1);
            trace.error.frames = frames;
            end = next;
        }
    }
    Some((trace, end.min(lines.len())))
}

/// The causes of an error, one a line, with numbers or without.
fn chain(lines: &[Line], from: usize) -> (Vec<String>, usize) {
    let mut causes = Vec::new();
    let mut at = from;
    while let Some(text) = lines.get(at).map(|line| line.text.as_str())
        && (text.starts_with("    ") || FUNCTION.is_match(text))
    {
        let text = text.trim();
        let numbered = text.split_once(": ");
        let numbered = numbered.filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
        causes.push(numbered.map_or(text, |(_, text)| text).to_owned());
        at += 1;
    }
    (causes, at)
}

/// Whether a message is what `Debug` makes of an error: `Os { code: 2, … }`, `ParseIntError {…}`.
fn is_debug(message: &str) -> bool {
    let name = message.split([' ', '(', '{']).next().unwrap_or("");
    let braced = message.ends_with('}') || message.ends_with(')');
    !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && braced
        && message[name.len()..].trim_start().starts_with(['{', '('])
}

/// The report of color-eyre: message and place in lines of their own.
fn eyre_panic(lines: &[Line], at: usize) -> Found {
    let near = lines[at + 1..]
        .iter()
        .take(20)
        .map(|line| line.text.as_str());
    let message = near
        .clone()
        .find_map(|text| text.strip_prefix("Message:"))?;
    let location = near.clone().find_map(|text| text.strip_prefix("Location:"));
    let mut raised = Raised::new("panic", message);
    let found =
        location.and_then(|place| PLACE.captures(place).or_else(|| EYRE_PLACE.captures(place)));
    raised.place = found.map(|found| frame("", group(&found, "file"), number(&found, "line")));
    let trace = Trace::new(Language::Rust, Weight::Fatal, raised).kind(Kind::Panic);
    Some((trace, (at + 4).min(lines.len())))
}

/// Cargo's word about a program that a signal ended; an exit code says nothing new.
fn exited(found: &regex::Captures<'_>, at: usize) -> Found {
    let name = found.name("name")?.as_str();
    let said = group(found, "said");
    let raised = Raised::new(name, said);
    let kind = match name {
        "SIGSEGV" | "SIGBUS" => Kind::Segfault,
        "SIGKILL" => Kind::Killed,
        _ => Kind::Signal,
    };
    Some((
        Trace::new(Language::Rust, Weight::Cause, raised).kind(kind),
        at + 1,
    ))
}
