//! Ruby: uncaught exceptions in both quotings and both orders, threads, causes, syntax errors, and
//! stacks as Rails, Sinatra, Sidekiq, Rake and RSpec write them.

use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, cut, frame};

static HEAD: Pattern = Pattern::new(
    r"^(?:.*?\s)?(?<file>[^\s:'`]+|<internal:[^>]+>):(?<line>[0-9]+)(?::in [`'](?<function>[^']*)')?: (?<message>.*?)(?: \((?<class>[A-Z][A-Za-z0-9_:]*)\))?$",
);
static FRAME: Pattern = Pattern::new(
    r"^\s*(?:[0-9]+: )?(?:from |# |WARN: |.* (?:WARN|ERROR|FATAL): )?(?<file><internal:[^>]+>|[^\s:'`]+(?: [^\s:'`]+)*?):(?<line>[0-9]+)(?::in [`'](?<function>.*)')?$",
);
static NAMED: Pattern = Pattern::new(
    r"(?:^|[\s:\]])(?<class>[A-Z][A-Za-z0-9_]*(?:::[A-Z][A-Za-z0-9_]*)*)(?:: | \(|\s-\s)(?<message>.*?)\)?:?$",
);
static BARE: Pattern = Pattern::new(
    r"^\s*(?<class>[A-Z][A-Za-z0-9_]*(?:::[A-Z][A-Za-z0-9_]*)*(?:Error|Exception)):?$",
);
static SYNTAX: Pattern = Pattern::new(
    r"^(?<file>[^\s:]+\.(?:rb|ru|rake)|[^\s:]*(?:Gemfile|Rakefile)|-):(?<line>[0-9]+): (?<message>syntax error.*|.*\(SyntaxError\))$",
);

/// Lines between the name of an error and its first frame.
const LONGEST_MESSAGE: usize = 14;

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = SYNTAX.captures(text) {
        return Some(syntax(lines, at, &found));
    }
    if text.trim_start().starts_with("Failure/Error:") {
        return failure(lines, at);
    }
    if text.contains(":in ")
        && let Some(found) = HEAD.captures(text).filter(|_| headed(lines, at, text))
    {
        return Some(uncaught(lines, at, &found));
    }
    if parse(text).is_some_and(|frame| frame.function.is_some()) {
        return logged(lines, at);
    }
    None
}

/// Whether a line is the head of an uncaught exception: the class in brackets ends it, or a `from`
/// follows.
fn headed(lines: &[Line], at: usize, text: &str) -> bool {
    let class = text.ends_with(')') && text.contains(" (");
    let next = lines[at + 1..].iter().take(12);
    class && !text.trim_start().starts_with("from ")
        || next
            .into_iter()
            .any(|line| line.text.starts_with("\tfrom "))
            && text.contains(": ")
}

fn uncaught(lines: &[Line], at: usize, found: &regex::Captures<'_>) -> (Trace, usize) {
    let mut class = group(found, "class").to_owned();
    let mut message = group(found, "message").to_owned();
    if class.is_empty()
        && let Some((before, after)) = message.rsplit_once(" (")
        && after.ends_with(')')
    {
        class = after.trim_end_matches(')').to_owned();
        message = before.to_owned();
    }
    if message.starts_with("unhandled exception") && class.is_empty() {
        class = "RuntimeError".into();
    }
    let mut raised = Raised::new(&class, &message);
    raised.frames.push(frame(
        group(found, "function"),
        group(found, "file"),
        number(found, "line"),
    ));
    let mut end = at + 1;
    let mut more = Vec::new();
    while end < lines.len() {
        let text = lines[end].text.as_str();
        if let Some(next) = parse(text).filter(|_| text.trim_start().starts_with("from ")) {
            push(&mut raised.frames, next);
        } else if !text.trim_start().starts_with("...") {
            // Code and hints stand between head and frames; they end with the first frame.
            let ahead = lines[end + 1..].iter().take(LONGEST_MESSAGE);
            let ahead = ahead.take_while(|line| !is_head(&line.text));
            let goes_on = raised.frames.len() == 1
                && !is_head(text)
                && ahead
                    .into_iter()
                    .any(|line| line.text.starts_with("\tfrom "));
            if !goes_on {
                break;
            }
            more.push(text.to_owned());
        }
        end += 1;
    }
    older(lines, at, &mut raised);
    let mut trace = Trace::new(Language::Ruby, Weight::Fatal, raised);
    trace.kind = kind(&class);
    more.iter().for_each(|text| trace.also(text));
    // A cause follows as a block of the same form.
    if let Some(next) = lines.get(end)
        && next.text.contains(":in ")
        && let Some(found) = HEAD
            .captures(&next.text)
            .filter(|found| !group(found, "class").is_empty())
        && group(&found, "message") != message
    {
        let (cause, next) = uncaught(lines, end, &found);
        trace.causes.push(cause.error);
        trace.causes.extend(cause.causes);
        end = next;
    }
    (trace, end)
}

/// Frames of versions that wrote them above the error, outermost first.
fn older(lines: &[Line], at: usize, raised: &mut Raised) {
    let above = lines[..at].iter().rev().take(MOST_FRAMES);
    let above = above.map_while(|line| {
        let text = line.text.as_str();
        (text.starts_with('\t') && text.contains(": from "))
            .then(|| parse(text))
            .flatten()
    });
    raised.frames.extend(above);
}

fn is_head(text: &str) -> bool {
    text.contains(":in ") && !text.trim_start().starts_with("from ") && text.contains("': ")
}

fn push(frames: &mut Vec<Frame>, next: Frame) {
    if frames.len() < MOST_FRAMES {
        frames.push(next);
    }
}

/// The frame in a line.
fn parse(text: &str) -> Option<Frame> {
    if !text.ends_with('\'') && !text.contains(".rb:") && !text.contains(".ru:") {
        return None;
    }
    let found = FRAME.captures(text)?;
    let file = group(&found, "file");
    let plausible =
        found.name("function").is_some() || file.ends_with(".rb") || file.ends_with(".ru");
    plausible.then(|| frame(group(&found, "function"), file, number(&found, "line")))
}

/// A stack that a log wrote: the error is named in one of the lines above its first frame.
fn logged(lines: &[Line], at: usize) -> Found {
    let floor = at.saturating_sub(LONGEST_MESSAGE);
    let mut first = at;
    // Frames without a function may stand above the first that has one.
    while first > floor && parse(&lines[first - 1].text).is_some() {
        first -= 1;
    }
    let head = (floor..first).rev().find_map(|index| {
        let text = lines[index].text.trim_end();
        let found = BARE.captures(text).or_else(|| named(text))?;
        let class = group(&found, "class").to_owned();
        let said = found
            .name("message")
            .map(|message| message.as_str().to_owned());
        let said = said.filter(|message| !message.is_empty()).or_else(|| {
            let mut below = lines[index + 1..first].iter().map(|line| line.text.trim());
            below.find(|text| !text.is_empty()).map(str::to_owned)
        });
        Some((index, class, said.unwrap_or_default()))
    });
    let (index, class, message) = head?;
    let mut raised = Raised::new(&class, &cut(&message, 1000));
    let mut end = first;
    while let Some(next) = lines.get(end).and_then(|line| parse(&line.text)) {
        push(&mut raised.frames, next);
        end += 1;
    }
    let aborted = lines[floor..index + 1]
        .iter()
        .any(|line| line.text.contains("aborted!"));
    let weight = if aborted {
        Weight::Fatal
    } else {
        Weight::Logged
    };
    let mut trace = Trace::new(Language::Ruby, weight, raised);
    trace.kind = kind(&class);
    trace.lines.0 = index as u64;
    for line in &lines[index + 1..first] {
        trace.also(&line.text);
    }
    Some((trace, end))
}

/// The first error that a record names: levels and loggers have the same form.
fn named(text: &str) -> Option<regex::Captures<'_>> {
    let mut from = 0;
    loop {
        let found = NAMED.captures(&text[from..])?;
        if is_error(group(&found, "class")) {
            return Some(found);
        }
        from += found.name("class")?.end();
    }
}

fn is_error(class: &str) -> bool {
    let last = class.rsplit("::").next().unwrap_or(class);
    let ends = [
        "Error",
        "Exception",
        "NotFound",
        "Invalid",
        "Interrupt",
        "Exit",
        "Refused",
        "Timeout",
    ];
    class.contains("::") || ends.iter().any(|end| last.ends_with(end)) || class.starts_with("Errno")
}

fn kind(class: &str) -> Option<Kind> {
    match class {
        "SyntaxError" => Some(Kind::Syntax),
        "SystemStackError" => Some(Kind::StackOverflow),
        "NoMemoryError" => Some(Kind::OutOfMemory),
        "Interrupt" => Some(Kind::Signal),
        _ => None,
    }
}

fn syntax(lines: &[Line], at: usize, found: &regex::Captures<'_>) -> (Trace, usize) {
    let message = group(found, "message").trim_end_matches(" (SyntaxError)");
    let mut raised = Raised::new("SyntaxError", message);
    raised.place = Some(frame("", group(found, "file"), number(found, "line")));
    let mut trace = Trace::new(Language::Ruby, Weight::Fatal, raised).kind(Kind::Syntax);
    // The line that the marked excerpt points to is nearer than the first one.
    let marked = lines[at + 1..]
        .iter()
        .take(12)
        .find(|line| line.text.starts_with("> "));
    let marked = marked.and_then(|line| line.text[2..].split('|').next()?.trim().parse().ok());
    if let (Some(line), Some(place)) = (marked, &mut trace.error.place) {
        place.line = Some(line);
    }
    let frames = lines[at + 1..]
        .iter()
        .take(40)
        .filter(|line| line.text.starts_with("\tfrom "));
    trace.error.frames = frames.filter_map(|line| parse(&line.text)).collect();
    (trace, at + 1)
}

/// A failure of RSpec: the error's class and message, then frames behind `#`.
fn failure(lines: &[Line], at: usize) -> Found {
    let reach = lines.len().min(at + 60);
    let first = (at + 1..reach).find(|at| {
        let text = lines[*at].text.trim_start();
        text.starts_with("# ") && parse(text).is_some()
    })?;
    let said = lines[at + 1..first].iter().map(|line| line.text.trim());
    let mut said = said.filter(|text| !text.is_empty());
    let named = said.next().unwrap_or("");
    let (class, message, kind) = match BARE.captures(named) {
        Some(found) => (
            group(&found, "class"),
            said.next().unwrap_or(""),
            Kind::Exception,
        ),
        None => ("", named, Kind::Assertion),
    };
    let mut raised = Raised::new(class, message);
    let mut end = first;
    while let Some(next) = lines.get(end).and_then(|line| parse(&line.text)) {
        push(&mut raised.frames, next);
        end += 1;
    }
    Some((
        Trace::new(Language::Ruby, Weight::Logged, raised).kind(kind),
        end,
    ))
}
