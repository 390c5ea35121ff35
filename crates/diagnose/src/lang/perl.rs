//! Perl: what `die`, `croak` and `confess` say, and errors of its compiler.

use crate::pattern::{Pattern, group, number};
use crate::report::{Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, frame};

static HEAD: Pattern = Pattern::new(
    r#"^(?<message>.*?) at (?<file>\S+) line (?<line>[0-9]+)(?:, (?:<\S*> (?:line|chunk) [0-9]+|near ".*|at EOF|within \w+))*\.?$"#,
);
static CALLED: Pattern =
    Pattern::new(r"^\s+(?<function>\S.*?)(?:\(.*\))? called at (?<file>\S+) line (?<line>[0-9]+)");

/// Beginnings of what Perl only warns of.
const WARNINGS: [&str; 14] = [
    "Use of uninitialized value",
    "Argument \"",
    "Odd number of elements",
    "Useless use of",
    "Subroutine ",
    "\"my\" variable",
    "Name \"",
    "Deep recursion on",
    "Possible ",
    "Unquoted string",
    "Scalar value",
    "Applying pattern match",
    "Statement unlikely",
    "Wide character in",
];

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    let found = HEAD.captures(text)?;
    let file = group(&found, "file");
    let message = group(&found, "message");
    // `at FILE line N` is Perl's own; the file tells it from a sentence.
    let plausible = file.contains('.')
        || file.contains('/')
        || file == "-e"
        || file == "-"
        || text.ends_with('.');
    if !plausible
        || message.is_empty()
        || file.ends_with(':')
        || WARNINGS.iter().any(|start| message.starts_with(start))
    {
        return None;
    }
    if message.starts_with("BEGIN failed") || text.contains(" called at ") {
        return None;
    }
    let mut raised = Raised::new("", message);
    raised.place = Some(frame("", file, number(&found, "line")));
    let mut end = at + 1;
    while let Some(found) = lines.get(end).and_then(|line| CALLED.captures(&line.text)) {
        if raised.frames.len() < MOST_FRAMES {
            raised.frames.push(frame(
                group(&found, "function"),
                group(&found, "file"),
                number(&found, "line"),
            ));
        }
        end += 1;
    }
    if let (Some(place), Some(first)) = (&mut raised.place, raised.frames.first()) {
        place.function.clone_from(&first.function);
    }
    let ending = |line: &Line| {
        line.text.starts_with("BEGIN failed")
            || line.text.contains("aborted due to compilation errors")
    };
    let ends = lines[end..].iter().take(4).position(ending);
    let compiled = ends.is_some()
        || message.starts_with("syntax error")
        || message.starts_with("Global symbol");
    let mut trace = Trace::new(Language::Perl, Weight::Fatal, raised);
    if compiled && !message.starts_with("Can't locate ") {
        trace.kind = Some(Kind::Syntax);
    }
    // Of several errors of a compilation the first is the one to read.
    let end = ends.map_or(end, |ends| end + ends + 1);
    Some((trace, end))
}
