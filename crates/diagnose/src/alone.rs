//! Causes that stand in one line, without a stack: what rules recognise, and records of a level that
//! speaks of an end.

use forge_logs::{Level, level_of};
use serde_json::Value;

use crate::pattern::Pattern;
use crate::report::Language;
use crate::rules::{self, Match};
use crate::text::without_time;
use crate::trace::{Line, Raised, Trace, Weight, cut};

/// Lines from the end that are looked at.
const NEAR: usize = 2000;

/// What stands before the message of a record: level, logger, pid, name of a program.
static BEFORE: Pattern = Pattern::new(
    r"^(?:(?:error|Error|fatal|Fatal|panic):|\[?(?:ERROR|FATAL|ERR!?|CRITICAL|PANIC|WARN|WARNING|LOG)\]?:?|\[(?:error|fatal|emerg|crit|alert|err|warn)\]:?|npm (?:error|ERR!)|yarn (?:error|run)|\[[^\]\s]*\]|\([^)\s]*\)|[0-9]+#[0-9]+:|UTC|npm|nginx:|docker:|[0-9]+:[A-Z] [0-9]+ [A-Z][a-z]{2} [0-9]{4} [0-9:.]+ [#*.-]|Warning:|ERR_[A-Z_]+|[EF][0-9]{4} [0-9:.]+ +[0-9]+ [^\s\]]+\]|\[[0-9]+\]:?|-|✖|×|⨯|❌|🚨|❗)(?: |$)\s*",
);
/// Words at the beginning of a line with which tools tell of their end.
static ENDING: Pattern = Pattern::new(
    r"^(?:\S{1,24}: )?(?:error|fatal|fatal error|panic|Error|Fatal|FATAL|ERROR|ERR!)(?::| \w+:|!) ?\S",
);
/// Words that only repeat that something else failed.
const ECHOES: [&str; 27] = [
    "exited with code",
    "exit status",
    "Exit status",
    "exit code",
    "ELIFECYCLE",
    "Command failed",
    "A complete log of this run",
    "npm error code",
    "npm error path",
    "npm error errno",
    "npm ERR! code",
    "npm ERR! errno",
    "npm ERR! path",
    "could not compile",
    "build failed",
    "Traceback (most recent call last)",
    "Worker failed to boot",
    "Build failed",
    "ERROR: test failed",
    "error: test failed",
    "aborting due to",
    "make: ***",
    "make[",
    "Failed at the",
    "lifecycle script",
    "error: Recipe",
    "returned non-zero",
];

/// A line that names a cause, and how telling it is.
#[derive(Debug)]
pub(crate) struct Alone {
    pub(crate) trace: Trace,
    /// The rank of its rule; none where it is only a remark.
    pub(crate) found: Option<Match>,
}

/// Words of those who go on in spite of it.
const GOES_ON: [&str; 6] = [
    "trying another",
    "trying next",
    "using available port",
    " instead",
    "retrying",
    "Retrying",
];

/// Whose words they are: ways to name the system's errors that only one runtime has.
const SPEAKERS: [(&[&str], Language); 9] = [
    (
        &[
            "Gemfile",
            "GemNotFound",
            "bundle install",
            "Errno::E",
            "cannot load such file",
            "(Errno",
        ],
        Language::Ruby,
    ),
    (&["(os error ", "Cargo.toml"], Language::Rust),
    (&["[Errno "], Language::Python),
    (
        &[
            "listen tcp",
            "dial tcp",
            "dial unix",
            "go.mod ",
            "executable file not found in $PATH",
        ],
        Language::Go,
    ),
    (
        &[":eaddrinuse", ":econnrefused", "mix deps.get"],
        Language::Elixir,
    ),
    (&["perl script", "in @INC"], Language::Perl),
    (&["SQLSTATE[", "(reason: "], Language::Php),
    (
        &["update .NET", "System.Net.", "Microsoft.NETCore"],
        Language::Dotnet,
    ),
    (
        &[
            "EADDRINUSE",
            "ECONNREFUSED",
            "ENOENT: ",
            "EACCES: ",
            "EMFILE: ",
            "ENOTFOUND",
        ],
        Language::JavaScript,
    ),
];

/// The causes in the last lines of a program's output, in order.
pub(crate) fn read(lines: &[Line]) -> Vec<Alone> {
    let near = &lines[lines.len().saturating_sub(NEAR)..];
    let mut causes: Vec<Alone> = Vec::new();
    for (at, line) in near.iter().enumerate() {
        let Some(mut alone) = one(line) else { continue };
        // Some say the port in a sentence of its own, right after.
        if let Some(found) = &mut alone.found
            && found.rule.name == "port-in-use"
            && found.port.is_none()
        {
            let after = near[at + 1..].iter().take(2);
            found.port = after.into_iter().find_map(|line| rules::port(&line.text));
        }
        causes.push(alone);
    }
    causes
}

fn one(line: &Line) -> Option<Alone> {
    let text = line.text.as_str();
    if text.is_empty() || ECHOES.iter().any(|echo| text.contains(echo)) {
        return None;
    }
    let goes_on = GOES_ON.iter().any(|words| text.contains(words));
    let found = rules::apply(text).filter(|found| found.rule.alone && !goes_on);
    let level = level_of(text.as_bytes());
    let found = found.filter(|found| match level {
        None | Some(Level::Error | Level::Fatal) => true,
        // Servers that give up because of a port say so at any level.
        Some(Level::Warn | Level::Info) => found.rule.name == "port-in-use",
        Some(Level::Debug | Level::Trace) => false,
    });
    let remark = matches!(level, Some(Level::Error | Level::Fatal)) || ENDING.is_match(text);
    if found.is_none() && !remark {
        return None;
    }
    let said = found.as_ref().and_then(|found| found.error.clone());
    let message = message(said.as_deref().unwrap_or(text));
    if message.is_empty() {
        return None;
    }
    let spoken = |words: &&[&str]| words.iter().any(|word| text.contains(word));
    let speaker = SPEAKERS.iter().find(|(words, _)| spoken(words));
    let trace = Trace {
        language: speaker
            .filter(|_| found.is_some())
            .map(|(_, language)| *language),
        kind: found.as_ref().and_then(|found| found.rule.kind),
        weight: if found.is_some() {
            Weight::Cause
        } else {
            Weight::Remark
        },
        error: Raised::new("", &cut(&message, 600)),
        causes: Vec::new(),
        more: String::new(),
        lines: (line.number, line.number),
    };
    Some(Alone { trace, found })
}

/// What a record says: of a structured one its message and its error.
pub(crate) fn message(text: &str) -> String {
    let bare = bare(text);
    let fields = if bare.starts_with('{') {
        json(bare)
    } else {
        let field = |pattern: &Pattern| {
            let found = pattern.captures(bare)?;
            found
                .name("text")
                .or(found.name("word"))
                .map(|text| text.as_str().to_owned())
        };
        (field(&MESSAGE), field(&ERROR))
    };
    match fields {
        (Some(message), Some(error)) => format!("{message}: {error}"),
        (Some(message), None) => message,
        (None, _) => bare.to_owned(),
    }
}

static MESSAGE: Pattern =
    Pattern::new(r#"(?:^|\s)(?:msg|message)=(?:"(?<text>(?:[^"\\]|\\.)*)"|(?<word>\S+))"#);
static ERROR: Pattern =
    Pattern::new(r#"\s(?:error|err)=(?:"(?<text>(?:[^"\\]|\\.)*)"|(?<word>\S+))"#);

fn json(text: &str) -> (Option<String>, Option<String>) {
    let Ok(record) = serde_json::from_str::<Value>(text) else {
        return (None, None);
    };
    let inner = record.get("fields").unwrap_or(&record);
    let find = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| inner.get(*name));
        let value =
            values.find_map(|value| value.as_str().or_else(|| value.get("message")?.as_str()));
        value.map(str::to_owned)
    };
    (find(&["message", "msg"]), find(&["error", "err"]))
}

/// A record without what stands before its message.
fn bare(text: &str) -> &str {
    let mut rest = without_time(text).trim_start();
    while let Some(found) = BEFORE.captures(rest) {
        let end = found.get(0).map_or(0, |all| all.end());
        if end == 0 || end >= rest.len() {
            break;
        }
        rest = without_time(&rest[end..]).trim_start();
    }
    // A thread's number before bracketed fields, as MySQL has it.
    match rest.split_once(" [") {
        Some((number, fields))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            bare(&rest[rest.len() - fields.len() - 1..])
        }
        _ => rest,
    }
}
