//! The mouse: it selects, scrolls and presses.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{actions, dialogs, keys, scroll};
use crate::keymap::Action;
use crate::layout;
use crate::message::Command;
use crate::model::dialog::Dialog;
use crate::model::{Model, View};

const WHEEL: i64 = 3;

pub(super) fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Command> {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollUp => wheel(model, at, -WHEEL),
        MouseEventKind::ScrollDown => wheel(model, at, WHEEL),
        MouseEventKind::Down(MouseButton::Left) => press(model, at),
        _ => Vec::new(),
    }
}

fn wheel(model: &mut Model, at: Position, by: i64) -> Vec<Command> {
    if let Some(screen) = &mut model.screen {
        screen.scroll(-(by as isize));
        return Vec::new();
    }
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
                return Vec::new();
            }
            model.processes.step(step, count);
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
    if model.screen.is_some() {
        return Vec::new();
    }
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
        View::Processes | View::Monitor | View::Graph => {
            let count = model.shown().len();
            (&mut model.processes, count)
        }
        View::Ports => (&mut model.port, model.ports.len()),
        View::Events => (&mut model.event, model.events.len()),
        View::Logs => {
            let line = crate::view::line_at(model, row);
            scroll::hold(model);
            model.log.chosen = line;
            return Vec::new();
        }
    };
    let pressed = choice.top + row;
    if pressed >= count {
        return Vec::new();
    }
    if choice.at == pressed && model.view == View::Events {
        return actions::act(model, Action::Open);
    }
    choice.at = pressed;
    Vec::new()
}

fn below(area: Rect, at: Position) -> bool {
    area.height > 0 && area.contains(at)
}
