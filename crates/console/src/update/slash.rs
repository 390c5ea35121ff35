//! What a command line means: the console's own words, and everything else as the shell has it.

use regex::RegexBuilder;

use super::{SPANS, actions, feeds, scroll};
use crate::keymap::Action;
use crate::message::{Command, External};
use crate::model::dialog::{Dialog, OutputPane};
use crate::model::line::word_start;
use crate::model::log::LogFilter;
use crate::model::{Model, Quiet, View};
use crate::setup::Completion;
use crate::words;

/// The console's own words, with what they take and what they do.
pub(crate) const WORDS: &[(&str, &str, &str)] = &[
    (
        "filter",
        "[PROCESS…]",
        "show only these processes; without a name all of them",
    ),
    (
        "search",
        "[EXPRESSION]",
        "find it in the log; n and N go from hit to hit",
    ),
    ("grep", "[EXPRESSION]", "show only lines that match"),
    (
        "level",
        "[LEVEL]",
        "show only lines of this level and above",
    ),
    (
        "since",
        "[TIME]",
        "show only what was written since: 10m, 14:30",
    ),
    (
        "pause",
        "",
        "stay here while more is written; again, or /resume, goes on",
    ),
    ("resume", "", "follow the log again"),
    ("wrap", "", "break long lines, or cut them"),
    ("time", "", "show the times, or hide them"),
    (
        "save",
        "FILE",
        "write the lines that the filters let through into a file",
    ),
    ("clear", "", "empty the view; the files keep everything"),
    ("processes", "", "the processes"),
    ("logs", "[PROCESS…]", "the logs"),
    ("monitor", "", "what is used, over time"),
    ("ports", "", "who listens where"),
    ("events", "", "what has happened"),
    ("graph", "", "who needs whom"),
    ("attach", "PROCESS", "use the terminal of a process"),
    ("help", "", "all keys and commands"),
    ("quit", "", "leave the console; the processes run on"),
];

const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];

/// Carries out a line.
///
/// # Errors
///
/// What is wrong with it; the line stays open.
pub(super) fn run(model: &mut Model, line: &str) -> Result<Vec<Command>, String> {
    let words = words::split(line)?;
    let (first, rest) = words.split_first().ok_or("nothing to do")?;
    let first = first.trim_start_matches('/');
    let text = line
        .trim_start_matches('/')
        .split_once(char::is_whitespace)
        .map_or("", |(_, rest)| rest.trim());
    match first {
        "quit" | "exit" => Ok(vec![Command::Quit]),
        "q" => Ok(actions::act(model, Action::Quit)),
        "help" if rest.is_empty() => Ok(actions::act(model, Action::Help)),
        "processes" => Ok(actions::go(model, View::Processes)),
        "monitor" => Ok(actions::go(model, View::Monitor)),
        "ports" => Ok(actions::go(model, View::Ports)),
        "events" => Ok(actions::go(model, View::Events)),
        "graph" => Ok(actions::go(model, View::Graph)),
        "logs" => with_targets(model, rest),
        "attach" => attach(model, rest),
        "filter" if model.view == View::Processes => {
            model.find = text.to_string();
            Ok(Vec::new())
        }
        "filter" => with_targets(model, rest),
        "search" => search(model, text),
        "grep" => {
            let grep = (!text.is_empty()).then(|| text.to_string());
            grep.as_deref().map(expression).transpose()?;
            Ok(filtered(model, |filter| filter.grep = grep))
        }
        "level" => level(model, rest),
        "since" => {
            let since = rest.first().cloned();
            Ok(filtered(model, |filter| filter.since = since))
        }
        "pause" if rest.is_empty() => Ok(in_log(model, scroll::toggle)),
        "resume" if rest.is_empty() => Ok(in_log(model, scroll::bottom)),
        "wrap" => Ok(actions::act(model, Action::Wrap)),
        "time" | "times" => Ok(actions::act(model, Action::Time)),
        "clear" => Ok(actions::act(model, Action::Clear)),
        "save" => save(model, rest),
        _ => grammar(model, words),
    }
}

/// Shows a search while it is typed.
pub(super) fn preview(model: &mut Model, line: &str) {
    if let Some(text) = line.strip_prefix("search ")
        && model.view == View::Logs
    {
        model.log.search = (!text.is_empty()).then(|| expression(text).ok()).flatten();
    }
}

/// Whether the shell's grammar has something to say to a line.
pub(super) fn is_grammar(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    word_start(line) == 0 || !WORDS.iter().any(|(word, _, _)| *word == first)
}

/// What the console itself would complete.
pub(super) fn complete(model: &Model, line: &str) -> Vec<Completion> {
    let begin = word_start(line);
    let word = &line[begin..];
    let mut found = Vec::new();
    let mut offer = |value: &str, help: &str| {
        if value.starts_with(word) {
            found.push(Completion {
                value: value.to_string(),
                help: help.to_string(),
            });
        }
    };
    if begin == 0 {
        for (name, _, help) in WORDS {
            offer(name, help);
        }
        return found;
    }
    match line.split_whitespace().next().unwrap_or_default() {
        "filter" | "logs" | "attach" => {
            let all = model.status.iter().flat_map(|status| &status.processes);
            for process in all.clone() {
                offer(
                    &process.name,
                    process.description.as_deref().unwrap_or_default(),
                );
            }
            let mut groups: Vec<&String> = all.flat_map(|process| &process.groups).collect();
            groups.sort();
            groups.dedup();
            for group in groups {
                offer(group, "group");
            }
        }
        "level" => LEVELS.iter().for_each(|level| offer(level, "")),
        "since" => SPANS.iter().for_each(|span| offer(span, "")),
        _ => {}
    }
    found
}

/// The words that show the same lines in a shell.
pub(super) fn log_words(filter: &LogFilter) -> Vec<String> {
    let mut words = vec!["dev".to_string(), "logs".to_string()];
    words.extend(filter.targets.iter().cloned());
    let options = [
        ("--level", &filter.level),
        ("--grep", &filter.grep),
        ("--since", &filter.since),
        ("--until", &filter.until),
        ("--run", &filter.run),
    ];
    for (option, value) in options {
        words.extend(value.iter().map(|value| format!("{option}={value}")));
    }
    if filter.ignore_case {
        words.push("-i".to_string());
    }
    words
}

fn in_log(model: &mut Model, what: fn(&mut Model) -> Vec<Command>) -> Vec<Command> {
    let mut commands = actions::go(model, View::Logs);
    commands.extend(what(model));
    commands
}

fn filtered(model: &mut Model, change: impl FnOnce(&mut LogFilter)) -> Vec<Command> {
    let mut filter = model.log.filter.clone();
    change(&mut filter);
    feeds::show(model, filter)
}

fn with_targets(model: &mut Model, targets: &[String]) -> Result<Vec<Command>, String> {
    for target in targets {
        known(model, target)?;
    }
    let targets = targets.to_vec();
    Ok(filtered(model, |filter| filter.targets = targets))
}

/// Says so when a word names neither a process nor a group; globs are left to the supervisor.
fn known(model: &Model, target: &str) -> Result<(), String> {
    let Some(status) = &model.status else {
        return Ok(());
    };
    let named = status.processes.iter().any(|process| {
        process.name == target || process.groups.iter().any(|group| group == target)
    });
    if named || target.contains(['*', '?', '[']) {
        return Ok(());
    }
    let near = status.processes.iter().map(|process| &process.name);
    let near = near.filter(|name| {
        name.starts_with(target) || target.starts_with(name.as_str()) || name.contains(target)
    });
    match near.into_iter().next() {
        Some(name) => Err(format!(
            "there is no process {target}; did you mean {name}?"
        )),
        None => Err(format!("there is no process or group {target}")),
    }
}

fn attach(model: &mut Model, rest: &[String]) -> Result<Vec<Command>, String> {
    let name = rest.first().ok_or("/attach PROCESS: which one?")?;
    known(model, name)?;
    Ok(actions::attach(model, name))
}

fn expression(text: &str) -> Result<regex::Regex, String> {
    let any_case = !text.chars().any(char::is_uppercase);
    let built = RegexBuilder::new(text)
        .case_insensitive(any_case)
        .size_limit(1 << 20)
        .build();
    built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        format!("no expression: {}", last.trim_start_matches("error: "))
    })
}

fn search(model: &mut Model, text: &str) -> Result<Vec<Command>, String> {
    let mut commands = actions::go(model, View::Logs);
    if text.is_empty() {
        model.log.search = None;
        return Ok(commands);
    }
    model.log.search = Some(expression(text)?);
    model.log.chosen = None;
    commands.extend(scroll::hit(model, true));
    Ok(commands)
}

fn level(model: &mut Model, rest: &[String]) -> Result<Vec<Command>, String> {
    let level = rest.first().map(|level| level.to_ascii_lowercase());
    if let Some(level) = &level
        && level != "all"
        && !LEVELS.contains(&level.as_str())
    {
        return Err(format!(
            "`{level}` is no level: {}, or all",
            LEVELS.join(", ")
        ));
    }
    let level = level.filter(|level| level != "all");
    Ok(filtered(model, |filter| filter.level = level))
}

fn save(model: &mut Model, rest: &[String]) -> Result<Vec<Command>, String> {
    let file = rest.first().ok_or("/save FILE: into which file?")?;
    let mut words = log_words(&model.log.filter);
    words.extend([format!("--export={file}"), "--color=never".to_string()]);
    let id = model.fresh_id();
    let quiet = Quiet {
        done: format!("saved to {file}"),
        output: String::new(),
    };
    model.quiet.insert(id, quiet);
    Ok(vec![Command::Run { id, words }])
}

/// A line of the shell's grammar: what has a view of its own is shown there, all else in a pane.
fn grammar(model: &mut Model, mut words: Vec<String>) -> Result<Vec<Command>, String> {
    if let Some(first) = words.first_mut() {
        *first = first.trim_start_matches('/').to_string();
    }
    if words.first().is_some_and(|first| first == "forge") {
        words.remove(0);
    }
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    match plain.as_slice() {
        ["dev", "logs", rest @ ..] => {
            if let Some(filter) = log_filter(rest) {
                for target in &filter.targets {
                    known(model, target)?;
                }
                return Ok(feeds::show(model, filter));
            }
        }
        ["dev", "search", pattern, targets @ ..]
            if targets.iter().all(|word| !word.starts_with('-')) =>
        {
            let filter = LogFilter {
                targets: targets.iter().map(ToString::to_string).collect(),
                ..LogFilter::default()
            };
            let pattern = (*pattern).to_string();
            let mut commands = feeds::show(model, filter);
            commands.extend(search(model, &pattern)?);
            return Ok(commands);
        }
        ["dev", "attach", name] => return attach(model, &[(*name).to_string()]),
        ["dev", "monitor"] => return Ok(actions::go(model, View::Monitor)),
        ["dev", "up", ..] => {
            return Err(
                "`up` ends what it started when it is left; /dev start does not".to_string(),
            );
        }
        ["mcp", ..] | ["web", ..] => {
            return Err(format!(
                "`forge {}` needs a shell of its own",
                plain.join(" ")
            ));
        }
        [] => return Err("nothing to do".to_string()),
        _ => {}
    }
    Ok(run_words(model, words))
}

/// Carries out words of the shell's grammar, with their output in a pane.
pub(super) fn run_words(model: &mut Model, words: Vec<String>) -> Vec<Command> {
    let id = model.fresh_id();
    let pane = OutputPane {
        id,
        words: words.clone(),
        lines: vec![String::new()],
        code: None,
        up: 0,
    };
    model.dialog = Some(Dialog::Output(pane));
    vec![Command::Run { id, words }]
}

/// What `dev logs` with these words shows; `None` where the view cannot do it.
fn log_filter(words: &[&str]) -> Option<LogFilter> {
    let mut filter = LogFilter::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            filter.targets.push((*word).to_string());
            continue;
        }
        let (option, inline) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value.to_string())),
            None => (*word, None),
        };
        let mut value = || {
            inline
                .clone()
                .or_else(|| words.next().map(ToString::to_string))
        };
        match option {
            "-f" | "--follow" => {}
            "-i" | "--ignore-case" => filter.ignore_case = true,
            "-n" | "--lines" => drop(value()?),
            "--level" => filter.level = Some(value()?),
            "--grep" => filter.grep = Some(value()?),
            "--since" => filter.since = Some(value()?),
            "--until" => filter.until = Some(value()?),
            "--run" => filter.run = Some(value()?),
            _ => return None,
        }
    }
    Some(filter)
}

/// The program that opens a file at a line.
pub(super) fn editor(file: &str, line: u64) -> Command {
    Command::External(External::Editor {
        file: file.to_string(),
        line,
    })
}
