//! The table of processes, and below it the log or the details of the one that is chosen.

use forge_api::Process;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::table::{self, Column, left, right};
use super::{details, logs, put, tint};
use crate::format;
use crate::layout;
use crate::model::{Connection, Model};
use crate::text;
use crate::theme::sign;

/// From this width on words are written out.
const ROOMY: u16 = 84;
const SPARK: usize = 16;

pub(super) fn draw(model: &Model, out: &mut Buffer) {
    let (area, below) = layout::processes(model);
    let shown = model.shown();
    if shown.is_empty() {
        nothing(model, area, out);
        return;
    }
    let columns = columns(&shown, area.width);
    let gap = gap(area.width);
    let fitting = table::fitting(&columns, usize::from(area.width), gap);
    put(
        out,
        area,
        0,
        &table::titles(&columns, &fitting, model.theme.dim, gap),
    );
    let rows = layout::below_heading(area);
    let visible = shown
        .iter()
        .enumerate()
        .skip(model.processes.top)
        .take(usize::from(rows.height));
    for (row, (at, process)) in visible.enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        let mut cells = cells(model, process, area.width >= ROOMY);
        // An address without its end helps nobody; it is told below, where there is room.
        if let (Some(last), Some(column)) = (cells.last_mut(), columns.last())
            && last.1 == model.theme.dim
            && text::width(&last.0) > column.width
        {
            last.0.clear();
        }
        put(out, rows, row, &table::row(&columns, &fitting, &cells, gap));
        if at == model.processes.at {
            tint(out, rows, row, model.theme.selected);
        }
    }
    if below.height > 0 {
        match (model.details, model.selected()) {
            (true, Some(process)) => details::draw(model, process, below, out),
            (_, Some(process)) => logs::preview(model, process, below, out),
            (_, None) => {}
        }
    }
}

fn nothing(model: &Model, area: Rect, out: &mut Buffer) {
    let lines: Vec<String> = match (&model.status, &model.connection) {
        (None, Connection::Lost(why)) => vec![
            "The supervisor does not answer:".to_string(),
            text::plain(why),
        ],
        (None, _) => vec!["Connecting …".to_string()],
        (Some(_), _) if !model.find.is_empty() => vec![
            format!("No process is called like `{}`.", text::plain(&model.find)),
            "/filter without a name shows all again.".to_string(),
        ],
        (Some(_), _) => vec![
            "No process here.".to_string(),
            "/dev init writes a .forge/processes.yml for this project.".to_string(),
        ],
    };
    for (row, line) in lines.into_iter().enumerate() {
        put(
            out,
            area,
            row as u16 + 1,
            &Line::styled(format!("  {line}"), model.theme.dim),
        );
    }
}

fn gap(width: u16) -> usize {
    if width >= ROOMY { 2 } else { 1 }
}

/// The columns of this width; the name takes what it needs, the message what is left.
fn columns(shown: &[&Process], width: u16) -> Vec<Column> {
    let roomy = width >= ROOMY;
    let longest = shown
        .iter()
        .map(|process| text::width(&process.name))
        .max()
        .unwrap_or(4);
    let mut columns = vec![
        left("  NAME", 0, 20),
        left("STATUS", 10, 19),
        health_column(width),
        right("PORT", 5, 15),
        right("CPU", if roomy { 6 } else { 5 }, 18),
        right("MEMORY", 6, 16),
        right("UPTIME", 6, 14),
        right(
            if roomy { "RESTARTS" } else { "↻" },
            if roomy { 8 } else { 2 },
            13,
        ),
        left("CPU OVER TIME", SPARK, 11),
        left("", 0, 12),
    ];
    let width = usize::from(width);
    let gap = if roomy { 2 } else { 1 };
    // Both ends are wide: what the figures leave goes to the name first.
    let figures: usize = columns[1..8].iter().map(|column| column.width + gap).sum();
    let room = width.saturating_sub(figures).max(10);
    columns[0].width = (longest + 2).clamp(6, room.min(32));
    let used = columns[0].width + figures;
    match width.saturating_sub(used) {
        rest if rest >= SPARK + 2 * gap + 16 => columns[9].width = rest - SPARK - 2 * gap,
        rest if rest > gap + 8 => {
            columns.remove(8);
            columns[8].width = rest - gap;
            columns.insert(8, left("", width + 1, 1));
        }
        _ => {
            columns[8].width = width + 1;
            columns[9].width = width + 1;
            (columns[8].rank, columns[9].rank) = (1, 2);
        }
    }
    columns
}

fn health_column(width: u16) -> Column {
    match width {
        ROOMY.. => left("HEALTH", 9, 17),
        72.. => left("HEALTH", 6, 17),
        _ => left("HLT", 3, 17),
    }
}

fn cells(model: &Model, process: &Process, roomy: bool) -> Vec<(String, Style)> {
    let theme = &model.theme;
    let status = theme.status(&process.status);
    let mark = if model.marked.contains(&process.name) {
        "+"
    } else {
        " "
    };
    let health = match (process.health.state.as_str(), roomy) {
        ("none" | "", _) => "-",
        ("healthy", false) => "ok",
        ("unhealthy", false) => "bad",
        ("checking", false) => "…",
        (state, _) => state,
    };
    let runs = process.pid.is_some();
    let some = |value: Option<String>| value.filter(|_| runs).unwrap_or_else(|| "-".to_string());
    let mut port = process
        .port
        .or(process.requested_port)
        .map_or_else(|| "-".to_string(), |port| port.to_string());
    if process.port.is_some()
        && process.port != process.requested_port
        && process.requested_port.is_some()
    {
        port = format!("*{port}");
    }
    let samples = model.samples.get(&process.name);
    let spark = samples.map(|all| {
        let top = all.iter().copied().fold(5.0, f64::max);
        format::spark(all.iter().copied(), SPARK, top)
    });
    vec![
        (
            format!("{mark} {}", process.name),
            theme.name(&process.name),
        ),
        (
            format!("{} {}", mark_of(process), process.status),
            if process.waits_for_input {
                theme.busy
            } else {
                status
            },
        ),
        (health.to_string(), theme.health(&process.health.state)),
        (port, theme.text),
        (
            some(process.cpu_percent.map(format::percent)),
            hot(model, process.cpu_percent),
        ),
        (some(process.memory_bytes.map(format::bytes)), theme.text),
        (some(process.uptime_ms.map(format::uptime)), theme.text),
        (
            if process.restarts == 0 {
                "-".to_string()
            } else {
                process.restarts.to_string()
            },
            if process.restarts == 0 {
                theme.dim
            } else {
                theme.warn
            },
        ),
        (spark.filter(|_| runs).unwrap_or_default(), theme.busy),
        remark(model, process),
    ]
}

/// The sign of its state; a question mark where somebody is to type something.
pub(super) fn mark_of(process: &Process) -> &'static str {
    if process.waits_for_input {
        "?"
    } else {
        sign(&process.status)
    }
}

fn hot(model: &Model, cpu: Option<f64>) -> Style {
    match cpu {
        Some(cpu) if cpu >= 90.0 => model.theme.warn,
        _ => model.theme.text,
    }
}

/// What there is to say about a process in a few words.
pub(super) fn remark(model: &Model, process: &Process) -> (String, Style) {
    let theme = &model.theme;
    if !process.waiting_for.is_empty() {
        return (
            format!("waits for {}", process.waiting_for.join(", ")),
            theme.busy,
        );
    }
    if process.waits_for_input {
        return ("waits for input".to_string(), theme.busy);
    }
    if let Some(message) = &process.message {
        return (message.clone(), theme.status(&process.status));
    }
    let warnings = model.status.iter().flat_map(|status| &status.warnings);
    let mut warnings = warnings.filter(|one| one.process.as_deref() == Some(&process.name));
    if let Some(warning) = warnings.next() {
        return (warning.message.clone(), theme.warn);
    }
    match (&process.signal, process.exit_code, process.pid) {
        (Some(signal), _, None) => (format!("ended by {signal}"), theme.status(&process.status)),
        (None, Some(code), None) if code != 0 => {
            (format!("exit code {code}"), theme.status(&process.status))
        }
        _ if process.debug => ("debug mode".to_string(), theme.warn),
        _ => (
            process
                .url
                .clone()
                .or(process.description.clone())
                .unwrap_or_default(),
            theme.dim,
        ),
    }
}
