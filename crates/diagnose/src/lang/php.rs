//! PHP: fatal errors with their stack, in the console, in the server's log, and as Laravel and
//! Symfony write them.

use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, cut, frame};

static UNCAUGHT: Pattern = Pattern::new(
    r"(?:Fatal error: +)?Uncaught (?<class>[A-Za-z_\\][A-Za-z0-9_\\]*)(?:: (?<message>.*))? in (?<file>\S.*?\.[a-z]+):(?<line>[0-9]+)$",
);
static UNCAUGHT_OPEN: Pattern = Pattern::new(
    r"(?:Fatal error: +)Uncaught (?<class>[A-Za-z_\\][A-Za-z0-9_\\]*)(?:: (?<message>.*))?$",
);
static PLAIN: Pattern = Pattern::new(
    r"(?<class>Fatal error|Parse error|Recoverable fatal error|Compile error): +(?<message>.+) in (?<file>\S.*?)(?: on line (?<line>[0-9]+)|:(?<line2>[0-9]+))$",
);
static FRAME: Pattern = Pattern::new(
    r"^\s*#(?<index>[0-9]+) (?:(?<file>[^()]+?)\((?<line>[0-9]+)\): (?<function>.+)|\[internal function\]: (?<internal>.+)|\{main\})$",
);
static NEXT: Pattern = Pattern::new(
    r"^Next (?<class>[A-Za-z_\\][A-Za-z0-9_\\]*)(?:: (?<message>.*))? in (?<file>\S.*?):(?<line>[0-9]+)$",
);
static OBJECT: Pattern = Pattern::new(
    r"\[object\] \((?<class>[A-Za-z_\\][A-Za-z0-9_\\]*)\(code: [^)]*\): (?<message>.*) at (?<file>[^\s()]+):(?<line>[0-9]+)\)",
);
static ENDS: Pattern = Pattern::new(r"^(?<message>.*) in (?<file>\S.*?\.[a-z]+):(?<line>[0-9]+)$");

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = UNCAUGHT.captures(text) {
        return Some(uncaught(lines, at, raised(&found)));
    }
    if let Some(found) = OBJECT.captures(text) {
        let mut trace = Trace::new(Language::Php, Weight::Logged, raised(&found));
        let from = at
            + 1
            + usize::from(
                lines
                    .get(at + 1)
                    .is_some_and(|line| line.text.starts_with("[stacktrace]")),
            );
        let (frames, end) = stack(lines, from);
        trace.error.frames = frames;
        place_first(&mut trace.error);
        return Some((trace, end));
    }
    if let Some(found) = PLAIN.captures(text) {
        return Some(plain(&found, at));
    }
    // A message of several lines: its last line has the place.
    let found = UNCAUGHT_OPEN.captures(text)?;
    let near = lines[at + 1..].iter().take(30).enumerate();
    let mut near = near.take_while(|(_, line)| !line.text.starts_with("Stack trace:"));
    let (index, place) =
        near.find_map(|(index, line)| Some((index, ENDS.captures(&line.text)?)))?;
    let mut first = Raised::new(group(&found, "class"), group(&found, "message"));
    first.place = Some(frame("", group(&place, "file"), number(&place, "line")));
    let mut result = uncaught(lines, at + 1 + index, first);
    result.0.lines.0 = at as u64;
    Some(result)
}

fn raised(found: &regex::Captures<'_>) -> Raised {
    let mut raised = Raised::new(group(found, "class"), &cut(group(found, "message"), 1000));
    raised.place = Some(frame("", group(found, "file"), number(found, "line")));
    raised
}

/// The stack below a head, and the exceptions that were thrown while one was handled.
fn uncaught(lines: &[Line], at: usize, error: Raised) -> (Trace, usize) {
    let mut trace = Trace::new(Language::Php, Weight::Fatal, error);
    let mut end = at + 1;
    while let Some(text) = lines.get(end).map(|line| line.text.as_str()) {
        if text.starts_with("Stack trace:") || text.is_empty() {
            end += 1;
        } else if FRAME.is_match(text) {
            let (frames, next) = stack(lines, end);
            trace.error.frames = frames;
            end = next;
        } else if let Some(found) = NEXT.captures(text) {
            let outer = std::mem::replace(&mut trace.error, raised(&found));
            trace.causes.insert(0, outer);
            end += 1;
        } else if text.trim_start().starts_with("thrown in ") {
            end += 1;
            break;
        } else {
            break;
        }
    }
    place_first(&mut trace.error);
    trace.causes.iter_mut().for_each(place_first);
    trace.kind = kind(&trace.error);
    (trace, end.min(lines.len()))
}

/// PHP names with each place the function that is called there. Frames here name the function that
/// runs there: the throw runs in what the first frame calls.
fn place_first(raised: &mut Raised) {
    let Some(place) = &mut raised.place else {
        return;
    };
    if raised.frames.is_empty() {
        return;
    }
    let mut callee = Some("{main}".to_owned());
    for frame in raised.frames.iter_mut().rev() {
        let name = frame.function.take();
        frame.function = std::mem::replace(&mut callee, name);
    }
    place.function = callee;
    let thrown = place.clone();
    raised.frames.insert(0, thrown);
}

fn kind(error: &Raised) -> Option<Kind> {
    match error.class.as_deref()? {
        "ParseError" => Some(Kind::Syntax),
        "AssertionError" => Some(Kind::Assertion),
        _ => None,
    }
}

fn stack(lines: &[Line], from: usize) -> (Vec<Frame>, usize) {
    let mut frames = Vec::new();
    let mut at = from;
    while let Some(found) = lines.get(at).and_then(|line| FRAME.captures(&line.text)) {
        at += 1;
        let function = found.name("function").or_else(|| found.name("internal"));
        if let Some(function) = function
            && frames.len() < MOST_FRAMES
        {
            let name = function.as_str().split('(').next().unwrap_or("");
            frames.push(frame(name, group(&found, "file"), number(&found, "line")));
        }
    }
    (frames, at)
}

fn plain(found: &regex::Captures<'_>, at: usize) -> (Trace, usize) {
    let class = group(found, "class");
    let message = group(found, "message");
    let line = number(found, "line").max(number(found, "line2"));
    let mut raised = Raised::new(class, message);
    raised.place = Some(frame("", group(found, "file"), line));
    let trace = Trace::new(Language::Php, Weight::Fatal, raised);
    let trace = match class {
        "Parse error" => trace.kind(Kind::Syntax),
        _ if message.starts_with("Allowed memory size") || message.starts_with("Out of memory") => {
            trace.kind(Kind::OutOfMemory)
        }
        _ => trace.kind(Kind::Exception),
    };
    (trace, at + 1)
}
