//! Go: panics, fatal errors, and dumps of goroutines.

use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static GOROUTINE: Pattern =
    Pattern::new(r"^goroutine (?<id>[0-9]+) (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[(?<state>[^\]]*)\]:$");
static FILE: Pattern = Pattern::new(
    r"^\s+(?<file>\S.*?\.(?:go|s|c|cgo)):(?<line>[0-9]+)(?: \+0x[0-9a-f]+)?(?: fp=.*)?(?: in goroutine [0-9]+)?$",
);
static HEAD: Pattern = Pattern::new(
    r"(?:^|\s)(?<class>panic|fatal error|SIGQUIT|SIGABRT|SIGSEGV|SIGBUS|SIGILL|SIGFPE|SIGTRAP): (?<message>.*)$",
);
static SERVING: Pattern = Pattern::new(r"panic serving \S+: (?<message>.*)$");

/// Lines between a head and the first goroutine.
const LONGEST_MESSAGE: usize = 60;

/// Reads a crash from its head, or from its first goroutine where a log kept only that.
pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = SERVING.captures(text) {
        let raised = Raised::new("panic", group(&found, "message"));
        return rest(lines, at, Trace::new(Language::Go, Weight::Logged, raised));
    }
    let found = HEAD.captures(text)?;
    let class = group(&found, "class");
    let message = group(&found, "message");
    // A record of a log may say such words too: a stack must follow.
    let starts = text.starts_with(class);
    let again = message
        .trim_end_matches(" [recovered, repanicked]")
        .trim_end_matches(" [recovered]");
    let mut trace = Trace::new(Language::Go, Weight::Fatal, Raised::new(class, again));
    let mut at_head = at;
    while let Some(next) = lines
        .get(at_head + 1)
        .and_then(|line| line.text.strip_prefix("\tpanic: "))
    {
        let next = next
            .trim_end_matches(" [recovered, repanicked]")
            .trim_end_matches(" [recovered]");
        let outer = Raised::new("panic", next);
        let inner = std::mem::replace(&mut trace.error, outer);
        if inner.message != trace.error.message {
            trace.causes.insert(0, inner);
        }
        at_head += 1;
    }
    let logged = !starts;
    if logged {
        trace.weight = Weight::Logged;
    }
    let mut found = rest(lines, at_head, trace)?;
    found.0.lines.0 = at as u64;
    Some(found)
}

/// The goroutine that died, and those that stood by.
fn rest(lines: &[Line], head: usize, mut trace: Trace) -> Found {
    let reach = lines.len().min(head + LONGEST_MESSAGE);
    let first = (head + 1..reach).find(|at| {
        let text = lines[*at].text.as_str();
        GOROUTINE.is_match(text) || text.starts_with("goroutine ")
    })?;
    for line in &lines[head + 1..first] {
        trace.also(&line.text);
    }
    let asked = trace.error.class.as_deref() == Some("SIGQUIT");
    let mut end = first;
    let mut dead: Option<Vec<Frame>> = None;
    while end < lines.len() && is_goroutine(&lines[end].text) {
        let (frames, next) = goroutine(lines, end + 1);
        // The first is the one that died; a thread of the runtime is none of ours.
        let system = lines[end].text.starts_with("goroutine 0 ");
        if dead.is_none() && !system {
            dead = Some(frames);
        }
        end = next;
        while end < lines.len()
            && lines[end].text.is_empty()
            && lines
                .get(end + 1)
                .is_some_and(|line| is_goroutine(&line.text))
        {
            end += 1;
        }
    }
    while lines.get(end).is_some_and(|line| is_register(&line.text)) {
        end += 1;
    }
    trace.kind = kind(&trace.error);
    if !asked {
        trace.error.frames = dead.unwrap_or_default();
    }
    Some((trace, end))
}

fn is_goroutine(text: &str) -> bool {
    text.starts_with("goroutine ") && text.ends_with("]:") || text == "runtime stack:"
}

/// The registers at the end of a dump.
fn is_register(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or("");
    let value = words.next().unwrap_or("");
    name.len() <= 6 && value.starts_with("0x") && words.next().is_none()
}

/// Frames until the goroutine's end: a function, then the line of its file.
pub(crate) fn goroutine(lines: &[Line], from: usize) -> (Vec<Frame>, usize) {
    let mut frames = Vec::new();
    let mut at = from;
    let mut foreign = 0;
    while at < lines.len() {
        let text = lines[at].text.as_str();
        let place = lines.get(at + 1).and_then(|line| FILE.captures(&line.text));
        if let (Some(function), Some(found)) = (function(text), place) {
            let created = text.starts_with("created by ");
            if !created && frames.len() < MOST_FRAMES {
                frames.push(frame(
                    &function,
                    group(&found, "file"),
                    number(&found, "line"),
                ));
            }
            at += 2;
            foreign = 0;
        } else if text.starts_with("...") && text.contains("frames elided") {
            at += 1;
        } else if text.is_empty() || is_goroutine(text) {
            break;
        } else {
            // A line of another writer, if frames go on behind it.
            foreign += 1;
            let near = lines[at + 1..].iter().take(3);
            if foreign > 8
                || !near
                    .take_while(|line| !line.text.is_empty())
                    .any(|line| FILE.is_match(&line.text))
            {
                break;
            }
            at += 1;
        }
    }
    (frames, at)
}

/// The function that a line of a stack names, without its arguments.
fn function(text: &str) -> Option<String> {
    if text.starts_with([' ', '\t']) && !text.starts_with("  ") {
        return None;
    }
    let text = text.trim_start();
    let text = text.strip_prefix("created by ").unwrap_or(text);
    let text = text.split(" in goroutine ").next()?;
    let name = match text.strip_suffix(')') {
        Some(call) => &call[..open(call)?],
        None => text,
    };
    let plausible = !name.is_empty() && !name.contains(' ') || name.contains("(*");
    plausible.then(|| name.to_owned())
}

/// Where the arguments of a call begin: the bracket that the last one closes.
fn open(call: &str) -> Option<usize> {
    let mut depth = 1;
    for (at, c) in call.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn kind(error: &Raised) -> Option<Kind> {
    let class = error.class.as_deref().unwrap_or("");
    let message = error.message.as_deref().unwrap_or("");
    if message.contains("nil pointer dereference") {
        return Some(Kind::NilDereference);
    }
    Some(match class {
        "SIGQUIT" | "SIGABRT" | "SIGTRAP" => Kind::Signal,
        "SIGSEGV" | "SIGBUS" => Kind::Segfault,
        "fatal error" if message.contains("stack overflow") => Kind::StackOverflow,
        "fatal error"
            if message.contains("out of memory") || message.contains("cannot allocate memory") =>
        {
            Kind::OutOfMemory
        }
        "fatal error" if message.contains("unexpected signal") => Kind::Segfault,
        _ => Kind::Panic,
    })
}
