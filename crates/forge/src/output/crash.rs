//! The card of a crash: cause, error, code, changes, what can be done.

use std::time::Duration;

use forge_api::{CrashChanges, CrashFrame, CrashReport, Difference};

use super::clock::local;
use super::colour::{Style, paint};
use super::text::{clip, safe};
use super::units::{bytes, count, duration};

/// How much of each is shown when not all is asked for.
const FRAMES: usize = 6;
const DIFFERENCES: usize = 8;
const HUNK_LINES: usize = 12;
const TAIL: usize = 20;
const ERROR_LINES: usize = 8;

/// How a card looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Card {
    /// Everything that is known.
    pub(crate) full: bool,
    pub(crate) colour: bool,
    pub(crate) width: Option<usize>,
}

/// The lines of a card.
pub(crate) fn card(report: &CrashReport, look: Card) -> Vec<String> {
    let mut lines = Vec::new();
    heading(report, look, &mut lines);
    error(report, look, &mut lines);
    code(report, look, &mut lines);
    around(report, look, &mut lines);
    changes(report, look, &mut lines);
    choices(report, look, &mut lines);
    if look.full {
        tail(report, look, &mut lines);
    }
    let width = look.width.unwrap_or(usize::MAX);
    // Colours count no columns: only plain lines can be clipped.
    lines
        .into_iter()
        .map(|line| match line.contains('\u{1b}') {
            true => line,
            false => clip(&line, width),
        })
        .collect()
}

fn heading(report: &CrashReport, look: Card, lines: &mut Vec<String>) {
    let summary = clip(&safe(&report.summary), look.width.unwrap_or(usize::MAX));
    lines.push(paint(look.colour, Style::Bad, &summary));
    let Some(process) = &report.process else {
        return;
    };
    let number = report
        .id
        .map_or(String::new(), |id| format!(" (crash {id})"));
    let ended = ended_by(report);
    let begun = report.uptime_ms.filter(|_| !never_began(report));
    let after = begun.map_or(String::new(), |ms| {
        format!(" after {}", duration(Duration::from_millis(ms)))
    });
    let time = report.time.as_deref().map(local).unwrap_or_default();
    let text = format!("{}{number}  {time}  {ended}{after}", safe(process));
    lines.push(paint(look.colour, Style::Dim, &text));
    if let (Some(number), Some(window)) = (report.count_in_window, report.window_ms) {
        let window = span(Duration::from_millis(window));
        lines.push(format!("This is crash #{number} in the last {window}."));
    }
    if let Some(origin) = &report.began_with {
        let number = origin
            .id
            .map_or(String::new(), |id| format!(" (crash {id})"));
        lines.push(format!(
            "It began with {}{number}: {}",
            safe(&origin.process),
            safe(&origin.text)
        ));
    }
}

/// `exit code 1`.
pub(crate) fn ended_by(report: &CrashReport) -> String {
    match (report.exit_code, &report.signal) {
        _ if never_began(report) => "did not start".to_string(),
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => safe(signal),
        (None, None) => "exit status unknown".to_string(),
    }
}

fn never_began(report: &CrashReport) -> bool {
    report.rule.as_deref() == Some("not-started")
}

/// `10 minutes`.
fn span(window: Duration) -> String {
    match window.as_secs() {
        s if s >= 3600 && s % 3600 == 0 => count((s / 3600) as usize, "hour", "hours"),
        s if s >= 60 && s % 60 == 0 => count((s / 60) as usize, "minute", "minutes"),
        s => count(s as usize, "second", "seconds"),
    }
}

fn error(report: &CrashReport, look: Card, lines: &mut Vec<String>) {
    let told = |error: &&String| !never_began(report) || !report.summary.contains(error.as_str());
    let Some(error) = report.error.as_ref().filter(told) else {
        return;
    };
    lines.push(String::new());
    let most = if look.full { usize::MAX } else { ERROR_LINES };
    lines.extend(
        error
            .lines()
            .take(most)
            .map(|line| format!("  {}", safe(line))),
    );
    for cause in &report.causes {
        let first = cause.error.lines().next().unwrap_or_default();
        lines.push(format!("  caused by: {}", safe(first)));
    }
}

fn code(report: &CrashReport, look: Card, lines: &mut Vec<String>) {
    if let Some(location) = &report.location {
        let line = location
            .line
            .map_or(String::new(), |line| format!(":{line}"));
        let function = location.function.as_ref();
        let function = function.map_or(String::new(), |name| format!(" in {}", safe(name)));
        lines.push(String::new());
        let place = format!("{}{line}", safe(&location.file));
        lines.push(format!(
            "{}{function}",
            paint(look.colour, Style::Accent, &place)
        ));
        for line in &location.source {
            let style = if line.starts_with('>') {
                Style::Bad
            } else {
                Style::Plain
            };
            lines.push(paint(look.colour, style, &format!("  {}", safe(line))));
        }
    }
    let frames = shown_frames(report, look.full);
    if frames.len() > 1 || look.full {
        lines.push(String::new());
        lines.extend(frames.iter().map(|frame| {
            let style = if frame.application {
                Style::Plain
            } else {
                Style::Dim
            };
            paint(look.colour, style, &format!("  at {}", frame_text(frame)))
        }));
        let rest = report.frames.len() - frames.len();
        if rest > 0 {
            let text = format!("  {} more: --full", count(rest, "frame", "frames"));
            lines.push(paint(look.colour, Style::Dim, &text));
        }
    }
}

/// The user's own frames where there are some.
fn shown_frames(report: &CrashReport, full: bool) -> Vec<&CrashFrame> {
    let own: Vec<&CrashFrame> = report
        .frames
        .iter()
        .filter(|frame| frame.application)
        .collect();
    match (full, own.is_empty()) {
        (true, _) => report.frames.iter().collect(),
        (false, true) => report.frames.iter().take(FRAMES).collect(),
        (false, false) => own.into_iter().take(FRAMES).collect(),
    }
}

fn frame_text(frame: &CrashFrame) -> String {
    let function = frame
        .function
        .as_deref()
        .map_or_else(|| "?".to_string(), safe);
    match (&frame.file, frame.line) {
        (Some(file), Some(line)) => format!("{function} ({}:{line})", safe(file)),
        (Some(file), None) => format!("{function} ({})", safe(file)),
        (None, _) => function,
    }
}

/// What else was the case.
fn around(report: &CrashReport, look: Card, lines: &mut Vec<String>) {
    let mut told = Vec::new();
    for other in &report.dependencies {
        if other.status != "running" || other.health == "unhealthy" || look.full {
            let health = match other.health.as_str() {
                "none" => String::new(),
                health => format!(", {}", safe(health)),
            };
            told.push(format!(
                "it depends on {}: {}{health}",
                safe(&other.name),
                safe(&other.status)
            ));
        }
    }
    if look.full
        && let Some(usage) = &report.usage
    {
        let parts = [
            usage
                .memory_bytes
                .map(|used| format!("{} of memory", bytes(used))),
            usage
                .cpu_percent
                .map(|percent| format!("{percent:.0}% of a core")),
            usage.open_files.map(|files| format!("{files} open files")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            told.push(format!("when last looked at it used {}", parts.join(", ")));
        }
    }
    if !told.is_empty() {
        lines.push(String::new());
        lines.extend(told);
    }
}

fn changes(report: &CrashReport, look: Card, lines: &mut Vec<String>) {
    let file = report.location.as_ref().map(|at| at.file.as_str());
    if let (Some(changes), Some(file)) = (&report.changes, file) {
        lines.push(String::new());
        lines.push(changed(changes, file));
        if let Some(commit) = &changes.last_commit {
            let time = commit.time.as_deref().map(local).unwrap_or_default();
            lines.push(format!(
                "last commit on it: {} {} ({time})",
                safe(&commit.id),
                safe(&commit.subject)
            ));
        }
        let hunks = changes.hunks.iter().flat_map(|hunk| &hunk.lines);
        let most = if look.full { usize::MAX } else { HUNK_LINES };
        lines.extend(hunks.take(most).map(|line| {
            let style = if line.starts_with('+') {
                Style::Good
            } else {
                Style::Bad
            };
            paint(look.colour, style, &format!("  {}", safe(line)))
        }));
    }
    if let Some(since) = report
        .since_healthy
        .as_ref()
        .filter(|since| !since.is_empty())
    {
        lines.push(String::new());
        lines.push("since it was last healthy:".to_string());
        let most = if look.full { usize::MAX } else { DIFFERENCES };
        lines.extend(differences(since, most, look.colour));
    }
}

fn changed(changes: &CrashChanges, file: &str) -> String {
    let when = changes.modified_at.as_deref().map(local);
    let when = when.map_or(String::new(), |when| format!(" at {when}"));
    let functions: Vec<String> = changes.functions.iter().map(|name| safe(name)).collect();
    let touched = match functions.is_empty() {
        true => String::new(),
        false => format!(": {}", functions.join(", ")),
    };
    let state = match (changes.uncommitted, changes.last_commit.is_some()) {
        (Some(true), true) => format!(", and its change is not committed{touched}"),
        (Some(true), false) => ", and was never committed".to_string(),
        (Some(false), _) => ", all of it is committed".to_string(),
        (None, _) => String::new(),
    };
    format!("{} was modified{when}{state}", safe(file))
}

/// Differences between two runs, one in each line.
pub(crate) fn differences(all: &[Difference], most: usize, colour: bool) -> Vec<String> {
    let word = |what: &str| match what {
        "lock" => "lock file".to_string(),
        "configuration" => "setting".to_string(),
        "environment" => "variable".to_string(),
        other => safe(other),
    };
    let short = |id: &Option<String>| {
        id.as_deref()
            .map(|id| safe(id).chars().take(10).collect::<String>())
    };
    let mut lines: Vec<String> = all
        .iter()
        .take(most)
        .map(|one| match (short(&one.before), short(&one.after)) {
            (Some(before), Some(after)) => format!("  {}: {before} → {after}", word(&one.what)),
            (_, _) => format!(
                "  {} {}: {}",
                word(&one.what),
                safe(&one.name),
                safe(&one.change)
            ),
        })
        .collect();
    if all.len() > most {
        let text = format!("  {} more", all.len() - most);
        lines.push(paint(colour, Style::Dim, &text));
    }
    lines
}

fn choices(report: &CrashReport, look: Card, lines: &mut Vec<String>) {
    let mut told: Vec<String> = report
        .suggestions
        .iter()
        .filter(|one| {
            report.process.is_none() || !["open", "revert"].contains(&one.action.as_str())
        })
        .map(|one| format!("  {}", safe(&one.text)))
        .collect();
    if !told.is_empty() {
        lines.push(String::new());
        lines.append(&mut told);
    }
    let Some(process) = report.process.as_deref().map(safe) else {
        return;
    };
    lines.push(String::new());
    if let Some(next) = &report.next {
        lines.push(format!("It {}.", safe(next)));
    }
    let number = report.id.map_or(String::new(), |id| format!(" {id}"));
    let mut commands = vec![
        (format!("forge dev restart {process}"), "start it now"),
        (
            format!("forge dev debug {process} on"),
            "start it in debug mode",
        ),
        (format!("forge dev stop {process}"), "keep it down"),
        (format!("forge dev logs {process}"), "all of its output"),
    ];
    if report.location.is_some() {
        commands.push((
            format!("forge dev crash {process}{number} --open"),
            "open the place in your editor",
        ));
    }
    if report.suggestions.iter().any(|one| one.action == "revert") {
        commands.push((
            format!("forge dev crash {process}{number} --revert"),
            "take back the file's change",
        ));
    }
    if !look.full {
        commands.push((
            format!("forge dev crash {process}{number} --full"),
            "all that is known",
        ));
    }
    let widest = commands
        .iter()
        .map(|(command, _)| command.len())
        .max()
        .unwrap_or(0);
    for (command, what) in commands {
        lines.push(format!(
            "  {command:widest$}  {}",
            paint(look.colour, Style::Dim, what)
        ));
    }
}

fn tail(report: &CrashReport, look: Card, lines: &mut Vec<String>) {
    let all = report.tail.as_deref().unwrap_or_default();
    if all.is_empty() {
        return;
    }
    let from = if look.full {
        0
    } else {
        all.len().saturating_sub(TAIL)
    };
    lines.push(String::new());
    lines.push(format!(
        "the last {} of its output:",
        count(all.len() - from, "line", "lines")
    ));
    lines.extend(all[from..].iter().map(|line| format!("  | {}", safe(line))));
}
