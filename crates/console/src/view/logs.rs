//! The lines of a log, from the lowest one upwards.

use forge_api::Process;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use regex::Regex;

use super::{heading, put, tint};
use crate::format;
use crate::layout;
use crate::model::Model;
use crate::model::log::{Entry, LogWindow, Older, Scroll};
use crate::text::{self, Cell};

/// One row of the screen, and the line that it belongs to.
struct Row {
    at: Option<i64>,
    cells: Vec<Cell>,
}

/// How lines are written.
#[derive(Clone, Copy)]
struct Form {
    width: usize,
    wrap: bool,
    times: bool,
    /// Columns of the names; 0 for none.
    names: usize,
    shift: usize,
}

pub(super) fn draw(model: &Model, area: Rect, out: &mut Buffer) {
    let window = &model.log;
    heading(
        model,
        out,
        area,
        &format!("Logs · {}", window.filter.title()),
        &state(model, window),
    );
    let lines = layout::below_heading(area);
    if let Some(error) = &window.error {
        put(
            out,
            lines,
            0,
            &ratatui::text::Line::styled(format!(" ! {}", text::plain(error)), model.theme.bad),
        );
        return;
    }
    if window.is_empty() {
        let word = if window.loaded {
            nothing(window)
        } else {
            "reading …"
        };
        put(
            out,
            lines,
            0,
            &ratatui::text::Line::styled(format!("  {word}"), model.theme.dim),
        );
    }
    show(model, window, form(model, window, lines.width), lines, out);
}

/// The log of one process below the table; what there is to say about it stands in the title.
pub(super) fn preview(model: &Model, process: &Process, area: Rect, out: &mut Buffer) {
    let name = &process.name;
    let (remark, _) = super::processes::remark(model, process);
    let title = match remark.is_empty() {
        true => format!("{name} · log"),
        false => format!("{name} · {}", text::plain(&remark)),
    };
    heading(model, out, area, &title, "Enter log, i details");
    let lines = layout::below_heading(area);
    let window = &model.preview;
    if window
        .filter
        .targets
        .first()
        .is_none_or(|target| target != name)
    {
        return;
    }
    if window.is_empty() && window.loaded {
        put(
            out,
            lines,
            0,
            &ratatui::text::Line::styled("  nothing is written yet", model.theme.dim),
        );
    }
    show(model, window, form(model, window, lines.width), lines, out);
}

/// Why there is no line.
fn nothing(window: &LogWindow) -> &'static str {
    let filter = &window.filter;
    match filter.level.is_some() || filter.grep.is_some() || filter.since.is_some() {
        true => "no line is let through; /level, /grep and /since without a word show all again",
        false => "nothing is written yet",
    }
}

/// How many lines can be seen.
pub(crate) fn shown_lines(model: &Model) -> i64 {
    let area = layout::log_lines(model, true);
    let form = form(model, &model.log, area.width);
    let rows = rows(model, &model.log, form, usize::from(area.height));
    let mut seen: Vec<i64> = rows.iter().filter_map(|row| row.at).collect();
    seen.dedup();
    seen.len() as i64
}

/// How many rows a line takes.
pub(crate) fn line_height(model: &Model, window: &LogWindow, at: i64, width: u16) -> usize {
    let form = form(model, window, width);
    match window.get(at) {
        Some(entry) if form.wrap => {
            line(model, window, entry, form).len() + usize::from(begins(window, at))
        }
        Some(_) => 1 + usize::from(begins(window, at)),
        None => 0,
    }
}

/// The line in this row of the log view.
pub(crate) fn line_at(model: &Model, row: usize) -> Option<i64> {
    let area = layout::log_lines(model, true);
    let form = form(model, &model.log, area.width);
    rows(model, &model.log, form, usize::from(area.height))
        .get(row)?
        .at
}

/// The selected lines, else all that can be seen, as text.
pub(crate) fn visible_text(model: &Model) -> String {
    if let Some((first, last)) = model.log.selected() {
        let lines = (first..=last).filter_map(|at| model.log.get(at));
        let lines: Vec<&str> = lines.map(|entry| entry.line.message.as_str()).collect();
        return lines.join("\n");
    }
    let area = layout::log_lines(model, true);
    let form = form(model, &model.log, area.width);
    let rows = rows(model, &model.log, form, usize::from(area.height));
    let mut seen: Vec<i64> = rows.iter().filter_map(|row| row.at).collect();
    seen.dedup();
    let lines = seen.iter().filter_map(|at| model.log.get(*at));
    lines
        .map(|entry| entry.line.message.as_str())
        .collect::<Vec<_>>()
        .join("\n")
}

fn state(model: &Model, window: &LogWindow) -> String {
    let mut parts = Vec::new();
    if let Some(search) = &window.search {
        parts.push(format!("/{}", search.as_str()));
    }
    if window.older == Older::Loading {
        parts.push("reading on".to_string());
    }
    parts.push(match window.scroll {
        Scroll::Follow => "following".to_string(),
        Scroll::At(_) if window.unseen > 0 => format!("paused, {} new", window.unseen),
        Scroll::At(_) => "paused".to_string(),
    });
    if model.wrap {
        parts.push("wrapped".to_string());
    }
    parts.join(" · ")
}

fn form(model: &Model, window: &LogWindow, width: u16) -> Form {
    let single = matches!(window.filter.targets.as_slice(), [one] if model.process(one).is_some());
    let all = model.status.iter().flat_map(|status| &status.processes);
    let longest = all
        .map(|process| text::width(&process.name))
        .max()
        .unwrap_or(8);
    let width = usize::from(width);
    let names = if single || width < 30 {
        0
    } else {
        longest.clamp(4, if width < 90 { 12 } else { 20 })
    };
    Form {
        width,
        wrap: model.wrap,
        times: model.times && width >= 40,
        names,
        shift: window.shift,
    }
}

fn show(model: &Model, window: &LogWindow, form: Form, area: Rect, out: &mut Buffer) {
    for (row, shown) in rows(model, window, form, usize::from(area.height))
        .iter()
        .enumerate()
    {
        let row = row as u16;
        put(out, area, row, &text::line(&shown.cells));
        let selected = window.selected();
        if let (Some(at), Some((first, last))) = (shown.at, selected)
            && (first..=last).contains(&at)
        {
            tint(out, area, row, model.theme.selected);
        }
    }
}

/// The rows of an area of this height.
fn rows(model: &Model, window: &LogWindow, form: Form, height: usize) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    let mut at = window.bottom();
    while out.len() < height {
        let Some(entry) = window.get(at) else { break };
        let lines = line(model, window, entry, form);
        out.extend(lines.into_iter().rev().map(|cells| Row {
            at: Some(at),
            cells,
        }));
        if begins(window, at) {
            out.push(Row {
                at: None,
                cells: divider(model, entry, form.width),
            });
        }
        at -= 1;
    }
    out.truncate(height);
    out.reverse();
    out
}

/// Whether a line is the first one since one has looked away.
fn begins(window: &LogWindow, at: i64) -> bool {
    window.mark.is_some_and(|mark| mark + 1 == at)
}

fn divider(model: &Model, entry: &Entry, width: usize) -> Vec<Cell> {
    let title = format!(
        "── new since {} ",
        format::clock(&entry.line.time, &model.zone)
    );
    let rule = "─".repeat(width.saturating_sub(text::width(&title)));
    text::cells(
        &text::cut(&format!("{title}{rule}"), width),
        model.theme.accent,
    )
}

/// The rows of one line.
fn line(model: &Model, window: &LogWindow, entry: &Entry, form: Form) -> Vec<Vec<Cell>> {
    let theme = &model.theme;
    let line = &entry.line;
    let mut before = Vec::new();
    if form.times {
        let clock = format::clock(&entry.until, &model.zone);
        before.extend(text::cells(&format!("{clock} "), theme.dim));
    }
    if form.names > 0 {
        before.extend(text::cells(
            &text::fit(&line.process, form.names),
            theme.name(&line.process),
        ));
        let bar = if line.stream == "stderr" {
            " ┆ "
        } else {
            " │ "
        };
        before.extend(text::cells(bar, theme.border));
    }
    let style = if line.gap.is_some() {
        theme.warn
    } else {
        theme.level(line.level.as_deref())
    };
    let style = if line.context {
        style.patch(theme.dim)
    } else {
        style
    };
    let mut message = text::cells(line.styled.as_deref().unwrap_or(&line.message), style);
    if let Some(search) = &window.search {
        highlight(&mut message, search, theme.found);
    }
    if entry.times > 1 {
        message.extend(text::cells(&format!("  ×{}", entry.times), theme.accent));
    }
    let taken: usize = before.iter().map(|cell| cell.width).sum();
    let room = form.width.saturating_sub(taken).max(1);
    if form.wrap {
        let pieces = text::rows(&message, room);
        return pieces
            .into_iter()
            .take(200)
            .enumerate()
            .map(|(at, piece)| {
                let mut row = if at == 0 {
                    before.clone()
                } else {
                    blank(taken)
                };
                row.extend_from_slice(piece);
                row
            })
            .collect();
    }
    before.extend(cut(message, form.shift, room, theme.dim));
    vec![before]
}

fn blank(width: usize) -> Vec<Cell> {
    text::cells(&" ".repeat(width), Style::new())
}

/// The cells from a column on, cut to a width.
fn cut(cells: Vec<Cell>, shift: usize, room: usize, dim: Style) -> Vec<Cell> {
    let mut passed = 0;
    let mut used = 0;
    let mut out: Vec<Cell> = Vec::new();
    for cell in cells {
        if passed < shift {
            passed += cell.width;
            continue;
        }
        if used + cell.width > room {
            while used + 1 > room {
                match out.pop() {
                    Some(last) => used -= last.width,
                    None => return out,
                }
            }
            out.push(Cell {
                symbol: "…".to_string(),
                width: 1,
                style: dim,
            });
            return out;
        }
        used += cell.width;
        out.push(cell);
    }
    out
}

/// Marks what a search finds.
fn highlight(cells: &mut [Cell], search: &Regex, style: Style) {
    let all: String = cells.iter().map(|cell| cell.symbol.as_str()).collect();
    let hits: Vec<std::ops::Range<usize>> = search
        .find_iter(&all)
        .filter(|hit| !hit.is_empty())
        .take(1000)
        .map(|hit| hit.range())
        .collect();
    if hits.is_empty() {
        return;
    }
    let mut at = 0;
    let mut next = hits.iter().peekable();
    for cell in cells {
        while next.peek().is_some_and(|hit| hit.end <= at) {
            next.next();
        }
        if next
            .peek()
            .is_some_and(|hit| hit.start < at + cell.symbol.len())
        {
            cell.style = cell.style.remove_modifier(Modifier::DIM).patch(style);
        }
        at += cell.symbol.len();
    }
}
