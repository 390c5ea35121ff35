//! JavaScript and TypeScript under Node, Deno and Bun, and in the tools around them: an error, its
//! frames, and the errors below it. Errors are found by their frames, since anything may be a
//! message.

use super::node_head::{self, Head};
use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static SPOT: Pattern = Pattern::new(r"^(?<file>.+?):(?<line>[0-9]+)(?::(?<column>[0-9]+))?$");
static CAUSE: Pattern = Pattern::new(
    r"^\s*(?:\[?(?:cause|errors)\]?: (?:\[\s*)?)?\[?(?<class>[A-Z][A-Za-z0-9_$]*)(?: \[[A-Z0-9_]+\])?(?:: (?<message>.*?))?\]?(?: \{)?$",
);
static PROPERTY: Pattern =
    Pattern::new(r"^\s+\[?(?:code|errno|syscall|address|port|path|cause|errors|[A-Za-z]\w*)\]?: ");

/// Lines of other threads that may stand between frames.
const FOREIGN: usize = 3;

/// Reads an error from its first frame, or from the runtime's farewell where it has none.
pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if parse(text).is_none() {
        return node_head::thrown_value(lines, at);
    }
    let head = node_head::find(lines, at)?;
    let mut error = Raised::new(&head.class, &head.message);
    error.place = head.place.clone();
    let mut causes = Vec::new();
    if let Some(outer) = head.outer.clone() {
        causes.push(std::mem::replace(
            &mut error,
            Raised::new(&outer.0, &outer.1),
        ));
    }
    let mut trace = Trace::new(Language::JavaScript, Weight::Logged, error);
    trace.causes = causes;
    for line in &lines[head.index + 1..at] {
        trace.also(&line.text);
    }
    let end = frames(lines, at, &mut trace, head.outer.is_some());
    trace.lines.0 = head.first as u64;
    trace.weight = weight(lines, end, &head);
    trace.kind = kind(&trace, &head);
    node_head::place_in_message(&mut trace);
    Some((trace, end))
}

/// The frame in a line, if it is one.
pub(crate) fn parse(text: &str) -> Option<Frame> {
    let bare = text.trim_start();
    let indented = bare.len() < text.len();
    let call = match bare.strip_prefix("at ") {
        Some(call) => call,
        None => return vitest(bare.strip_prefix("❯ ")?),
    };
    let call = call.trim_end_matches([' ', '{', ',', '}', ']']);
    let call = call.strip_prefix("async ").unwrap_or(call);
    if let Some((function, spot)) = call
        .strip_suffix(')')
        .and_then(|call| call.split_once(" ("))
    {
        let spot = match spot.strip_prefix("eval at ") {
            Some(inner) => inner.rsplit_once('(')?.1.split(')').next()?,
            None => spot,
        };
        return located(function, spot).or_else(|| {
            let odd = spot.starts_with('<')
                || spot.starts_with("index ")
                || spot == "native"
                || spot.contains(": ")
                || spot == "anonymous";
            odd.then(|| frame(function, "", 0))
        });
    }
    if call.contains(' ') && !call.contains('/') {
        return None;
    }
    match located("", call) {
        Some(found) => Some(found),
        None => (indented && call == "<anonymous>").then(|| frame("", "", 0)),
    }
}

fn located(function: &str, spot: &str) -> Option<Frame> {
    let found = SPOT
        .captures(spot)
        .filter(|found| !group(found, "file").contains(": "))?;
    let mut next = frame(function, group(&found, "file"), number(&found, "line"));
    next.column = Some(number(&found, "column")).filter(|column| *column > 0);
    Some(next)
}

/// A frame as vitest draws it: `❯ total src/cart.ts:6:21`.
fn vitest(call: &str) -> Option<Frame> {
    let (function, spot) = call.rsplit_once(' ').unwrap_or(("", call));
    located(function, spot).filter(|frame| frame.column.is_some())
}

/// Reads frames, properties and causes into the trace; answers with where they end. The frames of a
/// `member` are already among the properties of another error.
fn frames(lines: &[Line], at: usize, trace: &mut Trace, member: bool) -> usize {
    let mut end = at;
    let mut foreign = 0;
    let mut properties = member;
    while end < lines.len() {
        let text = lines[end].text.as_str();
        let next = parse(text);
        if let Some(next) = next {
            let into = trace.causes.last_mut().unwrap_or(&mut trace.error);
            if into.frames.len() < MOST_FRAMES {
                into.frames.push(next);
            }
            foreign = 0;
            properties |= text.ends_with('{');
        } else if text == "}" && properties {
            return end + 1;
        } else if properties && text.trim_start().len() < text.len() {
            match cause(lines, end) {
                Some(cause) if trace.causes.len() < 32 => trace.causes.push(cause),
                _ if PROPERTY.is_match(text) => trace.also(text),
                _ => {}
            }
        } else if let Some(cause) = caused_by(lines, end) {
            trace.causes.push(cause);
        } else if !(text.trim_start().starts_with("... ")
            || text.starts_with("Emitted 'error' event"))
        {
            foreign += 1;
            let ahead = lines[end + 1..].iter().take(FOREIGN);
            let goes_on = ahead
                .take_while(|line| !line.text.is_empty())
                .any(|line| parse(&line.text).is_some());
            if text.is_empty() || foreign > FOREIGN || !goes_on || node_head::names(text).is_some()
            {
                break;
            }
        }
        end += 1;
    }
    end
}

/// An error among the properties of another: it has frames of its own, or is called a cause.
fn cause(lines: &[Line], at: usize) -> Option<Raised> {
    let text = lines[at].text.as_str();
    let found = CAUSE.captures(text)?;
    let follows = lines
        .get(at + 1)
        .is_some_and(|line| parse(&line.text).is_some());
    let called = text
        .trim_start()
        .trim_start_matches('[')
        .starts_with("cause");
    (follows || called).then(|| Raised::new(group(&found, "class"), group(&found, "message")))
}

/// `Caused by: Error: …`, as some tools write it.
fn caused_by(lines: &[Line], at: usize) -> Option<Raised> {
    let text = lines[at].text.trim_start();
    let inner = text
        .strip_prefix("Caused by: ")
        .or_else(|| text.strip_prefix("[cause]: "))?;
    let found = CAUSE.captures(inner)?;
    Some(Raised::new(
        group(&found, "class"),
        group(&found, "message"),
    ))
}

fn weight(lines: &[Line], end: usize, head: &Head) -> Weight {
    let farewell = lines[end..]
        .iter()
        .take(4)
        .any(|line| line.text.starts_with("Node.js v") || line.text.starts_with("Bun v"));
    let said =
        lines[head.index].text.contains("ncaught") || lines[head.index].text.starts_with("error: ");
    if farewell || said || head.placed {
        Weight::Fatal
    } else {
        Weight::Logged
    }
}

fn kind(trace: &Trace, head: &Head) -> Option<Kind> {
    let message = trace.error.message.as_deref().unwrap_or("");
    let class = trace.error.class.as_deref().unwrap_or("");
    if class == "SyntaxError" {
        let first = trace
            .error
            .frames
            .first()
            .and_then(|frame| frame.file.as_deref());
        let compiled =
            first.is_some_and(|file| file.starts_with("node:")) || trace.error.frames.is_empty();
        return (compiled && trace.error.place.is_some()).then_some(Kind::Syntax);
    }
    if message.contains("Maximum call stack size exceeded")
        || class == "InternalError" && message.contains("recursion")
    {
        return Some(Kind::StackOverflow);
    }
    if head.rejected || head.fatal_rejection(trace) {
        return Some(Kind::UnhandledRejection);
    }
    (class.starts_with("Assertion") || message.starts_with("expect(")).then_some(Kind::Assertion)
}
