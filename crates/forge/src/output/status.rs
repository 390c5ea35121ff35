//! The picture of a workspace for people: table, events, warnings.

use std::time::Duration;

use forge_api::{Event, Process, Status, Warning};

use super::colour::{Style, paint};
use super::table::{Cell, Column, Table};
use super::text::{clip, safe, width};
use super::units::{bytes, percent, whole_seconds};

/// How the picture is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Columns of the terminal; `None`: no bound.
    pub(crate) width: Option<usize>,
    /// In colour.
    pub(crate) colour: bool,
    /// Times for people.
    pub(crate) local: fn(&str) -> String,
}

const EVENTS: usize = 5;
/// Lines that one message may take below the table.
const MESSAGE_LINES: usize = 3;

/// The whole picture.
pub(crate) fn picture(status: &Status, look: Look) -> Vec<String> {
    let mut lines = vec![heading(status, look)];
    if status.processes.is_empty() {
        lines.push("no processes".to_string());
    } else {
        lines.push(String::new());
        let table = table(&status.processes, look);
        let cut = cut_messages(&status.processes, &table, look);
        lines.extend(table);
        lines.extend(cut);
    }
    lines.extend(events(&status.events, look));
    lines.extend(warnings(&status.warnings, look));
    lines
}

fn heading(status: &Status, look: Look) -> String {
    let mut parts = vec![safe(&home_relative(&status.workspace))];
    if let Some(profile) = &status.profile {
        parts.push(safe(profile));
    }
    parts.push(match (&status.supervisor, status.totals.running) {
        (None, _) => "nothing runs".to_string(),
        (Some(_), 0) => "no process runs".to_string(),
        (Some(_), number) => format!("{number} running"),
    });
    if status.totals.running > 0 {
        parts.extend(
            status
                .totals
                .cpu_percent
                .map(|cpu| format!("CPU {}", percent(cpu))),
        );
        parts.extend(status.totals.memory_bytes.map(bytes));
    }
    let text = clip(&parts.join(" · "), look.width.unwrap_or(usize::MAX));
    paint(look.colour, Style::Bold, &text)
}

fn home_relative(path: &str) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    match path.strip_prefix(&home) {
        Some(rest) if !home.is_empty() && rest.starts_with('/') => format!("~{rest}"),
        _ => path.to_string(),
    }
}

/// The table of processes alone.
pub(crate) fn table(processes: &[Process], look: Look) -> Vec<String> {
    let several = processes
        .iter()
        .any(|one| one.profile != processes[0].profile);
    let mut table = Table::new(&[
        Column::text("NAME", u8::MAX).shrinking(20),
        Column::text("STATUS", u8::MAX),
        Column::text("HEALTH", 70),
        Column::text("PORT", 80),
        Column::number("PID", 30),
        Column::number("CPU", 40),
        Column::number("MEMORY", 45),
        Column::number("UPTIME", 60),
        Column::number("RESTARTS", 38),
        Column::text("PROFILE", 15),
        Column::text("DETAIL", 35).shrinking(12),
    ]);
    for one in processes {
        table.row(vec![
            Cell::new(&one.name),
            Cell::styled(status_word(one), Style::of_status(&one.status)),
            health_cell(one),
            Cell::new(port(one)),
            Cell::new(shown(one.pid)),
            Cell::new(one.cpu_percent.map(percent).unwrap_or_default()),
            Cell::new(one.memory_bytes.map(bytes).unwrap_or_default()),
            Cell::new(uptime(one)),
            match one.restarts {
                0 => Cell::new(""),
                number => Cell::styled(number.to_string(), Style::Warn),
            },
            Cell::new(if several { one.profile.as_str() } else { "" }),
            Cell::styled(detail(one), Style::Dim),
        ]);
    }
    table.lines(look.width, look.colour)
}

/// Messages of processes that are not well, where the table had no room for them.
fn cut_messages(processes: &[Process], table: &[String], look: Look) -> Vec<String> {
    let Some(room) = look.width else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for one in processes {
        let message = safe(&detail(one));
        let unwell = matches!(one.status.as_str(), "crashed" | "restarting" | "waiting")
            || one.health.state == "unhealthy";
        if !unwell || message.is_empty() || table.iter().any(|line| line.contains(&message)) {
            continue;
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
        let text = format!("{}: {message}", safe(&one.name));
        lines.extend(wrapped(&text, room, MESSAGE_LINES));
    }
    lines
}

/// Text in at most so many lines, the further ones indented.
fn wrapped(text: &str, room: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let first = line.trim().is_empty();
        if !first && width(&line) + 1 + width(word) > room {
            lines.push(std::mem::replace(&mut line, "  ".to_string()));
        } else if !line.is_empty() && !first {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    if lines.len() > most {
        lines.truncate(most);
        lines[most - 1].push_str(" …");
    }
    lines.iter().map(|line| clip(line, room)).collect()
}

fn shown(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn status_word(one: &Process) -> String {
    let mut word = one.status.clone();
    if one.debug {
        word.push_str(" (debug)");
    }
    if one.adopted {
        word.push_str(" (adopted)");
    }
    word
}

fn health_cell(one: &Process) -> Cell {
    match one.health.state.as_str() {
        "none" => Cell::new(""),
        state => Cell::styled(state, Style::of_health(state)),
    }
}

fn port(one: &Process) -> String {
    let port = one.port.or(one.listening.first().copied());
    shown(port)
}

fn uptime(one: &Process) -> String {
    let alive = one.pid.is_some();
    match one.uptime_ms {
        Some(ms) if alive => whole_seconds(Duration::from_millis(ms)),
        _ => String::new(),
    }
}

/// The one thing to know about a process beside the columns.
fn detail(one: &Process) -> String {
    let detail = main_detail(one);
    match (one.port, one.requested_port) {
        (Some(port), Some(asked)) if port != asked => {
            let gap = if detail.is_empty() { "" } else { "; " };
            format!("instead of port {asked}{gap}{detail}")
        }
        _ => detail,
    }
}

fn main_detail(one: &Process) -> String {
    if let Some(message) = one.message.as_ref().filter(|text| !text.is_empty()) {
        return message.clone();
    }
    if !one.waiting_for.is_empty() {
        return format!("waiting for {}", one.waiting_for.join(", "));
    }
    if one.pid.is_none() {
        match (&one.signal, one.exit_code) {
            (Some(signal), _) => return format!("ended by {signal}"),
            (None, Some(code)) if one.status != "stopped" => return format!("exit code {code}"),
            _ => {}
        }
    }
    one.health
        .detail
        .clone()
        .or_else(|| one.description.clone())
        .unwrap_or_default()
}

fn events(events: &[Event], look: Look) -> Vec<String> {
    let latest = &events[events.len().saturating_sub(EVENTS)..];
    if latest.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), paint(look.colour, Style::Bold, "Events")];
    let rows = event_table(latest, look.local);
    lines.extend(without_heading(&rows, look));
    lines
}

fn event_table(events: &[Event], local: fn(&str) -> String) -> Table {
    let mut table = Table::new(&[
        Column::text("", u8::MAX),
        Column::text("", 20).shrinking(8),
        Column::text("", 10),
        Column::text("", u8::MAX).shrinking(12),
    ]);
    for event in events {
        table.row(vec![
            Cell::styled(local(&event.time), Style::Dim),
            Cell::new(event.process.as_deref().unwrap_or("-")),
            Cell::styled(&event.kind, kind_style(&event.kind)),
            Cell::new(beside_kind(event)),
        ]);
    }
    table
}

fn without_heading(table: &Table, look: Look) -> Vec<String> {
    let room = look.width.map(|width| width.saturating_sub(2));
    let mut lines = table.lines(room, look.colour);
    lines.remove(0);
    for line in &mut lines {
        line.insert_str(0, "  ");
    }
    lines
}

/// One event in one line, for `forge dev events`.
pub(crate) fn event_line(event: &Event, colour: bool, local: fn(&str) -> String) -> String {
    let process = event.process.as_deref().unwrap_or("-");
    format!(
        "{}  {}  {}  {}",
        paint(colour, Style::Dim, &local(&event.time)),
        super::text::pad(&safe(process), 12),
        paint(
            colour,
            kind_style(&event.kind),
            &super::text::pad(&safe(&event.kind), 10)
        ),
        safe(beside_kind(event))
    )
}

/// What an event says beside its kind: `started (pid 7)` under `started` is `pid 7`.
fn beside_kind(event: &Event) -> &str {
    let text = event.message.as_str();
    let Some(rest) = text.strip_prefix(event.kind.as_str()) else {
        return text;
    };
    if let Some(inner) = rest
        .strip_prefix(" (")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return inner;
    }
    match rest.strip_prefix(": ").or(rest.strip_prefix(' ')) {
        Some(rest) => rest,
        None if rest.is_empty() => "",
        None => text,
    }
}

fn kind_style(kind: &str) -> Style {
    match kind {
        "ready" | "healthy" | "compiled" => Style::Good,
        "crashed" | "unhealthy" => Style::Bad,
        "warning" | "slow" | "restarted" | "deprecation" => Style::Warn,
        "started" | "stopped" => Style::Dim,
        _ => Style::Plain,
    }
}

/// What deserves a look.
pub(crate) fn warnings(warnings: &[Warning], look: Look) -> Vec<String> {
    if warnings.is_empty() {
        return Vec::new();
    }
    let heading = clip("Warnings", look.width.unwrap_or(usize::MAX));
    let mut lines = vec![String::new(), paint(look.colour, Style::Warn, &heading)];
    for warning in warnings {
        let subject = match &warning.process {
            Some(process) => format!("{}: ", safe(process)),
            None => String::new(),
        };
        let text = format!("  {subject}{}", safe(&warning.message));
        lines.push(clip(&text, look.width.unwrap_or(usize::MAX)));
    }
    lines
}

#[cfg(test)]
mod tests;
