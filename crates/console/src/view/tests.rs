//! Each view as a picture, and every view with strings that nobody would wish for at any size.

use crossterm::event::KeyCode;
use forge_api::{
    CrashReport, Event, GraphAnswer, GraphNode, LogsAnswer, Monitor, MonitorProcess, Point,
    PortRow, Warning, WhyAnswer,
};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::message::{Answer, Feed, Message, Pane};
use crate::model::{Model, View};
use crate::setup::Completion;
use crate::update::tests::{console, line, now, press, process, status, tell};

fn picture(model: &Model) -> String {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let mut out = Buffer::empty(area);
    super::paint(model, &mut out);
    let mut text = String::new();
    for y in 0..area.height {
        let mut row = String::new();
        let mut skip = 0;
        for x in 0..area.width {
            let symbol = out[(x, y)].symbol();
            if skip == 0 {
                row.push_str(symbol);
                skip = unicode_width::UnicodeWidthStr::width(symbol).max(1);
            }
            skip -= 1;
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// A console in which everything has something to show.
fn full(width: u16, height: u16, name: &str, said: &str) -> Model {
    let mut model = console(width, height);
    let mut first = process(name, "running");
    first.message = Some(said.into());
    first.description = Some(said.into());
    let mut second = process("db", "running");
    second.waiting_for = vec![name.into()];
    let mut told = status(vec![first.clone(), second]);
    let warning = Warning {
        process: Some("db".into()),
        kind: "slow".into(),
        message: said.into(),
        ..Warning::default()
    };
    told.warnings.push(warning);
    tell(&mut model, Message::Status(Box::new(told)));
    for number in 0..3 {
        let event = Event {
            time: now().to_string(),
            process: Some(name.into()),
            kind: if number == 2 { "crashed" } else { "ready" }.into(),
            message: format!("{said} {number}"),
            fields: serde_json::Map::new(),
        };
        model.add_events(vec![event]);
    }
    let mut lines: Vec<_> = (0..40)
        .map(|number| line(number, "db", &format!("{number} {said}")))
        .collect();
    lines[39].level = Some("error".into());
    lines[38].styled = Some(format!("\u{1b}[1;32m{said}\u{1b}[0m"));
    lines.push(line(41, name, "tick"));
    lines.push(line(42, name, "tick"));
    for pane in [Pane::Main, Pane::Preview] {
        let generation = model.window(pane).generation;
        let answer = LogsAnswer {
            lines: lines.clone(),
            cursor: "c".into(),
            more: true,
        };
        tell(
            &mut model,
            Message::Feed(pane, generation, Feed::Latest(answer)),
        );
    }
    let points: Vec<Point> = (0..60)
        .map(|at| Point(1_763_735_400 + at, (at % 17) as f64))
        .collect();
    let history = [
        ("cpu_percent".to_string(), points.clone()),
        ("memory_bytes".to_string(), points),
    ];
    let mut monitor = Monitor::default();
    monitor.system.cpu_percent = Some(34.0);
    monitor.system.load = Some([1.2, 0.9, 0.7]);
    (
        monitor.system.memory_bytes,
        monitor.system.memory_total_bytes,
    ) = (Some(5 << 30), Some(16 << 30));
    monitor.processes.push(MonitorProcess {
        process: first,
        history: history.into_iter().collect(),
    });
    model.monitor = Some(monitor);
    model.ports.push(PortRow {
        protocol: "tcp".into(),
        address: "127.0.0.1".into(),
        port: 3000,
        pid: Some(4711),
        process: Some("node".into()),
        command: Some(said.into()),
        started_at: Some(now().to_string()),
        owner: "this-workspace".into(),
        container: None,
        name: Some(name.into()),
        workspace: None,
        uid: 1000,
    });
    let needs = vec![(name.to_string(), "healthy".to_string())];
    model.graph = Some(GraphAnswer {
        nodes: vec![
            GraphNode {
                name: name.into(),
                status: "running".into(),
                level: 0,
                needs: Vec::new(),
            },
            GraphNode {
                name: "db".into(),
                status: "running".into(),
                level: 1,
                needs,
            },
        ],
    });
    model.why = Some(WhyAnswer {
        name: name.into(),
        summary: said.into(),
        ..WhyAnswer::default()
    });
    model
}

fn snapshot(name: &str, model: &Model) {
    let (width, height) = model.size;
    insta::assert_snapshot!(format!("{name}-{width}x{height}"), picture(model));
}

#[test]
fn processes_at_several_sizes() {
    for (width, height) in [(60, 15), (80, 24), (140, 30)] {
        let mut model = console(width, height);
        let generation = model.preview.generation;
        let lines =
            (0..30).map(|number| line(number, "frontend", &format!("GET /items/{number} 200")));
        tell(
            &mut model,
            Message::Feed(Pane::Preview, generation, Feed::Lines(lines.collect())),
        );
        snapshot("processes", &model);
    }
}

#[test]
fn every_other_view() {
    for view in [
        View::Logs,
        View::Monitor,
        View::Ports,
        View::Events,
        View::Graph,
    ] {
        for (width, height) in [(60, 15), (100, 30)] {
            let mut model = full(width, height, "backend", "listening on :8080");
            model.view = view;
            snapshot(&view.title().to_lowercase(), &model);
        }
    }
}

#[test]
fn details_help_and_the_command_line() {
    let mut model = full(80, 24, "backend", "listening on :8080");
    model.details = true;
    snapshot("details", &model);
    press(&mut model, KeyCode::Char('?'));
    snapshot("help", &model);
    press(&mut model, KeyCode::Esc);
    for c in "/dev st".chars() {
        press(&mut model, KeyCode::Char(c));
    }
    let found = ["start", "status", "stop"].map(|value| Completion {
        value: value.into(),
        help: format!("{value} things"),
    });
    tell(
        &mut model,
        Message::Completions("dev st".into(), found.to_vec()),
    );
    snapshot("command-line", &model);
}

#[test]
fn the_card_of_a_crash() {
    let mut model = full(100, 30, "backend", "listening on :8080");
    press(&mut model, KeyCode::Char('C'));
    let report: CrashReport = serde_json::from_value(serde_json::json!({
        "id": 7, "process": "backend", "time": now().to_string(), "exit_code": 1, "uptime_ms": 51200,
        "count_in_window": 3, "kind": "nil-dereference", "language": "go",
        "error": "panic: runtime error: invalid memory address or nil pointer dereference",
        "summary": "nil pointer dereference in app/handlers/user.go:45",
        "location": {"file": "app/handlers/user.go", "line": 45, "function": "main.handleRequest",
            "source": ["  44  user := find(id)", "> 45  return user.Name"]},
        "frames": [{"function": "main.handleRequest", "file": "app/handlers/user.go", "line": 45, "application": true}],
        "changes": {"uncommitted": true, "last_commit": {"id": "0123456789ab", "subject": "Add orders", "time": null}},
        "suggestions": [{"action": "revert", "text": "the line was changed and is not committed"}],
        "tail": ["starting", "panic: runtime error"]
    }))
    .unwrap();
    tell(
        &mut model,
        Message::Answer(Answer::Crash("backend".into(), Ok(Box::new(report)))),
    );
    snapshot("crash", &model);
}

#[test]
fn without_colours_everything_is_still_told_by_signs_and_words() {
    let mut model = full(80, 24, "backend", "x");
    model.theme = crate::theme::Theme::new(crate::theme::ThemeName::None);
    let area = Rect::new(0, 0, 80, 24);
    let mut out = Buffer::empty(area);
    super::paint(&model, &mut out);
    for cell in out.content() {
        assert_eq!(
            (cell.fg, cell.bg),
            (ratatui::style::Color::Reset, ratatui::style::Color::Reset)
        );
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("日本語".to_string()),
        Just("e\u{301}\u{301}\u{301}".to_string()),
        Just("\u{202e}مرحبا\u{2066}".to_string()),
        Just("\u{1b}[2J\u{1b}[31m\u{1b}]0;x\u{7}\u{1b}[".to_string()),
        Just("\0\r\n\t\u{7f}\u{9b}".to_string()),
        Just("👨‍👩‍👧\u{200d}".to_string()),
        ".{0,30}",
    ];
    proptest::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_string_and_no_size_disturbs_any_view(
        width in 0u16..160, height in 0u16..50, name in hostile(), said in hostile(), keys in "[a-zA-Z?/ 1-6]{0,12}",
    ) {
        let search = regex::Regex::new("[a-z]").ok();
        for view in View::ALL {
            let mut model = full(width, height, &name, &said);
            model.view = view;
            model.wrap = width % 2 == 0;
            model.log.search = search.clone();
            for c in keys.chars() {
                press(&mut model, KeyCode::Char(c));
                let area = Rect::new(0, 0, width, height);
                let mut out = Buffer::empty(area);
                super::paint(&model, &mut out);
                for cell in out.content() {
                    let bad = cell.symbol().chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}'));
                    prop_assert!(!bad, "{:?}", cell.symbol());
                }
            }
        }
    }
}
