//! The card of a crash.

use forge_api::{CrashLocation, CrashReport};
use ratatui::text::{Line, Span};

use crate::format;
use crate::model::Model;
use crate::model::dialog::{CrashCard, Dialog};
use crate::text;

/// How many rows the present card has.
pub(crate) fn rows(model: &Model) -> usize {
    match &model.dialog {
        Some(Dialog::Crash(card)) => lines(model, card).len(),
        _ => 0,
    }
}

/// Whether the change that may have caused it can be taken back.
pub(crate) fn can_revert(card: &CrashCard) -> bool {
    let suggestions = card.report.iter().flat_map(|report| &report.suggestions);
    suggestions.into_iter().any(|one| one.action == "revert")
}

/// What happened, where, what was changed, what helps, and the last lines.
pub(super) fn lines(model: &Model, card: &CrashCard) -> Vec<Line<'static>> {
    let theme = &model.theme;
    let Some(report) = &card.report else {
        let problem = card
            .problem
            .clone()
            .unwrap_or_else(|| "reading the report …".to_string());
        let mut out = Vec::new();
        if !card.message.is_empty() {
            out.push(Line::styled(text::plain(&card.message), theme.bad));
        }
        out.push(Line::styled(text::plain(&problem), theme.dim));
        return out;
    };
    let mut out = vec![Line::styled(text::plain(&headline(report)), theme.bad)];
    let error = report
        .error
        .as_deref()
        .filter(|error| report.summary != *error);
    out.extend(error.map(|error| Line::raw(text::plain(error))));
    out.push(Line::styled(
        text::plain(&circumstances(model, report)),
        theme.dim,
    ));
    if let Some(location) = &report.location {
        place(model, location, &mut out);
    }
    let frames: Vec<_> = report
        .frames
        .iter()
        .filter(|frame| frame.application)
        .skip(1)
        .take(6)
        .collect();
    for frame in frames {
        let file = frame.file.as_deref().unwrap_or("?");
        let line = frame
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        let function = frame.function.as_deref().unwrap_or_default();
        out.push(Line::styled(
            format!(
                "  from {}{line} {}",
                text::plain(file),
                text::plain(function)
            ),
            theme.dim,
        ));
    }
    if let Some(changes) = &report.changes {
        let mut parts = Vec::new();
        if changes.uncommitted == Some(true) {
            parts.push("has uncommitted changes".to_string());
        }
        parts.extend(changes.last_commit.as_ref().map(|commit| {
            let id: String = commit.id.chars().take(8).collect();
            format!("last commit {id} {}", commit.subject)
        }));
        if !parts.is_empty() {
            out.push(Line::raw(text::plain(&format!(
                "changes: {}",
                parts.join(", ")
            ))));
        }
    }
    for suggestion in &report.suggestions {
        out.push(Line::from(vec![
            Span::styled("→ ", theme.accent),
            Span::raw(text::plain(&suggestion.text)),
        ]));
    }
    if let Some(origin) = &report.began_with {
        out.push(Line::styled(
            text::plain(&format!("began with {}: {}", origin.process, origin.text)),
            theme.warn,
        ));
    }
    let tail = report.tail.as_deref().unwrap_or_default();
    if !tail.is_empty() {
        out.push(Line::default());
        out.push(Line::styled("last lines", theme.dim));
        let from = tail.len().saturating_sub(40);
        out.extend(
            tail[from..]
                .iter()
                .map(|line| text::line(&text::cells(line, theme.text))),
        );
    }
    out
}

fn headline(report: &CrashReport) -> String {
    if !report.summary.is_empty() {
        return report.summary.clone();
    }
    report
        .error
        .clone()
        .unwrap_or_else(|| match (&report.signal, report.exit_code) {
            (Some(signal), _) => format!("ended by {signal}"),
            (None, Some(code)) => format!("ended with exit code {code}"),
            (None, None) => "ended, exit status unknown".to_string(),
        })
}

fn circumstances(model: &Model, report: &CrashReport) -> String {
    let at = report
        .time
        .as_ref()
        .map(|time| format::moment(time, &model.zone, model.now));
    let mut parts: Vec<String> = at.into_iter().collect();
    parts.extend(report.kind.clone());
    parts.extend(report.exit_code.map(|code| format!("exit code {code}")));
    parts.extend(report.signal.clone());
    parts.extend(
        report
            .uptime_ms
            .map(|ms| format!("after {}", format::uptime(ms))),
    );
    parts.extend(
        report
            .count_in_window
            .filter(|count| *count > 1)
            .map(|count| format!("crash {count} of late")),
    );
    parts.join(" · ")
}

fn place(model: &Model, location: &CrashLocation, out: &mut Vec<Line<'static>>) {
    let line = location
        .line
        .map(|line| format!(":{line}"))
        .unwrap_or_default();
    let function = location
        .function
        .as_ref()
        .map(|name| format!(" in {name}"))
        .unwrap_or_default();
    out.push(Line::from(vec![
        Span::styled("at ", model.theme.dim),
        Span::styled(
            text::plain(&format!("{}{line}", location.file)),
            model.theme.accent,
        ),
        Span::raw(text::plain(&function)),
    ]));
    for source in &location.source {
        out.push(Line::styled(
            format!("  {}", text::plain(source)),
            model.theme.text,
        ));
    }
}
