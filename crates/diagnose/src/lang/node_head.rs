//! The head of a JavaScript error: which line above the frames names it, and what the runtimes say
//! where there are no frames.

use super::node::parse;
use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, Raised, Trace, Weight, cut, frame};

static NAMED: Pattern = Pattern::new(
    r#"(?:^|[\s(\["'⨯✖×:])(?<class>[A-Z][A-Za-z0-9_$.]*(?:Error|Exception)|[A-Z][a-z]+[A-Za-z]*Rejection|Error)(?: \[(?<code>[A-Za-z0-9_]+)\])?(?:: (?<message>.*)|:?$|\])"#,
);
static CAPITAL: Pattern =
    Pattern::new(r"^\s*(?<class>[A-Z][A-Za-z0-9_$]*[a-z][A-Za-z0-9_$]*): (?<message>.+)$");
static LOWER: Pattern = Pattern::new(
    r"(?:^\s*|\] )(?:Internal server |Pre-transform )?[Ee]rror: (?:Uncaught (?:\(in promise\) )?)?(?<message>.+)$",
);
static OUTER: Pattern =
    Pattern::new(r"^\[?(?<class>[A-Z][A-Za-z0-9_$]*)(?: \[[A-Z0-9_]+\])?: (?<message>.*?)\]? \{$");
static PLACE: Pattern = Pattern::new(
    r"^(?<file>(?:file://)?/.+?|[A-Za-z]:\\.+?|node:[A-Za-z0-9_/.-]+|[A-Za-z0-9_.-]+(?:/[^\s:]+)+):(?<line>[0-9]+)$",
);
static IN_MESSAGE: Pattern = Pattern::new(
    r"^\s*(?<file>[^\s:()]+\.[a-z]+)(?::(?<line>[0-9]+):(?<column>[0-9]+): (?:ERROR|error)\b|\((?<line2>[0-9]+),(?<column2>[0-9]+)\): error TS)",
);
/// A place as vite tells it.
static FILE: Pattern = Pattern::new(
    r"^\s*File: (?<file>/[^\s?]+?)(?:\?[^:]*)?(?::(?<line>[0-9]+):(?<column>[0-9]+))?$",
);
static IMPORTED: Pattern = Pattern::new(r"imported from (?<file>(?:file://)?[/A-Z][^\s'\x22]+)");

/// Lines between an error's name and its first frame.
const LONGEST_MESSAGE: usize = 40;

/// Where an error is named, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    /// The line that names it.
    pub(crate) index: usize,
    /// The first line that belongs to it.
    pub(crate) first: usize,
    pub(crate) class: String,
    pub(crate) message: String,
    /// The error that this one is a member of.
    pub(crate) outer: Option<(String, String)>,
    /// The place that stands above it.
    pub(crate) place: Option<Frame>,
    /// Whether a place stands above it, of whomever.
    pub(crate) placed: bool,
    /// Whether it was told to be a rejected promise.
    pub(crate) rejected: bool,
}

impl Head {
    /// Whether a promise was rejected: it ended the process, and there are only asynchronous callers.
    pub(crate) fn fatal_rejection(&self, trace: &Trace) -> bool {
        let frames = &trace.error.frames;
        let name = |frame: &Frame| frame.function.clone().unwrap_or_default();
        let file = |frame: &Frame| frame.file.clone().unwrap_or_default();
        let loading = frames.iter().any(|frame| {
            let file = file(frame);
            name(frame) == "Object.<anonymous>"
                || file.starts_with("node:internal/modules")
                || file.starts_with("node:internal/main")
                || file.starts_with("node:events")
        });
        let ticks = frames
            .iter()
            .any(|frame| name(frame) == "process.processTicksAndRejections");
        self.placed
            && !loading
            && (ticks
                || self.place.is_some() && trace.more.contains("async ")
                || frames.len() < 10
                    && frames.iter().all(|frame| !file(frame).starts_with("node:")))
    }
}

/// Finds the head of the error whose first frame is at `at`.
pub(crate) fn find(lines: &[Line], at: usize) -> Option<Head> {
    let floor = at.saturating_sub(LONGEST_MESSAGE);
    let above = (floor..at)
        .rev()
        .take_while(|index| parse(&lines[*index].text).is_none());
    let above: Vec<usize> = above
        .filter(|index| !lines[*index].text.is_empty())
        .collect();
    // Jest begins each failure with a bullet: what stands above it is another's.
    let bullet = above
        .iter()
        .position(|index| lines[*index].text.trim_start().starts_with("● "));
    let above = &above[..bullet.unwrap_or(above.len())];
    let named = above
        .iter()
        .find_map(|index| Some((*index, names(&lines[*index].text)?)));
    let said = bullet
        .and(above.last())
        .map(|index| unclassed(lines, *index));
    let named = named.or(said).or_else(|| unnamed(lines, above, at));
    let (index, (class, message)) = named?;
    let text = lines[index].text.as_str();
    let noted = text.starts_with("(node:") && text.contains("Warning: ");
    let warning = class.ends_with("Warning") || noted;
    if class == "Trace" || warning && !class.starts_with("Unhandled") {
        return None;
    }
    let message = match message.as_str() {
        // A head that ends with its colon: the message begins below.
        "" => above
            .iter()
            .rev()
            .find(|below| **below > index)
            .map_or(message, |below| lines[*below].text.trim().to_owned()),
        _ => message,
    };
    let mut head = Head {
        index,
        first: index,
        class,
        message,
        ..Head::default()
    };
    around(lines, floor, &mut head);
    Some(head)
}

/// A line, and the class and message that it tells.
type Named = (usize, (String, String));

fn unclassed(lines: &[Line], index: usize) -> Named {
    let message = crate::alone::message(lines[index].text.trim());
    (index, (String::new(), cut(&message, 400)))
}

/// The head of an error whose class has no name like an error's: a class of the program's own near
/// the frames, what a tool announces, or whatever stands right above the frames.
fn unnamed(lines: &[Line], above: &[usize], at: usize) -> Option<Named> {
    let nearest = *above.first()?;
    let capital = above.iter().take(6).find_map(|index| {
        let found = CAPITAL.captures(&lines[*index].text)?;
        let class = group(&found, "class").to_owned();
        Some((*index, (class, group(&found, "message").to_owned())))
    });
    if capital.is_some() {
        return capital;
    }
    // `error during build:` and the like announce the message.
    let announced = above.iter().find(|index| {
        let text = lines[**index].text.to_ascii_lowercase();
        text.ends_with(':') && text.contains("error ")
    });
    if let Some(index) = announced.filter(|index| **index < nearest) {
        return Some(unclassed(lines, index + 1));
    }
    let thrown = lines[nearest].text.starts_with("Thrown at:");
    let index = match above.get(1) {
        Some(value) if thrown => *value,
        _ if nearest + 1 == at => nearest,
        _ => return None,
    };
    let text = lines[index].text.trim();
    (!is_caret(text) && !text.ends_with('{')).then(|| unclassed(lines, index))
}

/// Class and message of an error that a line names.
pub(crate) fn names(text: &str) -> Option<(String, String)> {
    if let Some(found) = NAMED.captures(text) {
        let message = group(&found, "message");
        let message = message
            .strip_suffix(']')
            .filter(|_| text.contains('['))
            .unwrap_or(message);
        return Some((group(&found, "class").to_owned(), message.to_owned()));
    }
    let found = LOWER.captures(text)?;
    Some((
        String::new(),
        group(&found, "message").trim_matches('"').to_owned(),
    ))
}

/// What stands above the head: the place with its line of code, or the error that it belongs to.
fn around(lines: &[Line], floor: usize, head: &mut Head) {
    let text = lines[head.index].text.as_str();
    head.rejected = text.contains("in promise")
        || text.to_ascii_lowercase().contains("unhandledrejection")
        || text.contains("nhandled Rejection")
        || text.contains("UnhandledPromise")
        || head.class.ends_with("Rejection");
    for index in (floor.max(head.index.saturating_sub(8))..head.index).rev() {
        let above = lines[index].text.as_str();
        if parse(above).is_some() {
            break;
        }
        head.rejected |=
            above.contains("fromPromise") || above.contains("UnhandledPromiseRejection(");
        if let Some(found) = PLACE.captures(above) {
            let file = group(&found, "file");
            head.placed = true;
            head.first = index;
            if !file.starts_with("node:") {
                head.place = Some(frame("", file, number(&found, "line")));
            }
            head.rejected |= file == "node:internal/process/promises";
            break;
        }
        let indented = text.starts_with(' ');
        if head.outer.is_none()
            && indented
            && let Some(found) = OUTER.captures(above)
        {
            head.outer = Some((
                group(&found, "class").to_owned(),
                group(&found, "message").to_owned(),
            ));
            head.first = index;
        }
    }
}

/// A place that the message names, which is where to look when the stack is that of a tool.
pub(crate) fn place_in_message(trace: &mut Trace) {
    let text = format!(
        "{}\n{}",
        trace.error.message.as_deref().unwrap_or(""),
        trace.more
    );
    for line in text.lines() {
        if let Some(found) = IN_MESSAGE.captures(line) {
            let lines = number(&found, "line").max(number(&found, "line2"));
            let mut place = frame("", group(&found, "file"), lines);
            let column = number(&found, "column").max(number(&found, "column2"));
            place.column = Some(column).filter(|column| *column > 0);
            trace.error.frames.insert(0, place.clone());
            trace.error.place = Some(place);
            trace.kind = Some(Kind::Compile);
            return;
        }
    }
    if trace.error.place.is_none() {
        let found = text
            .lines()
            .find_map(|line| FILE.captures(line).or_else(|| IMPORTED.captures(line)));
        let line = |found: &regex::Captures<'_>| {
            found
                .name("line")
                .and_then(|line| line.as_str().parse().ok())
        };
        trace.error.place =
            found.map(|found| frame("", group(&found, "file"), line(&found).unwrap_or(0)));
    }
}

/// A value that is no error was thrown: place, code, caret, the value, and the farewell.
pub(crate) fn thrown_value(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if !(text.starts_with("Node.js v") || text.starts_with("(Use `node --trace-uncaught")) {
        return None;
    }
    let floor = at.saturating_sub(LONGEST_MESSAGE);
    let caret = (floor..at)
        .rev()
        .find(|index| is_caret(&lines[*index].text))?;
    let place = (floor..caret)
        .rev()
        .take(6)
        .find_map(|index| Some((index, PLACE.captures(&lines[index].text)?)));
    let (first, found) = place?;
    let file = group(&found, "file");
    let message = lines[caret + 1..at].iter().map(|line| line.text.trim());
    let message = message
        .clone()
        .find(|text| !text.is_empty() && *text != "Uncaught:" && *text != "Thrown at:")?;
    let (class, message) = names(message).unwrap_or((String::new(), message.to_owned()));
    let mut raised = Raised::new(&class, message.trim_matches(['\'', '"']));
    let own = !file.starts_with("node:");
    raised.place = own.then(|| frame("", file, number(&found, "line")));
    let mut trace = Trace::new(Language::JavaScript, Weight::Fatal, raised);
    if class == "SyntaxError" && own {
        trace.kind = Some(Kind::Syntax);
    }
    trace.lines.0 = first as u64;
    Some((trace, at + 1))
}

fn is_caret(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c == '^' || c == '~')
}

/// The heap's end, and rejections that old runtimes only warned of.
pub(crate) fn read_plain(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some((_, message)) = text.split_once("FATAL ERROR: ") {
        let raised = Raised::new("FATAL ERROR", message);
        let mut trace = Trace::new(Language::JavaScript, Weight::Fatal, raised);
        if message.contains("memory") || message.contains("heap") {
            trace.kind = Some(Kind::OutOfMemory);
        }
        let native = |text: &str| {
            let text = text.trim_start();
            text.is_empty()
                || text.starts_with("-----")
                || text
                    .split_once(": 0x")
                    .is_some_and(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()))
        };
        let more = lines[at + 1..]
            .iter()
            .take_while(|line| native(&line.text))
            .count();
        return Some((trace, at + 1 + more));
    }
    let rejected =
        text.contains("UnhandledPromiseRejection") || text.contains("Uncaught (in promise)");
    let follows = lines[at + 1..]
        .iter()
        .take(LONGEST_MESSAGE)
        .any(|line| parse(&line.text).is_some());
    if !rejected || follows || text.contains("new UnhandledPromise") {
        return None;
    }
    let (class, message) = names(text).or_else(|| {
        let message = text
            .split_once("(in promise) ")
            .or_else(|| text.split_once("Warning: "))?
            .1;
        Some((String::new(), message.to_owned()))
    })?;
    let trace = Trace::new(
        Language::JavaScript,
        Weight::Fatal,
        Raised::new(&class, &message),
    );
    Some((trace.kind(Kind::UnhandledRejection), at + 1))
}
