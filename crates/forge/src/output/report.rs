//! What a start, a stop or a port conflict has come to, for people.

use forge_api::{Conflict, FailedProcess, StartAnswer, StopAnswer};

use super::clock::local;
use super::colour::Style;
use super::out::complain;
use super::status::{Look, table};
use super::table::{Cell, Column, Table};
use super::text::{clip, safe};
use super::ui::Ui;
use super::units::count;

/// Lines of a failed process that are shown.
const TAIL: usize = 12;

/// The look of tables on this output.
pub(crate) fn look(ui: &Ui) -> Look {
    Look {
        width: ui.width(),
        colour: ui.colour,
        local,
    }
}

/// Tells what a start has come to: what failed on standard error, the rest on standard output.
pub(crate) fn started(ui: &Ui, answer: &StartAnswer, next: &[(&str, &str)]) {
    if !answer.processes.is_empty() {
        ui.out.lines(&table(&answer.processes, look(ui)));
    }
    if answer.ok && answer.started.is_empty() && !answer.already.is_empty() {
        let already: Vec<String> = answer.already.iter().map(|name| safe(name)).collect();
        let verb = if already.len() == 1 { "runs" } else { "run" };
        ui.out.line(&format!("{} {verb} already", listed(&already)));
    }
    for note in &answer.notes {
        ui.note(note);
    }
    for failed in &answer.failed {
        tell_failed(ui, failed);
    }
    if !answer.conflicts.is_empty() {
        complain(&conflict_table(&answer.conflicts, ui).join("\n"));
    }
    if answer.ok {
        for (place, url) in answer.urls.iter().enumerate() {
            let url = ui.paint(Style::Accent, &safe(url));
            ui.out.line(&match place {
                0 => format!("\nYour app is ready at {url}"),
                _ => format!("                 also {url}"),
            });
        }
        if !next.is_empty() {
            next_commands(ui, next);
        }
    }
}

/// Commands that are useful now.
pub(crate) fn next_commands(ui: &Ui, next: &[(&str, &str)]) {
    let rows: Vec<(String, String)> = next
        .iter()
        .map(|(command, what)| (format!("  {command}"), (*what).to_string()))
        .collect();
    let widest = rows.iter().map(|(command, _)| command.len()).max();
    ui.out.line("");
    for (command, what) in rows {
        let fill = " ".repeat(widest.unwrap_or(0) - command.len());
        let what = ui.paint(Style::Dim, &what);
        ui.out.line(&format!("{command}{fill}  {what}"));
    }
}

fn tell_failed(ui: &Ui, failed: &FailedProcess) {
    let label = super::colour::paint(ui.colour_err, Style::Bad, "error:");
    let (name, why) = (safe(&failed.name), safe(&failed.message));
    complain(&format!("{label} {name} did not start: {why}"));
    if let Some(summary) = &failed.summary {
        let place = failed
            .location
            .as_ref()
            .filter(|place| !summary.contains(place.as_str()));
        let place = place.map_or(String::new(), |place| format!(" ({})", safe(place)));
        complain(&format!("  {}{place}", safe(summary)));
    }
    let from = failed.tail.len().saturating_sub(TAIL);
    for line in &failed.tail[from..] {
        complain(&format!("  | {}", clip(&safe(line), 400)));
    }
    let label = super::colour::paint(ui.colour_err, Style::Accent, "hint:");
    complain(&format!(
        "{label} `forge dev logs {name}` shows its output, `forge dev why {name}` explains"
    ));
}

/// Who has the ports that were wanted.
pub(crate) fn conflict_table(conflicts: &[Conflict], ui: &Ui) -> Vec<String> {
    let mut table = Table::new(&[
        Column::number("PORT", u8::MAX),
        Column::text("WANTED BY", 40),
        Column::number("PID", u8::MAX),
        Column::text("STARTED", 20),
        Column::text("WHOSE", 30),
        Column::text("COMMAND", u8::MAX).shrinking(12),
    ]);
    for conflict in conflicts {
        table.row(vec![
            Cell::new(conflict.port.to_string()),
            Cell::new(&conflict.name),
            Cell::new(conflict.pid.map_or("hidden".into(), |pid| pid.to_string())),
            Cell::new(
                conflict
                    .started_at
                    .as_deref()
                    .map(local)
                    .unwrap_or_default(),
            ),
            Cell::new(if conflict.old_run {
                "an old run of this workspace"
            } else {
                ""
            }),
            Cell::new(
                conflict
                    .command
                    .as_deref()
                    .unwrap_or("another user's process"),
            ),
        ]);
    }
    table.lines(ui.width(), ui.colour_err)
}

/// Tells what a stop has come to.
pub(crate) fn stopped(ui: &Ui, answer: &StopAnswer) {
    if !answer.stopped.is_empty() {
        let names: Vec<String> = answer.stopped.iter().map(|name| safe(name)).collect();
        ui.out.line(&format!("stopped {}", listed(&names)));
    } else if answer.left.is_empty() {
        ui.out.line("nothing was running");
    }
    for note in &answer.notes {
        ui.note(note);
    }
    if answer.left.is_empty() {
        return;
    }
    let label = super::colour::paint(ui.colour_err, Style::Bad, "error:");
    let number = count(answer.left.len(), "process is", "processes are");
    complain(&format!("{label} {number} left:"));
    for left in &answer.left {
        complain(&format!(
            "  {}: pid {}  {}  ({})",
            safe(&left.name),
            left.pid,
            safe(&left.command),
            safe(&left.why)
        ));
    }
    let label = super::colour::paint(ui.colour_err, Style::Accent, "hint:");
    complain(&format!(
        "{label} `forge dev stop --force` sends SIGKILL at once; a process in uninterruptible sleep ends when its device answers"
    ));
}

/// `a`, `a and b`, `a, b and c`; many are counted.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] if names.len() <= 12 => format!("{} and {last}", rest.join(", ")),
        many => format!("{} and {} more", many[..10].join(", "), many.len() - 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        let names =
            |number: usize| -> Vec<String> { (0..number).map(|at| format!("p{at}")).collect() };
        assert_eq!(listed(&names(1)), "p0");
        assert_eq!(listed(&names(3)), "p0, p1 and p2");
        assert!(listed(&names(40)).ends_with("p9 and 30 more"));
    }
}
