//! Everything about one process.

use forge_api::Process;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{heading, put};
use crate::format;
use crate::layout;
use crate::model::Model;
use crate::text;

pub(super) fn draw(model: &Model, process: &Process, area: Rect, out: &mut Buffer) {
    heading(
        model,
        out,
        area,
        &format!("{} · details", process.name),
        "i log",
    );
    let rows = facts(model, process);
    let inside = layout::below_heading(area);
    let wide = rows
        .iter()
        .map(|(key, _, _)| text::width(key))
        .max()
        .unwrap_or(0)
        .min(20);
    // Two columns where there is room, so that little is cut off.
    let columns = if inside.width >= 120 && rows.len() > usize::from(inside.height) {
        2
    } else {
        1
    };
    let width = inside.width / columns;
    for (at, (key, value, style)) in rows.iter().enumerate() {
        let at = u16::try_from(at).unwrap_or(u16::MAX);
        let (column, row) = (at / inside.height.max(1), at % inside.height.max(1));
        if column >= columns {
            break;
        }
        let place = Rect {
            x: inside.x + column * width,
            width,
            ..inside
        };
        let line = Line::from(vec![
            Span::styled(format!(" {}  ", text::fit(key, wide)), model.theme.dim),
            Span::styled(
                text::cut(value, usize::from(width).saturating_sub(wide + 4)),
                *style,
            ),
        ]);
        put(out, place, row, &line);
    }
}

type Fact = (String, String, Style);

fn facts(model: &Model, process: &Process) -> Vec<Fact> {
    let theme = &model.theme;
    let mut rows: Vec<Fact> = Vec::new();
    let mut fact = |key: &str, value: Option<String>, style: Style| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            rows.push((key.to_string(), value, style));
        }
    };
    let why = model.why.as_ref().filter(|why| why.name == process.name);
    fact("state", Some(state(process)), theme.status(&process.status));
    fact("why", why.map(|why| why.summary.clone()), theme.text);
    fact("message", process.message.clone(), theme.warn);
    fact(
        "health",
        process.health.detail.clone(),
        theme.health(&process.health.state),
    );
    fact("about", process.description.clone(), theme.text);
    fact("url", process.url.clone(), theme.accent);
    fact("pids", pids(process), theme.text);
    fact("listens on", ports(process), theme.text);
    fact(
        "started",
        process
            .started_at
            .as_ref()
            .map(|at| format::moment(at, &model.zone, model.now)),
        theme.text,
    );
    fact("uses", usage(process), theme.text);
    fact("disk, network", traffic(process), theme.text);
    fact("last exit", last_exit(process), theme.text);
    fact(
        "restarts",
        (process.restarts > 0).then(|| process.restarts.to_string()),
        theme.warn,
    );
    fact("groups", Some(process.groups.join(", ")), theme.text);
    let needs = model
        .graph
        .iter()
        .flat_map(|graph| &graph.nodes)
        .find(|node| node.name == process.name);
    let needs = needs.map(|node| {
        let each = node
            .needs
            .iter()
            .map(|(name, condition)| format!("{name} ({condition})"));
        each.collect::<Vec<_>>().join(", ")
    });
    fact("needs", needs, theme.text);
    for (name, value) in &process.service {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_string);
        fact(name, Some(value), theme.text);
    }
    fact("service", process.service_error.clone(), theme.warn);
    for setting in why.iter().flat_map(|why| &why.settings) {
        fact(
            &setting.key,
            Some(format!("{}  ({})", setting.value, setting.from)),
            theme.text,
        );
    }
    rows
}

fn state(process: &Process) -> String {
    let mut out = process.status.clone();
    if process.health.state != "none" && !process.health.state.is_empty() {
        out.push_str(&format!(", {}", process.health.state));
    }
    for (is, word) in [
        (process.debug, "debug mode"),
        (process.adopted, "adopted"),
        (process.tty, "on a terminal"),
    ] {
        if is {
            out.push_str(&format!(", {word}"));
        }
    }
    out
}

fn pids(process: &Process) -> Option<String> {
    let leader = process.pid?;
    let others = process
        .pids
        .iter()
        .filter(|pid| **pid != leader)
        .map(ToString::to_string);
    let others: Vec<String> = others.collect();
    Some(match others.len() {
        0 => leader.to_string(),
        _ => format!("{leader}, with {}", others.join(" ")),
    })
}

fn ports(process: &Process) -> Option<String> {
    let listening: Vec<String> = process.listening.iter().map(ToString::to_string).collect();
    match (listening.is_empty(), process.port) {
        (true, Some(port)) => Some(format!("not yet on {port}")),
        (true, None) => None,
        (false, _) => Some(listening.join(", ")),
    }
}

fn usage(process: &Process) -> Option<String> {
    process.pid?;
    let parts = [
        process
            .cpu_percent
            .map(|cpu| format!("cpu {}", format::percent(cpu))),
        process
            .memory_bytes
            .map(|memory| format!("memory {}", format::bytes(memory))),
        process.threads.map(|threads| format!("{threads} threads")),
        process
            .open_files
            .map(|files| format!("{files} open files")),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn traffic(process: &Process) -> Option<String> {
    process.pid?;
    let rate = |label: &str, value: Option<u64>| {
        value.map(|value| format!("{label} {}/s", format::bytes(value)))
    };
    let parts = [
        rate("read", process.disk_read_bytes_per_s),
        rate("written", process.disk_write_bytes_per_s),
        rate("received", process.net_rx_bytes_per_s),
        rate("sent", process.net_tx_bytes_per_s),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn last_exit(process: &Process) -> Option<String> {
    match (&process.signal, process.exit_code) {
        (Some(signal), _) => Some(format!("by {signal}")),
        (None, Some(code)) => Some(format!("exit code {code}")),
        (None, None) => None,
    }
}
