//! Everything about one process.

use forge_api::{Event, Process, WhyAnswer, WhySetting};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{heading, put};
use crate::format;
use crate::layout;
use crate::model::Model;
use crate::text;

/// Beginnings and ends of runs that are shown.
const RUNS: usize = 6;

/// How many rows there are.
pub(crate) fn rows(model: &Model) -> usize {
    model
        .selected()
        .map_or(0, |process| facts(model, process).len())
}

pub(super) fn draw(model: &Model, process: &Process, area: Rect, out: &mut Buffer) {
    let rows = facts(model, process);
    let inside = layout::below_heading(area);
    // Two columns where there is room, so that little is cut off.
    let columns = match inside.width >= 120 && rows.len() > usize::from(inside.height) {
        true => 2,
        false => 1,
    };
    let seen = usize::from(inside.height * columns);
    let top = model.details_top.min(rows.len().saturating_sub(seen));
    let right = match rows.len() > seen {
        true => format!("{}-{} of {}, PgDn · i log", top + 1, top + seen, rows.len()),
        false => "i log".to_string(),
    };
    let title = format!("{} · details", process.name);
    heading(model, out, area, &title, &right);
    let wide = rows
        .iter()
        .map(|(key, _, _)| text::width(key))
        .max()
        .unwrap_or(0)
        .min(20);
    let width = inside.width / columns;
    for (at, (key, value, style)) in rows.iter().skip(top).take(seen).enumerate() {
        let at = u16::try_from(at).unwrap_or(u16::MAX);
        let (column, row) = (at / inside.height.max(1), at % inside.height.max(1));
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

/// What people look for first stands first; what nobody has chosen stands last.
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
    let health = theme.health(&process.health.state);
    fact("health", process.health.detail.clone(), health);
    for key in ["command", "cwd"] {
        fact(key, why.and_then(|why| setting(why, key)), theme.text);
    }
    fact("needs", needs(model, process), theme.text);
    fact("about", process.description.clone(), theme.text);
    fact("url", process.url.clone(), theme.accent);
    fact("pids", pids(process), theme.text);
    fact("listens on", ports(process), theme.text);
    let started = process.started_at.as_ref();
    let started = started.map(|at| format::moment(at, &model.zone, model.now));
    fact("started", started, theme.text);
    fact("uses", usage(process), theme.text);
    fact("disk, network", traffic(process), theme.text);
    fact("last exit", last_exit(process), theme.text);
    let restarts = (process.restarts > 0).then(|| process.restarts.to_string());
    fact("restarts", restarts, theme.warn);
    for (place, event) in runs(model, process).into_iter().enumerate() {
        let at = format::moment(&event.time, &model.zone, model.now);
        let key = if place == 0 { "runs" } else { "" };
        let style = theme.event(&event.kind);
        fact(key, Some(format!("{at}  {}", event.message)), style);
    }
    fact("groups", Some(process.groups.join(", ")), theme.text);
    for (name, value) in &process.service {
        let value = value.as_str().map(str::to_string);
        let value = value.unwrap_or_else(|| process.service[name].to_string());
        fact(name, Some(value), theme.text);
    }
    fact("service", process.service_error.clone(), theme.warn);
    let settings = why.map_or(&[][..], |why| &why.settings);
    for rank in 0..3 {
        let style = if rank == 0 { theme.text } else { theme.dim };
        for one in settings.iter().filter(|one| rank_of(one) == Some(rank)) {
            fact(
                &one.key,
                Some(format!("{}  ({})", one.value, one.from)),
                style,
            );
        }
    }
    rows
}

/// Settings and variables that somebody has chosen, then what came from the client, then what is
/// usual; `None` for what stands further up.
fn rank_of(setting: &WhySetting) -> Option<u8> {
    match (setting.key.as_str(), setting.from.as_str()) {
        ("name" | "command" | "cwd", _) => None,
        (_, "client") => Some(1),
        (_, "default") => Some(2),
        (_, _) => Some(0),
    }
}

fn setting(why: &WhyAnswer, key: &str) -> Option<String> {
    let found = why.settings.iter().find(|one| one.key == key)?;
    Some(format!("{}  ({})", found.value, found.from))
}

fn needs(model: &Model, process: &Process) -> Option<String> {
    let nodes = model.graph.iter().flat_map(|graph| &graph.nodes);
    let mut nodes = nodes.filter(|node| node.name == process.name);
    let needs = &nodes.next()?.needs;
    let each = needs
        .iter()
        .map(|(name, condition)| format!("{name} ({condition})"));
    Some(each.collect::<Vec<_>>().join(", "))
}

/// How its last runs began and ended, the latest first.
fn runs<'a>(model: &'a Model, process: &Process) -> Vec<&'a Event> {
    let events = model.events.iter().rev().filter(|event| {
        let kind = event.kind.as_str();
        event.process.as_deref() == Some(&process.name)
            && matches!(kind, "started" | "restarted" | "stopped" | "crashed")
    });
    events.take(RUNS).collect()
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
        process.threads.map(|threads| match threads {
            1 => "1 thread".to_string(),
            threads => format!("{threads} threads"),
        }),
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
