//! C and C++ without a sanitizer: `terminate`, `assert`, what glibc says before it aborts, and
//! checks that fail.

use super::sanitizers::is_cpp;
use crate::pattern::{Pattern, group, number};
use crate::report::{Kind, Language};
use crate::trace::{Found, Line, Raised, Trace, Weight, frame};

static TERMINATE: Pattern =
    Pattern::new(r"terminate called after throwing an instance of '(?<class>.+)'$");
static LIBCXX: Pattern = Pattern::new(
    r"terminat(?:ing|e called) (?:due to|with) uncaught exception of type (?<class>[^:\s]+(?:::[^:\s]+)*)(?:: (?<message>.*))?$",
);
static ASSERT: Pattern = Pattern::new(
    r"^(?:[^\s:]+: )?(?<file>[^\s:]+):(?<line>[0-9]+): (?<function>.+?): (?<error>Assertion [`'](?<what>.*)' failed\.?)$",
);
static ASSERT_BSD: Pattern = Pattern::new(
    r"^(?<error>Assertion failed: \(?.+?\)?), function (?<function>[^,]+), file (?<file>[^,]+), line (?<line>[0-9]+)\.$",
);
static ASSERT_MUSL: Pattern = Pattern::new(
    r"^(?<error>Assertion failed: .+?) \((?<file>[^():]+): (?<function>[^():]+): (?<line>[0-9]+)\)$",
);
static CHECK: Pattern = Pattern::new(
    r"^F\S* \S+ +[0-9]+ (?<file>[^\s:]+):(?<line>[0-9]+)\] (?<error>Check failed: .*)$",
);
static HEAP: Pattern = Pattern::new(
    r"^(?:\S+: )?(?<error>(?:free|malloc|realloc|munmap_chunk|calloc|malloc_consolidate|_int_malloc|_int_free)\(\): .+|double free or corruption.*|corrupted (?:double-linked list.*|size vs\. prev_size.*)|\*\*\* (?:stack smashing|buffer overflow) detected \*\*\*.*|\*\*\* Error in .+|malloc: \*\*\* error for object .+|pthread_\w+: .*Assertion.*|Fatal glibc error: .+)$",
);

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = TERMINATE.captures(text) {
        let what = lines
            .get(at + 1)
            .and_then(|line| line.text.split_once("what():"));
        let raised = Raised::new(group(&found, "class"), what.map_or("", |(_, what)| what));
        let end = at + 1 + usize::from(what.is_some());
        return Some((cpp(raised), end));
    }
    if let Some(found) = LIBCXX.captures(text) {
        return Some((
            cpp(Raised::new(
                group(&found, "class"),
                group(&found, "message"),
            )),
            at + 1,
        ));
    }
    if text.contains("terminate called without an active exception")
        || text.contains("terminate called recursively")
    {
        return Some((cpp(Raised::new("", text)), at + 1));
    }
    for pattern in [&ASSERT, &ASSERT_BSD, &ASSERT_MUSL, &CHECK] {
        if let Some(found) = pattern.captures(text) {
            let file = group(&found, "file");
            let function = found.name("function").map_or("", |found| found.as_str());
            let cpp = is_cpp(file) || function.contains("::") || text.starts_with('F');
            let language = if cpp { Language::Cpp } else { Language::C };
            let mut raised = Raised::new("", group(&found, "error"));
            raised.place = Some(frame(function, file, number(&found, "line")));
            let trace = Trace::new(language, Weight::Fatal, raised).kind(Kind::Assertion);
            return Some((trace, at + 1));
        }
    }
    let found = HEAP.captures(text)?;
    let raised = Raised::new("", group(&found, "error"));
    Some((
        Trace::new(Language::C, Weight::Fatal, raised).kind(Kind::Exception),
        at + 1,
    ))
}

fn cpp(raised: Raised) -> Trace {
    Trace::new(Language::Cpp, Weight::Fatal, raised).kind(Kind::Exception)
}
