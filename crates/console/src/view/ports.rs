//! Who listens where, and what was left behind.

use forge_api::PortRow;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::table::{self, left, right};
use super::{put, tint};
use crate::format;
use crate::layout;
use crate::model::Model;
use crate::text;

pub(super) fn draw(model: &Model, area: Rect, out: &mut Buffer) {
    let mut columns = vec![
        left(" PROTO", 6, 16),
        left("ADDRESS", 15, 12),
        right("PORT", 5, 20),
        right("PID", 7, 17),
        left("OWNER", 16, 19),
        left("STARTED", 8, 13),
        left("COMMAND", 0, 18),
    ];
    let taken: usize = columns.iter().map(|column| column.width + 1).sum();
    columns[6].width = usize::from(area.width).saturating_sub(taken).max(12);
    let fitting = table::fitting(&columns, usize::from(area.width), 1);
    put(
        out,
        area,
        0,
        &table::titles(&columns, &fitting, model.theme.dim, 1),
    );
    let rows = layout::below_heading(area);
    if model.ports.is_empty() {
        let whose = if model.all_ports {
            "nobody listens"
        } else {
            "no process of this workspace listens; o shows the whole machine"
        };
        put(
            out,
            rows,
            0,
            &Line::styled(format!("  {whose}"), model.theme.dim),
        );
    }
    let shown = model
        .ports
        .iter()
        .enumerate()
        .skip(model.port.top)
        .take(usize::from(rows.height));
    for (row, (at, port)) in shown.enumerate() {
        let row = row as u16;
        put(
            out,
            rows,
            row,
            &table::row(&columns, &fitting, &cells(model, port), 1),
        );
        if at == model.port.at {
            tint(out, rows, row, model.theme.selected);
        }
    }
    orphans(model, rows, out);
}

fn cells(model: &Model, port: &PortRow) -> Vec<(String, Style)> {
    let theme = &model.theme;
    let (owner, style) = match (port.owner.as_str(), &port.name, &port.workspace) {
        ("this-workspace", Some(name), _) => (name.clone(), theme.name(name)),
        ("other-workspace", Some(name), Some(workspace)) => {
            let folder = workspace.rsplit('/').next().unwrap_or_default();
            (format!("{name} of {folder}"), theme.text)
        }
        ("container", Some(name), _) => (format!("container {name}"), theme.text),
        ("unknown", _, _) => ("hidden".to_string(), theme.dim),
        (owner, _, _) => (owner.to_string(), theme.dim),
    };
    let started = port
        .started_at
        .as_ref()
        .map(|at| format::clock(at, &model.zone));
    let command = port.command.clone().or_else(|| port.process.clone());
    vec![
        (format!(" {}", port.protocol), theme.dim),
        (port.address.clone(), theme.text),
        (port.port.to_string(), theme.accent),
        (
            port.pid
                .map_or_else(|| "-".to_string(), |pid| pid.to_string()),
            theme.text,
        ),
        (owner, style),
        (started.unwrap_or_default(), theme.dim),
        (
            command.unwrap_or_else(|| "belongs to another user".to_string()),
            theme.text,
        ),
    ]
}

fn orphans(model: &Model, rows: Rect, out: &mut Buffer) {
    let used = u16::try_from(model.ports.len()).unwrap_or(u16::MAX);
    let free = rows.height.saturating_sub(used.max(1) + 1);
    if model.orphans.is_empty() || free < 2 {
        return;
    }
    let begin = used.max(1) + 1;
    put(
        out,
        rows,
        begin,
        &Line::styled(
            " left behind in this workspace; O ends it",
            model.theme.warn,
        ),
    );
    for (row, orphan) in model.orphans.iter().take(usize::from(free - 1)).enumerate() {
        let line = format!(
            "  {:>7}  {}  ({})",
            orphan.pid,
            text::plain(&orphan.command),
            text::plain(&orphan.reason)
        );
        put(
            out,
            rows,
            begin + 1 + row as u16,
            &Line::styled(line, model.theme.text),
        );
    }
}
