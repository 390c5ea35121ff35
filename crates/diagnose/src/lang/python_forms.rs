//! Python as its tools show it: boxes of `rich`, failures of pytest, and what the interpreter and
//! servers say in one line.

use crate::pattern::{Pattern, group, number};
use crate::report::{Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static BOXED: Pattern = Pattern::new(
    r"^\s*[│|] (?<file>(?:/|[A-Za-z]:\\|[A-Za-z0-9_.-]+/)?[^│:]*\.py):(?<line>[0-9]+) in (?<function>.+?)\s*[│|]$",
);
static PYTEST: Pattern = Pattern::new(
    r"^(?<file>[^\s:]+\.py):(?<line>[0-9]+): (?:in (?<function>.+)|(?<class>[A-Z][A-Za-z0-9_.]*))$",
);
static OPEN: Pattern =
    Pattern::new(r"^(?:\S*python[0-9.]*): can't open file '(?<file>[^']+)': (?<error>.+)$");
static MODULE: Pattern = Pattern::new(
    r"^(?:\S*python[0-9.]*): (?:Error while finding module specification for .*|(?<error>No module named \S+?))(?:;.*)?$",
);
static ASGI: Pattern = Pattern::new(r"(?<error>Error loading ASGI app\. Could not import .+)$");
static NO_APP: Pattern = Pattern::new(r"(?<error>Error loading ASGI app\. .+)$");

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if text.contains("Traceback (most recent call last) ─") {
        return boxed(lines, at);
    }
    if let Some(found) = PYTEST.captures(text) {
        return pytest(lines, at, &found);
    }
    let said = [
        (&OPEN, Kind::MissingFile),
        (&MODULE, Kind::MissingModule),
        (&ASGI, Kind::MissingModule),
        (&NO_APP, Kind::Config),
    ];
    said.iter().find_map(|(pattern, kind)| {
        let error = pattern.captures(text)?.name("error")?.as_str();
        let whole = text.split_once(": ").filter(|_| *kind == Kind::MissingFile);
        let message = whole.map_or(error, |(_, rest)| rest);
        let raised = Raised::new("", message);
        Some((
            Trace::new(Language::Python, Weight::Cause, raised).kind(*kind),
            at + 1,
        ))
    })
}

/// A box of `rich`: frames outermost first, the error below the box.
fn boxed(lines: &[Line], at: usize) -> Found {
    let mut frames = Vec::new();
    let mut end = at + 1;
    while end < lines.len() && !lines[end].text.trim_start().starts_with('╰') {
        if end - at > 2000 {
            return None;
        }
        if let Some(found) = BOXED.captures(&lines[end].text) {
            frames.push(frame(
                group(&found, "function"),
                group(&found, "file"),
                number(&found, "line"),
            ));
        }
        end += 1;
    }
    let line = lines.get(end + 1)?;
    let (class, message) = super::python::error(&line.text)?;
    let mut raised = Raised::new(class, message);
    frames.reverse();
    raised.frames = frames;
    Some((Trace::new(Language::Python, Weight::Fatal, raised), end + 2))
}

/// A failure of pytest: lines that begin with `E`, then the place.
fn pytest(lines: &[Line], at: usize, found: &regex::Captures<'_>) -> Found {
    let class = group(found, "class");
    if class.is_empty() {
        return None;
    }
    let above = lines[..at].iter().rev().take(120);
    let above = above.map(|line| line.text.as_str());
    let above: Vec<&str> = above.take_while(|text| !text.starts_with("____")).collect();
    let mut told = above.iter().filter_map(|text| text.strip_prefix("E  "));
    let said = told.next_back()?.trim();
    // The error's own line has the whole name of its class.
    let named = super::python::error(said).filter(|(name, _)| name.ends_with(class));
    let (class, message) = named.unwrap_or((class, said));
    let mut raised = Raised::new(class, message);
    raised
        .frames
        .push(frame("", group(found, "file"), number(found, "line")));
    for found in above.iter().filter_map(|text| PYTEST.captures(text)) {
        let function = group(&found, "function");
        if !function.is_empty() && raised.frames.len() < MOST_FRAMES {
            raised.frames.push(frame(
                function,
                group(&found, "file"),
                number(&found, "line"),
            ));
        }
    }
    let kind = match class {
        "AssertionError" => Kind::Assertion,
        _ => Kind::Exception,
    };
    let trace = Trace::new(Language::Python, Weight::Logged, raised).kind(kind);
    Some((trace, at + 1))
}
