//! How far a start or a stop has come: one line for each process, redrawn in place on a terminal,
//! a line for each change elsewhere.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use forge_api::{Progress, ProgressLine};

use super::colour::{Style, paint};
use super::text::{clip, pad, safe, width};
use super::units::duration;

/// Where the processes are going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// They are being started.
    Up,
    /// They are being stopped.
    Down,
}

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// What a frame is drawn with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) aim: Aim,
    /// Lines and columns of the terminal.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) colour: bool,
    /// Counts the frames, for the spinner.
    pub(crate) tick: usize,
    /// Time since the progress came, for those that are not settled.
    pub(crate) since: Duration,
}

/// The lines of a frame: no more than fit the terminal, the unsettled ones first among them.
pub(crate) fn frame(progress: &Progress, with: Frame) -> Vec<String> {
    let room = with.rows.saturating_sub(2).max(1);
    let all = &progress.processes;
    if all.len() <= room {
        return all.iter().map(|line| one(line, all, with)).collect();
    }
    let settled = all.iter().filter(|line| is_settled(line)).count();
    let mut lines: Vec<String> = all
        .iter()
        .filter(|line| !is_settled(line))
        .chain(all.iter().filter(|line| is_settled(line)))
        .take(room.saturating_sub(1))
        .map(|line| one(line, all, with))
        .collect();
    let summary = format!("  {settled} of {} settled", all.len());
    lines.push(paint(
        with.colour,
        Style::Dim,
        &clip(&summary, with.columns.max(1) - 1),
    ));
    lines
}

fn one(line: &ProgressLine, all: &[ProgressLine], with: Frame) -> String {
    let (mark, style, word) = verdict(line, with.aim);
    let mark = if mark.is_empty() {
        SPINNER[with.tick % SPINNER.len()]
    } else {
        mark
    };
    let elapsed = if is_settled(line) {
        Duration::from_millis(line.elapsed_ms)
    } else {
        Duration::from_millis(line.elapsed_ms) + with.since
    };
    let elapsed = duration(elapsed);
    // One column less than there are: a full line would wrap on some terminals.
    let room = with.columns.saturating_sub(1);
    let longest = all.iter().map(|line| width(&safe(&line.name))).max();
    let name_room = longest.unwrap_or(0).min((room / 3).max(8));
    let name = pad(&clip(&safe(&line.name), name_room), name_room);
    let word = pad(&word, 10);
    let fixed = 2 + name_room + 2 + width(&word) + 2 + 2 + width(&elapsed);
    if fixed > room {
        let short = clip(&format!("{mark} {} {elapsed}", name.trim_end()), room);
        return paint(with.colour, style, &short);
    }
    let detail = clip(&detail(line), room - fixed);
    let detail = pad(&detail, (room - fixed).min(40));
    format!(
        "{} {name}  {}  {detail}  {}",
        paint(with.colour, style, mark),
        paint(with.colour, style, &word),
        paint(with.colour, Style::Dim, &elapsed),
    )
}

/// Mark (empty: the spinner), style and word of a line.
fn verdict(line: &ProgressLine, aim: Aim) -> (&'static str, Style, String) {
    match (line.outcome.as_str(), aim) {
        ("ready", Aim::Up) => ("✓", Style::Good, "ready".to_string()),
        ("done", Aim::Up) => ("✓", Style::Good, "done".to_string()),
        ("failed", _) => ("✗", Style::Bad, "failed".to_string()),
        ("down" | "done", Aim::Down) => ("✓", Style::Good, "stopped".to_string()),
        ("down", Aim::Up) => ("-", Style::Dim, "stopped".to_string()),
        _ => ("", Style::Busy, safe(&line.status)),
    }
}

/// What is told beside the status, without repeating it.
fn detail(line: &ProgressLine) -> String {
    let text = safe(&line.detail);
    let text = text
        .strip_prefix(line.status.as_str())
        .map_or(text.as_str(), |rest| rest.trim_start_matches([':', ' ']));
    match line.port {
        Some(port) if line.outcome == "ready" && !text.contains(&port.to_string()) => {
            let gap = if text.is_empty() { "" } else { "  " };
            format!("port {port}{gap}{text}")
        }
        _ => text.to_string(),
    }
}

fn is_settled(line: &ProgressLine) -> bool {
    line.outcome != "pending"
}

/// Lines for a log: what has changed since `before` was told.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    told: HashMap<String, String>,
}

impl Changes {
    /// A line for each process whose line differs from the one told before.
    pub(crate) fn lines(&mut self, progress: &Progress, aim: Aim) -> Vec<String> {
        let mut lines = Vec::new();
        for line in &progress.processes {
            let (_, _, word) = verdict(line, aim);
            let mut text = format!("{}: {word}", safe(&line.name));
            let detail = detail(line);
            if !detail.is_empty() {
                let joint = if line.outcome == "failed" { ":" } else { "" };
                let _ = write!(text, "{joint} {detail}");
            }
            // The time is told but does not count as news.
            let told = self.told.insert(line.name.clone(), text.clone());
            if told.as_ref() != Some(&text) {
                if is_settled(line) {
                    let took = duration(Duration::from_millis(line.elapsed_ms));
                    let _ = write!(text, " ({took})");
                }
                lines.push(text);
            }
        }
        lines
    }
}

/// A block of lines at the bottom of the terminal that is redrawn in place.
#[derive(Debug, Default)]
pub(crate) struct Block {
    drawn: usize,
}

impl Block {
    /// The bytes that draw these lines over the former ones.
    pub(crate) fn draw(&mut self, lines: &[String]) -> String {
        let mut out = self.up();
        for line in lines {
            out.push_str(line);
            // What a longer line before has left, and nothing above: no flicker.
            out.push_str("\u{1b}[K\n");
        }
        out.push_str("\u{1b}[J");
        self.drawn = lines.len();
        out
    }

    /// The bytes that take the block away.
    pub(crate) fn erase(&mut self) -> String {
        let mut out = self.up();
        if self.drawn > 0 {
            out.push_str("\u{1b}[J");
        }
        self.drawn = 0;
        out
    }

    fn up(&self) -> String {
        match self.drawn {
            0 => String::new(),
            lines => format!("\r\u{1b}[{lines}A"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, status: &str, outcome: &str, detail: &str) -> ProgressLine {
        ProgressLine {
            name: name.into(),
            status: status.into(),
            outcome: outcome.into(),
            detail: detail.into(),
            port: (outcome == "ready").then_some(5432),
            elapsed_ms: 2140,
        }
    }

    fn sample() -> Progress {
        Progress {
            processes: vec![
                line("postgres", "running", "ready", "pg_isready"),
                line("backend", "waiting", "pending", "waiting for redis"),
                line("worker\u{1b}[2J", "crashed", "failed", "exited with code 1"),
            ],
        }
    }

    fn with(rows: usize, columns: usize) -> Frame {
        Frame {
            aim: Aim::Up,
            rows,
            columns,
            colour: false,
            tick: 2,
            since: Duration::from_millis(500),
        }
    }

    #[test]
    fn a_frame_has_a_line_for_each_process() {
        insta::assert_snapshot!(frame(&sample(), with(24, 80)).join("\n"), @r"
        ✓ postgres  ready       port 5432  pg_isready                     2.1s
        ⠹ backend   waiting     for redis                                 2.6s
        ✗ worker    failed      exited with code 1                        2.1s
        ");
    }

    #[test]
    fn a_frame_never_leaves_the_terminal() {
        let mut many = sample();
        for at in 0..50 {
            many.processes.push(line(
                &format!("服务-{at}"),
                "starting",
                "pending",
                &"x".repeat(300),
            ));
        }
        for rows in 1..30 {
            for columns in 1..130 {
                let lines = frame(&many, with(rows, columns));
                assert!(lines.len() < rows.max(3), "{} in {rows}", lines.len());
                for line in lines {
                    assert!(width(&line) < columns.max(2), "{columns}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn elsewhere_only_changes_are_told() {
        let mut changes = Changes::default();
        assert_eq!(
            changes.lines(&sample(), Aim::Up),
            [
                "postgres: ready port 5432  pg_isready (2.1s)",
                "backend: waiting for redis",
                "worker: failed: exited with code 1 (2.1s)"
            ]
        );
        assert_eq!(changes.lines(&sample(), Aim::Up), [""; 0]);
        let mut next = sample();
        next.processes[1] = line("backend", "running", "ready", "");
        let told = changes.lines(&next, Aim::Up);
        assert_eq!(told, ["backend: ready port 5432 (2.1s)"]);
    }

    #[test]
    fn a_block_is_drawn_over_itself() {
        let mut block = Block::default();
        let lines = ["a".to_string(), "b".to_string()];
        assert_eq!(block.draw(&lines), "a\u{1b}[K\nb\u{1b}[K\n\u{1b}[J");
        assert!(block.draw(&lines[..1]).starts_with("\r\u{1b}[2A"));
        assert_eq!(block.erase(), "\r\u{1b}[1A\u{1b}[J");
        assert_eq!(block.erase(), "");
    }
}
