//! Keys for what stands above a view.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use forge_api::OnConflict;
use jiff::SignedDuration;

use super::{actions, slash};
use crate::layout;
use crate::message::{Command, Request, Verb};
use crate::model::Model;
use crate::model::dialog::{Again, Conflict, Dialog, OutputPane};

/// Keys that were on their way when a card came up by itself do not count.
const SURPRISE: SignedDuration = SignedDuration::from_millis(400);

/// Takes a key.
pub(super) fn press(model: &mut Model, key: &KeyEvent) -> Vec<Command> {
    let interrupts =
        key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
    let closes =
        interrupts || matches!(key.code, KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter);
    let page = i64::from(layout::regions(model).body.height.max(4)) - 3;
    let by = step(key, page);
    match model.dialog.take() {
        None => Vec::new(),
        Some(Dialog::Help { .. } | Dialog::Text { .. })
            if closes || key.code == KeyCode::Char('?') =>
        {
            Vec::new()
        }
        Some(Dialog::Help { top }) => {
            let top = moved(top, by, crate::view::help_rows(model));
            model.dialog = Some(Dialog::Help { top });
            Vec::new()
        }
        Some(Dialog::Text { title, lines, top }) => {
            let top = moved(top, by, lines.len());
            model.dialog = Some(Dialog::Text { title, lines, top });
            Vec::new()
        }
        Some(Dialog::Confirm(confirm)) => match key.code {
            KeyCode::Char('y' | 'Y') => vec![Command::Ask(confirm.request)],
            KeyCode::Char('n' | 'N') => Vec::new(),
            _ if closes => Vec::new(),
            _ => {
                model.dialog = Some(Dialog::Confirm(confirm));
                Vec::new()
            }
        },
        Some(Dialog::Conflict(conflict)) => resolve(model, conflict, key, closes),
        Some(Dialog::Output(pane)) => output(model, pane, closes, interrupts, by),
        Some(Dialog::Crash(card)) => {
            model.dialog = Some(Dialog::Crash(card));
            crash(model, key, closes, by)
        }
    }
}

/// How far a key scrolls.
fn step(key: &KeyEvent, page: i64) -> i64 {
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => -1,
        KeyCode::Down | KeyCode::Char('j') => 1,
        KeyCode::PageUp => -page,
        KeyCode::PageDown | KeyCode::Char(' ') => page,
        KeyCode::Home | KeyCode::Char('g') => i64::from(i32::MIN),
        KeyCode::End | KeyCode::Char('G') => i64::from(i32::MAX),
        _ => 0,
    }
}

/// A first row, moved within so many rows.
pub(super) fn moved(top: usize, by: i64, rows: usize) -> usize {
    let at = (top as i64)
        .saturating_add(by)
        .clamp(0, rows.saturating_sub(1) as i64);
    usize::try_from(at).unwrap_or(0)
}

fn output(
    model: &mut Model,
    mut pane: OutputPane,
    closes: bool,
    interrupts: bool,
    by: i64,
) -> Vec<Command> {
    let runs = pane.code.is_none();
    if closes && (!runs || !interrupts) {
        return if runs {
            vec![Command::Interrupt(pane.id)]
        } else {
            Vec::new()
        };
    }
    let mut commands = Vec::new();
    if interrupts {
        commands.push(Command::Interrupt(pane.id));
    }
    let most = pane.lines.len();
    pane.up = moved(pane.up, by.saturating_neg(), most);
    model.dialog = Some(Dialog::Output(pane));
    commands
}

fn resolve(model: &mut Model, conflict: Conflict, key: &KeyEvent, closes: bool) -> Vec<Command> {
    let choice = match key.code {
        KeyCode::Char('k' | 'K') => OnConflict::Kill,
        KeyCode::Char('n' | 'N') => OnConflict::NextPort,
        KeyCode::Char('a' | 'A') => OnConflict::Attach,
        KeyCode::Char('c' | 'C') => return Vec::new(),
        _ if closes => return Vec::new(),
        _ => {
            model.dialog = Some(Dialog::Conflict(conflict));
            return Vec::new();
        }
    };
    match conflict.then {
        Again::Start(targets) => {
            model.say("starting again …");
            vec![actions::start(Verb::Start, targets, choice)]
        }
        Again::Words(mut words) => {
            let name = match choice {
                OnConflict::Kill => "kill",
                OnConflict::NextPort => "next-port",
                OnConflict::Attach => "attach",
                OnConflict::Ask | OnConflict::Fail => "fail",
            };
            words.push(format!("--on-conflict={name}"));
            slash::run_words(model, words)
        }
    }
}

fn crash(model: &mut Model, key: &KeyEvent, closes: bool, by: i64) -> Vec<Command> {
    let now = model.now;
    let Some(Dialog::Crash(card)) = &mut model.dialog else {
        return Vec::new();
    };
    if card.uncalled && now.duration_since(card.since) < SURPRISE {
        return Vec::new();
    }
    let targets = vec![card.process.clone()];
    let name = card.process.clone();
    match key.code {
        KeyCode::Char('r') => {
            model.dialog = None;
            model.say(format!("restarting {name} …"));
            vec![actions::start(Verb::Restart, targets, OnConflict::Fail)]
        }
        KeyCode::Char('d') => {
            model.dialog = None;
            model.say(format!("restarting {name} in debug mode …"));
            vec![actions::start(Verb::DebugOn, targets, OnConflict::Fail)]
        }
        KeyCode::Char('k') => {
            model.dialog = None;
            model.say(format!("{name} is kept down"));
            vec![Command::Ask(Request::Stop { targets })]
        }
        KeyCode::Char('o') => match card
            .report
            .as_ref()
            .and_then(|report| report.location.as_ref())
        {
            Some(place) => {
                let command = slash::editor(&place.file, u64::from(place.line.unwrap_or(1)));
                let mut commands = hold(model);
                commands.push(command);
                commands
            }
            None => hold(model),
        },
        KeyCode::Char('v') if crate::view::can_revert(card) => {
            let id = card.report.as_ref().and_then(|report| report.id);
            let mut commands = hold(model);
            commands.push(Command::Ask(Request::Revert { process: name, id }));
            commands
        }
        KeyCode::Char('l') => {
            model.dialog = None;
            let filter = crate::model::log::LogFilter {
                targets,
                ..Default::default()
            };
            super::feeds::show(model, filter)
        }
        _ if by != 0 => {
            let rows = crate::view::crash_rows(model);
            if let Some(Dialog::Crash(card)) = &mut model.dialog {
                card.top = moved(card.top, by, rows);
            }
            hold(model)
        }
        _ if closes && card.restart_at.is_none() => {
            model.dialog = None;
            Vec::new()
        }
        _ => hold(model),
    }
}

/// Stops the countdown of the card: the process stays down until something is chosen.
fn hold(model: &mut Model) -> Vec<Command> {
    let Some(Dialog::Crash(card)) = &mut model.dialog else {
        return Vec::new();
    };
    if card.held || card.restart_at.is_none() {
        return Vec::new();
    }
    card.held = true;
    card.restart_at = None;
    vec![Command::Ask(Request::Stop {
        targets: vec![card.process.clone()],
    })]
}
