//! Keys and messages in, commands and the model's state out. Here is what the tests share.

mod dialogs;
mod views;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use forge_api::{
    Conflict, Event, Health, LogLine, LogsAnswer, Process, StartAnswer, Status, Totals,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{deadline, update};
use crate::keymap::Keymap;
use crate::message::{Answer, Command, Feed, Message, Pane, Request, Verb};
use crate::model::dialog::Dialog;
use crate::model::log::{Newer, Scroll};
use crate::model::{Model, View};
use crate::theme::{Theme, ThemeName};

pub(crate) fn now() -> Timestamp {
    "2025-11-21T14:30:20Z".parse().unwrap()
}

pub(crate) fn process(name: &str, status: &str) -> Process {
    let runs = matches!(status, "running" | "starting" | "paused");
    Process {
        name: name.into(),
        profile: "dev".into(),
        status: status.into(),
        health: Health {
            state: "none".into(),
            ..Health::default()
        },
        pid: runs.then_some(4711),
        pids: if runs { vec![4711, 4712] } else { Vec::new() },
        cpu_percent: runs.then_some(2.5),
        memory_bytes: runs.then_some(165_675_008),
        uptime_ms: runs.then_some(9_240_000),
        ..Process::default()
    }
}

pub(crate) fn status(processes: Vec<Process>) -> Status {
    Status {
        workspace: "/home/u/shop".into(),
        profile: Some("dev".into()),
        supervisor: None,
        keeper: None,
        totals: Totals {
            running: processes.iter().filter(|one| one.pid.is_some()).count(),
            cpu_percent: Some(17.6),
            memory_bytes: Some(666_894_336),
        },
        processes,
        events: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A console that knows three processes.
pub(crate) fn console(width: u16, height: u16) -> Model {
    let theme = Theme::new(ThemeName::Terminal);
    let mut model = Model::new(
        "/home/u/shop",
        theme,
        Keymap::default(),
        TimeZone::UTC,
        now(),
    );
    model.size = (width, height);
    let mut frontend = process("frontend", "running");
    frontend.health.state = "healthy".into();
    (frontend.port, frontend.requested_port) = (Some(3000), Some(3000));
    frontend.url = Some("http://localhost:3000".into());
    let mut backend = process("backend", "crashed");
    (backend.restarts, backend.exit_code) = (3, Some(1));
    let mut worker = process("worker", "waiting");
    worker.waiting_for = vec!["backend".into()];
    tell(&mut model, Message::Connected);
    tell(
        &mut model,
        Message::Status(Box::new(status(vec![frontend, backend, worker]))),
    );
    model
}

pub(crate) fn tell(model: &mut Model, message: Message) -> Vec<Command> {
    let now = model.now;
    update(model, message, now)
}

pub(crate) fn press(model: &mut Model, code: KeyCode) -> Vec<Command> {
    tell(model, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

pub(crate) fn type_line(model: &mut Model, text: &str) -> Vec<Command> {
    let mut commands = Vec::new();
    for c in text.chars() {
        commands = press(model, KeyCode::Char(c));
    }
    commands.extend(press(model, KeyCode::Enter));
    commands
}

pub(crate) fn line(number: usize, process: &str, message: &str) -> LogLine {
    LogLine {
        time: format!("2025-11-21T14:30:{:02}.000000001Z", number % 60),
        process: process.into(),
        stream: "stdout".into(),
        message: message.into(),
        seq: number as u64,
        cursor: format!("c{number}"),
        ..LogLine::default()
    }
}

fn requests(commands: &[Command]) -> Vec<&Request> {
    let requests = commands.iter().filter_map(|command| match command {
        Command::Ask(request) => Some(request),
        _ => None,
    });
    requests.collect()
}

fn later(model: &mut Model, seconds: i64) -> Vec<Command> {
    let now = model
        .now
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap();
    update(model, Message::Tick, now)
}

fn crash_event() -> Message {
    Message::Events(vec![Event {
        time: now().to_string(),
        process: Some("backend".into()),
        kind: "crashed".into(),
        message: "exit code 1".into(),
        fields: serde_json::Map::new(),
    }])
}

fn restarting(model: &mut Model) {
    let mut backend = process("backend", "restarting");
    backend.restart_at = Some("2025-11-21T14:30:25Z".into());
    tell(model, Message::Status(Box::new(status(vec![backend]))));
}
