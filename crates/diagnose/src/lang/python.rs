//! Python: tracebacks, chained and grouped, syntax errors, and the last words of its runtime.

use crate::pattern::{Pattern, group, number};
use crate::report::{Kind, Language};
use crate::text::without_time;
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static FRAME: Pattern = Pattern::new(
    r#"^[>\s]*File "(?<file>[^"]+)", line (?<line>[0-9]+)(?:,? in (?<function>.+))?$"#,
);
static ERROR: Pattern = Pattern::new(
    r"^(?<class>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_<>][A-Za-z0-9_<>]*)*)(?:: ?(?<message>.*))?$",
);

const HEADER: &str = "Traceback (most recent call last):";
const JOINTS: [&str; 2] = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
];
/// Lines of others that may stand within a traceback.
const FOREIGN: usize = 8;

/// Reads a traceback, with all errors that it is chained to.
pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(message) = text.strip_prefix("Fatal Python error: ") {
        return Some(fatal(lines, at, message));
    }
    let headed = text.contains(HEADER);
    if !headed && !FRAME.is_match(text) {
        return None;
    }
    let from = if headed { at + 1 } else { at };
    let (mut block, mut end) = block(lines, from, gutter(text))?;
    let mut chain = Vec::new();
    while let Some(next) = joint(lines, end)
        && let Some((outer, next)) = self::block(lines, next + 1, gutter(&lines[next].text))
    {
        chain.insert(0, std::mem::replace(&mut block, outer).raised);
        end = next;
    }
    let members = members(lines, &mut end);
    let mut trace = Trace::new(Language::Python, weight(lines, at), block.raised);
    for source in &block.sources {
        trace.also(&format!("{}{source}", crate::judge::SOURCE));
    }
    trace.causes = members.into_iter().chain(chain).collect();
    trace.kind = kind(&trace.error);
    if reads_environment(&trace.error, &block.sources) {
        let name = trace
            .error
            .message
            .as_deref()
            .unwrap_or("")
            .trim_matches(['\'', '"']);
        let told = format!("environment variable {name} is not set");
        trace.also(&told);
    }
    for line in continuation(&lines[end..]) {
        trace.also(&line.text);
    }
    Some((trace, end))
}

/// Whether a key was looked for in `os.environ`.
fn reads_environment(error: &Raised, sources: &[String]) -> bool {
    let first = error.frames.first();
    let inside = first.is_some_and(|frame| {
        frame.function.as_deref() == Some("__getitem__")
            && frame
                .file
                .as_deref()
                .is_some_and(|file| file == "<frozen os>" || file.ends_with("/os.py"))
    });
    error.class.as_deref() == Some("KeyError")
        && (inside
            || sources
                .first()
                .is_some_and(|source| source.contains("os.environ[")))
}

fn kind(error: &Raised) -> Option<Kind> {
    let runs = |name: &str| {
        error
            .frames
            .first()
            .is_some_and(|frame| frame.function.as_deref() == Some(name))
    };
    match error.class.as_deref().unwrap_or("") {
        "FileNotFoundError" if runs("_execute_child") => Some(Kind::CommandNotFound),
        "SyntaxError" | "IndentationError" | "TabError" => Some(Kind::Syntax),
        "RecursionError" => Some(Kind::StackOverflow),
        "MemoryError" => Some(Kind::OutOfMemory),
        "KeyboardInterrupt" => Some(Kind::Signal),
        _ => None,
    }
}

/// Whether the interpreter died of it, or a program wrote it down: told by the line before.
fn weight(lines: &[Line], at: usize) -> Weight {
    // The last two, since another's line may have come between.
    let before = lines[..at]
        .iter()
        .rev()
        .filter(|line| !line.text.is_empty());
    let before = before.take(2).map(|line| line.text.as_str());
    let before: Vec<&str> = before.collect();
    let words = [
        "Exception in ",
        "Exception ignored",
        "raised unexpected",
        "Internal Server Error",
        "exception was never retrieved",
        "Error handling request",
        "Unhandled exception in",
    ];
    let levels = ["ERROR", "CRITICAL", "[error]", "error:"];
    let said = |text: &str| words.iter().chain(&levels).any(|word| text.contains(word));
    let logged = before.into_iter().any(said);
    if logged {
        Weight::Logged
    } else {
        Weight::Fatal
    }
}

struct Block {
    raised: Raised,
    sources: Vec<String>,
}

/// One traceback: frames, outermost first, then the error.
fn block(lines: &[Line], from: usize, gutter: usize) -> Option<(Block, usize)> {
    let mut frames = Vec::new();
    let mut sources = Vec::new();
    let mut foreign = 0;
    let mut at = from;
    while at < lines.len() {
        let text = body(&lines[at].text, gutter);
        if let Some(found) = FRAME.captures(text) {
            let next = frame(
                group(&found, "function"),
                group(&found, "file"),
                number(&found, "line"),
            );
            if frames.len() == MOST_FRAMES {
                frames.remove(0);
            }
            frames.push(next);
            foreign = 0;
        } else if text.starts_with([' ', '\t', '>']) && !frames.is_empty() {
            if sources.len() < 2 * MOST_FRAMES && text.contains(char::is_alphabetic) {
                sources.push(text.trim().to_owned());
            }
        } else if let Some((class, message)) = error(text)
            && !frames.is_empty()
            && !goes_on(lines, at + 1, gutter)
        {
            let mut raised = Raised::new(class, message);
            frames.reverse();
            raised.frames = frames;
            sources.reverse();
            sources.truncate(4);
            return Some((Block { raised, sources }, at + 1));
        } else if text.contains(HEADER) {
            return None;
        } else if !text.is_empty() {
            foreign += 1;
            if foreign > FOREIGN {
                return None;
            }
        }
        at += 1;
    }
    None
}

/// Class and message, where a line is an error as the interpreter writes it.
pub(crate) fn error(text: &str) -> Option<(&str, &str)> {
    let found = ERROR.captures(text)?;
    let class = found.name("class")?.as_str();
    let last = class.rsplit('.').next().unwrap_or(class);
    let levels = [
        "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL",
        "HINT", "LOG",
    ];
    let word = levels.contains(&class);
    let named = last.starts_with(|c: char| c.is_ascii_uppercase())
        || ["error", "timeout", "Exit"]
            .iter()
            .any(|end| last.ends_with(end))
        || class.contains("<locals>");
    let message = found.name("message").map_or("", |message| message.as_str());
    (named && !word).then_some((class, message))
}

/// Whether frames follow at once, so that the line before is not the end of them.
fn goes_on(lines: &[Line], at: usize, gutter: usize) -> bool {
    let next = lines.get(at).map(|line| body(&line.text, gutter));
    next.is_some_and(|text| text.starts_with(' ') && FRAME.is_match(text))
}

/// The header of the traceback that the one before `end` is joined to.
fn joint(lines: &[Line], end: usize) -> Option<usize> {
    let reach = lines.len().min(end + 30);
    let mut near = end..reach;
    let joint = near.find(|at| {
        let text = &lines[*at].text;
        JOINTS.iter().any(|joint| text.contains(joint)) || text.contains(HEADER)
    })?;
    if lines[joint].text.contains(HEADER) {
        return None;
    }
    let reach = lines.len().min(joint + 6);
    (joint..reach).find(|at| lines[*at].text.contains(HEADER))
}

/// The errors within an exception group, which stand behind deeper gutters.
fn members(lines: &[Line], end: &mut usize) -> Vec<Raised> {
    let mut members = Vec::new();
    while *end < lines.len() && lines[*end].text.trim_start().starts_with(['|', '+']) {
        let text = &lines[*end].text;
        if text.contains(HEADER)
            && let Some((member, next)) = block(lines, *end + 1, gutter(text))
        {
            members.push(member.raised);
            *end = next;
        } else {
            *end += 1;
        }
    }
    members
}

/// How much stands before each line of a traceback that is indented or grouped.
fn gutter(header: &str) -> usize {
    let before = header
        .find("Exception Group")
        .or_else(|| header.find("Traceback"))
        .unwrap_or(0);
    let blank = header[..before].chars().all(|c| " |+".contains(c));
    if blank { before } else { 0 }
}

fn body(text: &str, gutter: usize) -> &str {
    match text.get(..gutter) {
        Some(before) if before.chars().all(|c| " |+".contains(c)) => &text[gutter..],
        _ if text.len() < gutter && text.trim_matches([' ', '|']).is_empty() => "",
        _ => text,
    }
}

/// The lines after an error that may belong to its message.
fn continuation(lines: &[Line]) -> impl Iterator<Item = &Line> {
    lines.iter().take(6).take_while(|line| {
        let text = line.text.as_str();
        !text.is_empty() && without_time(text).len() == text.len() && !text.starts_with('[')
    })
}

/// What the interpreter says when it dies itself: its threads' frames, innermost first.
fn fatal(lines: &[Line], at: usize, message: &str) -> (Trace, usize) {
    let mut raised = Raised::new("Fatal Python error", message);
    let mut end = at + 1;
    while end < lines.len() {
        let text = &lines[end].text;
        if let Some(found) = FRAME.captures(text) {
            let next = frame(
                group(&found, "function"),
                group(&found, "file"),
                number(&found, "line"),
            );
            if raised.frames.len() < MOST_FRAMES {
                raised.frames.push(next);
            }
        } else if !(text.is_empty()
            || text.contains("(most recent call first)")
            || text.starts_with("Python runtime state"))
            || (text.is_empty() && !raised.frames.is_empty())
        {
            break;
        }
        end += 1;
    }
    let trace = Trace::new(Language::Python, Weight::Fatal, raised);
    let trace = match message {
        "Segmentation fault" | "Bus error" => trace.kind(Kind::Segfault),
        "Aborted" => trace.kind(Kind::Signal),
        message if message.contains("stack overflow") || message.contains("recursion") => {
            trace.kind(Kind::StackOverflow)
        }
        _ => trace,
    };
    (trace, end)
}
