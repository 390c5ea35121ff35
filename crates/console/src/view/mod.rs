//! From the model to cells. Reads the model, changes nothing, and fits any screen down to one cell.

mod command_line;
mod crash;
mod details;
mod dialogs;
mod events;
mod graph;
mod help;
mod logs;
mod monitor;
mod ports;
mod processes;
mod screen;
mod table;

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::format;
use crate::layout;
use crate::model::{Connection, Model, View};
use crate::text;

pub(crate) use crash::{can_revert, rows as crash_rows};
pub(crate) use details::rows as details_rows;
pub(crate) use dialogs::choices;
pub(crate) use help::rows as help_rows;
pub(crate) use logs::{line_at, line_height, shown_lines, visible_text};

/// Draws everything.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let cursor = paint(model, frame.buffer_mut());
    if let Some((x, y)) = cursor
        && x < frame.area().right()
        && y < frame.area().bottom()
    {
        frame.set_cursor_position((x, y));
    }
}

/// Draws everything into a buffer of the model's size; where the cursor is to be seen, if anywhere.
fn paint(model: &Model, out: &mut Buffer) -> Option<(u16, u16)> {
    if let Some(attached) = &model.screen {
        return screen::draw(model, attached, out);
    }
    let parts = layout::regions(model);
    header(model, parts.header, out);
    tabs(model, parts.tabs, out);
    match model.view {
        View::Processes => processes::draw(model, out),
        View::Logs => logs::draw(model, parts.body, out),
        View::Monitor => monitor::draw(model, parts.body, out),
        View::Ports => ports::draw(model, parts.body, out),
        View::Events => events::draw(model, parts.body, out),
        View::Graph => graph::draw(model, out),
    }
    foot(model, parts.foot, out);
    dialogs::draw(model, parts.body, out);
    if !model.theme.has_colours() {
        // Processes and command lines bring colours of their own.
        let area = out.area;
        out.set_style(area, Style::new().fg(Color::Reset).bg(Color::Reset));
    }
    let line = model.command.as_ref()?;
    let area = if parts.foot.height > 0 {
        parts.foot
    } else {
        parts.body
    };
    command_line::draw(model, line, area, parts.body, out)
}

/// Writes a line into a row of an area; nothing where there is no such row.
fn put(out: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
    let area = area.intersection(out.area);
    if row < area.height && area.width > 0 {
        out.set_line(area.x, area.y + row, line, area.width);
    }
}

/// Gives a row of an area a style.
fn tint(out: &mut Buffer, area: Rect, row: u16, style: Style) {
    let area = area.intersection(out.area);
    if row < area.height {
        out.set_style(
            Rect {
                y: area.y + row,
                height: 1,
                ..area
            },
            style,
        );
    }
}

/// A heading above an area: the text, and a rule behind it.
fn heading(model: &Model, out: &mut Buffer, area: Rect, title: &str, right: &str) {
    let width = usize::from(area.width);
    let right = if right.is_empty() {
        String::new()
    } else {
        format!(" {right} ")
    };
    let room = width.saturating_sub(text::width(&right) + 2);
    let title = text::cut(title, room.saturating_sub(2));
    let rule = room.saturating_sub(text::width(&title) + 2);
    let line = Line::from(vec![
        Span::styled("─ ", model.theme.border),
        Span::styled(title, model.theme.heading),
        Span::styled(format!(" {}", "─".repeat(rule + 1)), model.theme.border),
        Span::styled(right, model.theme.dim),
    ]);
    put(out, area, 0, &line);
}

fn header(model: &Model, area: Rect, out: &mut Buffer) {
    let theme = &model.theme;
    let name = model.workspace.rsplit('/').next().unwrap_or_default();
    let profile = model
        .status
        .as_ref()
        .and_then(|status| status.profile.clone());
    let mut left = format!(" forge · {name}");
    if let Some(profile) = profile {
        left.push_str(&format!(" · {profile}"));
    }
    let (mut parts, style) = summary(model);
    let width = usize::from(area.width);
    let total = |parts: &[String]| {
        parts
            .iter()
            .map(|part| text::width(part) + 3)
            .sum::<usize>()
    };
    while parts.len() > 1 && total(&parts) + text::width(&left) > width {
        parts.pop();
    }
    let right = text::cut(&format!("{} ", parts.join(" · ")), width.saturating_sub(8));
    let room = width.saturating_sub(text::width(&right) + 1);
    let line = Line::from(vec![
        Span::styled(text::fit(&left, room), theme.heading),
        Span::styled(right, style),
    ]);
    put(out, area, 0, &line);
}

/// How it is, the most important part first.
fn summary(model: &Model) -> (Vec<String>, Style) {
    let theme = &model.theme;
    let status = match (&model.connection, &model.status) {
        (Connection::Lost(why), _) => {
            return (
                vec![format!("no answer, trying again: {}", text::plain(why))],
                theme.bad,
            );
        }
        (Connection::Opening, _) => return (vec!["connecting …".to_string()], theme.busy),
        (Connection::Up, None) => return (Vec::new(), theme.dim),
        (Connection::Up, Some(status)) => status,
    };
    let down = status
        .processes
        .iter()
        .filter(|one| one.status == "crashed")
        .count();
    let mut parts = vec![format!(
        "{} of {} running",
        status.totals.running,
        status.processes.len()
    )];
    if down > 0 {
        parts.insert(0, format!("{down} crashed"));
    }
    if !status.warnings.is_empty() {
        let count = status.warnings.len();
        parts.push(format!(
            "{count} warning{}",
            if count == 1 { "" } else { "s" }
        ));
    }
    parts.extend(
        status
            .totals
            .cpu_percent
            .map(|cpu| format!("cpu {}", format::percent(cpu))),
    );
    parts.extend(status.totals.memory_bytes.map(format::bytes));
    let style = match (down, status.warnings.len()) {
        (0, 0) => theme.text,
        (0, _) => theme.warn,
        _ => theme.bad,
    };
    (parts, style)
}

fn tabs(model: &Model, area: Rect, out: &mut Buffer) {
    let spans: Vec<Span<'_>> = layout::tabs(model)
        .into_iter()
        .map(|(_, name, view)| {
            let style = if view == model.view {
                model.theme.tab
            } else {
                model.theme.dim
            };
            Span::styled(name, style)
        })
        .collect();
    put(out, area, 0, &Line::from(spans));
}

fn foot(model: &Model, area: Rect, out: &mut Buffer) {
    if let Some(notice) = &model.notice {
        let style = if notice.bad {
            model.theme.bad
        } else {
            model.theme.good
        };
        let sign = if notice.bad { "! " } else { "" };
        let shown = text::cut(&format!(" {sign}{}", notice.text), usize::from(area.width));
        put(out, area, 0, &Line::styled(shown, style));
        return;
    }
    let mut spans = Vec::new();
    for (_, key, word, _) in layout::hints(model) {
        spans.push(Span::styled(key, model.theme.accent));
        spans.push(Span::styled(format!(" {word}  "), model.theme.dim));
    }
    put(out, area, 0, &Line::from(spans));
}
