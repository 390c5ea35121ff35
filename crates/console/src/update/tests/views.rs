//! Keys of the views, the log, the command line.

use super::*;

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
    let skipped = LogsAnswer {
        lines: vec![line(900, "backend", "far ahead")],
        cursor: "end".into(),
        more: true,
    };
    let latest = Message::Feed(Pane::Main, generation, Feed::Latest(skipped));
    let commands = tell(&mut model, latest);
    assert_eq!(model.log.bottom(), bottom);
    assert!(commands.contains(&Command::Unfollow(Pane::Main)));
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
