//! Actions on processes and ports: which ones are meant, and what is asked before.

use forge_api::OnConflict;

use super::actions::{attach, start};
use super::{command_line, id_of, open_card};
use crate::keymap::Action;
use crate::message::{Command, External, Request, Verb};
use crate::model::dialog::{Confirm, Dialog};
use crate::model::{Model, View};

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

pub(super) fn on_targets(model: &mut Model, action: Action) -> Vec<Command> {
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

pub(super) fn on_all(model: &mut Model, action: Action) -> Vec<Command> {
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

/// The crash that is meant: that of the event, or that in which the run of the log line has ended.
fn meant_crash(model: &Model) -> Option<u64> {
    match model.view {
        View::Logs => {
            let at = model.log.chosen.unwrap_or(model.log.bottom());
            let line = &model.log.get(at)?.line;
            let run = line.run_id.as_deref().filter(|run| !run.is_empty())?;
            let mut events = model.events.iter().rev();
            let is_its = |event: &&forge_api::Event| {
                let of = event.fields.get("run_id").and_then(|run| run.as_str());
                event.kind == "crashed" && of == Some(run)
            };
            events.find(is_its).and_then(id_of)
        }
        View::Events => id_of(model.events.get(model.event.at)?),
        View::Processes | View::Monitor | View::Ports | View::Graph => None,
    }
}

pub(super) fn on_selected(model: &mut Model, action: Action) -> Vec<Command> {
    let Some(name) = meant(model) else {
        model.complain("no process is selected");
        return Vec::new();
    };
    match action {
        Action::Attach => attach(model, &name),
        Action::Crash => {
            let id = meant_crash(model);
            open_card(model, &name, "", false, id)
        }
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

pub(super) fn ask_kill_port(model: &mut Model) -> Vec<Command> {
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

pub(super) fn ask_kill_orphans(model: &mut Model) -> Vec<Command> {
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
