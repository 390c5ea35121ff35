//! What has happened: one event a row, the latest last.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{put, tint};
use crate::format;
use crate::layout;
use crate::model::Model;
use crate::text;

/// Columns of a time, and of one with its day.
const CLOCK: usize = 8;
const DAY: usize = 16;

pub(super) fn draw(model: &Model, area: Rect, out: &mut Buffer) {
    let names = model
        .events
        .iter()
        .filter_map(|event| event.process.as_deref());
    let wide = names.map(text::width).max().unwrap_or(7).clamp(7, 20);
    let today = |event: &forge_api::Event| {
        format::moment(&event.time, &model.zone, model.now).len() == CLOCK
    };
    let when = match area.width >= 70 && !model.events.iter().all(today) {
        true => DAY,
        false => CLOCK,
    };
    let title = format!(
        " {}  {}  {:<12} MESSAGE",
        text::fit("TIME", when),
        text::fit("PROCESS", wide),
        "KIND"
    );
    put(out, area, 0, &Line::styled(title, model.theme.dim));
    let rows = layout::below_heading(area);
    if model.events.is_empty() {
        put(
            out,
            rows,
            0,
            &Line::styled("  nothing has happened yet", model.theme.dim),
        );
    }
    let shown = model
        .events
        .iter()
        .enumerate()
        .skip(model.event.top)
        .take(usize::from(rows.height));
    for (row, (at, event)) in shown.enumerate() {
        let row = row as u16;
        let time = match when {
            DAY => format::moment(&event.time, &model.zone, model.now),
            _ => format::clock(&event.time, &model.zone),
        };
        let name = event.process.as_deref().unwrap_or("-");
        let style = model.theme.event(&event.kind);
        let line = Line::from(vec![
            Span::styled(format!(" {}  ", text::fit(&time, when)), model.theme.dim),
            Span::styled(
                format!("{}  ", text::fit(name, wide)),
                model.theme.name(name),
            ),
            Span::styled(format!("{} ", text::fit(&event.kind, 12)), style),
            Span::styled(text::plain(&event.message), style),
        ]);
        put(
            out,
            rows,
            row,
            &text::cut_line(line, usize::from(rows.width)),
        );
        if at == model.event.at {
            tint(out, rows, row, model.theme.selected);
        }
    }
}
