//! Who needs whom, and why something waits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::processes::remark;
use super::{put, tint};
use crate::layout;
use crate::model::Model;
use crate::text;
use crate::theme::sign;

pub(super) fn draw(model: &Model, area: Rect, out: &mut Buffer) {
    put(
        out,
        area,
        0,
        &Line::styled("  PROCESS, below what it needs", model.theme.dim),
    );
    let rows = layout::below_heading(area);
    let theme = &model.theme;
    let nodes = model
        .graph
        .as_ref()
        .map(|graph| graph.nodes.as_slice())
        .unwrap_or_default();
    let shown = model.shown();
    let visible = shown
        .iter()
        .enumerate()
        .skip(model.processes.top)
        .take(usize::from(rows.height));
    for (row, (at, process)) in visible.enumerate() {
        let row = row as u16;
        let node = nodes.iter().find(|node| node.name == process.name);
        let level = node.map_or(0, |node| node.level).min(12);
        let stem = if level == 0 {
            "  ".to_string()
        } else {
            format!("  {}└ ", "  ".repeat(level - 1))
        };
        let mut spans = vec![
            Span::styled(stem, theme.border),
            Span::styled(
                format!("{} ", sign(&process.status)),
                theme.status(&process.status),
            ),
            Span::styled(text::plain(&process.name), theme.name(&process.name)),
            Span::styled(
                format!("  {}", process.status),
                theme.status(&process.status),
            ),
        ];
        for (place, (name, condition)) in node.iter().flat_map(|node| &node.needs).enumerate() {
            let word = if place == 0 { "  needs " } else { ", " };
            let missing = process.waiting_for.iter().any(|waits| waits == name);
            let style = if missing { theme.busy } else { theme.dim };
            spans.push(Span::styled(word, theme.dim));
            spans.push(Span::styled(
                format!("{} ({condition})", text::plain(name)),
                style,
            ));
        }
        let (remark, style) = remark(model, process);
        if !remark.is_empty() && process.status != "running" {
            spans.push(Span::styled(format!("  · {}", text::plain(&remark)), style));
        }
        put(out, rows, row, &Line::from(spans));
        if at == model.processes.at {
            tint(out, rows, row, theme.selected);
        }
    }
}
