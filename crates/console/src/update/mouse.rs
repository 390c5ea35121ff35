//! The mouse: it selects, scrolls and presses.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{actions, dialogs, keys, scroll};
use crate::keymap::Action;
use crate::layout;
use crate::message::Command;
use crate::model::dialog::Dialog;
use crate::model::{Model, View, graph, pointer};

const WHEEL: i64 = 3;

pub(super) fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Command> {
    let at = Position::new(event.column, event.row);
    if model.screen.is_some() {
        return attached(model, &event);
    }
    match event.kind {
        MouseEventKind::Drag(MouseButton::Left) => drag(model, at),
        MouseEventKind::Up(MouseButton::Left) => release(model),
        MouseEventKind::ScrollUp => wheel(model, at, -WHEEL),
        MouseEventKind::ScrollDown => wheel(model, at, WHEEL),
        MouseEventKind::Down(MouseButton::Left) => press(model, at),
        _ => Vec::new(),
    }
}

/// The program hears of the mouse where it has asked for it; else the wheel looks back.
fn attached(model: &mut Model, event: &MouseEvent) -> Vec<Command> {
    let area = layout::screen(model);
    let Some(screen) = model.screen.as_mut().filter(|one| one.ended.is_none()) else {
        return Vec::new();
    };
    let inside = area.contains(Position::new(event.column, event.row));
    let shows_now = screen.parser.screen().scrollback() == 0;
    if screen.tty && inside && shows_now {
        let (column, row) = (event.column - area.x, event.row - area.y);
        let bytes = pointer::encode(screen.parser.screen(), event, column, row);
        if !bytes.is_empty() {
            let target = screen.process.clone();
            return vec![Command::Input {
                target,
                bytes,
                eof: false,
            }];
        }
    }
    match event.kind {
        MouseEventKind::ScrollUp => screen.scroll(WHEEL as isize),
        MouseEventKind::ScrollDown => screen.scroll(-(WHEEL as isize)),
        _ => {}
    }
    Vec::new()
}

/// Lines that the mouse is drawn over are selected.
fn drag(model: &mut Model, at: Position) -> Vec<Command> {
    let area = layout::list(model);
    if model.view != View::Logs || model.dialog.is_some() || model.log.chosen.is_none() {
        return Vec::new();
    }
    let row = at.y.clamp(area.y, area.bottom().saturating_sub(1)) - area.y;
    if let Some(line) = crate::view::line_at(model, usize::from(row)) {
        model.log.until = Some(line);
    }
    Vec::new()
}

/// What was selected by drawing over it is copied.
fn release(model: &mut Model) -> Vec<Command> {
    match model.view == View::Logs && model.log.until.is_some() && model.dialog.is_none() {
        true => actions::act(model, Action::Copy),
        false => Vec::new(),
    }
}

fn wheel(model: &mut Model, at: Position, by: i64) -> Vec<Command> {
    let help = crate::view::help_rows(model);
    let crash = crate::view::crash_rows(model);
    match &mut model.dialog {
        Some(Dialog::Help { top }) => *top = dialogs::moved(*top, by, help),
        Some(Dialog::Text { lines, top, .. }) => *top = dialogs::moved(*top, by, lines.len()),
        Some(Dialog::Output(pane)) => pane.up = dialogs::moved(pane.up, -by, pane.lines.len()),
        Some(Dialog::Crash(card)) => card.top = dialogs::moved(card.top, by, crash),
        Some(Dialog::Confirm(_) | Dialog::Conflict(_)) => {}
        None => return wheel_view(model, at, by),
    }
    Vec::new()
}

fn wheel_view(model: &mut Model, at: Position, by: i64) -> Vec<Command> {
    let step = by as isize;
    let count = model.shown().len();
    match model.view {
        View::Logs => return scroll::lines(model, by),
        View::Processes | View::Monitor | View::Graph => {
            if model.view == View::Processes && layout::processes(model).1.contains(at) {
                let most = crate::view::details_rows(model).saturating_sub(1);
                let top = model.details_top.saturating_add_signed(step);
                model.details_top = top.min(most);
                return Vec::new();
            }
            let before = model.processes.at;
            match model.view {
                View::Graph => graph::step(model, step),
                _ => model.processes.step(step, count),
            }
            return actions::chosen_another(model, before);
        }
        View::Ports => model.port.step(step, model.ports.len()),
        View::Events => {
            model.event.step(step, model.events.len());
            model.events_follow = model.event.at + 1 >= model.events.len();
        }
    }
    Vec::new()
}

fn press(model: &mut Model, at: Position) -> Vec<Command> {
    if model.dialog.is_some() {
        let choices = crate::view::choices(model);
        let pressed = choices.into_iter().find(|(area, _)| area.contains(at));
        return match pressed {
            Some((_, key)) => keys::press(model, &key),
            None => Vec::new(),
        };
    }
    let parts = layout::regions(model);
    if parts.tabs.contains(at) {
        let tabs = layout::tabs(model);
        let tab = tabs.iter().rev().find(|(column, name, _)| {
            (*column..column.saturating_add(name.len() as u16)).contains(&at.x)
        });
        return tab
            .map(|(_, _, view)| actions::go(model, *view))
            .unwrap_or_default();
    }
    if parts.foot.contains(at) && model.command.is_none() {
        let hints = layout::hints(model);
        let hint = hints.iter().rev().find(|(column, _, _, _)| *column <= at.x);
        return hint
            .map(|(_, _, _, action)| actions::act(model, *action))
            .unwrap_or_default();
    }
    press_list(model, at)
}

fn press_list(model: &mut Model, at: Position) -> Vec<Command> {
    if model.view == View::Processes && below(layout::processes(model).1, at) {
        return actions::act(model, Action::Open);
    }
    let area = layout::list(model);
    if !area.contains(at) {
        return Vec::new();
    }
    let row = usize::from(at.y - area.y);
    let (choice, count) = match model.view {
        View::Graph => return press_graph(model, row),
        View::Processes | View::Monitor => {
            let count = model.shown().len();
            (&mut model.processes, count)
        }
        View::Ports => (&mut model.port, model.ports.len()),
        View::Events => (&mut model.event, model.events.len()),
        View::Logs => {
            let line = crate::view::line_at(model, row);
            scroll::hold(model);
            (model.log.chosen, model.log.until) = (line, None);
            return Vec::new();
        }
    };
    let pressed = choice.top + row;
    if pressed >= count {
        return Vec::new();
    }
    let before = choice.at;
    choice.at = pressed;
    match model.view {
        View::Events if before == pressed => actions::act(model, Action::Open),
        View::Processes => actions::chosen_another(model, before),
        View::Events | View::Logs | View::Monitor | View::Ports | View::Graph => Vec::new(),
    }
}

fn press_graph(model: &mut Model, row: usize) -> Vec<Command> {
    let before = model.processes.at;
    if let Some(row) = graph::rows(model).get(model.graph_top + row) {
        model.processes.at = row.at;
    }
    actions::chosen_another(model, before)
}

fn below(area: Rect, at: Position) -> bool {
    area.height > 0 && area.contains(at)
}
