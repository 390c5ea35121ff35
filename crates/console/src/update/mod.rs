//! From what has happened to a changed model and what is to be done. Touches nothing but the model.

mod actions;
mod answers;
mod command_line;
mod dialogs;
mod feeds;
mod keys;
mod mouse;
mod scroll;
mod slash;
mod targets;

#[cfg(test)]
pub(crate) mod tests;

use forge_api::{Event, Status};
use jiff::{SignedDuration, Timestamp};

use crate::keymap::Action;
use crate::layout;
use crate::message::{Command, Message, Request};
use crate::model::dialog::{CrashCard, Dialog};
use crate::model::{Choice, Connection, Model, SAMPLES, View, graph};

pub(crate) use slash::WORDS;

/// How often the monitor and the ports are asked for while they are shown.
const REFRESH: SignedDuration = SignedDuration::from_secs(2);

/// The spans of the monitor.
pub(crate) const SPANS: [&str; 4] = ["5m", "15m", "1h", "6h"];

/// Changes the model; what is to be done about it is returned.
pub(crate) fn update(model: &mut Model, message: Message, now: Timestamp) -> Vec<Command> {
    model.now = now;
    let mut commands = match message {
        Message::Key(key) => keys::press(model, &key),
        Message::Mouse(event) => mouse::mouse(model, event),
        Message::Paste(text) => keys::paste(model, &text),
        Message::Resize(width, height) => resize(model, width, height),
        Message::Tick => Vec::new(),
        Message::Connected => connected(model),
        Message::Lost(why) => lost(model, why),
        Message::Status(status) => take_status(model, *status),
        Message::Events(events) => take_events(model, events),
        Message::Feed(pane, generation, feed) => feeds::take(model, pane, generation, feed),
        Message::Answer(answer) => answers::take(model, answer),
        Message::Output(id, text) => answers::output(model, id, &text),
        Message::Ended(id, code) => answers::ended(model, id, code),
        Message::Completions(line, found) => command_line::completions(model, &line, found),
        Message::Screen(id, bytes) => screen(model, id, &bytes),
        Message::ScreenGone(id, why) => screen_gone(model, id, &why),
        Message::Told(told) => {
            match told {
                Ok(text) => model.say(text),
                Err(text) => model.complain(text),
            }
            Vec::new()
        }
    };
    commands.extend(settle(model));
    commands
}

/// When the model wants to be told that time has passed, if nothing else happens.
pub(crate) fn deadline(model: &Model) -> Option<Timestamp> {
    let second = |from: Timestamp| from.checked_add(SignedDuration::from_secs(1)).ok();
    let refresh = match model.view {
        View::Monitor | View::Ports => model.asked_at.checked_add(REFRESH).ok(),
        View::Processes | View::Logs | View::Events | View::Graph => None,
    };
    let counts = matches!(&model.dialog, Some(Dialog::Crash(card)) if card.restart_at.is_some());
    let notice = model.notice.as_ref().map(|notice| notice.until);
    let all = [refresh, notice, counts.then(|| second(model.now)).flatten()];
    all.into_iter().flatten().min()
}

/// What follows from any change: choices stay within their lists, what is shown is asked for.
fn settle(model: &mut Model) -> Vec<Command> {
    if model
        .notice
        .as_ref()
        .is_some_and(|notice| notice.until <= model.now)
    {
        model.notice = None;
    }
    close_old_card(model);
    let count = model.shown().len();
    let height = usize::from(layout::list(model).height);
    match model.view {
        View::Processes | View::Monitor => model.processes.settle(count, height),
        View::Graph => settle_graph(model, height),
        View::Ports => model.port.settle(model.ports.len(), height),
        View::Events => model.event.settle(model.events.len(), height),
        View::Logs => {}
    }
    if model.view != View::Processes {
        model.processes.at = model.processes.at.min(count.saturating_sub(1));
    }
    let mut commands = feeds::settle(model);
    if is_due(model) {
        commands.extend(ask_content(model));
    }
    commands
}

fn settle_graph(model: &mut Model, height: usize) {
    let rows = graph::rows(model);
    let mut choice = Choice {
        at: rows
            .iter()
            .position(|row| row.at == model.processes.at)
            .unwrap_or(0),
        top: model.graph_top,
    };
    choice.settle(rows.len(), height);
    model.graph_top = choice.top;
    if let Some(row) = rows.get(choice.at) {
        model.processes.at = row.at;
    }
}

fn is_due(model: &Model) -> bool {
    let since = model.now.duration_since(model.asked_at);
    model.connection == Connection::Up
        && matches!(model.view, View::Monitor | View::Ports)
        && since >= REFRESH
}

/// Asks for what the present view shows.
pub(crate) fn ask_content(model: &mut Model) -> Vec<Command> {
    model.asked_at = model.now;
    let request = match model.view {
        View::Processes => match (model.details, model.selected()) {
            (true, Some(process)) => {
                let name = process.name.clone();
                let all = [Request::Why(name), Request::Graph];
                return all.map(Command::Ask).to_vec();
            }
            (_, _) => return Vec::new(),
        },
        View::Logs | View::Events => return Vec::new(),
        View::Monitor => Request::Monitor {
            since: SPANS[model.span % SPANS.len()].to_string(),
            points: usize::from(model.size.0).clamp(20, 400),
        },
        View::Ports => {
            let all = Request::Ports {
                all: model.all_ports,
            };
            return vec![Command::Ask(all), Command::Ask(Request::Orphans)];
        }
        View::Graph => {
            let mut commands = vec![Command::Ask(Request::Graph)];
            let chosen = model.selected().map(|process| process.name.clone());
            commands.extend(chosen.map(|name| Command::Ask(Request::Why(name))));
            return commands;
        }
    };
    vec![Command::Ask(request)]
}

fn connected(model: &mut Model) -> Vec<Command> {
    if matches!(model.connection, Connection::Lost(_)) {
        model.say("the supervisor is back");
    }
    model.connection = Connection::Up;
    ask_content(model)
}

fn lost(model: &mut Model, why: String) -> Vec<Command> {
    model.connection = Connection::Lost(why);
    feeds::lost(model);
    Vec::new()
}

fn resize(model: &mut Model, width: u16, height: u16) -> Vec<Command> {
    model.size = (width, height);
    let area = layout::screen(model);
    let Some(screen) = &mut model.screen else {
        return Vec::new();
    };
    screen.resize(area.height, area.width);
    if !screen.tty {
        return Vec::new();
    }
    let target = screen.process.clone();
    vec![Command::Ask(Request::Resize {
        target,
        rows: area.height,
        cols: area.width,
        nudge: false,
    })]
}

fn take_status(model: &mut Model, status: Status) -> Vec<Command> {
    let chosen = model.selected().map(|process| process.name.clone());
    let changed = model.status.as_ref().is_none_or(|old| {
        let states = |status: &Status| -> Vec<(String, String)> {
            let each = status.processes.iter();
            each.map(|process| (process.name.clone(), process.status.clone()))
                .collect()
        };
        states(old) != states(&status)
    });
    if model.now.duration_since(model.sampled_at) >= SignedDuration::from_millis(900) {
        model.sampled_at = model.now;
        for process in &status.processes {
            let kept = model.samples.entry(process.name.clone()).or_default();
            kept.push_back(process.cpu_percent.unwrap_or(0.0));
            if kept.len() > SAMPLES {
                kept.pop_front();
            }
        }
        let known = |name: &String| status.processes.iter().any(|process| process.name == *name);
        model.samples.retain(|name, _| known(name));
    }
    if let Some(screen) = &mut model.screen {
        let now = status
            .processes
            .iter()
            .find(|process| process.name == screen.process);
        screen.ended = now.and_then(ended);
    }
    model
        .marked
        .retain(|name| status.processes.iter().any(|process| process.name == *name));
    model.status = Some(status);
    if let Some(name) = chosen
        && let Some(at) = model
            .shown()
            .iter()
            .position(|process| process.name == name)
    {
        model.processes.at = at;
    }
    if changed {
        feeds::ask_again(model);
    }
    if changed && (model.view == View::Graph || (model.view == View::Processes && model.details)) {
        return ask_content(model);
    }
    Vec::new()
}

/// How a process has ended, where it is down.
fn ended(process: &forge_api::Process) -> Option<String> {
    if process.pid.is_some() || !matches!(process.status.as_str(), "stopped" | "crashed" | "exited")
    {
        return None;
    }
    Some(match (&process.signal, process.exit_code) {
        (Some(signal), _) => format!("has ended: {signal}"),
        (None, Some(code)) => format!("has ended: exit code {code}"),
        (None, None) => "has ended".to_string(),
    })
}

fn take_events(model: &mut Model, events: Vec<Event>) -> Vec<Command> {
    let known = |event: &Event| {
        model
            .events
            .iter()
            .rev()
            .take(200)
            .any(|known| known == event)
    };
    let fresh: Vec<Event> = events.into_iter().filter(|event| !known(event)).collect();
    let opened = model.opened_at;
    let is_new = |event: &&Event| {
        event
            .time
            .parse::<Timestamp>()
            .is_ok_and(|time| time >= opened)
    };
    let crash = fresh
        .iter()
        .rev()
        .filter(is_new)
        .find(|event| event.kind == "crashed")
        .cloned();
    model.add_events(fresh);
    match crash {
        Some(event) => crashed(model, &event),
        None => Vec::new(),
    }
}

/// Shows the card of a crash, unless something else has the keys: then it is named in the foot.
fn crashed(model: &mut Model, event: &Event) -> Vec<Command> {
    let Some(process) = event.process.clone() else {
        return Vec::new();
    };
    let busy = model.command.is_some() || model.screen.is_some() || model.dialog.is_some();
    if busy {
        let keys = model.keys.names(Action::Crash, model.view.place());
        let key = keys.first().cloned().unwrap_or_default();
        model.complain(format!(
            "{process} crashed: {} ({key} shows the card)",
            event.message
        ));
        return Vec::new();
    }
    open_card(model, &process, &event.message, true, id_of(event))
}

/// The number of the crash that an event tells of.
pub(crate) fn id_of(event: &Event) -> Option<u64> {
    event.fields.get("id")?.as_u64()
}

/// Shows the card of a crash of a process: of this one, else of the last one.
pub(crate) fn open_card(
    model: &mut Model,
    process: &str,
    message: &str,
    uncalled: bool,
    id: Option<u64>,
) -> Vec<Command> {
    let restart_at = model.process(process).and_then(restart_at);
    model.dialog = Some(Dialog::Crash(Box::new(CrashCard {
        process: process.to_string(),
        message: message.to_string(),
        report: None,
        problem: None,
        restart_at,
        held: false,
        since: model.now,
        uncalled,
        top: 0,
    })));
    vec![Command::Ask(Request::Crash {
        process: process.to_string(),
        id,
    })]
}

fn restart_at(process: &forge_api::Process) -> Option<Timestamp> {
    if process.status != "restarting" {
        return None;
    }
    process.restart_at.as_ref()?.parse().ok()
}

/// Keeps the countdown of a card true, and takes away one whose process runs again.
fn close_old_card(model: &mut Model) {
    let Some(Dialog::Crash(card)) = &model.dialog else {
        return;
    };
    let process = model.process(&card.process);
    let status = process
        .map(|process| process.status.clone())
        .unwrap_or_default();
    let due = process.and_then(restart_at);
    let young = model.now.duration_since(card.since) < SignedDuration::from_secs(1);
    let again = matches!(status.as_str(), "starting" | "running");
    if again && card.uncalled && !card.held && !young {
        let name = card.process.clone();
        model.dialog = None;
        model.say(format!("{name} was restarted"));
        return;
    }
    if let Some(Dialog::Crash(card)) = &mut model.dialog
        && !card.held
    {
        card.restart_at = due;
    }
}

fn screen(model: &mut Model, id: u64, bytes: &[u8]) -> Vec<Command> {
    if let Some(screen) = model.screen.as_mut().filter(|screen| screen.id == id) {
        screen.write(bytes);
    }
    Vec::new()
}

fn screen_gone(model: &mut Model, id: u64, why: &str) -> Vec<Command> {
    if let Some(screen) = model.screen.as_mut().filter(|screen| screen.id == id) {
        screen.ended = Some(why.to_string());
    }
    Vec::new()
}
