//! Crashes, conflicts, the mouse, losing the supervisor, attaching.

use super::*;

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
