//! .NET and Mono: unhandled exceptions, inner exceptions, and what the runtime says when it dies.

use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static FRAME: Pattern = Pattern::new(
    r"^\s*at (?<function>[^\s()][^()]*? ?(?:\(.*?\))?)(?: \[0x[0-9a-f]+\])?(?: in (?<file>.+?):(?:line )?(?<line>[0-9]+))?\s*$",
);
static CALL: Pattern = Pattern::new(
    r"^\s*at (?:\([^()]*\) )?[A-Za-z_<][^\s()/]*\.[^\s()/]+ ?\([^:]*?\)|^\s*at .+ in .+:line [0-9]+\s*$",
);
static HEAD: Pattern = Pattern::new(
    r"(?:^|[\s:])(?<class>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_`+]*)+)(?: \([^()]*\))?(?:: (?<message>.*))?$",
);
static INNER: Pattern = Pattern::new(
    r"^\s*---> (?:\(Inner Exception #[0-9]+\) )?(?<class>[A-Za-z_][A-Za-z0-9_.`+]*)(?: \([^()]*\))?(?:: (?<message>.*))?$",
);

/// Lines of a message between its head and its first frame.
const LONGEST_MESSAGE: usize = 20;

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if text.trim() == "Stack overflow."
        || text.starts_with("Process is terminating due to StackOverflowException")
    {
        return Some(overflow(lines, at));
    }
    if !is_frame(text) {
        return None;
    }
    let (head, class, message) = head(lines, at)?;
    let mut error = Raised::new(&class, &message);
    let mut inner: Vec<Raised> = Vec::new();
    let mut more = Vec::new();
    for line in &lines[head + 1..at] {
        match INNER.captures(&line.text) {
            Some(found) => inner.push(Raised::new(
                group(&found, "class"),
                group(&found, "message"),
            )),
            None => more.push(line.text.clone()),
        }
    }
    let end = frames(lines, at, &mut error, &mut inner);
    let mut weight = Weight::Logged;
    let floor = head.saturating_sub(1);
    if lines[floor..=head].iter().any(|line| {
        line.text
            .to_ascii_lowercase()
            .contains("unhandled exception")
            && !line.text.contains("has occurred")
    }) {
        weight = Weight::Fatal;
    }
    let mut trace = Trace::new(Language::Dotnet, weight, error);
    trace.kind = kind(&class);
    trace.causes = inner;
    trace.lines.0 = head as u64;
    more.iter().for_each(|text| trace.also(text));
    Some((trace, end))
}

/// Reads frames: those of the innermost come first, and each error's end with a line that says so.
fn frames(lines: &[Line], at: usize, error: &mut Raised, inner: &mut [Raised]) -> usize {
    let mut open = inner.len();
    let mut end = at;
    let mut foreign = 0;
    while end < lines.len() {
        let text = lines[end].text.as_str();
        let bare = text.trim_start();
        if let Some(next) = parse(text) {
            let into = match open {
                0 => &mut *error,
                open => &mut inner[open - 1],
            };
            if into.frames.len() < MOST_FRAMES {
                into.frames.push(next);
            }
            foreign = 0;
        } else if bare.starts_with("--- End of inner exception stack trace ---") {
            open = open.saturating_sub(1);
        } else if !bare.starts_with("--- End of stack trace from previous") {
            foreign += 1;
            let near = lines[end + 1..].iter().take(2);
            let mut near = near.take_while(|line| HEAD.captures(&line.text).is_none());
            let ends = text.is_empty() || names(text).is_some();
            if foreign > 6 || ends || !near.any(|line| is_frame(&line.text)) {
                break;
            }
        }
        end += 1;
    }
    end
}

fn is_frame(text: &str) -> bool {
    text.trim_start().starts_with("at ") && CALL.is_match(text) && !text.contains(".java:")
}

fn parse(text: &str) -> Option<Frame> {
    if !is_frame(text) {
        return None;
    }
    let found = FRAME.captures(text)?;
    let file = group(&found, "file");
    let function = group(&found, "function");
    let function = function.split_once(" (").map_or(function, |(name, _)| name);
    let function = function
        .split_once('(')
        .filter(|(name, _)| !name.is_empty())
        .map_or(function, |(name, _)| name);
    Some(frame(
        function,
        if file.starts_with('<') { "" } else { file },
        number(&found, "line"),
    ))
}

fn head(lines: &[Line], at: usize) -> Option<(usize, String, String)> {
    let floor = at.saturating_sub(LONGEST_MESSAGE);
    (floor..at)
        .rev()
        .take_while(|index| !is_frame(&lines[*index].text))
        .find_map(|index| {
            let text = lines[index].text.as_str();
            if INNER.is_match(text) {
                return None;
            }
            let (class, message) = names(text)?;
            Some((index, class, message))
        })
}

fn names(text: &str) -> Option<(String, String)> {
    let found = HEAD.captures(text)?;
    let class = group(&found, "class");
    let last = class.rsplit('.').next().unwrap_or(class);
    let named = last.contains("Exception") || last.ends_with("Error") || last.ends_with("Fault");
    named.then(|| (class.to_owned(), group(&found, "message").to_owned()))
}

fn kind(class: &str) -> Option<Kind> {
    match class {
        "System.NullReferenceException" => Some(Kind::NilDereference),
        "System.OutOfMemoryException" => Some(Kind::OutOfMemory),
        "System.StackOverflowException" => Some(Kind::StackOverflow),
        "System.AccessViolationException" => Some(Kind::Segfault),
        _ => None,
    }
}

fn overflow(lines: &[Line], at: usize) -> (Trace, usize) {
    let mut raised = Raised::new("", lines[at].text.trim());
    let mut end = at + 1;
    while let Some(line) = lines.get(end) {
        match parse(&line.text) {
            Some(next) if raised.frames.len() < MOST_FRAMES => raised.frames.push(next),
            Some(_) => {}
            None if line.text.starts_with("Repeat ") || line.text.starts_with("-----") => {}
            None => break,
        }
        end += 1;
    }
    (
        Trace::new(Language::Dotnet, Weight::Fatal, raised).kind(Kind::StackOverflow),
        end,
    )
}
