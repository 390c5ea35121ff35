//! The readers of the languages. Each is given the lines and the place of one that could begin
//! something, and answers with what it found and where that ends, or with nothing.

pub(crate) mod compilers;
pub(crate) mod dotnet;
pub(crate) mod elixir;
pub(crate) mod go;
pub(crate) mod go_logs;
pub(crate) mod java;
pub(crate) mod native;
pub(crate) mod node;
pub(crate) mod node_head;
pub(crate) mod perl;
pub(crate) mod php;
pub(crate) mod php_console;
pub(crate) mod python;
pub(crate) mod python_forms;
pub(crate) mod ruby;
pub(crate) mod rust;
pub(crate) mod sanitizers;
pub(crate) mod shell;

use std::sync::LazyLock;

use regex::Regex;

use crate::trace::{Found, Line, Trace};

/// A reader.
type Reader = fn(&[Line], usize) -> Found;

/// All readers; of two that would take a line, the more particular one comes first.
const READERS: &[(&[&str], Reader)] = &[
    (
        &["Traceback (most", "File \"", "Fatal Python error"],
        python::read,
    ),
    (
        &[
            "Traceback (most recent call last) ─",
            ".py:",
            "can't open file",
            "No module named",
            "Error loading ASGI",
        ],
        python_forms::read,
    ),
    (
        &[
            "panicked at",
            "overflowed its stack",
            "fatal runtime error",
            "memory allocation of",
            "Error:",
            "The application panicked",
            "exit successfully",
        ],
        rust::read,
    ),
    (
        &[
            "panic: ",
            "panic serving",
            "fatal error: ",
            "goroutine ",
            "SIGQUIT: ",
            "SIGABRT: ",
            "SIGSEGV: ",
        ],
        go::read,
    ),
    (
        &[
            "DATA RACE",
            "panic recovered",
            "--- FAIL",
            "PANIC RECOVER",
            "[Recovery]",
            "FATAL\t",
            " panic: ",
            "\tERROR\t",
            "\terror\t",
            "\tfatal\t",
            "\tpanic\t",
        ],
        go_logs::read,
    ),
    (
        &["Sanitizer", "runtime error: ", "==", "DEADLYSIGNAL"],
        sanitizers::read,
    ),
    (
        &[
            "terminate called",
            "terminating",
            "Assertion",
            "free()",
            "malloc",
            "realloc()",
            "detected ***",
            "double free",
            "corrupted",
            "munmap_chunk",
            "Check failed",
            "*** Error in",
        ],
        native::read,
    ),
    (&["** (", "exception error", "=CRASH REPORT"], elixir::read),
    (
        &[
            "Fatal error",
            "Parse error",
            "Stack trace:",
            "[stacktrace]",
            "[object] (",
            "Uncaught ",
        ],
        php::read,
    ),
    (&[".php:", ".php line"], php_console::read),
    (
        &[
            "error",
            "Error",
            "ERROR",
            "undefined reference",
            "Can't resolve",
            ".go:",
            ".kt:",
            ".java:[",
        ],
        compilers::read,
    ),
    (
        &[
            ":in `",
            ":in '",
            "syntax error",
            "SyntaxError)",
            "Failure/Error",
            "aborted!",
        ],
        ruby::read,
    ),
    (&[" at ", "\tat "], java::read),
    (
        &[
            " at ",
            "Unhandled exception",
            "Process terminated",
            "Stack overflow",
        ],
        dotnet::read,
    ),
    (
        &[" at ", "❯", "Node.js v", "(Use `node --trace-uncaught"],
        node::read,
    ),
    (
        &[
            "Could not find or load main class",
            "Unable to access jarfile",
            "APPLICATION FAILED TO START",
            "fatal error has been detected",
            "OutOfMemoryError",
        ],
        java::read_plain,
    ),
    (
        &[
            "<--- JS stacktrace",
            "FATAL ERROR:",
            "UnhandledPromiseRejection",
            "ncaught",
        ],
        node_head::read_plain,
    ),
    (&[" at "], perl::read),
    (
        &[
            "not found",
            "No such file",
            "denied",
            "ermission",
            "annot execute",
            "yntax error",
            "unbound",
            "unexpected",
            "Segmentation fault",
            "Aborted",
            "Killed",
            "Illegal instruction",
            "Bus error",
            "Floating point",
            "core dumped",
            "bad interpreter",
            "parameter ",
            "line ",
            "must be",
            "equired",
            ".sh: ",
            "s a directory",
            "Trace/breakpoint",
        ],
        shell::read,
    ),
];

/// All words that some reader asks for.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = READERS.iter().flat_map(|(words, _)| words.iter());
    let words: Vec<String> = words.map(|word| regex::escape(word)).collect();
    Regex::new(&words.join("|")).ok()
});

/// Everything that the readers find in the lines of one program, in order.
pub(crate) fn read(lines: &[Line]) -> Vec<Trace> {
    let mut traces = Vec::new();
    let mut at = 0;
    // No reader looks back beyond what an earlier one has taken.
    let mut floor = 0;
    while at < lines.len() {
        let Some((mut trace, end)) = read_one(&lines[floor..], at - floor) else {
            at += 1;
            continue;
        };
        let end = (floor + end).max(at + 1).min(lines.len());
        let told = usize::try_from(trace.lines.0).unwrap_or(usize::MAX);
        let first = told.saturating_add(floor).min(at);
        trace.lines = (lines[first].number, lines[end - 1].number);
        traces.push(trace);
        at = end;
        floor = end;
    }
    traces
}

fn read_one(lines: &[Line], at: usize) -> Found {
    let text = &lines[at].text;
    if !WORDS.as_ref().is_none_or(|words| words.is_match(text)) {
        return None;
    }
    READERS
        .iter()
        .filter(|(words, _)| words.iter().any(|word| text.contains(word)))
        .find_map(|(_, reader)| reader(lines, at))
}
