//! What the keys of a view do.

use forge_api::OnConflict;

use super::targets::{ask_kill_orphans, ask_kill_port, on_all, on_selected, on_targets};
use super::{ask_content, command_line, feeds, id_of, open_card, scroll};
use crate::keymap::Action;
use crate::layout;
use crate::message::{Command, External, Request, Verb};
use crate::model::dialog::Dialog;
use crate::model::log::LogFilter;
use crate::model::screen::Screen;
use crate::model::{Model, View, graph};

/// Does what a key stands for.
pub(super) fn act(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::Quit => quit(model),
        Action::Back => go(model, View::Processes),
        Action::Help => {
            model.dialog = Some(Dialog::Help { top: 0 });
            Vec::new()
        }
        Action::CommandLine => command_line::open(model, ""),
        Action::NextView => step_view(model, 1),
        Action::PreviousView => step_view(model, View::ALL.len() - 1),
        Action::Redraw => vec![Command::Redraw],
        Action::Suspend => vec![Command::Suspend],
        Action::Processes => go(model, View::Processes),
        Action::Logs => go(model, View::Logs),
        Action::Monitor => go(model, View::Monitor),
        Action::Ports => go(model, View::Ports),
        Action::Events => go(model, View::Events),
        Action::Graph => go(model, View::Graph),
        Action::AllLogs => feeds::show(model, LogFilter::default()),
        Action::Open => open(model),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::First
        | Action::Last => travel(model, action),
        Action::Left | Action::Right => {
            let by = if action == Action::Left { -16 } else { 16 };
            model.log.shift = model.log.shift.saturating_add_signed(by).min(16 * 1024);
            Vec::new()
        }
        Action::Start | Action::Stop | Action::Restart | Action::PauseProcess | Action::Debug => {
            on_targets(model, action)
        }
        Action::StartAll | Action::StopAll | Action::RestartAll => on_all(model, action),
        Action::Attach
        | Action::Crash
        | Action::Why
        | Action::Browse
        | Action::Signal
        | Action::Send => on_selected(model, action),
        Action::Mark => mark(model),
        Action::Details => {
            model.details = !model.details;
            model.details_top = 0;
            model.why = None;
            ask_content(model)
        }
        Action::Find | Action::Filter => command_line::open(model, "filter "),
        Action::Search => command_line::open(model, "search "),
        Action::Save => command_line::open(model, "save "),
        Action::SearchOlder => scroll::hit(model, true),
        Action::SearchNewer => scroll::hit(model, false),
        Action::Level
        | Action::Follow
        | Action::Wrap
        | Action::Time
        | Action::Clear
        | Action::Pager
        | Action::Editor
        | Action::Copy => on_log(model, action),
        Action::Span => {
            model.span += 1;
            model.monitor = None;
            ask_content(model)
        }
        Action::KillPort => ask_kill_port(model),
        Action::Scope => {
            model.all_ports = !model.all_ports;
            ask_content(model)
        }
        Action::Orphans => ask_kill_orphans(model),
    }
}

/// Shows a view.
pub(super) fn go(model: &mut Model, view: View) -> Vec<Command> {
    if model.view == view {
        return Vec::new();
    }
    model.view = view;
    ask_content(model)
}

/// Starts, restarts or switches the debug mode of these.
pub(super) fn start(verb: Verb, targets: Vec<String>, on_conflict: OnConflict) -> Command {
    Command::Ask(Request::Start {
        verb,
        targets,
        on_conflict,
    })
}

/// Uses the terminal of a process.
pub(super) fn attach(model: &mut Model, name: &str) -> Vec<Command> {
    let Some(process) = model.process(name) else {
        model.complain(format!("there is no process {name}"));
        return Vec::new();
    };
    let tty = process.tty;
    if process.pid.is_none() {
        model.complain(format!(
            "{name} does not run; it can be started with s, or /dev start {name}"
        ));
        return Vec::new();
    }
    let id = model.fresh_id();
    let area = layout::screen(model);
    model.screen = Some(Screen::new(id, name, tty, area.height, area.width));
    let mut commands = vec![Command::Attach {
        id,
        process: name.to_string(),
        tty,
    }];
    if tty {
        // A program draws its screen anew only when the size really changes.
        let (target, rows, cols) = (name.to_string(), area.height, area.width);
        commands.push(Command::Ask(Request::Resize {
            target,
            rows,
            cols,
            nudge: true,
        }));
    }
    commands
}

fn quit(model: &mut Model) -> Vec<Command> {
    match model.view {
        View::Processes => vec![Command::Quit],
        View::Logs | View::Monitor | View::Ports | View::Events | View::Graph => {
            go(model, View::Processes)
        }
    }
}

fn step_view(model: &mut Model, by: usize) -> Vec<Command> {
    let at = View::ALL
        .iter()
        .position(|view| *view == model.view)
        .unwrap_or(0);
    go(model, View::ALL[(at + by) % View::ALL.len()])
}

fn open(model: &mut Model) -> Vec<Command> {
    match model.view {
        View::Processes | View::Monitor | View::Graph => {
            let Some(name) = model.selected().map(|process| process.name.clone()) else {
                return Vec::new();
            };
            feeds::show(
                model,
                LogFilter {
                    targets: vec![name],
                    ..LogFilter::default()
                },
            )
        }
        View::Events => match model.events.get(model.event.at).cloned() {
            Some(event) if event.kind == "crashed" => {
                let name = event.process.clone().unwrap_or_default();
                open_card(model, &name, &event.message, false, id_of(&event))
            }
            Some(event) => {
                let targets: Vec<String> = event.process.into_iter().collect();
                feeds::show(
                    model,
                    LogFilter {
                        targets,
                        ..LogFilter::default()
                    },
                )
            }
            None => Vec::new(),
        },
        View::Ports => match model
            .ports
            .get(model.port.at)
            .and_then(|row| row.name.clone())
        {
            Some(name) if model.process(&name).is_some() => feeds::show(
                model,
                LogFilter {
                    targets: vec![name],
                    ..LogFilter::default()
                },
            ),
            _ => Vec::new(),
        },
        View::Logs => scroll::toggle(model),
    }
}

fn travel(model: &mut Model, action: Action) -> Vec<Command> {
    let page = isize::try_from(layout::list(model).height.max(2) - 1).unwrap_or(1);
    let by = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::First => isize::MIN,
        _ => isize::MAX,
    };
    let count = model.shown().len();
    match model.view {
        View::Processes if model.details && is_page(action) => {
            let most = crate::view::details_rows(model).saturating_sub(1);
            let by = by.signum() * 5;
            model.details_top = model.details_top.saturating_add_signed(by).min(most);
        }
        View::Processes | View::Monitor | View::Graph => {
            let before = model.processes.at;
            match model.view {
                View::Graph => graph::step(model, by),
                _ => model.processes.step(by, count),
            }
            return chosen_another(model, before);
        }
        View::Ports => model.port.step(by, model.ports.len()),
        View::Events => {
            model.event.step(by, model.events.len());
            model.events_follow = model.event.at + 1 >= model.events.len();
        }
        View::Logs => {
            return match action {
                Action::Up | Action::Down => scroll::lines(model, by as i64),
                Action::PageUp => scroll::pages(model, -1),
                Action::PageDown => scroll::pages(model, 1),
                Action::First => scroll::top(model),
                _ => scroll::bottom(model),
            };
        }
    }
    Vec::new()
}

fn is_page(action: Action) -> bool {
    matches!(action, Action::PageUp | Action::PageDown)
}

/// Asks for what is shown of a process when another one was chosen.
pub(super) fn chosen_another(model: &mut Model, before: usize) -> Vec<Command> {
    if model.processes.at == before {
        return Vec::new();
    }
    model.details_top = 0;
    let shows_why = match model.view {
        View::Processes => model.details,
        View::Graph => true,
        View::Logs | View::Monitor | View::Ports | View::Events => false,
    };
    if !shows_why {
        return Vec::new();
    }
    model.why = None;
    ask_content(model)
}

fn mark(model: &mut Model) -> Vec<Command> {
    if let Some(name) = model.selected().map(|process| process.name.clone())
        && !model.marked.remove(&name)
    {
        model.marked.insert(name);
    }
    let count = model.shown().len();
    model.processes.step(1, count);
    Vec::new()
}

fn on_log(model: &mut Model, action: Action) -> Vec<Command> {
    match action {
        Action::Follow => return scroll::toggle(model),
        Action::Wrap => model.wrap = !model.wrap,
        Action::Time => model.times = !model.times,
        Action::Clear => model.log.clear(),
        Action::Level => {
            let next = match model.log.filter.level.as_deref() {
                None => Some("warn".to_string()),
                Some("warn") => Some("error".to_string()),
                Some(_) => None,
            };
            let filter = LogFilter {
                level: next,
                ..model.log.filter.clone()
            };
            return feeds::show(model, filter);
        }
        Action::Pager => {
            let words = super::slash::log_words(&model.log.filter);
            return vec![Command::External(External::Pager(words))];
        }
        Action::Editor => {
            let mut words = super::slash::log_words(&model.log.filter);
            words.push("--color=never".to_string());
            return vec![Command::External(External::Written(words))];
        }
        _ => {
            let text = crate::view::visible_text(model);
            let lines = text.lines().count();
            model.say(format!(
                "copied {lines} {}",
                if lines == 1 { "line" } else { "lines" }
            ));
            return vec![Command::Copy(text)];
        }
    }
    Vec::new()
}
