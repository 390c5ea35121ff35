//! What the machine and the processes use, now and over time.

use forge_api::{MonitorProcess, Point, System};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};

use super::{heading, put, tint};
use crate::format;
use crate::layout;
use crate::model::Model;
use crate::text;
use crate::update::SPANS;

pub(super) fn draw(model: &Model, area: Rect, out: &mut Buffer) {
    let Some(monitor) = &model.monitor else {
        put(
            out,
            area,
            0,
            &Line::styled("  measuring …", model.theme.dim),
        );
        return;
    };
    put(
        out,
        area,
        0,
        &machine(model, &monitor.system, usize::from(area.width)),
    );
    let list = layout::list(model);
    let widths = Widths::new(model, usize::from(area.width));
    put(out, area, 1, &Line::styled(widths.title(), model.theme.dim));
    let shown = model.shown();
    let visible = shown
        .iter()
        .enumerate()
        .skip(model.processes.top)
        .take(usize::from(list.height));
    for (row, (at, process)) in visible.enumerate() {
        let row = row as u16;
        let found = monitor
            .processes
            .iter()
            .find(|one| one.process.name == process.name);
        put(out, list, row, &widths.row(model, &process.name, found));
        if at == model.processes.at {
            tint(out, list, row, model.theme.selected);
        }
    }
    let below = Rect {
        y: list.bottom(),
        height: area.bottom().saturating_sub(list.bottom()),
        ..area
    };
    let chosen = model.selected().map(|process| process.name.clone());
    let chosen = monitor
        .processes
        .iter()
        .find(|one| Some(&one.process.name) == chosen.as_ref());
    if let Some(chosen) = chosen.filter(|_| below.height >= 5) {
        graphs(model, chosen, below, out);
    }
}

fn machine(model: &Model, system: &System, width: usize) -> Line<'static> {
    let theme = &model.theme;
    // Narrow screens have no room for bars, and the load is left out first.
    let wide = match width {
        0..70 => 0,
        width => (width / 12).clamp(4, 20),
    };
    let mut spans = vec![Span::styled(" machine  ", theme.heading)];
    if let Some(cpu) = system.cpu_percent {
        spans.push(Span::styled("cpu ", theme.dim));
        spans.push(Span::styled(bar(cpu / 100.0, wide), theme.busy));
        let cores = system
            .cores
            .map(|cores| format!(" of {cores} cores"))
            .unwrap_or_default();
        let gap = if wide > 0 { " " } else { "" };
        spans.push(Span::raw(format!("{gap}{}{cores}  ", format::percent(cpu))));
    }
    if let (Some(used), Some(total)) = (system.memory_bytes, system.memory_total_bytes) {
        spans.push(Span::styled("memory ", theme.dim));
        spans.push(Span::styled(
            bar(used as f64 / total.max(1) as f64, wide),
            theme.busy,
        ));
        let gap = if wide > 0 { " " } else { "" };
        spans.push(Span::raw(format!(
            "{gap}{} of {}  ",
            format::bytes(used),
            format::bytes(total)
        )));
    }
    let line = Line::from(spans);
    let load = system
        .load
        .map(|[one, five, fifteen]| format!("{one:.2} {five:.2} {fifteen:.2}"));
    match load {
        Some(load) if line.width() + load.len() + 5 <= width => {
            let mut line = line;
            line.push_span(Span::styled("load ", theme.dim));
            line.push_span(Span::raw(load));
            line
        }
        _ => text::cut_line(line, width),
    }
}

fn bar(part: f64, width: usize) -> String {
    if width == 0 {
        return String::new();
    }
    let full = (part.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!(
        "{}{}",
        "█".repeat(full),
        "░".repeat(width - full.min(width))
    )
}

struct Widths {
    name: usize,
    spark: usize,
}

impl Widths {
    fn new(model: &Model, width: usize) -> Self {
        let longest = model
            .shown()
            .iter()
            .map(|process| text::width(&process.name))
            .max()
            .unwrap_or(4);
        let name = longest.clamp(4, (width / 4).max(4));
        // The name, two figures, and what is between them.
        let spark = width.saturating_sub(name + 24) / 2;
        Widths {
            name,
            spark: spark.min(60),
        }
    }

    fn title(&self) -> String {
        let name = text::fit("NAME", self.name);
        format!(
            "  {name} {:>7} {} {:>8}",
            "CPU",
            " ".repeat(self.spark),
            "MEMORY"
        )
    }

    fn row(&self, model: &Model, name: &str, found: Option<&MonitorProcess>) -> Line<'static> {
        let theme = &model.theme;
        let series = |key: &str| -> Vec<f64> {
            let points = found.and_then(|one| one.history.get(key));
            points
                .map(|points| points.iter().map(|Point(_, value)| *value).collect())
                .unwrap_or_default()
        };
        let spark = |values: Vec<f64>, least: f64| {
            // Room above the highest, so that what stays the same is no wall.
            let top = values.iter().copied().fold(least, f64::max) * 1.3;
            text::fit(
                &format::spark(values.into_iter(), self.spark, top),
                self.spark,
            )
        };
        let cpu = found
            .and_then(|one| one.process.cpu_percent)
            .map_or_else(|| "-".to_string(), format::percent);
        let memory = found
            .and_then(|one| one.process.memory_bytes)
            .map_or_else(|| "-".to_string(), format::bytes);
        Line::from(vec![
            Span::styled(
                format!("  {} ", text::fit(name, self.name)),
                theme.name(name),
            ),
            Span::raw(format!("{cpu:>7} ")),
            Span::styled(spark(series("cpu_percent"), 5.0), theme.busy),
            Span::raw(format!(" {memory:>8} ")),
            Span::styled(spark(series("memory_bytes"), 1.0), theme.good),
        ])
    }
}

fn graphs(model: &Model, process: &MonitorProcess, area: Rect, out: &mut Buffer) {
    let span = SPANS[model.span % SPANS.len()];
    heading(
        model,
        out,
        area,
        &format!("{} · last {span}", process.process.name),
        "t span",
    );
    let inside = layout::below_heading(area);
    let half = inside.width / 2;
    // A column between them keeps their labels apart.
    let left = Rect {
        width: half.saturating_sub(2),
        ..inside
    };
    let right = Rect {
        x: inside.x + half,
        width: inside.width - half,
        ..inside
    };
    let empty = Vec::new();
    let series = |key: &str| process.history.get(key).unwrap_or(&empty);
    chart(
        model,
        "cpu",
        series("cpu_percent"),
        model.theme.busy,
        left,
        out,
        format::percent,
        5.0,
    );
    let bytes = |value: f64| format::bytes(value as u64);
    chart(
        model,
        "memory",
        series("memory_bytes"),
        model.theme.good,
        right,
        out,
        bytes,
        1024.0 * 1024.0,
    );
}

#[allow(clippy::too_many_arguments)] // One call for each graph; a struct would only rename them.
fn chart(
    model: &Model,
    title: &'static str,
    points: &[Point],
    style: Style,
    area: Rect,
    out: &mut Buffer,
    label: impl Fn(f64) -> String,
    least: f64,
) {
    let area = area.intersection(out.area);
    if area.width < 16 || area.height < 3 || points.is_empty() {
        return;
    }
    let data: Vec<(f64, f64)> = points
        .iter()
        .map(|Point(at, value)| (*at as f64, *value))
        .collect();
    let top = data.iter().map(|(_, value)| *value).fold(least, f64::max) * 1.1;
    let begin = data.first().map_or(0.0, |(at, _)| *at);
    let end = data.last().map_or(1.0, |(at, _)| *at).max(begin + 1.0);
    let clock = |at: f64| {
        let text = jiff::Timestamp::from_second(at as i64)
            .map(|at| at.to_string())
            .unwrap_or_default();
        format::clock(&text, &model.zone)
    };
    let marker = Marker::Braille;
    let set = Dataset::default()
        .marker(marker)
        .graph_type(GraphType::Line)
        .style(style)
        .data(&data);
    Chart::new(vec![set])
        .x_axis(
            Axis::default()
                .bounds([begin, end])
                .labels([clock(begin), clock(end)])
                .style(model.theme.dim),
        )
        .y_axis(
            Axis::default()
                .title(title)
                .bounds([0.0, top])
                .labels(["0".to_string(), label(top)])
                .style(model.theme.dim),
        )
        .render(area, out);
}
