//! What the keys of a view do.

use forge_api::OnConflict;

use super::{ask_content, command_line, feeds, open_card, scroll};
use crate::keymap::Action;
use crate::layout;
use crate::message::{Command, External, Request, Verb};
use crate::model::dialog::{Confirm, Dialog};
use crate::model::log::LogFilter;
use crate::model::screen::Screen;
use crate::model::{Model, View};

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
                open_card(model, &name, &event.message, false)
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
        View::Processes | View::Monitor | View::Graph => {
            let before = model.processes.at;
            model.processes.step(by, count);
            if model.details && before != model.processes.at {
                model.why = None;
                return ask_content(model);
            }
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

/// What start, stop and their like mean: the marked ones, else the chosen one.
fn targets(model: &Model) -> Vec<String> {
    if !model.marked.is_empty() && model.view == View::Processes {
        return model.marked.iter().cloned().collect();
    }
    model
        .selected()
        .map(|process| process.name.clone())
        .into_iter()
        .collect()
}

fn on_targets(model: &mut Model, action: Action) -> Vec<Command> {
    let targets = targets(model);
    if targets.is_empty() {
        model.complain("no process is selected");
        return Vec::new();
    }
    let names = targets.join(", ");
    let first = model.process(&targets[0]);
    let (paused, debug) = first.map_or((false, false), |one| (one.status == "paused", one.debug));
    let (text, command) = match action {
        Action::Start => ("starting", start(Verb::Start, targets, OnConflict::Fail)),
        Action::Stop => ("stopping", Command::Ask(Request::Stop { targets })),
        Action::PauseProcess if paused => ("resuming", Command::Ask(Request::Resume { targets })),
        Action::PauseProcess => ("pausing", Command::Ask(Request::Pause { targets })),
        Action::Debug if debug => (
            "leaving debug mode:",
            start(Verb::DebugOff, targets, OnConflict::Fail),
        ),
        Action::Debug => (
            "restarting in debug mode:",
            start(Verb::DebugOn, targets, OnConflict::Fail),
        ),
        _ => (
            "restarting",
            start(Verb::Restart, targets, OnConflict::Fail),
        ),
    };
    model.say(format!("{text} {names} …"));
    vec![command]
}

fn on_all(model: &mut Model, action: Action) -> Vec<Command> {
    let running: Vec<String> = model
        .status
        .iter()
        .flat_map(|status| &status.processes)
        .filter(|process| process.pid.is_some())
        .map(|process| process.name.clone())
        .collect();
    let confirm = |title: &str, yes: &str, request| {
        Some(Dialog::Confirm(Confirm {
            title: title.to_string(),
            lines: vec![running.join(", ")],
            yes: yes.to_string(),
            request,
        }))
    };
    match action {
        Action::StartAll => {
            model.say("starting everything …");
            return vec![start(Verb::Start, Vec::new(), OnConflict::Fail)];
        }
        _ if running.is_empty() => model.say("nothing runs"),
        Action::StopAll => {
            model.dialog = confirm(
                "Stop everything?",
                "stop",
                Request::Stop {
                    targets: Vec::new(),
                },
            );
        }
        _ => {
            let (targets, on_conflict) = (Vec::new(), OnConflict::Fail);
            let request = Request::Start {
                verb: Verb::Restart,
                targets,
                on_conflict,
            };
            model.dialog = confirm("Restart everything that runs?", "restart", request);
        }
    }
    Vec::new()
}

/// The process that is meant: that of the event or log line, else the chosen one.
fn meant(model: &Model) -> Option<String> {
    match model.view {
        View::Logs => {
            let at = model.log.chosen.unwrap_or(model.log.bottom());
            model.log.get(at).map(|entry| entry.line.process.clone())
        }
        View::Events => model.events.get(model.event.at)?.process.clone(),
        View::Processes | View::Monitor | View::Ports | View::Graph => {
            model.selected().map(|process| process.name.clone())
        }
    }
}

fn on_selected(model: &mut Model, action: Action) -> Vec<Command> {
    let Some(name) = meant(model) else {
        model.complain("no process is selected");
        return Vec::new();
    };
    match action {
        Action::Attach => attach(model, &name),
        Action::Crash => open_card(model, &name, "", false),
        Action::Why => {
            model.dialog = Some(Dialog::Text {
                title: format!("Why {name}"),
                lines: Vec::new(),
                top: 0,
            });
            vec![Command::Ask(Request::Why(name))]
        }
        Action::Signal => command_line::open(model, &format!("dev signal {name} ")),
        Action::Send => command_line::open(model, &format!("dev send {name} ")),
        _ => {
            let process = model.process(&name);
            let url = process.and_then(|process| process.url.clone());
            let port = process.and_then(|process| process.port);
            match url.or_else(|| port.map(|port| format!("http://localhost:{port}"))) {
                Some(url) => vec![Command::External(External::Browser(url))],
                None => {
                    model.complain(format!("{name} has neither a URL nor a port"));
                    Vec::new()
                }
            }
        }
    }
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

fn ask_kill_port(model: &mut Model) -> Vec<Command> {
    let Some(row) = model.ports.get(model.port.at) else {
        return Vec::new();
    };
    let who = match (&row.name, &row.process, row.pid) {
        (Some(name), _, _) if row.owner == "this-workspace" => {
            format!("{name} of this workspace: it is stopped properly")
        }
        (_, Some(process), Some(pid)) => format!("{process}, pid {pid}"),
        _ => "a process that permissions hide".to_string(),
    };
    let mut lines = vec![who];
    lines.extend(row.command.clone());
    model.dialog = Some(Dialog::Confirm(Confirm {
        title: format!("End who listens on port {}?", row.port),
        lines,
        yes: "end it".to_string(),
        request: Request::KillPort { port: row.port },
    }));
    Vec::new()
}

fn ask_kill_orphans(model: &mut Model) -> Vec<Command> {
    if model.orphans.is_empty() {
        model.say("nothing was left behind");
        return Vec::new();
    }
    let lines = model
        .orphans
        .iter()
        .map(|one| format!("{}  {}", one.pid, one.command))
        .collect();
    model.dialog = Some(Dialog::Confirm(Confirm {
        title: "End what was left behind?".to_string(),
        lines,
        yes: "end it".to_string(),
        request: Request::OrphansKill,
    }));
    Vec::new()
}
