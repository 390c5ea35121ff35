//! Java, Kotlin and their kin: stack traces with causes, and what the launcher, the virtual machine
//! and Spring Boot say when they cannot go on.

use crate::pattern::{Pattern, group, number};
use crate::report::{Frame, Kind, Language};
use crate::trace::{Found, Line, MOST_FRAMES, Raised, Trace, Weight, cut, frame};

static FRAME: Pattern = Pattern::new(
    r"^\s*(?:\[[A-Za-z]+\]\s*)?at (?<function>[^\s(]+)\((?:(?<file>[^():\s]+\.[a-z]+):(?<line>-?[0-9]+)|(?<bare>[^():\s]+\.[a-z]+)|Native Method|Unknown Source|<generated>)\)",
);
static HEAD: Pattern = Pattern::new(
    r#"(?:^|[\s:\]])(?<class>(?:[a-zA-Z_][A-Za-z0-9_]*\.)+[A-Z][A-Za-z0-9_$]*)(?:: (?<message>.*))?$"#,
);
static THREAD: Pattern = Pattern::new(
    r#"^(?:.*\s)?Exception in thread "[^"]*" (?<class>[^\s:]+)(?:: (?<message>.*))?$"#,
);
static BARE: Pattern =
    Pattern::new(r"^(?<class>[A-Z][A-Za-z0-9_$]*(?:Exception|Error))(?:: (?<message>.*))?$");
static CAUSE: Pattern = Pattern::new(
    r"^\s*(?<how>Caused by|Suppressed|Wrapped by): (?<class>[^\s:]+)(?:: (?<message>.*))?$",
);

/// Lines of a message between its head and its first frame.
const LONGEST_MESSAGE: usize = 30;

/// Reads a stack trace from its first frame, or from its first cause where it has no frame.
pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let first = &lines[at].text;
    if !FRAME.is_match(first) {
        return None;
    }
    let (head, class, message) = head(lines, at)?;
    let mut error = Raised::new(&class, &message);
    let mut trace_more = Vec::new();
    for line in &lines[head + 1..at] {
        trace_more.push(line.text.clone());
    }
    let mut causes: Vec<Raised> = Vec::new();
    let mut suppressed = false;
    let mut end = at;
    let mut foreign = 0;
    while end < lines.len() {
        let text = lines[end].text.as_str();
        if let Some(next) = parse(text) {
            let into = causes.last_mut().unwrap_or(&mut error);
            if !suppressed && into.frames.len() < MOST_FRAMES {
                into.frames.push(next);
            }
            foreign = 0;
        } else if let Some(found) = CAUSE.captures(text) {
            suppressed = group(&found, "how") == "Suppressed";
            if !suppressed && causes.len() < 32 {
                causes.push(Raised::new(
                    group(&found, "class"),
                    group(&found, "message"),
                ));
            }
        } else if !(text.trim_start().starts_with("... ") || text.is_empty()) {
            // Another thread's line, or the end: told by whether a frame follows.
            foreign += 1;
            let near = lines[end + 1..].iter().take(3);
            let mut near = near.take_while(|line| !is_head(&line.text));
            if foreign > 8 || is_head(text) || !near.any(|line| continues(&line.text)) {
                break;
            }
        } else if text.is_empty() && !lines.get(end + 1).is_some_and(|line| continues(&line.text)) {
            break;
        }
        end += 1;
    }
    let fatal = lines[head].text.contains("Exception in thread");
    let weight = if fatal { Weight::Fatal } else { Weight::Logged };
    let mut trace = Trace::new(language(&error, &causes), weight, error);
    trace.kind = kind(&class);
    trace.causes = causes;
    trace.lines.0 = head as u64;
    trace_more.iter().for_each(|text| trace.also(text));
    Some((trace, end))
}

fn continues(text: &str) -> bool {
    FRAME.is_match(text) || CAUSE.is_match(text) || text.trim_start().starts_with("... ")
}

fn is_head(text: &str) -> bool {
    THREAD.is_match(text) || (HEAD.is_match(text) && !continues(text))
}

fn parse(text: &str) -> Option<Frame> {
    let found = FRAME.captures(text)?;
    let file = found.name("file").or(found.name("bare"));
    let mut next = frame(
        group(&found, "function"),
        file.map_or("", |file| file.as_str()),
        number(&found, "line"),
    );
    // Where a log adds the archive that a class came from, archives are libraries.
    let tail = &text[found.get(0)?.end()..];
    if tail.contains(".jar:") || tail.contains(".jar!") {
        next.file = None;
    }
    Some(next)
}

/// The line that names the error: the nearest above the frames that can.
fn head(lines: &[Line], at: usize) -> Option<(usize, String, String)> {
    let floor = at.saturating_sub(LONGEST_MESSAGE);
    for index in (floor..at).rev() {
        let text = lines[index].text.trim_end();
        if FRAME.is_match(text) {
            return None;
        }
        let found = THREAD
            .captures(text)
            .or_else(|| BARE.captures(text))
            .or_else(|| {
                HEAD.captures(text)
                    .filter(|found| told(group(found, "class")))
            })
            .or_else(|| inline(text));
        if let Some(found) = found {
            return Some((
                index,
                group(&found, "class").to_owned(),
                group(&found, "message").to_owned(),
            ));
        }
    }
    None
}

static INLINE: Pattern = Pattern::new(
    r"(?:^|[\s:\]])(?<class>(?:[a-zA-Z_][A-Za-z0-9_]*\.)+[A-Z][A-Za-z0-9_$]*(?:Exception|Error|Throwable)): (?<message>.*)$",
);

/// An error named somewhere within a record.
fn inline(text: &str) -> Option<regex::Captures<'_>> {
    INLINE.captures(text)
}

/// Whether a dotted name is that of an error rather than of a logger.
fn told(class: &str) -> bool {
    let last = class.rsplit(['.', '$']).next().unwrap_or(class);
    let ends = [
        "Exception",
        "Error",
        "Throwable",
        "Failure",
        "Fault",
        "Interrupt",
        "Panic",
    ];
    ends.iter().any(|end| last.ends_with(end)) || class.contains("xception")
}

fn language(error: &Raised, causes: &[Raised]) -> Language {
    let own = std::iter::once(error)
        .chain(causes)
        .flat_map(|raised| &raised.frames);
    let kotlin = own.clone().any(|frame| {
        let kt = frame
            .file
            .as_deref()
            .is_some_and(|file| file.ends_with(".kt") || file.ends_with(".kts"));
        let function = frame.function.as_deref().unwrap_or("");
        kt && !function.starts_with("kotlin")
            && !function.starts_with("org.jetbrains")
            && !function.starts_with("io.ktor")
            && !function.starts_with("okhttp3")
            && !function.starts_with("okio")
    });
    if kotlin {
        Language::Kotlin
    } else {
        Language::Java
    }
}

fn kind(class: &str) -> Option<Kind> {
    match class.rsplit('.').next().unwrap_or(class) {
        "NullPointerException" | "KotlinNullPointerException" => Some(Kind::NilDereference),
        "StackOverflowError" => Some(Kind::StackOverflow),
        "OutOfMemoryError" => Some(Kind::OutOfMemory),
        "AssertionError" | "AssertionFailedError" | "ComparisonFailure" => Some(Kind::Assertion),
        _ => None,
    }
}

/// What the launcher, the machine and Spring Boot say without a stack.
pub(crate) fn read_plain(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    let after = |count: usize| lines.get(at + count).map_or("", |line| line.text.as_str());
    let told = |class: &str, message: &str, kind| {
        Trace::new(Language::Java, Weight::Fatal, Raised::new(class, message)).kind(kind)
    };
    if text.contains("Could not find or load main class") {
        let mut trace = told("", text.trim_start_matches("Error: "), Kind::MissingModule);
        if let Some(found) = CAUSE.captures(after(1)) {
            trace.error = Raised::new(group(&found, "class"), group(&found, "message"));
            trace.also(text);
            return Some((trace, at + 2));
        }
        return Some((trace, at + 1));
    }
    if text.contains("Unable to access jarfile") {
        return Some((
            told(
                "Error",
                text.trim_start_matches("Error: "),
                Kind::MissingFile,
            ),
            at + 1,
        ));
    }
    if text.trim() == "APPLICATION FAILED TO START" {
        return spring(lines, at);
    }
    if text.contains("fatal error has been detected by the Java Runtime Environment") {
        let said = lines[at..]
            .iter()
            .take(12)
            .find(|line| line.text.contains("SIG"));
        let said = said.map_or("", |line| line.text.trim_start_matches(['#', ' ']));
        let (class, message) = said.split_once(" at ").unwrap_or((said, ""));
        let class = class.split(' ').next().unwrap_or(class);
        return Some((told(class, message, Kind::Segfault), at + 1));
    }
    if text.contains("OutOfMemoryError")
        && (text.starts_with("Terminating due to") || text.starts_with("Exception: "))
    {
        let class = "java.lang.OutOfMemoryError";
        let message = text
            .split_once("OutOfMemoryError: ")
            .map_or("", |(_, message)| message);
        return Some((told(class, message, Kind::OutOfMemory), at + 1));
    }
    None
}

/// Spring Boot's own diagnosis: the paragraph below `Description:`.
fn spring(lines: &[Line], at: usize) -> Found {
    let near = lines.len().min(at + 40);
    let description = (at..near).find(|index| lines[*index].text.trim() == "Description:")?;
    let start = (description + 1..near).find(|index| !lines[*index].text.is_empty())?;
    let action = (start..near)
        .find(|index| lines[*index].text.trim() == "Action:")
        .unwrap_or(start + 1);
    let message = cut(&lines[start].text, 400);
    let mut trace =
        Trace::new(Language::Java, Weight::Fatal, Raised::new("", &message)).kind(Kind::Config);
    for line in &lines[start..action] {
        trace.also(&line.text);
    }
    Some((trace, (action + 3).min(lines.len())))
}
