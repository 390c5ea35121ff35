//! Shells: what they say of commands that they cannot run, of their own syntax and variables, and of
//! programs that signals ended.

use crate::pattern::{Pattern, group, number};
use crate::report::{Kind, Language};
use crate::trace::{Found, Line, Raised, Trace, Weight, frame};

/// `bin/start.sh: line 6: …`, `sh: 1: …`, `bash: …`, `zsh:1: …`.
static SAID: Pattern = Pattern::new(
    r"^(?:(?<file>[^\s:]+): line (?<line>[0-9]+)|(?<dash>[^\s:]+): (?<dashline>[0-9]+)|(?<shell>-?(?:/\S*/)?(?:ba|z|da|a|k|mk|fi|c|tc)?sh)(?::[0-9]+)?): (?<rest>.+)$",
);
static CRASHED: Pattern = Pattern::new(
    r"^(?:[0-9]+ )?(?<what>Segmentation fault|Aborted|Killed|Illegal instruction|Bus error|Floating point exception|Trace/breakpoint trap)(?: +\(core dumped\))?(?: {2,}.*)?$",
);
static MAKE: Pattern = Pattern::new(
    r"^(?:g?make)(?:\[[0-9]+\])?: \*\*\* \[(?:(?<file>[^\s:\]]+):(?<line>[0-9]+): )?(?<target>[^\]]+)\] (?<what>Segmentation fault|Aborted|Killed|Bus error|Illegal instruction|Floating point exception)",
);
static MAKE_MISSING: Pattern = Pattern::new(
    r"^(?:g?make)(?:\[[0-9]+\])?: (?<error>(?<subject>[^\s:*]+): (?:No such file or directory|Command not found|not found))$",
);
static MAKE_PLACE: Pattern =
    Pattern::new(r"^(?:g?make)(?:\[[0-9]+\])?: \*\*\* \[(?<file>[^\s:\]]+):(?<line>[0-9]+): ");
static TOOL: Pattern = Pattern::new(
    r"^(?<tool>cat|cp|mv|ls|cd|source|\.|rm|mkdir|touch|chmod|head|tail|grep|sed|tar|stat|ln|diff|sort|find|wc|tee|install|env|/usr/bin/env|exec|nohup|xargs|timeout|nice|sudo|time): (?<message>.*(?<error>No such file or directory|Permission denied|Is a directory|Not a directory|command not found))$",
);

pub(crate) fn read(lines: &[Line], at: usize) -> Found {
    let text = lines[at].text.as_str();
    if let Some(found) = MAKE_MISSING.captures(text) {
        let mut raised = Raised::new("", group(&found, "error"));
        let place = lines[at + 1..]
            .iter()
            .take(2)
            .find_map(|line| MAKE_PLACE.captures(&line.text));
        raised.place = place.map(|found| frame("", group(&found, "file"), number(&found, "line")));
        return Some((trace(raised, Kind::CommandNotFound), at + 1));
    }
    if let Some(found) = MAKE.captures(text) {
        let raised = Raised::new("", group(&found, "what"));
        return Some((crashed(raised, group(&found, "what")), at + 1));
    }
    if let Some(found) = SAID.captures(text) {
        let rest = group(&found, "rest").trim();
        if let Some(crash) = CRASHED.captures(rest) {
            let raised = Raised::new("", group(&crash, "what"));
            return Some((crashed(raised, group(&crash, "what")), at + 1));
        }
        let kind = kind(rest, found.name("shell").is_some())?;
        let mut raised = Raised::new("", rest);
        let file = found
            .name("file")
            .or_else(|| found.name("dash"))
            .map_or("", |file| file.as_str());
        let line = number(&found, "line").max(number(&found, "dashline"));
        // `sh: 1:` is a command line, not a file.
        if !is_shell(file) && !file.is_empty() {
            raised.place = Some(frame("", file, line));
        }
        return Some((trace(raised, kind), at + 1));
    }
    if let Some(found) = CRASHED.captures(text) {
        let raised = Raised::new("", group(&found, "what"));
        return Some((crashed(raised, group(&found, "what")), at + 1));
    }
    let found = TOOL.captures(text)?;
    let runs = [
        "env",
        "/usr/bin/env",
        "exec",
        "nohup",
        "xargs",
        "timeout",
        "nice",
        "sudo",
        "time",
    ]
    .contains(&group(&found, "tool"));
    let kind = match group(&found, "error") {
        "command not found" => Kind::CommandNotFound,
        "Permission denied" => Kind::Permission,
        _ if runs => Kind::CommandNotFound,
        _ => Kind::MissingFile,
    };
    Some((trace(Raised::new("", text), kind), at + 1))
}

fn trace(raised: Raised, kind: Kind) -> Trace {
    Trace::new(Language::Shell, Weight::Cause, raised).kind(kind)
}

/// A signal ended a program, of which the shell does not know the language.
fn crashed(raised: Raised, what: &str) -> Trace {
    let kind = match what {
        "Segmentation fault" | "Bus error" => Kind::Segfault,
        "Killed" => Kind::Killed,
        _ => Kind::Signal,
    };
    let mut trace = Trace::new(Language::Shell, Weight::Cause, raised).kind(kind);
    trace.language = None;
    trace
}

fn is_shell(name: &str) -> bool {
    let name = name
        .rsplit('/')
        .next()
        .unwrap_or(name)
        .trim_start_matches('-');
    ["sh", "bash", "zsh", "dash", "ash", "ksh", "mksh", "fish"].contains(&name)
}

/// What a shell complains of; a bare shell's name before it may be a word of any log.
fn kind(rest: &str, bare: bool) -> Option<Kind> {
    let ends = |end: &str| rest.ends_with(end);
    if ends(": command not found")
        || ends(": not found") && !rest.contains("file not found")
        || rest.starts_with("command not found: ")
    {
        return Some(Kind::CommandNotFound);
    }
    if rest.contains("Exec format error") || ends("cannot execute binary file") {
        return Some(Kind::ExecFormat);
    }
    if ends("bad interpreter: No such file or directory") || ends("required file not found") {
        return Some(Kind::CommandNotFound);
    }
    if ends("Permission denied") || ends(": Is a directory") {
        return Some(Kind::Permission);
    }
    if ends("No such file or directory")
        || ends(": No such file")
        || rest.contains("an't open ")
        || rest.contains("an't cd to")
    {
        let program = rest
            .split(": ")
            .next()
            .is_some_and(|name| name.contains('/') && !rest[name.len() + 2..].contains(": "));
        let runs = program && !rest.contains("an't ");
        return Some(if runs && !bare && rest.starts_with("./") {
            Kind::CommandNotFound
        } else {
            Kind::MissingFile
        });
    }
    if rest.starts_with("syntax error")
        || rest.starts_with("Syntax error")
        || rest.contains("unexpected end of file")
        || rest.contains("unexpected EOF")
        || rest.starts_with("parse error near")
    {
        return Some(Kind::Syntax);
    }
    if ends("unbound variable") || ends("parameter not set") || ends("parameter null or not set") {
        return Some(Kind::MissingEnv);
    }
    // `${NAME:?message}` says the name and what its writer wanted to be told.
    let (name, message) = rest.split_once(": ")?;
    let variable = name.len() > 1
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (variable && !bare && !message.is_empty()).then_some(Kind::MissingEnv)
}
