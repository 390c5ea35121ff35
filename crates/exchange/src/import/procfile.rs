//! `Procfile`: one process a line. Every process is part of one whole: when one ends, all end.

use crate::draft::{Draft, Names};
use crate::node::Place;
use crate::report::Fate;
use crate::value::Value;

use super::base::Base;

/// Where foreman counts ports from.
const FIRST_PORT: u16 = 5000;

/// `name: command`.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (name, command) = line.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let command = command.trim();
    (!name.is_empty() && name.chars().all(plain) && !command.is_empty()).then_some((name, command))
}

/// Whether a text of no telling name is one.
pub(crate) fn looks_like(text: &str) -> bool {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    lines().next().is_some() && lines().all(|line| entry(line).is_some())
}

/// The processes of a file.
pub(crate) fn read(base: &Base<'_>) -> Vec<Draft> {
    let mut names = Names::default();
    let mut drafts: Vec<Draft> = Vec::new();
    let first = first_port(base);
    for (number, line) in base.text(0).lines().enumerate() {
        let place = Place {
            file: 0,
            line: number + 1,
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, command)) = entry(line) else {
            let why = "expected `name: command`; foreman skips such a line too".to_string();
            base.ledger.note(place, None, "line", Fate::Dropped(why));
            continue;
        };
        if command.contains('\0') {
            let why = "no command can hold a NUL byte".to_string();
            base.ledger
                .note(place, Some(name), "line", Fate::Dropped(why));
            continue;
        }
        if let Some(before) = drafts.iter().find(|draft| draft.source == name) {
            let why = format!("`{name}` is there already, in line {}", before.place.line);
            base.ledger
                .note(place, Some(name), "line", Fate::Dropped(why));
            continue;
        }
        let port = first.saturating_add(100u16.saturating_mul(drafts.len() as u16));
        let mut draft = Draft::new(&names.give(name), name, place);
        process(&mut draft, command, port, base);
        drafts.push(draft);
    }
    drafts
}

fn process(draft: &mut Draft, command: &str, port: u16, base: &Base<'_>) {
    let name = draft.source.clone();
    let note = |field: &str, fate| base.ledger.note(draft.place, Some(&name), field, fate);
    let command = match command.contains("%PORT%") {
        true => {
            let how = "`%PORT%` became `$PORT`".to_string();
            note("command", Fate::Approximated(how));
            command.replace("%PORT%", "$PORT")
        }
        false => {
            note("command", Fate::Exact(None));
            command.to_string()
        }
    };
    if name == "release" {
        let how = "a release phase runs at deployment: a oneshot that is started by hand";
        note("release", Fate::Approximated(how.to_string()));
    } else if command.contains("$PORT") || command.contains("${PORT") {
        let how = format!("{port}, counted as foreman does, and checked");
        note("PORT", Fate::Exact(Some(how)));
    } else {
        let how = format!("{port}, counted as foreman does; whether it listens is not checked");
        note("PORT", Fate::Exact(Some(how)));
    }
    if let Some(cwd) = base.cwd(".") {
        draft.set("cwd", Value::text(crate::dollar::literal(&cwd)));
        if base.folder.join(".env").is_file() {
            draft.set("env_file", Value::text(base.path(".env")));
        }
    }
    match name == "release" {
        true => {
            draft.set("oneshot", Value::bare(true));
            draft.set("autostart", Value::bare(false));
        }
        false => {
            match command.contains("$PORT") || command.contains("${PORT") {
                true => draft.set("port", Value::bare(port)),
                false => draft.set_in("env", "PORT", Value::text(port.to_string())),
            }
            draft.set("auto_restart", Value::bare(false));
            draft.set("on_exit", Value::text("stop-all"));
            draft.set_in("stop", "timeout", Value::bare("5s"));
        }
    }
    draft.set("command", Value::text(command));
}

/// `PORT` of `.env`, from which foreman counts.
fn first_port(base: &Base<'_>) -> u16 {
    let text = std::fs::read_to_string(base.folder.join(".env")).unwrap_or_default();
    let port = text.lines().rev().find_map(|line| {
        let line = line.trim().strip_prefix("export ").unwrap_or(line.trim());
        let value = line.strip_prefix("PORT=")?;
        value.trim_matches(['"', '\'', ' ']).parse().ok()
    });
    port.filter(|port: &u16| *port > 0).unwrap_or(FIRST_PORT)
}
