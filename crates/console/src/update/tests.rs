//! Keys and messages in, commands and the model's state out.

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

#[test]
fn keys_act_on_the_selected_process_and_on_marked_ones() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Down);
    let commands = press(&mut model, KeyCode::Char('r'));
    let wanted = |targets: &[&str]| Request::Start {
        verb: Verb::Restart,
        targets: targets.iter().map(ToString::to_string).collect(),
        on_conflict: forge_api::OnConflict::Fail,
    };
    assert_eq!(requests(&commands), [&wanted(&["backend"])]);
    press(&mut model, KeyCode::Char(' '));
    press(&mut model, KeyCode::Char(' '));
    let commands = press(&mut model, KeyCode::Char('r'));
    assert_eq!(requests(&commands), [&wanted(&["backend", "worker"])]);
}

#[test]
fn stopping_everything_asks_first() {
    let mut model = console(80, 24);
    assert_eq!(
        requests(&press(&mut model, KeyCode::Char('X'))),
        [] as [&Request; 0]
    );
    assert!(requests(&press(&mut model, KeyCode::Char('x'))).is_empty());
    let commands = press(&mut model, KeyCode::Char('y'));
    assert_eq!(
        requests(&commands),
        [&Request::Stop {
            targets: Vec::new()
        }]
    );
}

#[test]
fn the_selection_stays_with_its_process_when_others_come_and_go() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::End);
    assert_eq!(model.selected().unwrap().name, "worker");
    let fewer = vec![process("worker", "running"), process("zebra", "running")];
    tell(&mut model, Message::Status(Box::new(status(fewer))));
    assert_eq!(model.selected().unwrap().name, "worker");
    tell(&mut model, Message::Status(Box::new(status(Vec::new()))));
    assert!(model.selected().is_none());
}

#[test]
fn the_log_of_the_selected_process_is_followed_and_left_with_it() {
    let mut model = console(80, 24);
    assert_eq!(model.preview.filter.targets, ["frontend"]);
    let commands = press(&mut model, KeyCode::Down);
    let follows = commands.iter().any(|command| {
        matches!(command, Command::Follow { pane: Pane::Preview, query, .. }
        if query.targets.as_deref() == Some("backend"))
    });
    assert!(follows, "{commands:?}");
    let commands = press(&mut model, KeyCode::Char('2'));
    assert!(
        commands.contains(&Command::Unfollow(Pane::Preview)),
        "{commands:?}"
    );
}

#[test]
fn answers_to_former_questions_are_not_shown() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Char('2'));
    let generation = model.log.generation;
    type_line(&mut model, "/level error");
    let lines = vec![line(1, "frontend", "old")];
    tell(
        &mut model,
        Message::Feed(Pane::Main, generation, Feed::Lines(lines)),
    );
    assert!(model.log.is_empty());
    assert_eq!(model.log.filter.level.as_deref(), Some("error"));
}

#[test]
fn a_pause_holds_the_view_and_resume_goes_on() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Char('2'));
    let generation = model.log.generation;
    let more = |range: std::ops::Range<usize>| {
        let lines = range.map(|number| line(number, "backend", &format!("line {number}")));
        Message::Feed(Pane::Main, generation, Feed::Lines(lines.collect()))
    };
    tell(&mut model, more(0..100));
    type_line(&mut model, "/pause");
    let bottom = model.log.bottom();
    tell(&mut model, more(100..150));
    assert_eq!((model.log.bottom(), model.log.unseen), (bottom, 50));
    type_line(&mut model, "/resume");
    assert_eq!(model.log.bottom(), model.log.end() - 1);
    type_line(&mut model, "/pause");
    type_line(&mut model, "/pause");
    assert_eq!(model.log.scroll, Scroll::Follow);
}

#[test]
fn scrolling_up_to_the_first_line_asks_for_earlier_ones() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Char('2'));
    let lines = (0..30).map(|number| line(number, "backend", &format!("line {number}")));
    let answer = LogsAnswer {
        lines: lines.collect(),
        cursor: "end".into(),
        more: true,
    };
    let generation = model.log.generation;
    tell(
        &mut model,
        Message::Feed(Pane::Main, generation, Feed::Latest(answer)),
    );
    let commands = press(&mut model, KeyCode::Home);
    let asks = commands.iter().any(|command| {
        matches!(command, Command::Page { older: true, query, .. }
        if query.before.as_deref() == Some("c0"))
    });
    assert!(asks, "{commands:?}");
    assert!(model.log.bottom() < 29);
}

#[test]
fn a_search_jumps_to_the_newest_hit_and_n_goes_up() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Char('2'));
    let generation = model.log.generation;
    let lines = (0..200).map(|number| line(number, "backend", &format!("line {number}")));
    tell(
        &mut model,
        Message::Feed(Pane::Main, generation, Feed::Lines(lines.collect())),
    );
    type_line(&mut model, "/search 7$");
    assert_eq!(model.log.chosen, Some(197));
    press(&mut model, KeyCode::Char('n'));
    assert_eq!(model.log.chosen, Some(187));
    press(&mut model, KeyCode::Char('N'));
    assert_eq!(model.log.chosen, Some(197));
}

#[test]
fn mistakes_are_told_where_they_were_typed() {
    let mut model = console(80, 24);
    let error = |model: &Model| {
        model
            .command
            .as_ref()
            .and_then(|command| command.error.clone())
    };
    type_line(&mut model, "/level loud");
    assert!(error(&model).unwrap().contains("no level"));
    press(&mut model, KeyCode::Esc);
    type_line(&mut model, "/logs backen");
    assert!(error(&model).unwrap().contains("did you mean backend?"));
    press(&mut model, KeyCode::Esc);
    type_line(&mut model, "/search (");
    assert!(error(&model).is_some());
    press(&mut model, KeyCode::Esc);
    type_line(&mut model, "/dev send x 'y");
    assert!(error(&model).unwrap().contains("not closed"));
}

#[test]
fn a_shell_command_runs_in_a_pane_and_log_commands_open_the_log() {
    let mut model = console(80, 24);
    let commands = type_line(&mut model, "/dev why backend");
    let words = vec!["dev".to_string(), "why".into(), "backend".into()];
    let runs = commands
        .iter()
        .any(|command| matches!(command, Command::Run { words: run, .. } if *run == words));
    assert!(runs, "{commands:?}");
    assert!(commands.contains(&Command::Remember("dev why backend".into())));
    press(&mut model, KeyCode::Esc);
    let id = model.next_id;
    tell(&mut model, Message::Ended(id, 0));
    press(&mut model, KeyCode::Esc);
    type_line(&mut model, "/dev logs backend --level warn -f");
    assert_eq!(model.view, View::Logs);
    assert_eq!(model.log.filter.targets, ["backend"]);
    assert_eq!(model.log.filter.level.as_deref(), Some("warn"));
    press(&mut model, KeyCode::Char('q'));
    assert_eq!(model.view, View::Processes);
    assert_eq!(press(&mut model, KeyCode::Char('q')), [Command::Quit]);
}

#[test]
fn tab_completes_and_the_history_comes_back() {
    let mut model = console(80, 24);
    type_line(&mut model, "/level warn");
    press(&mut model, KeyCode::Char('/'));
    for c in "filter ba".chars() {
        press(&mut model, KeyCode::Char(c));
    }
    press(&mut model, KeyCode::Tab);
    assert_eq!(
        model.command.as_ref().unwrap().line.text(),
        "filter backend "
    );
    press(&mut model, KeyCode::Up);
    assert_eq!(model.command.as_ref().unwrap().line.text(), "level warn");
    press(&mut model, KeyCode::Down);
    assert_eq!(
        model.command.as_ref().unwrap().line.text(),
        "filter backend "
    );
}

#[test]
fn a_tab_before_its_completions_waits_for_them_with_the_keys_behind_it() {
    let mut model = console(80, 24);
    for c in "/dev why bac".chars() {
        press(&mut model, KeyCode::Char(c));
    }
    press(&mut model, KeyCode::Tab);
    assert!(press(&mut model, KeyCode::Enter).is_empty());
    let found = vec![crate::setup::Completion {
        value: "backend".into(),
        help: String::new(),
    }];
    let commands = tell(
        &mut model,
        Message::Completions("dev why bac".into(), found),
    );
    let words = ["dev", "why", "backend"].map(String::from);
    let runs = commands
        .iter()
        .any(|command| matches!(command, Command::Run { words: run, .. } if *run == words));
    assert!(runs, "{commands:?}");
}

#[test]
fn esc_and_a_key_that_come_at_once_are_two_keys() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Char('?'));
    let both = KeyEvent::new(KeyCode::Char('2'), KeyModifiers::ALT);
    tell(&mut model, Message::Key(both));
    assert!(model.dialog.is_none());
    assert_eq!(model.view, View::Logs);
}

#[test]
fn a_crash_shows_its_card_and_any_other_key_stops_the_countdown() {
    let mut model = console(80, 24);
    restarting(&mut model);
    tell(&mut model, crash_event());
    let card = |model: &Model| match &model.dialog {
        Some(Dialog::Crash(card)) => card.clone(),
        other => panic!("{other:?}"),
    };
    assert!(card(&model).restart_at.is_some() && deadline(&model).is_some());
    // A key that was on its way to something else.
    assert!(press(&mut model, KeyCode::Char('r')).is_empty());
    later(&mut model, 1);
    let commands = press(&mut model, KeyCode::Char('z'));
    assert_eq!(
        requests(&commands),
        [&Request::Stop {
            targets: vec!["backend".into()]
        }]
    );
    assert!(card(&model).held);
    let commands = press(&mut model, KeyCode::Char('r'));
    assert!(matches!(
        requests(&commands)[0],
        Request::Start {
            verb: Verb::Restart,
            ..
        }
    ));
    assert!(model.dialog.is_none());
}

#[test]
fn a_card_goes_away_when_its_process_is_restarted_by_itself() {
    let mut model = console(80, 24);
    restarting(&mut model);
    tell(&mut model, crash_event());
    later(&mut model, 5);
    tell(
        &mut model,
        Message::Status(Box::new(status(vec![process("backend", "running")]))),
    );
    assert!(model.dialog.is_none());
}

#[test]
fn a_crash_does_not_take_the_keys_from_a_line_that_is_typed() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Char('/'));
    tell(&mut model, crash_event());
    assert!(model.dialog.is_none());
    assert!(
        model
            .notice
            .as_ref()
            .unwrap()
            .text
            .contains("backend crashed")
    );
}

#[test]
fn a_taken_port_is_resolved_by_one_key() {
    let mut model = console(80, 24);
    let conflict = Conflict {
        name: "frontend".into(),
        port: 3000,
        pid: Some(99),
        command: Some("node old.js".into()),
        started_at: None,
        old_run: true,
    };
    let answer = StartAnswer {
        conflicts: vec![conflict],
        exit_code: 4,
        ..StartAnswer::default()
    };
    tell(
        &mut model,
        Message::Answer(Answer::Started(
            Verb::Start,
            vec!["frontend".into()],
            Ok(answer),
        )),
    );
    assert!(matches!(model.dialog, Some(Dialog::Conflict(_))));
    let commands = press(&mut model, KeyCode::Char('n'));
    assert_eq!(
        requests(&commands),
        [&Request::Start {
            verb: Verb::Start,
            targets: vec!["frontend".into()],
            on_conflict: forge_api::OnConflict::NextPort,
        }]
    );
}

#[test]
fn a_lost_supervisor_is_said_and_lines_go_on_where_they_were() {
    let mut model = console(80, 24);
    press(&mut model, KeyCode::Char('2'));
    let generation = model.log.generation;
    tell(
        &mut model,
        Message::Feed(
            Pane::Main,
            generation,
            Feed::Lines(vec![line(1, "backend", "x")]),
        ),
    );
    tell(&mut model, Message::Lost("gone".into()));
    assert_eq!(model.log.newer, Newer::Behind);
    let commands = tell(&mut model, Message::Connected);
    let goes_on = commands.iter().any(|command| {
        matches!(command, Command::Follow { after, .. }
        if after.as_deref() == Some("c1"))
    });
    assert!(goes_on, "{commands:?}");
}

#[test]
fn the_mouse_selects_a_row_a_view_and_presses_the_foot() {
    let mut model = console(80, 24);
    let click = |model: &mut Model, column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let event = MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        };
        tell(model, Message::Mouse(event))
    };
    click(&mut model, 5, 4);
    assert_eq!(model.selected().unwrap().name, "backend");
    let commands = click(&mut model, 1, 23);
    assert!(
        matches!(requests(&commands)[..], [Request::Start { .. }]),
        "{commands:?}"
    );
    click(&mut model, 16, 1);
    assert_eq!(model.view, View::Logs);
}

#[test]
fn an_idle_console_wants_nothing() {
    let mut model = console(80, 24);
    assert_eq!(deadline(&model), None);
    model.say("done");
    assert!(deadline(&model).is_some());
    later(&mut model, 60);
    assert_eq!((deadline(&model), model.notice.is_none()), (None, true));
}

#[test]
fn keys_of_an_attached_process_are_its_own_until_it_is_left() {
    let mut model = console(80, 24);
    model.status.as_mut().unwrap().processes[0].tty = true;
    let commands = press(&mut model, KeyCode::Char('a'));
    assert!(
        commands
            .iter()
            .any(|command| matches!(command, Command::Attach { tty: true, .. }))
    );
    let commands = press(&mut model, KeyCode::Char('q'));
    assert_eq!(
        commands,
        [Command::Input {
            target: "frontend".into(),
            bytes: b"q".to_vec(),
            eof: false
        }]
    );
    let leave = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::CONTROL);
    let commands = tell(&mut model, Message::Key(leave));
    assert!(commands.contains(&Command::Detach) && model.screen.is_none());
}
