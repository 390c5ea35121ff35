//! The picture of what is used: the machine, and each process now and over time.

mod facts;

use std::time::Duration;

use forge_api::{Monitor, MonitorProcess, Process, System};
use forge_inspect::history::Trend;

use super::chart::{Frame, Point, bar, sparkline};
use super::colour::{Style, paint};
use super::service::figures;
use super::status::{Look, warnings};
use super::text::{clip, pad, safe, width};
use super::units::{bytes, count, percent, whole_seconds};
use facts::facts;

/// The least time that sparklines show, so that the first seconds do not fill them.
const LEAST: u64 = 60;
/// Columns where nothing bounds them.
const COLUMNS: usize = 100;
/// CPU in percent of a core that is none to speak of.
const IDLE: f64 = 2.0;
/// Seconds at the beginning of what is known that do not count for a direction.
const BEGINNING: u64 = 15;
/// Lines that the figures of one service may take.
const SERVICE_LINES: usize = 3;

/// The whole picture. `now` is in seconds since 1970.
pub(crate) fn picture(monitor: &Monitor, now: u64, look: Look) -> Vec<String> {
    let mut lines = system_and_processes(monitor, now, look, None);
    lines.extend(warnings(&monitor.warnings, look));
    lines
}

/// The same for a screen that shows only its beginning: what is wrong comes before the processes, in at most so
/// many lines.
pub(crate) fn live_picture(monitor: &Monitor, now: u64, look: Look, most: usize) -> Vec<String> {
    system_and_processes(monitor, now, look, Some(most))
}

fn system_and_processes(
    monitor: &Monitor,
    now: u64,
    look: Look,
    alerts: Option<usize>,
) -> Vec<String> {
    let columns = look.width.unwrap_or(COLUMNS);
    let all = monitor
        .processes
        .iter()
        .flat_map(|one| one.history.values());
    let first = all.flatten().map(|point| point.0).min().unwrap_or(now);
    let view = View {
        from: first.min(now.saturating_sub(LEAST)),
        until: now,
        columns,
        look,
    };
    let mut lines = view.system(&monitor.system);
    if let Some(most) = alerts {
        lines.extend(view.alerts(monitor, most));
    }
    let (up, down): (Vec<_>, Vec<_>) = monitor
        .processes
        .iter()
        .partition(|one| one.process.pid.is_some());
    for one in &up {
        lines.push(String::new());
        lines.extend(view.process(one));
    }
    if up.is_empty() {
        lines.extend([String::new(), "nothing runs".to_string()]);
    }
    lines.extend(view.down(&down));
    lines
}

/// The time that is shown, and how.
#[derive(Clone, Copy)]
struct View {
    from: u64,
    until: u64,
    columns: usize,
    look: Look,
}

impl View {
    fn system(self, system: &System) -> Vec<String> {
        let mut rows = Vec::new();
        if let Some(cpu) = system.cpu_percent {
            let cores = system
                .cores
                .map(|cores| count(cores as usize, "core", "cores"));
            let load = system.load.map(|load| {
                let [one, five, fifteen] = load;
                format!("load {one:.2} {five:.2} {fifteen:.2}")
            });
            let of = cores.map(|cores| format!("of {cores}"));
            let text = [of, load]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("   ");
            rows.push(("CPU", cpu / 100.0, text));
        }
        if let (Some(used), Some(total)) = (system.memory_bytes, system.memory_total_bytes) {
            let share = used as f64 / total.max(1) as f64;
            let swap = system.swap_bytes.filter(|swap| *swap > 0);
            let swap = swap.map(|swap| format!("   swap {}", bytes(swap)));
            let text = format!(
                "{} of {}{}",
                bytes(used),
                bytes(total),
                swap.unwrap_or_default()
            );
            rows.push(("Memory", share, text));
        }
        // All bars are of one length, or they could not be compared.
        let longest = rows.iter().map(|(_, _, text)| width(text)).max();
        let fixed = 8 + 2 + 6 + 2 + longest.unwrap_or(0);
        let room = self.columns.saturating_sub(fixed).clamp(4, 40);
        rows.iter()
            .map(|(name, share, text)| self.bar_line(name, *share, text, room))
            .collect()
    }

    fn bar_line(self, name: &str, share: f64, text: &str, room: usize) -> String {
        let style = match share {
            share if share >= 0.9 => Style::Bad,
            share if share >= 0.7 => Style::Warn,
            _ => Style::Good,
        };
        let bar = bar(share, room);
        let rest = clip(
            &format!("{:>6}  {text}", percent(share * 100.0)),
            self.columns.saturating_sub(10 + room),
        );
        let name = clip(&pad(name, 8), self.columns);
        if self.columns < 10 + room {
            return name;
        }
        format!("{name}{}  {rest}", paint(self.look.colour, style, &bar))
    }

    /// What is wrong, and how much more of it there is below.
    fn alerts(self, monitor: &Monitor, most: usize) -> Vec<String> {
        let shown = monitor.warnings.len().min(most);
        let mut lines = warnings(&monitor.warnings[..shown], self.look);
        let more = monitor.warnings.len() - shown;
        if more > 0 {
            let text = clip(
                &format!("  and {more} more: `forge dev status` lists them"),
                self.columns,
            );
            lines.push(paint(self.look.colour, Style::Dim, &text));
        }
        lines
    }

    fn process(self, one: &MonitorProcess) -> Vec<String> {
        let mut lines = vec![self.heading(&one.process)];
        let cpu = points(one, "cpu_percent");
        if one.process.cpu_percent.is_some() || !cpu.is_empty() {
            let most = cpu
                .iter()
                .fold(0.0, |most: f64, (_, value)| most.max(*value));
            let frame = self.frame(0.0, most.max(5.0));
            let now = one.process.cpu_percent.map(percent);
            let words = trend(&cpu, &|value| percent(value), IDLE);
            lines.push(self.spark_line("CPU", now, &cpu, frame, &words));
        }
        let memory = points(one, "memory_bytes");
        if one.process.memory_bytes.is_some() || !memory.is_empty() {
            let (low, high) = range(&memory);
            let now = one.process.memory_bytes.map(bytes);
            let words = trend(&memory, &|value| bytes(value as u64), 0.0);
            lines.push(self.spark_line("Memory", now, &memory, self.frame(low, high), &words));
        }
        lines.extend(self.wrapped(&facts(&one.process), usize::MAX));
        lines.extend(self.service(&one.process));
        lines
    }

    fn heading(self, one: &Process) -> String {
        let mut line = paint(
            self.look.colour,
            Style::Bold,
            &clip(&safe(&one.name), self.columns),
        );
        let mut used = width(&clip(&safe(&one.name), self.columns));
        let mut add = |text: String, style: Style| {
            let room = self.columns.saturating_sub(used + 2);
            if text.is_empty() || room == 0 {
                return;
            }
            let text = clip(&text, room);
            used += 2 + width(&text);
            line.push_str("  ");
            line.push_str(&paint(self.look.colour, style, &text));
        };
        add(safe(&one.status), Style::of_status(&one.status));
        if one.health.state != "none" {
            add(safe(&one.health.state), Style::of_health(&one.health.state));
        }
        if let Some(pid) = one.pid {
            let more = one.pids.len().saturating_sub(1);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            add(format!("pid {pid}{more}"), Style::Dim);
        }
        if let Some(ms) = one.uptime_ms {
            add(
                format!("up {}", whole_seconds(Duration::from_millis(ms))),
                Style::Dim,
            );
        }
        if one.restarts > 0 {
            add(
                count(one.restarts as usize, "restart", "restarts"),
                Style::Warn,
            );
        }
        line
    }

    fn frame(self, low: f64, high: f64) -> Frame {
        Frame {
            from: self.from,
            until: self.until,
            low,
            high,
        }
    }

    fn spark_line(
        self,
        name: &str,
        now: Option<String>,
        points: &[Point],
        frame: Frame,
        words: &str,
    ) -> String {
        let now = now.unwrap_or_else(|| "-".to_string());
        let head = clip(&format!("  {}{now:>8}  ", pad(name, 8)), self.columns);
        let left = self.columns.saturating_sub(width(&head));
        // Words may be cut before the line becomes too short to show anything.
        let room = left.saturating_sub(2 + width(words)).clamp(8, 40).min(left);
        let line = sparkline(points, frame, room);
        let words = clip(words, left.saturating_sub(room + 2));
        let line = paint(self.look.colour, Style::Busy, &line);
        format!("{head}{line}  {words}").trim_end().to_string()
    }

    fn service(self, one: &Process) -> Vec<String> {
        if let Some(why) = &one.service_error {
            let text = clip(&format!("  service: {}", safe(why)), self.columns);
            return vec![paint(self.look.colour, Style::Warn, &text)];
        }
        self.wrapped(&figures(&one.service), SERVICE_LINES)
    }

    /// Pieces with `·` between them in at most so many lines.
    fn wrapped(self, pieces: &[String], most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            let number = lines.len();
            let fits = |line: &&mut String| width(line) + 3 + width(piece) <= self.columns;
            if let Some(line) = lines.last_mut().filter(fits) {
                line.push_str(" · ");
                line.push_str(piece);
            } else if number < most {
                lines.push(format!("  {piece}"));
            } else {
                let more = format!(" … and {} more", pieces.len() - at);
                if let Some(line) = lines.last_mut() {
                    *line = clip(line, self.columns.saturating_sub(width(&more)));
                    line.push_str(&more);
                }
                break;
            }
        }
        lines
            .iter()
            .map(|line| paint(self.look.colour, Style::Dim, &clip(line, self.columns)))
            .collect()
    }

    fn down(self, down: &[&MonitorProcess]) -> Vec<String> {
        let mut lines = Vec::new();
        for one in down {
            if lines.is_empty() {
                lines.push(String::new());
            }
            let one = &one.process;
            let message = one.message.as_deref().unwrap_or_default();
            let text = format!(
                "{}  {}  {}",
                safe(&one.name),
                safe(&one.status),
                safe(message)
            );
            let text = clip(text.trim_end(), self.columns);
            lines.push(paint(
                self.look.colour,
                Style::of_status(&one.status),
                &text,
            ));
        }
        lines
    }
}

fn points(one: &MonitorProcess, metric: &str) -> Vec<Point> {
    let series = one.history.get(metric).into_iter().flatten();
    series.map(|point| (point.0, point.1)).collect()
}

/// From the least to the greatest; what varies little must not look wild.
fn range(points: &[Point]) -> (f64, f64) {
    let low = points
        .iter()
        .map(|(_, value)| *value)
        .fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if !low.is_finite() {
        return (0.0, 1.0);
    }
    let room = (high * 0.2).max(high - low);
    (high - room, high)
}

/// Average and direction: `average 150 MB, growing slowly`. Below `idle` a direction is not worth a word.
fn trend(points: &[Point], shown: &dyn Fn(f64) -> String, idle: f64) -> String {
    let Some((first, _)) = points.first() else {
        return String::new();
    };
    let mean = points.iter().map(|(_, value)| value).sum::<f64>() / points.len() as f64;
    // How a program begins says nothing about where it goes.
    let later = points.iter().filter(|(at, _)| *at >= first + BEGINNING);
    let later: Vec<(u64, f32)> = later.map(|(at, value)| (*at, *value as f32)).collect();
    let words = if mean < idle {
        Some("idle")
    } else {
        Trend::of(&later).map(Trend::text)
    };
    let words = words.map(|words| format!(", {words}")).unwrap_or_default();
    format!("average {}{words}", shown(mean))
}

#[cfg(test)]
mod tests;
