//! Who needs whom, and why something waits.

use forge_api::{GraphNode, Process};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::processes::{mark_of, remark};
use super::{heading, put, tint};
use crate::layout;
use crate::model::{Model, graph};
use crate::text;

pub(super) fn draw(model: &Model, out: &mut Buffer) {
    let (area, below) = layout::graph(model);
    put(
        out,
        area,
        0,
        &Line::styled("  PROCESS, below what it needs", model.theme.dim),
    );
    let rows = layout::below_heading(area);
    let shown = model.shown();
    let visible = graph::rows(model);
    let visible = visible
        .iter()
        .skip(model.graph_top)
        .take(usize::from(rows.height));
    for (row, place) in visible.enumerate() {
        let row = row as u16;
        let Some(process) = shown.get(place.at) else {
            continue;
        };
        let line = text::cut_line(line(model, process, place.depth), usize::from(rows.width));
        put(out, rows, row, &line);
        if place.at == model.processes.at {
            tint(out, rows, row, model.theme.selected);
        }
    }
    if let (true, Some(process)) = (below.height > 1, model.selected()) {
        reasons(model, process, below, out);
    }
}

fn line(model: &Model, process: &Process, depth: usize) -> Line<'static> {
    let theme = &model.theme;
    let stem = match depth.min(12) {
        0 => "  ".to_string(),
        depth => format!("  {}└ ", "  ".repeat(depth - 1)),
    };
    let status = theme.status(&process.status);
    let mut spans = vec![
        Span::styled(stem, theme.border),
        Span::styled(format!("{} ", mark_of(process)), status),
        Span::styled(text::plain(&process.name), theme.name(&process.name)),
        Span::styled(format!("  {}", process.status), status),
    ];
    for (place, (name, condition)) in needs(model, process).iter().enumerate() {
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
    if !remark.is_empty() && process.status != "running" && process.waiting_for.is_empty() {
        spans.push(Span::styled(format!("  · {}", text::plain(&remark)), style));
    }
    Line::from(spans)
}

fn needs<'a>(model: &'a Model, process: &Process) -> &'a [(String, String)] {
    let nodes: &[GraphNode] = model.graph.as_ref().map_or(&[], |graph| &graph.nodes);
    let node = nodes.iter().find(|node| node.name == process.name);
    node.map_or(&[], |node| &node.needs)
}

/// Why the process that is chosen runs, waits or is down.
fn reasons(model: &Model, process: &Process, area: Rect, out: &mut Buffer) {
    heading(
        model,
        out,
        area,
        &format!("{} · why", process.name),
        "w more",
    );
    let inside = layout::below_heading(area);
    let width = usize::from(inside.width).saturating_sub(3);
    let Some(why) = model.why.as_ref().filter(|why| why.name == process.name) else {
        return;
    };
    let summary = Line::styled(
        format!(" {}", text::cut(&text::plain(&why.summary), width)),
        model.theme.status(&process.status),
    );
    put(out, inside, 0, &summary);
    for (row, because) in why.because.iter().enumerate() {
        let line = format!(" · {}", text::cut(&text::plain(&because.text), width));
        put(out, inside, row as u16 + 1, &Line::raw(line));
    }
}
