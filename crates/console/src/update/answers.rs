//! What the supervisor has answered, and what command lines have said.

use forge_api::{ClientError, CrashReport, StartAnswer, StopAnswer, WhyAnswer};

use crate::message::{Answer, Command, Verb};
use crate::model::Model;
use crate::model::dialog::{Again, Conflict, Dialog, OutputPane};
use crate::text;

/// Takes an answer.
pub(super) fn take(model: &mut Model, answer: Answer) -> Vec<Command> {
    match answer {
        Answer::Started(verb, targets, Ok(answer)) => started(model, verb, targets, answer),
        Answer::Stopped(Ok(answer)) => stopped(model, &answer),
        Answer::Done(Ok(text)) => model.say(text),
        Answer::Ports(Ok(answer)) => model.ports = answer.ports,
        Answer::Orphans(Ok(answer)) => model.orphans = answer.orphans,
        Answer::PortKilled(Ok(answer)) => match answer.ok {
            true => model.say(format!("port {} is free", answer.port)),
            false => {
                let why = answer
                    .refused
                    .first()
                    .map(|one| one.why.clone())
                    .unwrap_or_default();
                model.complain(format!("port {} is still taken: {why}", answer.port));
            }
        },
        Answer::Monitor(Ok(answer)) => model.monitor = Some(*answer),
        Answer::Graph(Ok(answer)) => model.graph = Some(answer),
        Answer::Why(name, Ok(answer)) => why(model, &name, answer),
        Answer::Crash(name, result) => crash(model, &name, result),
        Answer::Reverted(Ok(answer)) => {
            model.say(format!(
                "reverted {}; `{}` brings it back",
                answer.file, answer.restore
            ));
        }
        Answer::Started(_, _, Err(error))
        | Answer::Stopped(Err(error))
        | Answer::Done(Err(error))
        | Answer::Ports(Err(error))
        | Answer::Orphans(Err(error))
        | Answer::PortKilled(Err(error))
        | Answer::Monitor(Err(error))
        | Answer::Graph(Err(error))
        | Answer::Reverted(Err(error))
        | Answer::Why(_, Err(error)) => model.complain(said(&error)),
    }
    Vec::new()
}

/// An error in one line, with what helps.
fn said(error: &ClientError) -> String {
    match error {
        ClientError::Problem(problem) => match &problem.hint {
            Some(hint) => format!("{}: {hint}", problem.detail.trim_end()),
            None => problem.detail.trim_end().to_string(),
        },
        ClientError::Connection(_) => error.to_string(),
    }
}

fn started(model: &mut Model, verb: Verb, targets: Vec<String>, answer: StartAnswer) {
    if !answer.conflicts.is_empty() {
        let rows = answer.conflicts.iter().map(|one| {
            let who = one
                .command
                .clone()
                .unwrap_or_else(|| "a process that permissions hide".into());
            let pid = one
                .pid
                .map(|pid| format!(", pid {pid}"))
                .unwrap_or_default();
            let old = if one.old_run {
                " (an old run of this workspace)"
            } else {
                ""
            };
            format!(
                "{} wants port {}: taken by {who}{pid}{old}",
                one.name, one.port
            )
        });
        let conflict = Conflict {
            rows: rows.collect(),
            then: Again::Start(targets),
        };
        model.dialog = Some(Dialog::Conflict(conflict));
        return;
    }
    if let Some(failed) = answer.failed.first() {
        let more = match answer.failed.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        model.complain(format!("{}: {}{more}", failed.name, failed.message));
        return;
    }
    let names = |names: &[String]| match names {
        [] => "nothing".to_string(),
        [one] => one.clone(),
        many => format!("{} processes", many.len()),
    };
    let mut text = match (verb, answer.started.as_slice(), answer.already.as_slice()) {
        (Verb::Start, [], []) => "nothing to start".to_string(),
        (Verb::Start, [], already) => match already {
            [one] => format!("{one} runs already"),
            many => format!("{} processes run already", many.len()),
        },
        (Verb::DebugOn, started, _) => format!("{} runs in debug mode", names(started)),
        (Verb::Start | Verb::Restart | Verb::DebugOff, [one], _) => format!("{one} is up"),
        (Verb::Start | Verb::Restart | Verb::DebugOff, started, _) => {
            format!("{} are up", names(started))
        }
    };
    for note in answer.notes.iter().chain(answer.urls.first()) {
        text.push_str(" · ");
        text.push_str(note);
    }
    model.say(text);
}

fn stopped(model: &mut Model, answer: &StopAnswer) {
    if let Some(left) = answer.left.first() {
        model.complain(format!(
            "{}: pid {} ({}) is left: {}",
            left.name, left.pid, left.command, left.why
        ));
        return;
    }
    let mut text = match answer.stopped.as_slice() {
        [] => "nothing ran".to_string(),
        [one] => format!("{one} is stopped"),
        many => format!("{} processes are stopped", many.len()),
    };
    for note in &answer.notes {
        text.push_str(" · ");
        text.push_str(note);
    }
    model.say(text);
}

fn why(model: &mut Model, name: &str, answer: WhyAnswer) {
    if let Some(Dialog::Text { title, lines, .. }) = &mut model.dialog
        && *title == format!("Why {name}")
    {
        let mut text = vec![answer.summary.clone(), String::new()];
        text.extend(answer.because.iter().map(|one| format!("· {}", one.text)));
        if !answer.settings.is_empty() {
            text.push(String::new());
            let wide = answer
                .settings
                .iter()
                .map(|one| text::width(&one.key))
                .max()
                .unwrap_or(0)
                .min(28);
            let rows = answer.settings.iter();
            text.extend(rows.map(|one| {
                format!(
                    "{}  {}  ({})",
                    text::fit(&one.key, wide),
                    one.value,
                    one.from
                )
            }));
        }
        *lines = text;
    }
    if model.selected().is_some_and(|process| process.name == name) {
        model.why = Some(answer);
    }
}

fn crash(model: &mut Model, name: &str, result: Result<Box<CrashReport>, ClientError>) {
    if let Some(Dialog::Crash(card)) = &mut model.dialog
        && card.process == name
    {
        match result {
            Ok(report) => card.report = Some(*report),
            Err(error) => card.problem = Some(said(&error)),
        }
    }
}

/// A command line has written something.
pub(super) fn output(model: &mut Model, id: u64, text: &str) -> Vec<Command> {
    match &mut model.dialog {
        Some(Dialog::Output(pane)) if pane.id == id => pane.add(text),
        _ => {
            if let Some(quiet) = model.quiet.get_mut(&id)
                && quiet.output.len() < 4096
            {
                quiet.output.push_str(text);
            }
        }
    }
    Vec::new()
}

/// A command line has ended.
pub(super) fn ended(model: &mut Model, id: u64, code: i32) -> Vec<Command> {
    if let Some(quiet) = model.quiet.remove(&id) {
        match code {
            0 => model.say(quiet.done),
            _ => {
                let first = quiet.output.lines().next().unwrap_or_default();
                model.complain(text::plain(first.trim_start_matches("error: ")));
            }
        }
        return Vec::new();
    }
    let Some(Dialog::Output(pane)) = &mut model.dialog else {
        return Vec::new();
    };
    if pane.id != id {
        return Vec::new();
    }
    pane.code = Some(code);
    if pane.lines.last().is_some_and(String::is_empty) {
        pane.lines.pop();
    }
    if code == 4
        && is_start(pane)
        && !pane
            .words
            .iter()
            .any(|word| word.starts_with("--on-conflict"))
    {
        let conflict = Conflict {
            rows: pane.lines.clone(),
            then: Again::Words(pane.words.clone()),
        };
        model.dialog = Some(Dialog::Conflict(conflict));
        return Vec::new();
    }
    if code == 0 && pane.lines.iter().all(String::is_empty) {
        let words = pane.words.join(" ");
        model.dialog = None;
        model.say(format!("/{words}: done"));
    }
    Vec::new()
}

fn is_start(pane: &OutputPane) -> bool {
    matches!(
        pane.words.get(1).map(String::as_str),
        Some("start" | "run" | "restart")
    )
}
