//! Sanitizers of C and C++ (address, leak, thread, memory, undefined behaviour) and Valgrind.

use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static HEAD: Pattern = Pattern::new(
    r"(?:==[0-9]+==\s?)?(?:ERROR|WARNING): (?<tool>(?:Address|Leak|Thread|Memory|HWAddress|UndefinedBehavior)Sanitizer): (?<class>[A-Za-z][A-Za-z-]*(?: race| leaks)?(?: memory leaks)?)(?<message>.*)$",
);
static FRAME: Pattern = Pattern::new(
    r"^\s*#(?<index>[0-9]+) (?:0x[0-9a-f]+ )?(?:in )?(?<function>.+?)(?: (?<file>[^\s()]+?):(?<line>[0-9]+)(?::(?<column>[0-9]+))?)?(?: \([^()]*\+0x[0-9a-f]+\))?(?: \(BuildId: [0-9a-f]+\))?$",
);
static UNDEFINED: Pattern = Pattern::new(
    r"^(?<file>[^\s:]+):(?<line>[0-9]+):(?<column>[0-9]+): runtime error: (?<message>.*)$",
);
static VALGRIND: Pattern = Pattern::new(
    r"^==[0-9]+== (?<message>Invalid (?:read|write) of size [0-9]+|Invalid free\(\).*|Conditional jump or move depends on uninitialised value.*|Use of uninitialised value.*|Process terminating with default action of signal (?<signal>[0-9]+).*|Jump to the invalid address.*|Mismatched free\(\).*|[0-9,]+ bytes in [0-9,]+ blocks are definitely lost.*)$",
);
static VALGRIND_FRAME: Pattern = Pattern::new(
    r"^==[0-9]+==\s+(?:at|by) 0x[0-9A-F]+: (?<function>.+?) \((?:in )?(?<file>[^():]+?)(?::(?<line>[0-9]+))?\)$",
);

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = HEAD.captures(text) {
        return Some(report(lines, at, &found));
    }
    if let Some(found) = UNDEFINED.captures(text) {
        let mut raised = Raised::new("runtime error", group(&found, "message"));
        let mut place = frame("", group(&found, "file"), number(&found, "line"));
        place.column = Some(number(&found, "column"));
        let (frames, end) = stack(lines, at + 1);
        raised.frames = frames;
        raised.place = Some(place);
        let trace = Trace::new(language(&raised), Weight::Logged, raised).kind(Kind::Sanitizer);
        return Some((trace, end));
    }
    let found = VALGRIND.captures(text)?;
    let mut raised = Raised::new("", group(&found, "message"));
    let mut end = at + 1;
    while let Some(found) = lines
        .get(end)
        .and_then(|line| VALGRIND_FRAME.captures(&line.text))
    {
        raised.frames.push(frame(
            group(&found, "function"),
            group(&found, "file"),
            number(&found, "line"),
        ));
        end += 1;
    }
    let kind = match group(&found, "signal") {
        "11" | "7" => Kind::Segfault,
        "" => Kind::Sanitizer,
        _ => Kind::Signal,
    };
    Some((
        Trace::new(language(&raised), Weight::Logged, raised).kind(kind),
        end,
    ))
}

/// A report: the first stack after its head tells where; later ones tell of allocations.
fn report(lines: &[Line], at: usize, found: &regex::Captures<'_>) -> (Trace, usize) {
    let tool = group(found, "tool");
    let class = group(found, "class");
    let message = group(found, "message").trim();
    let whole = format!("{class} {message}");
    let mut raised = Raised::new(tool, whole.trim());
    let reach = lines.len().min(at + 30);
    let first = (at + 1..reach).find(|at| FRAME.is_match(&lines[*at].text));
    let mut end = at + 1;
    if let Some(first) = first {
        let (frames, next) = stack(lines, first);
        raised.frames = frames;
        end = next;
    }
    // The rest of the report: other stacks, the summary, the shadow of memory.
    let reach = lines.len().min(end + 400);
    let last = (end..reach).rev().find(|at| {
        let text = lines[*at].text.as_str();
        text.starts_with("SUMMARY: ")
            || text.ends_with("==ABORTING")
            || text.starts_with("  Shadow gap:")
    });
    let leak = tool == "LeakSanitizer";
    let weight = if leak || tool == "ThreadSanitizer" {
        Weight::Logged
    } else {
        Weight::Fatal
    };
    let language = language(&raised);
    let trace = Trace::new(language, weight, raised).kind(Kind::Sanitizer);
    (trace, last.map_or(end, |last| last + 1))
}

/// Numbered frames from a line on, until the stack ends.
pub(crate) fn stack(lines: &[Line], from: usize) -> (Vec<Frame>, usize) {
    let mut frames = Vec::new();
    let mut at = from;
    while let Some(found) = lines.get(at).and_then(|line| FRAME.captures(&line.text)) {
        if frames.len() < MOST_FRAMES {
            let mut next = frame(
                group(&found, "function"),
                group(&found, "file"),
                number(&found, "line"),
            );
            next.column = Some(number(&found, "column")).filter(|column| *column > 0);
            frames.push(next);
        }
        at += 1;
    }
    (frames, at)
}

/// C or C++: told by the names of functions and files.
pub(crate) fn language(raised: &Raised) -> Language {
    let all = raised.frames.iter().chain(&raised.place);
    let cpp = all.into_iter().any(|frame| {
        let function = frame.function.as_deref().unwrap_or("");
        let file = frame.file.as_deref().unwrap_or("");
        let own = !file.contains("libsanitizer") && !file.contains("compiler-rt");
        function.contains("::") || function.contains("operator ") || own && is_cpp(file)
    });
    if cpp { Language::Cpp } else { Language::C }
}

/// Whether a file's name is one of C++.
pub(crate) fn is_cpp(file: &str) -> bool {
    let extension = file.rsplit('.').next().unwrap_or("");
    [
        "cpp", "cc", "cxx", "hpp", "hh", "hxx", "C", "c++", "ipp", "tpp", "inl",
    ]
    .contains(&extension)
}
