//! Elixir and Erlang: exceptions, terminated processes, compile errors, and crash reports.

use crate::libraries::elixir_app;
use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::text::without_time;
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static HEAD: Pattern = Pattern::new(
    r"\*\* \((?<class>[A-Za-z][A-Za-z0-9_.]*|EXIT from #PID<[0-9.]+>|exit|stop|throw|Mix)\) (?:(?<file>[^\s:]+\.exs?):(?<line>[0-9]+)(?::(?<column>[0-9]+))?: )?(?<message>.*)$",
);
static FRAME: Pattern = Pattern::new(
    r"^\s+(?:\((?<app>[a-z][a-z0-9_]*(?: [0-9][^)]*)?)\) )?(?<file>[^\s:()]+\.(?:exs?|erl|eex|heex|leex|xrl|yrl)|nofile|iex):(?<line>[0-9]+): (?<function>.+)$",
);
static FRAME_BARE: Pattern = Pattern::new(
    r"^\s+(?:\([a-z][a-z0-9_]*(?: [0-9][^)]*)?\) )?:?[A-Za-z_][A-Za-z0-9_.:]*[.:][a-z_\x22][^ ]*(?:\(.*\)|/[0-9]+)$",
);
static COMPILED: Pattern = Pattern::new(
    r"^\s*└─ (?<file>[^\s:]+\.exs?):(?<line>[0-9]+)(?::(?<column>[0-9]+))?(?:: (?<function>.+))?$",
);
static FOUND_ON: Pattern = Pattern::new(r"found on (?<file>[^\s:]+\.exs?):(?<line>[0-9]+)");
static ERLANG: Pattern = Pattern::new(r"exception (?<class>error|exit|throw): (?<message>.*)$");
static ERLANG_FRAME: Pattern = Pattern::new(
    r"in (?:function|call from) +(?<function>\S+) \((?<file>[^,()]+\.erl), line (?<line>[0-9]+)\)",
);

/// Lines of a message between its head and its first frame.
const LONGEST_MESSAGE: usize = 60;

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = ERLANG.captures(text) {
        return Some(erlang(lines, at, &found));
    }
    let found = HEAD.captures(text)?;
    let (mut class, mut message) = (group(&found, "class"), group(&found, "message"));
    let mut head = at;
    // `** (exit) an exception was raised:`, then the exception, one step further in.
    let inner = lines.get(at + 1).and_then(|line| HEAD.captures(&line.text));
    if let Some(inner) = inner.filter(|_| message.ends_with("an exception was raised:")) {
        class = group(&inner, "class");
        message = group(&inner, "message");
        head += 1;
    }
    let mut raised = Raised::new(class, message.trim_end());
    if !group(&found, "file").is_empty() {
        let mut place = frame("", group(&found, "file"), number(&found, "line"));
        place.column = Some(number(&found, "column")).filter(|column| *column > 0);
        raised.place = Some(place);
    }
    let mut trace = Trace::new(Language::Elixir, weight(lines, at), raised);
    let end = frames(lines, head + 1, &mut trace);
    trace.kind = kind(class, &trace);
    if trace.kind == Some(Kind::Compile) || trace.kind == Some(Kind::Syntax) {
        compiled(lines, at, end, &mut trace);
    }
    if class == "Mix" {
        trace.error.class = None;
        trace.kind = Some(Kind::Config);
    }
    Some((trace, end))
}

fn frames(lines: &[Line], from: usize, trace: &mut Trace) -> usize {
    let mut at = from;
    let mut end = from;
    let mut waited = 0;
    while at < lines.len() && waited < LONGEST_MESSAGE {
        let text = lines[at].text.as_str();
        if let Some(found) = FRAME.captures(text) {
            let app = group(&found, "app");
            let name = group(&found, "function");
            let function = if app.is_empty() {
                name.to_owned()
            } else {
                format!("({app}) {name}")
            };
            if trace.error.frames.len() < MOST_FRAMES {
                trace.error.frames.push(frame(
                    &function,
                    group(&found, "file"),
                    number(&found, "line"),
                ));
            }
            end = at + 1;
        } else if FRAME_BARE.is_match(text) {
            end = at + 1;
        } else if is_foreign(lines, at) {
            waited += 1;
        } else if let Some(found) = HEAD.captures(text).filter(|_| text.starts_with("    ")) {
            trace.causes.push(Raised::new(
                group(&found, "class"),
                group(&found, "message"),
            ));
            end = at + 1;
        } else if HEAD.is_match(text) || !trace.error.frames.is_empty() || ends_message(lines, at) {
            break;
        } else {
            trace.also(text);
            waited += 1;
        }
        at += 1;
    }
    end
}

/// Whether a line is another's record, with the stack going on behind it.
fn is_foreign(lines: &[Line], at: usize) -> bool {
    let text = lines[at].text.as_str();
    let record = !text.is_empty() && without_time(text).len() != text.len();
    record
        && lines[at + 1..]
            .iter()
            .take(3)
            .any(|line| line.text.starts_with("    "))
}

/// Whether a line is no part of a message: it is not indented, and no frame follows soon.
fn ends_message(lines: &[Line], at: usize) -> bool {
    let text = lines[at].text.as_str();
    if text.is_empty() || text.starts_with([' ', '\t']) {
        return false;
    }
    let ahead = lines[at + 1..].iter().take(12);
    let mut ahead = ahead.take_while(|line| {
        !HEAD.is_match(&line.text) && without_time(&line.text).len() == line.text.len()
    });
    without_time(text).len() != text.len() || !ahead.any(|line| FRAME.is_match(&line.text))
}

/// The application that a frame names is kept only until frames are judged.
pub(crate) fn without_app(frame: &mut Frame) {
    if let Some(function) = &frame.function {
        frame.function = Some(elixir_app(function).1.to_owned());
    }
}

fn weight(lines: &[Line], at: usize) -> Weight {
    let before = lines[..at].iter().rev().take(4);
    let logged = before.into_iter().any(|line| {
        let text = line.text.as_str();
        text.contains("terminating") || text.contains("terminated") || text.contains("[error]")
    });
    if logged || lines[at].text.contains("[error]") {
        Weight::Logged
    } else {
        Weight::Fatal
    }
}

fn kind(class: &str, trace: &Trace) -> Option<Kind> {
    match class {
        "CompileError" | "Mix.CompileError" => Some(Kind::Compile),
        "SyntaxError" | "TokenMissingError" | "MismatchedDelimiterError" | "EEx.SyntaxError" => {
            Some(Kind::Syntax)
        }
        "ExUnit.AssertionError" => Some(Kind::Assertion),
        _ if trace
            .error
            .message
            .as_deref()
            .is_some_and(|message| message.contains("errors have been logged")) =>
        {
            Some(Kind::Compile)
        }
        _ => None,
    }
}

/// A compile error tells its place in a diagnostic, above or below its head.
fn compiled(lines: &[Line], at: usize, end: usize, trace: &mut Trace) {
    let below = lines[at..end.min(lines.len())]
        .iter()
        .chain(lines[end.min(lines.len())..].iter().take(8));
    let on = lines[at..]
        .iter()
        .take(2)
        .find_map(|line| FOUND_ON.captures(&line.text));
    if let Some(found) = on.or_else(|| {
        below
            .into_iter()
            .find_map(|line| COMPILED.captures(&line.text))
    }) {
        trace
            .error
            .place
            .get_or_insert(frame("", group(&found, "file"), number(&found, "line")));
    }
    if trace.error.place.is_some() {
        return;
    }
    let floor = at.saturating_sub(40);
    let error = (floor..at).find(|at| lines[*at].text.trim_start().starts_with("error: "));
    let Some(error) = error else { return };
    let found = lines[error..at]
        .iter()
        .find_map(|line| COMPILED.captures(&line.text));
    if let Some(found) = found {
        let message = lines[error].text.trim_start().trim_start_matches("error: ");
        trace.error.message = Some(message.to_owned());
        trace.error.place = Some(frame(
            group(&found, "function"),
            group(&found, "file"),
            number(&found, "line"),
        ));
        trace.lines.0 = error as u64;
    }
}

/// An exception as Erlang's shell and escripts tell it.
fn erlang(lines: &[Line], at: usize, found: &regex::Captures<'_>) -> (Trace, usize) {
    let mut raised = Raised::new(
        &format!("exception {}", group(found, "class")),
        group(found, "message"),
    );
    let mut end = at + 1;
    while let Some(line) = lines.get(end)
        && line.text.starts_with("  ")
    {
        if let Some(found) = ERLANG_FRAME.captures(&line.text) {
            raised.frames.push(frame(
                group(&found, "function"),
                group(&found, "file"),
                number(&found, "line"),
            ));
        }
        end += 1;
    }
    (Trace::new(Language::Elixir, Weight::Fatal, raised), end)
}
